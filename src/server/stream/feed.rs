//! What the engine says has changed.

use std::sync::Arc;

use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::engine::{Changes, Engine};

/// One piece of news.
#[derive(Clone, Debug)]
pub(super) enum News {
    /// A commit changed these.
    Changed(Arc<Changes>),
    /// The engine went faster than we listened: what changed is not known.
    Missed,
    /// The engine is gone.
    Ended,
}

/// A subscription to the engine's changes.
pub(super) struct Feed {
    changes: Receiver<Arc<Changes>>,
}

impl Feed {
    /// Listens from now on.
    pub(super) fn open(engine: &Engine) -> Self {
        Self {
            changes: engine.subscribe(),
        }
    }

    /// The next news. Dropping the future loses nothing.
    pub(super) async fn next(&mut self) -> News {
        match self.changes.recv().await {
            Ok(changes) => News::Changed(changes),
            Err(RecvError::Lagged(_)) => News::Missed,
            Err(RecvError::Closed) => News::Ended,
        }
    }
}
