//! The conditions that evidence can be given for: a closed part of SQL whose meaning is certain.
//!
//! Comparisons of columns and literals, IS [NOT] NULL, [NOT] IN, [NOT] BETWEEN, AND, OR, NOT over integers, decimals,
//! dates, booleans and strings, with three-valued logic. Anything else is refused with the reason: guessing what another
//! engine means by an expression would be no proof. Pure; knows nothing of files.

mod bounds;
mod parse;
mod value;

pub(crate) use bounds::Bounds;
pub(crate) use parse::{Column, parse};
pub(crate) use value::{Kind, Value};

use std::cmp::Ordering;

/// A condition over numbered columns.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Condition {
    /// All hold.
    And(Vec<Condition>),
    /// One holds.
    Or(Vec<Condition>),
    /// It does not hold.
    Not(Box<Condition>),
    /// Two operands compare so.
    Compare(Operand, Comparison, Operand),
    /// The operand is null.
    IsNull(Operand),
    /// A boolean column or literal by itself.
    IsTrue(Operand),
}

/// A column by its number, or a literal.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Operand {
    /// The column with this number.
    Column(usize),
    /// This value.
    Literal(Value),
}

/// How two values compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    /// `=`
    Equal,
    /// `<>`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl Comparison {
    /// Whether values in this order compare so.
    pub(crate) fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order == Ordering::Equal,
            Self::NotEqual => order != Ordering::Equal,
            Self::Less => order == Ordering::Less,
            Self::LessOrEqual => order != Ordering::Greater,
            Self::Greater => order == Ordering::Greater,
            Self::GreaterOrEqual => order != Ordering::Less,
        }
    }
}

impl Condition {
    /// What the condition is for one row; `None` is unknown, as in SQL.
    pub(crate) fn evaluate(&self, row: &[Value]) -> Option<bool> {
        match self {
            Self::And(parts) => {
                let truths: Vec<Option<bool>> = parts.iter().map(|part| part.evaluate(row)).collect();
                if truths.contains(&Some(false)) { Some(false) } else { (!truths.contains(&None)).then_some(true) }
            }
            Self::Or(parts) => {
                let truths: Vec<Option<bool>> = parts.iter().map(|part| part.evaluate(row)).collect();
                if truths.contains(&Some(true)) { Some(true) } else { (!truths.contains(&None)).then_some(false) }
            }
            Self::Not(inner) => inner.evaluate(row).map(|truth| !truth),
            Self::Compare(left, comparison, right) => {
                left.value(row).compare(right.value(row)).map(|order| comparison.holds(order))
            }
            Self::IsNull(operand) => Some(*operand.value(row) == Value::Null),
            Self::IsTrue(operand) => match operand.value(row) {
                Value::Boolean(truth) => Some(*truth),
                Value::Null | Value::Number { .. } | Value::Date(_) | Value::Text(_) => None,
            },
        }
    }
}

impl Operand {
    fn value<'v>(&'v self, row: &'v [Value]) -> &'v Value {
        match self {
            Self::Column(index) => row.get(*index).unwrap_or(&Value::Null),
            Self::Literal(value) => value,
        }
    }
}
