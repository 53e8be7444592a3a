//! Properties, compared by what they mean. A key that is not declared is not ours.

use super::TableDiff;
use crate::action::Action;
use crate::change::Change;
use crate::model::{Aspect, DesiredTable, ObservedTable, Path, STATISTICS_COLUMNS, is_derived_property, same_value};
use crate::simulate::renamed_in_list;

pub(super) fn diff_properties(desired: &DesiredTable, observed: &ObservedTable, diff: &mut TableDiff) {
    if diff.hides(observed, Aspect::Property, || !desired.properties.is_empty()) {
        return;
    }
    let listed = listed_after_drops(observed, &diff.actions);
    for (key, wanted) in desired.properties.iter().filter(|(key, _)| !is_derived_property(key)) {
        let there = if key == STATISTICS_COLUMNS { listed.as_deref() } else { observed.property(key) };
        match (there, wanted) {
            (Some(from), None) => diff.actions.push(Action::UnsetProperty { key: key.clone(), from: from.to_owned() }),
            (Some(from), Some(to)) if same_value(key, from, to) => (),
            (_, Some(to)) => {
                let change = Change::between(there.map(str::to_owned), Some(to.clone()));
                diff.actions.extend(change.map(|change| Action::SetProperty { key: key.clone(), change }));
            }
            (None, None) => (),
        }
    }
}

/// The columns with statistics that are left: a drop takes its column off the list.
fn listed_after_drops(observed: &ObservedTable, actions: &[Action]) -> Option<String> {
    let listed = observed.property(STATISTICS_COLUMNS)?.to_owned();
    let dropped = actions.iter().filter_map(dropped_column);
    Some(dropped.fold(listed, |listed, path| renamed_in_list(&listed, path, None)))
}

fn dropped_column(action: &Action) -> Option<&Path> {
    if let Action::DropColumn { path, .. } = action { Some(path) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::diff;
    use crate::rules::testing::{Sketch, table};
    use crate::simulate::simulate;

    fn check(desired: Sketch, observed: Sketch, expected: &[&str]) {
        let (desired, observed) = (desired.declared(), observed.there());
        let actions = diff(&desired, Some(&observed)).actions;
        assert_eq!(actions.iter().map(Action::kind).collect::<Vec<_>>(), expected);
        let after = simulate(Some(observed), &actions, "").unwrap();
        assert_eq!(diff(&desired, Some(&after)).actions, []);
    }

    #[test]
    fn a_property_is_set_and_unset_where_it_means_something_else() {
        let with = |value: &str| table("a: int").property("delta.appendOnly", value);
        check(with("true"), with("TRUE"), &[]);
        check(with("false"), with("TRUE"), &["set_property"]);
        check(table("a: int").without_property("delta.appendOnly"), with("true"), &["unset_property"]);
        check(table("a: int").without_property("delta.appendOnly"), table("a: int"), &[]);
        check(table("a: int"), with("true"), &[]);
    }

    #[test]
    fn the_list_of_statistics_columns_is_set_once_its_columns_are_there() {
        let with = |columns: &str, listed: &str| table(columns).mapped().property(STATISTICS_COLUMNS, listed);
        let renamed = |listed: &str| with("b: int, c: int", listed).renamed("b", "a");
        let observed = || with("a: int, c: int", "a,c");
        check(renamed("b, c"), observed(), &["rename_column"]);
        check(renamed("b"), observed(), &["rename_column", "set_property"]);
        check(with("a: int", "a"), observed(), &["drop_column"]);
        check(with("a: int", "a,c"), observed(), &["drop_column", "set_property"]);
    }
}
