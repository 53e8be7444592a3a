//! Where declared tables are or will be: no two may share their files, however their places are spelled, because each would undo
//! what the other declares; and a new one needs a free place.

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

/// Takes tables that can't be created where they should be for unreadable.
pub(super) async fn look_ahead(catalog: &dyn Catalog, relations: &[Relation], observations: &mut [Observation]) {
    let absent = (0..relations.len()).filter(|index| observations[*index] == Observation::Absent);
    let absent: Vec<usize> = absent.collect();
    let places: Vec<Relation> = absent.iter().map(|index| relations[*index].clone()).collect();
    if places.is_empty() {
        return;
    }
    for (index, obstacle) in absent.into_iter().zip(catalog.obstacles(&places).await) {
        if let Some(obstacle) = obstacle {
            observations[index] = Observation::Unreadable(obstacle);
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
