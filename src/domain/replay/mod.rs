//! Replays: a frozen selection of deliveries that is put back to work at a chosen pace.
//!
//! A **plan** freezes a selection into **items**; a started plan is a **replay**. [`Machine`] decides when the next
//! items are released, when the canary has passed, when the stop rule fires and when all is done; the store moves items
//! and counts in one transaction, so that a crash neither repeats nor loses one. Every item ends in one outcome, and
//! [`Counts::adds_up`] holds at every instant.

mod counts;
mod flight;
mod machine;
mod room;
mod settings;
#[cfg(test)]
mod tests;

pub use counts::{Counts, Outcome, ReplayState, Skipped, Turn};
pub use flight::{
    CauseShare, EndpointShare, Flight, FlightPlanner, Matched, Planned, releases_take,
};
pub use machine::{Effect, Facts, Input, Machine};
pub use room::{Room, Standing};
pub use settings::{InvalidStopRule, Settings, StopRule, rate_from_text};
