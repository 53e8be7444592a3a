//! Every legal change of a declaration, as functions that any table can be tried with.
//!
//! Owns the lists; how each change is made is below, by what it changes.

mod columns;
mod nested;
mod table;
mod widening;

use delta_engine::schema::draft::TableDraft;
use delta_engine::schema::model::ObservedTable;

use nested::Inside;

/// Changes a declaration; false where the table has nothing to be changed so.
type Change = fn(&ObservedTable, &mut TableDraft) -> bool;

/// A change of a declaration.
pub struct Edit {
    /// What it is called.
    pub name: &'static str,
    /// What is applied first, of its own accord.
    pub before: Change,
    /// What is then changed.
    pub edit: Change,
}

impl Edit {
    const fn new(name: &'static str, edit: Change) -> Self {
        Self { name, before: |_, _| false, edit }
    }

    const fn after(self, before: Change) -> Self {
        Self { before, ..self }
    }

    /// Whether the table has anything to be changed so.
    pub fn applies_to(&self, table: &ObservedTable, mut draft: TableDraft) -> bool {
        (self.before)(table, &mut draft);
        (self.edit)(table, &mut draft)
    }
}

/// The changes after which every kept value reads as the same text, also the values of arrays and maps as a whole.
pub const EDITS: &[Edit] = &[
    Edit::new("table comment", table::comment),
    Edit::new("remove the table comment", table::uncomment).after(table::comment),
    Edit::new("set properties", table::set_properties),
    Edit::new("change a property", table::change_property).after(table::set_properties),
    Edit::new("unset a property", table::unset_property).after(table::set_properties),
    Edit::new("append only", |_, draft| table::set(draft, "delta.appendOnly", "true")),
    Edit::new("change data feed", |_, draft| table::set(draft, "delta.enableChangeDataFeed", "true")),
    Edit::new("in-commit timestamps", |_, draft| table::set(draft, "delta.enableInCommitTimestamps", "true")),
    Edit::new("deletion vectors", |_, draft| table::set(draft, "delta.enableDeletionVectors", "true")),
    Edit::new("v2 checkpoints", |_, draft| table::set(draft, "delta.checkpointPolicy", "v2")),
    Edit::new("a feature by its name", table::enable_feature),
    Edit::new("enable mapping", table::mapping),
    Edit::new("add a check", table::add_check),
    Edit::new("change a check", table::change_check).after(table::add_check),
    Edit::new("drop a check", table::drop_check).after(table::add_check),
    Edit::new("cluster", table::cluster),
    Edit::new("cluster by a nested field", table::cluster_by_nested),
    Edit::new("change clustering", table::recluster).after(table::cluster),
    Edit::new("remove clustering", table::uncluster).after(table::cluster),
    Edit::new("add first", |_, draft| columns::add(draft, 0)),
    Edit::new("add in the middle", |_, draft| columns::add(draft, draft.columns.len().div_ceil(2))),
    Edit::new("add last", |_, draft| columns::add(draft, draft.columns.len())),
    Edit::new("add columns of every type", columns::add_every_type),
    Edit::new("move", columns::move_last_first),
    Edit::new("column comment", columns::comment),
    Edit::new("remove a column comment", columns::uncomment).after(columns::comment),
    Edit::new("drop not null", columns::drop_not_null),
    Edit::new("set not null", columns::set_not_null),
    Edit::new("set a default", columns::set_default),
    Edit::new("change a default", columns::change_default).after(columns::set_default),
    Edit::new("drop a default", columns::drop_default).after(columns::set_default),
    Edit::new("rename", columns::rename).after(table::mapping),
    Edit::new("rename at once", |table, draft| table::mapping(table, draft) && columns::rename(table, draft)),
    Edit::new("rename a partition column", columns::rename_partition).after(table::mapping),
    Edit::new("drop", columns::drop).after(table::mapping),
    Edit::new("add a nested field", |_, draft| nested::add(draft, Inside::Struct)),
    Edit::new("add a field of elements", |_, draft| nested::add(draft, Inside::Elements)),
    Edit::new("add a field of values", |_, draft| nested::add(draft, Inside::Values)),
    Edit::new("rename a nested field", |_, draft| nested::rename(draft, Inside::Struct)).after(table::mapping),
    Edit::new("drop a nested field", |_, draft| nested::drop(draft, Inside::Struct)).after(table::mapping),
    Edit::new("move a nested field", |_, draft| nested::move_last_first(draft, Inside::Struct)),
    Edit::new("nested comment", |_, draft| nested::comment(draft, Inside::Struct)),
    Edit::new("remove a nested comment", |_, draft| nested::uncomment(draft, Inside::Struct))
        .after(|_, draft| nested::comment(draft, Inside::Struct)),
    Edit::new("set not null of a nested field", nested::set_not_null),
    Edit::new("drop not null of a nested field", |_, draft| nested::drop_not_null(draft, Inside::Struct))
        .after(nested::set_not_null),
    Edit::new("widen", widening::whole),
    Edit::new("all at once", all_at_once),
];

/// The changes of types that show in the text of the values, and those of what only few tables have: fields of keys,
/// elements that are never null, lengths.
pub const DEEP_EDITS: &[Edit] = &[
    Edit::new("add a field of keys", |_, draft| nested::add(draft, Inside::Keys)),
    Edit::new("rename a field of elements", |_, draft| nested::rename(draft, Inside::Elements)).after(table::mapping),
    Edit::new("rename a field of keys", |_, draft| nested::rename(draft, Inside::Keys)).after(table::mapping),
    Edit::new("rename a field of values", |_, draft| nested::rename(draft, Inside::Values)).after(table::mapping),
    Edit::new("drop a field of elements", |_, draft| nested::drop(draft, Inside::Elements)).after(table::mapping),
    Edit::new("drop a field of keys", |_, draft| nested::drop(draft, Inside::Keys)).after(table::mapping),
    Edit::new("drop a field of values", |_, draft| nested::drop(draft, Inside::Values)).after(table::mapping),
    Edit::new("move a field of elements", |_, draft| nested::move_last_first(draft, Inside::Elements)),
    Edit::new("move a field of keys", |_, draft| nested::move_last_first(draft, Inside::Keys)),
    Edit::new("move a field of values", |_, draft| nested::move_last_first(draft, Inside::Values)),
    Edit::new("comment a field of elements", |_, draft| nested::comment(draft, Inside::Elements)),
    Edit::new("comment a field of keys", |_, draft| nested::comment(draft, Inside::Keys)),
    Edit::new("comment a field of values", |_, draft| nested::comment(draft, Inside::Values)),
    Edit::new("remove a comment in elements", |_, draft| nested::uncomment(draft, Inside::Elements))
        .after(|_, draft| nested::comment(draft, Inside::Elements)),
    Edit::new("drop not null in elements", |_, draft| nested::drop_not_null(draft, Inside::Elements)),
    Edit::new("drop not null of elements", |_, draft| nested::drop_not_null_of(draft, Inside::Elements)),
    Edit::new("drop not null of values", |_, draft| nested::drop_not_null_of(draft, Inside::Values)),
    Edit::new("widen byte to short", |table, draft| widening::column(table, draft, "tinyint", "smallint")),
    Edit::new("widen byte to int", |table, draft| widening::column(table, draft, "tinyint", "int")),
    Edit::new("widen byte to long", |table, draft| widening::column(table, draft, "tinyint", "bigint")),
    Edit::new("widen byte to double", |table, draft| widening::column(table, draft, "tinyint", "double")),
    Edit::new("widen byte to decimal", |table, draft| widening::column(table, draft, "tinyint", "decimal(10,0)")),
    Edit::new("widen short to int", |table, draft| widening::column(table, draft, "smallint", "int")),
    Edit::new("widen short to long", |table, draft| widening::column(table, draft, "smallint", "bigint")),
    Edit::new("widen short to double", |table, draft| widening::column(table, draft, "smallint", "double")),
    Edit::new("widen short to decimal", |table, draft| widening::column(table, draft, "smallint", "decimal(12,2)")),
    Edit::new("widen int to long", |table, draft| widening::column(table, draft, "int", "bigint")),
    Edit::new("widen int to double", |table, draft| widening::column(table, draft, "int", "double")),
    Edit::new("widen int to decimal", |table, draft| widening::column(table, draft, "int", "decimal(11,1)")),
    Edit::new("widen long to decimal", |table, draft| widening::column(table, draft, "bigint", "decimal(20,0)")),
    Edit::new("widen float to double", |table, draft| widening::column(table, draft, "float", "double")),
    Edit::new("widen date to timestamp_ntz", |table, draft| widening::column(table, draft, "date", "timestamp_ntz")),
    Edit::new("more digits of a decimal", |table, draft| widening::decimal(table, draft, 2, 0)),
    Edit::new("a larger scale of a decimal", |table, draft| widening::decimal(table, draft, 3, 1)),
    Edit::new("a longer varchar", |table, draft| widening::column(table, draft, "varchar(5)", "varchar(9)")),
    Edit::new("varchar to string", |table, draft| widening::column(table, draft, "varchar(5)", "string")),
    Edit::new("char to varchar", |table, draft| widening::column(table, draft, "char(3)", "varchar(3)")),
    Edit::new("widen a nested field", |_, draft| widening::field(draft, Inside::Struct)),
    Edit::new("widen a field of elements", |_, draft| widening::field(draft, Inside::Elements)),
    Edit::new("widen a field of keys", |_, draft| widening::field(draft, Inside::Keys)),
    Edit::new("widen a field of values", |_, draft| widening::field(draft, Inside::Values)),
    Edit::new("widen elements", |_, draft| widening::inner(draft, Inside::Elements)),
    Edit::new("widen keys", |_, draft| widening::inner(draft, Inside::Keys)),
    Edit::new("widen values", |_, draft| widening::inner(draft, Inside::Values)),
];

fn all_at_once(table: &ObservedTable, draft: &mut TableDraft) -> bool {
    table::mapping(table, draft);
    table::set_properties(table, draft);
    table::comment(table, draft);
    columns::comment(table, draft);
    nested::add(draft, Inside::Struct);
    widening::whole(table, draft);
    columns::rename_text(table, draft);
    columns::add(draft, 1)
}
