//! Columns and nested fields, once both sides use declared names.

use super::order::{Sibling, place};
use super::partners::match_by_name;
use super::{Difference, TableDiff, changed_tags, removed_tags};
use crate::action::Action;
use crate::change::Change;
use crate::model::{
    Aspect, Column, DataType, DesiredTable, Field, ObservedTable, Path, Step, Subject, Tags, TypeChange,
    classify_type_change,
};

pub(super) fn diff_columns(desired: &DesiredTable, observed: &ObservedTable, diff: &mut TableDiff) {
    let mut columns = Columns { observed, diff };
    let wanted: Vec<&Field> = desired.columns.iter().map(|column| &column.field).collect();
    let there: Vec<&Field> = observed.columns.iter().map(|column| &column.field).collect();
    let partners = columns.level(&Path::table(), &wanted, &there);
    for (column, partner) in desired.columns.iter().zip(partners) {
        match partner {
            Some(index) => columns.column(column, &observed.columns[index]),
            None => columns.added(column),
        }
    }
}

struct Columns<'d> {
    observed: &'d ObservedTable,
    diff: &'d mut TableDiff,
}

impl Columns<'_> {
    /// Compares the fields of one struct; gives the index of each declared field's partner.
    fn level(&mut self, parent: &Path, wanted: &[&Field], there: &[&Field]) -> Vec<Option<usize>> {
        let partners = match_by_name(wanted, there);
        let mut kept = vec![false; there.len()];
        partners.iter().flatten().for_each(|index| kept[*index] = true);
        for placed in place(&partners) {
            match placed {
                Sibling::Moved { index, to } => {
                    let path = parent.field(&wanted[index].name);
                    self.diff.actions.push(Action::MoveColumn { path, to: to.named(wanted) });
                }
                Sibling::Added { index, position } => self.add(parent, wanted[index], position.named(wanted)),
            }
        }
        for (field, _) in there.iter().zip(kept).filter(|(_, kept)| !kept) {
            let path = parent.field(&field.name);
            self.diff.actions.push(Action::DropColumn { path, data_type: field.data_type.clone() });
        }
        for (field, partner) in wanted.iter().zip(&partners) {
            // Most fields agree, and a path is only built for those that do not.
            if let Some(index) = partner.filter(|index| !agree(field, there[*index])) {
                self.field(&parent.field(&field.name), field, there[index]);
            }
        }
        partners
    }

    fn add(&mut self, parent: &Path, field: &Field, position: crate::action::Position) {
        let column = Box::new(Column::from_field(field.clone()));
        self.diff.actions.push(Action::AddColumn { parent: parent.clone(), column, position });
    }

    /// What only a new top-level column has: its creation-only parts join its `AddColumn`, the rest follows as actions.
    fn added(&mut self, column: &Column) {
        let path = Path::column(column.name().clone());
        for action in &mut self.diff.actions {
            if let Action::AddColumn { parent, column: new, .. } = action
                && parent.is_table()
                && new.name() == column.name()
            {
                new.generated = column.generated.clone();
                new.identity = column.identity;
            }
        }
        self.default(&path, column, None);
        if !self.hides(Aspect::Tags, &path, !column.tags.is_empty()) {
            self.tags(&path, column, None);
        }
    }

    fn column(&mut self, wanted: &Column, there: &Column) {
        if self.observed.unknown.is_empty() && agree_beside_field(wanted, there) {
            return;
        }
        let path = Path::column(wanted.name().clone());
        if !self.hides(Aspect::Default, &path, wanted.default.is_some()) {
            self.default(&path, wanted, Some(there));
        }
        if !self.hides(Aspect::Generated, &path, wanted.generated.is_some()) && wanted.generated != there.generated {
            let (from, to) = (there.generated.clone(), wanted.generated.clone());
            self.diff.differences.push(Difference::Generated { path: path.clone(), from, to });
        }
        if !self.hides(Aspect::Identity, &path, wanted.identity.is_some()) && wanted.identity != there.identity {
            let (from, to) = (there.identity, wanted.identity);
            self.diff.differences.push(Difference::Identity { path: path.clone(), from, to });
        }
        if !self.hides(Aspect::Tags, &path, !wanted.tags.is_empty()) {
            self.tags(&path, wanted, Some(there));
        }
    }

    fn default(&mut self, path: &Path, wanted: &Column, there: Option<&Column>) {
        let from = there.and_then(|column| column.default.clone());
        match (from, &wanted.default) {
            (Some(from), None) => self.diff.actions.push(Action::DropColumnDefault { path: path.clone(), from }),
            (from, to) => {
                let change = Change::between(from, to.clone());
                self.diff.actions.extend(change.map(|change| Action::SetColumnDefault { path: path.clone(), change }));
            }
        }
    }

    fn tags(&mut self, path: &Path, wanted: &Column, there: Option<&Column>) {
        let none = Tags::default();
        let there = there.map_or(&none, |column| &column.tags);
        for (key, from) in removed_tags(&wanted.tags, there) {
            self.diff.actions.push(Action::UnsetColumnTag { path: path.clone(), key, from });
        }
        for (key, change) in changed_tags(&wanted.tags, there) {
            self.diff.actions.push(Action::SetColumnTag { path: path.clone(), key, change });
        }
    }

    fn field(&mut self, path: &Path, wanted: &Field, there: &Field) {
        self.nullability(path, wanted.nullable, there.nullable);
        let comment = there.comment.as_ref().filter(|comment| !comment.is_empty());
        if comment != wanted.comment.as_ref() && !self.hides(Aspect::Comment, path, wanted.comment.is_some()) {
            let text = |comment: Option<&std::sync::Arc<str>>| comment.map(|comment| comment.to_string());
            let change = Change::between(text(comment), text(wanted.comment.as_ref()));
            self.diff.actions.extend(change.map(|change| Action::SetColumnComment { path: path.clone(), change }));
        }
        self.data_type(path, &wanted.data_type, &there.data_type);
    }

    fn nullability(&mut self, path: &Path, wanted: bool, there: bool) {
        if wanted == there || self.hides(Aspect::Nullability, path, !wanted) {
            return;
        }
        let path = path.clone();
        self.diff.actions.push(if wanted {
            Action::DropColumnNotNull { path }
        } else {
            Action::SetColumnNotNull { path }
        });
    }

    fn data_type(&mut self, path: &Path, wanted: &DataType, there: &DataType) {
        if wanted == there || self.observed.unknown.covers(Aspect::Type, path) {
            return;
        }
        if let Some((wanted, there)) = wanted.as_struct().zip(there.as_struct()) {
            self.level(path, &wanted.iter().collect::<Vec<_>>(), &there.iter().collect::<Vec<_>>());
        } else if let Some((wanted, there)) = wanted.as_array().zip(there.as_array()) {
            let path = path.join(Step::Element);
            self.nullability(&path, wanted.element_nullable, there.element_nullable);
            self.data_type(&path, &wanted.element, &there.element);
        } else if let Some((wanted, there)) = wanted.as_map().zip(there.as_map()) {
            self.data_type(&path.join(Step::Key), &wanted.key, &there.key);
            let path = path.join(Step::Value);
            self.nullability(&path, wanted.value_nullable, there.value_nullable);
            self.data_type(&path, &wanted.value, &there.value);
        } else {
            self.leaf(path, wanted, there);
        }
    }

    fn leaf(&mut self, path: &Path, wanted: &DataType, there: &DataType) {
        let closed = match classify_type_change(there, wanted) {
            TypeChange::Widening | TypeChange::Length => Change::between(there.clone(), wanted.clone()),
            TypeChange::Incompatible => None,
        };
        match closed {
            Some(change) => self.diff.actions.push(Action::AlterColumnType { path: path.clone(), change }),
            None => self.diff.differences.push(Difference::Type {
                path: path.clone(),
                from: there.clone(),
                to: wanted.clone(),
            }),
        }
    }

    fn hides(&mut self, aspect: Aspect, path: &Path, declared: bool) -> bool {
        let hidden = self.observed.unknown.covers(aspect, path);
        if hidden && declared {
            self.diff.unseen.push(Subject::path(&self.observed.name, path).aspect(aspect));
        }
        hidden
    }
}

/// Whether nothing lies between two fields of one name. Metadata may differ and still mean the same, so a `false` is no
/// proof of a difference.
fn agree(wanted: &Field, there: &Field) -> bool {
    wanted.nullable == there.nullable && wanted.comment == there.comment && wanted.data_type == there.data_type
}

/// Whether nothing lies between what two columns have beside their fields.
fn agree_beside_field(wanted: &Column, there: &Column) -> bool {
    wanted.default == there.default
        && wanted.generated == there.generated
        && wanted.identity == there.identity
        && wanted.tags == there.tags
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::diff;
    use crate::rules::testing::{Sketch, table};

    fn check(desired: Sketch, observed: &ObservedTable, actions: &[&str], unseen: &[&str]) {
        let desired = desired.declared();
        let found = diff(&desired, Some(observed));
        let shown =
            found.actions.iter().map(|action| format!("{} {}", action.kind(), action.subject(&desired.name).path));
        assert_eq!(shown.collect::<Vec<_>>(), actions);
        let shown = found.unseen.iter().map(|subject| format!("{} {}", subject.path, subject.aspect.unwrap().as_str()));
        assert_eq!(shown.collect::<Vec<_>>(), unseen);
        assert_eq!(found.differences, []);
    }

    /// Of what the source can't see of `a` nothing is done, whichever side has more; what is declared of it is listed.
    fn check_hidden(aspect: Aspect, less: &Sketch, more: &Sketch) {
        let listed = format!("a {}", aspect.as_str());
        for (desired, observed, unseen) in [(more, less, [listed.as_str()].as_slice()), (less, more, &[])] {
            let mut observed = observed.clone().there();
            observed.unknown.insert(aspect, Path::column("a"));
            check(desired.clone(), &observed, &[], unseen);
        }
    }

    #[test]
    fn what_the_source_does_not_see_is_left_alone_and_listed_where_it_is_declared() {
        let plain = &table("a: int, b: int");
        check_hidden(Aspect::Comment, plain, &table("a: int comment 'x', b: int"));
        check_hidden(Aspect::Nullability, plain, &table("a: int not null, b: int"));
        check_hidden(Aspect::Default, plain, &plain.clone().default("a", "1"));
        check_hidden(Aspect::Generated, plain, &plain.clone().generated("a", "b + 1"));
        check_hidden(Aspect::Tags, plain, &plain.clone().tagged("a", "pii", "yes"));
        let long = &table("a: bigint");
        check_hidden(Aspect::Identity, long, &long.clone().identity("a"));
    }

    #[test]
    fn a_new_column_has_its_tags_where_tags_are_seen() {
        let desired = table("b: int, a: int").tagged("a", "pii", "yes");
        let mut observed = table("b: int").there();
        check(desired.clone(), &observed, &["add_column a", "set_column_tag a"], &[]);
        observed.unknown.insert(Aspect::Tags, Path::table());
        check(desired, &observed, &["add_column a"], &["a tags"]);
        check(table("b: int, a: int"), &observed, &["add_column a"], &[]);
    }

    #[test]
    fn tags_of_a_column_are_set_changed_and_removed() {
        let plain = || table("a: int");
        check(plain().tagged("a", "pii", "yes"), &plain().there(), &["set_column_tag a"], &[]);
        check(plain().tagged("a", "pii", "no"), &plain().tagged("a", "pii", "yes").there(), &["set_column_tag a"], &[]);
        check(plain(), &plain().tagged("a", "pii", "yes").there(), &["unset_column_tag a"], &[]);
    }

    #[test]
    fn a_type_that_is_not_seen_is_left_alone() {
        let mut observed = table("a: int, s: struct<x: int>").there();
        observed.unknown.insert(Aspect::Type, Path::table());
        check(table("a: string, s: struct<x: int, y: int>"), &observed, &[], &[]);
    }

    #[test]
    fn what_only_a_new_column_can_have_comes_with_it_alone() {
        let desired =
            table("ts: timestamp, s: struct<a: date>, a: date, b: bigint").generated("a", "to_date(ts)").identity("b");
        let found = diff(&desired.declared(), Some(&table("ts: timestamp, s: struct<x: int>").there()));
        let made = found.actions.iter().filter_map(|action| {
            let Action::AddColumn { parent, column, .. } = action else { return None };
            let path = parent.field(column.name()).to_string();
            Some((path, column.generated.is_some(), column.identity.is_some()))
        });
        let expected = [("a", true, false), ("b", false, true), ("s.a", false, false)]
            .map(|(path, generated, identity)| (path.to_owned(), generated, identity));
        assert_eq!(made.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn an_empty_comment_is_none() {
        let mut observed = table("a: int comment 'x'").there();
        observed.columns[0].field.comment = Some("".into());
        check(table("a: int"), &observed, &[], &[]);
        check(table("a: int comment 'y'"), &observed, &["set_column_comment a"], &[]);
    }
}
