//! Changed rows as the wire shows them. What cannot be read is left out: the client sees it at its next snapshot.

use crate::api::delivery::DeliveryView;
use crate::api::endpoint::EndpointView;
use crate::api::replay::ReplayView;
use crate::domain::id::{DeliveryId, EndpointId, ReplayId};
use crate::server::deliveries::with_names;
use crate::server::endpoint_facts::endpoint_views;
use crate::server::masking;
use crate::server::replay_views;
use crate::server::state::Core;

/// The deliveries as they stand now, in the order of their ids.
pub(super) async fn deliveries(core: &Core, ids: &[DeliveryId]) -> Vec<DeliveryView> {
    let mut rows = Vec::with_capacity(ids.len());
    for &id in ids {
        if let Ok(delivery) = core.engine.delivery_row(id).await {
            rows.push(delivery);
        }
    }
    with_names(core, &rows)
}

/// The endpoints as they stand on disk; deleted ones are left out. News of a commit come before the engine has taken it
/// up: what it had in memory until then would be told as the news, and nothing after it.
pub(super) async fn endpoints(core: &Core, ids: &[EndpointId]) -> Vec<EndpointView> {
    let mut rows = Vec::with_capacity(ids.len());
    for &id in ids {
        if let Ok(endpoint) = core.engine.endpoint_on_disk(id).await {
            rows.push(endpoint);
        }
    }
    let mut views = endpoint_views(core, &rows).await;
    // One frame for all who listen, viewers among them.
    for view in &mut views {
        masking::settings(&mut view.headers);
    }
    views
}

/// The replays as they stand now; plans are left out.
pub(super) async fn replays(core: &Core, ids: &[ReplayId]) -> Vec<ReplayView> {
    let mut views = Vec::with_capacity(ids.len());
    for &id in ids {
        if let Ok(replay) = core.engine.replay(id).await {
            views.push(replay_views::replay(&replay));
        }
    }
    views
}
