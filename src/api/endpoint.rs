//! Endpoints on the wire.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::secret::Secret;
use super::stats::QuantilesView;
use crate::domain::event_type::EventTypePattern;
use crate::domain::id::{EndpointId, EventId, SecretId};
use crate::domain::json::RawJson;
use crate::domain::tenant::Tenant;
use crate::domain::time::Timestamp;

/// The body of `POST /v1/endpoints`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateEndpoint {
    /// Where requests go: http or https.
    pub url: String,
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The contract it is served under; the configured default when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract: Option<String>,
    /// The event types it wants, such as `packet.*`; all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>)]
    pub event_types: Option<Vec<String>>,
    /// Whose it is; a consumer's token implies it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub tenant: Option<Tenant>,
    /// The secret to sign with, in a form the contract takes; made when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub secret: Option<Secret>,
    /// Headers to add to its requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headers: Option<BTreeMap<String, String>>,
    /// The owner's own notes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<BTreeMap<String, String>>,
    /// One request in flight, in the order of acceptance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ordered: Option<bool>,
    /// Requests in flight at once, 1–256.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<u32>,
    /// Its own retry policy, within the contract's cap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<RetryBody>,
    /// Requests in a stretch of time, tighter than the contract's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<RateLimitBody>,
    /// What is to be different from the service's breaker settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breaker: Option<BreakerBody>,
    /// The longest an exchange may take, such as `10s`; at most 120 s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<String>,
    /// Whether it gets test events, and only those.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_mode: Option<bool>,
    /// Whether it starts enabled; true when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}

/// A retry policy: `ladder` or `exponential`, not both.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RetryBody {
    /// The delays one by one, such as `["5s", "5m"]`; empty means one attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ladder: Option<Vec<String>>,
    /// Growing delays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exponential: Option<ExponentialBody>,
    /// How many retries follow the first attempt: a ladder is cut, or goes on with its last delay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retries: Option<u32>,
    /// The time after which nothing is retried any more, such as `24h`; the contract's when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<String>,
    /// ± share of each delay, 0–1; the contract's when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    pub jitter: Option<serde_json::Number>,
}

/// A rate limit: at most `requests` in any stretch of `per`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RateLimitBody {
    /// How many, 1–10,000.
    pub requests: u64,
    /// In which time, such as `1m`; 1 s to 24 h.
    pub per: String,
}

/// A breaker's settings: it opens after too many failures, and then only probes go out until one succeeds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BreakerBody {
    /// Whether there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Failures in a row after which it opens, 1–1,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consecutive: Option<u32>,
    /// The share of the window's attempts that must fail for it to open, 0.001–1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    pub share: Option<serde_json::Number>,
    /// The latest attempts that it looks at, 2–128.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<u32>,
    /// The fewest attempts it opens on, 2 up to the window. One delivery alone is never enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempts_min: Option<u32>,
    /// The wait before the first probe, such as `5s`; 1 s to 24 h. Each probe in vain doubles it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe_first: Option<String>,
    /// The longest wait between two probes, such as `5m`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe_max: Option<String>,
}

/// Growing delays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExponentialBody {
    /// The first delay, such as `5s`.
    pub first: String,
    /// What each delay is multiplied by, 1–100.
    pub factor: u32,
    /// How many retries follow the first attempt.
    pub retries: u32,
    /// The longest delay, such as `1h`.
    pub cap: String,
}

/// The body of `PATCH /v1/endpoints/{id}`: absent members stay, `null` goes back to the default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PatchEndpoint {
    /// Where requests go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// What people call it.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    #[schema(value_type = Option<String>)]
    pub name: Option<Option<String>>,
    /// The event types it wants.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_types: Option<Vec<String>>,
    /// Headers to add to its requests; replaces them all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headers: Option<BTreeMap<String, String>>,
    /// The owner's own notes; replaces them all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<BTreeMap<String, String>>,
    /// One request in flight, in the order of acceptance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ordered: Option<bool>,
    /// Requests in flight at once.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    #[schema(value_type = Option<u32>)]
    pub concurrency: Option<Option<u32>>,
    /// Its own retry policy.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    #[schema(value_type = Option<RetryBody>)]
    pub retry: Option<Option<RetryBody>>,
    /// Its own rate limit.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    #[schema(value_type = Option<RateLimitBody>)]
    pub rate_limit: Option<Option<RateLimitBody>>,
    /// What is to be different from the service's breaker settings; replaces it all.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    #[schema(value_type = Option<BreakerBody>)]
    pub breaker: Option<Option<BreakerBody>>,
    /// The longest an exchange may take.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    #[schema(value_type = Option<String>)]
    pub timeout: Option<Option<String>>,
    /// Whether it gets test events, and only those.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_mode: Option<bool>,
    /// Enables or disables it, like the routes of that name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}

/// Tells `null` from an absent member.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}

/// An endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EndpointView {
    /// Its id.
    #[schema(value_type = String)]
    pub id: EndpointId,
    /// Whose it is.
    #[schema(value_type = Option<String>)]
    pub tenant: Option<Tenant>,
    /// What people call it.
    pub name: Option<String>,
    /// Where requests go.
    pub url: String,
    /// The contract it is served under.
    pub contract: String,
    /// The event types it wants.
    #[schema(value_type = Vec<String>)]
    pub event_types: Vec<EventTypePattern>,
    /// Headers it adds to its requests.
    pub headers: BTreeMap<String, String>,
    /// The owner's own notes.
    pub metadata: BTreeMap<String, String>,
    /// One request in flight, in the order of acceptance.
    pub ordered: bool,
    /// Requests in flight at once.
    pub concurrency: u32,
    /// The retry policy in force, its own or the contract's.
    pub retry: RetryBody,
    /// The rate limit in force, its own or the contract's.
    pub rate_limit: Option<RateLimitBody>,
    /// The breaker's settings in force, its own over the service's; all members are there.
    pub breaker: BreakerBody,
    /// The longest an exchange may take.
    pub timeout: String,
    /// Whether it gets test events, and only those.
    pub test_mode: bool,
    /// `active`, `paused`, `disabled` or `deleted`.
    pub status: String,
    /// Why it is paused or disabled.
    pub status_reason: Option<String>,
    /// When a pause ends by itself.
    #[schema(value_type = Option<String>)]
    pub paused_until: Option<Timestamp>,
    /// Its secrets without their values, newest first.
    pub secrets: Vec<SecretView>,
    /// How it fares.
    pub health: EndpointHealth,
    /// When it was created.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
    /// When its settings last changed.
    #[schema(value_type = String)]
    pub updated_at: Timestamp,
}

/// A secret without its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SecretView {
    /// Its id; attempts name the ones that signed.
    #[schema(value_type = String)]
    pub id: SecretId,
    /// When it was made.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
    /// When it stops signing; absent for the newest.
    #[schema(value_type = Option<String>)]
    pub expires_at: Option<Timestamp>,
    /// Whether it has fewer than 16 bytes and could be guessed.
    pub short: bool,
}

/// How an endpoint fares.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EndpointHealth {
    /// Its deliveries by state, of all time.
    pub deliveries: LedgerCounts,
    /// Requests in flight now.
    pub in_flight: u32,
    /// Attempts of the last 60 minutes.
    pub attempts_1h: u64,
    /// Those that succeeded.
    pub successes_1h: u64,
    /// Of each of the last twelve stretches of five minutes, oldest first and the last not over yet, how many of a
    /// hundred attempts failed, rounded up; `null` where none was made. Absent without attempts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failing_1h: Vec<Option<u8>>,
    /// Mean duration of those attempts in microseconds.
    pub mean_latency_us_1h: Option<u64>,
    /// How long most of them took; up to 15 seconds behind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_us_1h: Option<QuantilesView>,
    /// Failed attempts since the last success; test traffic is left out, here and below.
    pub consecutive_failures: u32,
    /// Since when nothing but failures came of its attempts; after so long it is warned of, and disabled in the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub failing_since: Option<Timestamp>,
    /// When an attempt last succeeded.
    #[schema(value_type = Option<String>)]
    pub last_success_at: Option<Timestamp>,
    /// When an attempt last failed.
    #[schema(value_type = Option<String>)]
    pub last_failure_at: Option<Timestamp>,
    /// The latest failure, its class first: `status: answered 503; …`; at most 200 characters, not escaped.
    pub last_failure: Option<String>,
    /// Attempts of the last 60 minutes that the rate limit made wait.
    pub held_back_1h: u64,
    /// Whether its next delivery waits for nothing but the rate limit.
    pub rate_limited: bool,
    /// Its breaker: `closed`, `open` (nothing goes out but a probe now and then) or `half-open` (a probe is due or on
    /// its way, or deliveries go out again step by step).
    pub breaker: String,
    /// Since when its breaker is not closed. Time from then on counts against no retry window.
    #[schema(value_type = Option<String>)]
    pub breaker_open_since: Option<Timestamp>,
    /// When the breaker's next probe is due.
    #[schema(value_type = Option<String>)]
    pub next_probe_at: Option<Timestamp>,
    /// When the certificate runs out that its receiver showed last; absent without TLS.
    #[schema(value_type = Option<String>)]
    pub certificate_expires_at: Option<Timestamp>,
    /// When its next retry is due.
    #[schema(value_type = Option<String>)]
    pub next_attempt_at: Option<Timestamp>,
}

/// Deliveries by state: `created` is always the sum of the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LedgerCounts {
    /// All ever made.
    pub created: u64,
    /// Accepted by their receivers.
    pub delivered: u64,
    /// Waiting or in flight.
    pub pending: u64,
    /// Waiting for their endpoint to be resumed or enabled.
    pub held: u64,
    /// Not tried again by themselves.
    pub dead: u64,
    /// Cancelled, or their endpoint deleted.
    pub discarded: u64,
}

/// The answer to a created endpoint: the only one that shows the secret unasked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreatedEndpoint {
    /// The endpoint.
    #[serde(flatten)]
    pub endpoint: EndpointView,
    /// Its secret, shown once.
    #[schema(value_type = String)]
    pub secret: Secret,
}

/// The body of `POST …/pause`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PauseBody {
    /// When it resumes by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub until: Option<Timestamp>,
    /// Why, for those who come after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The body of `POST …/test`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TestBody {
    /// The event type; the endpoint's first when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_type: Option<String>,
    /// The data; a small object that says it is a test when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>)]
    pub data: Option<RawJson>,
}

/// The answer to a test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TestSent {
    /// The test event; its one delivery is under `/v1/events/{id}/deliveries`.
    #[schema(value_type = String)]
    pub event_id: EventId,
}

/// The body of `POST …/rotate-secret`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RotateBody {
    /// How long the old secret keeps signing, such as `24h`; 0 s to 7 days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overlap: Option<String>,
    /// The new secret; made when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub secret: Option<Secret>,
}

/// A secret with its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SecretShown {
    /// Its id.
    #[schema(value_type = String)]
    pub id: SecretId,
    /// The value, in the form that consumers verify with.
    #[schema(value_type = String)]
    pub secret: Secret,
    /// What a consumer verifies asymmetric signatures with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_key: Option<String>,
}
