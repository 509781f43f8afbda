//! Where requests come from, for receivers that allow-list.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `GET /v1/egress`: the addresses that requests leave from, as receivers see them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EgressView {
    /// IP addresses, as configured; empty when nothing is configured.
    pub addresses: Vec<String>,
    /// Where the list comes from: `published` (`targets.egress_addresses`), `sources` (`targets.source_addresses`, which
    /// a NAT on the way may replace) or `system` (the operating system chooses; the list is empty).
    pub origin: String,
}
