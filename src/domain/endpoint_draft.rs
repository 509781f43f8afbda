//! What callers may ask an endpoint to be: the input of create and patch, before it is checked.
//!
//! Texts that need knowledge of contracts and address rules to be judged stay texts here; checking
//! turns them into an [`super::endpoint::Endpoint`]'s settings or names what is wrong.

use std::collections::BTreeMap;
use std::time::Duration;

use secrecy::SecretString;

use super::breaker::BreakerOverride;
use super::endpoint::DisabledReason;
use super::rate_limit::RateLimit;
use super::retry::RetrySteps;
use super::tenant::Tenant;

/// A change to a member of an endpoint that may be absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Change<T> {
    /// The member was not sent: it stays.
    #[default]
    Keep,
    /// `null` was sent: back to the default.
    Clear,
    /// A value was sent.
    Set(T),
}

/// An endpoint as somebody asks for it.
#[derive(Clone, Debug, Default)]
pub struct NewEndpoint {
    /// Where requests go.
    pub url: String,
    /// What people call it.
    pub name: Option<String>,
    /// The contract's name; `None` for the default contract.
    pub contract: Option<String>,
    /// Event type patterns; `None` or none for all.
    pub event_types: Option<Vec<String>>,
    /// Whose it is.
    pub tenant: Option<Tenant>,
    /// Its secret; `None` to have one made.
    pub secret: Option<SecretString>,
    /// Headers to add to its requests, in order.
    pub headers: Vec<(String, String)>,
    /// The owner's own notes.
    pub metadata: BTreeMap<String, String>,
    /// One request in flight, and its head is waited for.
    pub ordered: bool,
    /// Requests in flight at once.
    pub concurrency: Option<u64>,
    /// What differs from the contract's retry policy.
    pub retry: RetryRequest,
    /// Its own rate limit.
    pub rate_limit: Option<RateLimit>,
    /// What it wants different from the service's breaker settings.
    pub breaker: Option<BreakerOverride>,
    /// Its own limit on a whole exchange.
    pub timeout: Option<Duration>,
    /// Whether it gets test events, and only those.
    pub test_mode: bool,
    /// Why it starts disabled; `None` where it starts enabled.
    pub disabled: Option<DisabledReason>,
}

/// Changes to an endpoint; what is not named stays.
#[derive(Clone, Debug, Default)]
pub struct EndpointPatch {
    /// Where requests go.
    pub url: Option<String>,
    /// What people call it.
    pub name: Change<String>,
    /// The contract's name.
    pub contract: Option<String>,
    /// Event type patterns; cleared means all.
    pub event_types: Change<Vec<String>>,
    /// A new secret; replaces the active ones at once.
    pub secret: Option<SecretString>,
    /// Headers to add to its requests, all of them.
    pub headers: Change<Vec<(String, String)>>,
    /// The owner's own notes, all of them.
    pub metadata: Change<BTreeMap<String, String>>,
    /// One request in flight, and its head is waited for.
    pub ordered: Option<bool>,
    /// Requests in flight at once.
    pub concurrency: Change<u64>,
    /// The retry policy; cleared means the contract's.
    pub retry: Change<RetryRequest>,
    /// The rate limit; cleared means the contract's.
    pub rate_limit: Change<RateLimit>,
    /// The breaker's settings, all of them; cleared means the service's.
    pub breaker: Change<BreakerOverride>,
    /// Its own limit on a whole exchange.
    pub timeout: Change<Duration>,
    /// Whether it gets test events, and only those.
    pub test_mode: Option<bool>,
}

/// Switches an endpoint on or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Switch {
    /// On, if it is disabled; else off.
    pub enabled: bool,
    /// Whether its owner does it, who cannot undo what an operator did.
    pub by_owner: bool,
}

/// What an endpoint wants different from its contract's retry policy; nothing named is the contract's.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RetryRequest {
    /// The delays.
    pub steps: Option<RetrySteps>,
    /// How many retries follow the first attempt.
    pub retries: Option<u32>,
    /// From acceptance or the latest replay.
    pub window: Option<Duration>,
    /// ± share of each delay, 0 to 1.
    pub jitter: Option<f64>,
}

impl RetryRequest {
    /// Whether the contract's policy holds as it is.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What is wrong with one member of an input.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{pointer}: {detail}")]
pub struct InvalidInput {
    /// JSON pointer to the member, such as `/event_types/2`.
    pub pointer: String,
    /// The value, the rule and the remedy, as a sentence fragment.
    pub detail: String,
}

impl InvalidInput {
    /// At `pointer`, because of `detail`.
    pub fn at(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            detail: detail.into(),
        }
    }
}
