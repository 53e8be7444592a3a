//! DE228: clustering needs columns with statistics.

use super::statistics::{INDEXED_COLUMNS, can_skip_by, has_statistics, indexed_leaves, place};
use super::{Report, Review, Rule};
use crate::finding::Severity;
use crate::model::{Aspect, ObservedTable, Path, STATISTICS_COLUMNS};

pub(super) static RULE: Rule = Rule {
    code: "DE228",
    name: "clustering-without-statistics",
    severity: Some(Severity::Rejection),
    summary: "a table is clustered by columns that have statistics only",
    why: "Delta keeps the least and greatest value of the first 32 columns (nested fields count one each), of as many as \
          `delta.dataSkippingNumIndexedCols` says, or of those that `delta.dataSkippingStatsColumns` lists. It refuses to \
          cluster by any other (`DELTA_CLUSTERING_COLUMN_MISSING_STATS`).",
    way_out: "List the column in `delta.dataSkippingStatsColumns`, raise `delta.dataSkippingNumIndexedCols`, or declare the \
              column further ahead.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    let Some(after) = review.after else { return Vec::new() };
    review.new_clustering().iter().filter_map(|path| report(review, after, path)).collect()
}

fn report(review: &Review<'_>, after: &ObservedTable, path: &Path) -> Option<Report> {
    // What cannot have statistics at all is rule clustering-type.
    let eligible = !path.crosses_collection() && after.type_at(path).is_some_and(can_skip_by);
    if !eligible || has_statistics(after, path) {
        return None;
    }
    let (message, help) = match after.property(STATISTICS_COLUMNS) {
        Some(listed) => (
            format!("the table is clustered by `{path}`, which {STATISTICS_COLUMNS} does not list"),
            format!("declare properties: {{ {STATISTICS_COLUMNS}: \"{}\" }}", extended(listed, path)),
        ),
        None => {
            let place = place(after, path)?;
            let indexed = indexed_leaves(after)?;
            (
                format!(
                    "the table is clustered by `{path}`, which is leaf {place}; only the first {indexed} have statistics"
                ),
                format!("declare properties: {{ {INDEXED_COLUMNS}: {place} }}, or declare `{path}` further ahead"),
            )
        }
    };
    Some(Report::new(review.at(path).aspect(Aspect::Layout), message, help))
}

fn extended(listed: &str, path: &Path) -> String {
    if listed.trim().is_empty() { path.to_string() } else { format!("{},{path}", listed.trim()) }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{helps, on_change, on_create, table};
    use super::RULE;

    fn wide(count: usize) -> String {
        (1..=count).map(|index| format!("c{index}: int")).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn only_the_first_32_have_statistics() {
        let columns = format!("s: struct<x: int, y: int>, {}", wide(32));
        on_create(&RULE, table(&columns).clustered(&["c30"]), &[]);
        on_change(
            &RULE,
            table(&columns).clustered(&["c31"]),
            table(&columns),
            &["silver.t.c31: the table is clustered by `c31`, which is leaf 33; only the first 32 have statistics"],
        );
        helps(
            &RULE,
            table(&columns).clustered(&["c31"]),
            table(&columns),
            &["declare properties: { delta.dataSkippingNumIndexedCols: 33 }, or declare `c31` further ahead"],
        );
    }

    #[test]
    fn properties_say_which_have() {
        let number = "delta.dataSkippingNumIndexedCols";
        on_create(&RULE, table(&wide(40)).property(number, "-1").clustered(&["c40"]), &[]);
        on_create(&RULE, table(&wide(40)).property(number, "40").clustered(&["c40"]), &[]);
        let listed = |value: &str| {
            table("s: struct<x: int>, `a,b`: int")
                .mapped()
                .property("delta.dataSkippingStatsColumns", value)
                .clustered(&["s.x"])
        };
        on_create(&RULE, listed("`a,b`, s"), &[]);
        on_create(
            &RULE,
            listed("`a,b`"),
            &["silver.t.s.x: the table is clustered by `s.x`, which delta.dataSkippingStatsColumns does not list"],
        );
        let flat = || table("s: struct<x: int>, `a,b`: int").mapped();
        for (value, help) in [("`a,b`", "\"`a,b`,s.x\""), ("", "\"s.x\"")] {
            let help = format!("declare properties: {{ delta.dataSkippingStatsColumns: {help} }}");
            helps(&RULE, listed(value), flat(), &[&help]);
        }
    }

    #[test]
    fn what_never_has_statistics_is_left_to_the_rule_of_types() {
        let columns = format!("{}, flag: boolean, list: array<struct<x: int>>", wide(32));
        on_create(&RULE, table(&columns).clustered(&["flag"]), &[]);
        on_create(&RULE, table(&columns).clustered(&["list.element.x"]), &[]);
    }

    #[test]
    fn clustering_that_stays_is_not_looked_at() {
        on_change(&RULE, table(&wide(40)).clustered(&["c40"]), table(&wide(40)).clustered(&["c40"]), &[]);
    }
}
