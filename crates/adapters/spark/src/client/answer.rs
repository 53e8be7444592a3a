//! What a statement answered: rows, decoded from Arrow when they are asked for.

use arrow_array::cast::AsArray;
use arrow_array::types::{Int8Type, Int16Type, Int32Type, Int64Type};
use arrow_array::{Array, ArrowPrimitiveType, RecordBatch};
use arrow_ipc::reader::StreamReader;
use bytes::Bytes;

/// How an Arrow stream begins.
const ARROW: [u8; 4] = [0xff; 4];

/// The answer as it came. A statement that is done stays done, whether its answer can be read or not.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answer {
    /// Arrow streams, one a batch.
    parts: Vec<Part>,
    streams: usize,
}

#[derive(Debug, Clone, PartialEq)]
struct Part {
    data: Bytes,
    /// How many rows the server says it sent; unknown of an answer that came as a relation.
    rows: Option<i64>,
    /// How many rows came before.
    offset: Option<i64>,
}

/// Rows of an answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rows {
    batches: Vec<RecordBatch>,
}

/// A row, whose values are asked for by the name of their column.
#[derive(Debug, Clone, Copy)]
pub struct Row<'r> {
    batch: &'r RecordBatch,
    index: usize,
}

/// An answer that can't be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// Not Arrow.
    #[error("the server's answer is not in Arrow's format")]
    NotArrow,
    /// Arrow of a kind that is not known here.
    #[error("failed to read the server's answer")]
    Arrow(#[from] arrow_schema::ArrowError),
    /// Rows that are missing or came twice.
    #[error("the server's answer is damaged: {found} rows where {expected} were announced")]
    Rows {
        /// What was announced.
        expected: i64,
        /// What there is.
        found: i64,
    },
}

/// A value that is not there or not of the kind that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RowError {
    /// No such column.
    #[error("the answer has no column `{column}`; it has {columns}")]
    NoColumn {
        /// What was asked for.
        column: String,
        /// What there is.
        columns: String,
    },
    /// A column of another type.
    #[error("the column `{column}` of the answer holds {found}, not {wanted}")]
    OtherType {
        /// Its name.
        column: String,
        /// What was asked for.
        wanted: &'static str,
        /// What it holds.
        found: String,
    },
}

impl Answer {
    /// Takes a batch of the server's stream.
    pub(super) fn push(&mut self, data: Bytes, rows: i64, offset: Option<i64>) {
        self.parts.push(Part { data, rows: Some(rows), offset });
    }

    /// Takes an answer that came as a relation.
    pub(super) fn push_relation(&mut self, data: Bytes) {
        self.parts.push(Part { data, rows: None, offset: None });
    }

    /// Counts a stream of the server's that it came over.
    pub(super) fn count_stream(&mut self) {
        self.streams += 1;
    }

    /// Over how many streams it came, each of which the server or the network ended.
    pub fn streams(&self) -> usize {
        self.streams
    }

    /// Decodes it.
    pub fn rows(&self) -> Result<Rows, DecodeError> {
        let mut rows = Rows::default();
        let mut total = 0;
        for part in &self.parts {
            if let Some(expected) = part.offset.filter(|offset| *offset != total) {
                return Err(DecodeError::Rows { expected, found: total });
            }
            // Without it the reader takes any four bytes for a length, and asks for so much memory.
            if !part.data.starts_with(&ARROW) {
                return Err(DecodeError::NotArrow);
            }
            let mut found = 0;
            for batch in StreamReader::try_new(std::io::Cursor::new(&part.data), None)? {
                let batch = batch?;
                found += i64::try_from(batch.num_rows()).unwrap_or(i64::MAX);
                rows.batches.push(batch);
            }
            if let Some(expected) = part.rows.filter(|expected| *expected != found) {
                return Err(DecodeError::Rows { expected, found });
            }
            total += found;
        }
        Ok(rows)
    }
}

impl Rows {
    /// The batches as they came.
    pub fn batches(&self) -> &[RecordBatch] {
        &self.batches
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One after another.
    pub fn iter(&self) -> impl Iterator<Item = Row<'_>> {
        self.batches.iter().flat_map(|batch| (0..batch.num_rows()).map(move |index| Row { batch, index }))
    }

    /// The first one.
    pub fn first(&self) -> Option<Row<'_>> {
        self.iter().next()
    }
}

impl<'r> Row<'r> {
    /// A text; none where it is null.
    pub fn text(&self, column: &str) -> Result<Option<&'r str>, RowError> {
        let (array, at) = (self.column(column)?, self.index);
        let short = || array.as_string_opt::<i32>().map(|array| array.value(at));
        let long = || array.as_string_opt::<i64>().map(|array| array.value(at));
        let view = || array.as_string_view_opt().map(|array| array.value(at));
        self.value(column, "text", short().or_else(long).or_else(view))
    }

    /// A whole number of any width; none where it is null.
    pub fn integer(&self, column: &str) -> Result<Option<i64>, RowError> {
        let array = self.column(column)?;
        let narrow = || self.number::<Int8Type>(array).or_else(|| self.number::<Int16Type>(array));
        let wide = || self.number::<Int32Type>(array).or_else(|| self.number::<Int64Type>(array));
        self.value(column, "a whole number", narrow().or_else(wide))
    }

    /// True or false; none where it is null.
    pub fn boolean(&self, column: &str) -> Result<Option<bool>, RowError> {
        let value = self.column(column)?.as_boolean_opt().map(|array| array.value(self.index));
        self.value(column, "true or false", value)
    }

    /// The names of its columns.
    pub fn columns(&self) -> impl Iterator<Item = String> {
        let schema = self.batch.schema();
        (0..schema.fields().len()).map(move |at| schema.field(at).name().clone())
    }

    fn number<T>(&self, array: &dyn Array) -> Option<i64>
    where
        T: ArrowPrimitiveType<Native: Into<i64>>,
    {
        array.as_primitive_opt::<T>().map(|array| array.value(self.index).into())
    }

    /// A value of the kind that was asked for, or none of it: null, or another kind.
    fn value<T>(&self, column: &str, wanted: &'static str, value: Option<T>) -> Result<Option<T>, RowError> {
        let array = self.column(column)?;
        let found = || array.data_type().to_string();
        let other = || RowError::OtherType { column: column.to_owned(), wanted, found: found() };
        let value = value.ok_or_else(other)?;
        Ok(array.is_valid(self.index).then_some(value))
    }

    fn column(&self, name: &str) -> Result<&'r dyn Array, RowError> {
        let missing = || {
            let columns: Vec<String> = self.columns().map(|column| format!("`{column}`")).collect();
            RowError::NoColumn { column: name.to_owned(), columns: columns.join(", ") }
        };
        self.batch.column_by_name(name).map(AsRef::as_ref).ok_or_else(missing)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use arrow_array::{BooleanArray, Int32Array, StringArray};

    fn batch(names: &[Option<&str>]) -> RecordBatch {
        let text: Arc<dyn Array> = Arc::new(StringArray::from(names.to_vec()));
        let numbers: Vec<i32> = (0..).take(names.len()).collect();
        let number: Arc<dyn Array> = Arc::new(Int32Array::from(numbers));
        let flag: Arc<dyn Array> = Arc::new(BooleanArray::from(vec![true; names.len()]));
        RecordBatch::try_from_iter([("name", text), ("number", number), ("flag", flag)]).unwrap()
    }

    fn bytes(batch: &RecordBatch) -> Bytes {
        let mut writer = arrow_ipc::writer::StreamWriter::try_new(Vec::new(), &batch.schema()).unwrap();
        writer.write(batch).unwrap();
        writer.into_inner().unwrap().into()
    }

    /// Parts of an answer: their rows, how many are announced, how many came before.
    fn check(parts: &[(&[Option<&str>], i64, i64)]) -> Result<usize, String> {
        let mut answer = Answer::default();
        for (names, rows, offset) in parts {
            answer.push(bytes(&batch(names)), *rows, Some(*offset));
        }
        answer.rows().map(|rows| rows.len()).map_err(|error| error.to_string())
    }

    #[test]
    fn rows_that_are_missing_or_came_twice_are_found() {
        let one: &[Option<&str>] = &[Some("a")];
        assert_eq!(check(&[]), Ok(0));
        assert_eq!(check(&[(&[], 0, 0)]), Ok(0));
        assert_eq!(check(&[(one, 1, 0), (one, 1, 1)]), Ok(2));
        let damaged = |expected, found| {
            let message = "the server's answer is damaged";
            Err(format!("{message}: {found} rows where {expected} were announced"))
        };
        assert_eq!(check(&[(one, 2, 0)]), damaged(2, 1));
        assert_eq!(check(&[(one, 1, 0), (one, 1, 0)]), damaged(0, 1));
        assert_eq!(check(&[(one, 1, 0), (one, 1, 2)]), damaged(2, 1));
    }

    #[test]
    fn values_are_read_by_name_and_kind() {
        let mut answer = Answer::default();
        answer.push_relation(bytes(&batch(&[Some("a"), None])));
        let rows = answer.rows().unwrap();
        let read: Vec<_> = rows
            .iter()
            .map(|row| (row.text("name").unwrap(), row.integer("number").unwrap(), row.boolean("flag").unwrap()))
            .collect();
        assert_eq!(read, [(Some("a"), Some(0), Some(true)), (None, Some(1), Some(true))]);
        let first = rows.first().unwrap();
        let told = first.text("nme").unwrap_err().to_string();
        assert_eq!(told, "the answer has no column `nme`; it has `name`, `number`, `flag`");
        let told = first.integer("name").unwrap_err().to_string();
        assert_eq!(told, "the column `name` of the answer holds Utf8, not a whole number");
    }

    #[test]
    fn what_is_not_arrow_is_an_error() {
        let mut answer = Answer::default();
        answer.push(Bytes::from_static(b"no arrow"), 1, None);
        assert!(matches!(answer.rows(), Err(DecodeError::NotArrow)));
    }
}
