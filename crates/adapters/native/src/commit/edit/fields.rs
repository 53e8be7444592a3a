//! Finding fields and types in a schema's JSON by path; names compare without case.

use delta_engine_schema::Position;
use delta_engine_schema::model::{Identifier, Path, Step};

use crate::json::Json;

/// A path that names nothing.
#[derive(Debug)]
pub(in crate::commit) struct Missing(pub(super) String);

impl Missing {
    pub(super) fn at(path: &Path) -> Self {
        Self(path.to_string())
    }
}

/// The fields of the struct at a path; of the table where the path is empty.
pub(super) fn fields_at<'s>(schema: &'s mut Json, path: &Path) -> Result<&'s mut Vec<Json>, Missing> {
    let data_type = type_at(schema, path)?;
    data_type.get_mut("fields").and_then(Json::as_array_mut).ok_or_else(|| Missing::at(path))
}

/// The field at a path that ends in a field.
pub(super) fn field_at<'s>(schema: &'s mut Json, path: &Path) -> Result<&'s mut Json, Missing> {
    let name = path.leaf_name().ok_or_else(|| Missing::at(path))?;
    let fields = fields_at(schema, &path.parent().unwrap_or_default())?;
    let index = position_of(fields, name).ok_or_else(|| Missing::at(path))?;
    Ok(&mut fields[index])
}

/// The type at a path; the schema itself where the path is empty.
pub(super) fn type_at<'s>(schema: &'s mut Json, path: &Path) -> Result<&'s mut Json, Missing> {
    let mut data_type = schema;
    for step in path.steps() {
        let below = match step {
            Step::Field(name) => {
                let fields = data_type.get_mut("fields").and_then(Json::as_array_mut);
                fields
                    .and_then(|fields| position_of(fields, name).map(|index| &mut fields[index]))
                    .and_then(|field| field.get_mut("type"))
            }
            Step::Element => data_type.get_mut("elementType"),
            Step::Key => data_type.get_mut("keyType"),
            Step::Value => data_type.get_mut("valueType"),
        };
        data_type = below.ok_or_else(|| Missing::at(path))?;
    }
    Ok(data_type)
}

/// Where a field of this name stands.
pub(super) fn position_of(fields: &[Json], name: &Identifier) -> Option<usize> {
    fields
        .iter()
        .position(|field| field.get("name").and_then(Json::as_str).is_some_and(|theirs| *name == theirs.into()))
}

/// Puts a field in its place.
pub(super) fn insert_field(fields: &mut Vec<Json>, field: Json, position: &Position) -> Result<(), Missing> {
    let index = match position {
        Position::First => 0,
        Position::Last => fields.len(),
        Position::After(sibling) => position_of(fields, sibling).ok_or_else(|| Missing(sibling.to_string()))? + 1,
    };
    fields.insert(index, field);
    Ok(())
}
