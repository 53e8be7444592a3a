//! Who may depend on whom: the arrows of ARCHITECTURE.md, as a table.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Violation;

/// A package of the workspace and what its library may be built from.
struct Allowed {
    package: &'static str,
    /// Packages of this workspace.
    ours: &'static [&'static str],
    /// Packages of others; `None` leaves it to review.
    others: Option<&'static [&'static str]>,
}

const SCHEMA: &str = "delta-engine-schema";
const JOBS: &str = "delta-engine-jobs";
const APPLICATION: &str = "delta-engine-application";
const RUNNER: &str = "delta-engine-runner";
const SQL: &str = "delta-engine-sql";
const DEFINITIONS: &str = "delta-engine-definitions";
const NATIVE: &str = "delta-engine-native";
const SPARK: &str = "delta-engine-spark";
const SPARK_PROTO: &str = "delta-engine-spark-proto";
const FACADE: &str = "delta-engine";

const TABLE: &[Allowed] = &[
    Allowed { package: SCHEMA, ours: &[], others: Some(&["sqlparser", "thiserror", "uuid"]) },
    Allowed { package: JOBS, ours: &[SCHEMA], others: Some(&["thiserror"]) },
    Allowed { package: APPLICATION, ours: &[SCHEMA], others: None },
    Allowed { package: RUNNER, ours: &[SCHEMA, JOBS, APPLICATION], others: None },
    Allowed { package: SQL, ours: &[SCHEMA], others: Some(&["sqlparser", "thiserror"]) },
    Allowed { package: DEFINITIONS, ours: &[SCHEMA, APPLICATION, SQL], others: None },
    Allowed { package: NATIVE, ours: &[SCHEMA, APPLICATION, SQL], others: None },
    Allowed { package: SPARK, ours: &[SCHEMA, APPLICATION, SQL, SPARK_PROTO], others: None },
    Allowed { package: SPARK_PROTO, ours: &[], others: Some(&["prost", "prost-types", "tonic", "tonic-prost"]) },
    Allowed {
        package: FACADE,
        ours: &[SCHEMA, JOBS, APPLICATION, RUNNER, SQL, DEFINITIONS, NATIVE, SPARK],
        others: Some(&["thiserror"]),
    },
    Allowed { package: "delta-engine-cli", ours: &[FACADE], others: None },
    Allowed { package: "delta-engine-testkit", ours: &[SCHEMA, APPLICATION, SQL, SPARK_PROTO], others: None },
    Allowed { package: "xtask", ours: &[SCHEMA], others: Some(&["serde_json", "tempfile"]) },
];

/// The package of scenarios over everything; nothing depends on it.
const ACCEPTANCE: &str = "delta-engine-acceptance";
/// The one package that may be built on delta-rs.
const DELTA_RS: (&str, &str) = ("deltalake", NATIVE);

pub(super) fn check(metadata: &Value) -> Vec<Violation> {
    let members = metadata["workspace_members"].as_array().cloned().unwrap_or_default();
    let packages = metadata["packages"].as_array().cloned().unwrap_or_default();
    let ours: BTreeMap<&str, &Value> = packages
        .iter()
        .filter(|package| members.contains(&package["id"]))
        .filter_map(|package| Some((package["name"].as_str()?, package)))
        .collect();
    let root = metadata["workspace_root"].as_str().unwrap_or_default();
    ours.iter().flat_map(|(name, package)| check_package(name, package, &ours, root)).collect()
}

fn check_package(name: &str, package: &Value, ours: &BTreeMap<&str, &Value>, root: &str) -> Vec<Violation> {
    let manifest = package["manifest_path"].as_str().unwrap_or_default();
    let manifest = manifest.strip_prefix(root).unwrap_or(manifest).trim_start_matches('/');
    if name == ACCEPTANCE {
        return Vec::new();
    }
    let Some(allowed) = TABLE.iter().find(|allowed| allowed.package == name) else {
        let message = format!(
            "`{name}` is not in the table of who may depend on whom; add it to xtask/src/tidy/dependencies.rs and to \
             ARCHITECTURE.md"
        );
        return vec![Violation::new(manifest, 1, message)];
    };
    let dependencies = package["dependencies"].as_array().map(Vec::as_slice).unwrap_or_default();
    dependencies.iter().filter_map(|dependency| refused(allowed, dependency, ours)).fold(Vec::new(), |mut all, why| {
        all.push(Violation::new(manifest, 1, why));
        all
    })
}

fn refused(allowed: &Allowed, dependency: &Value, ours: &BTreeMap<&str, &Value>) -> Option<String> {
    // What tests are built from binds nobody else.
    if !dependency["kind"].is_null() {
        return None;
    }
    let name = dependency["name"].as_str()?;
    let package = allowed.package;
    if name == DELTA_RS.0 && package != DELTA_RS.1 {
        return Some(format!(
            "`{package}` depends on `{name}`, which one crate alone compiles; go through `{}`",
            DELTA_RS.1
        ));
    }
    if ours.contains_key(name) {
        let why = "arrows point inwards (ARCHITECTURE.md)";
        return (!allowed.ours.contains(&name))
            .then(|| format!("`{package}` depends on `{name}`, and {why}; move what is shared to the inner crate"));
    }
    let others = allowed.others?;
    (!others.contains(&name)).then(|| {
        format!(
            "`{package}` depends on `{name}`, and it is built from {} alone; do without it, or argue for it in an ADR \
             and add it to xtask/src/tidy/dependencies.rs",
            others.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check_one(package: &str, dependency: &str, kind: Option<&str>) -> Vec<String> {
        let named = |name: &str| json!({ "id": name, "name": name, "manifest_path": format!("/w/{name}/Cargo.toml"), "dependencies": [] });
        let mut tested = named(package);
        tested["dependencies"] = json!([{ "name": dependency, "kind": kind }]);
        let metadata = json!({
            "workspace_root": "/w",
            "workspace_members": [package, NATIVE, SCHEMA],
            "packages": [tested, named(NATIVE), named(SCHEMA), named("serde")],
        });
        check(&metadata).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn arrows_point_inwards() {
        assert_eq!(check_one(APPLICATION, SCHEMA, None), [""; 0]);
        let outwards = check_one(APPLICATION, NATIVE, None);
        assert_eq!(
            outwards,
            [
                "delta-engine-application/Cargo.toml:1: `delta-engine-application` depends on `delta-engine-native`, and \
              arrows point inwards (ARCHITECTURE.md); move what is shared to the inner crate"
            ]
        );
        assert_eq!(check_one(APPLICATION, NATIVE, Some("dev")), [""; 0]);
    }

    #[test]
    fn the_domain_is_built_from_little() {
        assert_eq!(check_one(JOBS, "thiserror", None), [""; 0]);
        assert_eq!(check_one(JOBS, "serde", None).len(), 1);
        assert_eq!(check_one(APPLICATION, "deltalake", None).len(), 1);
        assert_eq!(check_one("unheard-of", "serde", None).len(), 1);
    }
}
