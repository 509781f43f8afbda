//! What the wire shows of an endpoint beyond its own row: its contract's defaults and how it fares.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use super::outsider;
use super::state::Core;
use super::stats;
use super::views::{self, EndpointContext};
use crate::api::endpoint::{EndpointHealth, EndpointView};
use crate::domain::endpoint::Endpoint;
use crate::domain::id::EndpointId;
use crate::domain::lane::BreakerPhase;
use crate::domain::time::Timestamp;
use crate::domain::tries::Tries;
use crate::engine::{AttemptStats, LaneStatus};

/// The time that an endpoint's recent figures cover.
const RECENT: Duration = Duration::from_hours(1);
/// The steps in which it is told how many of its attempts failed.
const STRETCH: Duration = Duration::from_mins(5);
const STRETCH_MS: i64 = 300_000;
const STRETCHES: i64 = 12;

/// One endpoint.
pub(super) async fn endpoint_view(core: &Core, endpoint: &Endpoint) -> EndpointView {
    let facts = Facts::read(core, &[endpoint.id]).await;
    let health = facts.health(core, endpoint).await;
    views::endpoint(endpoint, context(core, endpoint, health))
}

/// Several endpoints, what they share read once.
pub(super) async fn endpoint_views(core: &Core, endpoints: &[Endpoint]) -> Vec<EndpointView> {
    if endpoints.is_empty() {
        return Vec::new();
    }
    let ids: Vec<EndpointId> = endpoints.iter().map(|endpoint| endpoint.id).collect();
    let facts = Facts::read(core, &ids).await;
    let mut shown = Vec::with_capacity(endpoints.len());
    for endpoint in endpoints {
        let health = facts.health(core, endpoint).await;
        shown.push(views::endpoint(endpoint, context(core, endpoint, health)));
    }
    shown
}

/// What is read once for any number of endpoints. Figures that cannot be read are missing: the endpoint itself is
/// worth showing without them.
struct Facts {
    recent: BTreeMap<EndpointId, Vec<(Timestamp, AttemptStats)>>,
    tries: BTreeMap<EndpointId, Tries>,
    lanes: HashMap<EndpointId, LaneStatus>,
}

impl Facts {
    async fn read(core: &Core, ids: &[EndpointId]) -> Self {
        let lanes = core.engine.lanes().await.unwrap_or_default().lanes;
        let recent = core.engine.endpoint_stats(ids, RECENT, STRETCH).await;
        let tries = core.engine.endpoint_tries(ids, RECENT).await;
        Self {
            tries: tries.unwrap_or_default(),
            recent: recent.unwrap_or_default(),
            lanes: lanes
                .into_iter()
                .map(|lane| (lane.endpoint_id, lane))
                .collect(),
        }
    }

    async fn health(&self, core: &Core, endpoint: &Endpoint) -> EndpointHealth {
        let id = endpoint.id;
        let ledger = core.engine.endpoint_ledger(id).await.unwrap_or_default();
        let mut health = EndpointHealth {
            deliveries: views::counts(&ledger.counts),
            consecutive_failures: ledger.consecutive_failures,
            last_success_at: ledger.last_success_at,
            last_failure_at: ledger.last_failure_at,
            failing_since: ledger.failing_since,
            certificate_expires_at: ledger.certificate_expires_at,
            last_failure: ledger.last_failure.map(outsider::last_failure),
            breaker_open_since: endpoint.breaker_open_since,
            ..EndpointHealth::default()
        };
        // A lane that is not in memory has nothing to send: what is noted of its breaker is all there is.
        let noted = match endpoint.breaker_open_since {
            Some(since) => BreakerPhase::Open(since),
            None => BreakerPhase::Closed,
        };
        let lane = self.lanes.get(&id);
        health.breaker = lane.map_or(noted, |lane| lane.breaker).as_str().to_owned();
        if let Some(lane) = lane {
            if let BreakerPhase::Open(probe_at) = lane.breaker {
                health.next_probe_at = Some(probe_at);
            }
            health.in_flight = lane.in_flight;
            health.rate_limited = lane.rate_limited;
            health.next_attempt_at = lane.next_wakeup;
        }
        if let Some(stretches) = self.recent.get(&id) {
            health.failing_1h = failing(stretches, core.clock.now());
            let recent = AttemptStats::sum(stretches.iter().map(|(_, stats)| stats));
            health.attempts_1h = recent.attempts;
            health.successes_1h = recent.successes;
            health.held_back_1h = recent.held_back;
            health.mean_latency_us_1h = recent.latency_us.checked_div(recent.attempts);
        }
        health.latency_us_1h = self.tries.get(&id).and_then(stats::quantiles);
        health
    }
}

/// How many of a hundred attempts failed, stretch by stretch up to now.
fn failing(stretches: &[(Timestamp, AttemptStats)], now: Timestamp) -> Vec<Option<u8>> {
    let number = |at: Timestamp| at.as_millis().div_euclid(STRETCH_MS);
    let last = number(now);
    let stretch = |wanted: i64| {
        let found = stretches.iter().find(|(from, _)| number(*from) == wanted);
        let (_, stats) = found.filter(|(_, stats)| stats.attempts > 0)?;
        let failed = stats.attempts.saturating_sub(stats.successes);
        let percent = failed.saturating_mul(100).div_ceil(stats.attempts);
        u8::try_from(percent).ok()
    };
    (last + 1 - STRETCHES..=last).map(stretch).collect()
}

fn context(core: &Core, endpoint: &Endpoint, health: EndpointHealth) -> EndpointContext {
    let contracts = core.engine.contracts();
    let contract = contracts.get_known(&endpoint.contract);
    EndpointContext {
        retry: contract.map(|contract| contract.retry.clone()),
        rate_limit: contract.and_then(|contract| contract.rate_limit),
        timeout: contract
            .map(|contract| contract.request.timeout)
            .unwrap_or_default(),
        breaker: core.engine.breaker_policy(),
        concurrency: core.engine.concurrency_per_endpoint(),
        health,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_told_by_five_minutes_up_to_now() {
        let minute = |minute: i64| Timestamp::from_millis(minute * 60_000);
        let stats = |attempts, successes| AttemptStats {
            attempts,
            successes,
            ..AttemptStats::default()
        };
        // What began an hour ago reaches into a thirteenth stretch.
        let stretches = [
            (minute(600), stats(9, 0)),
            (minute(605), stats(4, 4)),
            (minute(650), stats(1_000, 999)),
            (minute(660), stats(3, 1)),
        ];
        let shown = failing(&stretches, minute(662));
        let mut expected = vec![None; 12];
        (expected[0], expected[9], expected[11]) = (Some(0), Some(1), Some(67));
        assert_eq!(shown, expected);
    }
}
