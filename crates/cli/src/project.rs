//! From the project file and the options to what a run needs: a target, declarations, a policy, an engine.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use delta_engine::definitions::{self, Context, Project, ResolvedTarget, TargetSettings};
use delta_engine::native::Lake;
use delta_engine::native::lake::{Commits, Template};
use delta_engine::port::with_causes;
use delta_engine::schema::model::TableName;
use delta_engine::schema::{Day, Severity, rules};
use delta_engine::wire::WireTarget;
use delta_engine::{
    CancellationToken, ConnectError, Declared, Engine, Permission, Policy, Registry, SERVER_SCHEME, ServerOptions,
    Through, connect_lake, connect_server,
};

use crate::args::Options;
use crate::error::{Trouble, did_you_mean};
use crate::progress;
use crate::selection::{Selection, may_concern, near, there_are};

/// Where a command is called: a project, where there is one, and the values that were typed.
pub(crate) struct Workspace {
    /// The project of this folder.
    pub(crate) project: Option<Project>,
    /// The variables that were typed.
    variables: BTreeMap<String, String>,
}

impl Workspace {
    /// Looks for the project here and above.
    pub(crate) fn open(options: &Options) -> Result<Self, Trouble> {
        let project = Project::find(Path::new("."))?;
        Ok(Self { project, variables: options.variables.iter().cloned().collect() })
    }

    /// The target that is meant, without its references filled in; none where there is nothing to choose from. Without a
    /// project the environment may name one.
    pub(crate) fn settings(&self, wanted: Option<&str>) -> Result<Option<TargetSettings>, Trouble> {
        match (&self.project, wanted) {
            (Some(project), _) => Ok(Some(project.target(wanted)?)),
            (None, None) => Ok(remote()),
            (None, Some(url)) if is_place(url) => Ok(Some(TargetSettings::of_url(url))),
            (None, Some(name)) => Err(Trouble::no_project(
                format!("there is no target `{name}`: there is no delta-engine.yml here or above"),
                format!("type `delta-engine init` to begin a project; a folder is written with its path, as ./{name}"),
            )),
        }
    }

    /// The target with its references filled in.
    pub(crate) fn resolve(&self, settings: &TargetSettings) -> Result<ResolvedTarget, Trouble> {
        match &self.project {
            Some(project) => Ok(project.resolve(settings, &self.variables)?),
            None => Ok(settings.as_typed()),
        }
    }

    /// The declarations of these paths, or of the project, for a target.
    pub(crate) fn declared(&self, settings: Option<&TargetSettings>, paths: &[PathBuf]) -> Declared {
        let typed = (!paths.is_empty()).then_some(paths);
        match (&self.project, settings) {
            (Some(project), Some(settings)) => definitions::load(project, settings, &self.variables, typed),
            _ => definitions::read_files(paths, Path::new(""), &self.context()),
        }
    }

    /// What definitions are read with for a target, or without one.
    pub(crate) fn context_of(&self, settings: Option<&TargetSettings>) -> Result<Context, Trouble> {
        match (&self.project, settings) {
            (Some(project), Some(settings)) => Ok(project.context(settings, &self.variables)?),
            _ => Ok(self.context()),
        }
    }

    fn context(&self) -> Context {
        self.variables.iter().fold(Context::default(), |context, (name, value)| context.variable(name, value))
    }

    /// The checked declarations, with every fault of project and definitions at once.
    pub(crate) fn registry(
        &self,
        settings: Option<&TargetSettings>,
        paths: &[PathBuf],
        selection: &Selection,
    ) -> Result<Registry, Trouble> {
        let names: Vec<&str> = rules::RULES.iter().map(|rule| rule.name).collect();
        let project = self.project.as_ref().map(|project| project.check_rules(&names)).unwrap_or_default();
        let builder = Registry::new().faults(project).declared(self.declared(settings, paths));
        let registry = builder.build().map_err(|faults| Trouble::faults(faults.0))?;
        let tables: Vec<&TableName> = registry.tables().iter().map(|table| &table.desired.name).collect();
        selection.check(&tables)?;
        Ok(registry.filtered(|name| selection.keeps(name)))
    }

    /// What is allowed in this run, and how grave findings are.
    pub(crate) fn policy(
        &self,
        options: &Options,
        target: Option<&ResolvedTarget>,
        registry: &Registry,
    ) -> Result<Policy, Trouble> {
        // The same day everywhere: a permission must not end earlier on a laptop than in CI. Asking for the local zone
        // would read the system's list of zones at every start, too.
        let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
        let mut policy = Policy { today: day(today), ..Policy::default() };
        if let Some(project) = &self.project {
            policy.severities = project.rules().map(|setting| (setting.rule.clone(), setting.severity)).collect();
            policy.permissions = project.permissions().map(permission).collect();
        }
        if let Some(target) = target {
            policy.target = Some(target.name.clone());
            policy.strict = target.strict;
        }
        let tables: Vec<&TableName> = registry.tables().iter().map(|table| &table.desired.name).collect();
        for text in &options.allow {
            policy.permissions.push(typed_permission(text, &policy, &tables)?);
        }
        Ok(policy)
    }
}

/// What a run is made of.
pub(crate) struct Run {
    /// The target.
    pub(crate) target: ResolvedTarget,
    /// The declarations.
    pub(crate) registry: Registry,
    /// What is allowed.
    pub(crate) policy: Policy,
}

impl Run {
    /// Reads everything a run needs, before anything is connected.
    pub(crate) fn read(options: &Options, paths: &[PathBuf]) -> Result<Self, Trouble> {
        let workspace = Workspace::open(options)?;
        if workspace.project.is_none() && paths.is_empty() {
            return Err(Trouble::no_project(NO_PROJECT, NO_PROJECT_HELP));
        }
        let Some(settings) = workspace.settings(options.target.as_deref())? else {
            return Err(Trouble::usage(
                "no target is named, and there is no delta-engine.yml here or above that has one",
                "add --target with a folder or URL, as --target ./lake, or name a server in SPARK_REMOTE",
            ));
        };
        let registry = workspace.registry(Some(&settings), paths, &Selection::read(options)?)?;
        let target = workspace.resolve(&settings)?;
        let policy = workspace.policy(options, Some(&target), &registry)?;
        Ok(Self { target, registry, policy })
    }

    /// The engine of the run.
    pub(crate) async fn engine(&self, options: &Options, stop: &CancellationToken) -> Result<Engine, Trouble> {
        Ok(equipped(connect(&self.target).await?, options, stop).with_policy(self.policy.clone()))
    }
}

/// The server that the environment names, as Spark's own clients take it.
fn remote() -> Option<TargetSettings> {
    let url = std::env::var(REMOTE_VARIABLE).ok()?;
    (!url.trim().is_empty()).then(|| TargetSettings::of_url(url.trim()))
}

/// The variable that names a server where neither a project nor --target does.
const REMOTE_VARIABLE: &str = "SPARK_REMOTE";

/// What is said where a project is needed.
pub(crate) const NO_PROJECT: &str = "there is no delta-engine.yml here or above";
/// The ways on from there.
pub(crate) const NO_PROJECT_HELP: &str =
    "type `delta-engine init` to begin, or name definitions and a target: delta-engine plan PATH --target URL";

/// The engine with what the options say of how to run.
pub(crate) fn equipped(engine: Engine, options: &Options, stop: &CancellationToken) -> Engine {
    let engine = engine.with_events(progress::events(options)).with_cancellation(stop.clone());
    match options.parallelism {
        Some(tables) => engine.with_parallelism(tables.into()),
        None => engine,
    }
}

/// The engine of a target.
pub(crate) async fn connect(target: &ResolvedTarget) -> Result<Engine, Trouble> {
    if target.url.starts_with(SERVER_SCHEME) {
        return Ok(connect_server(&target.url, server_options(target)).await?);
    }
    let options = target.storage.iter().map(|(option, value)| (option.clone(), value.reveal().to_owned())).collect();
    let lake = Lake::open(&target.url, options)
        .map_err(|source| ConnectError::Lake { url: target.shown_url.clone(), source })?;
    let lake = match target.commits.map(kept_apart) {
        None => lake,
        Some(commits) => lake.with_commits(commits).map_err(|error| {
            let help = error.help().unwrap_or_else(|| "see docs/how-to/buckets.md".to_owned());
            Trouble::no_project(format!("the target `{}`: {}", target.name, with_causes(&error)), &help)
        })?,
    };
    let lake = match &target.layout {
        None => lake,
        Some(layout) => lake.with_template(layout.parse::<Template>().map_err(|error| {
            let help = "a layout is written as {catalog}/{schema}/{table}";
            Trouble::no_project(format!("the layout of target `{}`: {}", target.name, with_causes(&error)), help)
        })?),
    };
    Ok(connect_lake(lake))
}

/// How the tables of a server are worked on.
fn server_options(target: &ResolvedTarget) -> ServerOptions {
    ServerOptions {
        token: target.token.as_ref().map(|token| token.reveal().to_owned()),
        observe: through(target.observe),
        execute: through(target.execute),
        storage: target.storage.iter().map(|(option, value)| (option.clone(), value.reveal().to_owned())).collect(),
        commits: target.commits.map(kept_apart),
    }
}

fn through(written: definitions::Through) -> Through {
    match written {
        definitions::Through::Server => Through::Server,
        definitions::Through::Native => Through::Native,
    }
}

/// How writers are kept apart, as the lake calls it.
fn kept_apart(written: definitions::Commits) -> Commits {
    match written {
        definitions::Commits::ConditionalPut => Commits::ConditionalPut,
        definitions::Commits::DynamoDb => Commits::DynamoDb,
        definitions::Commits::SingleWriter => Commits::SingleWriter,
    }
}

/// The target for JSON: without its secrets.
pub(crate) fn wire_target(target: &ResolvedTarget) -> WireTarget {
    WireTarget { name: target_name(target).map(str::to_owned), url: target.shown_url.clone() }
}

/// The name of a target, where it has one of its own.
pub(crate) fn target_name(target: &ResolvedTarget) -> Option<&str> {
    (target.name != target.shown_url).then_some(target.name.as_str())
}

/// Whether a text is a path or URL rather than a name.
fn is_place(text: &str) -> bool {
    text.contains("://") || text.contains(['/', '\\']) || text.starts_with('.')
}

fn day(date: jiff::civil::Date) -> Day {
    Day { year: date.year(), month: date.month().unsigned_abs(), day: date.day().unsigned_abs() }
}

fn permission(written: &definitions::Permission) -> Permission {
    Permission {
        rule: written.rule.clone(),
        object: written.on.clone(),
        target: written.target.clone(),
        reason: written.reason.clone(),
        until: written.until.map(day),
    }
}

fn typed_permission(text: &str, policy: &Policy, tables: &[&TableName]) -> Result<Permission, Trouble> {
    let permission: Permission = text.parse().map_err(|error: delta_engine::schema::PermissionError| {
        Trouble::usage(format!("--allow: {error}"), "the lines under a refused change say what to type")
    })?;
    let names: Vec<&str> = rules::RULES.iter().map(|rule| rule.name).collect();
    let Some(rule) = rules::find_rule(&permission.rule).filter(|rule| rule.name == permission.rule) else {
        let message =
            format!("--allow: there is no rule `{}`{}", permission.rule, did_you_mean(&permission.rule, &names));
        return Err(Trouble::usage(message, "`delta-engine explain` lists the rules"));
    };
    if policy.severity(rule) != Some(Severity::Hazard) {
        let word = policy.severity(rule).map_or("off".to_owned(), |severity| format!("a {severity}"));
        let message = format!("--allow: {} is {word}, and only hazards can be allowed", rule.name);
        return Err(Trouble::usage(message, format!("`delta-engine explain {}` says what to do instead", rule.name)));
    }
    for table in tables {
        if may_concern(&permission.object, table)? {
            return Ok(permission);
        }
    }
    let object = &permission.object;
    let near = near(object, tables);
    Err(Trouble::usage(format!("--allow: `{object}` is no table or column of this run{near}"), there_are(tables)))
}
