//! From files to declarations.

use std::sync::Arc;

use delta_engine_application::{Declaration, DeclarationFault};

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
/// Every fault of the file, in its order.
pub fn read_tables(file: &str, text: &str, context: &Context) -> Result<Vec<Declaration>, Vec<DeclarationFault>> {
    read_source(&SourceText::new(file, text), context)
}

pub(crate) fn read_source(source: &SourceText, context: &Context) -> Result<Vec<Declaration>, Vec<DeclarationFault>> {
    let file = read_table_file(source, context).map_err(|faults| place_all(faults, source))?;
    let parts = parts(source, &file.lines);
    let declaration = |(entry, part): (TableEntry, Option<Part>)| Declaration {
        draft: entry.draft,
        sources: Arc::new(TableSource { text: source.clone(), index: entry.index, part }),
    };
    Ok(file.tables.into_iter().zip(parts).map(declaration).collect())
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
