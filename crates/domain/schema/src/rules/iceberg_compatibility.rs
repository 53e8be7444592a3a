//! DE252: what Iceberg compatibility asks of a table.

use super::iceberg_widening::{COMPATIBILITY, V3};
use super::{Report, Review, Rule};
use crate::finding::Severity;
use crate::model::{Aspect, MappingMode};

const DELETION_VECTORS: &str = "delta.enableDeletionVectors";

pub(super) static RULE: Rule = Rule {
    code: "DE252",
    name: "iceberg-compatibility",
    severity: Some(Severity::Rejection),
    summary: "Iceberg compatibility comes in one version, with column mapping, and up to V2 without deletion vectors",
    why: "Iceberg finds columns by id, and before its version 3 it has no deletion vectors. Delta refuses to switch \
          compatibility on without column mapping (`DELTA_ICEBERG_COMPAT_VIOLATION` with WRONG_REQUIRED_TABLE_PROPERTY; a \
          new table gets the mapping by itself), beside deletion vectors (DELETION_VECTORS_SHOULD_BE_DISABLED) and twice \
          (VERSION_MUTUAL_EXCLUSIVE).",
    way_out: "Declare `delta.columnMapping.mode: name`, `delta.enableDeletionVectors: false`, and one of \
              `delta.enableIcebergCompatV1`, `V2` and `V3`.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    let Some(after) = review.after else { return Vec::new() };
    let is_changed = COMPATIBILITY.iter().chain([&DELETION_VECTORS]).any(|key| review.changes_property(key));
    let on: Vec<&str> = COMPATIBILITY.into_iter().filter(|key| after.is_on(key)).collect();
    let [first, others @ ..] = on.as_slice() else { return Vec::new() };
    if !is_changed {
        return Vec::new();
    }
    let twice = others.iter().map(|other| {
        (
            format!("`{other}` cannot be true while `{first}` is: Iceberg compatibility comes in one version"),
            *other,
            "false",
        )
    });
    let unmapped = (!review.creates() && after.mapping_mode() == MappingMode::None)
        .then(|| (format!("`{first}` needs column mapping"), "delta.columnMapping.mode", "name"));
    let vectors = on
        .iter()
        .find(|key| **key != V3 && after.is_on(DELETION_VECTORS))
        .map(|key| (format!("`{key}` cannot be true beside deletion vectors"), DELETION_VECTORS, "false"));
    let report = |(message, key, value): (String, &str, &str)| {
        let help = format!("declare properties: {{ {key}: {value} }}");
        Report::new(review.table().aspect(Aspect::Property).key(key), message, help)
    };
    twice.chain(unmapped).chain(vectors).map(report).collect()
}

#[cfg(test)]
mod tests {
    use super::super::iceberg_widening::{V1, V2};
    use super::super::testing::{helps, on_change, on_create, table};
    use super::{DELETION_VECTORS, RULE, V3};

    fn at(key: &str, message: &str) -> String {
        format!("silver.t (property {key}): {message}")
    }

    #[test]
    fn compatibility_without_column_mapping_is_refused_where_the_table_is_there() {
        let desired = || table("a: int").property(V2, "true");
        let said = at("delta.columnMapping.mode", "`delta.enableIcebergCompatV2` needs column mapping");
        on_change(&RULE, desired(), table("a: int"), &[&said]);
        let help = "declare properties: { delta.columnMapping.mode: name }";
        helps(&RULE, desired(), table("a: int"), &[help]);
        on_change(&RULE, desired().mapped(), table("a: int"), &[]);
        on_create(&RULE, desired(), &[]);
    }

    #[test]
    fn two_versions_at_once_are_refused() {
        let desired = || table("a: int").mapped().property(V1, "true").property(V3, "true");
        let said = at(
            V3,
            "`delta.enableIcebergCompatV3` cannot be true while `delta.enableIcebergCompatV1` is: Iceberg compatibility comes in one version",
        );
        on_create(&RULE, desired(), &[&said]);
        on_change(&RULE, desired(), table("a: int").mapped().property(V1, "true"), &[&said]);
        on_change(
            &RULE,
            table("a: int").mapped().property(V1, "false").property(V3, "true"),
            table("a: int").mapped().property(V1, "true"),
            &[],
        );
    }

    #[test]
    fn deletion_vectors_need_the_third_version() {
        let with_vectors =
            |version: &str| table("a: int").mapped().property(version, "true").property(DELETION_VECTORS, "true");
        for version in [V1, V2] {
            let said = at(DELETION_VECTORS, &format!("`{version}` cannot be true beside deletion vectors"));
            on_create(&RULE, with_vectors(version), &[&said]);
            on_change(&RULE, with_vectors(version), table("a: int").mapped().property(version, "true"), &[&said]);
        }
        on_create(&RULE, with_vectors(V3), &[]);
    }

    #[test]
    fn what_is_off_or_left_as_it_is_asks_nothing() {
        on_create(&RULE, table("a: int").property(V1, "false").property(DELETION_VECTORS, "true"), &[]);
        let there = || table("a: int").property(V2, "true");
        on_change(&RULE, table("a: int, b: int").property(V2, "true"), there(), &[]);
    }
}
