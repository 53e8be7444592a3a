//! Changes of the fields of structs, wherever the structs are, and of what arrays and maps hold.

use delta_engine::schema::draft::{ColumnDraft, FieldDraft, TableDraft, TypeDraft};
use delta_engine::schema::model::{DataType, Field, ObservedTable};

/// Where in a column something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Inside {
    /// In the column's own struct.
    Struct,
    /// In the elements of an array.
    Elements,
    /// In the keys of a map.
    Keys,
    /// In the values of a map.
    Values,
}

impl Inside {
    /// How paths of fields there begin.
    fn prefix(self) -> &'static str {
        match self {
            Self::Struct => "",
            Self::Elements => "element.",
            Self::Keys => "key.",
            Self::Values => "value.",
        }
    }

    /// The type there, where a column of this type has such a place.
    pub(super) fn of(self, column: &mut DataType) -> Option<&mut DataType> {
        match (self, column) {
            (Self::Struct, column @ DataType::Struct(_)) => Some(column),
            (Self::Elements, DataType::Array(array)) => Some(&mut array.element),
            (Self::Keys, DataType::Map(map)) => Some(&mut map.key),
            (Self::Values, DataType::Map(map)) => Some(&mut map.value),
            (_, _) => None,
        }
    }
}

/// The first column whose type at this place `change` changes.
pub(super) fn change_type(
    draft: &mut TableDraft,
    inside: Inside,
    mut change: impl FnMut(&mut DataType) -> bool,
) -> Option<&mut ColumnDraft> {
    let changed = draft.columns.iter_mut().position(|column| match &mut column.data_type {
        TypeDraft::Type(data_type) => inside.of(data_type).is_some_and(&mut change),
        TypeDraft::Text(_) => false,
    });
    changed.map(|at| &mut draft.columns[at])
}

/// The first column whose fields at this place `change` changes.
pub(super) fn change_fields(
    draft: &mut TableDraft,
    inside: Inside,
    mut change: impl FnMut(&mut Vec<Field>) -> bool,
) -> Option<&mut ColumnDraft> {
    change_type(
        draft,
        inside,
        |data_type| if let DataType::Struct(fields) = data_type { change(fields) } else { false },
    )
}

pub(super) fn add(draft: &mut TableDraft, inside: Inside) -> bool {
    let add = |fields: &mut Vec<Field>| {
        fields.insert(fields.len() / 2, Field::new("added_field", DataType::Long));
        true
    };
    change_fields(draft, inside, add).is_some()
}

pub(super) fn rename(draft: &mut TableDraft, inside: Inside) -> bool {
    const TO: &str = "renamed_field";
    let mut renamed_from = Vec::new();
    let column = change_fields(draft, inside, |fields| {
        let former = fields.first_mut().map(|field| std::mem::replace(&mut field.name, TO.into()));
        renamed_from.extend(former.map(|former| former.to_string()));
        !renamed_from.is_empty()
    });
    let Some(column) = column else { return false };
    let path = format!("{}{TO}", inside.prefix());
    column.fields.push(FieldDraft { path, renamed_from, ..FieldDraft::default() });
    true
}

pub(super) fn drop(draft: &mut TableDraft, inside: Inside) -> bool {
    change_fields(draft, inside, |fields| fields.len() > 1 && fields.pop().is_some()).is_some()
}

pub(super) fn move_last_first(draft: &mut TableDraft, inside: Inside) -> bool {
    let rotate = |fields: &mut Vec<Field>| {
        fields.rotate_right(1);
        fields.len() > 1
    };
    change_fields(draft, inside, rotate).is_some()
}

pub(super) fn comment(draft: &mut TableDraft, inside: Inside) -> bool {
    let comment = |field: &mut Field| field.comment = Some("said of a field".into());
    change_fields(draft, inside, |fields| fields.first_mut().map(comment).is_some()).is_some()
}

pub(super) fn uncomment(draft: &mut TableDraft, inside: Inside) -> bool {
    let uncomment = |fields: &mut Vec<Field>| fields.iter_mut().find_map(|field| field.comment.take()).is_some();
    change_fields(draft, inside, uncomment).is_some()
}

/// A field becomes NOT NULL only where the struct around it is or becomes so.
pub(super) fn set_not_null(_: &ObservedTable, draft: &mut TableDraft) -> bool {
    let column = change_fields(draft, Inside::Struct, |fields| set_nullable(fields, false));
    column.map(|column| column.nullable = false).is_some()
}

pub(super) fn drop_not_null(draft: &mut TableDraft, inside: Inside) -> bool {
    change_fields(draft, inside, |fields| set_nullable(fields, true)).is_some()
}

fn set_nullable(fields: &mut [Field], nullable: bool) -> bool {
    let field = fields.iter_mut().find(|field| field.nullable != nullable);
    field.map(|field| field.nullable = nullable).is_some()
}

/// The elements themselves, or the values.
pub(super) fn drop_not_null_of(draft: &mut TableDraft, inside: Inside) -> bool {
    draft.columns.iter_mut().any(|column| match (&mut column.data_type, inside) {
        (TypeDraft::Type(DataType::Array(array)), Inside::Elements) => {
            !std::mem::replace(&mut array.element_nullable, true)
        }
        (TypeDraft::Type(DataType::Map(map)), Inside::Values) => !std::mem::replace(&mut map.value_nullable, true),
        (_, _) => false,
    })
}
