//! Events: something that happened, published once.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::event_type::EventType;
use super::id::EventId;
use super::json::RawJson;
use super::limits::EVENT_KEY_CHARS_MAX;
use super::tenant::Audience;
use super::time::Timestamp;

/// A publisher's own name for an event, unique per tenant: 1–128 of `[A-Za-z0-9_-]`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventKey(String);

/// A text that cannot be an event's key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an event id: expected 1 to {EVENT_KEY_CHARS_MAX} of A-Z a-z 0-9 _ -")]
pub struct InvalidEventKey(String);

/// An event as its publisher handed it in, checked but not yet stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// What makes publishing idempotent; without one every call is a new event.
    pub key: Option<EventKey>,
    /// Whose endpoints it reaches.
    pub audience: Audience,
    /// Its type.
    pub event_type: EventType,
    /// When it happened, by the publisher; the time of acceptance when it does not say.
    pub occurred_at: Option<Timestamp>,
    /// Further members for envelopes: a JSON object.
    pub attributes: Option<RawJson>,
    /// What happened: any JSON value.
    pub data: RawJson,
    /// Whether it goes to test endpoints, and only to those.
    pub test: bool,
}

/// A stored event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What consumers deduplicate by.
    pub id: EventId,
    /// The publisher's own id.
    pub key: Option<EventKey>,
    /// Whose endpoints it reaches.
    pub audience: Audience,
    /// Its type.
    pub event_type: EventType,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// Further members for envelopes: a JSON object.
    pub attributes: Option<RawJson>,
    /// What happened.
    pub data: RawJson,
    /// Whether it goes to test endpoints, and only to those.
    pub test: bool,
}

impl EventKey {
    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl NewEvent {
    /// The event as it is stored under `id` when accepted at `now`.
    pub fn accept(self, id: EventId, now: Timestamp) -> Event {
        Event {
            id,
            key: self.key,
            audience: self.audience,
            event_type: self.event_type,
            occurred_at: self.occurred_at.unwrap_or(now),
            accepted_at: now,
            attributes: self.attributes,
            data: self.data,
            test: self.test,
        }
    }

    /// Bytes of payload that the event keeps in memory and on disk.
    pub fn payload_bytes(&self) -> usize {
        self.data.as_str().len()
            + self
                .attributes
                .as_ref()
                .map_or(0, |attributes| attributes.as_str().len())
    }
}

impl FromStr for EventKey {
    type Err = InvalidEventKey;

    fn from_str(text: &str) -> Result<Self, InvalidEventKey> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
        if (1..=EVENT_KEY_CHARS_MAX).contains(&text.len()) && text.bytes().all(allowed) {
            return Ok(Self(text.to_owned()));
        }
        Err(InvalidEventKey(text.chars().take(64).collect()))
    }
}

impl fmt::Display for EventKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Serialize for EventKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for EventKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}
