//! A signature of the right form that does not verify: the mistakes that people make, tried one by one.
//!
//! None of this accepts anything: it only finds better words for the refusal.

use secrecy::ExposeSecret as _;
use serde_json::value::RawValue;

use super::super::json_text;
use super::super::model::{SignatureRule, SignatureSlot};
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
    WhyNot::Mismatch {
        name: slot.place.header_name().to_owned(),
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
    if let Ok(raw) = serde_json::from_slice::<&RawValue>(body) {
        let mut compact = Vec::new();
        json_text::push_compact(&mut compact, raw.get());
        found.push(("the body without white space between its members", compact));
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
