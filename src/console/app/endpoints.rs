//! The state of the list of endpoints: which one is selected. The endpoints themselves are in the cache.

use std::collections::BTreeMap;

use super::deliveries::window;
use super::sieve::Sieve;
use crate::api::endpoint::EndpointView;
use crate::domain::id::EndpointId;

/// Endpoints that the cache holds.
pub(crate) const ENDPOINTS_MAX: usize = 5_000;

/// What the list is ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum EndpointOrder {
    /// Those that need attention first.
    #[default]
    Attention,
    /// The longest queues first, held ones with them.
    Queue,
    /// The most dead first.
    Dead,
    /// The largest share of failures of the last hour first.
    Failing,
    /// The slowest of the last hour first.
    Slow,
    /// By name.
    Name,
}

impl EndpointOrder {
    const ALL: [Self; 6] = [
        Self::Attention,
        Self::Queue,
        Self::Dead,
        Self::Failing,
        Self::Slow,
        Self::Name,
    ];

    /// The next one, around the end.
    pub(crate) fn next(self) -> Self {
        let at = Self::ALL.iter().position(|order| *order == self);
        Self::ALL[(at.unwrap_or(0) + 1) % Self::ALL.len()]
    }

    /// What is said of it.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Attention => "by attention",
            Self::Queue => "by queue",
            Self::Dead => "by dead",
            Self::Failing => "by failures",
            Self::Slow => "by mean time",
            Self::Name => "by name",
        }
    }

    /// Sorts endpoints that stand by attention; those that are alike keep that order.
    fn sort(self, endpoints: &mut [&EndpointView]) {
        let most = |of: fn(&EndpointView) -> u64| {
            move |endpoint: &&EndpointView| std::cmp::Reverse(of(endpoint))
        };
        match self {
            Self::Attention => {}
            Self::Queue => endpoints.sort_by_key(most(|endpoint| {
                let counts = &endpoint.health.deliveries;
                counts.pending + counts.held
            })),
            Self::Dead => endpoints.sort_by_key(most(|endpoint| endpoint.health.deliveries.dead)),
            Self::Failing => endpoints.sort_by_key(most(|endpoint| {
                let health = &endpoint.health;
                let failed = health.attempts_1h.saturating_sub(health.successes_1h);
                (failed * 10_000)
                    .checked_div(health.attempts_1h)
                    .unwrap_or(0)
            })),
            Self::Slow => endpoints.sort_by_key(most(|endpoint| {
                endpoint.health.mean_latency_us_1h.unwrap_or(0)
            })),
            Self::Name => endpoints.sort_by_cached_key(|endpoint| {
                let name = endpoint.name.as_ref().unwrap_or(&endpoint.url);
                name.to_lowercase()
            }),
        }
    }
}

/// The list of endpoints.
#[derive(Debug, Default)]
pub(crate) struct Endpoints {
    /// The selected one.
    pub cursor: Option<EndpointId>,
    /// The first line on the screen.
    pub offset: usize,
    /// What it is ordered by.
    pub order: EndpointOrder,
    /// The words that shown endpoints have.
    pub sieve: Sieve,
}

impl Endpoints {
    /// The endpoints that are shown, in their order.
    pub(crate) fn order<'a>(
        &self,
        endpoints: &'a BTreeMap<EndpointId, EndpointView>,
    ) -> Vec<&'a EndpointView> {
        let mut order = by_attention(endpoints);
        if self.sieve.is_set() {
            order.retain(|endpoint| self.sieve.passes(&text(endpoint)));
        }
        self.order.sort(&mut order);
        order
    }

    /// The endpoint that keys act on: the selected one, else the first.
    pub(crate) fn selected<'a>(&self, order: &[&'a EndpointView]) -> Option<&'a EndpointView> {
        self.cursor
            .and_then(|cursor| order.iter().find(|endpoint| endpoint.id == cursor))
            .or_else(|| order.first())
            .copied()
    }

    /// Moves the cursor by so many lines.
    pub(crate) fn step(&mut self, order: &[&EndpointView], steps: isize) {
        let at = self.line(order).saturating_add_signed(steps);
        self.cursor = order
            .get(at.min(order.len().saturating_sub(1)))
            .map(|endpoint| endpoint.id);
    }

    /// The line of the cursor.
    pub(crate) fn line(&self, order: &[&EndpointView]) -> usize {
        self.cursor
            .and_then(|cursor| order.iter().position(|endpoint| endpoint.id == cursor))
            .unwrap_or(0)
    }

    /// Moves the window so that the cursor is in it.
    pub(crate) fn settle(&mut self, order: &[&EndpointView], height: usize) {
        self.offset = window(self.offset, self.line(order), order.len(), height);
    }
}

/// What words are looked for in.
fn text(endpoint: &EndpointView) -> String {
    let tenant = endpoint.tenant.as_ref().map(ToString::to_string);
    format!(
        "{} {} {} {} {} {} {}",
        endpoint.id,
        endpoint.name.as_deref().unwrap_or_default(),
        endpoint.url,
        endpoint.status,
        endpoint.contract,
        tenant.unwrap_or_default(),
        endpoint.health.last_failure.as_deref().unwrap_or_default(),
    )
}

/// The endpoints of the cache, those that need attention first.
pub(crate) fn by_attention(endpoints: &BTreeMap<EndpointId, EndpointView>) -> Vec<&EndpointView> {
    sorted(endpoints.values().collect())
}

/// Those of them that an operator should look at, the worst first.
pub(crate) fn in_need(endpoints: &BTreeMap<EndpointId, EndpointView>) -> Vec<&EndpointView> {
    let in_need = endpoints.values();
    sorted(
        in_need
            .filter(|endpoint| attention(endpoint) < WELL)
            .collect(),
    )
}

fn sorted(mut order: Vec<&EndpointView>) -> Vec<&EndpointView> {
    order.retain(|endpoint| is_listed(endpoint));
    order.sort_by_cached_key(|endpoint| {
        (
            attention(endpoint),
            endpoint.name.clone().unwrap_or_default(),
            endpoint.url.clone(),
            endpoint.id,
        )
    });
    order
}

/// Whether lists show it.
pub(crate) fn is_listed(endpoint: &EndpointView) -> bool {
    endpoint.status != "deleted"
}

/// The attention that a well endpoint needs.
const WELL: u8 = 5;

/// 0 for what hurts, then what is held, then what is well.
fn attention(endpoint: &EndpointView) -> u8 {
    let disabled_by_itself = matches!(endpoint.status_reason.as_deref(), Some("gone" | "failing"));
    match endpoint.status.as_str() {
        "disabled" if disabled_by_itself => 0,
        "active" if endpoint.health.consecutive_failures > 0 => 1,
        "active" if endpoint.health.deliveries.dead > 0 => 2,
        "paused" => 3,
        "disabled" => 4,
        _ => WELL,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::app::samples::endpoints;

    #[test]
    fn each_order_begins_with_the_endpoint_that_it_is_about() {
        let known: BTreeMap<_, _> = endpoints().into_iter().map(|one| (one.id, one)).collect();
        let mut list = Endpoints::default();
        let mut seen = Vec::new();
        for _ in EndpointOrder::ALL {
            let order = list.order(&known);
            let first = order[0];
            let most = |of: fn(&EndpointView) -> u64| {
                assert!(
                    order.iter().all(|other| of(first) >= of(other)),
                    "{:?}",
                    list.order
                );
            };
            match list.order {
                EndpointOrder::Queue => {
                    most(|one| one.health.deliveries.pending + one.health.deliveries.held)
                }
                EndpointOrder::Dead => most(|one| one.health.deliveries.dead),
                EndpointOrder::Slow => most(|one| one.health.mean_latency_us_1h.unwrap_or(0)),
                EndpointOrder::Name => assert_eq!(first.name.as_deref(), Some("billing-prod")),
                EndpointOrder::Attention | EndpointOrder::Failing => {}
            }
            assert_eq!(order.len(), known.len(), "none is lost");
            seen.push(list.order.words());
            list.order = list.order.next();
        }
        assert_eq!(list.order, EndpointOrder::Attention);
        seen.dedup();
        assert_eq!(seen.len(), EndpointOrder::ALL.len());
    }
}
