//! Ids and physical names of two tables that mean the same fields: any will do, as long as one is one over the life of the
//! table.

use std::collections::BTreeMap;

/// How a field is known in data files: its id, where columns are mapped, and its name there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct InFiles {
    /// Its id.
    pub(super) id: Option<i64>,
    /// Its name in files below its parent's.
    pub(super) physical: String,
}

/// Which id and name of one table stands for which of the other, over all states that were seen of them.
#[derive(Debug, Default)]
pub struct Bijection {
    ids: Pairs<i64>,
    /// By the physical names of the parents on the log.
    names: BTreeMap<Vec<String>, Pairs<String>>,
}

#[derive(Debug)]
struct Pairs<T> {
    there: BTreeMap<T, T>,
    back: BTreeMap<T, T>,
}

impl<T> Default for Pairs<T> {
    fn default() -> Self {
        Self { there: BTreeMap::new(), back: BTreeMap::new() }
    }
}

impl<T: Ord + Clone> Pairs<T> {
    /// Whether each still has one partner.
    fn add(&mut self, one: &T, other: &T) -> bool {
        let there = self.there.entry(one.clone()).or_insert_with(|| other.clone()) == other;
        let back = self.back.entry(other.clone()).or_insert_with(|| one.clone()) == one;
        there && back
    }
}

impl Bijection {
    /// Adds the fields of both tables in a state of theirs; what is not one to one. A field that one side dropped and added
    /// again while the other renamed it is found here, because it has no partner it had before.
    pub(super) fn add(
        &mut self,
        log: &BTreeMap<String, Vec<InFiles>>,
        server: &BTreeMap<String, Vec<InFiles>>,
    ) -> Vec<String> {
        let mut found = Vec::new();
        for (path, one) in log {
            let Some(other) = server.get(path) else { continue };
            let (Some(on_log), Some(over_server)) = (one.last(), other.last()) else { continue };
            if on_log.id.is_some() != over_server.id.is_some() {
                found.push(format!("{path} has an id on one side only: {on_log:?}, {over_server:?}"));
            }
            if let (Some(id), Some(partner)) = (on_log.id, over_server.id)
                && !self.ids.add(&id, &partner)
            {
                found.push(format!(
                    "{path} is another field than before: id {id} on the log, {partner} over the server"
                ));
            }
            let parents = one[..one.len() - 1].iter().map(|parent| parent.physical.clone()).collect();
            if !self.names.entry(parents).or_default().add(&on_log.physical, &over_server.physical) {
                found.push(format!(
                    "{path} is another field than before: in files `{}` on the log, `{}` over the server",
                    on_log.physical, over_server.physical
                ));
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(fields: &[(&str, i64, &str)]) -> BTreeMap<String, Vec<InFiles>> {
        let in_files = |(path, id, physical): &(&str, i64, &str)| {
            ((*path).to_owned(), vec![InFiles { id: Some(*id), physical: (*physical).to_owned() }])
        };
        fields.iter().map(in_files).collect()
    }

    #[test]
    fn other_ids_and_names_are_the_same_table_as_long_as_one_is_one() {
        let mut names = Bijection::default();
        let add = |names: &mut Bijection, log: &[_], server: &[_]| names.add(&fields(log), &fields(server)).len();
        assert_eq!(add(&mut names, &[("a", 1, "x"), ("b", 2, "y")], &[("a", 7, "p"), ("b", 5, "q")]), 0);
        // Both renamed it.
        assert_eq!(add(&mut names, &[("c", 1, "x")], &[("c", 7, "p")]), 0);
        // One renamed it, the other dropped it and added another one.
        assert_eq!(add(&mut names, &[("c", 1, "x")], &[("c", 8, "r")]), 2);
        // The name of a dropped column, used again on one side only.
        assert_eq!(add(&mut names, &[("d", 9, "y")], &[("d", 9, "s")]), 1);
    }
}
