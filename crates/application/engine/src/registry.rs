//! All declarations of a run, checked together.

pub(crate) mod between;

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use delta_engine_schema::model::{DesiredTable, Identifier, TableName};

use self::between::{duplicate_names, outside, shared_locations};
use crate::checked::{CheckedTable, Declared};
use crate::source::{Declaration, DeclarationFault, Sources};

/// Tables that were declared and checked: names are unique ignoring case, and no two share their files.
///
/// ```
/// use delta_engine_application::{Column, Registry, Table};
///
/// let table = |name: &str| Table::new(name).column(Column::new("id", "bigint"));
/// let registry = Registry::new().table(table("silver.orders")).table(table("silver.customers")).build().unwrap();
/// let names: Vec<String> = registry.tables().iter().map(|table| table.desired.name.to_string()).collect();
/// assert_eq!(names, ["silver.customers", "silver.orders"]);
///
/// // Every fault at once, each with its Rust line.
/// let faults = Registry::new()
///     .table(table("silver.orders"))
///     .table(table("SILVER.ORDERS"))
///     .table(table("gold.sales").clustered_by(["day"]))
///     .only_schemas(["silver"])
///     .build()
///     .unwrap_err();
/// let codes: Vec<&str> = faults.0.iter().map(|fault| fault.code).collect();
/// assert_eq!(codes, ["DE118", "DE120", "DE107"]);
/// assert!(faults.0.iter().all(|fault| fault.location.as_ref().is_some_and(|place| place.line > 0)));
/// ```
#[derive(Debug, Clone, Default)]
pub struct Registry {
    tables: Vec<RegisteredTable>,
}

/// One declared table.
#[derive(Debug, Clone)]
pub struct RegisteredTable {
    /// The declaration.
    pub desired: Arc<DesiredTable>,
    /// Where its parts stand.
    pub sources: Arc<dyn Sources>,
}

/// Collects declarations; each is judged by itself as it comes, and nothing is reported before `build`.
#[derive(Debug, Default)]
pub struct RegistryBuilder {
    tables: Vec<CheckedTable>,
    faults: Vec<DeclarationFault>,
    schemas: Option<Vec<Identifier>>,
}

/// Every fault of a registry at once, in the order of their files and lines.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct DeclarationFaults(pub Vec<DeclarationFault>);

impl DeclarationFaults {
    /// These faults by file and line, those without a place first; what is said of one place is said once.
    pub fn in_order(mut faults: Vec<DeclarationFault>) -> Self {
        let place = |fault: &DeclarationFault| {
            let location = fault.location.as_ref();
            location.map(|location| (PathBuf::from(&location.file), location.line, location.column))
        };
        faults.sort_by_cached_key(place);
        let mut said = BTreeSet::new();
        faults.retain(|fault| said.insert((place(fault), fault.code, fault.message.clone())));
        Self(faults)
    }
}

impl fmt::Display for DeclarationFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for fault in &self.0 {
            writeln!(f, "{fault}\n")?;
        }
        match self.0.len() {
            1 => f.write_str("1 fault in the definitions; nothing was read or changed"),
            count => write!(f, "{count} faults in the definitions; nothing was read or changed"),
        }
    }
}

impl Registry {
    /// Begins to collect declarations.
    #[expect(clippy::new_ret_no_self, reason = "a registry is only ever the checked result of its builder")]
    pub fn new() -> RegistryBuilder {
        RegistryBuilder::default()
    }

    /// The tables, sorted by name.
    pub fn tables(&self) -> &[RegisteredTable] {
        &self.tables
    }

    /// How many tables are declared.
    pub fn len(&self) -> usize {
        self.tables.len()
    }

    /// Whether no table is declared.
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }

    /// The tables that `keep` keeps.
    pub fn filtered(mut self, keep: impl Fn(&TableName) -> bool) -> Self {
        self.tables.retain(|table| keep(&table.desired.name));
        self
    }
}

impl RegistryBuilder {
    /// Adds a table declared in Rust.
    pub fn table(mut self, table: impl Into<Declaration>) -> Self {
        self.tables.push(table.into().check());
        self
    }

    /// Adds what some source declared.
    pub fn declarations(mut self, declarations: impl IntoIterator<Item = Declaration>) -> Self {
        self.tables.extend(declarations.into_iter().map(Declaration::check));
        self
    }

    /// Adds what some source declared, with the faults it found.
    pub fn declared(mut self, declared: Declared) -> Self {
        self.tables.extend(declared.tables);
        self.faults.extend(declared.faults);
        self
    }

    /// Adds faults that some source found before there was a declaration.
    pub fn faults(mut self, faults: impl IntoIterator<Item = DeclarationFault>) -> Self {
        self.faults.extend(faults);
        self
    }

    /// Only tables of these schemas may be declared.
    pub fn only_schemas<S: Into<String>>(mut self, schemas: impl IntoIterator<Item = S>) -> Self {
        self.schemas = Some(schemas.into_iter().map(|schema| Identifier::new(schema.into())).collect());
        self
    }

    /// Checks what is between the declarations, and reports everything.
    ///
    /// # Errors
    /// Every fault of every declaration, and those between declarations.
    pub fn build(self) -> Result<Registry, DeclarationFaults> {
        let Self { tables: checked, mut faults, schemas } = self;
        faults.extend(duplicate_names(&checked));
        faults.extend(shared_locations(&checked));
        if let Some(schemas) = schemas {
            faults.extend(checked.iter().filter_map(|table| outside(table, &schemas)));
        }
        let mut tables: Vec<RegisteredTable> = Vec::with_capacity(checked.len());
        let mut whole = true;
        for CheckedTable { outcome, sources } in checked {
            match outcome {
                Ok(desired) => tables.push(RegisteredTable { desired, sources }),
                Err(faulty) => {
                    // What is wrong with it may be among the faults of its source.
                    whole = false;
                    faults.extend(faulty.faults);
                }
            }
        }
        if !faults.is_empty() || !whole {
            return Err(DeclarationFaults::in_order(faults));
        }
        tables.sort_by(|left, right| left.desired.name.cmp(&right.desired.name));
        Ok(Registry { tables })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Location;
    use crate::declare::{Column, Table};

    fn table(name: &str) -> Table {
        Table::new(name).column(Column::new("id", "bigint"))
    }

    fn check(builder: RegistryBuilder, expected: &[&str]) {
        let faults = builder.build().err().map(|faults| faults.0).unwrap_or_default();
        let shown: Vec<String> = faults.iter().map(|fault| format!("{} {}", fault.code, fault.message)).collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn all_faults_come_together_and_point_at_rust_lines() {
        let builder =
            Registry::new().table(table("silver.a").column(Column::new("b", "bigit"))).table(Table::new("silver..x"));
        let faults = builder.build().unwrap_err().0;
        assert_eq!(faults.iter().map(|fault| fault.code).collect::<Vec<_>>(), ["DE105", "DE101", "DE102"]);
        let location = faults[0].location.clone().unwrap();
        assert!(location.file.ends_with("registry.rs") && location.line > 1, "{location}");
    }

    #[test]
    fn names_and_locations_are_unique() {
        check(
            Registry::new().table(table("silver.a")).table(table("Silver.A")),
            &["DE118 table `Silver.A` is declared twice; names compare without case"],
        );
        check(
            Registry::new().table(table("silver.a")).table(table("Spark_Catalog.silver.A")).table(table("uc.silver.a")),
            &[
                "DE118 table `Spark_Catalog.silver.A` is declared twice: `silver.a` is the same one, because `spark_catalog` is \
               meant where no catalog is named",
            ],
        );
        check(
            Registry::new().table(table("a").location("/lake/x")).table(table("b").location("/lake/x/")),
            &["DE119 `/lake/x` is the location of another table already; each table needs its own"],
        );
    }

    #[test]
    fn schemas_can_be_fenced() {
        check(
            Registry::new().table(table("gold.a")).only_schemas(["silver"]),
            &["DE120 table `gold.a` is outside the schemas of this registry"],
        );
    }

    #[test]
    fn tables_with_faults_of_their_own_are_held_against_each_other() {
        let wrong = |name: &str| table(name).column(Column::new("b", "bigit")).location("/lake/x");
        check(
            Registry::new().table(wrong("gold.a")).table(wrong("gold.A")).only_schemas(["silver"]),
            // All are declared on one line, and the type on a later one.
            &[
                "DE118 table `gold.A` is declared twice; names compare without case",
                "DE119 `/lake/x` is the location of another table already; each table needs its own",
                "DE120 table `gold.a` is outside the schemas of this registry",
                "DE120 table `gold.A` is outside the schemas of this registry",
                "DE105 there is no type `bigit`; did you mean `bigint`?",
            ],
        );
    }

    #[test]
    fn faults_come_by_file_and_line_and_each_once() {
        let at = |file: &str, line| {
            let location = Location { file: file.to_owned(), line, column: 1, length: 1, excerpt: None };
            DeclarationFault { code: "DE157", message: file.to_owned(), help: None, location: Some(location) }
        };
        let nowhere = DeclarationFault { code: "DE161", message: "no file".to_owned(), help: None, location: None };
        let faults = vec![at("b/a.yml", 1), at("a.yml", 10), at("a.yml", 9), nowhere, at("a.yml", 10), at("b.yml", 1)];
        let in_order = DeclarationFaults::in_order(faults).0;
        let shown: Vec<String> = in_order
            .iter()
            .map(|fault| fault.location.as_ref().map_or("nowhere".to_owned(), ToString::to_string))
            .collect();
        assert_eq!(shown, ["nowhere", "a.yml:9:1", "a.yml:10:1", "b/a.yml:1:1", "b.yml:1:1"]);
    }
}
