//! The lane of an endpoint as a machine: [`LaneMachine::step`] takes what happened and says what to do.
//!
//! Pure: time and randomness come in as arguments, sends and loads go out as [`Effect`]s. The actor around it reads
//! the clock, steps, and performs; `simulation` runs thousands of lanes without a runtime.
//!
//! ```text
//!            Handed (fresh, after a commit)          Loaded
//!  store ───────────────────────────────► window ◄───────── store (fresh behind the cursor, retries that are due)
//!                                           │ a slot, the lane's concurrency and rate limit, no cooling, the breaker
//!                                           ▼
//!                              Send ► in flight ► Answered (slot given back) ► Settled (recorded)
//! ```
//!
//! **Invariants.** The store is the queue: whatever the window does not hold is found there again. An ordered lane
//! has one delivery between Send and Settled, always the pending one with the lowest id. A machine with nothing to
//! do wants no wake-up.

mod breaker;
mod cooling;
mod flights;
mod machine;
mod queue;
mod restart;
#[cfg(test)]
mod simulation;
pub mod slots;
mod step;
mod throttle;

pub use breaker::BreakerPhase;
pub use machine::LaneMachine;
pub use queue::{Batch, Item, LoadRequest};
pub use restart::RestartBackoff;
pub use step::{BreakerTurn, Effect, Input, LaneConfig, Pace, Settlement};
