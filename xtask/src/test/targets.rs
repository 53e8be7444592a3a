//! Which integration tests need a live server: told by the name of the target, so that nothing has to be listed.

use serde_json::Value;

use crate::run::{self, Outcome};

/// What the names of integration tests begin with that need a live server.
const LIVE: [&str; 2] = ["live", "backend"];

/// The integration tests of the workspace, by target.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Targets {
    /// Those that need nothing.
    pub(super) plain: Vec<String>,
    /// Those that need a live server.
    pub(super) live: Vec<String>,
}

impl Targets {
    pub(super) fn of_workspace() -> Outcome<Self> {
        Ok(Self::of(&run::metadata(["--no-deps"])?))
    }

    /// A target with features of its own has a command of its own.
    fn of(metadata: &Value) -> Self {
        let packages = metadata["packages"].as_array().into_iter().flatten();
        let targets = packages.flat_map(|package| package["targets"].as_array().into_iter().flatten());
        let is_test = |target: &&Value| target["kind"].as_array().is_some_and(|kinds| kinds.contains(&"test".into()));
        let is_default = |target: &&Value| target["required-features"].as_array().is_none_or(Vec::is_empty);
        let names = targets.filter(is_test).filter(is_default).filter_map(|target| target["name"].as_str());
        let mut names: Vec<String> = names.map(str::to_owned).collect();
        names.sort();
        names.dedup();
        let (live, plain) = names.into_iter().partition(|name| LIVE.iter().any(|prefix| name.starts_with(prefix)));
        Self { plain, live }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_name_of_a_target_says_what_it_needs() {
        let target = |name: &str, kind: &str, features: &[&str]| json!({ "name": name, "kind": [kind], "required-features": features });
        let one = [target("live_pairs", "test", &[]), target("it", "test", &[]), target("live", "lib", &[])];
        let other = [target("backend", "test", &[]), target("it", "test", &[]), target("stores", "test", &["stores"])];
        let targets = Targets::of(&json!({ "packages": [{ "targets": one }, { "targets": other }] }));
        assert_eq!(targets.plain, ["it"]);
        assert_eq!(targets.live, ["backend", "live_pairs"]);
    }
}
