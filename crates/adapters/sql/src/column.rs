//! Column definitions, as CREATE TABLE and ADD COLUMN share them.

use delta_engine_schema::model::{Column, Identity};

use crate::data_type;
use crate::quote::{expression, literal};

/// Type and clauses of a column, without its name.
pub(crate) fn definition(column: &Column) -> String {
    let mut clauses = vec![data_type::data_type(column.data_type())];
    if !column.field.nullable {
        clauses.push("NOT NULL".to_owned());
    }
    clauses.extend(column.generated.as_ref().map(|text| format!("GENERATED ALWAYS AS ({})", expression(text))));
    clauses.extend(column.identity.map(identity));
    clauses.extend(column.default.as_ref().map(|text| format!("DEFAULT {}", expression(text))));
    clauses.extend(column.field.comment.as_ref().map(|comment| format!("COMMENT {}", literal(comment))));
    clauses.join(" ")
}

fn identity(identity: Identity) -> String {
    let Identity { start, increment, always } = identity;
    let when = if always { "ALWAYS" } else { "BY DEFAULT" };
    format!("GENERATED {when} AS IDENTITY (START WITH {start} INCREMENT BY {increment})")
}
