//! What definitions are read with: the values of variables, the target, and how names are completed.

use std::collections::BTreeMap;
use std::path::PathBuf;

use delta_engine_schema::model::{Identifier, TableName, nearest};

use crate::interpolate::Miss;

/// Values and names that definitions are read with; the default knows none.
#[derive(Debug, Clone, Default)]
pub struct Context {
    variables: BTreeMap<String, Result<String, Miss>>,
    target: BTreeMap<&'static str, Result<String, Miss>>,
    pub(crate) catalog: Option<Identifier>,
    pub(crate) catalogs: BTreeMap<Identifier, Identifier>,
    /// Where relative locations start, on targets that are folders.
    pub(crate) location_base: Option<PathBuf>,
}

impl Context {
    /// Sets a variable.
    #[must_use]
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), Ok(value.to_owned()));
        self
    }

    /// Sets the catalog of names that are written without one.
    #[must_use]
    pub fn catalog(mut self, name: &str) -> Self {
        self.catalog = Some(Identifier::new(name));
        self
    }

    /// Reads a written catalog as another, in references too.
    #[must_use]
    pub fn map_catalog(mut self, written: &str, meant: &str) -> Self {
        self.catalogs.insert(Identifier::new(written), Identifier::new(meant));
        self
    }

    pub(crate) fn set_variable(&mut self, name: &str, value: Result<String, Miss>) {
        self.variables.insert(name.to_owned(), value);
    }

    pub(crate) fn set_target(&mut self, fact: &'static str, value: Result<String, Miss>) {
        self.target.insert(fact, value);
    }

    /// What a reference in a definition stands for.
    pub(crate) fn lookup(&self, namespace: &str, name: &str) -> Result<String, Miss> {
        match namespace {
            "env" => Err(Miss::new(
                format!(
                    "`${{env.{name}}}` is read in the project file only, so that definitions are the same everywhere"
                ),
                format!(
                    "declare a variable in delta-engine.yml, variables: {{ {name}: {{ default: \"${{env.{name}}}\" }} }}, and write ${{var.{name}}} here"
                ),
            )),
            "target" => self.target.get(name).cloned().unwrap_or_else(|| Err(unknown_target_fact(name))),
            _ => self.variables.get(name).cloned().unwrap_or_else(|| Err(self.unknown_variable(name))),
        }
    }

    pub(crate) fn unknown_variable(&self, name: &str) -> Miss {
        unknown_variable(name, self.variables.keys())
    }

    /// A written name, completed and mapped; `schema` and `catalog` are the nearest defaults.
    pub(crate) fn complete(&self, written: &str, catalog: Option<&Identifier>, schema: Option<&Identifier>) -> String {
        let Ok(mut name) = written.parse::<TableName>() else { return written.to_owned() };
        if name.catalog.is_none() && catalog.is_some() {
            name = name.completed(catalog, schema);
        }
        if let Some(meant) = name.catalog.as_ref().and_then(|written| self.catalogs.get(written)) {
            name.catalog = Some(meant.clone());
        }
        name.completed(self.catalog.as_ref(), schema).to_string()
    }
}

/// The miss for a variable that has no value, with the nearest of those that have.
pub(crate) fn unknown_variable<'n>(name: &str, known: impl Iterator<Item = &'n String>) -> Miss {
    let known: Vec<&str> = known.map(String::as_str).collect();
    let guess = nearest(name, &known).map(|near| format!("; did you mean `${{var.{near}}}`?")).unwrap_or_default();
    Miss::new(
        format!("there is no variable `{name}`{guess}"),
        format!(
            "declare it in delta-engine.yml: variables: {{ {name}: {{ default: … }} }}; without a project file, pass --var {name}=…; for a plain `${{` write `$${{`"
        ),
    )
}

/// The miss for `${target.…}` with a name that no target has.
fn unknown_target_fact(name: &str) -> Miss {
    if matches!(name, "name" | "catalog" | "url") {
        return Miss::new(
            format!("`${{target.{name}}}` has no value: no target with a {name} is chosen"),
            format!("choose one with --target, and give it a {name} in delta-engine.yml"),
        );
    }
    Miss::new(
        format!("a target has no `{name}` to refer to"),
        "there are ${target.name}, ${target.catalog} and ${target.url}",
    )
}
