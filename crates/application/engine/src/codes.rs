//! The codes of this crate that belong to no rule; what each means stands where it is raised.

use delta_engine_schema::Explanation;

use crate::engine::plan::{CONCURRENT_WRITERS, UNREADABLE, UNUSED_PERMISSION};
use crate::registry::between::{DUPLICATE_TABLE, OUTSIDE_SCHEMAS, SHARED_LOCATION};

/// What every code of the registry and the engine means.
pub static EXPLANATIONS: &[&Explanation] =
    &[&DUPLICATE_TABLE, &SHARED_LOCATION, &OUTSIDE_SCHEMAS, &UNREADABLE, &CONCURRENT_WRITERS, &UNUSED_PERMISSION];
