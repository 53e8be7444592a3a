//! Names among siblings: each once, ignoring case, and former names that do not contradict each other.

use std::collections::BTreeMap;

use super::Checker;
use crate::draft::FaultKind;
use crate::model::{Aspect, Field, Identifier, Path, Subject};

impl Checker {
    pub(super) fn note_renames(&mut self, path: Path, former: Vec<String>) {
        let Some(name) = path.leaf_name() else { return };
        for source in former.iter().filter(|source| Identifier::new(source.as_str()) == *name) {
            let subject = Subject::path(&self.object, &path).aspect(Aspect::Name);
            self.fault(subject, FaultKind::RenamedFromItself { name: source.clone() });
        }
        if !former.is_empty() {
            self.renames.insert(path, former.into_iter().map(Identifier::new).collect());
        }
    }

    /// Judges the names of these fields, each with the index of its column.
    pub(super) fn siblings<'f>(&mut self, parent: &Path, fields: impl Iterator<Item = (Option<usize>, &'f Field)>) {
        let outer = self.index;
        let mut names: BTreeMap<&Identifier, &Identifier> = BTreeMap::new();
        let mut ids: BTreeMap<u32, &Identifier> = BTreeMap::new();
        // A name that is empty is a fault already, or was not read.
        for (index, field) in fields.filter(|(_, field)| !field.name.as_str().trim().is_empty()) {
            if let Some(first) = names.insert(&field.name, &field.name) {
                let first = (!first.same_spelling(&field.name)).then(|| first.to_string());
                let subject = Subject::path(&self.object, &parent.field(&field.name)).aspect(Aspect::Name);
                self.index = index;
                self.fault(subject, FaultKind::Duplicate { name: field.name.to_string(), first });
            }
            let Some(id) = field.metadata.column_id() else { continue };
            if let Some(first) = ids.insert(id, &field.name) {
                let subject = Subject::path(&self.object, &parent.field(&field.name)).aspect(Aspect::Name);
                self.index = index;
                self.fault(subject, FaultKind::SameId { id, first: first.to_string() });
            }
        }
        self.index = outer;
        self.rename_claims(parent, &names.keys().copied().cloned().collect::<Vec<_>>());
    }

    /// Former names must be claimed once and not go in a circle.
    fn rename_claims(&mut self, parent: &Path, names: &[Identifier]) {
        if self.renames.is_empty() {
            return;
        }
        let mut claims: BTreeMap<Identifier, Identifier> = BTreeMap::new();
        for name in names {
            for source in self.renames.get(&parent.field(name)).cloned().unwrap_or_default() {
                let Some(first) = claims.insert(source.clone(), name.clone()).filter(|first| first != name) else {
                    continue;
                };
                let subject = Subject::path(&self.object, &parent.field(name)).aspect(Aspect::Name);
                let kind = FaultKind::SharedFormerName {
                    source_name: source.to_string(),
                    first: first.to_string(),
                    second: name.to_string(),
                };
                self.fault(subject, kind);
            }
        }
        for start in claims.keys() {
            let mut circle = vec![start];
            let mut at = start;
            while let Some(next) = claims.get(at).filter(|_| circle.len() <= claims.len()) {
                circle.push(next);
                at = next;
                if at == start {
                    break;
                }
            }
            // Each circle is reported once, from its least name.
            if circle.len() > 2 && at == start && circle.iter().all(|name| *name >= start) {
                let cycle = circle.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(" → ");
                let subject = Subject::path(&self.object, &parent.field(start)).aspect(Aspect::Name);
                self.fault(subject, FaultKind::RenameCycle { cycle });
            }
        }
    }
}
