//! What the configuration of a table's metadata holds, told by its keys: checks, features and properties.

use std::collections::BTreeMap;

use super::{Aspect, Expression, Identifier, Path, Unknown, canonical_key, feature_of_key};

const CHECK: &str = "delta.constraints.";

/// The name of the check that a key holds; the prefix is read in any case (Delta `Constraints.getCheckConstraints`).
pub fn check_of_key(key: &str) -> Option<Identifier> {
    let (prefix, name) = key.split_at_checked(CHECK.len())?;
    prefix.eq_ignore_ascii_case(CHECK).then(|| Identifier::new(name))
}

/// The checks and the properties; checks are unknown where one can't be read, or two differ in case only, so that nobody can say
/// which one an action means.
pub fn read_configuration<'e>(
    entries: impl IntoIterator<Item = (&'e str, &'e str)>,
    unknown: &mut Unknown,
) -> (BTreeMap<Identifier, Expression>, BTreeMap<String, String>) {
    let mut checks = BTreeMap::new();
    let mut properties: BTreeMap<String, String> = BTreeMap::new();
    for (key, value) in entries {
        if let Some(name) = check_of_key(key) {
            let read = Expression::parse(value).ok().map(|expression| checks.insert(name, expression));
            if !matches!(read, Some(None)) {
                unknown.insert(Aspect::Check, Path::table());
            }
        } else if feature_of_key(key).is_none() {
            // Spark writes known keys canonically; other writers may have left a second spelling behind, which it ignores.
            let canonical = canonical_key(key);
            if canonical == key || !properties.contains_key(canonical) {
                properties.insert(canonical.to_owned(), value.to_owned());
            }
        }
    }
    (checks, properties)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(entries: &[(&str, &str)], expected: &str, are_checks_unknown: bool) {
        let mut unknown = Unknown::default();
        let (checks, properties) = read_configuration(entries.iter().copied(), &mut unknown);
        let checks = checks.iter().map(|(name, condition)| format!("{name}: {condition}"));
        let properties = properties.iter().map(|(key, value)| format!("{key}={value}"));
        assert_eq!(checks.chain(properties).collect::<Vec<_>>().join(", "), expected);
        assert_eq!(unknown.covers(Aspect::Check, &Path::table()), are_checks_unknown);
    }

    #[test]
    fn keys_tell_checks_features_and_properties() {
        let of_all = [("Delta.Constraints.c", "a > 0"), ("delta.feature.clustering", "supported"), ("Team.Owner", "x")];
        check(&of_all, "c: a > 0, Team.Owner=x", false);
        check(&[("DELTA.APPENDONLY", "TRUE"), ("delta.appendOnly", "false")], "delta.appendOnly=false", false);
        check(&[("delta.appendOnly", "false"), ("delta.appendonly", "TRUE")], "delta.appendOnly=false", false);
    }

    #[test]
    fn checks_that_cannot_be_told_are_unknown() {
        check(&[("delta.constraints.c", "'open")], "", true);
        check(&[("delta.constraints.C", "a > 0"), ("Delta.Constraints.c", "a > 1")], "C: a > 1", true);
    }
}
