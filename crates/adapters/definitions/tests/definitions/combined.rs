//! Any number of slips in one file are reported in one run: each as if it stood alone, and nothing that follows from it.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use super::support::{Lcg, faults, faults_of_paths, shown};
use delta_engine_application::DeclarationFault;

const SOUND: &str = r#"
defaults:
  schema: silver
  properties: { delta.columnMapping.mode: name }
  tags: { team: sales }
  scope: full
tables:
  - name: countries
    columns:
      - { name: code, type: string, nullable: false }
      - { name: label, type: "varchar(40)" }
    primary_key: [code]
    properties:
      delta.appendOnly: true
      team.owner: me
  - name: customers
    comment: One row per customer
    columns:
      - { name: id, type: bigint, nullable: false }
      - name: full_name
        type: string
        renamed_from: [name, fullname]
        tags: { pii: "yes" }
      - name: address
        type: "struct<street: string, zip: string>"
        fields:
          street: { comment: First line, renamed_from: line1 }
          zip: { comment: Post code }
      - name: amount
        type: decimal(10,2)
        default: "0"
      - { name: created_at, type: timestamp }
      - { name: created_on, type: date, generated: "CAST(created_at AS DATE)" }
      - { name: row_id, type: bigint, identity: { start: 1, increment: 1 } }
      - { name: country, type: string }
    clustered_by:
      - address.street
      - country
    primary_key:
      columns: [id]
      rely: true
    foreign_keys:
      - columns: [country]
        references: silver.countries
        referenced_columns: [code]
    checks:
      positive: "id > 0"
      known: "country <> ''"
    location: s3://bucket/customers
  - name: orders
    columns:
      - { name: id, type: bigint }
      - { name: placed_on, type: date }
    partitioned_by: [placed_on]
    location: s3://bucket/orders
"#;

/// One slip: what is written instead of what, and which other slips it makes unjudgeable.
struct Slip {
    from: &'static str,
    to: &'static str,
    hides: &'static [&'static str],
}

const fn slip(from: &'static str, to: &'static str) -> Slip {
    Slip { from, to, hides: &[] }
}

const fn hiding(from: &'static str, to: &'static str, hides: &'static [&'static str]) -> Slip {
    Slip { from, to, hides }
}

/// Slips of every kind, each in a place of its own.
const SLIPS: &[Slip] = &[
    hiding("schema: silver\n", "schema: [silver]\n", &["name: orders"]),
    slip("{ delta.columnMapping.mode: name }", "{ delta.columnMapping.mode: nam }"),
    slip("tags: { team: sales }", "tags: [team]"),
    slip("scope: full", "scope: all"),
    slip("code, type: string, nullable: false", "code, type: string, nullable: no"),
    slip("type: \"varchar(40)\"", "type: \"varchar(0)\""),
    slip("primary_key: [code]", "primary_key: [cod]"),
    slip("delta.appendOnly: true", "delta.appendOnli: true"),
    slip("team.owner: me", "owner: me"),
    slip("comment: One row per customer", "coment: One row per customer"),
    slip("- { name: id, type: bigint, nullable: false }", "- { name: id, type: bigit, nullable: false }"),
    slip("renamed_from: [name, fullname]", "renamed_from: [name, { a: b }]"),
    slip("tags: { pii: \"yes\" }", "tags: { pii: [yes] }"),
    hiding(
        "type: \"struct<street: string, zip: string>\"",
        "type: { street: string, zip: string }",
        &["zip: { comment: Post code }", "- address.street"],
    ),
    slip(
        "street: { comment: First line, renamed_from: line1 }",
        "street: { comment: First line, renamed_from: Street }",
    ),
    slip("zip: { comment: Post code }", "zipp: { comment: Post code }"),
    slip("type: decimal(10,2)", "type: decimal(50,2)"),
    slip("default: \"0\"", "default: zero"),
    slip("created_at, type: timestamp", "created_at, typ: timestamp"),
    slip("generated: \"CAST(created_at AS DATE)\"", "generated: \"CAST(created_at AS DATE\""),
    slip("increment: 1", "increment: 0"),
    slip("{ name: country, type: string }", "{ name: country, type: string, comment: [x] }"),
    slip("- address.street", "- address.stret"),
    slip("- country\n", "- country.code\n"),
    slip("columns: [id]", "columns: [it]"),
    slip("rely: true", "rely: yes"),
    slip("- columns: [country]", "- columns: [land]"),
    slip("references: silver.countries", "references: silver."),
    slip("referenced_columns: [code]", "referenced_columns: [code, label]"),
    slip("positive: \"id > 0\"", "positive: \"(id > 0\""),
    slip("known: \"country <> ''\"", "Positive: \"country <> ''\""),
    slip("name: orders", "name: Customers"),
    hiding("{ name: placed_on, type: date }", "{ type: date }", &["partitioned_by: [placed_on]"]),
    slip("partitioned_by: [placed_on]", "partitioned_by: [placed]"),
    slip("location: s3://bucket/orders", "location: s3://bucket/customers/"),
];

/// The file with these slips in it.
fn with(slips: &BTreeSet<usize>) -> String {
    slips.iter().fold(SOUND.to_owned(), |text, slip| text.replacen(SLIPS[*slip].from, SLIPS[*slip].to, 1))
}

fn of(slips: &BTreeSet<usize>) -> Vec<DeclarationFault> {
    faults("t.yml", &with(slips))
}

/// The faults of each slip by itself.
fn alone() -> Vec<DeclarationFault> {
    let single = |slip: usize| {
        let from = SLIPS[slip].from;
        assert_eq!(SOUND.matches(from).count(), 1, "`{from}` is there once");
        let mut found = of(&BTreeSet::from([slip]));
        assert_eq!(found.len(), 1, "`{}` is one fault:\n{}", SLIPS[slip].to, shown(&found));
        let fault = found.remove(0);
        assert!(fault.location.as_ref().is_some_and(|place| place.excerpt.is_some()), "{fault}");
        fault
    };
    (0..SLIPS.len()).map(single).collect()
}

/// All slips but those that another one hides are reported, as alone, in the order of the file.
fn check(slips: &BTreeSet<usize>, alone: &[DeclarationFault]) {
    let hidden: BTreeSet<&str> = slips.iter().flat_map(|slip| SLIPS[*slip].hides).copied().collect();
    let said = slips.iter().filter(|slip| !hidden.contains(SLIPS[**slip].from));
    let mut expected: Vec<DeclarationFault> = said.map(|slip| alone[*slip].clone()).collect();
    expected.sort_by_key(|fault| fault.location.as_ref().map(|place| (place.line, place.column)));
    assert_eq!(shown(&of(slips)), shown(&expected), "of\n{}", with(slips));
}

#[test]
fn slips_are_reported_together_as_they_are_alone() {
    assert_eq!(shown(&faults("t.yml", SOUND)), "");
    let alone = alone();
    let all: BTreeSet<usize> = (0..SLIPS.len()).collect();
    check(&all, &alone);
    for first in 0..SLIPS.len() {
        for second in first + 1..SLIPS.len() {
            check(&BTreeSet::from([first, second]), &alone);
        }
    }
    let mut random = Lcg(7);
    for _ in 0..300 {
        let count = 3 + random.below(SLIPS.len() - 3);
        check(&(0..count).map(|_| random.below(SLIPS.len())).collect(), &alone);
    }
}

#[test]
fn a_file_with_faults_is_held_against_the_others() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = [
        ("a.yml", "tables:\n  - name: t\n    columns: [{ name: id, type: bigit }]\n    location: s3://b/t\n"),
        (
            "b.yml",
            "tables:\n  - name: T\n    colour: blue\n    columns: [{ name: id, type: int }]\n  - { name: [v], columns: [{ name: a, type: int }] }\n",
        ),
        ("c.yml", "tables:\n  - name: u\n    columns: [{ name: id, type: int }]\n    location: s3://b/t/\n  - {\n"),
    ];
    for (name, text) in files {
        fs::write(folder.path().join(name), text).expect("a file");
    }
    let paths: Vec<PathBuf> = ["c.yml", "b.yml", "a.yml"].map(PathBuf::from).into();
    let found = faults_of_paths(&paths, folder.path());
    let said: Vec<String> = found
        .iter()
        .map(|fault| format!("{} {}", fault.location.as_ref().map(ToString::to_string).unwrap_or_default(), fault.code))
        .collect();
    let expected = [
        "a.yml:3:33 DE105",
        "b.yml:2:11 DE118",
        "b.yml:3:5 DE154",
        "b.yml:5:13 DE157",
        "c.yml:4:15 DE119",
        "c.yml:5:5 DE151",
    ];
    assert_eq!(said, expected);
}
