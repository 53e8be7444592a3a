//! The crate through its public door: wrong files, projects on disk, places, snapshots, and no input that panics.

#[cfg(test)]
#[path = "definitions"]
mod definitions {
    mod combined;
    mod faults;
    mod mutation;
    mod paths;
    mod places;
    mod project;
    mod schema;
    mod snapshot;
    pub(crate) mod support;
}
