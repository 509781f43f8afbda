//! What can go wrong at the engine's door; each variant says what the caller can do about it.

use std::time::Duration;

use crate::domain::endpoint_draft::InvalidInput;
use crate::store::StoreError;

/// When to try again after a queue was full: a flush takes a few milliseconds, and this is the smallest that HTTP
/// can say.
const BUSY_RETRY: Duration = Duration::from_secs(1);

/// A refusal or failure of the engine. The server turns each variant into one kind of problem.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The input breaks a rule; at least the first break is named.
    #[error("invalid input: {}", .0.first().map_or_else(String::new, ToString::to_string))]
    Invalid(Vec<InvalidInput>),
    /// No such thing, or not visible to the caller.
    #[error("no {noun} {id}")]
    NotFound {
        /// What was looked for, such as "endpoint".
        noun: &'static str,
        /// Its id as text.
        id: String,
    },
    /// The thing's state does not allow it, or somebody else changed it in between.
    #[error("{0}")]
    Conflict(String),
    /// A rule of the installation forbids it.
    #[error("{0}")]
    Forbidden(String),
    /// A queue's bound is reached; try again after a moment.
    #[error("too much at once; try again in {} s", .retry_after.as_secs())]
    Busy {
        /// When to try again.
        retry_after: Duration,
    },
    /// The service is shutting down.
    #[error("the service is shutting down; try again when it is back")]
    Draining,
    /// Free disk is below the reserve: nothing new is accepted, deliveries go on.
    #[error("free disk is below the reserve; free some space and try again")]
    Full,
    /// The fault is on our side; the text is for the log.
    #[error("internal: {0}")]
    Internal(String),
}

impl EngineError {
    /// One broken rule at `pointer`.
    pub fn invalid(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::Invalid(vec![InvalidInput::at(pointer, detail)])
    }
}

impl From<StoreError> for EngineError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound { noun, id } => Self::NotFound { noun, id },
            StoreError::Conflict { .. }
            | StoreError::AlreadyDelivered { .. }
            | StoreError::Taken { .. }
            | StoreError::TooMany { .. }
            | StoreError::IllegalMove(_)
            | StoreError::Stuck { .. }
            | StoreError::NotAccepting { .. }
            | StoreError::PayloadGone { .. }
            | StoreError::Stale { .. } => Self::Conflict(error.to_string()),
            StoreError::Full { .. } => Self::Full,
            StoreError::Busy => Self::Busy {
                retry_after: BUSY_RETRY,
            },
            StoreError::Refused { .. }
            | StoreError::Inconsistent { .. }
            | StoreError::NewerSchema { .. }
            | StoreError::OlderSchema { .. }
            | StoreError::NoDatabase { .. }
            | StoreError::InUse { .. }
            | StoreError::Unsuitable { .. }
            | StoreError::File { .. }
            | StoreError::Unavailable(_)
            | StoreError::Migration(_) => Self::Internal(error.to_string()),
        }
    }
}
