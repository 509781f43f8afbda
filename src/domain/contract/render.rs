//! From an event to a request, byte for byte; and the same request again, long after its secrets are gone.
//!
//! This is on the way of every delivery: what can be prepared is prepared when the contract loads.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::error::Undeliverable;
use super::header;
use super::model::{
    Algorithm, Contract, Encoding, KeyKind, SignatureRule, SignatureSlot, WhichSecrets,
};
use super::template::Variable;
use crate::domain::attempt::Attempt;
use crate::domain::event::Event;
use crate::domain::id::{AttemptId, DeliveryId, EndpointId, SecretId};
use crate::domain::request::PreparedRequest;
use crate::domain::sign::ed25519::PrivateKey;
use crate::domain::sign::hmac_sha256;
use crate::domain::sign::secret::OpenSecret;
use crate::domain::time::Timestamp;

/// What a request is made of.
#[derive(Clone, Copy, Debug)]
pub struct RenderInput<'a> {
    /// The event.
    pub event: &'a Event,
    /// The endpoint it goes to.
    pub endpoint_id: EndpointId,
    /// Where that is.
    pub endpoint_url: &'a str,
    /// The headers that the endpoint adds.
    pub endpoint_headers: &'a [(String, String)],
    /// The endpoint's own limit on a whole exchange.
    pub timeout: Option<Duration>,
    /// The delivery.
    pub delivery_id: DeliveryId,
    /// The attempt.
    pub attempt_id: AttemptId,
    /// The attempt's number, from 1.
    pub attempt_number: u32,
    /// When the attempt starts.
    pub attempt_time: Timestamp,
    /// The active secrets, newest first.
    pub secrets: &'a [OpenSecret],
}

/// A key together with what it is for.
enum Key<'a> {
    HmacSha256(&'a [u8]),
    Ed25519(&'a PrivateKey),
}

/// Where the variables' values come from.
struct Values<'a> {
    contract: &'a Contract,
    event: &'a Event,
    endpoint_id: EndpointId,
    delivery_id: DeliveryId,
    attempt_id: AttemptId,
    attempt_number: u32,
    attempt_time: Timestamp,
}

/// What cannot be made again from event and revision, and is stored with the attempt.
struct Kept {
    /// Signature headers, then the endpoint's own.
    headers: Vec<(String, String)>,
    /// The secrets that signed, newest first.
    secret_ids: Vec<SecretId>,
}

impl Contract {
    /// The request for one attempt.
    ///
    /// # Errors
    /// No request can be made of it, now or later; the delivery is dead (undeliverable) with this reason.
    pub fn render(&self, input: &RenderInput<'_>) -> Result<PreparedRequest, Undeliverable> {
        let values = Values {
            contract: self,
            event: input.event,
            endpoint_id: input.endpoint_id,
            delivery_id: input.delivery_id,
            attempt_id: input.attempt_id,
            attempt_number: input.attempt_number,
            attempt_time: input.attempt_time,
        };
        let body = self.body.render(input.event, input.attempt_time)?;
        let mut kept = self.sign(&values, &body, input.secrets)?;
        for (name, value) in input.endpoint_headers {
            // They were checked when they were set; a contract that changed since then wins.
            if !header::is_name(name) {
                return Err(Undeliverable::Header { name: name.clone() });
            }
            if !self.owns_header(name) && !header::is_reserved(name) {
                kept.headers
                    .push((header::title_case(name), checked(name, value.clone())?));
            }
        }
        let timeout = input.timeout.unwrap_or(self.request.timeout);
        self.put_together(&values, input.endpoint_url, body, kept, timeout)
    }

    /// The request of an attempt that was made under this revision, from what is stored of it.
    ///
    /// # Errors
    /// [`Undeliverable::OtherBody`] where event or revision are not those of the attempt.
    pub fn render_again(
        &self,
        attempt: &Attempt,
        event: &Event,
    ) -> Result<PreparedRequest, Undeliverable> {
        let values = Values {
            contract: self,
            event,
            endpoint_id: attempt.endpoint_id,
            delivery_id: attempt.delivery_id,
            attempt_id: attempt.id,
            attempt_number: attempt.number,
            attempt_time: attempt.started_at,
        };
        let body = self.body.render(event, attempt.started_at)?;
        let kept = Kept {
            headers: attempt.signatures.clone(),
            secret_ids: attempt.secret_ids.clone(),
        };
        let request = self.put_together(&values, &attempt.url, body, kept, self.request.timeout)?;
        if request.body_sha256 != attempt.body_sha256 {
            return Err(Undeliverable::OtherBody);
        }
        Ok(request)
    }

    fn put_together(
        &self,
        values: &Values<'_>,
        url: &str,
        body: Vec<u8>,
        kept: Kept,
        timeout: Duration,
    ) -> Result<PreparedRequest, Undeliverable> {
        let mut headers = Vec::with_capacity(self.request.headers.len() + kept.headers.len());
        for (name, template) in &self.request.headers {
            let mut value = Vec::new();
            template.write(&mut value, |variable, out| {
                out.extend_from_slice(values.text(variable).as_bytes())
            });
            headers.push((name.clone(), checked_bytes(name, value)?));
        }
        headers.extend_from_slice(&kept.headers);
        Ok(PreparedRequest {
            method: self.request.method.clone(),
            url: url.to_owned(),
            headers,
            body_sha256: Sha256::digest(&body).into(),
            body,
            signatures: kept.headers,
            secret_ids: kept.secret_ids,
            timeout,
            connect_timeout: self.request.connect_timeout.min(timeout),
        })
    }

    /// The signature headers, and the secrets that made them, newest first.
    fn sign(
        &self,
        values: &Values<'_>,
        body: &[u8],
        secrets: &[OpenSecret],
    ) -> Result<Kept, Undeliverable> {
        let mut signed_by = vec![false; secrets.len()];
        let mut headers = Vec::with_capacity(self.signatures.len());
        for slot in &self.signatures {
            let mut value = Vec::new();
            sign_slot(slot, values, body, secrets, &mut signed_by, &mut value);
            if !value.is_empty() {
                let name = slot.place.header_name();
                headers.push((name.to_owned(), checked_bytes(name, value)?));
            }
        }
        if headers.is_empty() && !self.signatures.is_empty() {
            return Err(Undeliverable::NoSecret {
                contract: self.name.clone(),
            });
        }
        let signers = secrets.iter().zip(signed_by).filter(|&(_, signed)| signed);
        Ok(Kept {
            headers,
            secret_ids: signers.map(|(secret, _)| secret.id).collect(),
        })
    }
}

/// Writes all of a slot's values to `out`; nothing where no secret has a key for it.
fn sign_slot(
    slot: &SignatureSlot,
    values: &Values<'_>,
    body: &[u8],
    secrets: &[OpenSecret],
    signed_by: &mut [bool],
    out: &mut Vec<u8>,
) {
    for rule in &slot.rules {
        let mut message = None;
        for (position, secret) in secrets.iter().enumerate() {
            let Some(key) = rule.key_of(secret) else {
                continue;
            };
            let message = message.get_or_insert_with(|| rule.message(values, body));
            let signature = key.sign(rule.encoding, message);
            if out.is_empty() {
                values.write(&slot.prefix, out, "");
            } else {
                out.extend_from_slice(slot.separator.as_bytes());
            }
            values.write(&rule.value, out, &signature);
            signed_by[position] = true;
            if rule.secrets == WhichSecrets::Newest {
                break;
            }
        }
    }
}

impl SignatureRule {
    /// The key that `secret` has for this rule, where it has one.
    fn key_of<'a>(&self, secret: &'a OpenSecret) -> Option<Key<'a>> {
        let symmetric = match self.key {
            KeyKind::Text => Some(secret.text_bytes()),
            KeyKind::Whsec => secret.symmetric_bytes(),
            KeyKind::Whsk => None,
        };
        match self.algorithm {
            Algorithm::HmacSha256 => symmetric.map(Key::HmacSha256),
            Algorithm::Ed25519 => secret.private_key().map(Key::Ed25519),
        }
    }

    /// The signed bytes.
    fn message(&self, values: &Values<'_>, body: &[u8]) -> Vec<u8> {
        let mut message = Vec::with_capacity(body.len() + 96);
        self.signed.write(&mut message, |variable, out| {
            if variable == Variable::Body {
                out.extend_from_slice(body);
            } else {
                out.extend_from_slice(values.text(variable).as_bytes());
            }
        });
        message
    }
}

impl Key<'_> {
    /// The signature of `message` as written.
    fn sign(&self, encoding: Encoding, message: &[u8]) -> String {
        match self {
            Self::HmacSha256(key) => encoding.encode(&hmac_sha256::sign(key, message)),
            Self::Ed25519(key) => encoding.encode(&key.sign(message)),
        }
    }
}

impl Encoding {
    pub(super) fn encode(self, bytes: &[u8]) -> String {
        match self {
            Self::Hex => hex::encode(bytes),
            Self::Base64 => STANDARD.encode(bytes),
        }
    }
}

impl Values<'_> {
    fn write(&self, template: &super::template::Template, out: &mut Vec<u8>, signature: &str) {
        template.write(out, |variable, out| {
            if variable == Variable::Signature {
                out.extend_from_slice(signature.as_bytes());
            } else {
                out.extend_from_slice(self.text(variable).as_bytes());
            }
        });
    }

    /// The text of every variable but body and signature, which their places write themselves.
    fn text(&self, variable: Variable) -> String {
        match variable {
            Variable::EventId => self.event.id.to_string(),
            Variable::EventType => self.event.event_type.as_str().to_owned(),
            Variable::EventTime => self.event.occurred_at.to_rfc3339_seconds(),
            Variable::EventUnix => self.event.occurred_at.as_unix_seconds().to_string(),
            Variable::EndpointId => self.contract.shown_id(self.endpoint_id),
            Variable::DeliveryId => self.delivery_id.to_string(),
            Variable::AttemptId => self.attempt_id.to_string(),
            Variable::AttemptNumber => self.attempt_number.to_string(),
            Variable::AttemptTime => self.attempt_time.to_rfc3339_seconds(),
            Variable::AttemptUnix => self.attempt_time.as_unix_seconds().to_string(),
            Variable::Tenant => self.event.audience.as_text().unwrap_or_default().to_owned(),
            Variable::Body | Variable::Signature => String::new(),
        }
    }
}

fn checked_bytes(name: &str, value: Vec<u8>) -> Result<String, Undeliverable> {
    let refused = |_| Undeliverable::Header {
        name: name.to_owned(),
    };
    String::from_utf8(value)
        .map_err(refused)
        .and_then(|value| checked(name, value))
}

/// Refuses what could end the header or the request.
fn checked(name: &str, value: String) -> Result<String, Undeliverable> {
    if header::is_value(value.as_bytes()) {
        return Ok(value);
    }
    Err(Undeliverable::Header {
        name: name.to_owned(),
    })
}
