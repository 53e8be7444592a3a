//! A protocol as the features it means: versions without lists mean every feature of theirs (PROTOCOL.md, "Table Features").

use std::collections::BTreeSet;

use serde_json::Value;

/// Features that came before lists of features: the writer version that means them, and the reader version that goes with it.
const LEGACY: [(u64, u64, &str); 7] = [
    (2, 1, "appendOnly"),
    (2, 1, "invariants"),
    (3, 1, "checkConstraints"),
    (4, 1, "changeDataFeed"),
    (4, 1, "generatedColumns"),
    (5, 2, "columnMapping"),
    (6, 1, "identityColumns"),
];

/// The features of writers, and those that bind readers too.
pub(super) fn features(protocol: &Value) -> (BTreeSet<String>, BTreeSet<String>) {
    let version = |key: &str| protocol[key].as_u64().unwrap_or(1);
    let (reader, writer) = (version("minReaderVersion"), version("minWriterVersion"));
    let listed = |key: &str| -> BTreeSet<String> {
        protocol[key].as_array().into_iter().flatten().map(|name| name.as_str().unwrap().to_owned()).collect()
    };
    let legacy = |least: &dyn Fn(&(u64, u64, &str)) -> bool| -> BTreeSet<String> {
        LEGACY.iter().filter(|feature| least(feature)).map(|feature| feature.2.to_owned()).collect()
    };
    let writers = if writer < 7 {
        legacy(&|(of_writers, of_readers, _)| *of_writers <= writer && *of_readers <= reader)
    } else {
        listed("writerFeatures")
    };
    // A reader of version 2 reads column mapping, where the table has it.
    let readers = if reader < 3 {
        legacy(&|(_, of_readers, name)| *of_readers == 2 && reader == 2 && writers.contains(*name))
    } else {
        listed("readerFeatures")
    };
    (writers, readers)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(protocol: Value, writers: &str, readers: &str) {
        let (found, bound) = features(&protocol);
        let joined = |names: BTreeSet<String>| names.into_iter().collect::<Vec<_>>().join(" ");
        assert_eq!((joined(found).as_str(), joined(bound).as_str()), (writers, readers), "{protocol}");
    }

    #[test]
    fn versions_and_lists_that_mean_the_same_are_the_same() {
        let lists = |reader: u64, readers: Value, writers: Value| json!({ "minReaderVersion": reader, "minWriterVersion": 7, "readerFeatures": readers, "writerFeatures": writers });
        check(json!({ "minReaderVersion": 1, "minWriterVersion": 2 }), "appendOnly invariants", "");
        check(lists(1, json!([]), json!(["invariants", "appendOnly"])), "appendOnly invariants", "");
        let mapped = "appendOnly changeDataFeed checkConstraints columnMapping generatedColumns invariants";
        check(json!({ "minReaderVersion": 2, "minWriterVersion": 5 }), mapped, "columnMapping");
        let names: Vec<&str> = mapped.split(' ').collect();
        check(lists(2, Value::Null, json!(names)), mapped, "columnMapping");
        check(lists(3, json!(["columnMapping"]), json!(names)), mapped, "columnMapping");
        check(lists(3, json!([]), json!(["appendOnly"])), "appendOnly", "");
    }
}
