//! How a table's files are laid out.

use std::fmt;

use super::{Identifier, Path};

/// Flat, partitioned or clustered: both at once cannot be written down.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Layout {
    /// Neither partitioned nor clustered.
    #[default]
    Flat,
    /// Partitioned by these columns, in this order.
    Partitioned(Vec<Identifier>),
    /// Clustered by these columns or nested fields; order means nothing.
    Clustered(Vec<Path>),
    /// Clustered by columns the platform chooses.
    ClusteredAuto,
}

impl Layout {
    /// The partition columns; none unless partitioned.
    pub fn partition_columns(&self) -> &[Identifier] {
        if let Self::Partitioned(columns) = self { columns } else { &[] }
    }

    /// The clustering paths; none unless clustered by name.
    pub fn clustering(&self) -> &[Path] {
        if let Self::Clustered(paths) = self { paths } else { &[] }
    }

    /// Whether both mean the same layout.
    pub fn same_layout(&self, other: &Self) -> bool {
        match self {
            Self::Clustered(paths) => {
                let sorted = |paths: &[Path]| {
                    let mut paths = paths.to_vec();
                    paths.sort();
                    paths
                };
                matches!(other, Self::Clustered(theirs) if sorted(paths) == sorted(theirs))
            }
            Self::Flat | Self::Partitioned(_) | Self::ClusteredAuto => self == other,
        }
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |names: Vec<String>| names.join(", ");
        match self {
            Self::Flat => f.write_str("flat"),
            Self::Partitioned(columns) => {
                write!(f, "partitioned by {}", list(columns.iter().map(Identifier::quoted_if_needed).collect()))
            }
            Self::Clustered(paths) => write!(f, "clustered by {}", list(paths.iter().map(Path::to_string).collect())),
            Self::ClusteredAuto => f.write_str("clustered automatically"),
        }
    }
}
