//! Targets: as written, and with everything filled in.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use delta_engine_application::DeclarationFault;
use delta_engine_schema::model::{Identifier, nearest};

use super::{Project, Written};
use crate::context::{Context, unknown_variable};
use crate::fault::{FileFault, MISSING_KEY, VALUE, VARIABLE, place_all};
use crate::interpolate::{Miss, interpolate};

/// A target as the project file or the command line names it.
#[derive(Debug, Clone)]
pub struct TargetSettings {
    pub(crate) name: String,
    pub(crate) url: Written,
    pub(crate) is_default: bool,
    pub(crate) catalog: Option<Written>,
    pub(crate) catalogs: Vec<(String, Written)>,
    pub(crate) variables: Vec<(String, Written)>,
    pub(crate) token: Option<Written>,
    pub(crate) layout: Option<Written>,
    pub(crate) observe: Through,
    pub(crate) execute: Through,
    pub(crate) commits: Option<Commits>,
    pub(crate) storage: Vec<(String, Written)>,
    pub(crate) strict: bool,
    /// Where a relative url starts; none where it was typed.
    pub(crate) base: Option<PathBuf>,
}

/// How two writers of a table on an object store are kept apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Commits {
    /// The store refuses to put what is there already.
    ConditionalPut,
    /// A lock in DynamoDB.
    DynamoDb,
    /// Nobody else writes.
    SingleWriter,
}

/// Through what the tables of a server are read or changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Through {
    /// The server.
    #[default]
    Server,
    /// Their Delta logs, reached from here.
    Native,
}

/// A text that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// A target with its references filled in.
#[derive(Clone, PartialEq, Eq)]
pub struct ResolvedTarget {
    /// Its name, or its URL where it was typed.
    pub name: String,
    /// Where it is; may hold what the environment keeps secret, and is not for the screen.
    pub url: String,
    /// Where it is as written, for the screen.
    pub shown_url: String,
    /// Catalog of names without one.
    pub catalog: Option<String>,
    /// Token of the connection.
    pub token: Option<Secret>,
    /// Where a table's folder is below the url.
    pub layout: Option<String>,
    /// What the tables of a server are read through.
    pub observe: Through,
    /// What the tables of a server are changed through.
    pub execute: Through,
    /// How writers are kept apart, where it is said.
    pub commits: Option<Commits>,
    /// Options of the object store.
    pub storage: BTreeMap<String, Secret>,
    /// Whether what the target cannot store is refused.
    pub strict: bool,
}

impl Commits {
    /// Every way.
    pub const ALL: [Self; 3] = [Self::ConditionalPut, Self::DynamoDb, Self::SingleWriter];

    /// The word in the project file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ConditionalPut => "conditional-put",
            Self::DynamoDb => "dynamodb",
            Self::SingleWriter => "single-writer",
        }
    }
}

impl Through {
    /// Every way.
    pub const ALL: [Self; 2] = [Self::Server, Self::Native];

    /// The word in the project file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Native => "native",
        }
    }
}

impl Secret {
    /// The text, for the connection alone.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Debug for ResolvedTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResolvedTarget")
            .field("name", &self.name)
            .field("url", &self.shown_url)
            .field("catalog", &self.catalog)
            .field("token", &self.token)
            .field("layout", &self.layout)
            .field("observe", &self.observe)
            .field("execute", &self.execute)
            .field("commits", &self.commits)
            .field("storage", &self.storage)
            .field("strict", &self.strict)
            .finish()
    }
}

impl TargetSettings {
    /// A target that is nothing but a URL or a folder. What stands behind the host of a server may be secret, and is no part
    /// of its name.
    pub fn of_url(url: &str) -> Self {
        Self {
            name: shown_url(url).to_owned(),
            url: Written { text: url.to_owned(), span: None },
            is_default: false,
            catalog: None,
            catalogs: Vec::new(),
            variables: Vec::new(),
            token: None,
            layout: None,
            observe: Through::Server,
            execute: Through::Server,
            commits: None,
            storage: Vec::new(),
            strict: false,
            base: None,
        }
    }

    /// Its name, or its URL where it was typed.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its URL as written: references are not filled in.
    pub fn url(&self) -> &str {
        &self.url.text
    }

    /// Its URL for the screen: as written in a project file, where no secret stands; without parameters where it was typed.
    fn shown_url(&self) -> &str {
        if self.base.is_some() { &self.url.text } else { shown_url(&self.url.text) }
    }

    /// Whether it is meant where no target is named.
    pub fn is_default(&self) -> bool {
        self.is_default
    }

    /// The target without a project: nothing refers to anything.
    pub fn as_typed(&self) -> ResolvedTarget {
        ResolvedTarget {
            name: self.name.clone(),
            url: self.url.text.clone(),
            shown_url: self.shown_url().to_owned(),
            catalog: None,
            token: None,
            layout: None,
            observe: Through::Server,
            execute: Through::Server,
            commits: None,
            storage: BTreeMap::new(),
            strict: false,
        }
    }
}

impl Project {
    /// Fills in what a target refers to.
    ///
    /// # Errors
    /// Every reference without a value, and every variable in `variables` that the project does not declare.
    pub fn resolve(
        &self,
        target: &TargetSettings,
        variables: &BTreeMap<String, String>,
    ) -> Result<ResolvedTarget, Vec<DeclarationFault>> {
        let mut faults = Vec::new();
        let mut fill = |written: &Written| {
            self.fill(written, target, variables).unwrap_or_else(|missed| {
                faults.extend(missed);
                String::new()
            })
        };
        let url = fill(&target.url);
        let catalog = target.catalog.as_ref().map(&mut fill);
        let token = target.token.as_ref().map(&mut fill).map(Secret);
        let layout = target.layout.as_ref().map(&mut fill);
        let storage = target.storage.iter().map(|(option, value)| (option.clone(), Secret(fill(value)))).collect();
        if target.base.is_some() {
            faults.extend(unstated_commits(target, &url));
            faults.extend(misplaced_ways(target, &url));
        }
        let mut faults = place_all(faults, &self.source);
        faults.extend(self.undeclared(variables));
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(ResolvedTarget {
            name: target.name.clone(),
            url: from_base(&url, target.base.as_deref()),
            shown_url: target.shown_url().to_owned(),
            catalog,
            token,
            layout,
            observe: target.observe,
            execute: target.execute,
            commits: target.commits,
            storage,
            strict: target.strict,
        })
    }

    /// What definitions are read with for a target.
    ///
    /// Values that cannot be filled in are faults only where a definition uses them.
    ///
    /// # Errors
    /// A catalog that cannot be filled in, and every variable in `variables` that the project does not declare.
    pub fn context(
        &self,
        target: &TargetSettings,
        variables: &BTreeMap<String, String>,
    ) -> Result<Context, Vec<DeclarationFault>> {
        let mut faults = self.undeclared(variables);
        let mut context = Context::default();
        for name in self.variables.keys() {
            if let Some(value) = self.variable(name, target, variables) {
                context.set_variable(name, value);
            }
        }
        context.set_target("name", Ok(target.name.clone()));
        context.set_target(
            "url",
            self.fill(&target.url, target, variables).map_err(|missed| first(missed, "the target's url")),
        );
        let mut fill = |written: &Written| {
            self.fill(written, target, variables).map_err(|missed| faults.extend(place_all(missed, &self.source))).ok()
        };
        if let Some(catalog) = target.catalog.as_ref().and_then(&mut fill) {
            context.set_target("catalog", Ok(catalog.clone()));
            context.catalog = Some(Identifier::new(catalog));
        }
        for (from, to) in &target.catalogs {
            if let Some(to) = fill(to) {
                context.catalogs.insert(Identifier::new(from.as_str()), Identifier::new(to));
            }
        }
        if let Ok(url) = self.fill(&target.url, target, variables) {
            context.location_base = target.base.clone().filter(|_| !url.contains("://"));
        }
        if faults.is_empty() { Ok(context) } else { Err(faults) }
    }

    /// The value of a variable: typed, of the target, or its default. `None` where nothing declares it.
    fn variable(
        &self,
        name: &str,
        target: &TargetSettings,
        typed: &BTreeMap<String, String>,
    ) -> Option<Result<String, Miss>> {
        if let Some(value) = typed.get(name) {
            return Some(Ok(value.clone()));
        }
        let of_target = target.variables.iter().find(|(there, _)| there == name).map(|(_, value)| value);
        let declared = self.variables.get(name)?;
        let Some(written) = of_target.or(declared.as_ref()) else {
            let message = format!("the variable `{name}` has no value on this target");
            let help =
                format!("give it one: `default` in delta-engine.yml, `variables` of the target, or --var {name}=…");
            return Some(Err(Miss::new(message, help)));
        };
        let filled = interpolate(&written.text, &|namespace, inner| match namespace {
            "var" => Err(Miss::new(
                format!(
                    "the value of `{name}` refers to the variable `{inner}`, and variables do not refer to each other"
                ),
                "use ${env.…} or ${target.name}, or write the value out",
            )),
            _ => self.lookup(namespace, inner, target, typed),
        });
        Some(filled.map(Into::into).map_err(|mut missed| missed.swap_remove(0).1))
    }

    fn lookup(
        &self,
        namespace: &str,
        name: &str,
        target: &TargetSettings,
        typed: &BTreeMap<String, String>,
    ) -> Result<String, Miss> {
        match namespace {
            "env" => self.environment.get(name).cloned().ok_or_else(|| {
                let known: Vec<&str> = self.environment.keys().map(String::as_str).collect();
                let guess = nearest(name, &known).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
                Miss::new(
                    format!("the environment has no variable `{name}`{guess}"),
                    format!("set it before the call: export {name}=…"),
                )
            }),
            "var" => {
                self.variable(name, target, typed).unwrap_or_else(|| Err(unknown_variable(name, self.variables.keys())))
            }
            _ if name == "name" => Ok(target.name.clone()),
            _ => Err(Miss::new(
                format!("`${{target.{name}}}` has no value in the project file, which says what a target is"),
                "${target.name} may stand here; write anything else out",
            )),
        }
    }

    fn fill(
        &self,
        written: &Written,
        target: &TargetSettings,
        typed: &BTreeMap<String, String>,
    ) -> Result<String, Vec<FileFault>> {
        let filled = interpolate(&written.text, &|namespace, name| self.lookup(namespace, name, target, typed));
        filled.map(Into::into).map_err(|missed| {
            let fault = |(range, miss): (std::ops::Range<usize>, Miss)| {
                let fault = match written.span {
                    Some(span) => {
                        let span = self.source.narrowed(span, &written.text, range).unwrap_or(span);
                        FileFault::new(VARIABLE, span, miss.message)
                    }
                    None => FileFault::unplaced(VARIABLE, miss.message),
                };
                fault.help(miss.help)
            };
            missed.into_iter().map(fault).collect()
        })
    }

    /// Typed variables that nothing declares.
    fn undeclared(&self, typed: &BTreeMap<String, String>) -> Vec<DeclarationFault> {
        let names: Vec<&str> = self.variables.keys().map(String::as_str).collect();
        let fault = |name: &String| {
            let guess = nearest(name, &names).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            DeclarationFault {
                code: VARIABLE,
                message: format!("--var sets `{name}`, and the project has no such variable{guess}"),
                help: Some(format!("declare it in {}: variables: {{ {name}: {{}} }}", self.source.name)),
                location: None,
            }
        };
        typed.keys().filter(|name| !names.contains(&name.as_str())).map(fault).collect()
    }
}

/// What a target on `s3://` must say: nothing there keeps writers apart by itself.
pub(super) fn unstated_commits(target: &TargetSettings, url: &str) -> Option<FileFault> {
    let is_bare_store = url.starts_with("s3://") || url.starts_with("s3a://");
    if !is_bare_store || target.commits.is_some() {
        return None;
    }
    let message = format!("the target `{}` is on s3:// and does not say how two writers are kept apart", target.name);
    let help = "write commits: conditional-put where every writer writes a version only if it is not there yet, or commits: single-writer where nobody else writes";
    let fault = match target.url.span {
        Some(span) => FileFault::new(MISSING_KEY, span, message),
        None => FileFault::unplaced(MISSING_KEY, message),
    };
    Some(fault.help(help))
}

/// A folder or bucket is worked on natively anyway.
pub(super) fn misplaced_ways(target: &TargetSettings, url: &str) -> Option<FileFault> {
    let key = match (target.observe, target.execute) {
        (_, Through::Native) => "execute: native",
        (Through::Native, _) => "observe: native",
        (Through::Server, Through::Server) => return None,
    };
    if url.starts_with("sc://") {
        return None;
    }
    let message = format!("`{key}` is for the tables of a server, and the target `{}` is on none", target.name);
    let help =
        format!("remove `{key}`: a folder or bucket is worked on natively anyway; a server's url begins with sc://");
    let fault = match target.url.span {
        Some(span) => FileFault::new(VALUE, span, message),
        None => FileFault::unplaced(VALUE, message),
    };
    Some(fault.help(help))
}

/// A URL without what may be secret: of a server, host and port alone.
pub fn shown_url(url: &str) -> &str {
    let Some(rest) = url.strip_prefix("sc://") else { return url };
    let authority = rest.split(['/', ';', '?', '#']).next().unwrap_or_default();
    // A name and a password may stand before an `@`, which no server is reached by.
    if authority.contains('@') { "sc://…" } else { &url[.."sc://".len() + authority.len()] }
}

fn first(missed: Vec<FileFault>, what: &str) -> Miss {
    let (message, help) = missed.into_iter().next().map(FileFault::into_words).unwrap_or_default();
    Miss::new(format!("{what} cannot be filled in: {message}"), help.unwrap_or_default())
}

/// A relative path from the folder of the project file; URLs and absolute paths stay.
pub(crate) fn from_base(url: &str, base: Option<&Path>) -> String {
    let Some(base) = base.filter(|_| !url.contains("://") && !url.is_empty()) else { return url.to_owned() };
    let path = Path::new(url);
    let path = path.strip_prefix(".").unwrap_or(path);
    base.join(path).to_string_lossy().into_owned()
}
