//! DE227: clustering needs types that files can be skipped by.

use super::statistics::can_skip_by;
use super::{Report, Review, Rule};
use crate::finding::Severity;
use crate::model::{Aspect, DataType, Identifier, Path};

pub(super) static RULE: Rule = Rule {
    code: "DE227",
    name: "clustering-type",
    severity: Some(Severity::Rejection),
    summary: "a table is clustered by numbers, text, dates and times only",
    why: "Clustering helps by skipping files whose least and greatest values rule them out, and Delta keeps these for \
          numbers, text, dates and times. It refuses boolean, binary, variant, struct, array and map, and every field \
          of a column that holds a variant (`DELTA_CLUSTERING_COLUMNS_DATATYPE_NOT_SUPPORTED`).",
    way_out: "Cluster by another column, or by a field of the struct.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    review.new_clustering().iter().filter_map(|path| report(review, path)).collect()
}

fn report(review: &Review<'_>, path: &Path) -> Option<Report> {
    let data_type = review.desired.type_at(path)?;
    let message = if path.crosses_collection() {
        format!("a table cannot be clustered by `{path}`, which is inside an array or a map")
    } else if let Some(root) = root_with_variant(review, path) {
        format!("a table cannot be clustered by `{path}`, because `{root}` holds a variant")
    } else if can_skip_by(data_type) {
        return None;
    } else {
        format!("a table cannot be clustered by `{path}` of type {data_type}")
    };
    let field = data_type.as_struct().and_then(|fields| fields.iter().find(|field| can_skip_by(&field.data_type)));
    let help = match field {
        Some(field) => format!("cluster by a field of it, such as `{}`", path.field(&field.name)),
        None => format!("remove `{path}` from `clustered_by`"),
    };
    Some(Report::new(review.at(path).aspect(Aspect::Layout), message, help))
}

/// The column that a field is in, where it holds a variant: Delta looks at the type of the whole column (measured).
fn root_with_variant<'p>(review: &Review<'_>, path: &'p Path) -> Option<&'p Identifier> {
    let root = path.root().filter(|_| !path.is_column())?;
    let whole = review.desired.type_at(&Path::column(root.clone()))?;
    whole.contains(|inner| matches!(inner, DataType::Variant)).then_some(root)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{helps, on_change, on_create, table};
    use super::RULE;

    #[test]
    fn types_without_order_are_refused() {
        let columns = "a: boolean, s: struct<x: int>, l: array<struct<x: int>>";
        on_create(
            &RULE,
            table(columns).clustered(&["a", "s", "l.element.x"]),
            &[
                "silver.t.a: a table cannot be clustered by `a` of type boolean",
                "silver.t.s: a table cannot be clustered by `s` of type struct<x: int>",
                "silver.t.l.element.x: a table cannot be clustered by `l.element.x`, which is inside an array or a map",
            ],
        );
        helps(
            &RULE,
            table(columns).clustered(&["a", "s"]),
            table(columns),
            &["remove `a` from `clustered_by`", "cluster by a field of it, such as `s.x`"],
        );
    }

    #[test]
    fn a_field_beside_a_variant_is_refused() {
        let columns = "s: struct<x: int, v: variant>, t: struct<x: int, b: boolean>, v: variant";
        on_create(
            &RULE,
            table(columns).clustered(&["s.x", "t.x"]),
            &["silver.t.s.x: a table cannot be clustered by `s.x`, because `s` holds a variant"],
        );
    }

    #[test]
    fn numbers_text_and_times_are_fine() {
        let columns = "a: decimal(5,2), b: varchar(3), s: struct<t: timestamp_ntz>";
        on_change(&RULE, table(columns).clustered(&["a", "b", "s.t"]), table(columns), &[]);
    }
}
