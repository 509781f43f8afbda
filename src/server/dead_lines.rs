//! Lines of an export: written so that they are safe to show, read back to the letter.
//!
//! A line is JSON without a line break or anything that a terminal would obey. Where that needs other characters than
//! the publisher's own, the exact ones stand beside it in base64, so that what is sent one day is what was accepted.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::json::{self, JsonError};
use crate::api::dead::{
    DEAD_LETTER_FORMAT, DeadAttempt, DeadDelivery, DeadEndpoint, DeadEvent, DeadLetterLine,
};
use crate::domain::attempt::{FailureClass, LastAttempt};
use crate::domain::dead_letter::DeadLetter;
use crate::domain::delivery::{DeadReason, DeliveryState};
use crate::domain::escape;
use crate::domain::event::Event;
use crate::domain::fingerprint::{CauseId, Fingerprint};
use crate::domain::json::RawJson;
use crate::domain::limits::FAILURE_TEXT_CHARS_MAX;
use crate::domain::tenant::Audience;
use crate::engine::Letter;
use std::time::Duration;

/// A dead delivery as a line, without the line feed at its end.
pub(super) fn line_of(letter: &Letter) -> String {
    let (event, problem) = match &letter.event {
        Ok(event) => (Some(event_line(event)), None),
        Err(problem) => (None, Some(problem.clone())),
    };
    let line = DeadLetterLine {
        format: DEAD_LETTER_FORMAT.to_owned(),
        delivery: delivery_line(letter),
        endpoint: endpoint_line(letter),
        event,
        problem,
    };
    // Texts and numbers serialise.
    let text = serde_json::to_string(&line).unwrap_or_default();
    escape::json(&text).into_owned()
}

fn delivery_line(letter: &Letter) -> DeadDelivery {
    let delivery = &letter.delivery;
    let failure = letter
        .latest
        .as_ref()
        .and_then(|latest| latest.failure.as_ref());
    let last = delivery.last_attempt.as_ref();
    DeadDelivery {
        id: delivery.id,
        reason: delivery.state.reason().unwrap_or_default().to_owned(),
        note: letter.note.clone(),
        attempts: delivery.attempts,
        created_at: delivery.created_at,
        died_at: delivery.updated_at,
        cause: delivery.cause.map(|cause| cause.to_string()),
        cause_message: letter.cause_message.clone(),
        last_attempt: last.map(|last| DeadAttempt {
            started_at: last.at,
            status: last.status,
            class: last.class.map(|class| class.as_str().to_owned()),
            failure: failure.map(|failure| failure.text.clone()),
            latency_us: u64::try_from(last.latency.as_micros()).unwrap_or(u64::MAX),
        }),
    }
}

fn endpoint_line(letter: &Letter) -> DeadEndpoint {
    let endpoint = letter.endpoint.as_deref();
    DeadEndpoint {
        id: letter.delivery.endpoint_id,
        url: endpoint.map_or_else(String::new, |endpoint| endpoint.url.clone()),
        name: endpoint.and_then(|endpoint| endpoint.name.clone()),
        tenant: endpoint
            .and_then(|endpoint| endpoint.tenant.as_ref())
            .map(ToString::to_string),
    }
}

fn event_line(event: &Event) -> DeadEvent {
    let (data, data_exact) = shown(&event.data);
    let attributes = event.attributes.as_ref().map(shown);
    let (attributes, attributes_exact) = attributes.unzip();
    DeadEvent {
        id: event.id,
        event_type: event.event_type.clone(),
        key: event.key.clone(),
        tenant: event.audience.as_text().map(str::to_owned),
        occurred_at: event.occurred_at,
        accepted_at: event.accepted_at,
        test: event.test,
        attributes,
        attributes_exact: attributes_exact.flatten(),
        data,
        data_exact,
    }
}

/// The value as it can stand in a line, and its exact bytes in base64 where that is not the same text.
fn shown(value: &RawJson) -> (RawJson, Option<String>) {
    let text = escape::json(value.as_str()).replace('\n', " ");
    if text == value.as_str() {
        return (value.clone(), None);
    }
    let exact = STANDARD.encode(value.as_str());
    (RawJson::from_stored(&text), Some(exact))
}

/// Reads a line; the error says what is wrong and what to do.
pub(super) fn letter_of(text: &[u8], event_bytes_max: usize) -> Result<DeadLetter, String> {
    let line: DeadLetterLine = json::parse(text).map_err(|error| match error {
        JsonError::Malformed(detail) => format!(
            "{}: export it again, or take the line out",
            detail.replace("the body is", "this is")
        ),
        JsonError::Shape(error) => format!("{}: {}", error.pointer, error.detail),
    })?;
    if line.format != DEAD_LETTER_FORMAT {
        return Err(format!(
            "the format is {:?}: this takes lines of `hookyard dead export`, whose format is {DEAD_LETTER_FORMAT}",
            line.format
        ));
    }
    let Some(event) = line.event else {
        let problem = line
            .problem
            .unwrap_or_else(|| "event is missing".to_owned());
        return Err(format!(
            "there is nothing to send: {problem}; take the line out"
        ));
    };
    let delivery = line.delivery;
    let note = delivery.note.as_ref().map(|note| {
        let kept: String = note.chars().take(FAILURE_TEXT_CHARS_MAX).collect();
        kept
    });
    let cause = cause(delivery.cause.as_deref())?;
    let last = delivery.last_attempt.as_ref().map(last).transpose()?;
    let message = delivery.cause_message.as_deref();
    let fingerprint = fingerprint(cause, last.as_ref(), message)?;
    Ok(DeadLetter {
        delivery_id: delivery.id,
        reason: reason(&delivery.reason)?,
        note,
        attempts: delivery.attempts,
        last,
        cause,
        fingerprint,
        created_at: delivery.created_at,
        endpoint_id: line.endpoint.id,
        endpoint_url: line.endpoint.url,
        event: event_of(event, event_bytes_max)?,
    })
}

fn reason(word: &str) -> Result<DeadReason, String> {
    match DeliveryState::from_words("dead", Some(word)) {
        Some(DeliveryState::Dead(reason)) => Ok(reason),
        _ => Err(format!(
            "/delivery/reason: {word:?} is none of exhausted, expired, gone and undeliverable"
        )),
    }
}

fn cause(text: Option<&str>) -> Result<Option<CauseId>, String> {
    let cause = text.map(str::parse).transpose();
    cause.map_err(|error: crate::domain::fingerprint::InvalidCauseId| {
        format!("/delivery/cause: {error}")
    })
}

/// What makes the cause that a line names: it has to make that one and no other.
fn fingerprint(
    cause: Option<CauseId>,
    last: Option<&LastAttempt>,
    message: Option<&str>,
) -> Result<Option<Fingerprint>, String> {
    let class = last.and_then(|last| last.class);
    let (Some(cause), Some(class), Some(message)) = (cause, class, message) else {
        return Ok(None);
    };
    let status = last.and_then(|last| last.status);
    // Failures that are not told apart have no status.
    let made = [status, None].map(|status| Fingerprint::made(class, status, message.to_owned()));
    let found = made.into_iter().find(|made| made.id == cause);
    found.map(Some).ok_or_else(|| {
        "/delivery/cause_message: with class and status of the latest attempt it does not make the cause that is \
         named; leave it out"
            .to_owned()
    })
}

fn last(attempt: &DeadAttempt) -> Result<LastAttempt, String> {
    let class = match attempt.class.as_deref() {
        None => None,
        Some(word) => Some(FailureClass::from_word(word).ok_or_else(|| {
            let known = FailureClass::ALL.map(FailureClass::as_str).join(", ");
            format!("/delivery/last_attempt/class: {word:?} is none of {known}")
        })?),
    };
    Ok(LastAttempt {
        at: attempt.started_at,
        status: attempt.status,
        class,
        latency: Duration::from_micros(attempt.latency_us),
    })
}

fn event_of(event: DeadEvent, bytes_max: usize) -> Result<Event, String> {
    let audience = Audience::from_text(event.tenant.as_deref())
        .map_err(|error| format!("/event/tenant: {error}"))?;
    let data = exact("data", event.data, event.data_exact.as_deref())?;
    let attributes = match (event.attributes, event.attributes_exact) {
        (None, None) => None,
        (None, Some(_)) => {
            return Err(
                "/event/attributes: attributes_exact is there and attributes is missing".to_owned(),
            );
        }
        (Some(value), in_base64) => Some(exact("attributes", value, in_base64.as_deref())?),
    };
    if attributes
        .as_ref()
        .is_some_and(|attributes| !attributes.as_str().starts_with('{'))
    {
        return Err(
            "/event/attributes: attributes are a JSON object, such as {\"region\": \"eu\"}"
                .to_owned(),
        );
    }
    let bytes = data.as_str().len() + attributes.as_ref().map_or(0, |json| json.as_str().len());
    if bytes > bytes_max {
        return Err(format!(
            "the event has {bytes} bytes; at most {bytes_max} are taken: raise limits.event_bytes"
        ));
    }
    Ok(Event {
        id: event.id,
        key: event.key,
        audience,
        event_type: event.event_type,
        occurred_at: event.occurred_at,
        accepted_at: event.accepted_at,
        attributes,
        data,
        test: event.test,
    })
}

/// The value to the letter: as it stands there, or as the base64 beside it has it, which must be the same value.
fn exact(name: &str, value: RawJson, in_base64: Option<&str>) -> Result<RawJson, String> {
    let Some(in_base64) = in_base64 else {
        return Ok(value);
    };
    let bytes = STANDARD.decode(in_base64).ok();
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    let exact = text.and_then(|text| RawJson::parse(&text).ok());
    match exact {
        Some(exact) if is_same(&exact, &value) => Ok(exact),
        _ => Err(format!(
            "/event/{name}_exact: it is not {name} in base64: to import what {name} says, take {name}_exact out"
        )),
    }
}

/// Whether two texts are one value, however it is written: whoever looks through a file may have written it again.
fn is_same(one: &RawJson, other: &RawJson) -> bool {
    let parsed = |json: &RawJson| serde_json::from_str::<serde_json::Value>(json.as_str()).ok();
    shown(one).0 == shown(other).0 || parsed(one).is_some_and(|one| Some(one) == parsed(other))
}
