//! The engine: lanes that deliver, and the one door to everything the service can do.
//!
//! [`Engine`] is a `Clone + Send + Sync` handle; it knows neither HTTP nor terminal. Behind it runs one thread with
//! an actix `System`: a router that holds the only address of every lane, and a lane actor per endpoint with work.
//! The store is the queue; what reaches a lane's mailbox are hints that may be lost or coalesced.
//!
//! **Invariant.** Nothing but the lane decides when a delivery goes out, and actors exist nowhere else.

mod commands;
mod error;
mod handle;
mod views;

pub use commands::{NewToken, Published};
pub use error::EngineError;
pub use handle::Engine;
pub use views::{
    AttemptView, DeliveryQuery, DeliveryView, Health, LaneStatus, LanesSnapshot, Ledger,
    MinuteStats, Page, PageRequest, Stats,
};
