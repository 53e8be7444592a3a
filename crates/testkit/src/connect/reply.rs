//! What is asked, and what a script answers.

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use delta_engine_spark_proto as proto;
use proto::command::CommandType;
use proto::read::ReadType;
use proto::relation::RelType;

use super::Refused;

/// What is asked of the script. Texts are as sent, without the white space around them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ask {
    /// A statement, run as a command.
    Statement(String),
    /// A query, run for its rows.
    Query(String),
    /// The schema of a table, by its quoted name.
    SchemaOfTable(String),
    /// The schema of a query.
    SchemaOfQuery(String),
    /// Files, read as a format, whatever is selected of them; or a list of them, which is the first column of the answer's
    /// rows.
    Files {
        /// As `text` or `binaryFile`.
        format: String,
        /// Files or folders.
        paths: Vec<String>,
    },
}

/// What the server answers.
#[derive(Debug, Clone)]
pub struct Reply {
    pub(super) says: Says,
}

#[derive(Debug, Clone)]
pub(super) enum Says {
    Rows(Vec<RecordBatch>),
    Schema(Box<proto::DataType>),
    Refused(Refused),
}

/// Knows the answers. Asked once for every plan that is accepted, when it takes effect.
pub trait Script: Send {
    /// What to answer.
    fn reply(&mut self, ask: &Ask) -> Reply;
}

impl<F: FnMut(&Ask) -> Reply + Send> Script for F {
    fn reply(&mut self, ask: &Ask) -> Reply {
        self(ask)
    }
}

impl Reply {
    /// Nothing to say.
    pub fn done() -> Self {
        Self::batches(Vec::new())
    }

    /// Rows, one message a batch.
    pub fn batches(batches: Vec<RecordBatch>) -> Self {
        Self::new(Says::Rows(batches))
    }

    /// Rows of text.
    ///
    /// # Panics
    /// Where a row has not as many values as there are columns.
    pub fn rows<const N: usize>(columns: [&str; N], rows: &[[Option<&str>; N]]) -> Self {
        let values = |at: usize| -> ArrayRef { Arc::new(rows.iter().map(|row| row[at]).collect::<StringArray>()) };
        Self::text(columns.iter().enumerate().map(|(at, name)| ((*name).to_owned(), values(at))).collect())
    }

    pub(super) fn text(columns: Vec<(String, ArrayRef)>) -> Self {
        // Columns of one length are a batch, and those of `rows` and of a recording are.
        Self::batches(RecordBatch::try_from_iter(columns).into_iter().collect())
    }

    /// These rows and then those of another answer, whose columns are the same. Of an answer without rows it keeps those
    /// of the other.
    pub fn and(self, other: Self) -> Self {
        match (self.says, other.says) {
            (Says::Rows(mut rows), Says::Rows(more)) => {
                rows.extend(more);
                Self::batches(rows)
            }
            (Says::Rows(_) | Says::Schema(_) | Says::Refused(_), says) => Self::new(says),
        }
    }

    /// A schema.
    pub fn schema(schema: proto::DataType) -> Self {
        Self::new(Says::Schema(Box::new(schema)))
    }

    /// An exception.
    pub fn refused(refused: Refused) -> Self {
        Self::new(Says::Refused(refused))
    }

    fn new(says: Says) -> Self {
        Self { says }
    }
}

impl Ask {
    /// Its text.
    pub fn text(&self) -> String {
        match self {
            Self::Statement(text) | Self::Query(text) | Self::SchemaOfTable(text) | Self::SchemaOfQuery(text) => {
                text.clone()
            }
            Self::Files { format, paths } => format!("{format}: {}", paths.join(", ")),
        }
    }

    /// What a plan runs; none where it is of a kind that this server does not know.
    pub(super) fn of_plan(plan: Option<&proto::Plan>) -> Option<Self> {
        match plan?.op_type.as_ref()? {
            proto::plan::OpType::Root(relation) => sql(Some(relation)).map(Self::Query).or_else(|| files(relation)),
            proto::plan::OpType::Command(command) => {
                let Some(CommandType::SqlCommand(command)) = &command.command_type else { return None };
                sql(command.input.as_ref()).map(Self::Statement)
            }
            proto::plan::OpType::CompressedOperation(_) => None,
        }
    }

    /// What the schema of a plan is asked of.
    pub(super) fn of_schema(plan: Option<&proto::Plan>) -> Option<Self> {
        let proto::plan::OpType::Root(relation) = plan?.op_type.as_ref()? else { return None };
        if let Some(RelType::Read(proto::Read { read_type: Some(ReadType::NamedTable(table)), .. })) =
            &relation.rel_type
        {
            return Some(Self::SchemaOfTable(table.unparsed_identifier.clone()));
        }
        sql(Some(relation)).map(Self::SchemaOfQuery)
    }
}

/// What a relation reads of files, below what it selects of them.
fn files(relation: &proto::Relation) -> Option<Ask> {
    let rel_type = relation.rel_type.as_ref()?;
    if let RelType::Project(project) = rel_type {
        return files(project.input.as_deref()?);
    }
    if let RelType::Filter(filter) = rel_type {
        return files(filter.input.as_deref()?);
    }
    if let RelType::SubqueryAlias(named) = rel_type {
        return files(named.input.as_deref()?);
    }
    if let RelType::WithRelations(query) = rel_type {
        return query.references.iter().find_map(files);
    }
    let RelType::Read(proto::Read { read_type: Some(ReadType::DataSource(source)), .. }) = rel_type else {
        return None;
    };
    Some(Ask::Files { format: source.format().to_owned(), paths: source.paths.clone() })
}

/// The text of a relation that is SQL.
fn sql(relation: Option<&proto::Relation>) -> Option<String> {
    let RelType::Sql(sql) = relation?.rel_type.as_ref()? else { return None };
    Some(sql.query.trim().to_owned())
}
