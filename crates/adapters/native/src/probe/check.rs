//! Whether every row satisfies a condition: by the bounds of its columns in each file, or by their data.

use delta_engine_schema::model::{DataType, Expression, Identifier, ObservedTable, Path};
use deltalake::arrow::array::{Array, ArrayRef, AsArray};
use deltalake::arrow::datatypes::{
    DataType as Arrow, Date32Type, Decimal128Type, Int8Type, Int16Type, Int32Type, Int64Type,
};
use deltalake::arrow::error::ArrowError;

use super::judge::Verdict;
use super::target::Target;
use crate::condition::{Bounds, Column, Condition, Kind, Value, parse};
use crate::json::Json;
use crate::log::{DataFile, LogState};
use crate::parquet::ReadError;

/// A condition over the columns of one version.
#[derive(Debug)]
pub(super) struct Check {
    condition: Condition,
    /// The columns it mentions, in the order of their numbers.
    columns: Vec<CheckColumn>,
    /// The same columns, as files name them.
    pub(super) targets: Vec<Target>,
    text: String,
}

#[derive(Debug)]
struct CheckColumn {
    name: Identifier,
    kind: Option<Kind>,
    is_decimal: bool,
}

impl Check {
    /// Reads a condition against the columns of a version; the reason, for people, where nothing can be proved about it.
    pub(super) fn resolve(state: &LogState, table: &ObservedTable, expression: &Expression) -> Result<Self, String> {
        let mentioned = table.columns.iter().filter(|column| expression.mentions(column.name()));
        let columns: Vec<CheckColumn> = mentioned
            .map(|column| CheckColumn {
                name: column.name().clone(),
                kind: Kind::of(column.data_type()),
                is_decimal: matches!(column.data_type(), DataType::Decimal(_)),
            })
            .collect();
        let names: Vec<Column> =
            columns.iter().map(|column| Column { name: column.name.clone(), kind: column.kind }).collect();
        let condition = parse(expression, &names)?;
        let target = |column: &CheckColumn| {
            let path = Path::column(column.name.clone());
            Target::resolve(state, &path).ok_or_else(|| format!("there is no column `{}`", column.name))
        };
        let targets = columns.iter().map(target).collect::<Result<_, _>>()?;
        Ok(Self { condition, columns, targets, text: expression.text().to_owned() })
    }

    /// Judges a file by its statistics; those of this check's columns begin at `first`.
    pub(super) fn judge(&self, file: &DataFile, first: usize) -> Verdict {
        let deleted = file.deletion.as_ref().map_or(0, |vector| vector.cardinality);
        if file.rows.is_some_and(|rows| rows <= deleted) {
            return Verdict::Proven;
        }
        let bounds: Vec<Bounds> = (0..self.columns.len()).map(|index| self.bounds(file, first, index)).collect();
        let truths = self.condition.truths(&bounds);
        if truths.proves() {
            return Verdict::Proven;
        }
        // A file of unknown length may be empty, and then no row of it breaks anything.
        if truths.refutes() && file.rows.is_some() {
            return Verdict::Refuted(format!("no row of `{}` satisfies {}", file.path, self.text));
        }
        Verdict::Open
    }

    fn bounds(&self, file: &DataFile, first: usize, index: usize) -> Bounds {
        if self.targets[index].is_partition {
            return self.constant(file, index).map_or_else(Bounds::open, Bounds::constant);
        }
        let column = &self.columns[index];
        let nulls = file
            .nulls
            .get(first + index)
            .and_then(Option::as_ref)
            .and_then(Json::as_i64)
            .and_then(|count| u64::try_from(count).ok());
        let (least, greatest) = file.extremes.get(first + index).cloned().unwrap_or_default();
        Bounds {
            least: least.and_then(|value| bound(column, &value)),
            greatest: greatest.and_then(|value| bound(column, &value)),
            may_be_null: nulls != Some(0),
            may_have_value: nulls.is_none() || nulls != file.rows,
        }
    }

    /// The value of a partition column in a file; `None` where its text can't be read exactly. A checkpoint may leave null out.
    fn constant(&self, file: &DataFile, index: usize) -> Option<Value> {
        let name = self.targets[index].statistics_path().first()?.clone();
        let text = file.partition_values.get(&name).and_then(|text| text.as_deref());
        let Some(text) = text.filter(|text| !text.is_empty()) else { return Some(Value::Null) };
        match self.columns[index].kind? {
            Kind::Number => Value::number(text),
            Kind::Date => Value::date(text),
            Kind::Boolean => text.parse().ok().map(Value::Boolean),
            Kind::Text => Some(Value::Text(text.to_owned())),
        }
    }

    /// Why a row breaks the condition; `None` where it satisfies it.
    pub(super) fn breaks(
        &self,
        file: &DataFile,
        columns: &[Option<ArrayRef>],
        row: usize,
    ) -> Result<Option<String>, ReadError> {
        let mut values = Vec::with_capacity(columns.len());
        for (index, column) in columns.iter().enumerate() {
            values.push(match column {
                Some(column) => value_at(column, row, self.columns[index].kind)?,
                None if self.targets[index].is_partition => self.constant(file, index).ok_or_else(|| {
                    let name = &self.columns[index].name;
                    ArrowError::CastError(format!("the partition value of `{name}` can't be read exactly"))
                })?,
                // The file was written before the column was there.
                None => Value::Null,
            });
        }
        if self.condition.evaluate(&values) == Some(true) {
            return Ok(None);
        }
        let shown =
            self.columns.iter().zip(&values).map(|(column, value)| format!("{} = {}", column.name, show(value)));
        Ok(Some(shown.collect::<Vec<_>>().join(", ")))
    }
}

/// A statistic as a bound; none where it may be cut off or rounded.
fn bound(column: &CheckColumn, json: &Json) -> Option<Value> {
    match (column.kind?, json) {
        // delta-rs writes decimals through a float, which is exact for 15 digits only.
        (Kind::Number, Json::Number(text)) if column.is_decimal => {
            let digits = text.bytes().filter(u8::is_ascii_digit).count();
            (digits <= 15).then(|| Value::number(text)).flatten()
        }
        (Kind::Number, Json::Number(text)) => Value::number(text),
        (Kind::Date, Json::String(text)) => Value::date(text),
        (Kind::Boolean, Json::Bool(truth)) => Some(Value::Boolean(*truth)),
        // Text statistics are cut off after 32 characters; what is longer, and how it is marked, is the writer's choice.
        (Kind::Text | Kind::Number | Kind::Date | Kind::Boolean, _) => None,
    }
}

/// A value as it is compared; the kind is none for columns of which only IS NULL is asked.
fn value_at(column: &ArrayRef, row: usize, kind: Option<Kind>) -> Result<Value, ArrowError> {
    if column.is_null(row) {
        return Ok(Value::Null);
    }
    let value = if let Some(values) = column.as_primitive_opt::<Int8Type>() {
        Value::integer(values.value(row))
    } else if let Some(values) = column.as_primitive_opt::<Int16Type>() {
        Value::integer(values.value(row))
    } else if let Some(values) = column.as_primitive_opt::<Int32Type>() {
        Value::integer(values.value(row))
    } else if let Some(values) = column.as_primitive_opt::<Int64Type>() {
        Value::integer(values.value(row))
    } else if let Some(values) = column.as_primitive_opt::<Decimal128Type>() {
        let scale = u32::try_from(values.scale()).map_err(|_| ArrowError::CastError("a negative scale".to_owned()))?;
        Value::Number { unscaled: values.value(row), scale }
    } else if let Some(values) = column.as_primitive_opt::<Date32Type>() {
        Value::Date(values.value(row))
    } else if let Some(values) = column.as_boolean_opt() {
        Value::Boolean(values.value(row))
    } else if let Some(values) = column.as_string_opt::<i32>() {
        Value::Text(values.value(row).to_owned())
    } else if let Some(values) = column.as_string_opt::<i64>() {
        Value::Text(values.value(row).to_owned())
    } else if kind.is_none() && is_opaque(column.data_type()) {
        Value::Text(String::new())
    } else {
        let data_type = column.data_type();
        return Err(ArrowError::CastError(format!("a column is {data_type} in the file, which is not compared here")));
    };
    Ok(value)
}

/// Types about which only IS NULL is ever asked: any value stands for all of them.
fn is_opaque(data_type: &Arrow) -> bool {
    data_type.is_nested()
        || data_type.is_floating()
        || matches!(data_type, Arrow::Timestamp(_, _) | Arrow::Binary | Arrow::LargeBinary | Arrow::BinaryView)
}

fn show(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Number { unscaled, scale: 0 } => unscaled.to_string(),
        Value::Number { unscaled, scale } => {
            let digits = format!("{:0width$}", unscaled.unsigned_abs(), width = *scale as usize + 1);
            let (whole, fraction) = digits.split_at(digits.len() - *scale as usize);
            format!("{}{whole}.{fraction}", if *unscaled < 0 { "-" } else { "" })
        }
        Value::Date(days) => format!("day {days} since 1970-01-01"),
        Value::Boolean(truth) => truth.to_string(),
        Value::Text(text) => format!("'{}'", text.chars().take(40).collect::<String>()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use deltalake::arrow::array::BinaryArray;

    use super::*;

    #[test]
    fn bytes_stand_for_a_text_only_where_nobody_compares_them() {
        let bytes: ArrayRef = Arc::new(BinaryArray::from(vec![b"bad".as_slice()]));
        assert_eq!(value_at(&bytes, 0, None).unwrap(), Value::Text(String::new()));
        let error = value_at(&bytes, 0, Some(Kind::Text)).unwrap_err().to_string();
        assert!(error.contains("not compared here"), "{error}");
    }
}
