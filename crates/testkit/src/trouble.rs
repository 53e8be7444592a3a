//! Changes that Delta refuses or that need care, one way each: what random changes would hit too seldom.

use delta_engine_schema::model::{DataType, Decimal, Identity, Scope};

use crate::declaration::{Declaration, KeySpec, Kind, LayoutSpec, Mention, Node, NodeId};

/// A way to be refused.
#[derive(Debug)]
pub struct Trouble {
    /// What the table has from the beginning.
    pub before: fn(&mut Declaration),
    /// What is declared then.
    pub after: fn(&mut Declaration),
    /// Where it shows: on a new table, or on one that is there.
    pub on: On,
}

/// Which tables a trouble is met on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    /// A new table.
    Creation,
    /// A table that is there.
    Change,
    /// A table that is there, declared by a snapshot of it.
    Snapshot,
}

const fn creating(after: fn(&mut Declaration)) -> Trouble {
    Trouble { before: |_| (), after, on: On::Creation }
}

const fn changing(before: fn(&mut Declaration), after: fn(&mut Declaration)) -> Trouble {
    Trouble { before, after, on: On::Change }
}

/// Every trouble.
pub const TROUBLES: &[Trouble] = &[
    // A check or a generated column holds a column that changes.
    changing(
        |table| {
            let id = add(table, "held", DataType::Integer);
            table.checks.push(("holds".to_owned(), Mention { column: id, template: "{c} > 0".to_owned() }));
        },
        |table| retype(table, "held", DataType::Long),
    ),
    changing(
        |table| {
            let id = add(table, "held", DataType::Integer);
            let other = add(table, "computed", DataType::Long);
            generate(table, other, id, "CAST({c} AS BIGINT)");
        },
        |table| retype(table, "held", DataType::Long),
    ),
    changing(
        |table| {
            let id = add(table, "numbered", DataType::Long);
            table.extra_mut(id).identity = Some(Identity { start: 1, increment: 1, always: true });
        },
        |table| retype(table, "numbered", Decimal::new(22, 2).map_or(DataType::Long, DataType::Decimal)),
    ),
    // Names.
    changing(
        |table| {
            add(table, "left", DataType::Integer);
            add(table, "right", DataType::Integer);
        },
        |table| {
            table.columns.retain(|node| node.name != "left");
            former(table, "right", "left");
        },
    ),
    Trouble {
        before: |table| {
            table.set_property("delta.columnMapping.mode", Some("name"));
            add(table, "left", DataType::Integer);
            add(table, "right", DataType::Integer);
        },
        after: |table| {
            for node in &mut table.columns {
                node.name = match node.name.as_str() {
                    "left" => "right".to_owned(),
                    "right" => "left".to_owned(),
                    other => other.to_owned(),
                };
            }
        },
        on: On::Snapshot,
    },
    changing(
        |table| table.set_property("delta.enableChangeDataFeed", Some("true")),
        |table| {
            add(table, "_change_type", DataType::STRING);
        },
    ),
    changing(
        |_| (),
        |table| {
            add(table, "a;b", DataType::STRING);
        },
    ),
    // Properties.
    changing(
        |table| {
            table.set_property("delta.columnMapping.mode", None);
            add(table, "before", DataType::Integer);
        },
        |table| {
            if let Some(node) = named(table, "before") {
                node.name = "behind".to_owned();
            }
            former(table, "behind", "before");
        },
    ),
    changing(|_| (), |table| table.set_property("delta.feature.catalogManaged", Some("supported"))),
    changing(
        |table| table.set_property("delta.enableRowTracking", Some("false")),
        |table| table.set_property("delta.enableRowTracking", Some("true")),
    ),
    changing(
        |table| table.set_property("delta.columnMapping.mode", Some("name")),
        |table| table.set_property("delta.columnMapping.mode", None),
    ),
    changing(
        |table| {
            table.set_property("delta.enableTypeWidening", Some("false"));
            add(table, "narrow", DataType::Integer);
        },
        |table| retype(table, "narrow", DataType::Long),
    ),
    changing(
        |table| {
            table.set_property("delta.columnMapping.mode", Some("name"));
            table.set_property("delta.enableTypeWidening", Some("true"));
            table.set_property("delta.enableIcebergCompatV2", Some("true"));
            add(table, "narrow", DataType::Integer);
        },
        |table| retype(table, "narrow", DataType::Double),
    ),
    changing(
        |table| table.set_property("delta.columnMapping.mode", None),
        |table| table.set_property("delta.enableIcebergCompatV2", Some("true")),
    ),
    changing(
        |_| (),
        |table| {
            table.set_property("delta.logRetentionDuration", Some("interval 1 day"));
            table.set_property("delta.deletedFileRetentionDuration", Some("interval 9 days"));
        },
    ),
    // Layouts.
    creating(|table| {
        table.columns.retain(|node| node.kind.as_leaf().is_some());
        table.columns.truncate(1);
        if table.columns.is_empty() {
            add(table, "only", DataType::Integer);
        }
        strip(table);
        table.layout = LayoutSpec::Partitioned(table.columns.iter().map(|node| node.id).collect());
    }),
    creating(|table| {
        let id = add(table, "parts", DataType::Variant);
        table.layout = LayoutSpec::Partitioned(vec![id]);
    }),
    changing(
        |table| table.layout = LayoutSpec::Flat,
        |table| {
            let ids = (0..6).map(|index| add(table, &format!("c{index}"), DataType::Integer)).collect();
            table.layout = LayoutSpec::Clustered(ids);
        },
    ),
    // Columns that are filled by themselves.
    creating(|table| {
        let source = add(table, "source", DataType::Integer);
        let (first, second) = (add(table, "first", DataType::Long), add(table, "second", DataType::Long));
        generate(table, first, source, "CAST({c} AS BIGINT)");
        generate(table, second, first, "{c} + 1");
    }),
    creating(|table| {
        let (source, id) = (add(table, "source", DataType::Double), add(table, "computed", DataType::Double));
        generate(table, id, source, "{c} + rand()");
    }),
    creating(|table| {
        let (source, id) = (add(table, "source", DataType::Integer), add(table, "computed", DataType::Long));
        generate(table, id, source, "{c}");
    }),
    creating(|table| {
        let id = add(table, "numbered", DataType::Integer);
        table.extra_mut(id).identity = Some(Identity { start: 1, increment: 1, always: true });
    }),
    changing(
        |_| (),
        |table| {
            let id = add(table, "anything", DataType::Variant);
            table.extra_mut(id).default = Some("parse_json('1')".to_owned());
        },
    ),
    changing(
        |_| (),
        |table| {
            let id = add(table, "mistyped", DataType::Integer);
            table.extra_mut(id).default = Some("'none'".to_owned());
        },
    ),
    changing(
        |_| (),
        |table| {
            let id = add(table, "computed", DataType::Integer);
            table.extra_mut(id).default = Some("computed + 1".to_owned());
        },
    ),
    changing(
        |_| (),
        |table| {
            let id = add(table, "numbered", DataType::Long);
            table.extra_mut(id).identity = Some(Identity { start: 1, increment: 1, always: true });
        },
    ),
    changing(
        |table| {
            let id = add(table, "numbered", DataType::Long);
            table.extra_mut(id).identity = Some(Identity { start: 1, increment: 1, always: true });
        },
        |table| {
            let id = named(table, "numbered").map_or(0, |node| node.id);
            table.extra_mut(id).identity = None;
        },
    ),
    changing(
        |table| {
            add(table, "source", DataType::Integer);
            add(table, "computed", DataType::Long);
        },
        |table| {
            let source = named(table, "source").map_or(0, |node| node.id);
            let id = named(table, "computed").map_or(0, |node| node.id);
            generate(table, id, source, "CAST({c} AS BIGINT)");
        },
    ),
    // Scope.
    creating(|table| table.scope = Scope::Metadata),
    // Checks, keys and NOT NULL.
    changing(
        |table| {
            strip(table);
            add(table, "code", DataType::Integer);
        },
        |table| {
            let columns = named(table, "code").map(|node| node.id).into_iter().collect();
            table.primary_key = Some(KeySpec { name: None, columns, rely: false });
        },
    ),
    changing(|_| (), |table| constrain(table, "__CHAR_VARCHAR_STRING_LENGTH_CHECK__", "{c} IS NOT NULL")),
    changing(|_| (), |table| constrain(table, "misspelt", "{c} IS NOT NULL AND nosuch > 1")),
    changing(|_| (), |table| constrain(table, "always", "1 = 1")),
    changing(|_| (), |table| constrain(table, "value", "{c} || 'x'")),
    changing(|_| (), |table| constrain(table, "chance", "{c} IS NOT NULL OR rand() > 0.5")),
    changing(
        |table| {
            let kind = Kind::Array(Box::new(Kind::Leaf(DataType::Integer)), true);
            push(table, "list", kind);
        },
        |table| {
            if let Some(Kind::Array(_, nullable)) = named(table, "list").map(|node| &mut node.kind) {
                *nullable = false;
            }
        },
    ),
    changing(
        |table| {
            let inner = table.fresh();
            let inner = Node::new(inner, "inner", Kind::Leaf(DataType::Integer));
            push(table, "outer", Kind::Struct(vec![inner]));
        },
        |table| {
            if let Some(Kind::Struct(fields)) = named(table, "outer").map(|node| &mut node.kind) {
                fields.iter_mut().for_each(|node| node.nullable = false);
            }
        },
    ),
    creating(|table| {
        let inner = table.fresh();
        let mut inner = Node::new(inner, "inner", Kind::Leaf(DataType::Integer));
        inner.nullable = false;
        push(table, "outer", Kind::Struct(vec![inner]));
    }),
    changing(
        |table| {
            let inner = Node::new(table.fresh(), "inner", Kind::Leaf(DataType::Integer));
            let (key, value) = (Kind::Leaf(DataType::STRING), Kind::Struct(vec![inner]));
            push(table, "by_name", Kind::Map(Box::new(key), Box::new(value), true));
        },
        |table| {
            let more = Node::new(table.fresh(), "more", Kind::Leaf(DataType::Integer));
            let value = match named(table, "by_name").map(|node| &mut node.kind) {
                Some(Kind::Map(_, value, _)) => value.as_mut(),
                Some(Kind::Leaf(_) | Kind::Struct(_) | Kind::Array(..)) | None => return,
            };
            if let Kind::Struct(fields) = value {
                fields.push(more);
            }
        },
    ),
    changing(
        |_| (),
        |table| {
            let (key, value) = (Kind::Leaf(DataType::Variant), Kind::Leaf(DataType::Integer));
            push(table, "by_variant", Kind::Map(Box::new(key), Box::new(value), true));
        },
    ),
    changing(
        |_| (),
        |table| {
            add(table, "strange", DataType::Opaque("\"void\"".into()));
        },
    ),
];

fn push(table: &mut Declaration, name: &str, kind: Kind) -> NodeId {
    let id = table.fresh();
    table.columns.push(Node::new(id, name, kind));
    id
}

fn add(table: &mut Declaration, name: &str, data_type: DataType) -> NodeId {
    push(table, name, Kind::Leaf(data_type))
}

fn named<'t>(table: &'t mut Declaration, name: &str) -> Option<&'t mut Node> {
    table.columns.iter_mut().find(|node| node.name == name)
}

fn retype(table: &mut Declaration, name: &str, data_type: DataType) {
    if let Some(node) = named(table, name) {
        node.kind = Kind::Leaf(data_type);
    }
}

fn former(table: &mut Declaration, name: &str, old: &str) {
    if let Some(node) = named(table, name) {
        node.former.push(old.to_owned());
    }
}

fn constrain(table: &mut Declaration, name: &str, template: &str) {
    let check = Mention { column: table.columns[0].id, template: template.to_owned() };
    table.checks.push((name.to_owned(), check));
}

fn generate(table: &mut Declaration, id: NodeId, source: NodeId, template: &str) {
    table.extra_mut(id).generated = Some(Mention { column: source, template: template.to_owned() });
}

/// Leaves nothing that refers to a column.
fn strip(table: &mut Declaration) {
    table.primary_key = None;
    table.foreign_keys.clear();
    table.checks.clear();
    table.stats.clear();
    table.extras.clear();
}
