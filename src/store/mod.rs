//! The store: one SQLite file, one writer, a few readers. `sqlx` lives only here.
//!
//! ```text
//! publish, record ─┐                 ┌ look: keys and deliveries in question   (one call, only when needed)
//! changes ─────────┼─► queue ─► flush┤ write: BEGIN IMMEDIATE … COMMIT, fsync  (one multi-statement call)
//!                  │                 └ answer callers, hand over to lanes, tell subscribers
//! checkpoints ─────┴─ their own connection and thread
//! reads ───────────── a small pool of read-only connections
//! ```
//!
//! **Promises.**
//! - An answer comes after the commit is on disk: WAL with `synchronous = FULL`, read back at start (P1).
//! - What waited while the last commit ran goes into the next one; commands keep their order; one that is refused
//!   takes nothing of its neighbours with it.
//! - Counters change in the transaction of what they count (P4).
//! - Every queue is bounded; a full one answers Busy, and hints that find no room become "look in the store" (P9).
//! - A row that cannot be read is an error that names table, column and row.
//!
//! Times that decide when something is due are stored as *steady time*: wall-clock time plus an offset kept in
//! `meta`. When the wall clock is set, the offset moves and no row does ([`Store::shift_pending`]).

mod attempts;
mod audit;
mod audit_change;
pub mod backup;
mod breakers;
mod catalogues;
mod causes;
mod certificates;
mod checkpoint;
mod cold;
mod counters;
mod day_sketches;
mod dead;
mod dead_causes;
mod deliveries;
mod departed;
mod endpoints;
mod error;
mod events;
mod facts;
mod failing;
mod fanouts;
mod fill;
mod filter_sql;
#[cfg(test)]
mod filter_sql_tests;
pub mod fsck;
mod hand_over;
mod handle;
mod horizon;
pub mod inspect;
mod janitor;
mod lanes;
mod ledger;
mod lock;
mod matching;
mod meta;
mod moved;
mod moves;
mod open;
mod operational;
mod options;
mod page;
mod past;
#[cfg(test)]
mod plans;
mod publish;
mod record;
mod recount;
mod replays;
mod rows;
mod saved_views;
mod schema;
mod service_keys;
mod sketches;
mod taken;
mod tokens;
mod writer;

pub use audit::{AuditEntry, AuditQuery};
pub use causes::{Cause, CauseWindow};
pub use certificates::{CertificateCounts, NearCertificate};
pub use counters::{AttemptStats, EndpointLedger};
pub use dead::DiscardStep;
pub use dead_causes::{DeadCause, KnownCause};
pub use deliveries::{DeliveryScope, DeliverySelect, SqlCondition, SqlValue};
pub use error::StoreError;
pub use events::StoredEvent;
pub use facts::{CheckpointFacts, RetentionFacts, StoreFacts};
pub use failing::Judged;
pub use fill::{Fate, Filling};
pub use hand_over::{HandOver, HandOverReceiver};
pub use handle::Store;
pub use janitor::{Removed, RetentionProgress};
pub use lanes::LaneRow;
pub use ledger::LedgerReport;
pub use matching::MatchingPiece;
pub use meta::StoredRevision;
pub use moved::Moved;
pub use options::{FreeSpace, StoreLimits, StoreOptions};
pub use page::{Cursor, InvalidCursor, Page};
pub use record::{
    AcceptedDelivery, AcceptedEvent, AfterAttempt, AttemptRecord, AuditNote, BreakerChange,
    CertificateWarning, Changes, DeliveryChange, Kept, Published, Recorded,
};
pub use recount::Disagreement;
pub use replays::{
    Candidate, CandidateScope, Candidates, MatchedPiece, Missed, MissedPiece, Release,
    ReplayFigures, ReplayMove, StoredReplay,
};
pub use sketches::{MinuteTries, SKETCHES_MAX};
