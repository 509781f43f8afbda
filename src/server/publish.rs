//! Published events from the wire: one object, a JSON array, or NDJSON, into checked [`NewEvent`]s.
//!
//! The way of a good event is short: one parse that borrows from the body, one copy of the payload. Only when that
//! fails is the text looked at again, to say where and why.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::json::{self, JsonError};
use super::problem::{Kind, Refusal};
use crate::api::problem::InputError;
use crate::domain::event::{EventKey, NewEvent};
use crate::domain::json::RawJson;
use crate::domain::limits::BATCH_EVENTS_MAX;
use crate::domain::tenant::{Audience, Tenant};
use crate::domain::time::Timestamp;

/// An event as it stands in the body, nothing copied that need not be.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EventText<'a> {
    #[serde(rename = "type", borrow)]
    event_type: Cow<'a, str>,
    #[serde(borrow)]
    data: &'a RawValue,
    #[serde(default, borrow)]
    id: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    tenant: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    attributes: Option<&'a RawValue>,
    #[serde(default, borrow)]
    occurred_at: Option<Cow<'a, str>>,
    #[serde(default)]
    test: bool,
}

/// One event from its JSON text; `key` is the `Idempotency-Key` header, `confined_to` the publisher's tenant.
///
/// # Errors
/// 400 for what is not JSON, 422 with every member that is wrong, 403 for another tenant's events.
pub(super) fn single(
    bytes: &[u8],
    key: Option<&str>,
    confined_to: Option<&Tenant>,
) -> Result<NewEvent, Refusal> {
    let text = parse(bytes)?;
    let mut event = check(&text).map_err(Refusal::invalid)?;
    if let Some(key) = key {
        adopt_key(&mut event, key)?;
    }
    confine(&mut event, confined_to).map_err(|detail| Refusal::new(Kind::Forbidden, detail))?;
    Ok(event)
}

/// One event from the body of `POST /v1/events`, for embedders.
///
/// # Errors
/// What the API would say is wrong with it.
pub fn read_event(bytes: &[u8]) -> Result<NewEvent, String> {
    single(bytes, None, None).map_err(|refusal| refusal.detail)
}

/// The events of a batch: a JSON array where the text begins with `[`, else one JSON object a line.
///
/// # Errors
/// 400 for an array that is not JSON, 413 for too many, 422 with every line that is wrong.
pub(super) fn batch(
    bytes: &[u8],
    event_bytes_max: usize,
    confined_to: Option<&Tenant>,
) -> Result<Vec<NewEvent>, Refusal> {
    let is_array = bytes.trim_ascii_start().first() == Some(&b'[');
    let texts = if is_array {
        elements(bytes)?
    } else {
        lines(bytes)
    };
    if texts.len() > BATCH_EVENTS_MAX {
        return Err(Refusal::new(
            Kind::TooLarge,
            format!(
                "the batch has {} events; at most {BATCH_EVENTS_MAX} are taken at once",
                texts.len()
            ),
        ));
    }
    let mut events = Vec::with_capacity(texts.len());
    let mut errors = Vec::new();
    for (index, (line, text)) in texts.into_iter().enumerate() {
        match batched(text, event_bytes_max, confined_to) {
            Ok(event) => events.push(event),
            Err(found) => errors.extend(found.into_iter().map(|error| InputError {
                pointer: format!("/{index}{}", error.pointer),
                detail: match line {
                    Some(line) => format!("line {line}: {}", error.detail),
                    None => error.detail,
                },
            })),
        }
    }
    if errors.is_empty() {
        Ok(events)
    } else {
        Err(Refusal::invalid(errors))
    }
}

fn batched(
    text: &[u8],
    event_bytes_max: usize,
    confined_to: Option<&Tenant>,
) -> Result<NewEvent, Vec<InputError>> {
    if text.len() > event_bytes_max {
        return Err(vec![at(
            "",
            format!(
                "the event has {} bytes; at most {event_bytes_max} are taken",
                text.len()
            ),
        )]);
    }
    let text = parse(text).map_err(|error| {
        vec![match error {
            JsonError::Malformed(detail) => at("", detail.replace("the body is", "this is")),
            JsonError::Shape(error) => error,
        }]
    })?;
    let mut event = check(&text)?;
    confine(&mut event, confined_to).map_err(|detail| vec![at("/tenant", detail)])?;
    Ok(event)
}

/// One event's text, with its line number from 1 where the batch has lines.
pub(super) type Numbered<'a> = (Option<usize>, &'a [u8]);

/// The texts of an array's elements.
fn elements(bytes: &[u8]) -> Result<Vec<Numbered<'_>>, Refusal> {
    let values: Vec<&RawValue> = serde_json::from_slice(bytes).map_err(|error| {
        Refusal::new(
            Kind::MalformedBody,
            format!("the body is not a JSON array: {error}"),
        )
    })?;
    Ok(values
        .into_iter()
        .map(|value| (None, value.get().as_bytes()))
        .collect())
}

/// The lines that hold something, with their numbers from 1.
pub(super) fn lines(bytes: &[u8]) -> Vec<Numbered<'_>> {
    bytes
        .split(|&byte| byte == b'\n')
        .enumerate()
        .filter(|(_, line)| !line.trim_ascii().is_empty())
        .map(|(index, line)| (Some(index + 1), line))
        .collect()
}

fn parse(bytes: &[u8]) -> Result<EventText<'_>, JsonError> {
    if json::begins_object(bytes)
        && let Ok(text) = serde_json::from_slice(bytes)
    {
        return Ok(text);
    }
    json::parse_borrowed(bytes)
}

/// The event, or everything that is wrong with its members.
fn check(text: &EventText<'_>) -> Result<NewEvent, Vec<InputError>> {
    let mut errors = Vec::new();
    let event_type = noted(&mut errors, "/type", text.event_type.parse());
    let data = noted(&mut errors, "/data", RawJson::from_raw(text.data));
    let key = text.id.as_deref().map(str::parse).transpose();
    let key = noted(&mut errors, "/id", key);
    let audience = noted(
        &mut errors,
        "/tenant",
        Audience::from_text(text.tenant.as_deref()),
    );
    let attributes = text.attributes.map(RawJson::from_raw).transpose();
    let attributes = noted(&mut errors, "/attributes", attributes);
    if let Some(Some(attributes)) = &attributes
        && !attributes.as_str().starts_with('{')
    {
        errors.push(at(
            "/attributes",
            "attributes are a JSON object, such as {\"region\": \"eu\"}",
        ));
    }
    let occurred_at = text
        .occurred_at
        .as_deref()
        .map(str::parse::<Timestamp>)
        .transpose();
    let occurred_at = noted(&mut errors, "/occurred_at", occurred_at);
    match (event_type, data, key, audience, attributes, occurred_at) {
        (
            Some(event_type),
            Some(data),
            Some(key),
            Some(audience),
            Some(attributes),
            Some(occurred_at),
        ) if errors.is_empty() => Ok(NewEvent {
            key,
            audience,
            event_type,
            occurred_at,
            attributes,
            data,
            test: text.test,
        }),
        _ => Err(errors),
    }
}

fn noted<T, E: std::fmt::Display>(
    errors: &mut Vec<InputError>,
    pointer: &str,
    result: Result<T, E>,
) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(error) => {
            errors.push(at(pointer, error.to_string()));
            None
        }
    }
}

fn at(pointer: &str, detail: impl Into<String>) -> InputError {
    InputError {
        pointer: pointer.to_owned(),
        detail: detail.into(),
    }
}

/// Takes the header's key where the body has none; both must agree.
fn adopt_key(event: &mut NewEvent, header: &str) -> Result<(), Refusal> {
    let key: EventKey = header
        .parse()
        .map_err(|error| Refusal::invalid_at("", format!("the Idempotency-Key header: {error}")))?;
    match &event.key {
        Some(own) if *own != key => Err(Refusal::invalid_at(
            "/id",
            format!(
                "{:?} and the Idempotency-Key header {:?} differ; give one of them, or both alike",
                own.as_str(),
                key.as_str()
            ),
        )),
        _ => {
            event.key = Some(key);
            Ok(())
        }
    }
}

/// Keeps a tenant's publisher to its tenant: an event that names none is its tenant's.
fn confine(event: &mut NewEvent, confined_to: Option<&Tenant>) -> Result<(), String> {
    let Some(own) = confined_to else {
        return Ok(());
    };
    match &event.audience {
        Audience::Tenantless => {
            event.audience = Audience::Tenant(own.clone());
            Ok(())
        }
        Audience::Tenant(tenant) if tenant == own => Ok(()),
        Audience::Tenant(tenant) => Err(format!(
            "this token publishes for tenant {own} only, not for {tenant}; leave tenant out or use another token"
        )),
        Audience::Everyone => Err(format!(
            "this token publishes for tenant {own} only; * takes a token without tenant"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(refusal: Refusal) -> Vec<(String, String)> {
        refusal
            .errors
            .into_iter()
            .map(|error| (error.pointer, error.detail))
            .collect()
    }

    #[test]
    fn a_payload_is_taken_to_the_letter() {
        let event = single(
            br#"{"data": {"b":1.0, "a" :1e400}, "type":"a.b","attributes":{"x":1}}"#,
            Some("k-1"),
            None,
        )
        .unwrap();
        assert_eq!(event.data.as_str(), r#"{"b":1.0, "a" :1e400}"#);
        assert_eq!(event.key.unwrap().as_str(), "k-1");
    }

    #[test]
    fn odd_data_is_taken_as_it_is_written() {
        let deepest = format!("{}{}", "[".repeat(64), "]".repeat(64));
        for data in [
            r#"{"a":1,"a":2}"#,
            r#""\ud800 \u0000""#,
            r#"{"\udc00":[]}"#,
            "1e400",
            "-0.0",
            "123456789012345678901234567890",
            "null",
            "true",
            "\"text\"",
            "[]",
            &deepest,
        ] {
            let text = format!(r#"{{"type":"a","data": {data} ,"attributes": {{"x": {data}}}}}"#);
            if data == deepest {
                // As a member of the attributes it lies a level too deep.
                let pointers = errors(single(text.as_bytes(), None, None).unwrap_err());
                let detail = "nested deeper than 64 levels".to_owned();
                assert_eq!(pointers, [("/attributes".to_owned(), detail)]);
                continue;
            }
            let event = single(text.as_bytes(), None, None).unwrap();
            assert_eq!(event.data.as_str(), data);
            let attributes = event.attributes.unwrap();
            assert_eq!(attributes.as_str(), format!("{{\"x\": {data}}}"));
        }
    }

    #[test]
    fn what_is_no_json_or_too_deep_is_refused_with_the_place() {
        let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        let check = |text: &[u8], kind: Kind, expected: &str| {
            let refusal = single(text, None, None).unwrap_err();
            assert_eq!(refusal.kind, kind, "{}", refusal.detail);
            assert!(refusal.detail.contains(expected), "{}", refusal.detail);
        };
        for levels in [65, 100_000] {
            let text = format!(r#"{{"type":"a","data":{}}}"#, deep(levels));
            check(
                text.as_bytes(),
                Kind::InvalidInput,
                "/data: nested deeper than 64 levels",
            );
        }
        let twice = br#"{"type":"a","data":1,"data":2}"#;
        check(
            twice,
            Kind::InvalidInput,
            "/data: data stands there twice: give it once",
        );
        let nul = br#"{"type":"a\u0000","data":1}"#;
        check(nul, Kind::InvalidInput, "is not an event type");
        for text in [
            &b"{\"type\":\"a\",\"data\":\"\0\"}"[..],
            b"{\"type\":\"a\",\"data\":\"\xff\"}",
            b"{\"type\":\"a\",\"data\":01}",
            b"{\"type\":\"\\ud800\",\"data\":1}",
            b"{\"type\":\"a\",\"data\":NaN}",
            b"\0{\"type\":\"a\",\"data\":1}",
        ] {
            check(text, Kind::MalformedBody, "the body is not JSON");
        }
    }

    #[test]
    fn every_bad_member_is_named_at_once() {
        let refusal = single(
            br#"{"type":"a b","data":1,"id":"x y","tenant":"a/b","attributes":[],"occurred_at":"noon"}"#,
            None,
            None,
        )
        .unwrap_err();
        assert_eq!(refusal.kind, Kind::InvalidInput);
        let pointers: Vec<String> = errors(refusal)
            .into_iter()
            .map(|(pointer, _)| pointer)
            .collect();
        assert_eq!(
            pointers,
            ["/type", "/id", "/tenant", "/attributes", "/occurred_at"]
        );
    }

    #[test]
    fn header_and_member_must_name_the_same_key() {
        let refusal = single(br#"{"type":"a","data":1,"id":"x"}"#, Some("y"), None).unwrap_err();
        assert_eq!(
            refusal.detail,
            "/id: \"x\" and the Idempotency-Key header \"y\" differ; give one of them, or both alike"
        );
        assert!(single(br#"{"type":"a","data":1,"id":"x"}"#, Some("x"), None).is_ok());
    }

    #[test]
    fn a_confined_publisher_reaches_its_own_tenant_only() {
        let acme: Tenant = "acme".parse().unwrap();
        let publish = |tenant: &str| {
            single(
                format!(r#"{{"type":"a","data":1{tenant}}}"#).as_bytes(),
                None,
                Some(&acme),
            )
        };
        let own = Audience::Tenant(acme.clone());
        assert_eq!(publish("").unwrap().audience, own);
        assert_eq!(publish(r#","tenant":"acme""#).unwrap().audience, own);
        for tenant in [r#","tenant":"other""#, r#","tenant":"*""#] {
            assert_eq!(publish(tenant).unwrap_err().kind, Kind::Forbidden);
        }
    }

    #[test]
    fn a_batch_names_every_bad_line_and_counts_blank_ones() {
        let text =
            b"{\"type\":\"a\",\"data\":1}\n\n{\"type\":\"a\"}\n{bad\n{\"type\":\"a b\",\"data\":1}";
        assert_eq!(
            errors(batch(text, 1_000, None).unwrap_err()),
            [
                (
                    "/1/data".to_owned(),
                    "line 3: data is missing: it is required".to_owned()
                ),
                (
                    "/2".to_owned(),
                    "line 4: this is not JSON: key must be a string at line 1 column 2".to_owned()
                ),
                (
                    "/3/type".to_owned(),
                    "line 5: \"a b\" is not an event type: expected dotted segments of A-Z a-z 0-9 _ - such as \
                     packet.signed, at most 128 characters"
                        .to_owned()
                ),
            ]
        );
    }

    #[test]
    fn an_array_is_a_batch_too_and_its_elements_are_pointed_at() {
        let good = br#" [{"type":"a","data":1},{"type":"b","data":2}]"#;
        assert_eq!(batch(good, 1_000, None).unwrap().len(), 2);
        let refusal = batch(br#"[{"type":"a","data":1},{"tpe":"b"}]"#, 1_000, None).unwrap_err();
        assert_eq!(
            errors(refusal),
            [(
                "/1/tpe".to_owned(),
                "tpe is not known here; did you mean type?".to_owned()
            )]
        );
        let refusal = batch(b"[{]", 1_000, None).unwrap_err();
        assert_eq!(refusal.kind, Kind::MalformedBody);
    }

    #[test]
    fn a_batch_is_bounded_in_events_and_each_event_in_bytes() {
        let line = "{\"type\":\"a\",\"data\":1}\n";
        assert_eq!(
            batch(line.repeat(1_000).as_bytes(), 100, None)
                .unwrap()
                .len(),
            1_000
        );
        let refusal = batch(line.repeat(1_001).as_bytes(), 100, None).unwrap_err();
        assert_eq!(
            refusal.detail,
            "the batch has 1001 events; at most 1000 are taken at once"
        );
        let refusal = batch(line.as_bytes(), 20, None).unwrap_err();
        assert_eq!(
            errors(refusal),
            [(
                "/0".to_owned(),
                "line 1: the event has 21 bytes; at most 20 are taken".to_owned()
            )]
        );
    }
}
