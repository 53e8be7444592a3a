//! The fewest moves that bring kept siblings into declared order, and the places of new ones.

use crate::action::Position;
use crate::model::Field;

/// What happens to one declared sibling; indices are declared ones.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Sibling {
    /// It is there and goes elsewhere.
    Moved { index: usize, to: Place },
    /// It is new.
    Added { index: usize, position: Place },
}

/// A place in terms of declared indices.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    First,
    After(usize),
    Last,
}

impl Place {
    pub(super) fn named(&self, wanted: &[&Field]) -> Position {
        match self {
            Self::First => Position::First,
            Self::After(index) => Position::After(wanted[*index].name.clone()),
            Self::Last => Position::Last,
        }
    }
}

/// Places declared siblings, given the observed index of each that is kept. Moves come first, in declared order, so that
/// the sibling a move or an add refers to is settled already.
pub(super) fn place(partners: &[Option<usize>]) -> Vec<Sibling> {
    let kept: Vec<(usize, usize)> =
        partners.iter().enumerate().filter_map(|(index, partner)| partner.map(|there| (index, there))).collect();
    let mut placed = Vec::new();
    if !kept.is_sorted_by_key(|(_, there)| there) {
        let settled = longest_increasing(&kept);
        for (position, (index, _)) in kept.iter().enumerate().filter(|(position, _)| !settled[*position]) {
            let to = if position == 0 { Place::First } else { Place::After(kept[position - 1].0) };
            placed.push(Sibling::Moved { index: *index, to });
        }
    }
    let last_kept = kept.last().map(|(index, _)| *index);
    for (index, _) in partners.iter().enumerate().filter(|(_, partner)| partner.is_none()) {
        let position = match (index, last_kept) {
            (_, None) => Place::Last,
            (_, Some(last)) if index > last => Place::Last,
            (0, Some(_)) => Place::First,
            (_, Some(_)) => Place::After(index - 1),
        };
        placed.push(Sibling::Added { index, position });
    }
    placed
}

/// Marks a longest run of siblings whose observed order is the declared one: these stay where they are.
fn longest_increasing(kept: &[(usize, usize)]) -> Vec<bool> {
    // Patience sorting: `tails[n]` ends the best run of length n + 1.
    let mut tails: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = vec![None; kept.len()];
    for (position, (_, there)) in kept.iter().enumerate() {
        let length = tails.partition_point(|tail| kept[*tail].1 < *there);
        before[position] = length.checked_sub(1).map(|shorter| tails[shorter]);
        if length == tails.len() {
            tails.push(position);
        } else {
            tails[length] = position;
        }
    }
    let mut settled = vec![false; kept.len()];
    let mut at = tails.last().copied();
    while let Some(position) = at {
        settled[position] = true;
        at = before[position];
    }
    settled
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(partners: &[Option<usize>], expected: &[Sibling]) {
        assert_eq!(place(partners), expected);
    }

    #[test]
    fn one_column_moved_to_the_front_is_one_move() {
        check(&[Some(2), Some(0), Some(1)], &[Sibling::Moved { index: 0, to: Place::First }]);
    }

    #[test]
    fn a_column_moved_behind_another_is_one_move() {
        check(&[Some(1), Some(2), Some(0)], &[Sibling::Moved { index: 2, to: Place::After(1) }]);
    }

    #[test]
    fn the_longest_run_stays_where_it_is() {
        let moved = |index, before: usize| Sibling::Moved { index, to: Place::After(before) };
        check(&[Some(0), Some(1), Some(2)], &[]);
        check(&[Some(2), Some(1), Some(0)], &[Sibling::Moved { index: 0, to: Place::First }, moved(1, 0)]);
        check(
            &[Some(3), Some(0), Some(4), Some(1), Some(5), Some(2)],
            &[Sibling::Moved { index: 0, to: Place::First }, moved(2, 1), moved(4, 3)],
        );
        check(
            &[Some(1), None, Some(2), Some(0)],
            &[moved(3, 2), Sibling::Added { index: 1, position: Place::After(0) }],
        );
    }

    #[test]
    fn new_columns_land_where_they_were_declared() {
        check(
            &[None, Some(0), None, None, Some(1), None],
            &[
                Sibling::Added { index: 0, position: Place::First },
                Sibling::Added { index: 2, position: Place::After(1) },
                Sibling::Added { index: 3, position: Place::After(2) },
                Sibling::Added { index: 5, position: Place::Last },
            ],
        );
    }
}
