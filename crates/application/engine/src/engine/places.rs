//! No two declared tables may share their files, however their places are spelled: each would undo what the other declares.

use std::collections::BTreeMap;

use crate::port::{Catalog, Observation, Relation, Unreadable};

/// Takes tables whose files are another one's too for unreadable: all of them, because nobody knows whose they are.
pub(super) fn keep_apart(catalog: &dyn Catalog, relations: &[Relation], observations: &mut [Observation]) {
    let mut tables: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (index, (relation, observation)) in relations.iter().zip(&*observations).enumerate() {
        let place = catalog.place(relation).or_else(|| seen(observation));
        if let Some(place) = place {
            tables.entry(place.trim_end_matches('/').to_owned()).or_default().push(index);
        }
    }
    for (place, sharing) in tables.iter().filter(|(_, sharing)| sharing.len() > 1) {
        for index in sharing {
            let others = sharing.iter().filter(|other| *other != index);
            let others: Vec<String> = others.map(|other| format!("`{}`", relations[*other].name)).collect();
            observations[*index] = Observation::Unreadable(Unreadable {
                reason: format!("its files at `{place}` are declared as {} too", others.join(" and ")),
                help: Some("give each table a location of its own, or remove one of the declarations".to_owned()),
            });
        }
    }
}

/// Where a target says that the table is.
fn seen(observation: &Observation) -> Option<String> {
    match observation {
        Observation::Present(table) => table.location.clone(),
        Observation::Absent | Observation::Unreadable(_) => None,
    }
}
