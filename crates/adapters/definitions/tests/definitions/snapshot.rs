//! Snapshots are read back as they were.

use std::collections::{BTreeMap, BTreeSet};

use super::support::shown;
use delta_engine_definitions::snapshot::{read_snapshot, write_snapshot};
use delta_engine_definitions::{Context, read_tables};
use delta_engine_schema::model::{
    ArrayType, Aspect, Column, DataType, Expression, Feature, Field, ForeignKey, Identity, InboundKey, Layout,
    ObservedTable, Path, PrimaryKey, RelationKind, Unknown,
};

fn expression(text: &str) -> Expression {
    Expression::parse(text).expect("an expression")
}

/// A table with something odd at every place.
fn odd_table() -> ObservedTable {
    let mut street = Field::new("street \"x\"", DataType::STRING);
    street.comment = Some("it's the: first\nline # one".into());
    street.metadata.set_mapping(7, "col-ü${var.x}");
    street.metadata.insert("odd", "{\"a\": [1,  2]}");
    street.metadata.insert("escaped", "\"\\u00e9\"");
    let strange = Field::new("strange", DataType::Opaque("\"interval \\\"x\\\"\"".into()));
    let structure = DataType::Struct(vec![street, strange]);
    let array = DataType::Array(Box::new(ArrayType { element: structure, element_nullable: false }));
    let mut lines = Column::new("lines", array);
    lines.field.metadata.insert("delta.typeChanges", "[{\"toType\":\"long\"}]");
    let mut id = Column::new("Id", DataType::Long);
    id.field.nullable = false;
    id.field.comment = Some("null".into());
    id.field.metadata.set_mapping(1, "Id");
    id.identity = Some(Identity { start: -3, increment: 2, always: false });
    id.tags = [("pii".to_owned(), "yes".to_owned()), ("empty".to_owned(), String::new())].into_iter().collect();
    let mut status = Column::new("a.b", DataType::Varchar(9));
    status.default = Some(expression("'new'"));
    let mut day = Column::new("day", DataType::Date);
    day.generated = Some(expression("CAST(`a.b` AS DATE)"));
    let whole = Column::new("whole", DataType::Opaque("{\"type\":\"udt\"}".into()));
    let mut unknown = Unknown::default();
    unknown.insert(Aspect::Tags, Path::table());
    unknown.insert(Aspect::Comment, Path::column("lines"));
    ObservedTable {
        name: "main.silver.`odd name`".parse().expect("a name"),
        columns: vec![id, status, day, lines, whole],
        comment: Some("~ $${var.lake} ${target.name} \u{7f}\u{2028}".to_owned()),
        layout: Layout::Clustered(vec![Path::column("a.b"), Path::column("Id")]),
        primary_key: Some(PrimaryKey { name: Some("pk".into()), columns: vec!["a.b".into()], rely: true }),
        foreign_keys: vec![ForeignKey {
            name: None,
            columns: vec!["Id".into()],
            references: "main.gold.x".parse().expect("a name"),
            referenced_columns: vec!["the id".into()],
            rely: false,
        }],
        inbound_keys: vec![InboundKey {
            table: "main.gold.y".parse().expect("a name"),
            name: Some("fk".into()),
            referenced_columns: vec!["Id".into()],
        }],
        checks: BTreeMap::from([("valid id".into(), expression("Id > 0 AND `a.b` <> 'x: y'"))]),
        properties: BTreeMap::from([
            ("delta.unheardOf".to_owned(), "1".to_owned()),
            ("<<".to_owned(), "null".to_owned()),
            ("delta.columnMapping.mode".to_owned(), "name".to_owned()),
        ]),
        features: BTreeSet::from([Feature::ColumnMapping, Feature::Other("newThing".to_owned())]),
        tags: BTreeMap::from([("domain".to_owned(), "007".to_owned())]),
        location: Some("s3://bucket/a b".to_owned()),
        table_id: "5e0b7c1e-0000".to_owned(),
        version: 12,
        kind: RelationKind::StreamingTable,
        unknown,
    }
}

#[test]
fn a_snapshot_is_read_back_as_it_was_written() {
    let tables = vec![odd_table()];
    let text = write_snapshot(&tables);
    match read_snapshot("snapshot.yml", &text) {
        Ok(read) => assert_eq!(read, tables, "{text}"),
        Err(faults) => panic!("{}\n{text}", shown(&faults)),
    }
    assert_eq!(read_snapshot("empty.yml", &write_snapshot(&[])).map(|tables| tables.len()), Ok(0));
}

#[test]
fn a_snapshot_is_a_definition_that_remembers_its_table() {
    let text = write_snapshot(&[odd_table()]);
    let read =
        read_tables("snapshot.yml", &text, &Context::default()).unwrap_or_else(|faults| panic!("{}", shown(&faults)));
    assert_eq!(read[0].draft.origin.as_deref(), Some("5e0b7c1e-0000"));
    assert_eq!(read[0].draft.columns[0].metadata.column_id(), Some(1));
}

#[test]
fn what_is_no_snapshot_is_refused_with_its_place() {
    let check = |text: &str, expected: &str| {
        let faults = read_snapshot("s.yml", text).err().unwrap_or_default();
        assert_eq!(faults.iter().map(|fault| fault.message.as_str()).collect::<Vec<_>>(), [expected]);
        assert!(faults[0].location.is_some());
    };
    check("tables: []\n", "this file is no snapshot: `kind: snapshot` is missing at its top");
    check(
        "kind: snapshot\ntables:\n  - { name: t, columns: [{ name: a, type: int }] }\n",
        "the table `t` of a snapshot has no `observed`",
    );
    check(
        "kind: snapshot\ntables:\n  - { name: t, columns: [{ name: a, type: in }], observed: { table_id: x, version: 1 } }\n",
        "there is no type `in`; did you mean `int`?",
    );
}
