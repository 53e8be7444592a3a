//! What a condition can be over all rows of a file, from the least, the greatest and the nulls of its columns.
//!
//! Over-approximate: every truth that some row may have is in the set. Only a set of nothing but true proves, only a set
//! without true refutes.

use std::cmp::Ordering;

use super::{Comparison, Condition, Operand, Value};

/// What is known of a column's values in one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// No value is smaller; none where not known.
    pub(crate) least: Option<Value>,
    /// No value is greater; none where not known.
    pub(crate) greatest: Option<Value>,
    /// Whether a row may be null.
    pub(crate) may_be_null: bool,
    /// Whether a row may have a value.
    pub(crate) may_have_value: bool,
}

/// The truths that rows may have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Truths {
    /// True may occur.
    pub(crate) yes: bool,
    /// False may occur.
    pub(crate) no: bool,
    /// Unknown may occur.
    pub(crate) unknown: bool,
}

impl Bounds {
    /// Nothing is known.
    pub(crate) fn open() -> Self {
        Self { least: None, greatest: None, may_be_null: true, may_have_value: true }
    }

    /// One value in every row; null too.
    pub(crate) fn constant(value: Value) -> Self {
        let is_null = value == Value::Null;
        let bound = (!is_null).then_some(value);
        Self { least: bound.clone(), greatest: bound, may_be_null: is_null, may_have_value: !is_null }
    }
}

impl Truths {
    /// Whether every row satisfies the condition.
    pub(crate) fn proves(self) -> bool {
        self.yes && !self.no && !self.unknown
    }

    /// Whether no row does.
    pub(crate) fn refutes(self) -> bool {
        !self.yes
    }
}

/// Columns whose null and not-null rows are looked at apart; more would double the work each.
const SPLITS: usize = 8;

impl Condition {
    /// The truths over a file with these bounds, numbered like the columns.
    ///
    /// Rows in which a column is null and rows in which it is not are looked at apart, so that `a > 0 OR a IS NULL` can be
    /// proved.
    pub(crate) fn truths(&self, bounds: &[Bounds]) -> Truths {
        let mixed: Vec<usize> = (0..bounds.len())
            .filter(|index| bounds[*index].may_be_null && bounds[*index].may_have_value)
            .take(SPLITS)
            .collect();
        let mut truths = Truths::default();
        for case in 0..1_usize << mixed.len() {
            let mut bounds = bounds.to_vec();
            for (bit, index) in mixed.iter().enumerate() {
                let is_null = case >> bit & 1 == 1;
                bounds[*index].may_be_null = is_null;
                bounds[*index].may_have_value = !is_null;
            }
            let of_case = self.truths_of_case(&bounds);
            truths.yes |= of_case.yes;
            truths.no |= of_case.no;
            truths.unknown |= of_case.unknown;
        }
        truths
    }

    fn truths_of_case(&self, bounds: &[Bounds]) -> Truths {
        match self {
            // Parts are taken as if they varied freely, which only adds truths.
            Self::And(parts) => {
                let parts: Vec<Truths> = parts.iter().map(|part| part.truths_of_case(bounds)).collect();
                Truths {
                    yes: parts.iter().all(|part| part.yes),
                    no: parts.iter().any(|part| part.no),
                    unknown: parts.iter().any(|part| part.unknown) && parts.iter().all(|part| part.yes || part.unknown),
                }
            }
            Self::Or(parts) => {
                let parts: Vec<Truths> = parts.iter().map(|part| part.truths_of_case(bounds)).collect();
                Truths {
                    yes: parts.iter().any(|part| part.yes),
                    no: parts.iter().all(|part| part.no),
                    unknown: parts.iter().any(|part| part.unknown) && parts.iter().all(|part| part.no || part.unknown),
                }
            }
            Self::Not(inner) => {
                let inner = inner.truths_of_case(bounds);
                Truths { yes: inner.no, no: inner.yes, unknown: inner.unknown }
            }
            Self::Compare(left, comparison, right) => {
                compare(&operand(left, bounds), *comparison, &operand(right, bounds))
            }
            Self::IsNull(inner) => {
                let inner = operand(inner, bounds);
                Truths { yes: inner.may_be_null, no: inner.may_have_value, unknown: false }
            }
            Self::IsTrue(inner) => {
                compare(&operand(inner, bounds), Comparison::Equal, &Bounds::constant(Value::Boolean(true)))
            }
        }
    }
}

fn operand(operand: &Operand, bounds: &[Bounds]) -> Bounds {
    match operand {
        Operand::Column(index) => bounds.get(*index).cloned().unwrap_or_else(Bounds::open),
        Operand::Literal(value) => Bounds::constant(value.clone()),
    }
}

fn compare(left: &Bounds, comparison: Comparison, right: &Bounds) -> Truths {
    let mut truths = Truths { unknown: left.may_be_null || right.may_be_null, ..Truths::default() };
    if left.may_have_value && right.may_have_value {
        for order in orders(left, right) {
            if comparison.holds(order) {
                truths.yes = true;
            } else {
                truths.no = true;
            }
        }
    }
    truths
}

/// The orders that a value of the left may have to one of the right.
fn orders(left: &Bounds, right: &Bounds) -> Vec<Ordering> {
    let between = |one: &Option<Value>, other: &Option<Value>| one.as_ref()?.compare(other.as_ref()?);
    let lowest = between(&left.least, &right.greatest);
    let highest = between(&left.greatest, &right.least);
    let mut orders = Vec::new();
    if lowest.is_none_or(|order| order == Ordering::Less) {
        orders.push(Ordering::Less);
    }
    if highest.is_none_or(|order| order == Ordering::Greater) {
        orders.push(Ordering::Greater);
    }
    if lowest.is_none_or(|order| order != Ordering::Greater) && highest.is_none_or(|order| order != Ordering::Less) {
        orders.push(Ordering::Equal);
    }
    orders
}

#[cfg(test)]
mod tests {
    use delta_engine_schema::model::Expression;

    use super::super::{Column, Kind, parse};
    use super::*;

    fn numbers(least: i64, greatest: i64, may_be_null: bool) -> Bounds {
        Bounds {
            least: Some(Value::integer(least)),
            greatest: Some(Value::integer(greatest)),
            may_be_null,
            may_have_value: true,
        }
    }

    fn read(text: &str) -> Condition {
        let columns = ["a", "b"].map(|name| Column { name: name.into(), kind: Some(Kind::Number) });
        parse(&Expression::parse(text).unwrap(), &columns).unwrap()
    }

    fn check(text: &str, a: &Bounds, proves: bool, refutes: bool) {
        let truths = read(text).truths(&[a.clone(), Bounds::open()]);
        assert_eq!((truths.proves(), truths.refutes()), (proves, refutes), "{text}");
    }

    #[test]
    fn bounds_prove_refute_or_leave_open() {
        check("a > 0", &numbers(1, 9, false), true, false);
        check("a > 0", &numbers(1, 9, true), false, false);
        check("a > 0 OR a IS NULL", &numbers(1, 9, true), true, false);
        check("a > 0", &numbers(-9, 0, false), false, true);
        check("a > 0", &numbers(-9, 9, false), false, false);
        check("a IN (5, 6)", &numbers(5, 5, false), true, false);
        check("a <> 3", &numbers(4, 9, false), true, false);
        check("a BETWEEN 0 AND 10", &numbers(1, 9, false), true, false);
        check("NOT a BETWEEN 20 AND 30", &numbers(1, 9, false), true, false);
        check("a IS NOT NULL", &Bounds::constant(Value::Null), false, true);
        check("a > b", &numbers(1, 9, false), false, false);
    }

    /// Every row inside the bounds has a truth that is in the set.
    #[test]
    fn the_set_holds_the_truth_of_every_row() {
        let texts = [
            "a > 1",
            "a <> b",
            "NOT (a < b AND a >= 0)",
            "a IN (0, 2) OR b IS NULL",
            "a BETWEEN b AND 2",
            "NOT a NOT IN (1, b)",
        ];
        let values = |bounds: &Bounds, range: (i64, i64)| {
            let mut values: Vec<Value> = (range.0..=range.1).map(Value::integer).collect();
            values.extend(bounds.may_be_null.then_some(Value::Null));
            values
        };
        for text in texts {
            let condition = read(text);
            for (low, high, null, other_null) in
                [(-1, 1, false, true), (0, 0, true, false), (1, 3, false, false), (-2, 3, true, true)]
            {
                let (a, b) = (numbers(low, high, null), numbers(-1, 2, other_null));
                let truths = condition.truths(&[a.clone(), b.clone()]);
                for left in values(&a, (low, high)) {
                    for right in values(&b, (-1, 2)) {
                        let held = match condition.evaluate(&[left.clone(), right]) {
                            Some(true) => truths.yes,
                            Some(false) => truths.no,
                            None => truths.unknown,
                        };
                        assert!(held, "{text} over [{low}, {high}]");
                    }
                }
            }
        }
    }
}
