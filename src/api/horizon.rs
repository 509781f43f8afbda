//! The horizon on the wire: what goes out in the time to come.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::id::EndpointId;
use crate::domain::time::Timestamp;

/// `GET /v1/horizon`: what lies ahead of all pending deliveries, test traffic included.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HorizonView {
    /// When this was counted: up to five seconds ago.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// All endpoints together.
    pub total: OutlookView,
    /// The endpoints with the most deliveries waiting, or the one that was asked for.
    pub endpoints: Vec<EndpointHorizon>,
    /// Further endpoints that deliveries wait for.
    pub not_shown: u64,
}

/// What lies ahead of some deliveries. `due_1m` and its like count all that is due by then, `due_now` included.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OutlookView {
    /// Deliveries that wait and are not held.
    pub pending: u64,
    /// Deliveries that wait for paused or disabled endpoints; due nowhere below.
    pub held: u64,
    /// Due already: never tried, or their time has come and something else is in the way.
    pub due_now: u64,
    /// Due within a minute.
    pub due_1m: u64,
    /// Due within 5 minutes.
    pub due_5m: u64,
    /// Due within 15 minutes.
    pub due_15m: u64,
    /// Due within an hour.
    pub due_1h: u64,
    /// Due within 6 hours.
    pub due_6h: u64,
    /// Due within a day.
    pub due_24h: u64,
    /// Due after that.
    pub later: u64,
    /// When the first is due that is not due yet.
    #[schema(value_type = Option<String>)]
    pub next_at: Option<Timestamp>,
    /// Attempts that succeeded in the latest five minutes, a second; test traffic left out.
    pub delivered_per_s: f64,
    /// Seconds until what is due now has gone out at that rate; `null` where something is due and nothing succeeds.
    pub drains_in_s: Option<u64>,
}

/// What lies ahead of one endpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EndpointHorizon {
    /// The endpoint.
    #[schema(value_type = String)]
    pub id: EndpointId,
    /// Its name, where it has one.
    pub name: Option<String>,
    /// `active`, `paused` or `disabled`.
    pub status: String,
    /// When its pause ends by itself.
    #[schema(value_type = Option<String>)]
    pub paused_until: Option<Timestamp>,
    /// Since when its breaker is open: nothing but probes goes out, whatever is due.
    #[schema(value_type = Option<String>)]
    pub breaker_open_since: Option<Timestamp>,
    /// Its deliveries.
    #[serde(flatten)]
    pub outlook: OutlookView,
    /// Deliveries, tried before, that end as dead within an hour unless an attempt succeeds.
    pub give_up_1h: u64,
    /// The same within a day.
    pub give_up_24h: u64,
    /// When the first of them does.
    #[schema(value_type = Option<String>)]
    pub first_gives_up_at: Option<Timestamp>,
    /// Tried deliveries, due within a day, that were not looked at for these three, because there are too many: the latest
    /// ones. All endpoints that are shown share 10,000 looks; one that is asked for alone has them to itself.
    pub give_up_left_out: u64,
}

/// Which part of the horizon is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct HorizonQuery {
    /// One endpoint's alone, by its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// Endpoints wanted, 1–500; 20 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}
