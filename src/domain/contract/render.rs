//! From an event to a request, byte for byte; and the same request again, long after its secrets are gone.
//!
//! This is on the way of every delivery: what can be prepared is prepared when the contract loads.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::error::Undeliverable;
use super::model::{
    Contract, Encoding, KeyKind, SignaturePlace, SignatureRule, SignatureSlot, WhichSecrets,
};
use super::template::{Template, Variable};
use super::{body, header};
use crate::domain::attempt::Attempt;
use crate::domain::event::Event;
use crate::domain::id::{AttemptId, DeliveryId, EndpointId, SecretId, ServiceKeyId};
use crate::domain::request::PreparedRequest;
use crate::domain::sign::ed25519::PrivateKey;
use crate::domain::sign::hmac::{self, Hash};
use crate::domain::sign::secret::OpenSecret;
use crate::domain::sign::service_key::ServiceKey;
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
    /// The service's own keys for this contract that are in force, newest first; empty where the contract has no
    /// signature with `key = "service"`.
    pub service_keys: &'a [ServiceKey],
}

/// A key together with what it is for.
enum Key<'a> {
    Hmac(Hash, &'a [u8]),
    Ed25519(&'a PrivateKey),
}

/// What signs one request, and which of it did.
struct Signers<'a> {
    secrets: &'a [OpenSecret],
    service_keys: &'a [ServiceKey],
    /// At each secret's place, whether it signed.
    signed_by: Vec<bool>,
    /// The same of the service's keys.
    signed_by_service: Vec<bool>,
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
    /// Signatures, then the endpoint's own headers. A signature in the body stands under the JSON pointer of its
    /// member, such as `/signature`: no header's name has a slash.
    values: Vec<(String, String)>,
    /// The secrets that signed, newest first.
    secret_ids: Vec<SecretId>,
    /// The service's own keys that signed, newest first.
    service_key_ids: Vec<ServiceKeyId>,
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
        let mut signers = Signers {
            secrets: input.secrets,
            service_keys: input.service_keys,
            signed_by: vec![false; input.secrets.len()],
            signed_by_service: vec![false; input.service_keys.len()],
        };
        let member = self.signature_member();
        let mut body = self.body.render(input.event, input.attempt_time, member)?;
        let mut signatures = self.sign(&values, &mut body, &mut signers)?;
        for (name, value) in input.endpoint_headers {
            // They were checked when they were set; a contract that changed since then wins.
            if !header::is_name(name) {
                return Err(Undeliverable::Header { name: name.clone() });
            }
            if !self.owns_header(name) && !header::is_reserved(name) {
                signatures.push((header::title_case(name), checked(name, value.clone())?));
            }
        }
        let kept = Kept {
            values: signatures,
            secret_ids: signers.secret_ids(),
            service_key_ids: signers.service_key_ids(),
        };
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
        let member = self.signature_member();
        let mut body = self.body.render(event, attempt.started_at, member)?;
        if let Some(name) = member {
            let pointer = pointer_to(name);
            let stored = attempt.signatures.iter().find(|(at, _)| *at == pointer);
            if let Some((_, value)) = stored {
                body::append_member(&mut body, name, value);
            }
        }
        let kept = Kept {
            values: attempt.signatures.clone(),
            secret_ids: attempt.secret_ids.clone(),
            service_key_ids: attempt.service_key_ids.clone(),
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
        let mut headers = Vec::with_capacity(self.request.headers.len() + kept.values.len());
        for (name, template) in &self.request.headers {
            let mut value = Vec::new();
            template.write(&mut value, |variable, out| {
                out.extend_from_slice(values.text(variable).as_bytes())
            });
            headers.push((name.clone(), checked_bytes(name, value)?));
        }
        let of_headers = kept
            .values
            .iter()
            .filter(|(name, _)| !name.starts_with('/'));
        headers.extend(of_headers.cloned());
        Ok(PreparedRequest {
            method: self.request.method.clone(),
            url: url.to_owned(),
            headers,
            body_sha256: Sha256::digest(&body).into(),
            body,
            signatures: kept.values,
            secret_ids: kept.secret_ids,
            service_key_ids: kept.service_key_ids,
            timeout,
            connect_timeout: self.request.connect_timeout.min(timeout),
        })
    }

    /// The name of the body's member that carries a signature, where one does.
    fn signature_member(&self) -> Option<&str> {
        let mut places = self.signatures.iter().map(|slot| &slot.place);
        places.find_map(SignaturePlace::member_name)
    }

    /// Signs `body`, puts the signature that belongs into it there, and gives what is to be kept.
    fn sign(
        &self,
        values: &Values<'_>,
        body: &mut Vec<u8>,
        signers: &mut Signers<'_>,
    ) -> Result<Vec<(String, String)>, Undeliverable> {
        let mut kept = Vec::with_capacity(self.signatures.len());
        let mut by_secret = !self.signs_with_secrets();
        // What the body carries comes first: the headers sign the whole body.
        let is_member = |slot: &&SignatureSlot| slot.place.member_name().is_some();
        let members = self.signatures.iter().filter(is_member);
        let headers = self.signatures.iter().filter(|slot| !is_member(slot));
        for slot in members.chain(headers) {
            let mut written = Vec::new();
            signers.sign(slot, values, body, &mut written);
            let takes_secrets = slot.rules.iter().any(|rule| rule.key.is_endpoints());
            if written.is_empty() && !takes_secrets {
                return Err(Undeliverable::NoServiceKey {
                    contract: self.name.clone(),
                });
            }
            if written.is_empty() {
                continue;
            }
            by_secret |= takes_secrets;
            kept.push(match &slot.place {
                SignaturePlace::Header(name) => (name.clone(), checked_bytes(name, written)?),
                SignaturePlace::Member(name) => {
                    let value = checked_bytes(name, written)?;
                    body::append_member(body, name, &value);
                    (pointer_to(name), value)
                }
            });
        }
        if by_secret {
            return Ok(kept);
        }
        Err(Undeliverable::NoSecret {
            contract: self.name.clone(),
        })
    }
}

impl<'a> Signers<'a> {
    /// Writes all of a slot's values to `out`; nothing where there is no key for it.
    fn sign(&mut self, slot: &SignatureSlot, values: &Values<'_>, body: &[u8], out: &mut Vec<u8>) {
        for rule in &slot.rules {
            let mut message = None;
            for position in 0..self.candidates(rule) {
                let Some(key) = self.key(rule, position) else {
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
                let signed_by = if rule.key.is_endpoints() {
                    &mut self.signed_by
                } else {
                    &mut self.signed_by_service
                };
                signed_by[position] = true;
                if rule.secrets == WhichSecrets::Newest {
                    break;
                }
            }
        }
    }

    fn candidates(&self, rule: &SignatureRule) -> usize {
        if rule.key.is_endpoints() {
            self.secrets.len()
        } else {
            self.service_keys.len()
        }
    }

    /// The key that the secret or service key at `position` has for this rule, where it has one.
    fn key(&self, rule: &SignatureRule, position: usize) -> Option<Key<'a>> {
        let secret = || self.secrets.get(position);
        match (rule.key, rule.algorithm.hash()) {
            (KeyKind::Text, Some(hash)) => secret().map(|one| Key::Hmac(hash, one.text_bytes())),
            (KeyKind::Whsec, Some(hash)) => secret()
                .and_then(OpenSecret::symmetric_bytes)
                .map(|bytes| Key::Hmac(hash, bytes)),
            (KeyKind::Whsk, None) => secret().and_then(OpenSecret::private_key).map(Key::Ed25519),
            (KeyKind::Service, None) => {
                let key = self.service_keys.get(position);
                key.map(|key| Key::Ed25519(key.private()))
            }
            // The loader lets no other pair in.
            (KeyKind::Text | KeyKind::Whsec, None)
            | (KeyKind::Whsk | KeyKind::Service, Some(_)) => None,
        }
    }

    fn secret_ids(&self) -> Vec<SecretId> {
        let signers = self.secrets.iter().zip(&self.signed_by);
        let signers = signers.filter(|&(_, signed)| *signed);
        signers.map(|(secret, _)| secret.id).collect()
    }

    fn service_key_ids(&self) -> Vec<ServiceKeyId> {
        let signers = self.service_keys.iter().zip(&self.signed_by_service);
        let signers = signers.filter(|&(_, signed)| *signed);
        signers.map(|(key, _)| key.id).collect()
    }
}

/// The JSON pointer (RFC 6901) to a member of the body.
fn pointer_to(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

impl SignatureRule {
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
            Self::Hmac(hash, key) => encoding.encode(&hmac::sign(*hash, key, message)),
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
    fn write(&self, template: &Template, out: &mut Vec<u8>, signature: &str) {
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
