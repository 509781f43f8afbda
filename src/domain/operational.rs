//! What the service has to tell about itself: endpoints that fail, deliveries that died, replays that ended.
//!
//! A **fact** becomes an alert on the live stream, an operational event for the endpoints that ask for it, and input of
//! the operator's command or URL. Its event type begins with [`RESERVED`], under which nobody else publishes.

use serde::Serialize;

use super::certificate::{Nearness, end_in_words};
use super::duration::DurationText;
use super::endpoint::{DisabledReason, Endpoint};
use super::event_type::{EventType, RESERVED};
use super::failing::{FailingPolicy, FailingRun};
use super::id::{DeliveryId, EndpointId, EventId, ReplayId};
use super::json::RawJson;
use super::replay::Counts;
use super::time::Timestamp;

/// Dead deliveries that one fact names; it counts them all.
pub const DEAD_NAMED_MAX: usize = 20;

/// What is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FactKind {
    /// An endpoint has had nothing but failures for a while.
    EndpointFailing,
    /// An endpoint was disabled, by whomever.
    EndpointDisabled,
    /// An endpoint that was told to fail succeeds again.
    EndpointRecovered,
    /// Deliveries died.
    DeliveryDead,
    /// A replay came to its end.
    ReplayFinished,
    /// A replay stopped by itself.
    ReplayStopped,
    /// A receiver's certificate runs out soon, or has.
    CertificateExpiring,
    /// An endpoint's breaker opened.
    BreakerOpened,
    /// It is closed again.
    BreakerClosed,
}

/// Something that the service has to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// What.
    pub kind: FactKind,
    /// When it was noted.
    pub at: Timestamp,
    /// Which endpoint it is about: it is never sent to that one.
    pub endpoint_id: Option<EndpointId>,
    /// The thing in a sentence, not escaped.
    pub text: String,
    /// The data of its event: an object.
    pub data: RawJson,
}

/// A delivery that died.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct DeadDelivery {
    /// Its id.
    #[serde(rename = "id")]
    pub delivery_id: DeliveryId,
    /// Its event.
    pub event_id: EventId,
    /// Why, as deliveries say it.
    pub reason: &'static str,
    /// Attempts that were made.
    pub attempts: u32,
}

/// An endpoint as facts name it. Its URL stays out: it may hold what only its owner is to know.
#[derive(Debug, Serialize)]
struct Named<'a> {
    id: EndpointId,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<&'a str>,
}

impl FactKind {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::EndpointFailing,
        Self::EndpointDisabled,
        Self::EndpointRecovered,
        Self::DeliveryDead,
        Self::ReplayFinished,
        Self::ReplayStopped,
        Self::CertificateExpiring,
        Self::BreakerOpened,
        Self::BreakerClosed,
    ];

    /// The word on the live stream; with [`RESERVED`] before it, the event's type.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EndpointFailing => "endpoint.failing",
            Self::EndpointDisabled => "endpoint.disabled",
            Self::EndpointRecovered => "endpoint.recovered",
            Self::DeliveryDead => "delivery.dead",
            Self::ReplayFinished => "replay.finished",
            Self::ReplayStopped => "replay.stopped",
            Self::CertificateExpiring => "certificate.expiring",
            Self::BreakerOpened => "breaker.opened",
            Self::BreakerClosed => "breaker.closed",
        }
    }

    /// What it tells, in a sentence.
    pub const fn description(self) -> &'static str {
        match self {
            Self::EndpointFailing => "An endpoint has had nothing but failures for long",
            Self::EndpointDisabled => "An endpoint was disabled, with why and by whom",
            Self::EndpointRecovered => "An endpoint that was told to fail succeeds again",
            Self::DeliveryDead => "Deliveries of an endpoint are dead, with the first of them",
            Self::ReplayFinished => "A replay is over, with what became of its items",
            Self::ReplayStopped => "A replay stopped by its own rule",
            Self::CertificateExpiring => "A receiver's certificate is about to expire",
            Self::BreakerOpened => "A receiver fails: nothing but probes goes out to it",
            Self::BreakerClosed => "A receiver is back: deliveries go out to it as usual",
        }
    }

    /// The type of its event.
    pub fn event_type(self) -> EventType {
        let name = format!("{RESERVED}{}", self.as_str());
        name.parse().expect("the words are dotted names")
    }
}

impl Fact {
    /// An endpoint fails for `run`; `last_failure` is its latest, `class: text`.
    pub fn failing(
        endpoint: &Endpoint,
        run: &FailingRun,
        since: Timestamp,
        last_failure: Option<&str>,
        policy: &FailingPolicy,
        now: Timestamp,
    ) -> Self {
        let disabled_after = policy.disable.map(DurationText);
        let mut text = format!(
            "{} has had nothing but failures since {}",
            called(endpoint),
            since.to_rfc3339_seconds()
        );
        if let Some(after) = disabled_after {
            text.push_str(&format!(": it is disabled after {after} of them"));
        }
        let data = serde_json::json!({
            "endpoint": Named::of(endpoint),
            "failing_since": since,
            "failing_for": DurationText(whole_minutes(run)),
            "disabled_after": disabled_after,
            "last_failure": last_failure,
        });
        Self::about(FactKind::EndpointFailing, endpoint, now, text, &data)
    }

    /// An endpoint was disabled by `who`.
    pub fn disabled(
        endpoint: &Endpoint,
        reason: DisabledReason,
        who: &str,
        now: Timestamp,
    ) -> Self {
        let why = match reason {
            DisabledReason::Operator => format!("by {who}"),
            DisabledReason::Owner => "by its owner".to_owned(),
            DisabledReason::Gone => "its receiver answered 410".to_owned(),
            DisabledReason::Failing => "it did nothing but fail for too long".to_owned(),
        };
        let text = format!(
            "{} is disabled ({why}): what is pending is held, new events pass it by",
            called(endpoint)
        );
        let data = serde_json::json!({
            "endpoint": Named::of(endpoint),
            "reason": reason.as_str(),
            "by": who,
        });
        Self::about(FactKind::EndpointDisabled, endpoint, now, text, &data)
    }

    /// An endpoint succeeds again.
    pub fn recovered(endpoint: &Endpoint, now: Timestamp) -> Self {
        let text = format!("{} succeeds again", called(endpoint));
        let data = serde_json::json!({ "endpoint": Named::of(endpoint) });
        Self::about(FactKind::EndpointRecovered, endpoint, now, text, &data)
    }

    /// `count` deliveries to an endpoint died, of which `named` are the first; `untold` others were not told of before,
    /// because there were too many.
    pub fn dead(
        endpoint_id: EndpointId,
        count: u64,
        named: &[DeadDelivery],
        untold: u64,
        now: Timestamp,
    ) -> Self {
        let text = match (count, named) {
            (1, [only]) => format!(
                "{} to {endpoint_id} is dead: {}",
                only.delivery_id, only.reason
            ),
            _ => format!("{count} deliveries to {endpoint_id} are dead"),
        };
        let mut data = serde_json::json!({
            "endpoint": { "id": endpoint_id },
            "count": count,
            "deliveries": named,
        });
        if untold > 0 {
            data["untold_before"] = untold.into();
        }
        Self {
            kind: FactKind::DeliveryDead,
            at: now,
            endpoint_id: Some(endpoint_id),
            text,
            data: raw(&data),
        }
    }

    /// A replay has come to its end, or stopped by itself because of `why`.
    pub fn replay(id: ReplayId, counts: &Counts, why: Option<&str>, now: Timestamp) -> Self {
        let (kind, text) = match why {
            None => (
                FactKind::ReplayFinished,
                format!(
                    "{id} is finished: {} delivered, {} failed, {} skipped",
                    counts.delivered, counts.failed, counts.skipped
                ),
            ),
            Some(why) => (
                FactKind::ReplayStopped,
                format!("{id} stopped by itself: {why}"),
            ),
        };
        let data = serde_json::json!({
            "replay": { "id": id },
            "delivered": counts.delivered,
            "failed": counts.failed,
            "skipped": counts.skipped,
            "waiting": counts.waiting,
            "why": why,
        });
        Self {
            kind,
            at: now,
            endpoint_id: None,
            text,
            data: raw(&data),
        }
    }

    /// The certificate of an endpoint's receiver runs out at `expires_at`.
    pub fn certificate(
        endpoint: &Endpoint,
        expires_at: Timestamp,
        nearness: Nearness,
        now: Timestamp,
    ) -> Self {
        let text = format!(
            "the certificate of {} {}",
            called(endpoint),
            end_in_words(expires_at, now)
        );
        let data = serde_json::json!({
            "endpoint": Named::of(endpoint),
            "expires_at": expires_at,
            "within_days": nearness.days(),
        });
        Self::about(FactKind::CertificateExpiring, endpoint, now, text, &data)
    }

    /// The breaker of an endpoint's lane opened or closed.
    pub fn breaker(endpoint: &Endpoint, open: bool, now: Timestamp) -> Self {
        let called = called(endpoint);
        let (kind, text) = match open {
            true => (
                FactKind::BreakerOpened,
                format!("{called} fails: its breaker is open, and nothing but probes goes out"),
            ),
            false => (
                FactKind::BreakerClosed,
                format!("the breaker of {called} is closed: deliveries go out as usual"),
            ),
        };
        let data = serde_json::json!({ "endpoint": Named::of(endpoint) });
        Self::about(kind, endpoint, now, text, &data)
    }

    fn about(
        kind: FactKind,
        endpoint: &Endpoint,
        at: Timestamp,
        text: String,
        data: &serde_json::Value,
    ) -> Self {
        Self {
            kind,
            at,
            endpoint_id: Some(endpoint.id),
            text,
            data: raw(data),
        }
    }
}

impl<'a> Named<'a> {
    fn of(endpoint: &'a Endpoint) -> Self {
        Self {
            id: endpoint.id,
            name: endpoint.name.as_deref(),
            tenant: endpoint.tenant.as_ref().map(|tenant| tenant.as_str()),
        }
    }
}

/// What people call an endpoint.
fn called(endpoint: &Endpoint) -> String {
    match &endpoint.name {
        Some(name) => format!("{name} ({})", endpoint.id),
        None => endpoint.id.to_string(),
    }
}

/// What counts of a run, as people read it.
fn whole_minutes(run: &FailingRun) -> std::time::Duration {
    std::time::Duration::from_mins(run.failing_for().as_secs() / 60)
}

fn raw(data: &serde_json::Value) -> RawJson {
    RawJson::parse(&data.to_string()).expect("a value of ours is flat JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fact_has_a_reserved_type() {
        for kind in FactKind::ALL {
            let event_type = kind.event_type();
            assert!(event_type.is_reserved(), "{event_type}");
        }
        assert!(!"hookyardish.a".parse::<EventType>().unwrap().is_reserved());
        assert!(!"hookyard".parse::<EventType>().unwrap().is_reserved());
    }

    #[test]
    fn many_dead_are_counted_and_a_lone_one_is_named() {
        let dead = DeadDelivery {
            delivery_id: DeliveryId::from_i64(7),
            event_id: EventId::from_i64(6),
            reason: "exhausted",
            attempts: 4,
        };
        let endpoint_id = EndpointId::from_i64(5);
        let alone = Fact::dead(endpoint_id, 1, &[dead], 0, Timestamp::EPOCH);
        let expected = format!(
            r#"{{"count":1,"deliveries":[{{"attempts":4,"event_id":"{}","id":"{}","reason":"exhausted"}}],"endpoint":{{"id":"{endpoint_id}"}}}}"#,
            dead.event_id, dead.delivery_id
        );
        let sorted: serde_json::Value = serde_json::from_str(alone.data.as_str()).unwrap();
        let wanted: serde_json::Value = serde_json::from_str(&expected).unwrap();
        assert_eq!(sorted, wanted);
        assert!(alone.text.ends_with("is dead: exhausted"), "{}", alone.text);
        let many = Fact::dead(endpoint_id, 900, &[dead], 3, Timestamp::EPOCH);
        assert!(many.text.starts_with("900 deliveries"), "{}", many.text);
        assert!(many.data.as_str().contains(r#""untold_before":3"#));
    }
}
