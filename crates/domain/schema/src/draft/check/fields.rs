//! What is said of nested fields beside the type they stand in.

use std::sync::Arc;

use super::Checker;
use crate::draft::{FaultKind, FieldDraft};
use crate::model::{Aspect, DataType, Field, Identifier, Path, Step, Subject, nearest, split_dotted};

impl Checker {
    pub(super) fn nested_field(&mut self, column: &Path, draft: FieldDraft, data_type: &mut DataType) {
        let subject = |path: &Path| Subject::path(&self.object, path);
        let written = split_dotted(&draft.path).unwrap_or_default();
        let mut path = column.clone();
        let mut at = &*data_type;
        for part in &written {
            let Some((step, next)) = at.step(&Identifier::new(part.as_str())) else {
                let names: Vec<&str> =
                    at.as_struct().unwrap_or_default().iter().map(|field| field.name.as_str()).collect();
                let suggestion = nearest(part, &names).map(str::to_owned);
                let subject = subject(&path.field(&Identifier::new(part.as_str())));
                return self.fault(subject, FaultKind::UnknownField { path: draft.path, suggestion });
            };
            path = path.join(step);
            at = next;
        }
        if written.is_empty() {
            return self.fault(subject(&path), FaultKind::UnknownField { path: draft.path, suggestion: None });
        }
        let Some(field) = field_mut(data_type, &path.steps()[1..]) else {
            return self.fault(subject(&path), FaultKind::NotAField { path: draft.path });
        };
        if let Some(comment) = draft.comment {
            field.comment = Some(comment.into()).filter(|comment: &Arc<str>| !comment.is_empty());
        }
        if draft.metadata.iter().next().is_some() {
            field.metadata = draft.metadata;
        }
        self.note_renames(path, draft.renamed_from);
    }

    /// A field below a type that is not known: only what it says by itself is judged.
    pub(super) fn field_of_unknown(&mut self, column: &Path, draft: FieldDraft) {
        let parts = split_dotted(&draft.path).unwrap_or_default();
        let path = parts.into_iter().fold(column.clone(), |path, part| path.field(&Identifier::new(part)));
        if !path.is_column() {
            self.note_renames(path, draft.renamed_from);
        }
    }

    /// The names in a type, at every depth.
    pub(super) fn nested_siblings(&mut self, path: &Path, data_type: &DataType) {
        if let Some(fields) = data_type.as_struct() {
            for field in fields {
                if field.name.as_str().trim().is_empty() {
                    let subject = Subject::path(&self.object, path).aspect(Aspect::Type);
                    self.fault(subject, FaultKind::EmptyName { what: "a field" });
                }
                self.nested_siblings(&path.field(&field.name), &field.data_type);
            }
            let column = self.index;
            self.siblings(path, fields.iter().map(|field| (column, field)));
        } else if let Some(array) = data_type.as_array() {
            self.nested_siblings(&path.join(Step::Element), &array.element);
        } else if let Some(map) = data_type.as_map() {
            self.nested_siblings(&path.join(Step::Key), &map.key);
            self.nested_siblings(&path.join(Step::Value), &map.value);
        }
    }
}

/// The struct field at these steps below a type.
fn field_mut<'t>(data_type: &'t mut DataType, steps: &[Step]) -> Option<&'t mut Field> {
    let (last, above) = steps.split_last()?;
    let name = last.as_field()?;
    let parent = above.iter().try_fold(data_type, |data_type, step| data_type.child_mut(step))?;
    if let DataType::Struct(fields) = parent { fields.iter_mut().find(|field| field.name == *name) } else { None }
}
