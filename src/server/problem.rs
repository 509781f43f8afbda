//! Refusals: every way in which the API says no, as RFC 9457 problems.
//!
//! A handler returns a [`Refusal`]; the envelope around all handlers (`super::envelope`) adds path and request id,
//! logs it once and writes the answer. Texts may quote what the caller sent: they leave through
//! [`crate::domain::escape`], so that what prints them cannot be misled (promise P6).

use std::fmt;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::{HttpResponse, ResponseError};

use crate::api::problem::{InputError, PROBLEM_JSON, Problem};
use crate::domain::escape::line;
use crate::domain::time::Timestamp;

/// The kinds of problem. Each has one status, one stable name and one title.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    MalformedBody,
    BadQuery,
    BadId,
    Unauthenticated,
    Forbidden,
    NotFound,
    NoRoute,
    MethodNotAllowed,
    SlowBody,
    Conflict,
    TooLarge,
    UnsupportedMediaType,
    InvalidInput,
    RateLimited,
    Internal,
    Busy,
    Draining,
    NotReady,
    DiskFull,
}

impl Kind {
    /// Status, the last segment of the problem's `type`, and its title.
    const fn facts(self) -> (u16, &'static str, &'static str) {
        match self {
            Self::MalformedBody => (400, "malformed-body", "The body is not JSON"),
            Self::BadQuery => (400, "bad-query", "A query parameter is not valid"),
            Self::BadId => (400, "bad-id", "An id in the path is not valid"),
            Self::Unauthenticated => (401, "unauthenticated", "Who is calling is not known"),
            Self::Forbidden => (403, "forbidden", "The caller may not do this"),
            Self::NotFound => (404, "not-found", "There is no such thing"),
            Self::NoRoute => (404, "no-route", "There is no such route"),
            Self::MethodNotAllowed => (405, "method-not-allowed", "The route has no such method"),
            Self::SlowBody => (408, "slow-body", "The body did not arrive in time"),
            Self::Conflict => (409, "conflict", "The present state does not allow this"),
            Self::TooLarge => (413, "too-large", "The body is too large"),
            Self::UnsupportedMediaType => (
                415,
                "unsupported-media-type",
                "The body has the wrong media type",
            ),
            Self::InvalidInput => (422, "invalid-input", "The input breaks a rule"),
            Self::RateLimited => (429, "rate-limited", "Too many calls"),
            Self::Internal => (500, "internal", "The fault is on our side"),
            Self::Busy => (503, "busy", "Too much at once"),
            Self::Draining => (503, "draining", "The service is shutting down"),
            Self::NotReady => (503, "not-ready", "The service is not ready"),
            Self::DiskFull => (507, "disk-full", "The disk is full"),
        }
    }

    /// When trying again makes sense, for what passes by itself: nobody is left to guess. A queue is empty again within
    /// a second, a restart or a lane takes a few, and a disk takes somebody who makes room.
    const fn retry_after(self) -> Option<Duration> {
        match self {
            Self::Busy => Some(Duration::from_secs(1)),
            Self::Draining | Self::NotReady => Some(Duration::from_secs(5)),
            Self::DiskFull => Some(Duration::from_secs(30)),
            Self::MalformedBody
            | Self::BadQuery
            | Self::BadId
            | Self::Unauthenticated
            | Self::Forbidden
            | Self::NotFound
            | Self::NoRoute
            | Self::MethodNotAllowed
            | Self::SlowBody
            | Self::Conflict
            | Self::TooLarge
            | Self::UnsupportedMediaType
            | Self::InvalidInput
            | Self::RateLimited
            | Self::Internal => None,
        }
    }

    /// The HTTP status.
    pub(super) const fn status(self) -> u16 {
        self.facts().0
    }
}

/// One refusal, not yet tied to a request.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    pub(super) kind: Kind,
    /// The value, the rule, the remedy.
    pub(super) detail: String,
    /// For bad input: what is wrong where.
    pub(super) errors: Vec<InputError>,
    /// When trying again makes sense; as its kind says, where nobody knows better.
    pub(super) retry_after: Option<Duration>,
    /// Headers of the answer, such as `Allow` for 405.
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    /// What happened on our side; for the log only.
    pub(super) log: Option<Box<str>>,
    /// For an instant that is too early: the first of which everything is kept.
    pub(super) kept_since: Option<Box<Timestamp>>,
}

impl Refusal {
    /// A refusal of `kind`, explained by `detail`.
    pub(super) fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            errors: Vec::new(),
            retry_after: kind.retry_after(),
            headers: Vec::new(),
            log: None,
            kept_since: None,
        }
    }

    /// Bad input: the first error is the detail, with the place it stands at.
    pub(super) fn invalid(errors: Vec<InputError>) -> Self {
        let detail = match errors.as_slice() {
            [] => "the input breaks a rule".to_owned(),
            [only] => located(only),
            [first, rest @ ..] => format!("{} (and {} more)", located(first), rest.len()),
        };
        Self {
            errors,
            ..Self::new(Kind::InvalidInput, detail)
        }
    }

    /// One thing wrong with the input, at `pointer`.
    pub(super) fn invalid_at(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::invalid(vec![InputError {
            pointer: pointer.into(),
            detail: detail.into(),
        }])
    }

    /// A query parameter that breaks a rule.
    pub(super) fn bad_query(name: &str, detail: impl Into<String>) -> Self {
        let error = InputError {
            pointer: format!("?{name}"),
            detail: detail.into(),
        };
        Self {
            errors: vec![error.clone()],
            ..Self::new(Kind::BadQuery, located(&error))
        }
    }

    /// Nothing of this name is visible to the caller.
    pub(super) fn not_found(noun: &str, id: impl fmt::Display) -> Self {
        Self::new(
            Kind::NotFound,
            format!("no {noun} {id} is visible to this caller"),
        )
    }

    /// A failure of ours: the caller learns that it happened, the log learns what.
    pub(super) fn internal(log: impl Into<String>) -> Self {
        Self {
            log: Some(log.into().into()),
            ..Self::new(
                Kind::Internal,
                "the service failed to do this; its log has the cause under the request id of this answer",
            )
        }
    }

    /// The same refusal with a time after which to try again.
    pub(super) fn retry_after(self, wait: Duration) -> Self {
        Self {
            retry_after: Some(wait),
            ..self
        }
    }

    /// The problem as it goes out, for a request to `instance`.
    pub(super) fn problem(&self, instance: Option<&str>) -> Problem {
        let (status, name, title) = self.kind.facts();
        Problem {
            kind: format!("/problems/{name}"),
            title: title.to_owned(),
            status,
            detail: line(&self.detail).into_owned(),
            instance: instance.map(|path| line(path).into_owned()),
            errors: self
                .errors
                .iter()
                .map(|error| InputError {
                    pointer: line(&error.pointer).into_owned(),
                    detail: line(&error.detail).into_owned(),
                })
                .collect(),
            kept_since: self.kept_since.as_deref().copied(),
        }
    }

    /// Headers that belong to the refusal beside the problem itself.
    fn all_headers(&self) -> HeaderMap {
        let mut headers: HeaderMap = self.headers.iter().cloned().collect();
        if let Some(wait) = self.retry_after {
            headers.insert(header::RETRY_AFTER, whole_seconds(wait).into());
        }
        if self.kind == Kind::Unauthenticated {
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"hookyard\""),
            );
        }
        headers
    }

    /// The whole answer to a request to `instance`.
    pub(super) fn response(&self, instance: Option<&str>) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code())
            .content_type(PROBLEM_JSON)
            .json(self.problem(instance));
        for (name, value) in self.all_headers() {
            response.headers_mut().insert(name, value);
        }
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        response
    }
}

/// Seconds, at least one: `Retry-After: 0` would invite an immediate second try.
fn whole_seconds(wait: Duration) -> u64 {
    wait.as_millis()
        .div_ceil(1_000)
        .try_into()
        .unwrap_or(u64::MAX)
        .max(1)
}

fn located(error: &InputError) -> String {
    if error.pointer.is_empty() {
        error.detail.clone()
    } else {
        format!("{}: {}", error.pointer, error.detail)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.detail)
    }
}

impl ResponseError for Refusal {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        self.response(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_name_of_its_own() {
        let kinds = [
            Kind::MalformedBody,
            Kind::BadQuery,
            Kind::BadId,
            Kind::Unauthenticated,
            Kind::Forbidden,
            Kind::NotFound,
            Kind::NoRoute,
            Kind::MethodNotAllowed,
            Kind::SlowBody,
            Kind::Conflict,
            Kind::TooLarge,
            Kind::UnsupportedMediaType,
            Kind::InvalidInput,
            Kind::RateLimited,
            Kind::Internal,
            Kind::Busy,
            Kind::Draining,
            Kind::NotReady,
            Kind::DiskFull,
        ];
        let names: std::collections::BTreeSet<_> =
            kinds.iter().map(|kind| kind.facts().1).collect();
        assert_eq!(names.len(), kinds.len());
    }

    #[test]
    fn whoever_comes_at_a_bad_moment_is_told_when_to_come_again() {
        for (kind, seconds) in [
            (Kind::Busy, "1"),
            (Kind::Draining, "5"),
            (Kind::NotReady, "5"),
            (Kind::DiskFull, "30"),
        ] {
            assert!(matches!(kind.status(), 503 | 507), "{kind:?}");
            let answer = Refusal::new(kind, "later").response(None);
            let told = answer.headers().get("retry-after");
            assert_eq!(told.unwrap(), seconds, "{kind:?}");
        }
        let answer = Refusal::new(Kind::Forbidden, "never").response(None);
        assert!(!answer.headers().contains_key("retry-after"));
    }

    #[test]
    fn what_a_caller_sent_cannot_move_a_terminals_cursor() {
        let problem = Refusal::invalid_at("/na\u{1b}me", "\u{1b}[2Jx\u{202e}\n").problem(None);
        assert_eq!(problem.detail, "/na\\x1bme: \\x1b[2Jx\\u{202e}\\n");
        assert_eq!(problem.errors[0].pointer, "/na\\x1bme");
    }

    #[test]
    fn a_wait_is_told_in_whole_seconds_rounded_up() {
        for (millis, expected) in [(0, 1), (1, 1), (1_000, 1), (1_001, 2)] {
            assert_eq!(whole_seconds(Duration::from_millis(millis)), expected);
        }
    }

    #[test]
    fn several_errors_are_counted_in_the_detail() {
        let error = |pointer: &str| InputError {
            pointer: pointer.into(),
            detail: "is bad".into(),
        };
        let refusal = Refusal::invalid(vec![error("/a"), error("/b"), error("")]);
        assert_eq!(refusal.detail, "/a: is bad (and 2 more)");
        assert_eq!(refusal.problem(Some("/x")).instance.as_deref(), Some("/x"));
    }
}
