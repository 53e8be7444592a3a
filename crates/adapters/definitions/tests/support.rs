//! What the tests of this crate share.

use std::path::Path;

use delta_engine_application::DeclarationFault;
use delta_engine_definitions::{Context, read_files, read_tables};

/// Every fault of a text, its own and those of the drafts in it, as the terminal shows them.
pub(crate) fn faults(file: &str, text: &str) -> Vec<DeclarationFault> {
    let context = Context::default().variable("lake", "s3://bucket").catalog("main");
    let declarations = match read_tables(file, text, &context) {
        Ok(declarations) => declarations,
        Err(faults) => return faults,
    };
    let mut all = Vec::new();
    for declaration in declarations {
        for fault in declaration.draft.check().err().unwrap_or_default() {
            all.push(DeclarationFault {
                code: fault.code(),
                message: fault.kind.to_string(),
                help: fault.help().map(str::to_owned),
                location: declaration.sources.locate(&fault.subject, fault.range()),
            });
        }
    }
    all
}

/// Every fault of a file that is read by its path.
pub(crate) fn faults_of_path(path: &Path) -> Vec<DeclarationFault> {
    let base = path.parent().expect("a folder");
    read_files(&[path.to_owned()], base, &Context::default()).err().unwrap_or_default()
}
