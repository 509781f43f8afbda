//! Statistics on the wire.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::endpoint::LedgerCounts;
use crate::domain::id::EndpointId;
use crate::domain::time::Timestamp;

/// `GET /v1/stats?window=`: totals, and what happened in the window.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StatsView {
    /// When this was counted.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// Deliveries of all time by state.
    pub ledger: LedgerCounts,
    /// Events accepted of all time.
    pub events: u64,
    /// Requests in flight now.
    pub in_flight: u64,
    /// Endpoints by status: `active`, `paused`, `disabled`.
    pub endpoints: BTreeMap<String, u64>,
    /// How late the oldest due delivery is, in milliseconds; 0 when nothing is late.
    pub oldest_due_ms: u64,
    /// What happened in the window.
    #[serde(flatten)]
    pub traffic: TrafficView,
    /// The store.
    pub store: StoreView,
    /// The lanes.
    pub lanes: LanesView,
}

/// `GET /v1/stats?at=`: what happened in the window that ended then. Totals of the past are not kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PastStatsView {
    /// Where the window ends.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// What happened in the window.
    #[serde(flatten)]
    pub traffic: TrafficView,
}

/// What happened in a window of time, test traffic left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TrafficView {
    /// The window in seconds.
    pub window_s: u64,
    /// Attempts made in the window.
    pub attempts: u64,
    /// Those that succeeded.
    pub successes: u64,
    /// Those that failed, by class.
    pub failures: BTreeMap<String, u64>,
    /// Those that a rate limit of their endpoint had made wait, of either outcome.
    #[serde(default)]
    pub held_back: u64,
    /// Mean duration of an attempt in the window, in microseconds.
    pub mean_latency_us: Option<u64>,
    /// How long most attempts took; absent without attempts. Up to 15 seconds behind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_us: Option<QuantilesView>,
    /// Attempts that were not the first of their delivery; up to 15 seconds behind, like the next.
    #[serde(default)]
    pub retries: u64,
    /// Attempts after which their delivery was delivered or dead: attempts divided by this are attempts per delivery.
    #[serde(default)]
    pub deliveries_ended: u64,
    /// The length of each step below in seconds: 60 for windows up to an hour, 900 up to 48 hours, 86,400 beyond.
    #[serde(default)]
    pub step_s: u64,
    /// Step by step, oldest first.
    pub minutes: Vec<MinuteView>,
}

/// `GET /v1/endpoints/{id}/stats?window=&at=`: what happened at one endpoint in the window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EndpointStatsView {
    /// Whose.
    #[schema(value_type = String)]
    pub endpoint_id: EndpointId,
    /// When this was counted, or where the window ended that was asked for.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub traffic: TrafficView,
}

/// Durations that so many of a hundred attempts did not exceed, in microseconds, within 2 %.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct QuantilesView {
    /// Half of them.
    pub p50: u64,
    /// 95.
    pub p95: u64,
    /// 99.
    pub p99: u64,
}

/// What bounds the bands of [`MinuteView::latency_bands`], in microseconds; the last band has no end.
pub const LATENCY_BOUNDS_US: [u64; 4] = [100_000, 300_000, 1_000_000, 5_000_000];

/// One step of a window.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MinuteView {
    /// When it began.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// Attempts made.
    pub attempts: u64,
    /// Those that succeeded.
    pub successes: u64,
    /// Mean duration of an attempt in microseconds.
    pub mean_latency_us: Option<u64>,
    /// Those that failed, by class.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub failures: BTreeMap<String, u64>,
    /// How long most of them took; only in windows up to an hour, and up to 15 seconds behind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_us: Option<QuantilesView>,
    /// Attempts by how long they took: up to 100 ms, 300 ms, 1 s and 5 s, each beyond the one before, and longer; only
    /// where `latency_us` is, and within 2 % like it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub latency_bands: Vec<u64>,
}

/// What the store weighs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StoreView {
    /// Bytes of the database file.
    pub database_bytes: u64,
    /// Bytes of the write-ahead log.
    pub wal_bytes: u64,
    /// Free bytes on its disk.
    pub disk_free_bytes: u64,
    /// Pages that the latest checkpoint left behind because a reader held them.
    pub checkpoint_pages_left: u64,
    /// The latest round of retention; absent before the first, a minute after the start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention: Option<RetentionView>,
}

/// A round of retention: what it found and took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RetentionView {
    /// When it ended.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// Milliseconds that it took, its pauses included.
    pub took_ms: u64,
    /// The longest that the writer was held meanwhile by one transaction of this round or of another change, in
    /// milliseconds: nothing is accepted or recorded as long.
    #[serde(default)]
    pub longest_ms: u64,
    /// Bytes of the database that rows took when it began.
    pub used_bytes: u64,
    /// For how many seconds it kept payloads and attempts, where `retention.disk` made that less than their time.
    pub squeezed_to_s: Option<u64>,
    /// Events that it took.
    pub events: u64,
    /// Payloads of events that stay.
    pub payloads: u64,
    /// Deliveries.
    pub deliveries: u64,
    /// Attempts.
    pub attempts: u64,
    /// Endpoints that were deleted, ended tokens, audit entries and minutes of statistics.
    pub others: u64,
}

/// The lanes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LanesView {
    /// Lanes that are awake.
    pub awake: u64,
    /// Lanes that ended unexpectedly and were started again, since the service's start.
    pub restarts: u64,
    /// Outcomes that the store refused for good, since the service's start; their deliveries are dead.
    #[serde(default)]
    pub outcomes_refused: u64,
    /// Endpoints whose breaker is open or half-open.
    #[serde(default)]
    pub breakers_open: u64,
    /// Breakers that opened, since the service's start.
    #[serde(default)]
    pub breakers_opened: u64,
}

/// `GET /v1/info`: who answers, and who is asking.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InfoView {
    /// The service's version.
    pub version: String,
    /// Its process id.
    pub pid: u32,
    /// Its host's name.
    pub host: String,
    /// Its time.
    #[schema(value_type = String)]
    pub now: Timestamp,
    /// When it was started.
    #[schema(value_type = String)]
    pub started_at: Timestamp,
    /// The caller: a unix name or a token's name.
    pub caller: String,
    /// What the caller may do.
    pub role: String,
    /// The directory of its database; told to operators on its own machine.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub data_dir: Option<String>,
}
