//! The door through which rules are tested: a declaration, a table that is there, and what one rule says of both.
//!
//! The sketch of a table serves the tests of diff, plan and schedule too.

use super::{Report, Review, Rule};
use crate::claim::{Answer, claims};
use crate::diff::diff;
use crate::draft::{ClusteringDraft, ColumnDraft, PrimaryKeyDraft, TableDraft, TypeDraft};
use crate::model::{DataType, DesiredTable, Field, Identity, ObservedTable, Scope};
use crate::simulate::simulate;

/// A table `silver.t` in the making.
#[derive(Clone)]
pub(crate) struct Sketch(TableDraft);

/// A table of these columns, as in `id: bigint not null, note: string`.
pub(crate) fn table(columns: &str) -> Sketch {
    let DataType::Struct(fields) = format!("struct<{columns}>").parse().unwrap() else { panic!("{columns}") };
    let column = |field: Field| {
        let mut column = ColumnDraft::new(field.name.as_str(), TypeDraft::Type(field.data_type));
        column.nullable = field.nullable;
        column.comment = field.comment.map(|comment| comment.to_string());
        column
    };
    let mut draft = TableDraft::new("silver.t");
    draft.columns = fields.into_iter().map(column).collect();
    Sketch(draft)
}

impl Sketch {
    pub(crate) fn with(mut self, change: impl FnOnce(&mut TableDraft)) -> Self {
        change(&mut self.0);
        self
    }

    fn column(self, name: &str, change: impl FnOnce(&mut ColumnDraft)) -> Self {
        self.with(|draft| change(draft.columns.iter_mut().find(|column| column.name == name).unwrap()))
    }

    pub(crate) fn typed(self, column: &str, data_type: DataType) -> Self {
        self.column(column, |column| column.data_type = TypeDraft::Type(data_type))
    }

    pub(crate) fn default(self, column: &str, expression: &str) -> Self {
        self.column(column, |column| column.default = Some(expression.to_owned()))
    }

    pub(crate) fn generated(self, column: &str, expression: &str) -> Self {
        self.column(column, |column| column.generated = Some(expression.to_owned()))
    }

    pub(crate) fn identity(self, column: &str) -> Self {
        self.column(column, |column| column.identity = Some(Identity { start: 1, increment: 1, always: true }))
    }

    pub(crate) fn tagged(self, column: &str, key: &str, value: &str) -> Self {
        self.column(column, |column| column.tags.push((key.to_owned(), value.to_owned())))
    }

    pub(crate) fn renamed(self, column: &str, from: &str) -> Self {
        self.column(column, |column| column.renamed_from = vec![from.to_owned()])
    }

    pub(crate) fn property(self, key: &str, value: &str) -> Self {
        self.with(|draft| draft.properties.push((key.to_owned(), Some(value.to_owned()))))
    }

    pub(crate) fn without_property(self, key: &str) -> Self {
        self.with(|draft| draft.properties.push((key.to_owned(), None)))
    }

    pub(crate) fn mapped(self) -> Self {
        self.property("delta.columnMapping.mode", "name")
    }

    pub(crate) fn with_change_feed(self) -> Self {
        self.property("delta.enableChangeDataFeed", "true")
    }

    pub(crate) fn check(self, name: &str, condition: &str) -> Self {
        self.with(|draft| draft.checks.push((name.to_owned(), condition.to_owned())))
    }

    pub(crate) fn clustered(self, columns: &[&str]) -> Self {
        let columns = columns.iter().map(|column| (*column).to_owned()).collect();
        self.with(|draft| draft.clustered_by = Some(ClusteringDraft::By(columns)))
    }

    pub(crate) fn partitioned(self, columns: &[&str]) -> Self {
        self.with(|draft| draft.partitioned_by = Some(columns.iter().map(|column| (*column).to_owned()).collect()))
    }

    pub(crate) fn primary_key(self, columns: &[&str]) -> Self {
        let columns = columns.iter().map(|column| (*column).to_owned()).collect();
        self.with(|draft| draft.primary_key = Some(PrimaryKeyDraft { columns, ..PrimaryKeyDraft::default() }))
    }

    pub(crate) fn scope(self, scope: Scope) -> Self {
        self.with(|draft| draft.scope = scope)
    }

    /// The declaration.
    pub(crate) fn declared(self) -> DesiredTable {
        self.0.check().unwrap()
    }

    /// The table that the declaration creates.
    pub(crate) fn there(self) -> ObservedTable {
        simulate(None, &diff(&self.declared(), None).actions, "id").unwrap()
    }
}

impl From<Sketch> for ObservedTable {
    fn from(sketch: Sketch) -> Self {
        sketch.there()
    }
}

/// What the rule says where the table is to be created, as `subject: message`.
pub(super) fn on_create(rule: &Rule, desired: Sketch, expected: &[&str]) {
    assert_eq!(shown(&reports(rule, &desired.declared(), None, None)), expected);
}

/// What the rule says where the table is there, as `subject: message`.
pub(super) fn on_change(rule: &Rule, desired: Sketch, observed: impl Into<ObservedTable>, expected: &[&str]) {
    assert_eq!(shown(&reports(rule, &desired.declared(), Some(&observed.into()), None)), expected);
}

/// What the rule says when every claim of the plan gets this answer.
pub(super) fn on_answer(rule: &Rule, desired: Sketch, observed: Sketch, answer: Answer, expected: &[&str]) {
    assert_eq!(shown(&reports(rule, &desired.declared(), Some(&observed.there()), Some(&answer))), expected);
}

/// The ways out that the rule names where the table is to be created.
pub(super) fn creation_helps(rule: &Rule, desired: Sketch, expected: &[&str]) {
    let reports = reports(rule, &desired.declared(), None, None);
    assert_eq!(reports.into_iter().filter_map(|report| report.help).collect::<Vec<_>>(), expected);
}

/// The ways out that the rule names where the table is there.
pub(super) fn helps(rule: &Rule, desired: Sketch, observed: impl Into<ObservedTable>, expected: &[&str]) {
    let reports = reports(rule, &desired.declared(), Some(&observed.into()), None);
    assert_eq!(reports.into_iter().filter_map(|report| report.help).collect::<Vec<_>>(), expected);
}

/// The ways out that the rule names when every claim of the plan gets this answer.
pub(super) fn answer_helps(rule: &Rule, desired: Sketch, observed: Sketch, answer: Answer, expected: &[&str]) {
    let reports = reports(rule, &desired.declared(), Some(&observed.there()), Some(&answer));
    assert_eq!(reports.into_iter().filter_map(|report| report.help).collect::<Vec<_>>(), expected);
}

fn reports(
    rule: &Rule,
    desired: &DesiredTable,
    observed: Option<&ObservedTable>,
    answer: Option<&Answer>,
) -> Vec<Report> {
    let diff = diff(desired, observed);
    let after = simulate(observed.cloned(), &diff.actions, "id").ok();
    let answers: Vec<(usize, Answer)> =
        claims(&diff).iter().flat_map(|claim| answer.map(|answer| (claim.action, answer.clone()))).collect();
    (rule.check)(&Review { desired, observed, diff: &diff, after: after.as_ref(), answers: &answers })
}

fn shown(reports: &[Report]) -> Vec<String> {
    reports.iter().map(|report| format!("{}: {}", report.subject, report.message)).collect()
}
