//! Replays and their plans on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::id::{EndpointId, PlanId, ReplayId};
use crate::domain::time::Timestamp;

/// The body of `POST /v1/replays`: a filter with `dry_run` plans, a plan starts, a filter alone plans and starts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplayBody {
    /// Which deliveries: a filter expression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// The plan to start, `pln_…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub plan: Option<PlanId>,
    /// Only plan.
    #[serde(default)]
    pub dry_run: bool,
    /// Items in a time, such as `50/s` or `600/m`; `10/s` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<String>,
    /// Items that are sent first; the rest follows only if the first attempt of each succeeds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary: Option<u32>,
    /// Stop when more than a share of the last first attempts failed, such as `20%/50`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop: Option<String>,
    /// Leave out what was delivered already at the plan. What was delivered since is always left out.
    #[serde(default)]
    pub skip_delivered: bool,
    /// Why, for those who come after; at most 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// The body of `POST /v1/endpoints/{id}/recover`. How it goes is said as in `POST /v1/replays`: members side by side,
/// because flattened ones cannot refuse what nobody knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecoverBody {
    /// Deliver the events instead that the endpoint never got, because it did not exist yet, was disabled, or filtered
    /// them out: those accepted since then that it would get by its settings of now.
    #[serde(default)]
    pub missed: bool,
    /// Deliveries that died then or later, or events that were accepted then or later.
    #[schema(value_type = String)]
    pub since: Timestamp,
    /// And before then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub until: Option<Timestamp>,
    /// Only plan.
    #[serde(default)]
    pub dry_run: bool,
    /// As in `POST /v1/replays`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<String>,
    /// As in `POST /v1/replays`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary: Option<u32>,
    /// As in `POST /v1/replays`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop: Option<String>,
    /// As in `POST /v1/replays`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A frozen selection: what is replayed when it is started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlanView {
    /// Its id.
    #[schema(value_type = String)]
    pub id: PlanId,
    /// What was selected: the filter, or words for another selection.
    pub selection: String,
    /// The filter with its saved views written out as they were when it was planned; absent where it named none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stands_for: Option<String>,
    /// Items.
    pub matched: u64,
    /// Bytes of their events' data and attributes.
    pub bytes: u64,
    /// When the first was created.
    #[schema(value_type = Option<String>)]
    pub oldest: Option<Timestamp>,
    /// When the last was created.
    #[schema(value_type = Option<String>)]
    pub newest: Option<Timestamp>,
    /// Items that are delivered already.
    pub already_delivered: u64,
    /// Items whose endpoint was changed since they last moved.
    pub endpoint_changed: u64,
    /// Items whose endpoint is paused or disabled.
    pub held: u64,
    /// Items whose endpoint's breaker is open or half-open.
    pub behind_breaker: u64,
    /// Deliveries that matched and cannot be replayed: their endpoint is deleted, or their payload is gone.
    pub left_out: u64,
    /// The endpoints with the most items, at most 100.
    pub endpoints: Vec<PlanEndpoint>,
    /// Endpoints beyond those.
    pub endpoints_unlisted: u64,
    /// How the items failed last, the most frequent first, at most 100.
    pub causes: Vec<PlanCause>,
    /// Causes beyond those.
    pub causes_unlisted: u64,
    /// What whoever starts it should know.
    pub warnings: Vec<String>,
    /// The rate that `eta` goes by.
    pub rate: String,
    /// How long the releases take at that rate.
    pub eta: String,
    /// SHA-256 over the items' ids; hex.
    pub hash: String,
    /// Until when it may be started; absent once it was.
    #[schema(value_type = Option<String>)]
    pub expires_at: Option<Timestamp>,
}

/// An endpoint's part of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlanEndpoint {
    /// Its id.
    #[schema(value_type = String)]
    pub id: EndpointId,
    /// Its name, where it has one.
    pub name: Option<String>,
    /// Its items.
    pub count: u64,
    /// `active`, `paused` or `disabled`.
    pub status: String,
    /// Whether it was changed since some of them last moved.
    pub changed: bool,
    /// Whether its breaker is open or half-open.
    pub breaker_open: bool,
}

/// Items that failed alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlanCause {
    /// The failure class of their latest attempt; absent where it did not fail.
    pub class: Option<String>,
    /// The status it was answered with.
    pub status: Option<u16>,
    /// The cause of the failure, for `cause:` in filters and `GET /v1/causes`; absent where it did not fail.
    pub cause: Option<String>,
    /// Items.
    pub count: u64,
}

/// A replay, now or as it was: what nothing tells of an instant that is past is absent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReplayView {
    /// Its id; `replay:` finds its deliveries.
    #[schema(value_type = String)]
    pub id: ReplayId,
    /// `running`, `paused`, `stopped` (by its canary or its stop rule), `finished` or `cancelled`; of an instant that is
    /// past `unknown` where nothing tells.
    pub state: String,
    /// Why it stopped by itself.
    pub why: Option<String>,
    /// What was selected.
    pub selection: String,
    /// The filter with its saved views written out as they were when it was planned; absent where it named none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stands_for: Option<String>,
    /// Why, for those who come after.
    pub note: Option<String>,
    /// Who planned it.
    pub who: String,
    /// Items in a time.
    pub rate: String,
    /// Items of the canary; 0 for none.
    pub canary: u32,
    /// Whether the canary is behind it; absent of an instant that is past where nothing tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary_done: Option<bool>,
    /// The stop rule.
    pub stop: Option<String>,
    /// Whether what was delivered already at the plan is left out.
    pub skip_delivered: bool,
    /// Items.
    pub total: u64,
    /// Where they stand; adds up to `total`. Of an instant that is past it is absent, with all that depends on it, where
    /// the items are not kept any more, or were begun by a version that did not note when what happened to them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<ReplayCounts>,
    /// Of an instant that is past: the items were not counted, because those of newer replays on this page are as many as
    /// one answer counts. Asked for alone, the replay has its counts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub limited: bool,
    /// First attempts that succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_succeeded: Option<u64>,
    /// First attempts that failed, as probes behind an open breaker too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_failed: Option<u64>,
    /// How long the rest of the releases takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eta: Option<String>,
    /// SHA-256 over the items' ids; hex.
    pub hash: String,
    /// When it was started.
    #[schema(value_type = Option<String>)]
    pub started_at: Option<Timestamp>,
    /// When it was finished or cancelled.
    #[schema(value_type = Option<String>)]
    pub ended_at: Option<Timestamp>,
}

impl ReplayView {
    /// Where the items of a replay stand now: of that it is always told.
    pub fn now(&self) -> ReplayCounts {
        self.counts.unwrap_or_default()
    }
}

/// Where the items of a replay stand: each in exactly one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReplayCounts {
    /// Not released yet.
    pub waiting: u64,
    /// Of these, passed over for now, because their endpoint is paused or disabled or has as many under way as it may
    /// have: the others go on without them. Absent of an instant that is past, where any waited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deferred: Option<u64>,
    /// Released, and neither delivered nor dead.
    pub open: u64,
    /// Delivered.
    pub delivered: u64,
    /// Dead again.
    pub failed: u64,
    /// Left out: delivered since, discarded, gone.
    pub skipped: u64,
    /// Not released before it was cancelled.
    pub cancelled: u64,
}
