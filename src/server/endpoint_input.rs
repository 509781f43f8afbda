//! Endpoints as callers write them, turned into the engine's drafts. What takes knowledge of contracts or address
//! rules to judge is judged there; here texts become durations and policies.

use std::time::Duration;

use super::problem::Refusal;
use crate::api::endpoint::{
    BreakerBody, CreateEndpoint, ExponentialBody, PatchEndpoint, RateLimitBody, RetryBody,
};
use crate::api::problem::InputError;
use crate::domain::breaker::{self, BreakerOverride};
use crate::domain::duration::DurationText;
use crate::domain::endpoint_draft::{Change, EndpointPatch, NewEndpoint, RetryRequest};
use crate::domain::limits::ROTATION_OVERLAP_MAX;
use crate::domain::rate_limit::RateLimit;
use crate::domain::retry::RetrySteps;

/// The draft of a new endpoint, `enabled` apart: why it starts disabled depends on who asks.
///
/// # Errors
/// Everything that does not read.
pub(super) fn new_endpoint(wanted: CreateEndpoint) -> Result<NewEndpoint, Vec<InputError>> {
    let mut errors = Vec::new();
    let retry = wanted
        .retry
        .map(|retry| retry_request(retry, &mut errors))
        .unwrap_or_default();
    let rate_limit = wanted
        .rate_limit
        .and_then(|body| rate_limit(&body, &mut errors));
    let breaker = wanted
        .breaker
        .map(|body| breaker_settings(&body, &mut errors));
    let timeout = wanted
        .timeout
        .and_then(|text| duration(&text, "/timeout", &mut errors));
    if !errors.is_empty() {
        return Err(errors);
    }
    Ok(NewEndpoint {
        url: wanted.url,
        name: wanted.name,
        contract: wanted.contract,
        event_types: wanted.event_types,
        tenant: wanted.tenant,
        secret: wanted.secret.map(Into::into),
        headers: wanted.headers.unwrap_or_default().into_iter().collect(),
        metadata: wanted.metadata.unwrap_or_default(),
        ordered: wanted.ordered.unwrap_or_default(),
        concurrency: wanted.concurrency.map(u64::from),
        retry,
        rate_limit,
        breaker,
        timeout,
        test_mode: wanted.test_mode.unwrap_or_default(),
        disabled: None,
    })
}

/// The draft of changes to an endpoint, `enabled` apart: that is a switch of its own.
///
/// # Errors
/// Everything that does not read.
pub(super) fn patch(wanted: PatchEndpoint) -> Result<EndpointPatch, Vec<InputError>> {
    let mut errors = Vec::new();
    let retry = match wanted.retry {
        None => Change::Keep,
        Some(None) => Change::Clear,
        Some(Some(retry)) => Change::Set(retry_request(retry, &mut errors)),
    };
    let rate_limit = match wanted.rate_limit {
        None => Change::Keep,
        Some(None) => Change::Clear,
        Some(Some(body)) => rate_limit(&body, &mut errors).map_or(Change::Keep, Change::Set),
    };
    let breaker = match wanted.breaker {
        None => Change::Keep,
        Some(None) => Change::Clear,
        Some(Some(body)) => Change::Set(breaker_settings(&body, &mut errors)),
    };
    let timeout = match wanted.timeout {
        None => Change::Keep,
        Some(None) => Change::Clear,
        Some(Some(text)) => {
            duration(&text, "/timeout", &mut errors).map_or(Change::Keep, Change::Set)
        }
    };
    if !errors.is_empty() {
        return Err(errors);
    }
    Ok(EndpointPatch {
        url: wanted.url,
        name: change(wanted.name),
        contract: None,
        event_types: wanted.event_types.map_or(Change::Keep, Change::Set),
        secret: None,
        headers: wanted.headers.map_or(Change::Keep, |headers| {
            Change::Set(headers.into_iter().collect())
        }),
        metadata: wanted.metadata.map_or(Change::Keep, Change::Set),
        ordered: wanted.ordered,
        concurrency: change(wanted.concurrency.map(|value| value.map(u64::from))),
        retry,
        rate_limit,
        breaker,
        timeout,
        test_mode: wanted.test_mode,
    })
}

fn change<T>(sent: Option<Option<T>>) -> Change<T> {
    match sent {
        None => Change::Keep,
        Some(None) => Change::Clear,
        Some(Some(value)) => Change::Set(value),
    }
}

fn retry_request(body: RetryBody, errors: &mut Vec<InputError>) -> RetryRequest {
    let steps = match (body.ladder, body.exponential) {
        (Some(_), Some(_)) => {
            errors.push(InputError {
                pointer: "/retry".to_owned(),
                detail: "ladder and exponential exclude each other: give one of them".to_owned(),
            });
            None
        }
        (Some(ladder), None) => Some(RetrySteps::Ladder(
            ladder
                .iter()
                .enumerate()
                .filter_map(|(index, text)| {
                    duration(text, &format!("/retry/ladder/{index}"), errors)
                })
                .collect(),
        )),
        (None, Some(exponential)) => exponential_steps(&exponential, errors),
        (None, None) => None,
    };
    RetryRequest {
        steps,
        retries: body.retries,
        window: body
            .window
            .and_then(|text| duration(&text, "/retry/window", errors)),
        jitter: body.jitter.and_then(|number| number.as_f64()),
    }
}

fn rate_limit(body: &RateLimitBody, errors: &mut Vec<InputError>) -> Option<RateLimit> {
    let per = duration(&body.per, "/rate_limit/per", errors)?;
    RateLimit::new(body.requests, per)
        .map_err(|error| {
            errors.push(InputError {
                pointer: "/rate_limit".to_owned(),
                detail: error.to_string(),
            });
        })
        .ok()
}

fn breaker_settings(body: &BreakerBody, errors: &mut Vec<InputError>) -> BreakerOverride {
    let share_permille = body.share.as_ref().and_then(|share| {
        let read = breaker::share_permille(&share.to_string());
        if read.is_none() {
            errors.push(InputError {
                pointer: "/breaker/share".to_owned(),
                detail: format!("{share} is out of range: choose 0.001 to 1"),
            });
        }
        read
    });
    let mut wait = |text: &Option<String>, member: &str| {
        let text = text.as_deref()?;
        duration(text, &format!("/breaker/{member}"), errors)
    };
    BreakerOverride {
        enabled: body.enabled,
        consecutive: body.consecutive,
        share_permille,
        window: body.window,
        attempts_min: body.attempts_min,
        probe_first: wait(&body.probe_first, "probe_first"),
        probe_max: wait(&body.probe_max, "probe_max"),
    }
}

fn exponential_steps(body: &ExponentialBody, errors: &mut Vec<InputError>) -> Option<RetrySteps> {
    let first = duration(&body.first, "/retry/exponential/first", errors);
    let cap = duration(&body.cap, "/retry/exponential/cap", errors);
    Some(RetrySteps::Exponential {
        first: first?,
        factor: body.factor,
        retries: body.retries,
        cap: cap?,
    })
}

fn duration(text: &str, pointer: &str, errors: &mut Vec<InputError>) -> Option<Duration> {
    match text.parse::<DurationText>() {
        Ok(DurationText(duration)) => Some(duration),
        Err(error) => {
            errors.push(InputError {
                pointer: pointer.to_owned(),
                detail: error.to_string(),
            });
            None
        }
    }
}

/// How long the old secret keeps signing; `None` for the default.
///
/// # Errors
/// A text that is no duration, or more than seven days.
pub(super) fn overlap(text: Option<&str>) -> Result<Option<Duration>, Refusal> {
    let Some(text) = text else {
        return Ok(None);
    };
    let mut errors = Vec::new();
    match duration(text, "/overlap", &mut errors) {
        None => Err(Refusal::invalid(errors)),
        Some(overlap) if overlap > ROTATION_OVERLAP_MAX => Err(Refusal::invalid_at(
            "/overlap",
            format!(
                "{text} is too long: the overlap is at most {}",
                DurationText(ROTATION_OVERLAP_MAX)
            ),
        )),
        Some(overlap) => Ok(Some(overlap)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn create(text: &str) -> Result<NewEndpoint, Vec<InputError>> {
        new_endpoint(serde_json::from_str(text).unwrap())
    }

    #[test]
    fn an_empty_ladder_is_one_attempt_and_not_the_contracts_ladder() {
        let draft = create(r#"{"url":"http://x","retry":{"ladder":[]}}"#).unwrap();
        assert_eq!(draft.retry.steps, Some(RetrySteps::Ladder(Vec::new())));
        assert!(create(r#"{"url":"http://x"}"#).unwrap().retry.is_empty());
    }

    #[test]
    fn every_bad_duration_is_pointed_at() {
        let errors =
            create(r#"{"url":"","timeout":"10","retry":{"ladder":["1s","soon"],"window":"x"}}"#)
                .unwrap_err();
        let pointers: Vec<&str> = errors.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(pointers, ["/retry/ladder/1", "/retry/window", "/timeout"]);
        let errors = create(
            r#"{"url":"","retry":{"ladder":[],"exponential":{"first":"1s","factor":2,"retries":1,"cap":"1h"}}}"#,
        )
        .unwrap_err();
        assert_eq!(
            errors[0].detail,
            "ladder and exponential exclude each other: give one of them"
        );
    }

    #[test]
    fn a_rate_limit_has_a_number_and_a_time() {
        let draft = create(r#"{"url":"x","rate_limit":{"requests":60,"per":"1m"}}"#).unwrap();
        assert_eq!(draft.rate_limit, Some("60 per 1m".parse().unwrap()));
        let said = |text: &str| create(text).unwrap_err().remove(0).detail;
        assert_eq!(
            said(r#"{"url":"x","rate_limit":{"requests":0,"per":"1m"}}"#),
            "0 requests are out of range: choose 1 to 10000"
        );
        assert_eq!(
            said(r#"{"url":"x","rate_limit":{"requests":5,"per":"2d"}}"#),
            "a rate limit per 2d is out of range: choose 1s to 1d"
        );
    }

    #[test]
    fn null_clears_and_absence_keeps() {
        let text = r#"{"name":null,"timeout":null,"retry":null,"concurrency":4}"#;
        let draft = patch(serde_json::from_str(text).unwrap()).unwrap();
        assert_eq!(draft.name, Change::Clear);
        assert_eq!(draft.timeout, Change::Clear);
        assert_eq!(draft.retry, Change::Clear);
        assert_eq!(draft.concurrency, Change::Set(4));
        assert_eq!(draft.metadata, Change::Keep);
    }

    #[test]
    fn an_overlap_has_an_end() {
        assert_eq!(overlap(Some("0s")).unwrap(), Some(Duration::ZERO));
        assert_eq!(
            overlap(Some("8d")).unwrap_err().detail,
            "/overlap: 8d is too long: the overlap is at most 7d"
        );
    }
}
