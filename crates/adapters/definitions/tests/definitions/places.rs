//! Where in a file a subject stands, in small files and in large ones.

use delta_engine_application::Sources;
use delta_engine_definitions::{Context, read_tables};
use delta_engine_schema::model::{Aspect, Identifier, Path, Step, Subject, TableName};
use std::sync::Arc;

const TABLE: &str = r#"defaults: { properties: { delta.appendOnly: true } }
tables:
  - { name: first, columns: [{ name: a, type: int }] }
  - name: silver.t
    comment: about
    columns:
      - { name: Id, type: "struct<ä: int, b: strng>", nullable: false, comment: x } # Kürzel
      - name: lines
        type: "array<struct<sku: string>>"
        default: |
          array()
        fields:
          element.sku: { comment: y }
    clustered_by: [lines, Id]
    foreign_keys:
      - { name: fk, columns: [Id], references: b }
      - columns: [lines]
        references: c
    checks: { positive: "Id > 0" }
    properties: { team: "a" }
"#;

fn source(padding: usize) -> Arc<dyn Sources> {
    let text =
        format!("{TABLE}  - name: last\n    columns: [{{ name: a, type: int }}]\n{}", "# more\n".repeat(padding));
    let read = read_tables("t.yml", &text, &Context::default()).expect("tables");
    read[1].sources.clone()
}

fn check(subject: &Subject, within: Option<std::ops::Range<usize>>, expected: &str) {
    for padding in [0, 4_000] {
        let place = source(padding).locate(subject, within.clone()).expect("a place");
        let line = place.excerpt.clone().expect("the line");
        let marked: String = line.chars().skip(place.column - 1).take(place.length).collect();
        assert_eq!(format!("{place} {marked}"), expected);
    }
}

#[test]
fn every_subject_has_its_place() {
    let table = TableName::bare("t");
    let whole = Subject::table(&table);
    let id = Subject::path(&table, &Path::column("id"));
    let lines = Subject::path(&table, &Path::column("lines"));
    let sku = Path::column("lines").join(Step::Element).field(&Identifier::new("SKU"));
    let sku = Subject::path(&table, &sku);
    let other = Subject::path(&table, &Path::column("lines").join(Step::Element));
    check(&whole, None, "t.yml:4:11 silver.t");
    check(&whole.clone().aspect(Aspect::Comment), None, "t.yml:5:14 about");
    check(&id, None, "t.yml:7:17 Id");
    check(&id.clone().aspect(Aspect::Type), Some(19..24), "t.yml:7:46 strng");
    check(&id.clone().aspect(Aspect::Nullability), None, "t.yml:7:65 false");
    check(&lines.clone().aspect(Aspect::Default), None, "t.yml:11:11 array()");
    check(&lines.clone().aspect(Aspect::Comment), None, "t.yml:8:15 lines");
    check(&sku, None, "t.yml:13:11 element.sku");
    check(&sku.clone().aspect(Aspect::Comment), None, "t.yml:13:35 y");
    check(&other, None, "t.yml:9:15 \"array<struct<sku: string>>\"");
    check(&whole.clone().aspect(Aspect::Layout).key("id"), None, "t.yml:14:27 Id");
    check(&whole.clone().aspect(Aspect::ForeignKey).key("lines"), None, "t.yml:17:9 columns: [lines]");
    check(
        &whole.clone().aspect(Aspect::ForeignKey).key("FK"),
        None,
        "t.yml:16:9 { name: fk, columns: [Id], references: b }",
    );
    check(&whole.clone().aspect(Aspect::Check).key("positive"), None, "t.yml:19:15 positive: \"Id > 0\"");
    check(&whole.clone().aspect(Aspect::Property).key("team"), None, "t.yml:20:19 team: \"a\"");
    check(&whole.clone().aspect(Aspect::Property).key("delta.appendonly"), None, "t.yml:1:27 delta.appendOnly: true");
    check(&whole.clone().aspect(Aspect::PrimaryKey), None, "t.yml:4:11 silver.t");
    check(&Subject::path(&table, &Path::column("gone")), None, "t.yml:6:5 columns");
}
