//! The state of the list of endpoints: which one is selected. The endpoints themselves are in the cache.

use std::collections::BTreeMap;

use super::deliveries::window;
use super::sieve::Sieve;
use super::sorting::Sorting;
use crate::api::endpoint::EndpointView;
use crate::domain::id::EndpointId;

/// Endpoints that the cache holds.
pub(crate) const ENDPOINTS_MAX: usize = 5_000;

/// The list of endpoints.
#[derive(Debug, Default)]
pub(crate) struct Endpoints {
    /// The selected one.
    pub cursor: Option<EndpointId>,
    /// The first line on the screen.
    pub offset: usize,
    /// What it is sorted by; none has those first that need attention.
    pub sorting: Option<Sorting>,
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
        match self.sorting {
            Some(by) => {
                let sorted = by.order(order.iter().copied());
                sorted.into_iter().map(|at| order[at]).collect()
            }
            None => order,
        }
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
pub(super) fn attention(endpoint: &EndpointView) -> u8 {
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
    fn an_order_loses_none_and_begins_with_the_endpoint_that_it_is_about() {
        let known: BTreeMap<_, _> = endpoints().into_iter().map(|one| (one.id, one)).collect();
        let mut list = Endpoints::default();
        let mut first = |column| {
            list.sorting = Some(Sorting {
                column,
                reversed: false,
            });
            let order = list.order(&known);
            assert_eq!(order.len(), known.len(), "{column}");
            order[0].clone()
        };
        let most = |of: fn(&EndpointView) -> u64| known.values().map(of).max();
        let dead = |one: &EndpointView| one.health.deliveries.dead;
        let mean = |one: &EndpointView| one.health.mean_latency_us_1h.unwrap_or(0);
        assert_eq!(Some(dead(&first("DEAD"))), most(dead));
        assert_eq!(Some(mean(&first("MEAN"))), most(mean));
        assert_eq!(first("NAME").name.as_deref(), Some("billing-prod"));
    }
}
