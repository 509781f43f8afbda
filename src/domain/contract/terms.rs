//! What an endpoint may ask for under a contract: secrets, headers, retries, event types, URLs.

use secrecy::SecretString;

use super::catalogue_words::in_words;
use super::header;
use super::model::{Catalogue, Contract, KeyKind};
use crate::domain::duration::DurationText;
use crate::domain::event_type::{EventType, EventTypePattern};
use crate::domain::id::EndpointId;
use crate::domain::limits::{
    ENDPOINT_HEADERS_MAX, HEADER_VALUE_BYTES_MAX, RETRIES_MAX, RETRY_SPAN_MAX,
};
use crate::domain::rate_limit::RateLimit;
use crate::domain::retry::{RetryPolicy, RetrySteps};
use crate::domain::sign::secret::{self, ENTROPY_BYTES, InvalidSecret};

/// What an endpoint asked for and its contract does not allow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefusedTerm {
    /// More retries than the contract allows.
    #[error("{asked} retries are asked for: contract {contract} allows at most {most}")]
    Retries {
        /// The contract.
        contract: String,
        /// What was asked for.
        asked: usize,
        /// What is allowed.
        most: u32,
    },
    /// A delay or window outside what makes sense.
    #[error(
        "the retry {what} of {asked} is out of range: at most {} is allowed",
        DurationText(RETRY_SPAN_MAX)
    )]
    RetrySpan {
        /// Delay or window.
        what: &'static str,
        /// What was asked for.
        asked: DurationText,
    },
    /// An exponential that shrinks.
    #[error("the retry factor must be at least 1 and the cap at least the first delay")]
    RetryShape,
    /// A jitter above the whole delay.
    #[error("the retry jitter must be from 0 to 1")]
    RetryJitter,
    /// Too many headers.
    #[error("{0} headers are asked for: at most {ENDPOINT_HEADERS_MAX} are allowed")]
    HeaderCount(usize),
    /// A header's name that cannot be sent.
    #[error("{0:?} is not a header's name: letters, digits and - are expected, such as X-Customer")]
    HeaderName(String),
    /// A header's value that cannot be sent.
    #[error(
        "the value of header {0} cannot be sent: at most {HEADER_VALUE_BYTES_MAX} characters of printable ASCII \
         without space at the ends are expected"
    )]
    HeaderValue(String),
    /// A header that is set by the contract or the connection.
    #[error("header {name} is set by {owner}: an endpoint cannot replace it")]
    HeaderTaken {
        /// The header.
        name: String,
        /// Who sets it.
        owner: String,
    },
    /// The same header twice.
    #[error("header {0} is given twice: give it once")]
    HeaderTwice(String),
    /// A type outside a closed catalogue.
    #[error(
        "{asked} matches no event type of contract {contract}, whose catalogue is closed; {known}"
    )]
    EventType {
        /// The contract.
        contract: String,
        /// The type or pattern.
        asked: String,
        /// The types most like it, in words.
        known: String,
    },
    /// A rate limit that lets more through than the contract's.
    #[error("{asked} lets more through than contract {contract} allows: at most {most}")]
    RateLimit {
        /// The contract.
        contract: String,
        /// What was asked for.
        asked: RateLimit,
        /// What is allowed.
        most: RateLimit,
    },
    /// A URL without TLS.
    #[error("contract {contract} sends to https URLs only: give an https URL")]
    Https {
        /// The contract.
        contract: String,
    },
}

impl Contract {
    /// The id of an endpoint as this contract's own routes and templates show it.
    pub fn shown_id(&self, endpoint_id: EndpointId) -> String {
        format!("{}{}", self.id_prefix, endpoint_id.body())
    }

    /// The endpoint behind an id as [`Contract::shown_id`] shows it; `None` for any other text.
    pub fn read_shown_id(&self, text: &str) -> Option<EndpointId> {
        text.strip_prefix(&self.id_prefix)
            .and_then(EndpointId::from_body)
    }

    /// The retry policy in force for an endpoint that asks for `own`.
    ///
    /// # Errors
    /// More retries than the contract allows, or values out of range.
    pub fn effective_retry<'a>(
        &'a self,
        own: Option<&'a RetryPolicy>,
    ) -> Result<&'a RetryPolicy, RefusedTerm> {
        let Some(own) = own else {
            return Ok(&self.retry);
        };
        let asked = match &own.steps {
            RetrySteps::Ladder(delays) => delays.len(),
            RetrySteps::Exponential { retries, .. } => {
                usize::try_from(*retries).unwrap_or(usize::MAX)
            }
        };
        let most = self.retries_max.unwrap_or(RETRIES_MAX);
        if u32::try_from(asked).is_ok_and(|asked| asked <= most) {
            check_policy(own)?;
            return Ok(own);
        }
        Err(RefusedTerm::Retries {
            contract: self.name.clone(),
            asked,
            most,
        })
    }

    /// Accepts a secret that at least one of the contract's signatures can be made with.
    ///
    /// # Errors
    /// Why it fits none of them; the message never repeats the secret.
    pub fn check_secret(&self, text: &str) -> Result<(), InvalidSecret> {
        let wants_private = text.starts_with(secret::PRIVATE_PREFIX);
        let mut first_error = None;
        for kind in self
            .key_kinds()
            .into_iter()
            .filter(|kind| kind.is_endpoints())
        {
            match check_kind(kind, text) {
                Ok(()) => return Ok(()),
                // The error about the form that the text claims to have is the one that helps.
                Err(error) if first_error.is_none() || (wants_private && kind == KeyKind::Whsk) => {
                    first_error = Some(error);
                }
                Err(_) => {}
            }
        }
        first_error.map_or_else(|| secret::check_text(text), Err)
    }

    /// The kinds of keys its signatures take, in order, each once; none for a contract that does not sign.
    pub fn key_kinds(&self) -> Vec<KeyKind> {
        let mut kinds = Vec::new();
        for rule in self.signatures.iter().flat_map(|slot| &slot.rules) {
            if !kinds.contains(&rule.key) {
                kinds.push(rule.key);
            }
        }
        kinds
    }

    /// A new secret of 32 random bytes, in the form of the contract's first signature that takes one.
    pub fn new_secret(&self, entropy: &[u8; ENTROPY_BYTES]) -> SecretString {
        let kinds = self.key_kinds();
        match kinds.iter().find(|kind| kind.is_endpoints()) {
            Some(KeyKind::Whsec) => secret::new_symmetric(entropy),
            Some(KeyKind::Whsk) => secret::new_private(entropy),
            Some(KeyKind::Text | KeyKind::Service) | None => secret::new_text(entropy),
        }
    }

    /// Accepts the headers that an endpoint wants to add.
    ///
    /// # Errors
    /// The first that cannot be sent or is not the endpoint's to set.
    pub fn check_headers(&self, headers: &[(String, String)]) -> Result<(), RefusedTerm> {
        if headers.len() > ENDPOINT_HEADERS_MAX {
            return Err(RefusedTerm::HeaderCount(headers.len()));
        }
        for (position, (name, value)) in headers.iter().enumerate() {
            if !header::is_name(name) {
                return Err(RefusedTerm::HeaderName(name.chars().take(64).collect()));
            }
            let sent_name = header::title_case(name);
            if header::is_reserved(name) {
                let owner = "the connection".to_owned();
                return Err(RefusedTerm::HeaderTaken {
                    name: sent_name,
                    owner,
                });
            }
            if self.owns_header(name) {
                let owner = format!("contract {}", self.name);
                return Err(RefusedTerm::HeaderTaken {
                    name: sent_name,
                    owner,
                });
            }
            if headers[..position]
                .iter()
                .any(|(other, _)| other.eq_ignore_ascii_case(name))
            {
                return Err(RefusedTerm::HeaderTwice(sent_name));
            }
            if value.len() > HEADER_VALUE_BYTES_MAX
                || !header::is_value(value.as_bytes())
                || value.trim() != value
            {
                return Err(RefusedTerm::HeaderValue(sent_name));
            }
        }
        Ok(())
    }

    /// Whether the contract sets this header itself.
    pub fn owns_header(&self, name: &str) -> bool {
        let listed = self
            .request
            .headers
            .iter()
            .map(|(header, _)| header.as_str());
        let signed = self
            .signatures
            .iter()
            .filter_map(|slot| slot.place.header_name());
        listed
            .chain(signed)
            .any(|own| own.eq_ignore_ascii_case(name))
    }

    /// Accepts an event type, for publishing.
    ///
    /// # Errors
    /// The catalogue is closed and does not list it.
    pub fn check_event_type(&self, event_type: &EventType) -> Result<(), RefusedTerm> {
        self.check_pattern(&EventTypePattern::Exact(event_type.clone()))
    }

    /// Accepts a pattern that an endpoint subscribes with.
    ///
    /// # Errors
    /// The catalogue is closed and no listed type matches.
    pub fn check_pattern(&self, pattern: &EventTypePattern) -> Result<(), RefusedTerm> {
        let listed = || {
            self.event_types
                .iter()
                .any(|entry| pattern.matches(&entry.name))
        };
        if self.catalogue == Catalogue::Open || listed() {
            return Ok(());
        }
        let asked = pattern.to_string();
        Err(RefusedTerm::EventType {
            contract: self.name.clone(),
            known: in_words(&asked, &self.event_types),
            asked,
        })
    }

    /// Accepts a rate limit that an endpoint asks for.
    ///
    /// # Errors
    /// It lets more through than the contract's.
    pub fn check_rate_limit(&self, asked: RateLimit) -> Result<(), RefusedTerm> {
        match self.rate_limit {
            Some(most) if !asked.keeps(most) => Err(RefusedTerm::RateLimit {
                contract: self.name.clone(),
                asked,
                most,
            }),
            Some(_) | None => Ok(()),
        }
    }

    /// Accepts an endpoint's URL, which is http or https already.
    ///
    /// # Errors
    /// The contract wants https.
    pub fn check_url(&self, url: &str) -> Result<(), RefusedTerm> {
        let is_https = url
            .get(..8)
            .is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://"));
        if is_https || !self.request.require_https {
            return Ok(());
        }
        Err(RefusedTerm::Https {
            contract: self.name.clone(),
        })
    }
}

fn check_kind(kind: KeyKind, text: &str) -> Result<(), InvalidSecret> {
    match kind {
        KeyKind::Text | KeyKind::Service => secret::check_text(text),
        KeyKind::Whsec => secret::symmetric(text).map(drop),
        KeyKind::Whsk => secret::private(text).map(drop),
    }
}

fn check_policy(policy: &RetryPolicy) -> Result<(), RefusedTerm> {
    let in_range = |what: &'static str, asked| {
        if asked <= RETRY_SPAN_MAX {
            return Ok(());
        }
        let asked = DurationText(asked);
        Err(RefusedTerm::RetrySpan { what, asked })
    };
    match &policy.steps {
        RetrySteps::Ladder(delays) => delays
            .iter()
            .try_for_each(|&delay| in_range("delay", delay))?,
        RetrySteps::Exponential {
            first, factor, cap, ..
        } => {
            if *factor == 0 || cap < first {
                return Err(RefusedTerm::RetryShape);
            }
            in_range("delay", *cap)?;
        }
    }
    if policy.jitter_permille > 1_000 {
        return Err(RefusedTerm::RetryJitter);
    }
    policy
        .window
        .map_or(Ok(()), |window| in_range("window", window))
}
