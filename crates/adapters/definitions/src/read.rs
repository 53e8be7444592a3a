//! From files to declarations.

use std::sync::Arc;

use delta_engine_application::{Declaration, DeclarationFault, Declared, Registry};

use crate::context::Context;
use crate::fault::place_all;
use crate::source::{Part, TableSource};
use crate::table::{TableEntry, read_table_file};
use crate::text::SourceText;

/// Bytes from which a file is not read as a whole to find one place.
const LARGE: usize = 16 * 1024;

/// Reads the tables of one text; `file` is its name as the user would type it.
///
/// # Errors
/// Every fault of the file, those of its tables too, in its order, where there is one in how it is written. Otherwise
/// those of its tables are found when they are checked.
///
/// ```
/// use delta_engine_definitions::{Context, read_tables};
///
/// let text = "tables:\n  - name: orders\n    columns: [{ name: id, typ: bigint }]\n";
/// let faults = read_tables("orders.yml", text, &Context::default()).unwrap_err();
/// assert_eq!(faults[0].message, "`typ` is no key of a column; did you mean `type`?");
/// ```
pub fn read_tables(file: &str, text: &str, context: &Context) -> Result<Vec<Declaration>, Vec<DeclarationFault>> {
    let (declarations, faults) = read_drafts(&SourceText::new(file, text), context);
    if faults.is_empty() {
        return Ok(declarations);
    }
    let all = Registry::new().faults(faults).declarations(declarations).build();
    Err(all.err().map(|faults| faults.0).unwrap_or_default())
}

/// The tables of a text, each judged and its draft dropped before the next one is, and the faults of the text.
pub(crate) fn read_source(source: &SourceText, context: &Context) -> Declared {
    let (declarations, faults) = read_drafts(source, context);
    Declared { faults, ..declarations.into_iter().collect() }
}

fn read_drafts(source: &SourceText, context: &Context) -> (Vec<Declaration>, Vec<DeclarationFault>) {
    let (file, faults) = read_table_file(source, context);
    let parts = parts(source, &file.lines);
    let declaration = |(entry, part): (TableEntry, Option<Part>)| Declaration {
        draft: entry.draft,
        sources: Arc::new(TableSource { text: source.clone(), index: entry.index, part }),
    };
    (file.tables.into_iter().zip(parts).map(declaration).collect(), place_all(faults, source))
}

/// The part of the file that each table is, where the file is large enough to be worth it.
fn parts(source: &SourceText, lines: &[u32]) -> Vec<Option<Part>> {
    if source.text.len() < LARGE {
        return vec![None; lines.len()];
    }
    let starts = source.line_starts();
    let start = |line: u32| starts.get(line as usize - 1).copied().unwrap_or(source.text.len());
    let ends = lines.iter().skip(1).map(|line| start(*line)).chain([source.text.len()]);
    lines.iter().zip(ends).map(|(line, end)| Some(Part { line: *line, bytes: start(*line)..end })).collect()
}
