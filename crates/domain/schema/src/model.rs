//! What a table is, on both sides: declared and observed.
//!
//! Owns names, types, expressions, properties, features and the two table values. Knows nothing of files, statements,
//! JSON or backends, and holds no source positions.

mod column;
mod configuration;
mod data_type;
mod expression;
mod feature;
mod identifier;
mod key;
mod layout;
mod metadata;
mod name;
mod path;
mod property;
mod scope;
mod spelling;
mod subject;
mod table;
mod tags;

pub use column::{Column, Identity};
pub use configuration::{check_of_key, read_configuration};
pub use data_type::{
    ArrayType, DataType, Decimal, Field, MAX_DECIMAL_PRECISION, MapType, TypeChange, TypeError, TypeErrorKind,
    classify_type_change,
};
pub use expression::{CONSTANT_WORDS, Expression, ExpressionError, ExpressionToken};
pub(crate) use feature::add_dependencies;
pub use feature::{Client, Feature, FeatureFacts, FeatureKind, required_features};
pub use identifier::Identifier;
pub use key::{ForeignKey, InboundKey, PrimaryKey};
pub use layout::Layout;
pub use metadata::{COLUMN_ID, MAX_COLUMN_ID, Metadata, PHYSICAL_NAME};
pub use name::{TableName, TableNameError, split_dotted, split_list};
pub use path::{Path, Step};
pub use property::{
    MappingMode, PropertyKind, STATISTICS_COLUMNS, canonical_key, canonical_value, feature_of_key, is_derived_property,
    is_true, known_property, parse_interval, same_value, suggest_property, value_fault,
};
pub use scope::Scope;
pub use spelling::nearest;
pub use subject::{Aspect, Subject};
pub use table::{DesiredTable, ObservedTable, RelationKind, Unknown, find_type, physical_column_name};
pub use tags::Tags;
