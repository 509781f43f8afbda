//! What a filter looks at: a delivery with the facts of its endpoint, its event and its latest attempt.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::net::IpAddr;

use serde_json::Value;
use url::Url;

use crate::domain::attempt::{Attempt, LastAttempt};
use crate::domain::delivery::{Delivery, DeliveryState, DiscardReason};
use crate::domain::endpoint::{Endpoint, EndpointStatus};
use crate::domain::event::Event;
use crate::domain::id::{DeliveryId, EndpointId, EventId, ReplayId};
use crate::domain::past::{Stood, Then};
use crate::domain::time::Timestamp;

/// One delivery as a filter sees it. What is not given matches nothing.
#[derive(Debug)]
pub struct Subject<'a> {
    /// The delivery's id.
    pub delivery_id: DeliveryId,
    /// Its event's id.
    pub event_id: EventId,
    /// The publisher's key of that event.
    pub event_key: Option<&'a str>,
    /// That event's type.
    pub event_type: &'a str,
    /// Its endpoint's id.
    pub endpoint_id: EndpointId,
    /// That endpoint's name.
    pub endpoint_name: Option<&'a str>,
    /// That endpoint's tenant.
    pub tenant: Option<&'a str>,
    /// That endpoint's contract.
    pub contract: &'a str,
    /// The host of that endpoint's URL, a literal IPv6 address in brackets.
    pub host: Option<String>,
    /// That endpoint's metadata.
    pub metadata: Option<&'a BTreeMap<String, String>>,
    /// Where it stands as it is shown, held and discarded derived from the endpoint's status; or where it stood.
    pub stood: Stood,
    /// Attempts made since acceptance or the latest replay.
    pub budget_attempts: u32,
    /// Whether a request is under way.
    pub in_flight: bool,
    /// Attempts made in all.
    pub attempts: u32,
    /// What came of the latest attempt.
    pub last_attempt: Option<&'a LastAttempt>,
    /// The cause of the latest failure, as it is shown.
    pub cause: Option<String>,
    /// When the delivery was created.
    pub created_at: Timestamp,
    /// Whether its event is a test.
    pub test: bool,
    /// The replay that last put it to work.
    pub replay_id: Option<ReplayId>,
    /// Bytes of the event's data and attributes.
    pub size: Option<u64>,
    /// The address the latest attempt went to.
    pub ip: Option<IpAddr>,
    /// The latest answer's headers.
    pub answer_headers: &'a [(String, Vec<u8>)],
    /// The latest answer's body, as far as it was kept.
    pub answer_body: Option<&'a [u8]>,
    /// The latest failure's text.
    pub failure_text: Option<&'a str>,
    /// The event's data and attributes, as JSON text.
    pub payload: Option<Payload<'a>>,
}

/// An event's data and attributes, parsed when a filter first asks for a value in them.
#[derive(Debug)]
pub struct Payload<'a> {
    data: &'a str,
    attributes: Option<&'a str>,
    parsed: OnceCell<(Value, Value)>,
}

/// The state a delivery is shown in, given its endpoint's status.
pub fn shown_state(stored: DeliveryState, status: &EndpointStatus) -> DeliveryState {
    match (stored, status) {
        (DeliveryState::Pending | DeliveryState::Held, EndpointStatus::Deleted) => {
            DeliveryState::Discarded(DiscardReason::EndpointDeleted)
        }
        (DeliveryState::Pending, status) if status.holds() => DeliveryState::Held,
        (other, _) => other,
    }
}

impl<'a> Subject<'a> {
    /// A delivery and its endpoint: enough for all that a store's SQL decides but `size` and the event's key.
    pub fn new(delivery: &'a Delivery, endpoint: &'a Endpoint, in_flight: bool) -> Self {
        Self {
            delivery_id: delivery.id,
            event_id: delivery.event_id,
            event_key: None,
            event_type: delivery.event_type.as_str(),
            endpoint_id: delivery.endpoint_id,
            endpoint_name: endpoint.name.as_deref(),
            tenant: endpoint.tenant.as_ref().map(|tenant| tenant.as_str()),
            contract: &endpoint.contract,
            host: host_of(&endpoint.url),
            metadata: Some(&endpoint.metadata),
            stood: Stood::Told(shown_state(delivery.state, &endpoint.status)),
            budget_attempts: delivery.budget_attempts,
            in_flight,
            attempts: delivery.attempts,
            last_attempt: delivery.last_attempt.as_ref(),
            cause: delivery.cause.map(|cause| cause.to_string()),
            created_at: delivery.created_at,
            test: delivery.test,
            replay_id: delivery.replay_id,
            size: None,
            ip: None,
            answer_headers: &[],
            answer_body: None,
            failure_text: None,
            payload: None,
        }
    }

    /// A delivery as it was, and its endpoint as it is.
    pub fn of_past(then: &'a Then, endpoint: &'a Endpoint) -> Self {
        Self {
            stood: then.stood,
            ..Self::new(&then.delivery, endpoint, then.in_flight)
        }
    }

    /// With its event, for `event`, `size`, `body.*` and `text`.
    #[must_use]
    pub fn with_event(mut self, event: &'a Event) -> Self {
        let attributes = event.attributes.as_ref().map(|json| json.as_str());
        let data = event.data.as_str();
        self.event_key = event.key.as_ref().map(|key| key.as_str());
        self.size = u64::try_from(data.len() + attributes.map_or(0, str::len)).ok();
        self.payload = Some(Payload::new(data, attributes));
        self
    }

    /// With its latest attempt, for `ip`, `header.*` and `text`.
    #[must_use]
    pub fn with_attempt(mut self, attempt: &'a Attempt) -> Self {
        self.ip = attempt.remote_address.map(|address| address.ip());
        self.failure_text = attempt.failure.as_ref().map(|failure| &*failure.text);
        if let Some(response) = &attempt.response {
            self.answer_headers = &response.headers;
            self.answer_body = Some(&response.body);
        }
        self
    }
}

/// The host of an endpoint's URL as `host` compares it; `None` when it is no URL.
pub fn host_of(url: &str) -> Option<String> {
    Url::parse(url).ok()?.host_str().map(str::to_owned)
}

impl<'a> Payload<'a> {
    /// A payload of an event's data and attributes.
    pub const fn new(data: &'a str, attributes: Option<&'a str>) -> Self {
        Self {
            data,
            attributes,
            parsed: OnceCell::new(),
        }
    }

    /// Its texts: data, then attributes.
    pub(super) fn texts(&self) -> impl Iterator<Item = &'a str> {
        [Some(self.data), self.attributes].into_iter().flatten()
    }

    /// The value at `path`: `data.…` inside the data, anything else inside the attributes.
    ///
    /// JSON that this machine's numbers cannot hold has no values.
    pub(super) fn value(&self, path: &[String]) -> Option<&Value> {
        let (data, attributes) = self.parsed.get_or_init(|| {
            let parse = |text: &str| serde_json::from_str(text).unwrap_or(Value::Null);
            (parse(self.data), self.attributes.map_or(Value::Null, parse))
        });
        let (root, path) = match path.split_first() {
            Some((head, rest)) if head == "data" => (data, rest),
            _ => (attributes, path),
        };
        path.iter().try_fold(root, |value, segment| match value {
            Value::Array(items) => items.get(segment.parse::<usize>().ok()?),
            other => other.get(segment),
        })
    }
}
