//! Governance tags of a column.

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};

/// Tags by key.
///
/// A map that costs a pointer where there is none: every column has room for tags, and hardly any has one.
#[derive(Debug, Clone, Default)]
#[expect(clippy::box_collection, reason = "a map is three words wide, and this is about the columns that have none")]
pub struct Tags(Option<Box<BTreeMap<String, String>>>);

static NONE: BTreeMap<String, String> = BTreeMap::new();

impl Deref for Tags {
    type Target = BTreeMap<String, String>;

    fn deref(&self) -> &Self::Target {
        self.0.as_deref().unwrap_or(&NONE)
    }
}

impl DerefMut for Tags {
    fn deref_mut(&mut self) -> &mut Self::Target {
        self.0.get_or_insert_default()
    }
}

impl PartialEq for Tags {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Tags {}

impl FromIterator<(String, String)> for Tags {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(tags: I) -> Self {
        let tags: BTreeMap<String, String> = tags.into_iter().collect();
        Self((!tags.is_empty()).then(|| Box::new(tags)))
    }
}
