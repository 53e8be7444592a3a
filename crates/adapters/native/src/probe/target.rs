//! The column a question is about, as files and statistics name it.

use delta_engine_schema::model::{COLUMN_ID, Identifier, MappingMode, Path, Step};

use crate::json::Json;
use crate::log::LogState;
use crate::observe::schema::{physical_name, struct_fields};

/// The column a question is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    /// Its path, for people.
    pub(super) path: Path,
    /// The way down from the root, with the names in the files.
    pub(super) way: Vec<Way>,
    /// Whether it is a partition column, whose values are in the log.
    pub(super) is_partition: bool,
    /// Whether a struct above it may be null, so that a null of it may be no null of its own.
    pub(super) under_nullable: bool,
    /// Whether it is a struct, array or map itself.
    pub(super) is_nested: bool,
    /// Whether files name columns by id.
    pub(super) by_id: bool,
}

/// One step down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Way {
    /// Into a field.
    Field {
        /// Its name in the files.
        name: String,
        /// Its id under column mapping.
        id: Option<i32>,
    },
    /// Into the elements of an array.
    Element,
    /// Into the keys of a map.
    Key,
    /// Into the values of a map.
    Value,
}

impl Target {
    /// Finds a path in a schema; `None` where it is not there.
    pub(super) fn resolve(state: &LogState, path: &Path) -> Option<Self> {
        let mode = state.mapping_mode();
        let mut way = Vec::new();
        let mut level = &state.schema;
        let mut nullable = false;
        let mut under_nullable = false;
        for step in path.steps() {
            under_nullable |= nullable;
            nullable = false;
            match step {
                Step::Field(name) => {
                    let is_it = |field: &&Json| {
                        field.get("name").and_then(Json::as_str).is_some_and(|theirs| Identifier::new(theirs) == *name)
                    };
                    let field = struct_fields(level)?.iter().find(is_it)?;
                    let id = field.get("metadata").and_then(|metadata| metadata.get(COLUMN_ID)?.as_i64());
                    let id = id.and_then(|id| i32::try_from(id).ok());
                    way.push(Way::Field { name: physical_name(field, mode)?.to_owned(), id });
                    nullable = field.get("nullable").and_then(Json::as_bool).unwrap_or(true);
                    level = field.get("type")?;
                }
                Step::Element => {
                    way.push(Way::Element);
                    level = level.get("elementType")?;
                }
                Step::Key => {
                    way.push(Way::Key);
                    level = level.get("keyType")?;
                }
                Step::Value => {
                    way.push(Way::Value);
                    level = level.get("valueType")?;
                }
            }
        }
        let is_partition = path.is_column()
            && state.partition_columns().any(|column| Some(&Identifier::new(column)) == path.leaf_name());
        let by_id = mode == MappingMode::Id;
        let is_nested = level.as_str().is_none();
        let target = Self { path: path.clone(), way, is_partition, under_nullable, is_nested, by_id };
        (!target.way.is_empty()).then_some(target)
    }

    /// Where `nullCount` has it: nothing is counted below arrays and maps, so then the way down to there.
    pub(super) fn statistics_path(&self) -> Vec<String> {
        self.way
            .iter()
            .map_while(|step| match step {
                Way::Field { name, .. } => Some(name.clone()),
                Way::Element | Way::Key | Way::Value => None,
            })
            .collect()
    }

    /// Whether the way passes through an array or a map.
    pub(super) fn crosses_collection(&self) -> bool {
        self.statistics_path().len() < self.way.len()
    }
}
