//! Why a dialect has no statement for an action: what, why and the way out, one variant each.

use delta_engine_schema::model::Subject;
use delta_engine_schema::{BACKEND, Finding, Severity};

use crate::dialect::Dialect;

/// Why there is no statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The server changes tables that are there in a few ways only.
    NoStatement,
    /// A feature that the server does not know.
    UnknownFeature,
    /// A property that begins with `delta.` and that the server does not know, or not with this value.
    UnknownProperty,
    /// A name that the catalog has no place for.
    TableName,
    /// A feature that no statement sets by itself.
    ClusteringFeature,
    /// Column mapping for columns that are there.
    Mapping,
    /// A move behind siblings that nobody named.
    MoveLast,
    /// A change of partitioning.
    Partitioning,
    /// Clustering.
    Clustering,
    /// Clustering by columns the platform chooses.
    ClusterByAuto,
    /// A type that the model does not know.
    UnknownType,
    /// Text with a collation.
    Collation,
    /// The length of char and varchar.
    TextLength,
    /// The length of char and varchar inside a column.
    NestedTextLength,
    /// A change of a column itself that makes the fields inside it anew, without what the log knows of them.
    NestedTextFields,
    /// A dropped column beside odd names in the list of columns with statistics.
    StatisticsNames,
    /// NOT NULL of array elements or map values in a type.
    ElementNotNull,
    /// NOT NULL of array elements or map values that are there, set or dropped.
    ElementNullability,
    /// NOT NULL of a field below an array or a map.
    NotNullInCollection,
    /// NOT NULL on a column that is there.
    SetNotNull,
    /// NOT NULL in a new column of an existing table.
    AddedNotNull,
    /// A default in a new column of an existing table.
    AddedDefault,
    /// A generated or identity column for an existing table.
    AddedGenerated,
    /// A whole number as the default of a column that is there.
    NumberDefault,
    /// A computed default of a new table's narrow column.
    ComputedDefault,
    /// A generated column.
    Generated,
    /// An identity column.
    Identity,
    /// A check that OSS Delta takes apart.
    Check,
    /// Primary and foreign keys.
    Keys,
    /// Tags.
    Tags,
    /// A tag of a key or value that the catalog does not take.
    TagText,
}

/// An action, or a part of one, that a dialect has no statement for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Who has none.
    pub dialect: Dialect,
    /// Index of the action.
    pub action: usize,
    /// What it is about.
    pub subject: Subject,
    /// Why.
    pub reason: Reason,
}

impl Refusal {
    /// What review says of it: the table is not touched at all.
    pub fn finding(&self) -> Finding {
        Finding {
            code: BACKEND.code,
            name: BACKEND.name,
            severity: Severity::Rejection,
            subject: self.subject.clone(),
            message: self.reason.message(self.dialect),
            help: Some(self.reason.help().to_owned()),
            permission: None,
        }
    }
}

impl Reason {
    /// What the dialect can't do, and who can.
    pub fn message(self, dialect: Dialect) -> String {
        let who = dialect.name();
        match self {
            Self::NoStatement => format!("{who} has no statement for this change of a table that is there"),
            Self::UnknownFeature => format!("{dialect} does not know the table feature that this needs"),
            Self::UnknownProperty => format!("{dialect} does not know this property, or not with this value"),
            Self::TableName if dialect == Dialect::Databricks => {
                "Unity Catalog takes names of up to 255 characters, and in them no period, blank, `/` and control character"
                    .to_owned()
            }
            Self::TableName => {
                "the session catalog takes letters of ASCII, digits and `_` in names of tables".to_owned()
            }
            Self::ClusteringFeature => "CLUSTER BY enables this feature; no statement sets it by itself".to_owned(),
            Self::Mapping => {
                format!("{who} switches column mapping on without giving ids to the columns that are there")
            }
            Self::MoveLast => {
                "SQL moves a column FIRST or AFTER another, and the last one is not known here".to_owned()
            }
            Self::Partitioning => "no statement changes partitioning; it is given when the table is created".to_owned(),
            Self::Clustering => format!("{who} does not cluster tables; OSS Spark and Databricks do"),
            Self::ClusterByAuto => format!("{who} does not choose clustering columns; Databricks does"),
            Self::UnknownType => "the type is not known to this program".to_owned(),
            Self::Collation => format!("{who} has no collations for Delta tables; Databricks has"),
            Self::TextLength => format!("{who} stores char and varchar as string and forgets the length"),
            Self::NestedTextLength => format!(
                "{who} keeps char and varchar inside a column as a text that odd names break and changes leave behind"
            ),
            Self::NestedTextFields => format!(
                "{who} makes the fields of a column with char or varchar inside anew when the column is renamed, moved or altered: \
                 they lose their comments and, under column mapping, their data"
            ),
            Self::StatisticsNames => format!(
                "{who} takes the backticks out of `delta.dataSkippingStatsColumns` here, and a name that needs them then stops \
                 every insert"
            ),
            Self::ElementNotNull => "SQL can't say NOT NULL of array elements and map values".to_owned(),
            Self::ElementNullability => {
                "no statement changes whether array elements and map values are NOT NULL".to_owned()
            }
            Self::NotNullInCollection => "no statement sets NOT NULL inside arrays and maps".to_owned(),
            Self::SetNotNull => format!("{who} can't set NOT NULL on a column that is there; Databricks can"),
            Self::AddedNotNull => "a column is added nullable".to_owned(),
            Self::AddedDefault => "a column is added without a default".to_owned(),
            Self::AddedGenerated => "a generated or identity column is created with its table".to_owned(),
            Self::NumberDefault => {
                format!(
                    "{who} keeps a default that is a whole number in a form in which Spark can't read the table any more"
                )
            }
            Self::ComputedDefault => {
                format!("{dialect} creates no tinyint, smallint or decimal column with a default that is computed as int")
            }
            Self::Generated => {
                format!("{dialect} creates no generated columns; OSS Spark from 4.2 on and Databricks do")
            }
            Self::Identity => {
                format!("{dialect} creates no identity columns; OSS Spark from 4.2 on and Databricks do")
            }
            Self::Check => format!("{who} keeps the tokens of a check with blanks between, and this one falls apart"),
            Self::Keys => format!("{who} has no keys on Delta tables; Databricks with Unity Catalog has"),
            Self::Tags => format!("{who} has no tags; Databricks with Unity Catalog has"),
            Self::TagText => format!(
                "{who} takes tags of up to 256 characters, and in their keys none of `. , - = / :` and no blank at an end"
            ),
        }
    }

    /// What to do instead.
    pub fn help(self) -> &'static str {
        match self {
            Self::NoStatement | Self::Clustering => {
                "write `execute: native` on the target, so that it is committed to the table's log, or use OSS Spark"
            }
            Self::UnknownFeature => "leave it out, or apply it through an engine that knows the feature",
            Self::UnknownProperty => "remove it from the properties",
            Self::TableName => {
                "give catalog, schema and table plain names; on OSS Spark a catalog of its own, such as Unity Catalog, takes more"
            }
            Self::ClusteringFeature => "declare clustered_by, or remove `delta.feature.clustering` from the properties",
            Self::Mapping => {
                "switch column mapping on with `execute: native` on the target or over OSS Spark, or create the table with it"
            }
            Self::MoveLast => "plan again when the table can be observed",
            Self::Partitioning => "create the table anew",
            Self::ClusterByAuto => "write clustered_by: [column, …]",
            Self::UnknownType => "leave the column as it is",
            Self::Collation | Self::TextLength => "declare the column as string",
            Self::NestedTextLength => "declare them as string inside structs, arrays and maps",
            Self::NestedTextFields => {
                "leave this column as it is, or write `execute: native` on the target, which keeps its fields"
            }
            Self::StatisticsNames => {
                "unset `delta.dataSkippingStatsColumns` as a change of its own, make this one, and set it again"
            }
            Self::ElementNotNull => {
                "remove `not null` inside the type, or create the table on a target that is a folder or bucket"
            }
            Self::ElementNullability | Self::NotNullInCollection => "declare them as they are",
            Self::SetNotNull => {
                "add a check that the column IS NOT NULL instead, or write `execute: native` on the target, which proves it first"
            }
            Self::AddedNotNull => "declare it nullable, apply, fill it, then declare it NOT NULL",
            Self::AddedDefault => "add the column, and set its default as a change of its own",
            Self::AddedGenerated => "add a plain column and fill it, or create the table anew",
            Self::ComputedDefault => "write CAST(… AS the column's type), or a plain value",
            Self::NumberDefault => "write it as an expression, such as 7 + 0 or CAST(7 AS INT)",
            Self::Generated => {
                "upgrade to Spark 4.2 with Delta Lake 4.4, or create the table on a target that is a folder or bucket"
            }
            Self::Identity => "upgrade to Spark 4.2 with Delta Lake 4.4",
            Self::Check => "write it without `->`, `::`, `r'…'` and the like, and with odd names in backticks",
            Self::Keys => "remove the key from the declaration of this target",
            Self::Tags => "remove the tags from the declaration of this target",
            Self::TagText => "give the tag another key or a shorter value",
        }
    }
}
