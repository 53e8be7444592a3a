//! One declaration applied to a bare log and over a server: whether the two logs say the same of the table.
//!
//! Logs are read as JSON, commit by commit: nothing here knows the differ, simulation or the readers of the two backends.
//! What is the same although it is written otherwise is said in `state`, `protocol` and `mapping`, and nowhere else;
//! docs/explanation/differential.md gives the reasons.

mod mapping;
mod protocol;
mod state;

pub use mapping::Bijection;
pub use state::State;

/// Everything in which two tables are not in the same state, as `subject: on the log …, over the server …`.
pub fn differences(log: &State, server: &State, names: &mut Bijection) -> Vec<String> {
    let mut found = Vec::new();
    let subjects = log.facts.keys().chain(server.facts.keys().filter(|subject| !log.facts.contains_key(*subject)));
    for subject in subjects {
        let said = |state: &State| state.facts.get(subject).map_or("nothing", String::as_str).to_owned();
        if said(log) != said(server) {
            found.push(format!("{subject}: on the log {}, over the server {}", said(log), said(server)));
        }
    }
    found.extend(names.add(&log.fields, &server.fields));
    found
}
