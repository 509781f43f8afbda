//! The engine: lanes that deliver, and the one door to everything the service can do.
//!
//! [`Engine`] is a `Clone + Send + Sync` handle; it knows neither HTTP nor terminal. Behind it runs one thread with
//! an actix `System`: a router that holds the only address of every lane, and a lane actor per endpoint with work.
//! The store is the queue; what reaches a lane's mailbox are hints that may be lost or coalesced.
//!
//! ```text
//! callers ─► handle ─► desk ─┬─► store ──hand-over──► router ──hint──► lane ─► free task: render, send, record
//!                            └─commands─► router ──signal──► berth ─news─► lane ◄──report──┘
//! ```
//! A **replay** is paced by an actor of its own beside the router ([`Engine::start_replay`]): it puts items back to work
//! in the store and tells their lanes to look, no more.
//!
//! A **berth** is what outlives its lane's actor: requests in flight, reports and signals. A lane that panics leaves
//! them there; the router counts it and starts a fresh lane, which takes over and reads the rest from the store. One
//! that ends soon after its start, again and again, is started after growing waits.
//!
//! **Invariant.** Nothing but the lane decides when a delivery goes out, and actors exist nowhere else.

mod agenda;
mod audit;
mod berth;
mod book;
mod breakers;
mod certificates;
mod closed;
mod contracts;
mod counting;
mod dead;
mod deliveries;
mod desk;
mod endpoints;
mod error;
mod events;
mod figures;
mod gathered;
mod handle;
mod horizon;
mod judged;
mod judging;
mod kept;
mod lane;
mod loading;
mod notes;
mod overview;
mod paging;
mod parts;
mod past;
mod past_dead;
mod past_replays;
mod replays;
mod router;
mod runtime;
mod saved_views;
mod sending;
mod service_keys;
mod setup;
mod tokens;
mod unsettled;
mod views;
mod why;
mod wish;
mod yard;

pub use crate::store::{
    AttemptStats, AuditEntry, AuditQuery, BreakerChange, Cause, CertificateCounts,
    CertificateWarning, Changes, DeadCause, DeliveryChange, EndpointLedger, LedgerReport,
    Published, ReplayFigures, RetentionFacts, StoreFacts, StoredEvent, StoredReplay,
};
pub use contracts::ContractChange;
pub use counting::Matching;
pub use dead::{Discarded, Letter, Letters};
pub use error::EngineError;
pub use handle::{Engine, KEY_CHECK, key_opens};
pub use horizon::{EndpointOutlook, Horizon};
pub use judged::FailingCounts;
pub use notes::Notes;
pub use parts::{EngineLimits, EngineOptions, EngineParts};
pub use past_dead::{DeadCausesThen, DeadOfCause};
pub use past_replays::ReplayAt;
pub use replays::Selection;
pub use setup::DEADLINE_GRACE;
pub use tokens::NewToken;
pub use views::{
    AttemptView, DeliveryQuery, DeliveryView, Health, LaneStatus, LanesSnapshot, Ledger,
    MinuteStats, Page, PageRequest, Searched, Stats,
};
