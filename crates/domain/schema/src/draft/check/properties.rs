//! Table properties, and the features that are declared as properties.

use std::collections::{BTreeMap, BTreeSet};

use super::Checker;
use crate::draft::FaultKind;
use crate::model::{
    Aspect, Feature, canonical_key, feature_of_key, is_derived_property, known_property, suggest_property, value_fault,
};

/// What a declaration says a property should be.
enum Wanted {
    Value(String),
    Unset,
    Unread,
}

impl Checker {
    pub(super) fn properties(
        &mut self,
        drafts: Vec<(String, Option<String>)>,
        unread: Vec<String>,
    ) -> (BTreeMap<String, Option<String>>, BTreeSet<Feature>) {
        let (mut properties, mut features) = (BTreeMap::new(), BTreeSet::new());
        let mut keys: BTreeMap<String, String> = BTreeMap::new();
        let drafts = drafts.into_iter().map(|(key, value)| (key, value.map_or(Wanted::Unset, Wanted::Value)));
        for (key, wanted) in drafts.chain(unread.into_iter().map(|key| (key, Wanted::Unread))) {
            let subject = self.table().aspect(Aspect::Property).key(&key);
            if let Some(first) = keys.insert(canonical_key(&key).to_owned(), key.clone()) {
                let first = Some(first).filter(|first| *first != key);
                self.fault(subject.clone(), FaultKind::Duplicate { name: key.clone(), first });
            }
            if let Some(kind) = fault_of(&key, &wanted) {
                self.fault(subject, kind);
            } else if let Some(feature) = feature_of_key(&key) {
                features.insert(feature);
            } else if let Wanted::Value(value) = wanted {
                properties.insert(canonical_key(&key).to_owned(), Some(value));
            } else {
                properties.insert(canonical_key(&key).to_owned(), None);
            }
        }
        (properties, features)
    }
}

fn fault_of(key: &str, wanted: &Wanted) -> Option<FaultKind> {
    if let Some(instead) = reserved_property(key) {
        return Some(FaultKind::ReservedProperty { key: key.to_owned(), instead });
    }
    if feature_of_key(key).is_some() {
        return match wanted {
            Wanted::Value(value) if matches!(value.as_str(), "supported" | "enabled") => None,
            Wanted::Value(other) => {
                Some(FaultKind::PropertyValue(format!("`{other}` is no value for {key}: it takes supported")))
            }
            Wanted::Unset => {
                Some(FaultKind::PropertyValue(format!("{key} cannot be unset: a feature is never removed")))
            }
            Wanted::Unread => None,
        };
    }
    let delta = key.get(..6).is_some_and(|prefix| prefix.eq_ignore_ascii_case("delta."));
    if delta && known_property(key).is_none() {
        return Some(FaultKind::UnknownProperty { key: key.to_owned(), suggestion: suggest_property(key) });
    }
    match wanted {
        Wanted::Value(value) => value_fault(key, value).map(FaultKind::PropertyValue),
        Wanted::Unset | Wanted::Unread => None,
    }
}

fn reserved_property(key: &str) -> Option<&'static str> {
    if key.starts_with("delta.constraints.") {
        return Some("write it under `checks`");
    }
    match key.to_ascii_lowercase().as_str() {
        "comment" => Some("write the table's `comment`"),
        "location" => Some("write the table's `location`"),
        "provider" | "owner" | "external" | "is_managed_location" => Some("Spark reserves it"),
        _ => is_derived_property(key).then_some("the platform writes it by itself"),
    }
}
