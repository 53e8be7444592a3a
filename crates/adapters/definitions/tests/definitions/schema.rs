//! The JSON Schemas as an editor uses them: right files fit, and what an editor can see of wrong ones does not.

use std::fs;
use std::path::Path;

use delta_engine_definitions::schema::{definitions_schema, project_schema};
use serde_json::Value;

use super::support::cases;

/// The file read by a parser of others, as an editor would; nothing where it is no YAML at all.
fn read(file: &Path) -> Option<Value> {
    serde_yaml_ng::from_slice(&fs::read(file).expect("a readable file")).ok()
}

fn complaints(schema: &Value, file: &Value) -> Vec<String> {
    let validator = jsonschema::validator_for(schema).expect("a schema");
    validator.iter_errors(file).map(|error| format!("{}: {error}", error.instance_path)).collect()
}

#[test]
fn right_files_fit() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let demo = |file: &str| root.join("xtask/demo").join(file);
    let definitions = [
        cases("valid"),
        ["v1", "v2"]
            .iter()
            .flat_map(|v| ["bronze", "silver", "gold"].map(|file| demo(&format!("{v}/tables/{file}.yml"))))
            .collect(),
        vec![root.join("docs/scenarios/orders/tables/orders.yml")],
    ];
    for file in definitions.concat() {
        let value = read(&file).expect("YAML");
        assert_eq!(complaints(&definitions_schema(), &value), Vec::<String>::new(), "{}", file.display());
    }
    for file in [demo("delta-engine.yml"), root.join("docs/scenarios/orders/delta-engine.yml")] {
        let value = read(&file).expect("YAML");
        assert_eq!(complaints(&project_schema(), &value), Vec::<String>::new(), "{}", file.display());
    }
}

/// What hangs on a value elsewhere: one schema serves definitions and snapshots, and a bucket alone needs `commits`.
fn is_beyond(file: &Path) -> bool {
    let names = ["080-observed-outside.yml", "29-commits-unstated.yml", "30-commits-unstated-reference.yml"];
    names.iter().any(|name| file.ends_with(name))
}

#[test]
fn keys_that_are_unknown_or_missing_are_marked_in_the_editor() {
    for (folder, schema, least) in [("faults", definitions_schema(), 20), ("project", project_schema(), 4)] {
        let mut marked = 0;
        for file in cases(folder) {
            let report = fs::read_to_string(file.with_extension("txt")).expect("a golden");
            // Of keys alone: other faults of the file may hide from an editor.
            let of_keys = ["error[DE154]", "error[DE156]"].iter().any(|code| report.contains(code));
            let Some(value) = read(&file).filter(|_| of_keys && !is_beyond(&file)) else { continue };
            assert!(!complaints(&schema, &value).is_empty(), "an editor sees nothing wrong in {}", file.display());
            marked += 1;
        }
        assert!(marked >= least, "{folder}: {marked} files");
    }
}
