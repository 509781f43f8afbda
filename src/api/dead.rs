//! Dead letters on the wire: discarded together, exported as lines, imported again.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::event::EventKey;
use crate::domain::event_type::EventType;
use crate::domain::id::{DeliveryId, EndpointId, EventId, PlanId};
use crate::domain::json::RawJson;
use crate::domain::time::Timestamp;

/// What every line of an export says it is.
pub const DEAD_LETTER_FORMAT: &str = "hookyard-dead-1";

/// `GET /v1/dead/causes`: dead deliveries by the cause of their latest failure.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeadCausesView {
    /// When this was counted, or the instant that was asked for.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// All dead deliveries, those without a cause too: test traffic, and what could not be sent at all.
    pub dead: u64,
    /// Of an instant that is past: there may be more of all this, for not all that changed since was looked at.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub limited: bool,
    /// Of an instant that is past: of deliveries made before this, retention has taken some, which may have been dead then;
    /// absent where it has taken none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub kept_since: Option<Timestamp>,
    /// The causes, most dead deliveries first, at most 1,100.
    pub items: Vec<DeadCauseView>,
}

/// Dead deliveries of one cause.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeadCauseView {
    /// The cause's id, for `cause:` in filters: `state:dead cause:<id>` are these deliveries.
    pub id: String,
    /// The failure class; absent, like message and times, where the cause is remembered no longer.
    pub class: Option<String>,
    /// The status answered, where that is what failed.
    pub status: Option<u16>,
    /// What was said, with `#`, `…`, `<name>` and the like for what differs; safe to show.
    pub message: Option<String>,
    /// Dead deliveries; 100,001 stands for more than 100,000.
    pub dead: u64,
    /// Endpoints that ever failed so; of an instant that is past, those whose deliveries these are.
    pub endpoints: u64,
    /// Of those, the ones that have had a success since their last failure so; nothing tells it of the past.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub succeeding: Option<u64>,
    /// Whether all of them have: a replay has a chance. Nothing tells it of the past.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub succeeding_now: Option<bool>,
    /// The endpoint that failed so last; of an instant that is past, of these deliveries, like the last time below.
    #[schema(value_type = Option<String>)]
    pub endpoint_id: Option<EndpointId>,
    /// Its name, where it has one.
    pub endpoint_name: Option<String>,
    /// When an attempt first failed so.
    #[schema(value_type = Option<String>)]
    pub first_seen: Option<Timestamp>,
    /// When an attempt last failed so.
    #[schema(value_type = Option<String>)]
    pub last_seen: Option<Timestamp>,
}

/// The body of `POST /v1/deliveries/{id}/discard`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DiscardBody {
    /// Why, for those who come after; at most 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// The body of `POST /v1/dead/discard`: a filter with `dry_run` plans, a plan discards, a filter alone plans and
/// discards.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DiscardDeadBody {
    /// Which of the dead deliveries: a filter expression; an empty one is all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// The plan whose dead deliveries are discarded, `pln_…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub plan: Option<PlanId>,
    /// Only plan.
    #[serde(default)]
    pub dry_run: bool,
    /// Why, for those who come after; at most 500 characters. Required to discard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What came of discarding a plan's deliveries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DiscardedView {
    /// The plan.
    #[schema(value_type = String)]
    pub plan: PlanId,
    /// What was selected.
    pub selection: String,
    /// Deliveries in the plan.
    pub matched: u64,
    /// Those that were dead and are discarded.
    pub discarded: u64,
    /// Those that were not dead any more at their turn.
    pub skipped: u64,
}

/// Which dead deliveries are exported.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DeadQuery {
    /// A filter expression; all dead deliveries when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
}

/// Where imported lines go.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ImportQuery {
    /// The endpoint that all lines are for; when absent the one that a line names, or the only one with its URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<String>)]
    pub endpoint_id: Option<EndpointId>,
}

/// One line of an export: a dead delivery with its event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeadLetterLine {
    /// `hookyard-dead-1`.
    pub format: String,
    /// The delivery.
    pub delivery: DeadDelivery,
    /// Where it was to go.
    pub endpoint: DeadEndpoint,
    /// What it carries; absent where it cannot be read, and then `problem` says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<DeadEvent>,
    /// Why the event is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// The delivery of an exported line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeadDelivery {
    /// Its id.
    #[schema(value_type = String)]
    pub id: DeliveryId,
    /// Why it died: `exhausted`, `expired`, `gone`, `undeliverable`.
    pub reason: String,
    /// Why no request could be made of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Attempts made.
    pub attempts: u32,
    /// When it was made.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
    /// When it died.
    #[schema(value_type = String)]
    pub died_at: Timestamp,
    /// The cause of its latest failure, by which `/v1/causes` knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// What that cause says, so that it has words where the line is imported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause_message: Option<String>,
    /// Its latest attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_attempt: Option<DeadAttempt>,
}

/// The latest attempt of an exported line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeadAttempt {
    /// When it was started.
    #[schema(value_type = String)]
    pub started_at: Timestamp,
    /// The status it was answered with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Its failure class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// The failure in words; for people, not read by an import.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// How long it took, in microseconds.
    pub latency_us: u64,
}

/// The endpoint of an exported line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeadEndpoint {
    /// Its id.
    #[schema(value_type = String)]
    pub id: EndpointId,
    /// Its URL.
    pub url: String,
    /// Its name; for people, not read by an import.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its tenant; for people, not read by an import.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
}

/// The event of an exported line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeadEvent {
    /// Its id.
    #[schema(value_type = String)]
    pub id: EventId,
    /// Its type.
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    pub event_type: EventType,
    /// The publisher's own id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub key: Option<EventKey>,
    /// Whose endpoints it reaches: a tenant's, or `*`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// When it happened.
    #[schema(value_type = String)]
    pub occurred_at: Timestamp,
    /// When it was accepted.
    #[schema(value_type = String)]
    pub accepted_at: Timestamp,
    /// Whether it is a test.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub test: bool,
    /// Its attributes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub attributes: Option<RawJson>,
    /// The exact bytes of its attributes in base64, where the same JSON stands above in other characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attributes_exact: Option<String>,
    /// Its data.
    #[schema(value_type = Object)]
    pub data: RawJson,
    /// The exact bytes of its data in base64, where the same JSON stands above in other characters: line breaks and
    /// what a terminal would obey are written otherwise there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_exact: Option<String>,
}

/// What came of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportedView {
    /// Lines that were read, empty ones left out.
    pub lines: u64,
    /// Dead deliveries that were made.
    pub imported: u64,
    /// Deliveries that were here and discarded, and are dead again.
    pub revived: u64,
    /// Deliveries that are here and stay as they are.
    pub existing: u64,
    /// Lines of which nothing came.
    pub refused: Vec<RefusedLine>,
}

/// A line that was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RefusedLine {
    /// Its number, from 1.
    pub line: u64,
    /// What is wrong with it, and what to do.
    pub detail: String,
}
