//! DE217: names that the change data feed and row tracking use themselves.

use super::break_streams::CHANGE_FEED;
use super::{Report, Review, Rule};
use crate::finding::Severity;
use crate::model::{Aspect, Identifier, Path};

pub(super) static RULE: Rule = Rule {
    code: "DE217",
    name: "reserved-name",
    severity: Some(Severity::Rejection),
    summary: "a column cannot have a name that the change data feed or row tracking uses",
    why: "The change data feed adds the columns `_change_type`, `_commit_version` and `_commit_timestamp` to what it returns, \
          and Delta refuses tables that have one of them while the feed is on (PROTOCOL.md, \"Change Data Files\"; \
          docs.delta.io, \"Change data feed\"). Row tracking keeps its values in columns whose names begin with \
          `_row-id-col-` and `_row-commit-version-col-`.",
    way_out: "Give the column another name, or leave the change data feed off.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    let mut names: Vec<Path> = review.new_names().into_iter().filter(Path::is_column).collect();
    let feed = review.after.is_some_and(|after| after.is_on(CHANGE_FEED));
    let switched_on = feed && review.observed.is_some_and(|observed| !observed.is_on(CHANGE_FEED));
    if switched_on {
        let there = review.after.iter().flat_map(|after| &after.columns);
        let kept: Vec<Path> = there.map(|column| Path::column(column.name().clone())).collect();
        names.extend(kept.into_iter().filter(|path| path.root().is_some_and(is_of_the_feed)));
        names.sort();
        names.dedup();
    }
    names.iter().filter_map(|path| report(review, path, feed)).collect()
}

fn report(review: &Review<'_>, path: &Path, feed: bool) -> Option<Report> {
    let name = path.root()?;
    let subject = || review.at(path).aspect(Aspect::Name);
    if feed && is_of_the_feed(name) {
        let message = format!("the change data feed adds a column `{name}` of its own, so the table cannot have one");
        let help = "give the column another name, or declare properties: { delta.enableChangeDataFeed: false }";
        return Some(Report::new(subject(), message, help));
    }
    is_of_row_tracking(name).then(|| {
        let message = format!("`{name}` begins like the columns in which row tracking keeps its values");
        Report::new(subject(), message, "give the column another name")
    })
}

fn is_of_the_feed(name: &Identifier) -> bool {
    ["_change_type", "_commit_version", "_commit_timestamp"].into_iter().any(|reserved| *name == reserved.into())
}

fn is_of_row_tracking(name: &Identifier) -> bool {
    let lower = name.as_str().to_ascii_lowercase();
    ["_row-id-col-", "_row-commit-version-col-"].into_iter().any(|reserved| lower.starts_with(reserved))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{on_change, on_create, table};
    use super::RULE;

    const REFUSED: &str = "silver.t._Change_Type: the change data feed adds a column `_Change_Type` of its own, so the table cannot have one";

    #[test]
    fn a_column_of_the_feed_is_refused_while_it_is_on() {
        let desired = || table("a: int, _Change_Type: int");
        on_create(&RULE, desired().with_change_feed(), &[REFUSED]);
        on_change(&RULE, desired(), table("a: int").with_change_feed(), &[REFUSED]);
        on_change(
            &RULE,
            desired().renamed("_Change_Type", "b"),
            table("a: int, b: int").mapped().with_change_feed(),
            &[REFUSED],
        );
        on_change(&RULE, desired().with_change_feed(), desired(), &[REFUSED]);
    }

    #[test]
    fn without_the_feed_or_in_sync_the_name_is_free() {
        on_create(&RULE, table("_change_type: int"), &[]);
        on_change(&RULE, table("s: struct<_change_type: int>, a: int"), table("a: int").with_change_feed(), &[]);
        let both = || table("_change_type: int");
        let mut there = both().there();
        there.properties.insert("delta.enableChangeDataFeed".to_owned(), "true".to_owned());
        on_change(&RULE, both().with_change_feed(), there, &[]);
    }

    #[test]
    fn columns_of_row_tracking_are_never_free() {
        on_create(
            &RULE,
            table("`_row-id-col-1`: bigint, `_Row-Commit-Version-Col-2`: bigint, `row-id-col-`: int"),
            &[
                "silver.t.`_row-id-col-1`: `_row-id-col-1` begins like the columns in which row tracking keeps its values",
                "silver.t.`_Row-Commit-Version-Col-2`: `_Row-Commit-Version-Col-2` begins like the columns in which row tracking keeps its values",
            ],
        );
    }
}
