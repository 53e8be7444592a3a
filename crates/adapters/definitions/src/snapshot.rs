//! Snapshots: tables as they were, in the format of definitions with an `observed` block each.
//!
//! What is written is read back the same, raw metadata and unknown types included.

mod write;

use std::collections::BTreeSet;

use delta_engine_application::{DeclarationFault, DeclarationFaults, Sources};
use delta_engine_schema::model::{
    Aspect, Column, Feature, Identifier, InboundKey, ObservedTable, Path, Step, Subject, TableName, Unknown, find_type,
    split_dotted,
};

use crate::context::Context;
use crate::fault::{FileFault, MISSING_KEY, VALUE, place_all};
use crate::reader::Read;
use crate::source::TableSource;
use crate::table::{TableEntry, read_table_file};
use crate::text::{SourceText, Span};

pub use write::write_snapshot;

/// Every aspect, for its name in a file.
const ASPECTS: [Aspect; 18] = [
    Aspect::Existence,
    Aspect::Name,
    Aspect::Order,
    Aspect::Type,
    Aspect::Nullability,
    Aspect::Comment,
    Aspect::Default,
    Aspect::Generated,
    Aspect::Identity,
    Aspect::Tags,
    Aspect::Layout,
    Aspect::Property,
    Aspect::Feature,
    Aspect::Check,
    Aspect::PrimaryKey,
    Aspect::ForeignKey,
    Aspect::Rely,
    Aspect::Location,
];

/// Reads the tables of a snapshot.
///
/// # Errors
/// Every fault of the file, in its order.
pub fn read_snapshot(file: &str, text: &str) -> Result<Vec<ObservedTable>, Vec<DeclarationFault>> {
    let source = SourceText::new(file, text);
    let context = Context::default();
    let (read, faults) = read_table_file(&source, &context);
    let mut faults = place_all(faults, &source);
    if !read.snapshot && faults.is_empty() {
        let message = "this file is no snapshot: `kind: snapshot` is missing at its top";
        let help = "snapshots are written by delta-engine; a file of definitions is read as one by `plan`";
        return Err(vec![FileFault::new(MISSING_KEY, Span::point(1, 0), message).help(help).place(&source)]);
    }
    let mut tables = Vec::new();
    for entry in read.tables {
        match observed_table(entry, &source) {
            Ok(table) => tables.push(table),
            Err(wrong) => faults.extend(wrong),
        }
    }
    if faults.is_empty() { Ok(tables) } else { Err(DeclarationFaults::in_order(faults).0) }
}

/// The table of an entry, or its faults: none where all that is wrong was found when it was read.
fn observed_table(entry: TableEntry, source: &SourceText) -> Result<ObservedTable, Vec<DeclarationFault>> {
    let places = TableSource { text: source.clone(), index: entry.index, part: None };
    let name = TableName::bare(entry.draft.name.as_str());
    let of_table = |code: &'static str, message: String, help: &str| {
        let location = places.locate(&Subject::table(&name), None);
        DeclarationFault { code, message, help: Some(help.to_owned()), location }
    };
    let mut draft = entry.draft;
    // What the log holds is a fact: unknown and odd properties are not judged.
    let properties = std::mem::take(&mut draft.properties);
    let mut faults = Vec::new();
    let checked = draft.check().map_err(|found| faults.extend(DeclarationFault::placed(&found, &places)));
    if entry.observed == Read::Nothing {
        let help = "write `observed: { table_id: …, version: … }`, or take the snapshot again";
        let message = format!("the table `{}` of a snapshot has no `observed`", name.table);
        faults.push(of_table(MISSING_KEY, message, help));
    }
    let Read::Value(observed) = entry.observed else { return Err(faults) };
    let mut unseen = Vec::new();
    for (written, at) in observed.unknown {
        match ASPECTS.into_iter().find(|aspect| aspect.as_str() == written) {
            Some(aspect) => unseen.push((aspect, at)),
            None => {
                let words = ASPECTS.map(Aspect::as_str).join(", ");
                let message = format!("`unknown` names no aspect with `{written}`");
                faults.push(of_table(VALUE, message, &format!("there are {words}")));
            }
        }
    }
    let mut inbound_keys = Vec::new();
    for key in observed.inbound_keys {
        let referenced_columns = key.referenced_columns.into_iter().map(Identifier::new).collect();
        match key.table.parse() {
            Ok(table) => {
                inbound_keys.push(InboundKey { table, name: key.name.map(Identifier::new), referenced_columns });
            }
            Err(error) => {
                let message = format!("the inbound key's table cannot be read: {error}");
                faults.push(of_table(VALUE, message, "write [catalog.][schema.]table"));
            }
        }
    }
    let Some(table) = checked.ok().filter(|_| faults.is_empty()) else { return Err(faults) };
    Ok(ObservedTable {
        unknown: unknown(unseen, &table.columns),
        name: table.name,
        columns: table.columns,
        comment: table.comment,
        layout: table.layout,
        primary_key: table.primary_key,
        foreign_keys: table.foreign_keys,
        inbound_keys,
        checks: table.checks,
        properties: properties.into_iter().filter_map(|(key, value)| Some((key, value?))).collect(),
        features: observed.features.iter().map(|name| Feature::from_name(name)).collect::<BTreeSet<_>>(),
        tags: table.tags,
        location: table.location,
        table_id: observed.table_id,
        version: observed.version,
        kind: observed.kind,
    })
}

/// What was unseen, and where.
fn unknown(unseen: Vec<(Aspect, Option<String>)>, columns: &[Column]) -> Unknown {
    let mut unknown = Unknown::default();
    for (aspect, at) in unseen {
        unknown.insert(aspect, at.map_or_else(Path::table, |at| path(&at, columns)));
    }
    unknown
}

/// A written path; one that leads nowhere is one of fields.
fn path(written: &str, columns: &[Column]) -> Path {
    let parts: Vec<Identifier> = split_dotted(written).unwrap_or_default().into_iter().map(Identifier::new).collect();
    Path::resolve(&parts, |column| find_type(columns, &Path::column(column.clone())))
        .unwrap_or_else(|| Path::from(parts.into_iter().map(Step::Field).collect::<Vec<_>>()))
}
