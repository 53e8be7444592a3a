//! Declarations judged one by one, as they come: a table, or its faults in their places.
//!
//! A draft is dropped once it is judged, so that many declarations cost no more than their tables. What is wrong between
//! declarations is the registry's to find.

use std::sync::Arc;

use delta_engine_schema::model::{DesiredTable, TableName};

use crate::source::{Declaration, DeclarationFault, Sources};

/// A declaration that was judged by itself.
#[derive(Debug, Clone)]
pub struct CheckedTable {
    pub(crate) outcome: Result<Arc<DesiredTable>, Box<FaultyTable>>,
    pub(crate) sources: Arc<dyn Sources>,
}

/// What is known of a table that has faults: what other tables are held against.
#[derive(Debug, Clone)]
pub(crate) struct FaultyTable {
    name: Option<TableName>,
    location: Option<String>,
    pub(crate) faults: Vec<DeclarationFault>,
}

/// What some source declared: its tables, and what is wrong with the rest.
#[derive(Debug, Clone, Default)]
pub struct Declared {
    /// The tables, those with faults too.
    pub tables: Vec<CheckedTable>,
    /// Faults that were found before there was a table.
    pub faults: Vec<DeclarationFault>,
}

impl Declaration {
    /// Judges the declaration by itself; the faults are in what `Registry::build` reports.
    pub fn check(self) -> CheckedTable {
        let Self { draft, sources } = self;
        let (name, location) = (draft.table_name(), draft.location.clone());
        let outcome = draft.check().map(Arc::new).map_err(|faults| {
            let faults = DeclarationFault::placed(&faults, &*sources);
            Box::new(FaultyTable { name, location, faults })
        });
        CheckedTable { outcome, sources }
    }
}

impl CheckedTable {
    /// The table's name, where it could be read.
    pub fn name(&self) -> Option<&TableName> {
        match &self.outcome {
            Ok(desired) => Some(&desired.name),
            Err(faulty) => faulty.name.as_ref(),
        }
    }

    /// Where the files of the table are, where that is declared.
    pub fn location(&self) -> Option<&str> {
        match &self.outcome {
            Ok(desired) => desired.location.as_deref(),
            Err(faulty) => faulty.location.as_deref(),
        }
    }

    /// The table, where it has no fault of its own.
    pub fn table(&self) -> Option<&DesiredTable> {
        self.outcome.as_deref().ok()
    }

    /// The faults of the table by itself.
    pub fn faults(&self) -> &[DeclarationFault] {
        self.outcome.as_ref().err().map(|faulty| faulty.faults.as_slice()).unwrap_or_default()
    }
}

impl Declared {
    /// Adds what another source declared.
    pub fn append(&mut self, other: Self) {
        self.tables.extend(other.tables);
        self.faults.extend(other.faults);
    }
}

impl FromIterator<Declaration> for Declared {
    fn from_iter<I: IntoIterator<Item = Declaration>>(declarations: I) -> Self {
        let mut tables: Vec<CheckedTable> = declarations.into_iter().map(Declaration::check).collect();
        // `collect` may keep the room that the drafts took.
        tables.shrink_to_fit();
        Self { tables, faults: Vec::new() }
    }
}

impl From<Vec<DeclarationFault>> for Declared {
    fn from(faults: Vec<DeclarationFault>) -> Self {
        Self { tables: Vec::new(), faults }
    }
}
