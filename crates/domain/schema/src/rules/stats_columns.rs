//! DE244: statistics are kept of columns that are there.

use super::statistics::{Listed, listed};
use super::{Report, Review, Rule};
use crate::action::Action;
use crate::finding::Severity;
use crate::model::{Aspect, Path, STATISTICS_COLUMNS, find_type, nearest};

pub(super) static RULE: Rule = Rule {
    code: "DE244",
    name: "stats-columns",
    severity: Some(Severity::Rejection),
    summary: "delta.dataSkippingStatsColumns lists columns that the table has",
    why: "Delta refuses a name in `delta.dataSkippingStatsColumns` that is no column or field of a struct, or that the table \
          is partitioned by (`StatisticsCollection.validateDeltaStatsColumns`), and takes a column out of the list when it is dropped or \
          renamed. It reads the list as SQL, so that a name without the backticks that it needs stops every insert.",
    way_out: "List declared columns only, separated by commas, with backticks around names of anything but letters of ASCII, digits \
              and `_`.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    let changes_names = |action: &Action| matches!(action, Action::DropColumn { .. } | Action::RenameColumn { .. });
    if !review.changes_property(STATISTICS_COLUMNS) && !review.diff.actions.iter().any(changes_names) {
        return Vec::new();
    }
    let Some(value) = review.desired.property(STATISTICS_COLUMNS) else { return Vec::new() };
    listed(value).iter().filter_map(|entry| report(review, value, entry)).collect()
}

fn report(review: &Review<'_>, value: &str, entry: &Listed) -> Option<Report> {
    let columns = &review.desired.columns;
    let resolved = Path::resolve(&entry.parts, |name| find_type(columns, &Path::column(name.clone())));
    let text = &entry.text;
    let subject = || review.table().aspect(Aspect::Property).key(STATISTICS_COLUMNS);
    let partitions = review.desired.layout.partition_columns();
    if resolved
        .as_ref()
        .is_some_and(|path| path.is_column() && path.root().is_some_and(|root| partitions.contains(root)))
    {
        let message = format!("{STATISTICS_COLUMNS} lists `{text}`, by which the table is partitioned");
        return Some(Report::new(subject(), message, "take it out of the list: partitions need no statistics"));
    }
    if resolved.is_some_and(|path| !path.crosses_collection()) {
        let quoted = entry.parts.iter().map(|part| part.quoted_if_needed()).collect::<Vec<_>>().join(".");
        let message = format!("{STATISTICS_COLUMNS} lists `{text}` without the backticks that it needs");
        return lacks_backticks(text).then(|| Report::new(subject(), message, format!("write {quoted} in the list")));
    }
    let names: Vec<&str> = columns.iter().map(|column| column.name().as_str()).collect();
    let help = match nearest(text, &names) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("declare properties: {{ {STATISTICS_COLUMNS}: \"{}\" }}", without(value, text)),
    };
    let message = format!("{STATISTICS_COLUMNS} lists `{text}`, which the table will not have");
    Some(Report::new(subject(), message, help))
}

/// Whether a name stands without the backticks that it needs.
fn lacks_backticks(text: &str) -> bool {
    let mut quoted = false;
    text.chars().any(|letter| {
        quoted ^= letter == '`';
        !quoted && !letter.is_ascii_alphanumeric() && !matches!(letter, '_' | '.' | '`')
    })
}

fn without(value: &str, entry: &str) -> String {
    let kept = listed(value).into_iter().map(|listed| listed.text).filter(|text| text != entry);
    kept.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::super::testing::{helps, on_change, on_create, table};
    use super::{RULE, STATISTICS_COLUMNS};

    #[test]
    fn a_name_that_is_not_there_is_refused() {
        on_create(
            &RULE,
            table("amount: int, s: struct<x: int>").property(STATISTICS_COLUMNS, "amuont, s.x, s.y"),
            &[
                "silver.t (property delta.dataSkippingStatsColumns): delta.dataSkippingStatsColumns lists `amuont`, which the table will not have",
                "silver.t (property delta.dataSkippingStatsColumns): delta.dataSkippingStatsColumns lists `s.y`, which the table will not have",
            ],
        );
    }

    #[test]
    fn a_name_that_needs_backticks_has_them() {
        let desired = || table("größe: int, s: struct<`a b`: int>, a_1: int");
        on_create(&RULE, desired().property(STATISTICS_COLUMNS, "`größe`, s.`a b`, a_1"), &[]);
        on_create(
            &RULE,
            desired().property(STATISTICS_COLUMNS, "größe, a_1"),
            &[
                "silver.t (property delta.dataSkippingStatsColumns): delta.dataSkippingStatsColumns lists `größe` without the backticks that it needs",
            ],
        );
        on_create(
            &RULE,
            table("größe: struct<größe: int>").property(STATISTICS_COLUMNS, "`größe`.größe"),
            &[
                "silver.t (property delta.dataSkippingStatsColumns): delta.dataSkippingStatsColumns lists ``größe`.größe` without the backticks that it needs",
            ],
        );
        let there = table("größe: int, a_1: int");
        helps(&RULE, desired().property(STATISTICS_COLUMNS, "größe"), there, &["write `größe` in the list"]);
    }

    #[test]
    fn a_partition_column_is_refused() {
        on_create(
            &RULE,
            table("day: date, a: int").partitioned(&["day"]).property(STATISTICS_COLUMNS, "a,Day"),
            &[
                "silver.t (property delta.dataSkippingStatsColumns): delta.dataSkippingStatsColumns lists `Day`, by which the table is partitioned",
            ],
        );
    }

    #[test]
    fn a_dropped_column_leaves_the_list() {
        let observed = || table("a: int, bcd: int").mapped().property(STATISTICS_COLUMNS, "a,bcd");
        helps(
            &RULE,
            table("a: int").property(STATISTICS_COLUMNS, "a,bcd"),
            observed(),
            &["declare properties: { delta.dataSkippingStatsColumns: \"a\" }"],
        );
        on_change(&RULE, table("a: int").property(STATISTICS_COLUMNS, "a"), observed(), &[]);
        on_change(&RULE, table("a: int"), observed(), &[]);
    }

    #[test]
    fn a_wrong_list_that_is_there_is_left_alone_until_names_change() {
        let with = |columns: &str| table(columns).mapped().property(STATISTICS_COLUMNS, "a, gone");
        on_change(&RULE, with("a: int comment 'x', b: int"), with("a: int, b: int"), &[]);
        on_change(
            &RULE,
            with("a: int"),
            with("a: int, b: int"),
            &[
                "silver.t (property delta.dataSkippingStatsColumns): delta.dataSkippingStatsColumns lists `gone`, which the table will not have",
            ],
        );
    }
}
