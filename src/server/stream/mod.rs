//! `/v1/stream`: server-sent events, as [`crate::api::stream`] describes them.
//!
//! One [`Hub`] listens to the engine while anybody watches, coalesces what changed into at most ten frames a second
//! and reads each changed row once, however many watch. Every client takes the frames from a bounded queue; one that
//! does not keep up is told how much it missed and never holds memory or the others.
//!
//! ```text
//! engine changes ─► feed ─► gathering (100 ms) ─► frame ─┬─► client: bounded queue ─► SSE
//!                                                        └─► client …
//! ```

mod client;
mod feed;
mod frame;
mod gathering;
mod hub;
mod presence;
mod progress;
mod rows;

pub(super) use client::{__path_open, open};
pub(super) use hub::Hub;
