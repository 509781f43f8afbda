//! The consumer's side: is this request signed as the contract says, and if not, why.
//!
//! Works for every contract, because what is signed is read back from the request by the contract's own templates:
//! its headers, the text before the first signature, and the members of its body, the signature's own included. `hookyard verify`, `listen`,
//! `demo` and `bench` check what arrives with it; the published libraries check the same by their own code.

mod diagnose;
mod request;
mod why;

use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use super::model::{Contract, Encoding, KeyKind, SignaturePlace, SignatureRule, SignatureSlot};
use crate::domain::sign::ed25519::PublicKey;
use crate::domain::sign::hmac;
use crate::domain::sign::secret::{self, InvalidSecret, PUBLIC_PREFIX};
use crate::domain::time::Timestamp;
use request::Request;

pub use why::WhyNot;

/// Seconds that a signed time may lie in the past or the future, as in all published libraries.
pub const TOLERANCE_SECONDS: i64 = 300;

/// Checks requests of one contract with one secret.
#[derive(Clone, Debug)]
pub struct Verifier {
    contract: Arc<Contract>,
    keys: Keys,
}

/// A request that is what its signature says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The signed time in Unix seconds, where the contract signs one.
    pub signed_at: Option<i64>,
    /// The event's id as the request carries it, where it does.
    pub event_id: Option<String>,
    /// The headers whose signature was checked; with `members`, at least one.
    pub headers: Vec<String>,
    /// The members of the body whose signature was checked.
    pub members: Vec<String>,
}

/// One secret in every reading.
#[derive(Clone, Debug)]
struct Keys {
    text: SecretString,
    symmetric: Option<Zeroizing<Vec<u8>>>,
    public: Option<PublicKey>,
}

/// What became of one slot.
enum SlotCheck {
    /// The secret has no key for any of its rules.
    NotOurs,
    /// One of its values is right.
    Right,
}

impl Verifier {
    /// A verifier with an endpoint's secret, or with a public key (`whpk_…`): of an endpoint's secret, or of the
    /// service itself.
    ///
    /// # Errors
    /// The secret fits none of the contract's signatures.
    pub fn new(contract: Arc<Contract>, secret: &str) -> Result<Self, InvalidSecret> {
        let keys = Keys::new(secret);
        let takes_public = contract.key_kinds().into_iter().any(KeyKind::is_asymmetric);
        if !(takes_public && keys.public.is_some()) {
            contract.check_secret(secret)?;
        }
        Ok(Self { contract, keys })
    }

    /// Checks a request received at `now`: header names in any case, the body as it came.
    ///
    /// # Errors
    /// The first reason for which a consumer would refuse it.
    pub fn verify(
        &self,
        now: Timestamp,
        headers: &[(String, String)],
        body: &[u8],
    ) -> Result<Verified, WhyNot> {
        if self.contract.signatures.is_empty() {
            let contract = self.contract.name.clone();
            return Err(WhyNot::Unsigned { contract });
        }
        let request = Request::new(&self.contract, headers, body);
        let (mut headers, mut members) = (Vec::new(), Vec::new());
        for slot in &self.contract.signatures {
            match (self.check_slot(slot, &request)?, &slot.place) {
                (SlotCheck::NotOurs, _) => {}
                (SlotCheck::Right, SignaturePlace::Header(name)) => headers.push(name.clone()),
                (SlotCheck::Right, SignaturePlace::Member(name)) => members.push(name.clone()),
            }
        }
        if headers.is_empty() && members.is_empty() {
            // `new` lets no such secret in; were it wrong, nothing unchecked may pass for verified.
            return Err(why::no_value(&self.contract.signatures[0], &[], &[]));
        }
        let signed_at = request.signed_at()?;
        if let Some(signed_at) = signed_at {
            let age = now.as_unix_seconds().saturating_sub(signed_at);
            if age > TOLERANCE_SECONDS {
                return Err(WhyNot::Stale { seconds: age });
            }
            if age < -TOLERANCE_SECONDS {
                return Err(WhyNot::Future {
                    seconds: age.saturating_neg(),
                });
            }
        }
        Ok(Verified {
            signed_at,
            event_id: request.value(super::Variable::EventId).map(str::to_owned),
            headers,
            members,
        })
    }

    fn check_slot(&self, slot: &SignatureSlot, request: &Request<'_>) -> Result<SlotCheck, WhyNot> {
        let ours: Vec<&SignatureRule> = slot
            .rules
            .iter()
            .filter(|rule| self.keys.fit(rule))
            .collect();
        if ours.is_empty() {
            return Ok(SlotCheck::NotOurs);
        }
        let given = request.signature_text(slot)?;
        let texts = request::values_of(slot, &given)?;
        let mut candidates = Vec::new();
        let mut broken = None;
        for rule in &ours {
            let message = request.message(slot, rule, request.body)?;
            for text in texts
                .iter()
                .filter_map(|text| request::signature_in(rule, text))
            {
                match rule
                    .encoding
                    .decode(text)
                    .filter(|bytes| bytes.len() == rule.algorithm.signature_bytes())
                {
                    Some(signature) if self.keys.verify(rule, &message, &signature) => {
                        return Ok(SlotCheck::Right);
                    }
                    Some(signature) => candidates.push((*rule, signature)),
                    None => broken = Some((*rule, text)),
                }
            }
        }
        Err(match broken {
            _ if !candidates.is_empty() => {
                diagnose::explain(&self.keys, slot, request, &candidates)
            }
            Some((rule, text)) => why::malformed_signature(slot, rule, text),
            None => why::no_value(slot, &ours, &texts),
        })
    }
}

impl Keys {
    fn new(text: &str) -> Self {
        let private = || secret::private(text).map(|key| key.public());
        Self {
            symmetric: secret::symmetric(text).ok(),
            public: secret::public(text).or_else(|_| private()).ok(),
            text: text.into(),
        }
    }

    fn fit(&self, rule: &SignatureRule) -> bool {
        match rule.key {
            // A public key is no secret that anybody signs with.
            KeyKind::Text => {
                !self.text.expose_secret().starts_with(PUBLIC_PREFIX) || self.public.is_none()
            }
            KeyKind::Whsec => self.symmetric.is_some(),
            KeyKind::Whsk | KeyKind::Service => self.public.is_some(),
        }
    }

    fn verify(&self, rule: &SignatureRule, message: &[u8], signature: &[u8]) -> bool {
        let symmetric = match rule.key {
            KeyKind::Text => Some(self.text.expose_secret().as_bytes()),
            KeyKind::Whsec => self.symmetric.as_deref().map(Vec::as_slice),
            KeyKind::Whsk | KeyKind::Service => None,
        };
        match rule.algorithm.hash() {
            Some(hash) => symmetric.is_some_and(|key| hmac::verify(hash, key, message, signature)),
            None => self
                .public
                .is_some_and(|key| key.verify(message, signature)),
        }
    }
}

impl Encoding {
    fn decode(self, text: &str) -> Option<Vec<u8>> {
        use base64::Engine as _;
        match self {
            Self::Hex => hex::decode(text).ok(),
            Self::Base64 => base64::engine::general_purpose::STANDARD.decode(text).ok(),
        }
    }
}
