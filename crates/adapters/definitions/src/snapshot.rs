//! Snapshots: tables as they were, in the format of definitions with an `observed` block each.
//!
//! What is written is read back the same, raw metadata and unknown types included.

mod write;

use std::collections::BTreeSet;
use std::sync::Arc;

use delta_engine_application::{DeclarationFault, Sources};
use delta_engine_schema::draft::Fault;
use delta_engine_schema::model::{
    Aspect, Column, Feature, Identifier, InboundKey, ObservedTable, Path, Step, TableName, Unknown, find_type,
    split_dotted,
};

use crate::context::Context;
use crate::fault::{FileFault, MISSING_KEY, VALUE, place_all};
use crate::source::TableSource;
use crate::table::{ObservedDraft, TableEntry, read_table_file};
use crate::text::{SourceText, Span};

pub use write::write_snapshot;

/// Every aspect, for its name in a file.
const ASPECTS: [Aspect; 17] = [
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
    Aspect::Location,
];

/// Reads the tables of a snapshot.
///
/// # Errors
/// Every fault of the file, in its order.
pub fn read_snapshot(file: &str, text: &str) -> Result<Vec<ObservedTable>, Vec<DeclarationFault>> {
    let source = SourceText::new(file, text);
    let context = Context::default();
    let read = read_table_file(&source, &context).map_err(|faults| place_all(faults, &source))?;
    if !read.snapshot {
        let message = "this file is no snapshot: `kind: snapshot` is missing at its top";
        let help = "snapshots are written by delta-engine; a file of definitions is read as one by `plan`";
        return Err(vec![FileFault::new(MISSING_KEY, Span::point(1, 0), message).help(help).place(&source)]);
    }
    let mut tables = Vec::new();
    let mut faults = Vec::new();
    for entry in read.tables {
        match observed_table(entry, &source) {
            Ok(table) => tables.push(table),
            Err(wrong) => faults.extend(wrong),
        }
    }
    if faults.is_empty() { Ok(tables) } else { Err(faults) }
}

fn observed_table(entry: TableEntry, source: &SourceText) -> Result<ObservedTable, Vec<DeclarationFault>> {
    let places = Arc::new(TableSource { text: source.clone(), index: entry.index, part: None });
    let name = entry.draft.name.clone();
    let of_table = |code: &'static str, message: String, help: &str| {
        let subject = delta_engine_schema::model::Subject::table(&TableName::bare(name.as_str()));
        let location = places.locate(&subject, None);
        vec![DeclarationFault { code, message, help: Some(help.to_owned()), location }]
    };
    let Some(observed) = entry.observed else {
        let help = "write `observed: { table_id: …, version: … }`, or take the snapshot again";
        return Err(of_table(MISSING_KEY, format!("the table `{name}` of a snapshot has no `observed`"), help));
    };
    let mut draft = entry.draft;
    // What the log holds is a fact: unknown and odd properties are not judged.
    let properties = std::mem::take(&mut draft.properties);
    let table = draft
        .check()
        .map_err(|faults| faults.into_iter().map(|fault| placed(&fault, places.as_ref())).collect::<Vec<_>>())?;
    let unknown = unknown(&observed, &table.columns).map_err(|aspect| {
        let words: Vec<&str> = ASPECTS.iter().map(|aspect| aspect.as_str()).collect();
        of_table(
            VALUE,
            format!("`unknown` names no aspect with `{aspect}`"),
            &format!("there are {}", words.join(", ")),
        )
    })?;
    let mut inbound_keys = Vec::new();
    for key in observed.inbound_keys {
        let table = key.table.parse().map_err(|error| {
            of_table(
                VALUE,
                format!("the inbound key's table cannot be read: {error}"),
                "write [catalog.][schema.]table",
            )
        })?;
        let referenced_columns = key.referenced_columns.into_iter().map(Identifier::new).collect();
        inbound_keys.push(InboundKey { table, name: key.name.map(Identifier::new), referenced_columns });
    }
    Ok(ObservedTable {
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
        unknown,
    })
}

fn placed(fault: &Fault, places: &TableSource) -> DeclarationFault {
    DeclarationFault {
        code: fault.code(),
        message: fault.kind.to_string(),
        help: fault.help().map(str::to_owned),
        location: places.locate(&fault.subject, fault.range()),
    }
}

/// What was unseen; an aspect that does not exist is returned.
fn unknown(observed: &ObservedDraft, columns: &[Column]) -> Result<Unknown, String> {
    let mut unknown = Unknown::default();
    for (written, at) in &observed.unknown {
        let aspect = ASPECTS.into_iter().find(|aspect| aspect.as_str() == written).ok_or_else(|| written.clone())?;
        unknown.insert(aspect, at.as_deref().map_or_else(Path::table, |at| path(at, columns)));
    }
    Ok(unknown)
}

/// A written path; one that leads nowhere is one of fields.
fn path(written: &str, columns: &[Column]) -> Path {
    let parts: Vec<Identifier> = split_dotted(written).unwrap_or_default().into_iter().map(Identifier::new).collect();
    Path::resolve(&parts, |column| find_type(columns, &Path::column(column.clone())))
        .unwrap_or_else(|| Path::from(parts.into_iter().map(Step::Field).collect::<Vec<_>>()))
}
