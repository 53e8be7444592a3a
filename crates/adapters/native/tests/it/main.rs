//! Whole tables, as other programs wrote them and as accidents leave them.

mod damaged;
mod fixtures;
mod times;
