//! DE506: delta-rs can't read a map whose structs have got or lost a field.

use std::collections::BTreeSet;

use super::{Report, Review, Rule};
use crate::action::Action;
use crate::finding::Severity;
use crate::model::{Path, Step};

pub(super) static RULE: Rule = Rule {
    code: "DE506",
    name: "map-of-changed-structs",
    severity: Some(Severity::Warning),
    summary: "delta-rs cannot read a map afterwards whose keys or values get or lose a field",
    why: "Files that are there hold the structs as they were. Spark and DuckDB read them with the new field as null, or without the \
          old one; delta-rs and Python `deltalake` 1.6.6 fail to cast the map (docs/reference/platform.md). In structs of arrays, \
          and in structs outside of maps, they read both.",
    way_out: "Go on where nobody reads this column through delta-rs, or write the rows again afterwards.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    let changed = review.diff.actions.iter().filter_map(|action| {
        let path = if let Action::AddColumn { parent, .. } = action {
            parent
        } else if let Action::DropColumn { path, .. } = action {
            path
        } else {
            return None;
        };
        map_around(path)
    });
    let maps: BTreeSet<Path> = changed.collect();
    let report = |path: Path| {
        let message =
            format!("delta-rs and Python deltalake cannot read `{path}` afterwards: structs in this map change");
        let help = "go on where nobody reads it through them, or write the rows again afterwards";
        Report::new(review.at(&path), message, help)
    };
    maps.into_iter().map(report).collect()
}

/// The outermost map that a path goes into.
fn map_around(path: &Path) -> Option<Path> {
    let steps = path.steps();
    let into = steps.iter().position(|step| matches!(step, Step::Key | Step::Value))?;
    Some(Path::from(steps[..into].to_vec()))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{on_change, on_create, table};
    use super::RULE;

    #[test]
    fn structs_of_maps_that_get_or_lose_a_field_are_told() {
        let said = |path: &str| {
            format!(
                "silver.t.{path}: delta-rs and Python deltalake cannot read `{path}` afterwards: structs in this map change"
            )
        };
        let check = |from: &str, to: &str, expected: &[&str]| {
            on_change(&RULE, table(to).mapped(), table(from).mapped(), expected);
        };
        let one = "m: map<string, struct<a: int>>";
        let two = "m: map<string, struct<a: int, b: int>>";
        check(one, two, &[&said("m")]);
        check(two, one, &[&said("m")]);
        let nested = "s: struct<m: map<struct<a: int>, struct<a: int>>>";
        let more = "s: struct<m: map<struct<a: int, b: int>, struct<a: int, b: int>>>";
        check(nested, more, &[&said("s.m")]);
        check("l: array<struct<a: int>>", "l: array<struct<a: int, b: int>>", &[]);
        check("a: int", two, &[]);
        on_create(&RULE, table(two), &[]);
    }
}
