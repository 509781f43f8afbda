//! Causes of failures on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::time::Timestamp;

/// `GET /v1/causes?since=`: why attempts failed in a window of time, test traffic left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CausesView {
    /// When this was counted.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// The window in seconds.
    pub since_s: u64,
    /// The causes, most failures first.
    pub items: Vec<CauseView>,
}

/// Failures that are the same but for numbers, ids, times, quoted values and addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CauseView {
    /// Its id, the same in every yard: 12 hex digits, for `cause:` in filters.
    pub id: String,
    /// The failure class: `dns`, `connect`, `tls`, `timeout`, `protocol`, `status`, `body`, `blocked`, `internal`.
    pub class: String,
    /// The status answered, where that is what failed.
    pub status: Option<u16>,
    /// What was said, with `#`, `…`, `<name>` and the like for what differs; safe to show.
    pub message: String,
    /// Failed attempts in the window.
    pub failures: u64,
    /// Failed attempts in the latest ten minutes.
    pub latest_10m: u64,
    /// Failed attempts in the ten minutes before those.
    pub before_10m: u64,
    /// `rising`, `falling` or `steady`: the one against the other.
    pub trend: String,
    /// Failed attempts of all time, as far as the cause is remembered.
    pub failures_ever: u64,
    /// When an attempt first failed so.
    #[schema(value_type = String)]
    pub first_seen: Timestamp,
    /// When an attempt last failed so.
    #[schema(value_type = String)]
    pub last_seen: Timestamp,
    /// Dead deliveries whose latest failure it is; 1,001 stands for more than 1,000.
    pub dead: u64,
    /// Endpoints that failed so in the window.
    pub endpoints: u64,
    /// Of those, the ones that have had a success since their last failure so.
    pub succeeding: u64,
    /// Whether all of them have.
    pub succeeding_now: bool,
}

/// Which causes are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CausesQuery {
    /// How far back to look, such as `60m`: 1m to 24h; 24h when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Causes wanted, 1–500; 50 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}
