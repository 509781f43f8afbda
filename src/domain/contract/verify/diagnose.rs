//! A signature of the right form that does not verify: the mistakes that people make, tried one by one.
//!
//! None of this accepts anything: it only finds better words for the refusal.

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
    for (spelling, body) in spellings(request.body) {
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
    match sent_as(form, request.body) {
        Some(written) if written != request.body => WhyNot::BodyReencoded {
            place,
            form: form.as_str(),
        },
        _ => WhyNot::Mismatch { place },
    }
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
fn spellings(body: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
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
    found.retain(|(_, spelling)| spelling != body);
    found
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
