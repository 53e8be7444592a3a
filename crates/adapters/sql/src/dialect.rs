//! Whose SQL is spoken, and what its server can do: the one place that knows one server from another.
//!
//! Grades are those of docs/reference/platform.md.

use std::fmt;

use delta_engine_schema::model::{Feature, Identifier, TableName};

/// A kind of server. Everything else asks it what it can do, and never which one it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// OSS Spark with Delta Lake.
    Delta(SparkLine),
    /// Databricks with Unity Catalog, from runtime 16.4.
    Databricks,
    /// Sail.
    Sail,
}

/// A line of Spark, with the oldest Delta Lake that is released for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SparkLine {
    /// Spark 4.0, Delta Lake 4.0.
    V4_0,
    /// Spark 4.1, Delta Lake 4.1.
    V4_1,
    /// Spark 4.2, Delta Lake 4.4.
    V4_2,
}

/// Characters of a tag's key or value.
const LONGEST_TAG: usize = 256;
/// Characters of the name of a catalog, a schema or a table of Unity Catalog.
const LONGEST_NAME: usize = 255;

impl SparkLine {
    /// The newest line known here.
    pub const NEWEST: Self = Self::V4_2;

    /// The line of a version such as `4.1.0`. A newer one than is known here is taken for the newest; none is too old.
    pub fn of(version: &str) -> Option<Self> {
        let mut numbers = version.split(['.', '-']).map(|part| part.parse::<u32>().ok());
        match (numbers.next()??, numbers.next()??) {
            (..4, _) => None,
            (4, 0) => Some(Self::V4_0),
            (4, 1) => Some(Self::V4_1),
            (4.., _) => Some(Self::V4_2),
        }
    }

    /// Whether a version is of a line that came after the newest one known here.
    pub fn is_newer(version: &str) -> bool {
        let mut numbers = version.split(['.', '-']).map_while(|part| part.parse::<u32>().ok());
        (numbers.next(), numbers.next()) > (Some(4), Some(2))
    }
}

impl Dialect {
    /// Every dialect.
    pub const ALL: [Self; 5] = [
        Self::Delta(SparkLine::V4_0),
        Self::Delta(SparkLine::V4_1),
        Self::Delta(SparkLine::V4_2),
        Self::Databricks,
        Self::Sail,
    ];

    /// Who is meant, in words for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Delta(_) => "OSS Spark",
            Self::Databricks => "Databricks",
            Self::Sail => "Sail",
        }
    }

    /// Whether tables and columns have tags.
    pub fn keeps_tags(self) -> bool {
        self == Self::Databricks
    }

    /// Whether Delta tables have primary and foreign keys.
    pub fn keeps_keys(self) -> bool {
        // A syntax error on Spark 4.0, UNSUPPORTED_FEATURE.TABLE_OPERATION on 4.2 (measured).
        self == Self::Databricks
    }

    /// Whether catalogs have an information schema that tells of tags and keys, and tables describe themselves as JSON.
    pub fn has_information_schema(self) -> bool {
        // OSS Spark says `NOT_SUPPORTED_COMMAND_FOR_V2_TABLE` to the second (measured).
        self == Self::Databricks
    }

    /// What ALTER calls a streaming table.
    pub(crate) fn streaming_table(self) -> &'static str {
        // Measured by others on a warehouse, for tags and comments.
        if self == Self::Databricks { "STREAMING TABLE" } else { "TABLE" }
    }

    /// Whether a tag can have this key and value.
    pub(crate) fn takes_tag(self, key: &str, value: &str) -> bool {
        // Documented limits; a dotted key and a text of 300 characters were refused (measured by others on a warehouse).
        let fits = |text: &str| text.chars().count() <= LONGEST_TAG;
        let is_plain =
            |key: &str| !key.is_empty() && key.trim() == key && !key.contains(['.', ',', '-', '=', '/', ':']);
        self != Self::Databricks || (fits(key) && fits(value) && is_plain(key))
    }

    /// How many tags a table, or a column, can have; none where there is no such limit.
    pub fn most_tags(self) -> Option<usize> {
        // Documented.
        (self == Self::Databricks).then_some(50)
    }

    /// Whether text can have a collation.
    pub(crate) fn has_collations(self) -> bool {
        // DELTA_UNSUPPORTED_DATA_TYPES (measured).
        self == Self::Databricks
    }

    /// Whether the server chooses clustering columns by itself.
    pub(crate) fn clusters_by_itself(self) -> bool {
        self == Self::Databricks
    }

    /// Whether a column that is there can be made NOT NULL.
    pub(crate) fn sets_not_null(self) -> bool {
        // OSS Spark refuses it on an empty table too, without a SQLSTATE (measured).
        self == Self::Databricks
    }

    /// Whether SQL creates generated and identity columns.
    pub(crate) fn creates_computed_columns(self) -> bool {
        match self {
            // `SUPPORTS_CREATE_TABLE_WITH_GENERATED_COLUMNS` and `…_IDENTITY_COLUMNS` are Delta 4.4's (source of each tag;
            // UNSUPPORTED_FEATURE.TABLE_OPERATION measured on 4.0).
            Self::Delta(line) => line >= SparkLine::V4_2,
            Self::Databricks | Self::Sail => true,
        }
    }

    /// Whether one ALTER COLUMN takes several columns.
    pub(crate) fn alters_columns_together(self) -> bool {
        // SPARK-50883 (measured on 4.0 and 4.2); Databricks from runtime 16.3 on (docs).
        self != Self::Sail
    }

    /// Whether columns of a table that is there can be added, dropped, renamed, moved, commented and loosened.
    pub fn reshapes_tables(self) -> bool {
        self != Self::Sail
    }

    /// Whether tables are clustered by columns.
    pub(crate) fn clusters(self) -> bool {
        self != Self::Sail
    }

    /// Whether char and varchar keep their length.
    pub(crate) fn keeps_text_lengths(self) -> bool {
        // Sail stores both as string and forgets the length (measured).
        self != Self::Sail
    }

    /// Whether the char and varchar inside a column are kept as one type text, `struct<a:int,b:varchar(10)>`, names unquoted.
    pub(crate) fn keeps_nested_text_lengths_as_text(self) -> bool {
        // A name that needs quotes makes the table unreadable, and a change of the fields leaves the text behind (measured).
        matches!(self, Self::Delta(_))
    }

    /// Whether the list of columns with statistics loses its backticks when a column is dropped.
    pub(crate) fn drops_columns_from_statistics_unquoted(self) -> bool {
        // DELTA_COLUMN_NOT_FOUND_IN_SCHEMA at once, or NoSuchElementException at each insert (measured on 4.0 and 4.2).
        matches!(self, Self::Delta(_))
    }

    /// Whether it loses them when a column is renamed.
    pub(crate) fn renames_columns_of_statistics_unquoted(self) -> bool {
        // Measured on 4.0; 4.2 keeps them. 4.1 was not looked at.
        matches!(self, Self::Delta(line) if line < SparkLine::V4_2)
    }

    /// Whether CREATE TABLE takes a default that is computed in a wider type than the column's.
    pub(crate) fn narrows_computed_defaults(self) -> bool {
        // INVALID_DEFAULT_VALUE.DATA_TYPE for `1 + 1` in a smallint (measured on 4.0; 4.2 takes it). 4.1 was not looked at.
        !matches!(self, Self::Delta(line) if line < SparkLine::V4_2)
    }

    /// Whether a table can have this name.
    pub(crate) fn names(self, table: &TableName) -> bool {
        if self == Self::Databricks {
            // Documented limits of Unity Catalog.
            let is_allowed = |letter: char| !letter.is_ascii_control() && !['.', ' ', '/'].contains(&letter);
            let fits = |part: &Identifier| part.as_str().chars().count() <= LONGEST_NAME;
            return table.parts().all(|part| fits(part) && part.as_str().chars().all(is_allowed));
        }
        // INVALID_SCHEMA_OR_RELATION_NAME (measured); another catalog has rules of its own.
        let is_session = table.catalog.as_ref().is_none_or(|catalog| *catalog == Identifier::new("spark_catalog"));
        let is_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        let is_plain = |part: &Identifier| part.as_str().chars().all(is_word);
        !matches!(self, Self::Delta(_)) || !is_session || table.parts().all(is_plain)
    }

    /// Whether the server takes a property of this value.
    pub(crate) fn takes(self, key: &str, value: &str) -> bool {
        let Self::Delta(line) = self else { return true };
        let since = PROPERTIES.iter().find(|(known, _)| *known == key).map(|(_, since)| *since);
        since.is_none_or(|since| since.is_some_and(|since| line >= since))
            // DeltaConfigs.ISOLATION_LEVEL, "must be Serializable".
            && (key != "delta.isolationLevel" || value.eq_ignore_ascii_case("Serializable"))
    }

    /// Whether columns of a table that is there can be given ids and physical names.
    pub(crate) fn maps_existing_columns(self) -> bool {
        // Sail adds the feature and gives no ids (measured), after which the columns can't be found.
        self != Self::Sail
    }

    /// Whether ALTER COLUMN finds a column only by its exact spelling.
    pub(crate) fn minds_case_of_columns(self) -> bool {
        // "Missing column" (measured).
        self == Self::Sail
    }

    /// Whether a key finds its columns only by their exact spelling.
    pub(crate) fn minds_case_in_keys(self) -> bool {
        // Measured by others on a warehouse, for both sides of a foreign key.
        self == Self::Databricks
    }

    /// Whether a default brings the feature it needs along.
    pub(crate) fn defaults_bring_their_feature(self) -> bool {
        // Delta refuses (`WRONG_COLUMN_DEFAULTS_FOR_DELTA_FEATURE_NOT_ENABLED`), Sail adds it (measured).
        self == Self::Sail
    }

    /// Whether a check is kept as its tokens, cut by Delta's own grammar.
    pub(crate) fn keeps_tokens_of_checks(self) -> bool {
        // `DeltaSqlParser.buildCheckConstraintText` (measured). Sail writes the condition anew, Databricks is not known.
        matches!(self, Self::Delta(_))
    }

    /// Whether `${…}` is replaced before a statement is read, in literals too.
    pub fn substitutes_variables(self) -> bool {
        // Spark `VariableSubstitution`; Sail leaves it (measured).
        self != Self::Sail
    }

    /// Whether a `SHOW` or `DESCRIBE` that is sent as a command answers its rows.
    pub fn answers_commands_with_rows(self) -> bool {
        // Sail answers a relation, which has to be asked for its rows (measured).
        self != Self::Sail
    }

    /// Whether the server tells of a table by `DESCRIBE DETAIL`.
    pub fn describes_details(self) -> bool {
        // A syntax error on Sail (measured).
        self != Self::Sail
    }

    /// Whether commits carry the session's user metadata.
    pub fn keeps_user_metadata(self) -> bool {
        // Sail takes the setting and writes nothing (measured).
        self != Self::Sail
    }

    /// Whether a session keeps what it has seen of a table until it is told to refresh it.
    pub fn remembers_tables(self) -> bool {
        // Sail reads the log at each statement, knows no REFRESH TABLE, and keeps the columns of the registration (measured).
        self != Self::Sail
    }

    /// Whether a schema that is created without a place gives its tables one.
    pub fn gives_schemas_a_place(self) -> bool {
        // Sail's is a relative folder, which it then refuses for every table (measured).
        self != Self::Sail
    }

    /// Whether tables are found whatever the case of their names.
    pub fn finds_tables_in_any_case(self) -> bool {
        // Sail's catalog keeps `Upper` and `upper` apart (measured).
        self != Self::Sail
    }

    /// Whether a default that is a whole number is kept as text.
    pub(crate) fn keeps_numbers_as_text(self) -> bool {
        // Sail's ALTER COLUMN writes a JSON number, after which Spark can't read the table: ClassCastException (measured).
        self != Self::Sail
    }

    /// Whether the server has what came with a line of OSS Spark.
    fn has(self, since: SparkLine) -> bool {
        match self {
            Self::Delta(line) => line >= since,
            Self::Databricks => true,
            Self::Sail => false,
        }
    }

    /// Whether the server knows a feature well enough to be asked for it.
    pub(crate) fn knows(self, feature: &Feature) -> bool {
        if self == Self::Sail {
            return SAIL.contains(feature);
        }
        match feature {
            Feature::AppendOnly
            | Feature::Invariants
            | Feature::CheckConstraints
            | Feature::ChangeDataFeed
            | Feature::GeneratedColumns
            | Feature::ColumnMapping
            | Feature::IdentityColumns
            | Feature::TimestampNtz
            | Feature::VariantType
            | Feature::DeletionVectors
            | Feature::V2Checkpoint
            | Feature::TypeWidening
            | Feature::AllowColumnDefaults
            | Feature::DomainMetadata
            | Feature::Clustering
            | Feature::RowTracking
            | Feature::InCommitTimestamp
            | Feature::VacuumProtocolCheck
            | Feature::CheckpointProtection => true,
            Feature::MaterializePartitionColumns => self.has(SparkLine::V4_1),
            // Databricks names features before anybody else knows them.
            Feature::Other(name) => {
                self == Self::Databricks || OTHER.iter().any(|(other, since)| other == name && self.has(*since))
            }
        }
    }
}

/// Features that Sail takes; it refuses every other one (measured).
const SAIL: &[Feature] = &[
    Feature::AppendOnly,
    Feature::Invariants,
    Feature::CheckConstraints,
    Feature::GeneratedColumns,
    Feature::ColumnMapping,
    Feature::IdentityColumns,
    Feature::TimestampNtz,
    Feature::VariantType,
    Feature::DeletionVectors,
    Feature::V2Checkpoint,
    Feature::TypeWidening,
    Feature::AllowColumnDefaults,
    Feature::InCommitTimestamp,
];

/// Features of OSS Delta that the model does not name, and since when (source: `TableFeature.allSupportedFeaturesMap`).
const OTHER: &[(&str, SparkLine)] = &[
    ("catalogManaged", SparkLine::V4_1),
    ("coordinatedCommits-preview", SparkLine::V4_0),
    ("geospatial", SparkLine::V4_2),
    ("icebergCompatV1", SparkLine::V4_0),
    ("icebergCompatV2", SparkLine::V4_0),
    ("icebergCompatV3", SparkLine::V4_2),
    ("typeWidening-preview", SparkLine::V4_0),
    ("variantShredding", SparkLine::V4_1),
    ("variantShredding-preview", SparkLine::V4_0),
    ("variantType-preview", SparkLine::V4_0),
];

/// Properties of Delta that OSS Delta does not have, or not from the beginning (source: `DeltaConfig.scala` of each tag).
const PROPERTIES: &[(&str, Option<SparkLine>)] = &[
    ("delta.dataSkippingStringPrefixLength", Some(SparkLine::V4_1)),
    ("delta.enableIcebergCompatV3", Some(SparkLine::V4_2)),
    ("delta.enableMaterializePartitionColumnsFeature", Some(SparkLine::V4_1)),
    ("delta.parquet.compression.codec", None),
    ("delta.parquet.format.version", Some(SparkLine::V4_2)),
    ("delta.rowTrackingSuspended", Some(SparkLine::V4_1)),
    ("delta.targetFileSize", None),
    ("delta.tuneFileSizesForRewrites", None),
];

/// The name with the line of Spark.
impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Delta(SparkLine::V4_0) => f.write_str("OSS Spark 4.0"),
            Self::Delta(SparkLine::V4_1) => f.write_str("OSS Spark 4.1"),
            Self::Delta(SparkLine::V4_2) => f.write_str("OSS Spark 4.2"),
            Self::Databricks | Self::Sail => f.write_str(self.name()),
        }
    }
}
