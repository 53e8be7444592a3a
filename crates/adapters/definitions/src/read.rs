//! From files to declarations.

use std::sync::Arc;

use delta_engine_application::{Declaration, DeclarationFault};

use crate::context::Context;
use crate::fault::place_all;
use crate::source::TableSource;
use crate::table::read_table_file;
use crate::text::SourceText;

/// Reads the tables of one text; `file` is its name as the user would type it.
///
/// # Errors
/// Every fault of the file, in its order.
pub fn read_tables(file: &str, text: &str, context: &Context) -> Result<Vec<Declaration>, Vec<DeclarationFault>> {
    read_source(&SourceText::new(file, text), context)
}

pub(crate) fn read_source(source: &SourceText, context: &Context) -> Result<Vec<Declaration>, Vec<DeclarationFault>> {
    let file = read_table_file(source, context).map_err(|faults| place_all(faults, source))?;
    let declaration = |entry: crate::table::TableEntry| Declaration {
        draft: entry.draft,
        sources: Arc::new(TableSource { text: source.clone(), index: entry.index }),
    };
    Ok(file.tables.into_iter().map(declaration).collect())
}
