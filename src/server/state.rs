//! What all workers and handlers share.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use tokio::sync::watch;

use super::body::BodyBudget;
use super::contract_routes::Limiter;
use super::known_tokens::KnownTokens;
use super::options::ServerOptions;
use super::stream::Hub;
use crate::clock::SharedClock;
use crate::domain::contract::ContractSet;
use crate::domain::time::Timestamp;
use crate::engine::Engine;

/// Where answers come from.
pub(super) struct Core {
    /// The engine; everything but HTTP is there.
    pub(super) engine: Engine,
    /// What time it is.
    pub(super) clock: SharedClock,
    /// How the server behaves.
    pub(super) options: ServerOptions,
}

/// What all workers and handlers share; a [`Core`] with what belongs to HTTP.
pub(super) struct State {
    /// Where answers come from; also behind the dereference.
    pub(super) core: Arc<Core>,
    /// Tokens that were good a moment ago.
    pub(super) tokens: KnownTokens,
    /// Who called the contracts' routes how often lately.
    pub(super) limiter: Limiter,
    /// Bytes of all bodies being handled.
    pub(super) bodies: BodyBudget,
    /// The OpenAPI description with the contracts that it is of, once somebody has asked for it.
    pub(super) description: ArcSwapOption<(Arc<ContractSet>, Bytes)>,
    /// Where live streams get their frames.
    pub(super) hub: Hub,
    /// Turns true when the server drains: streams end, publishing stops.
    pub(super) draining: watch::Receiver<bool>,
    /// Publishing calls refused because a queue or the disk was full.
    pub(super) publishes_refused: AtomicU64,
    /// When the server was started.
    pub(super) started_at: Timestamp,
}

impl State {
    /// Whether a shutdown has begun.
    pub(super) fn is_draining(&self) -> bool {
        *self.draining.borrow()
    }

    /// Publishing calls refused because a queue or the disk was full.
    pub(super) fn publishes_refused(&self) -> u64 {
        self.publishes_refused.load(Ordering::Relaxed)
    }
}

impl Deref for State {
    type Target = Core;

    fn deref(&self) -> &Core {
        &self.core
    }
}
