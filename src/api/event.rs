//! Events on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::event::EventKey;
use crate::domain::event_type::EventType;
use crate::domain::id::{EndpointId, EventId};
use crate::domain::json::RawJson;
use crate::domain::time::Timestamp;

/// The body of `POST /v1/events`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PublishEvent {
    /// The event type, such as `packet.signed`.
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    pub event_type: EventType,
    /// What happened: any JSON value, passed on as it was written.
    #[schema(value_type = serde_json::Value)]
    pub data: RawJson,
    /// The publisher's own id, 1–128 of `[A-Za-z0-9_-]`, unique per tenant: makes publishing idempotent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub id: Option<EventKey>,
    /// Whose endpoints it reaches: a tenant, `*` for all, absent for endpoints without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// Further members for envelopes: a JSON object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>)]
    pub attributes: Option<RawJson>,
    /// When it happened; the time of acceptance when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub occurred_at: Option<Timestamp>,
    /// Whether it goes to matching test endpoints only.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub test: bool,
}

/// The answer to a published event, 202.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Published {
    /// The event's id; consumers deduplicate by it.
    #[schema(value_type = String)]
    pub id: EventId,
    /// How many deliveries it became.
    pub deliveries: u32,
    /// Whether an earlier call with the same key and content had published it already.
    pub duplicate: bool,
}

/// A stored event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EventView {
    /// Its id.
    #[schema(value_type = String)]
    pub id: EventId,
    /// The publisher's own id.
    #[schema(value_type = Option<String>)]
    pub key: Option<EventKey>,
    /// A tenant, `*`, or absent.
    pub tenant: Option<String>,
    /// Its type.
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    pub event_type: EventType,
    /// When it happened.
    #[schema(value_type = String)]
    pub occurred_at: Timestamp,
    /// When it was accepted.
    #[schema(value_type = String)]
    pub accepted_at: Timestamp,
    /// Further members for envelopes.
    #[schema(value_type = Option<serde_json::Value>)]
    pub attributes: Option<RawJson>,
    /// What happened; absent once retention has removed it, and in lists.
    #[schema(value_type = Option<serde_json::Value>)]
    pub data: Option<RawJson>,
    /// Bytes of `data`.
    pub size: u64,
    /// Whether it is a test.
    pub test: bool,
    /// How its deliveries fare, in lists. Absent for a tenant's token, which does not see all of them, in lists of the
    /// past, and where one page has more than 20,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deliveries: Option<FanoutView>,
}

/// Deliveries of an event by state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FanoutView {
    /// All that are there.
    pub total: u64,
    /// Accepted by their receivers.
    pub delivered: u64,
    /// Waiting, held or in flight.
    pub pending: u64,
    /// Not tried again by themselves.
    pub dead: u64,
    /// Cancelled, or their endpoint deleted.
    pub discarded: u64,
}

/// The body of `POST /v1/events/{id}/deliver`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeliverEvent {
    /// The endpoint that never got the event.
    #[schema(value_type = String)]
    pub endpoint_id: EndpointId,
}
