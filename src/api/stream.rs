//! The live stream: server-sent events of `GET /v1/stream?topics=deliveries,endpoints,stats,alerts,replays,log,presence`.
//!
//! Each SSE message has `event: <kind>`, `id: <seq>` and one JSON line of `data`. After `hello` come `change`
//! frames, at most ten a second; a `gap` says that changes were left out and that a snapshot is wanted again;
//! a `heartbeat` comes every five seconds without other frames; `bye` precedes a drain.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::delivery::DeliveryView;
use super::endpoint::EndpointView;
use super::operator::OperatorView;
use super::replay::ReplayView;
use super::stats::{InfoView, StatsView};
use crate::domain::time::Timestamp;

/// One message of the stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum StreamFrame {
    /// The first frame: who answers.
    Hello(Box<Hello>),
    /// What changed since the frame before.
    Change(Box<Change>),
    /// Changes were left out: take a snapshot again.
    Gap {
        /// How many changes were left out; 0 when unknown.
        missed: u64,
    },
    /// Nothing changed; the connection lives.
    Heartbeat {
        /// The service's time.
        #[schema(value_type = String)]
        at: Timestamp,
    },
    /// The service is about to stop.
    Bye,
}

/// The first frame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Hello {
    /// Who answers, and who is asking.
    pub info: InfoView,
    /// Seconds between heartbeats.
    pub heartbeat_s: u32,
}

/// What changed, coalesced: each delivery and endpoint at most once, as it stands now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Change {
    /// The number of the latest change in the frame; rises by the number of changes.
    pub seq: u64,
    /// Deliveries that changed, newest id last; at most 100 a frame.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deliveries: Vec<DeliveryView>,
    /// Deliveries that changed as well but are not listed: the counters are exact, the rows a sample.
    #[serde(default)]
    pub deliveries_unlisted: u64,
    /// Endpoints that changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub endpoints: Vec<EndpointView>,
    /// Replays that moved, or whose items did, with their counts as they stand now: each at most twice a second, its
    /// last state always.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replays: Vec<ReplayView>,
    /// Fresh statistics of the last minute, at most once a second; no more than every 15 seconds while they tell nothing
    /// new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stats: Option<Box<StatsView>>,
    /// Things an operator should know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alerts: Vec<Alert>,
    /// How far the service's own log has come, where it went on; at most twice a second. For those who may read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<LogNews>,
    /// Who watches the service live, all of them, where somebody came or went; also told to whoever has just come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operators: Option<Vec<OperatorView>>,
}

/// How far the service's own log has come: `GET /v1/log?after=` has the lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogNews {
    /// The number of the newest line, but for what libraries say at debug and trace: it comes with the next.
    pub newest: u64,
    /// The number of the newest line of warn or error; 0 when there never was one.
    pub newest_warning: u64,
}

/// Something an operator should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Alert {
    /// When it was noticed.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// A stable name: `certificate.expires`, `certificate.expired`, `breaker.opened`, `breaker.closed`,
    /// `endpoint.failing`, `endpoint.disabled`, `endpoint.recovered`, `replay.stopped` or `lane.restarted`; more may
    /// come.
    pub name: String,
    /// The thing in words, not escaped.
    pub text: String,
}
