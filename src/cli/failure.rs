//! What a command ends with when it does not do what it was asked: a text for people and an exit code for scripts.

use std::fmt::Write as _;

use crate::client::{ClientError, SshAddress};
use crate::config::{ConfigError, ConfigErrors};
use crate::console::ConsoleError;
use crate::domain::escape;

/// How a command can end; the numbers are part of the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It failed.
    Failed = 1,
    /// The command line, the configuration or the input is wrong.
    Usage = 2,
    /// Nothing matched.
    NothingMatched = 3,
    /// The caller may not do this.
    Refused = 4,
    /// The service is not reachable.
    Unreachable = 5,
}

/// A failure with its exit code and what to do next.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub(crate) struct Failure {
    exit: Exit,
    text: String,
}

impl Failure {
    /// The input is wrong: exit code 2.
    pub(crate) fn usage(text: impl Into<String>) -> anyhow::Error {
        Self::with(Exit::Usage, text)
    }

    /// Nothing matched: exit code 3.
    pub(crate) fn nothing(text: impl Into<String>) -> anyhow::Error {
        Self::with(Exit::NothingMatched, text)
    }

    /// No service: exit code 5.
    pub(crate) fn unreachable(text: impl Into<String>) -> anyhow::Error {
        Self::with(Exit::Unreachable, text)
    }

    /// It went wrong: exit code 1.
    pub(crate) fn failed(text: impl Into<String>) -> anyhow::Error {
        Self::with(Exit::Failed, text)
    }

    fn with(exit: Exit, text: impl Into<String>) -> anyhow::Error {
        Self {
            exit,
            text: text.into(),
        }
        .into()
    }
}

/// The exit code of an error: the first cause in its chain that has one decides.
pub(crate) fn exit_of(error: &anyhow::Error) -> Exit {
    error
        .chain()
        .find_map(|cause| {
            if let Some(failure) = cause.downcast_ref::<Failure>() {
                return Some(failure.exit);
            }
            let of_config = cause.is::<ConfigErrors>() || cause.is::<ConfigError>();
            if of_config || cause.is::<ConsoleError>() {
                return Some(Exit::Usage);
            }
            cause.downcast_ref::<ClientError>().map(exit_of_call)
        })
        .unwrap_or(Exit::Failed)
}

fn exit_of_call(error: &ClientError) -> Exit {
    match error {
        ClientError::Unreachable { .. } | ClientError::NotHookyard { .. } => Exit::Unreachable,
        ClientError::BadToken => Exit::Usage,
        ClientError::Unreadable(_) | ClientError::NoTunnel(_) => Exit::Failed,
        ClientError::Refused(problem) => match problem.status {
            401 | 403 => Exit::Refused,
            404 => Exit::NothingMatched,
            400 | 413 | 415 | 422 => Exit::Usage,
            _ => Exit::Failed,
        },
    }
}

/// The error as people read it, escaped: its causes joined by colons, and what to do next where the cause tells.
pub(crate) fn text_of(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain() {
        let part = cause.to_string();
        if text.contains(&part) {
            continue;
        }
        let joint = if text.is_empty() { "" } else { ": " };
        // Writing to a String does not fail.
        let _ = write!(text, "{joint}{part}");
    }
    if let Some(next) = error
        .chain()
        .find_map(|cause| cause.downcast_ref::<ClientError>())
        .and_then(next_step)
    {
        text.push('\n');
        text.push_str(next);
    }
    escape::block(&text).into_owned()
}

fn next_step(error: &ClientError) -> Option<&'static str> {
    match error {
        ClientError::Unreachable { target, .. } if SshAddress::is_meant_by(target) => Some(
            "run `ssh -T HOST hookyard attach --stdio` to see what is in the way: nothing is asked here, so the host \
             must be known and the key unlocked",
        ),
        ClientError::Unreachable { .. } => Some(
            "start the service with `hookyard serve`, or name another one with --socket PATH or --url URL",
        ),
        ClientError::NotHookyard { .. } => {
            Some("check that --url or HOOKYARD_URL names a Hookyard service")
        }
        ClientError::NoTunnel(_) => Some("check that TMPDIR, or /tmp, can be written to"),
        ClientError::BadToken => Some("check the token file: one line, nothing else"),
        ClientError::Unreadable(_) => {
            Some("service and command line may differ in version: use the service's own binary")
        }
        ClientError::Refused(problem) => match problem.status {
            401 => Some("give a token with --token-file F or HOOKYARD_TOKEN"),
            403 => Some(
                "ask an admin for a token with the role, or run it as a member of the operators' group on the socket",
            ),
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::problem::Problem;

    fn refused(status: u16) -> anyhow::Error {
        ClientError::Refused(Box::new(Problem {
            kind: "/problems/x".into(),
            title: "No".into(),
            status,
            detail: "no \u{1b}[2Jway".into(),
            instance: None,
            errors: Vec::new(),
            kept_since: None,
        }))
        .into()
    }

    #[test]
    fn every_refusal_has_its_exit_code() {
        for (status, exit) in [
            (400, Exit::Usage),
            (401, Exit::Refused),
            (403, Exit::Refused),
            (404, Exit::NothingMatched),
            (409, Exit::Failed),
            (422, Exit::Usage),
            (503, Exit::Failed),
        ] {
            assert_eq!(exit_of(&refused(status)), exit, "{status}");
        }
        assert_eq!(exit_of(&Failure::usage("x").context("y")), Exit::Usage);
        assert_eq!(exit_of(&anyhow::anyhow!("x")), Exit::Failed);
    }

    #[test]
    fn texts_are_escaped_joined_and_say_what_to_do() {
        assert_eq!(
            text_of(&refused(401).context("failed to list endpoints")),
            "failed to list endpoints: no \\x1b[2Jway\n\
             give a token with --token-file F or HOOKYARD_TOKEN"
        );
    }
}
