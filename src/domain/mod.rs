//! The pure core: what Hookyard decides, as functions of (state, input, now, rng).
//!
//! **Invariant.** Nothing here is async, does IO, reads a clock or the environment, makes a random generator or
//! names a type of the runtime. `tests/tidy.rs` holds it to that.
//!
//! # Words
//! An **event** is published once and becomes one **delivery** per matching **endpoint**. Every HTTP request
//! made for a delivery is an **attempt**. An endpoint is served under a **contract**, the wire as data. Its
//! deliveries, timers and limits are owned by its **lane**. A delivery is *pending* until it is *delivered*, *dead*
//! (it will not be tried again by itself) or *discarded* (an operator cancelled it, or its endpoint was deleted);
//! while its endpoint is paused or disabled a pending delivery is *held*. A **fact** is something that the service has to
//! tell about itself; an **operational event** is the event that is made of one. A **run of failures** is what an
//! endpoint has had since its last success. A **saved view** is a filter with a name, `@name` in other filters.

pub mod actor;
pub mod address;
pub mod attempt;
pub mod breaker;
pub mod call_limit;
pub mod catalogue;
pub mod certificate;
pub mod contract;
pub mod dead_letter;
pub mod delivery;
pub mod duration;
pub mod endpoint;
pub mod endpoint_check;
pub mod endpoint_draft;
pub mod endpoint_index;
pub mod escape;
pub mod event;
pub mod event_type;
pub mod failing;
pub mod fanout;
pub mod filter;
pub mod fingerprint;
pub mod flaw;
pub mod horizon;
pub mod id;
pub mod instant;
pub mod json;
pub mod lane;
pub mod ledger;
pub mod limits;
pub mod note;
pub mod operational;
pub mod outcome;
pub mod past;
pub mod rate_limit;
pub mod replay;
pub mod request;
pub mod retention;
pub mod retry;
pub mod seal;
pub mod service_log;
pub mod sign;
pub mod sketch;
pub mod tenant;
pub mod time;
pub mod token;
pub mod tries;
