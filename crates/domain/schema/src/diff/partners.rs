//! Which observed field is which declared one, once both go by declared names.

use std::collections::BTreeMap;

use crate::model::Field;

/// The index of each declared field's partner. Tables mostly agree, so the place after the last partner is tried first;
/// a few are then looked for one by one, and only if more are elsewhere is every name sorted.
pub(super) fn match_by_name(wanted: &[&Field], there: &[&Field]) -> Vec<Option<usize>> {
    let mut by_name = None;
    let mut next = 0;
    let mut searches_left: u32 = 8;
    let partner = |field: &&Field| {
        let found = if there.get(next).is_some_and(|other| other.name == field.name) {
            Some(next)
        } else if let Some(left) = searches_left.checked_sub(1) {
            searches_left = left;
            there.iter().position(|other| other.name == field.name)
        } else {
            let names = by_name.get_or_insert_with(|| {
                there.iter().enumerate().map(|(index, field)| (&field.name, index)).collect::<BTreeMap<_, _>>()
            });
            names.get(&field.name).copied()
        };
        next = found.map_or(next, |index| index + 1);
        found
    };
    wanted.iter().map(partner).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::DataType;

    fn fields(names: &[&str]) -> Vec<Field> {
        names.iter().map(|name| Field::new(*name, DataType::Integer)).collect()
    }

    fn check(wanted: &[&str], there: &[&str], expected: &[Option<usize>]) {
        let (wanted, there) = (fields(wanted), fields(there));
        let found = match_by_name(&wanted.iter().collect::<Vec<_>>(), &there.iter().collect::<Vec<_>>());
        assert_eq!(found, expected);
    }

    #[test]
    fn fields_are_found_by_name_wherever_they_are() {
        check(&["a", "b"], &["a", "b"], &[Some(0), Some(1)]);
        check(&["b", "x", "A"], &["a", "b", "c"], &[Some(1), None, Some(0)]);
        check(&["a"], &[], &[None]);
        check(&[], &["a"], &[]);
    }

    #[test]
    fn many_fields_elsewhere_are_found_as_few_are() {
        let names: Vec<String> = (0..30).map(|name| format!("c{name}")).collect();
        let there: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut wanted: Vec<&str> = there.iter().copied().rev().collect();
        wanted.push("x");
        let expected: Vec<Option<usize>> = (0..30).rev().map(Some).chain([None]).collect();
        check(&wanted, &there, &expected);
    }
}
