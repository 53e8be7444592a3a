//! DE202: columns that trade names.

use super::{Report, Review, Rule};
use crate::diff::Difference;
use crate::finding::Severity;
use crate::model::Aspect;

pub(super) static RULE: Rule = Rule {
    code: "DE202",
    name: "rename-cycle",
    severity: Some(Severity::Rejection),
    summary: "columns cannot trade names in one plan",
    why: "Columns are renamed one after the other, and no two may have the same name at any time \
          (`FIELD_ALREADY_EXISTS`), so a trade has no first step.",
    way_out: "Rename one of them to a third name and apply; then declare the final names and apply again.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    let report = |difference: &Difference| {
        let Difference::RenameCycle { path, source } = difference else { return None };
        let name = path.leaf_name()?;
        let message = format!("by its id, `{path}` is the column that is called `{source}` now: columns trade names");
        let help = format!("declare `{name}` under a third name, apply, then declare `{name}` and apply again");
        Some(Report::new(review.at(path).aspect(Aspect::Name), message, help))
    };
    review.diff.differences.iter().filter_map(report).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{on_change, table};
    use super::RULE;
    use crate::model::Metadata;

    fn snapshot(columns: &str, ids: [u32; 2]) -> super::super::testing::Sketch {
        table(columns).with(|draft| {
            draft.origin = Some("id".to_owned());
            for (column, id) in draft.columns.iter_mut().zip(ids) {
                column.metadata = Metadata::default();
                column.metadata.set_mapping(id, &format!("col-{id}"));
            }
        })
    }

    #[test]
    fn a_trade_of_names_is_refused() {
        on_change(
            &RULE,
            snapshot("a: int, b: int", [2, 1]),
            table("a: int, b: int").mapped(),
            &[
                "silver.t.a: by its id, `a` is the column that is called `b` now: columns trade names",
                "silver.t.b: by its id, `b` is the column that is called `a` now: columns trade names",
            ],
        );
    }

    #[test]
    fn a_chain_of_names_is_none() {
        on_change(&RULE, snapshot("b: int, c: int", [1, 2]), table("a: int, b: int").mapped(), &[]);
    }
}
