//! Types by their SQL names, for declarations in Rust. Types with parts are written as text: `"decimal(12,2)"`,
//! `"struct<street: string, zip: string>"`.
//!
//! ```
//! use delta_engine::prelude::*;
//!
//! let table = Table::new("t").column(Column::new("id", BIGINT)).column(Column::new("day", DATE));
//! let registry = Registry::new().table(table).build().unwrap();
//! assert_eq!(registry.tables()[0].desired.columns[1].data_type().to_string(), "date");
//! ```

use delta_engine_schema::model::DataType;

/// 8-bit integer.
pub const TINYINT: DataType = DataType::Byte;
/// 16-bit integer.
pub const SMALLINT: DataType = DataType::Short;
/// 32-bit integer.
pub const INT: DataType = DataType::Integer;
/// 64-bit integer.
pub const BIGINT: DataType = DataType::Long;
/// 32-bit float.
pub const FLOAT: DataType = DataType::Float;
/// 64-bit float.
pub const DOUBLE: DataType = DataType::Double;
/// Text.
pub const STRING: DataType = DataType::STRING;
/// True or false.
pub const BOOLEAN: DataType = DataType::Boolean;
/// Bytes.
pub const BINARY: DataType = DataType::Binary;
/// A calendar day.
pub const DATE: DataType = DataType::Date;
/// A point in time.
pub const TIMESTAMP: DataType = DataType::Timestamp;
/// A wall-clock time without zone.
pub const TIMESTAMP_NTZ: DataType = DataType::TimestampNtz;
/// Semi-structured data.
pub const VARIANT: DataType = DataType::Variant;
