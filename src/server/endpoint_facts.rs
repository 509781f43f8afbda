//! What the wire shows of an endpoint beyond its own row: its contract's defaults and how it fares.

use std::collections::HashMap;

use super::state::Core;
use super::views::{self, EndpointContext};
use crate::api::endpoint::{EndpointHealth, EndpointView};
use crate::domain::endpoint::Endpoint;
use crate::domain::id::EndpointId;

/// One endpoint.
pub(super) async fn endpoint_view(core: &Core, endpoint: &Endpoint) -> EndpointView {
    let mut health = health(core).await;
    views::endpoint(endpoint, context(core, endpoint, &mut health))
}

/// Several endpoints, their figures read once.
pub(super) async fn endpoint_views(core: &Core, endpoints: &[Endpoint]) -> Vec<EndpointView> {
    if endpoints.is_empty() {
        return Vec::new();
    }
    let mut health = health(core).await;
    endpoints
        .iter()
        .map(|endpoint| views::endpoint(endpoint, context(core, endpoint, &mut health)))
        .collect()
}

/// How all endpoints fare. Figures that cannot be read are zero: the endpoint itself is worth showing without them.
async fn health(core: &Core) -> HashMap<EndpointId, EndpointHealth> {
    let mut health: HashMap<EndpointId, EndpointHealth> = HashMap::new();
    if let Ok(ledger) = core.engine.ledger().await {
        for (id, counts) in &ledger.endpoints {
            health.entry(*id).or_default().deliveries = views::counts(counts);
        }
    }
    if let Ok(snapshot) = core.engine.lanes().await {
        for lane in &snapshot.lanes {
            let entry = health.entry(lane.endpoint_id).or_default();
            entry.in_flight = lane.in_flight;
            entry.next_attempt_at = lane.next_wakeup;
        }
    }
    health
}

fn context(
    core: &Core,
    endpoint: &Endpoint,
    health: &mut HashMap<EndpointId, EndpointHealth>,
) -> EndpointContext {
    let contract = core.options.contracts.get_known(&endpoint.contract);
    EndpointContext {
        retry: contract.map(|contract| contract.retry.clone()),
        timeout: contract
            .map(|contract| contract.request.timeout)
            .unwrap_or_default(),
        concurrency: core.options.concurrency_per_endpoint,
        health: health.remove(&endpoint.id).unwrap_or_default(),
    }
}
