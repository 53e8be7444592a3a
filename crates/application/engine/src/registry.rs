//! All declarations of a run, checked together.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use delta_engine_schema::draft::Fault;
use delta_engine_schema::model::{DesiredTable, Identifier, Subject, TableName};

use crate::source::{Declaration, DeclarationFault, Location, Sources};

/// Tables that were declared and checked: names are unique ignoring case, and no two share their files.
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

/// Collects declarations; nothing is judged before `build`.
#[derive(Debug, Default)]
pub struct RegistryBuilder {
    declarations: Vec<Declaration>,
    faults: Vec<DeclarationFault>,
    schemas: Option<Vec<Identifier>>,
}

/// Every fault of a registry at once.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct DeclarationFaults(pub Vec<DeclarationFault>);

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
        self.declarations.push(table.into());
        self
    }

    /// Adds what some source declared.
    pub fn declarations(mut self, declarations: impl IntoIterator<Item = Declaration>) -> Self {
        self.declarations.extend(declarations);
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

    /// Checks everything.
    ///
    /// # Errors
    /// Every fault of every declaration, and those between declarations.
    pub fn build(self) -> Result<Registry, DeclarationFaults> {
        let Self { declarations, mut faults, schemas } = self;
        let mut tables: Vec<RegisteredTable> = Vec::with_capacity(declarations.len());
        for Declaration { draft, sources } in declarations {
            match draft.check() {
                Ok(desired) => tables.push(RegisteredTable { desired: Arc::new(desired), sources }),
                Err(found) => faults.extend(found.iter().map(|fault| placed(fault, &*sources))),
            }
        }
        faults.extend(duplicate_names(&tables));
        faults.extend(shared_locations(&tables));
        if let Some(schemas) = schemas {
            faults.extend(tables.iter().filter_map(|table| outside(table, &schemas)));
        }
        if !faults.is_empty() {
            return Err(DeclarationFaults(faults));
        }
        tables.sort_by(|left, right| left.desired.name.cmp(&right.desired.name));
        Ok(Registry { tables })
    }
}

fn placed(fault: &Fault, sources: &dyn Sources) -> DeclarationFault {
    DeclarationFault {
        code: fault.code(),
        message: fault.kind.to_string(),
        help: fault.help().map(str::to_owned),
        location: sources.locate(&fault.subject, fault.range()),
    }
}

fn duplicate_names(tables: &[RegisteredTable]) -> Vec<DeclarationFault> {
    let mut first: BTreeMap<&TableName, &RegisteredTable> = BTreeMap::new();
    let mut faults = Vec::new();
    for table in tables {
        if let Some(other) = first.get(&table.desired.name) {
            let message = format!("table `{}` is declared twice; names compare without case", table.desired.name);
            faults.push(between("DE118", message, table, other));
        } else {
            first.insert(&table.desired.name, table);
        }
    }
    faults
}

fn shared_locations(tables: &[RegisteredTable]) -> Vec<DeclarationFault> {
    let mut first: BTreeMap<&str, &RegisteredTable> = BTreeMap::new();
    let mut faults = Vec::new();
    for table in tables {
        let Some(location) = table.desired.location.as_deref().map(|location| location.trim_end_matches('/')) else {
            continue;
        };
        if let Some(other) = first.get(location) {
            let (name, theirs) = (&table.desired.name, &other.desired.name);
            faults.push(between(
                "DE119",
                format!("`{name}` and `{theirs}` are declared at one location; each table needs its own"),
                table,
                other,
            ));
        } else {
            first.insert(location, table);
        }
    }
    faults
}

fn between(code: &'static str, message: String, table: &RegisteredTable, other: &RegisteredTable) -> DeclarationFault {
    let place = |table: &RegisteredTable| table.sources.locate(&Subject::table(&table.desired.name), None);
    let help = place(other).map(|first: Location| format!("the other one is at {first}"));
    DeclarationFault { code, message, help, location: place(table) }
}

fn outside(table: &RegisteredTable, schemas: &[Identifier]) -> Option<DeclarationFault> {
    let name = &table.desired.name;
    if name.schema.as_ref().is_some_and(|schema| schemas.contains(schema)) {
        return None;
    }
    let allowed = schemas.iter().map(Identifier::as_str).collect::<Vec<_>>().join(", ");
    Some(DeclarationFault {
        code: "DE120",
        message: format!("table `{name}` is outside the schemas of this registry"),
        help: Some(format!("declare it in one of {allowed}")),
        location: table.sources.locate(&Subject::table(name), None),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
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
            Registry::new().table(table("a").location("/lake/x")).table(table("b").location("/lake/x/")),
            &["DE119 `b` and `a` are declared at one location; each table needs its own"],
        );
    }

    #[test]
    fn schemas_can_be_fenced() {
        check(
            Registry::new().table(table("gold.a")).only_schemas(["silver"]),
            &["DE120 table `gold.a` is outside the schemas of this registry"],
        );
    }
}
