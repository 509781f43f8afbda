//! The conservation ledger on the wire: created = delivered + pending + held + dead + discarded.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::endpoint::LedgerCounts;
use crate::domain::id::EndpointId;
use crate::domain::time::Timestamp;

/// `GET /v1/ledger`: where every delivery stands that was ever made, test traffic included, at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LedgerView {
    /// That moment.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// Whether every line here adds up, and the days together are what the total counts.
    pub adds_up: bool,
    /// All deliveries of all time.
    pub total: LedgerCounts,
    /// The newest days on which deliveries were made, newest first.
    pub days: Vec<LedgerDay>,
    /// All days before those together; counted as `days` are.
    pub earlier: LedgerCounts,
    /// Endpoints, newest first; deleted ones for as long as their rows are kept.
    pub endpoints: Vec<LedgerEndpoint>,
    /// Endpoints that were deleted so long ago that their rows are gone, together.
    pub gone: LedgerCounts,
    /// Where the next page of endpoints begins; absent on the last one. Opaque: pass it as `cursor`.
    pub next: Option<String>,
}

/// The deliveries that were made on one day of UTC.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LedgerDay {
    /// The day, such as `2026-04-13`.
    pub day: String,
    /// Where they stand now. `pending` has the held ones too, and what waits for a deleted endpoint to be discarded;
    /// `held` is 0.
    #[serde(flatten)]
    pub counts: LedgerCounts,
}

/// The deliveries of one endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LedgerEndpoint {
    /// The endpoint.
    #[schema(value_type = String)]
    pub id: EndpointId,
    /// Its name, where it has one.
    pub name: Option<String>,
    /// `active`, `paused`, `disabled` or `deleted`.
    pub status: String,
    /// Where they stand.
    #[serde(flatten)]
    pub counts: LedgerCounts,
}

/// Which part of the ledger is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LedgerQuery {
    /// Days wanted, 1–400; 30 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
    /// Endpoints wanted, 1–500; 50 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `next` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}
