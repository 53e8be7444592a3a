//! Informational keys. Equal keys pair the same columns; names are preferences of creation.

use super::TableDiff;
use crate::action::Action;
use crate::model::{Aspect, DesiredTable, ForeignKey, ObservedTable, Path, PrimaryKey, Subject};

pub(super) fn diff_keys(desired: &DesiredTable, observed: &ObservedTable, diff: &mut TableDiff) {
    if !diff.hides(observed, Aspect::PrimaryKey, || desired.primary_key.is_some()) {
        diff_primary_key(desired, observed, diff);
    }
    if !diff.hides(observed, Aspect::ForeignKey, || !desired.foreign_keys.is_empty()) {
        diff_foreign_keys(desired, observed, diff);
    }
}

fn diff_primary_key(desired: &DesiredTable, observed: &ObservedTable, diff: &mut TableDiff) {
    let (wanted, there) = (&desired.primary_key, &observed.primary_key);
    let rely = Rely::of(observed);
    let same = |wanted: &PrimaryKey, there: &PrimaryKey| match rely {
        Rely::Seen => wanted.same_key(there),
        Rely::Unseen => wanted.same_columns(there),
    };
    if let Some((wanted, there)) = wanted.as_ref().zip(there.as_ref())
        && same(wanted, there)
    {
        rely.list(observed, wanted.rely && !there.rely, diff);
        return;
    }
    diff.actions.extend(there.clone().map(|key| Action::DropPrimaryKey { key }));
    diff.actions.extend(wanted.clone().map(|key| Action::AddPrimaryKey { key }));
}

fn diff_foreign_keys(desired: &DesiredTable, observed: &ObservedTable, diff: &mut TableDiff) {
    // The order in which a source lists keys means nothing; that of declared ones is settled by the draft.
    let mut sorted: Vec<&ForeignKey> = observed.foreign_keys.iter().collect();
    sorted.sort();
    let rely = Rely::of(observed);
    let same = |wanted: &ForeignKey, there: &ForeignKey| match rely {
        Rely::Seen => wanted.same_key(there),
        Rely::Unseen => wanted.same_reference(there),
    };
    for there in sorted {
        if !desired.foreign_keys.iter().any(|wanted| same(wanted, there)) {
            diff.actions.push(Action::DropForeignKey { key: there.clone() });
        }
    }
    for wanted in &desired.foreign_keys {
        match observed.foreign_keys.iter().find(|there| same(wanted, there)) {
            Some(there) => rely.list(observed, wanted.rely && !there.rely, diff),
            None => diff.actions.push(Action::AddForeignKey { key: wanted.clone() }),
        }
    }
}

/// Whether the source tells if keys may be relied on.
#[derive(Clone, Copy, PartialEq)]
enum Rely {
    Seen,
    Unseen,
}

impl Rely {
    fn of(observed: &ObservedTable) -> Self {
        if observed.unknown.covers(Aspect::Rely, &Path::table()) { Self::Unseen } else { Self::Seen }
    }

    /// Lists what is declared and can't be seen.
    fn list(self, observed: &ObservedTable, is_declared: bool, diff: &mut TableDiff) {
        let subject = Subject::table(&observed.name).aspect(Aspect::Rely);
        if self == Self::Unseen && is_declared && !diff.unseen.contains(&subject) {
            diff.unseen.push(subject);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::diff;
    use crate::draft::ForeignKeyDraft;
    use crate::rules::testing::{Sketch, table};
    use crate::simulate::simulate;

    fn referencing(columns: &[&str]) -> Sketch {
        let key = |column: &&str| ForeignKeyDraft {
            columns: vec![(*column).to_owned()],
            references: "silver.other".to_owned(),
            ..ForeignKeyDraft::default()
        };
        table("a: int not null, b: int not null").with(|draft| draft.foreign_keys = columns.iter().map(key).collect())
    }

    fn check(desired: Sketch, observed: impl Into<ObservedTable>, expected: &[&str]) {
        let (desired, observed) = (desired.declared(), observed.into());
        let actions = diff(&desired, Some(&observed)).actions;
        let shown = actions.iter().map(|action| match action.subject(&desired.name).key {
            Some(key) => format!("{} {key}", action.kind()),
            None => action.kind().to_owned(),
        });
        assert_eq!(shown.collect::<Vec<_>>(), expected);
        let after = simulate(Some(observed), &actions, "").unwrap();
        assert_eq!(diff(&desired, Some(&after)).actions, []);
    }

    #[test]
    fn only_keys_that_differ_are_dropped_and_added() {
        check(referencing(&["a", "b"]), referencing(&["b", "a"]), &[]);
        check(referencing(&["a"]), referencing(&["b"]), &["drop_foreign_key b", "add_foreign_key a"]);
        check(referencing(&["a", "b"]), referencing(&["b"]), &["add_foreign_key a"]);
        let key = |columns: &[&str]| referencing(&[]).primary_key(columns);
        check(key(&["a", "b"]), key(&["b", "a"]), &[]);
        check(key(&["a"]), key(&["a", "b"]), &["drop_primary_key", "add_primary_key"]);
        check(key(&["a"]), referencing(&[]), &["add_primary_key"]);
        check(referencing(&[]), key(&["a"]), &["drop_primary_key"]);
    }

    #[test]
    fn what_the_source_does_not_tell_of_relying_is_listed_and_makes_no_other_key() {
        let primary = |rely: bool| {
            table("a: int not null").primary_key(&["a"]).with(|draft| {
                draft.primary_key.iter_mut().for_each(|key| key.rely = rely);
            })
        };
        let foreign = |rely: bool| referencing(&["a"]).with(|draft| draft.foreign_keys[0].rely = rely);
        for (wanted, there) in [(primary(true), primary(false)), (foreign(true), foreign(false))] {
            let mut observed = there.clone().there();
            assert_eq!(diff(&wanted.clone().declared(), Some(&observed)).actions.len(), 2, "it is another key");
            observed.unknown.insert(Aspect::Rely, Path::table());
            let found = diff(&wanted.declared(), Some(&observed));
            let listed = Subject::table(&observed.name).aspect(Aspect::Rely);
            assert_eq!((found.is_empty(), found.unseen), (true, vec![listed]));
            assert_eq!(diff(&there.declared(), Some(&observed)).unseen, [], "nothing is declared of it");
        }
        let mut observed = primary(false).there();
        observed.unknown.insert(Aspect::Rely, Path::table());
        check(
            table("a: int not null, b: int not null").primary_key(&["b"]),
            observed,
            &["drop_primary_key", "add_column", "add_primary_key"],
        );
    }

    #[test]
    fn keys_in_another_order_give_the_same_actions() {
        for keys in [["a", "b"], ["b", "a"]] {
            check(referencing(&keys), referencing(&[]), &["add_foreign_key a", "add_foreign_key b"]);
        }
        let sorted = referencing(&["a", "b"]).there();
        let mut reversed = sorted.clone();
        reversed.foreign_keys.reverse();
        for observed in [sorted, reversed] {
            check(referencing(&[]), observed, &["drop_foreign_key a", "drop_foreign_key b"]);
        }
    }
}
