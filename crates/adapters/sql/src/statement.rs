//! A statement, and what is to be known of it.

use std::fmt;

/// One SQL statement; without text where Spark SQL has none for what is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    sql: Option<String>,
    remarks: Vec<Remark>,
}

/// Why OSS Spark does not simply run a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Remark {
    /// `${…}` in the text.
    Substitution,
    /// A feature that no statement sets by itself.
    ClusteringFeature,
    /// A move behind all siblings.
    MoveLast,
    /// A change of partitioning.
    Partitioning,
    /// A type that the model does not know.
    UnknownType,
    /// Text with a collation.
    Collation,
    /// NOT NULL of array elements or map values in a type.
    ElementNotNull,
    /// NOT NULL below an array or a map.
    NotNullInCollection,
    /// NOT NULL on a column that is there.
    SetNotNull,
    /// NOT NULL in a new column of an existing table.
    AddedNotNull,
    /// A generated or identity column for an existing table.
    AddedGenerated,
    /// An identity column.
    Identity,
    /// Clustering by columns the platform chooses.
    ClusterByAuto,
    /// Primary and foreign keys.
    Key,
    /// Tags.
    Tag,
}

impl Statement {
    pub(crate) fn new(sql: String) -> Self {
        // Spark puts settings and environment variables there before it parses, inside literals too (Spark
        // `VariableSubstitution`).
        let remarks = if sql.contains("${") { vec![Remark::Substitution] } else { Vec::new() };
        Self { sql: Some(sql), remarks }
    }

    pub(crate) fn none(remark: Remark) -> Self {
        Self { sql: None, remarks: vec![remark] }
    }

    pub(crate) fn remarked(mut self, remarks: impl IntoIterator<Item = Remark>) -> Self {
        self.remarks.extend(remarks);
        self.remarks.sort();
        self.remarks.dedup();
        self
    }

    /// The statement without a final semicolon; `None` where there is none to run.
    pub fn sql(&self) -> Option<&str> {
        self.sql.as_deref()
    }

    /// Why OSS Spark does not simply run it; empty where it does.
    pub fn remarks(&self) -> &[Remark] {
        &self.remarks
    }
}

/// The remarks as comment lines, then the statement without a final semicolon.
impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let comments = self.remarks.iter().map(|remark| format!("-- {remark}"));
        let lines: Vec<String> = comments.chain(self.sql.clone()).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Substitution => {
                "set spark.sql.variable.substitute to false first: Spark replaces ${...}, in literals too"
            }
            Self::ClusteringFeature => "CLUSTER BY enables this feature; no statement sets it by itself",
            Self::MoveLast => "Spark SQL moves a column FIRST or AFTER another, not to the end",
            Self::Partitioning => "no statement changes partitioning; it is given when the table is created",
            Self::UnknownType => "no statement: the type is not known to this program",
            Self::Collation => "taken by Databricks; OSS Delta has no collations",
            Self::ElementNotNull => "left out, Spark SQL can't say it: NOT NULL of array elements and map values",
            Self::NotNullInCollection => "taken by no Spark: NOT NULL inside arrays and maps",
            Self::SetNotNull => "taken by Databricks; OSS Spark can't set NOT NULL on a column that is there",
            Self::AddedNotNull => "taken by no Spark: a column is added nullable",
            Self::AddedGenerated => "taken by no Spark: a generated or identity column is created with its table",
            Self::Identity => "taken by Databricks, and by OSS Spark from Delta 4.4",
            Self::ClusterByAuto => "taken by Databricks; OSS Spark can't choose clustering columns",
            Self::Key => "taken by Databricks with Unity Catalog; OSS Spark has no keys on Delta tables",
            Self::Tag => "taken by Databricks with Unity Catalog; OSS Spark has no tags",
        })
    }
}
