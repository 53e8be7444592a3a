//! delta-engine's engine: observe everything, one pure plan, execute its steps, observe again.
//!
//! Owns the registry of declarations, the ports, the run and its report. Names no backend and reads no files.

pub mod port;
mod source;

pub use source::{Declaration, DeclarationFault, Location, Sources};
