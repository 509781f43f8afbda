//! A signature of the right form that does not verify: the mistakes that people make, tried one by one.
//!
//! None of this accepts anything: it only finds better words for the refusal. What a parser has thrown away cannot be
//! tried: the numbers' text (`1.0`), and the order of members where the contract leaves it to the publisher.

use secrecy::ExposeSecret as _;
use serde_json::value::RawValue;

use super::super::model::{BodyForm, SignatureRule, SignatureSlot};
use super::super::{ecmascript, json_text};
use super::Keys;
use super::request::Request;
use super::why::WhyNot;
use crate::domain::sign::secret::SYMMETRIC_PREFIX;

/// Why none of `candidates` verifies.
pub(super) fn explain(
    keys: &Keys,
    slot: &SignatureSlot,
    request: &Request<'_>,
    candidates: &[(&SignatureRule, Vec<u8>)],
) -> WhyNot {
    let fits = |keys: &Keys, body: &[u8]| {
        candidates.iter().any(|(rule, signature)| {
            let message = request.message(slot, rule, body);
            message.is_ok_and(|message| keys.verify(rule, &message, signature))
        })
    };
    for (spelling, body) in spellings(request) {
        if fits(keys, &body) {
            return WhyNot::BodyChanged { spelling };
        }
    }
    for (reading, keys) in readings(keys.text.expose_secret()) {
        if fits(&keys, request.body) {
            return WhyNot::SecretMisread { reading };
        }
    }
    let place = slot.place.to_string();
    let form = request.form();
    match as_sent(request) {
        Some(written) if written != request.body => WhyNot::BodyReencoded {
            place,
            form: form.as_str(),
        },
        _ => WhyNot::Mismatch {
            place,
            keeps_text: form == BodyForm::Compact,
        },
    }
}

/// The body as the contract sends it, as far as that can be told from what came: its form, and the order of the
/// members that it lists.
fn as_sent(request: &Request<'_>) -> Option<Vec<u8>> {
    sent_as(request.form(), &request.in_contract_order()?)
}

/// The body as this form writes it; what is sent is that already.
fn sent_as(form: BodyForm, body: &[u8]) -> Option<Vec<u8>> {
    match form {
        BodyForm::Ecmascript => ecmascript::of_bytes(body),
        BodyForm::Compact => {
            let raw: &RawValue = serde_json::from_slice(body).ok()?;
            let mut compact = Vec::new();
            // From the body, not the value: white space around it is none of ours either.
            json_text::push_compact(&mut compact, raw.get());
            Some(compact)
        }
    }
}

/// What frameworks, shells and editors make of a body, undone.
fn spellings(request: &Request<'_>) -> Vec<(&'static str, Vec<u8>)> {
    let body = request.body;
    let mut found = vec![
        (
            "the body without white space at its ends",
            body.trim_ascii().to_vec(),
        ),
        ("no body at all", Vec::new()),
    ];
    for (spelling, form) in [
        (
            "the body without white space between its members",
            BodyForm::Compact,
        ),
        (
            "the body as JSON.stringify(JSON.parse(body)) prints it",
            BodyForm::Ecmascript,
        ),
    ] {
        found.extend(sent_as(form, body).map(|written| (spelling, written)));
    }
    found.extend(as_sent(request).map(|written| {
        let spelling = "the body with its members in the contract's order";
        (spelling, written)
    }));
    // Whoever parses a body writes its characters plainly; the publisher's writer may have escaped them.
    if let Ok(text) = std::str::from_utf8(body) {
        let escaped = escaped(text);
        let slashes = escaped.replace("\\/", "/").replace('/', "\\/");
        found.push((
            "the body with all but ASCII as \\uXXXX, as Python's json.dumps writes it",
            escaped.into_bytes(),
        ));
        found.push((
            "the body with / as \\/ and all but ASCII as \\uXXXX, as PHP's json_encode writes it",
            slashes.into_bytes(),
        ));
    }
    found.retain(|(_, spelling)| spelling != body);
    found
}

/// JSON with every character beyond ASCII escaped; such characters stand in strings alone.
fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for unit in json.encode_utf16() {
        match u8::try_from(unit) {
            Ok(byte) if byte.is_ascii() => text.push(char::from(byte)),
            _ => text.push_str(&format!("\\u{unit:04x}")),
        }
    }
    text
}

/// What people do to a secret, undone.
fn readings(text: &str) -> Vec<(&'static str, Keys)> {
    let whole = text.as_bytes().to_vec();
    let body = text.strip_prefix(SYMMETRIC_PREFIX).unwrap_or(text);
    let mut found = vec![(
        "the secret without white space at its ends",
        Keys::new(text.trim()),
    )];
    for (reading, bytes) in [
        ("the whole secret as text, not as base64", whole),
        (
            "the part after whsec_ as text, not as base64",
            body.as_bytes().to_vec(),
        ),
    ] {
        found.push((
            reading,
            Keys {
                symmetric: Some(bytes.into()),
                ..Keys::new(text)
            },
        ));
    }
    if body != text {
        found.push(("the part after whsec_ as text", Keys::new(body)));
    }
    found
}
