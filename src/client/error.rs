//! Why a call came to nothing.

use std::error::Error;

use super::Target;
use crate::api::problem::Problem;

/// Bytes of an answer that is no problem which are quoted.
const QUOTED_CHARS: usize = 200;

/// Why a call came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// No answer: nothing listens, the connection broke, or it took too long.
    #[error("service at {target} is not reachable: {reason}")]
    Unreachable {
        /// Where it was looked for.
        target: String,
        /// What happened.
        reason: String,
    },
    /// The service answered with a problem.
    #[error("{}", problem_text(.0))]
    Refused(Box<Problem>),
    /// Something answered that is not a Hookyard service.
    #[error("answer {status} is not a Hookyard problem: {quoted:?}")]
    NotHookyard {
        /// The HTTP status.
        status: u16,
        /// The beginning of the answer.
        quoted: String,
    },
    /// The answer has another shape than this version knows.
    #[error("answer does not read as this version's API")]
    Unreadable(#[source] serde_json::Error),
    /// The private socket for ssh cannot be made.
    #[error("private socket for ssh cannot be made in the directory for temporary files")]
    NoTunnel(#[source] std::io::Error),
    /// The token holds characters that a header cannot carry.
    #[error("token holds characters that cannot be sent: expected visible ASCII on one line")]
    BadToken,
}

impl ClientError {
    pub(super) fn unreachable(target: &Target, error: &reqwest::Error) -> Self {
        let reason = if error.is_timeout() {
            "no answer in time".to_owned()
        } else {
            innermost(error)
        };
        Self::Unreachable {
            target: target.to_string(),
            reason,
        }
    }

    pub(super) async fn refused(response: reqwest::Response) -> Self {
        let status = response.status().as_u16();
        let text = response.text().await.unwrap_or_default();
        match serde_json::from_str(&text) {
            Ok(problem) => Self::Refused(Box::new(problem)),
            Err(_) => Self::NotHookyard {
                status,
                quoted: text.chars().take(QUOTED_CHARS).collect(),
            },
        }
    }

    /// The same where the reader knows which service it is about: of one that is not reachable, why alone.
    pub fn reason(&self) -> String {
        match self {
            Self::Unreachable { reason, .. } => reason.clone(),
            other => other.to_string(),
        }
    }

    /// The service's own problem, where it answered with one.
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Refused(problem) => Some(problem),
            _ => None,
        }
    }

    /// The HTTP status of the refusal, where there was one.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused(problem) => Some(problem.status),
            Self::NotHookyard { status, .. } => Some(*status),
            _ => None,
        }
    }
}

/// The problem as one text: the detail, then every input error that it does not already hold.
fn problem_text(problem: &Problem) -> String {
    let mut text = if problem.detail.is_empty() {
        problem.title.clone()
    } else {
        problem.detail.clone()
    };
    for error in problem
        .errors
        .iter()
        .filter(|error| !problem.detail.contains(&error.detail))
    {
        text.push_str("\n  ");
        if !error.pointer.is_empty() {
            text.push_str(&error.pointer);
            text.push_str(": ");
        }
        text.push_str(&error.detail);
    }
    text
}

fn innermost(error: &dyn Error) -> String {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest.to_string()
}
