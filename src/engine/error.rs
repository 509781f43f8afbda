//! What can go wrong at the engine's door; each variant says what the caller can do about it.

use std::time::Duration;

use crate::domain::endpoint_draft::InvalidInput;

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
