//! Partitioning from `metaData`, clustering from its domain.

use delta_engine_schema::model::{Aspect, Layout, Path, Unknown, is_true};

use super::schema::{kept_name, struct_fields};
use crate::json::Json;
use crate::log::LogState;

/// The layout; unknown where the log names one that can't be understood. Of a table that Databricks clusters as it sees fit the
/// columns that it has chosen are no part of a declaration: they are marked as not to be relied on.
pub(super) fn layout(state: &LogState, unknown: &mut Unknown) -> Layout {
    let partitions: Vec<_> = state.partition_columns().map(Into::into).collect();
    if !partitions.is_empty() {
        return Layout::Partitioned(partitions);
    }
    // Databricks Runtime 13 wrote the preview of liquid clustering into a domain of another name.
    let Some(domain) = state.domains.get("delta.clustering").or_else(|| state.domains.get("delta.liquid")) else {
        return Layout::Flat;
    };
    let columns = clustering(state, domain);
    if state.property("clusterByAuto").is_some_and(is_true) {
        let chosen = columns.unwrap_or_else(|| vec![Path::table()]);
        chosen.into_iter().for_each(|path| unknown.insert(Aspect::Layout, path));
        return Layout::ClusteredAuto;
    }
    match columns {
        Some(paths) if paths.is_empty() => Layout::Flat,
        Some(paths) => Layout::Clustered(paths),
        None => {
            unknown.insert(Aspect::Layout, Path::table());
            Layout::Flat
        }
    }
}

/// The columns that the domain names; `None` where one can't be understood.
fn clustering(state: &LogState, domain: &str) -> Option<Vec<Path>> {
    let domain = Json::parse(domain).ok()?;
    let columns = domain.get("clusteringColumns")?.as_array()?;
    columns.iter().map(|column| clustering_path(state, column)).collect()
}

/// Delta writes one list of physical names a column (`ClusteringMetadataDomain`), PROTOCOL.md shows plain names, and the
/// preview wrapped the list in an object.
fn clustering_path(state: &LogState, column: &Json) -> Option<Path> {
    if let Some(parts) = column.get("physicalName").unwrap_or(column).as_array() {
        let parts: Option<Vec<&str>> = parts.iter().map(Json::as_str).collect();
        return logical_path(state, &parts?);
    }
    let name = column.as_str()?;
    logical_path(state, &[name]).or_else(|| logical_path(state, &name.split('.').collect::<Vec<_>>()))
}

/// The path whose physical names are these, through structs.
fn logical_path(state: &LogState, physical: &[&str]) -> Option<Path> {
    let mut path = Path::table();
    let mut level = Some(&state.schema);
    for part in physical {
        let field = struct_fields(level?)?.iter().find(|field| kept_name(field) == Some(part))?;
        path = path.field(&field.get("name")?.as_str()?.into());
        level = field.get("type");
    }
    (!path.is_table()).then_some(path)
}
