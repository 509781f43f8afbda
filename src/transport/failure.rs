//! From an error deep inside reqwest to a class and a sentence.

use std::error::Error;
use std::io;
use std::net::IpAddr;
use std::time::Duration;

use super::lookups::Unresolved;
use super::probe::Stage;
use super::tls;
use crate::domain::address::Blocked;
use crate::domain::attempt::{Failure, FailureClass};
use crate::domain::limits::FAILURE_TEXT_CHARS_MAX;

/// The address rules refuse what a name led to or what was connected to.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(super) struct Refused(pub(super) Blocked);

/// No connection, for a reason of ours.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unconnected {
    /// The name has no address, or none of the family that requests leave from.
    #[error("{}", no_address(name, *source_address))]
    NoAddress {
        /// The name.
        name: String,
        /// The address that requests leave from, where one is configured.
        source_address: Option<IpAddr>,
    },
    /// The contract's limit for connecting has passed.
    #[error("{}", late(*.stage, *.limit))]
    Late {
        /// The limit.
        limit: Duration,
        /// What was being waited for.
        stage: Stage,
    },
    /// The connection was closed before it could be used.
    #[error("the connection was closed at once")]
    Gone,
}

fn late(stage: Stage, limit: Duration) -> String {
    let seconds = limit.as_secs_f64();
    match stage {
        Stage::Dns => format!("the name did not resolve within {seconds} s"),
        Stage::Tls => format!("the TLS handshake did not end within {seconds} s"),
        Stage::Connect | Stage::Request => format!("no connection within {seconds} s"),
    }
}

fn no_address(name: &str, source: Option<IpAddr>) -> String {
    match source {
        None => format!("{name} has no address"),
        Some(source) => {
            let family = if source.is_ipv4() { "IPv4" } else { "IPv6" };
            format!("{name} has no {family} address, and requests leave from {source} only")
        }
    }
}

/// Whether `error` says that a name has no address of the client's family, so that another client may have one.
pub(super) fn lacks_address(error: &reqwest::Error) -> bool {
    causes(error).any(|cause| {
        matches!(
            cause.downcast_ref(),
            Some(Unconnected::NoAddress {
                source_address: Some(_),
                ..
            })
        )
    })
}

/// A failure with `text` cut to size.
pub(super) fn failure(class: FailureClass, text: &str) -> Failure {
    Failure {
        class,
        text: text.chars().take(FAILURE_TEXT_CHARS_MAX).collect(),
    }
}

/// The whole-exchange deadline has passed at `stage`; `head` tells whether the answer's head had come.
pub(super) fn deadline(limit: Duration, target: &str, stage: Stage, head: bool) -> Failure {
    let seconds = limit.as_secs_f64();
    let text = match stage {
        Stage::Request if head => {
            format!("{target} sent a head, but its body did not end within {seconds} s")
        }
        Stage::Request => format!("{target} did not answer within {seconds} s"),
        Stage::Dns => format!("{target} was still being looked up after {seconds} s"),
        Stage::Connect => format!("{target} was still being connected to after {seconds} s"),
        Stage::Tls => format!("{target} was still in the TLS handshake after {seconds} s"),
    };
    failure(FailureClass::Timeout, &text)
}

/// The body broke off behind a complete head.
pub(super) fn in_body(error: &reqwest::Error, target: &str) -> Failure {
    let text = format!(
        "{target} broke its body off: {}",
        words(error, FailureClass::Body)
    );
    failure(FailureClass::Body, &text)
}

/// No head came; `stage` is how far the request got.
pub(super) fn before_head(error: &reqwest::Error, target: &str, stage: Stage) -> Failure {
    let class = class_of(error, stage);
    let words = words(error, class);
    let text = match class {
        FailureClass::Connect => format!("could not connect to {target}: {words}"),
        FailureClass::Tls => format!("no TLS connection to {target}: {words}"),
        FailureClass::Protocol => format!("no HTTP answer from {target}: {words}"),
        FailureClass::Blocked => format!("{target} is not allowed: {words}"),
        FailureClass::Internal => format!("the request to {target} could not be made: {words}"),
        FailureClass::Timeout => format!("{target}: {words}"),
        FailureClass::Dns | FailureClass::Status | FailureClass::Body => words,
    };
    failure(class, &text)
}

fn class_of(error: &reqwest::Error, stage: Stage) -> FailureClass {
    for cause in causes(error) {
        if cause.is::<Refused>() {
            return FailureClass::Blocked;
        }
        if cause.is::<rustls::Error>() {
            return FailureClass::Tls;
        }
        match cause.downcast_ref() {
            Some(Unresolved::Late { .. } | Unresolved::Crowded { .. }) => {
                return FailureClass::Timeout;
            }
            Some(Unresolved::Refused { .. } | Unresolved::Abandoned { .. }) => {
                return FailureClass::Dns;
            }
            None => {}
        }
        match cause.downcast_ref() {
            Some(Unconnected::Late { .. }) => return FailureClass::Timeout,
            Some(Unconnected::NoAddress { .. } | Unconnected::Gone) => {
                return FailureClass::Connect;
            }
            None => {}
        }
        if cause.downcast_ref().is_some_and(is_ours) {
            return FailureClass::Internal;
        }
    }
    if error.is_builder() {
        return FailureClass::Internal;
    }
    if !error.is_connect() {
        return FailureClass::Protocol;
    }
    match stage {
        Stage::Tls => FailureClass::Tls,
        Stage::Dns => FailureClass::Dns,
        Stage::Connect | Stage::Request => FailureClass::Connect,
    }
}

/// Whether the machine ran out of something of its own: no receiver is to blame for that.
fn is_ours(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let ours = [
        Errno::MFILE,
        Errno::NFILE,
        Errno::NOBUFS,
        Errno::NOMEM,
        Errno::ADDRNOTAVAIL,
    ];
    error
        .raw_os_error()
        .is_some_and(|code| ours.iter().any(|errno| errno.raw_os_error() == code))
}

/// Texts of hyper that only repeat what the sentence around them says.
const EMPTY_WORDS: [&str; 2] = ["tcp connect error", "error reading a body from connection"];

/// The causes of `error` in words, outermost first, without the wrappers that only repeat the stage.
///
/// reqwest's own texts carry the URL, so they never get in.
fn words(error: &reqwest::Error, class: FailureClass) -> String {
    let mut text = String::new();
    for cause in causes(error) {
        let is_wrapper = cause.is::<reqwest::Error>()
            || cause.is::<hyper_util::client::legacy::Error>()
            || wrapped_in(cause).is_some();
        if is_wrapper {
            continue;
        }
        let part = match cause.downcast_ref() {
            Some(error) => tls::explain(error),
            None => cause.to_string(),
        };
        if part.is_empty() || text.contains(&part) || EMPTY_WORDS.contains(&part.as_str()) {
            continue;
        }
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(&part);
        // What is ours says all there is to say.
        if cause.is::<Refused>() || cause.is::<Unresolved>() || cause.is::<Unconnected>() {
            return part;
        }
    }
    if text.is_empty() {
        text.push_str(match class {
            FailureClass::Internal => "it is not a valid request",
            _ => "the connection broke",
        });
    }
    text
}

/// `error` and all below it. An `io::Error` hides what it wraps from `source()`; here it shows.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |cause| {
        let cause: &'a (dyn Error + 'static) = *cause;
        wrapped_in(cause).or_else(|| cause.source())
    })
}

/// What an `io::Error` stands for, where it does not come from the system.
fn wrapped_in<'a>(cause: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    let wrapped = cause.downcast_ref::<io::Error>()?.get_ref()?;
    Some(wrapped)
}
