//! The project file `delta-engine.yml`: where definitions are, which targets there are, what is allowed.
//!
//! Keeps values as written: references are filled in for the target that is used, so that a variable of the environment
//! that another target needs may be missing. Knows no rule by itself: `check_rules` is given their names.

mod read;
mod target;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use delta_engine_application::{DeclarationFault, Location};
use delta_engine_schema::Severity;
use delta_engine_schema::model::nearest;
use jiff::civil::Date;

use crate::fault::{FileFault, RULE, TARGET, UNREADABLE, file_fault, place_all};
use crate::files::unreadable;
use crate::text::{SourceText, Span};

pub(crate) use target::from_base;
pub use target::{Commits, ResolvedTarget, Secret, TargetSettings, Through, shown_url};

/// Name of the project file.
pub const PROJECT_FILE: &str = "delta-engine.yml";

/// A project file.
#[derive(Debug, Clone)]
pub struct Project {
    root: PathBuf,
    /// What stands before the names of files below the root so that they can be typed.
    prefix: PathBuf,
    source: SourceText,
    environment: BTreeMap<String, String>,
    definitions: Vec<String>,
    variables: BTreeMap<String, Option<Written>>,
    targets: Vec<TargetSettings>,
    rules: Vec<(RuleSetting, Span)>,
    permissions: Vec<(Permission, Span)>,
}

/// A text of the project file, its references not filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) text: String,
    pub(crate) span: Option<Span>,
}

/// How grave the findings of a rule are in this project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleSetting {
    /// The rule.
    pub rule: String,
    /// The severity of its findings; `None` switches it off.
    pub severity: Option<Severity>,
}

/// A permission for the findings of one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permission {
    /// The rule.
    pub rule: String,
    /// The object, with `*` for any part.
    pub on: String,
    /// The target it holds for; every one where there is none.
    pub target: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// The last day it holds.
    pub until: Option<Date>,
    /// Where it is written.
    pub location: Location,
}

impl Project {
    /// The project of a folder: the nearest `delta-engine.yml` in it or above it.
    ///
    /// # Errors
    /// Every fault of the file that was found.
    pub fn find(start: &Path) -> Result<Option<Self>, Vec<DeclarationFault>> {
        let start = std::path::absolute(start).unwrap_or_else(|_| start.to_owned());
        for (above, folder) in start.ancestors().enumerate() {
            let prefix: PathBuf = std::iter::repeat_n("..", above).collect();
            let file = folder.join(PROJECT_FILE);
            if file.is_file() {
                return Self::read_at(&file, prefix).map(Some);
            }
            if folder.join("delta-engine.yaml").is_file() {
                let name = prefix.join("delta-engine.yaml");
                let help = format!("rename it to {PROJECT_FILE}");
                let message = format!("is not read: the project file is called {PROJECT_FILE}");
                return Err(vec![file_fault(UNREADABLE, &name.to_string_lossy(), message, Some(help))]);
            }
        }
        Ok(None)
    }

    /// Reads a project file.
    ///
    /// # Errors
    /// Every fault of the file.
    pub fn read(file: &Path) -> Result<Self, Vec<DeclarationFault>> {
        let prefix = file.parent().unwrap_or(Path::new("")).to_owned();
        Self::read_at(file, prefix)
    }

    fn read_at(file: &Path, prefix: PathBuf) -> Result<Self, Vec<DeclarationFault>> {
        let shown = prefix.join(file.file_name().unwrap_or_default());
        let shown = shown.to_string_lossy();
        let bytes = fs::read(file).map_err(|error| vec![unreadable(&shown, &error)])?;
        let source = SourceText::decode(&shown, bytes).map_err(|fault| vec![*fault])?;
        let root = file.parent().unwrap_or(Path::new("")).to_owned();
        // Names and values that are not Unicode cannot be written in the file either.
        let environment =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Self::from_source(source, root, prefix, environment.collect())
    }

    /// Reads a project file from its text, with this environment; `root` is the folder where relative paths start.
    ///
    /// # Errors
    /// Every fault of the text.
    pub fn parse(
        file: &str,
        text: &str,
        root: &Path,
        environment: BTreeMap<String, String>,
    ) -> Result<Self, Vec<DeclarationFault>> {
        Self::from_source(SourceText::new(file, text), root.to_owned(), PathBuf::new(), environment)
    }

    fn from_source(
        source: SourceText,
        root: PathBuf,
        prefix: PathBuf,
        environment: BTreeMap<String, String>,
    ) -> Result<Self, Vec<DeclarationFault>> {
        let mut project = Self {
            root,
            prefix,
            source: source.clone(),
            environment,
            definitions: vec!["tables/**/*.yml".to_owned(), "tables/**/*.yaml".to_owned()],
            variables: BTreeMap::new(),
            targets: Vec::new(),
            rules: Vec::new(),
            permissions: Vec::new(),
        };
        let faults = read::fill(&mut project, &source);
        if faults.is_empty() { Ok(project) } else { Err(place_all(faults, &source)) }
    }

    /// The folder of the project file, where relative paths start.
    pub fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn prefix(&self) -> &Path {
        &self.prefix
    }

    /// The patterns of definitions.
    pub fn definitions(&self) -> &[String] {
        &self.definitions
    }

    /// The targets, in their order.
    pub fn targets(&self) -> &[TargetSettings] {
        &self.targets
    }

    /// The severities of rules.
    pub fn rules(&self) -> impl Iterator<Item = &RuleSetting> {
        self.rules.iter().map(|(setting, _)| setting)
    }

    /// The permissions.
    pub fn permissions(&self) -> impl Iterator<Item = &Permission> {
        self.permissions.iter().map(|(permission, _)| permission)
    }

    /// The target that is meant: by its name, by a URL, or the default one.
    ///
    /// # Errors
    /// The fault says which targets there are.
    pub fn target(&self, wanted: Option<&str>) -> Result<TargetSettings, Vec<DeclarationFault>> {
        let names: Vec<&str> = self.targets.iter().map(|target| target.name.as_str()).collect();
        let file = &self.source.name;
        let Some(wanted) = wanted else {
            let marked = self.targets.iter().find(|target| target.is_default);
            let only = self.targets.first().filter(|_| self.targets.len() == 1);
            return marked.or(only).cloned().ok_or_else(|| {
                let (message, help) = if names.is_empty() {
                    let help = "add targets: { dev: { url: ./lake, default: true } }, or pass --target with a URL";
                    ("declares no target".to_owned(), help.to_owned())
                } else {
                    let message = format!("declares {} targets, and none of them is the default", names.len());
                    (message, format!("pass --target {}, or write `default: true` on one of them", names.join("|")))
                };
                vec![file_fault(TARGET, file, message, Some(help))]
            });
        };
        if let Some(target) = self.targets.iter().find(|target| target.name == wanted) {
            return Ok(target.clone());
        }
        if wanted.contains("://") || wanted.contains(['/', '\\']) || wanted.starts_with('.') {
            return Ok(TargetSettings::of_url(wanted));
        }
        let guess = nearest(wanted, &names).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        let there = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        let help = format!("targets of {file}: {there}; a folder is written with its path, as in ./{wanted}");
        Err(vec![DeclarationFault {
            code: TARGET,
            message: format!("there is no target `{wanted}`{guess}"),
            help: Some(help),
            location: None,
        }])
    }

    /// The faults of rule names, given the names there are.
    pub fn check_rules(&self, known: &[&str]) -> Vec<DeclarationFault> {
        let settings = self.rules.iter().map(|(setting, span)| (&setting.rule, *span));
        let permissions = self.permissions.iter().map(|(permission, span)| (&permission.rule, *span));
        let unknown = settings.chain(permissions).filter(|(rule, _)| !known.contains(&rule.as_str()));
        let fault = |(rule, span): (&String, Span)| {
            let guess = nearest(rule, known).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            FileFault::new(RULE, span, format!("there is no rule `{rule}`{guess}"))
                .help("delta-engine explain lists the rules")
        };
        place_all(unknown.map(fault).collect(), &self.source)
    }
}
