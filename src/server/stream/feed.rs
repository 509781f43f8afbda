//! What the engine says has changed.

use crate::domain::id::{DeliveryId, EndpointId};
use crate::engine::Engine;

/// One piece of news.
#[expect(dead_code, reason = "the engine does not tell its changes yet")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// These changed.
    Changed {
        /// Deliveries that were made or moved.
        deliveries: Vec<DeliveryId>,
        /// Endpoints that were made or changed.
        endpoints: Vec<EndpointId>,
    },
    /// The engine went faster than we listened: what changed is not known.
    Missed,
    /// The engine has stopped.
    Ended,
}

/// A subscription to the engine's changes.
pub(super) struct Feed {
    _engine: Engine,
}

impl Feed {
    /// Listens from now on.
    pub(super) fn open(engine: &Engine) -> Self {
        Self {
            _engine: engine.clone(),
        }
    }

    /// The next news. Dropping the future loses nothing.
    pub(super) async fn next(&mut self) -> News {
        std::future::pending().await
    }
}
