//! Deliveries and attempts on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::event_type::EventType;
use crate::domain::id::{
    AttemptId, DeliveryId, EndpointId, EventId, ReplayId, SecretId, ServiceKeyId,
};
use crate::domain::time::Timestamp;

/// How many deliveries a filter picks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeliveryCount {
    /// Those that were counted, 10,000 at most.
    pub count: u64,
    /// Whether that is all of them; else there are at least so many.
    pub exact: bool,
    /// Deliveries that were looked at, the newest.
    pub looked_at: u64,
}

/// What is counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CountQuery {
    /// A filter expression (`hookyard help filter`); all deliveries when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// Those that there were at this instant, as they were: a time, or how long ago; as it is now when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
}

/// A delivery in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeliveryView {
    /// Its id, stable over retries and replays.
    #[schema(value_type = String)]
    pub id: DeliveryId,
    /// The event it carries.
    #[schema(value_type = String)]
    pub event_id: EventId,
    /// That event's type.
    #[schema(value_type = String)]
    pub event_type: EventType,
    /// Where it goes.
    #[schema(value_type = String)]
    pub endpoint_id: EndpointId,
    /// That endpoint's name, where it has one.
    pub endpoint_name: Option<String>,
    /// `pending`, `held`, `delivered`, `dead` or `discarded`; of the past also `unknown`.
    pub state: String,
    /// Why it is dead or discarded: `exhausted`, `expired`, `gone`, `undeliverable`, `operator`, `endpoint_deleted`.
    pub reason: Option<String>,
    /// Attempts made.
    pub attempts: u32,
    /// When the next one is due; absent before the first and in final states.
    #[schema(value_type = Option<String>)]
    pub next_attempt_at: Option<Timestamp>,
    /// When the latest was started.
    #[schema(value_type = Option<String>)]
    pub last_attempt_at: Option<Timestamp>,
    /// The status it was answered with.
    pub last_status: Option<u16>,
    /// Its failure class: `dns`, `connect`, `tls`, `timeout`, `protocol`, `status`, `body`, `blocked`, `internal`.
    pub last_class: Option<String>,
    /// The cause of its failure, by which `/v1/causes` knows it; absent on success, before it, and for tests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// How long it took, in microseconds.
    pub last_latency_us: Option<u64>,
    /// Whether its event is a test.
    pub test: bool,
    /// When its event was accepted.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
    /// When its state last changed.
    #[schema(value_type = String)]
    pub updated_at: Timestamp,
    /// The replay that last put it to work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub replay_id: Option<ReplayId>,
}

/// One delivery with all its attempts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeliveryDetail {
    /// The delivery.
    #[serde(flatten)]
    pub delivery: DeliveryView,
    /// What happens next, and what blocks it, in one sentence.
    pub why: String,
    /// What was said when it was discarded; not for consumers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Its attempts, oldest first.
    pub history: Vec<AttemptView>,
}

/// An attempt in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AttemptView {
    /// Its id.
    #[schema(value_type = String)]
    pub id: AttemptId,
    /// 1 for the first.
    pub number: u32,
    /// When it was started.
    #[schema(value_type = String)]
    pub started_at: Timestamp,
    /// The address connected to.
    pub remote_address: Option<String>,
    /// The answer's status.
    pub status: Option<u16>,
    /// The failure's class; absent on success.
    pub class: Option<String>,
    /// The failure in words, not escaped.
    pub failure: Option<String>,
    /// Whether the endpoint's rate limit had made it wait; absent where no limit was in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_back: Option<bool>,
    /// When the certificate runs out that the receiver showed; absent without TLS, and where none was accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub certificate_expires_at: Option<Timestamp>,
    /// The replay it was made for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub replay_id: Option<ReplayId>,
    /// How long each stage took.
    pub phases: PhasesView,
}

/// How long each stage of an exchange took, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PhasesView {
    /// Name resolution; absent on a kept connection.
    pub dns_us: Option<u64>,
    /// TCP connect; absent on a kept connection.
    pub connect_us: Option<u64>,
    /// TLS handshake; absent on a kept connection and without TLS.
    pub tls_us: Option<u64>,
    /// From the request to the answer's first byte.
    pub first_byte_us: Option<u64>,
    /// From there to the end of the body.
    pub body_us: Option<u64>,
    /// The whole exchange.
    pub total_us: u64,
    /// Whether a kept connection carried it.
    pub reused: bool,
}

/// An attempt with the exact request and what came back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AttemptDetail {
    /// The attempt.
    #[serde(flatten)]
    pub attempt: AttemptView,
    /// What was sent; absent when the event's payload is gone (retention), and then `request_missing` says so.
    pub request: Option<RequestView>,
    /// Why the request cannot be shown.
    pub request_missing: Option<String>,
    /// What came back; absent when no answer came.
    pub response: Option<ResponseView>,
}

/// A request as it was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RequestView {
    /// The HTTP method.
    pub method: String,
    /// Where it went.
    pub url: String,
    /// Names and values in order.
    pub headers: Vec<HeaderView>,
    /// The exact body.
    pub body: BodyView,
    /// SHA-256 of the body, hex.
    pub body_sha256: String,
    /// The secrets that signed, newest first.
    #[schema(value_type = Vec<String>)]
    pub secret_ids: Vec<SecretId>,
    /// The service's own keys that signed, newest first; `/v1/contracts/{name}/keys` has their public halves.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub service_key_ids: Vec<ServiceKeyId>,
}

/// A response as far as it was kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ResponseView {
    /// The HTTP status.
    pub status: u16,
    /// Names and values in order.
    pub headers: Vec<HeaderView>,
    /// At most the first 64 KiB.
    pub body: BodyView,
    /// Whether more came than was kept.
    pub truncated: bool,
}

/// A header: untrusted, not escaped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HeaderView {
    /// Its name.
    pub name: String,
    /// Its value; bytes that are not UTF-8 come as U+FFFD.
    pub value: String,
}

/// Bytes of a body: as text where they are UTF-8, else in base64. Untrusted, not escaped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BodyView {
    /// UTF-8 text.
    Text(String),
    /// Standard base64 with padding.
    Base64(String),
}
