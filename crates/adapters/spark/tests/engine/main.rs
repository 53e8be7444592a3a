//! Whole runs of the engine over the scripted server, whose tables change when statements run: whatever goes wrong, no
//! change is made twice, the report is true, and the next run ends where the declaration says.

#![expect(clippy::expect_used, clippy::panic, reason = "helpers of tests fail by panic")]

mod faults;
mod mishaps;
mod remarks;
mod run;
mod stopping;
mod tables;
mod told;
