//! The handle: cheap to clone, usable from any thread.

use std::time::Duration;

use super::error::EngineError;
use super::views::{Health, LanesSnapshot};

/// The engine's handle.
#[derive(Clone, Debug)]
pub struct Engine {
    _private: (),
}

impl Engine {
    /// What the lanes are doing right now.
    ///
    /// # Errors
    /// [`EngineError::Draining`] when the lanes have stopped.
    pub async fn lanes(&self) -> Result<LanesSnapshot, EngineError> {
        Err(EngineError::Draining)
    }

    /// Whether the service is fit to take work.
    pub async fn health(&self) -> Health {
        Health {
            store: None,
            stalled_for: Duration::ZERO,
            draining: true,
        }
    }

    /// Drains: accepts no more work, starts no more requests, lets those in flight finish for up to `grace`,
    /// records them and stops. What is left stays pending in the store. A second call waits for the first.
    pub async fn shutdown(&self, grace: Duration) {
        let _ = grace;
    }
}
