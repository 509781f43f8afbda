//! Which endpoints an event reaches: the set of all that accept deliveries, found by tenant and event type.
//!
//! One event costs a look-up for its type, one for each of its type's parents, and one for `*`, in its own tenant
//! only; an event for everyone asks every tenant. The answer is exactly [`Endpoint::wants`] over all endpoints whose
//! contract's catalogue takes the type.

use std::collections::HashMap;
use std::sync::Arc;

use super::catalogue::ClosedCatalogues;
use super::endpoint::{Endpoint, HoldClock};
use super::event_type::{EventType, EventTypePattern};
use super::id::EndpointId;
use super::tenant::{Audience, Tenant};

/// The endpoints that accept deliveries.
#[derive(Debug, Default)]
pub struct EndpointIndex {
    /// What endpoints of some contracts are narrowed to.
    catalogues: ClosedCatalogues,
    /// What is needed to take an endpoint out again, and its hold clock.
    entries: HashMap<EndpointId, Entry>,
    /// Those that get ordinary events, by tenant.
    ordinary: HashMap<Option<Tenant>, ByType>,
    /// Those that get test events, by tenant.
    test: HashMap<Option<Tenant>, ByType>,
}

#[derive(Debug)]
struct Entry {
    tenant: Option<Tenant>,
    test_mode: bool,
    patterns: Vec<EventTypePattern>,
    hold: HoldClock,
}

/// One tenant's endpoints by pattern.
#[derive(Debug, Default)]
struct ByType {
    any: Vec<EndpointId>,
    below: HashMap<Arc<str>, Vec<EndpointId>>,
    exact: HashMap<EventType, Vec<EndpointId>>,
}

impl EndpointIndex {
    /// An empty index over endpoints of which some are under closed catalogues.
    pub fn new(catalogues: ClosedCatalogues) -> Self {
        Self {
            catalogues,
            ..Self::default()
        }
    }

    /// Takes up an endpoint, or its new settings; one that accepts no deliveries is taken out.
    pub fn put(&mut self, endpoint: &Endpoint) {
        self.remove(endpoint.id);
        if !endpoint.status.accepts_deliveries() {
            return;
        }
        let patterns = self.catalogues.narrowed(endpoint);
        let tenants = self.tenants_mut(endpoint.test_mode);
        let by_type = tenants.entry(endpoint.tenant.clone()).or_default();
        for pattern in &patterns {
            by_type.list_mut(pattern).push(endpoint.id);
        }
        let entry = Entry {
            tenant: endpoint.tenant.clone(),
            test_mode: endpoint.test_mode,
            patterns,
            hold: endpoint.hold,
        };
        self.entries.insert(endpoint.id, entry);
    }

    /// Takes an endpoint out; one that is not in is left alone.
    pub fn remove(&mut self, endpoint_id: EndpointId) {
        let Some(entry) = self.entries.remove(&endpoint_id) else {
            return;
        };
        let tenants = self.tenants_mut(entry.test_mode);
        let Some(by_type) = tenants.get_mut(&entry.tenant) else {
            return;
        };
        for pattern in &entry.patterns {
            by_type.forget(pattern, endpoint_id);
        }
        if by_type.is_empty() {
            tenants.remove(&entry.tenant);
        }
    }

    /// Endpoints that an event reaches with their hold clocks, each once, in the order of their ids.
    pub fn matches(
        &self,
        audience: &Audience,
        event_type: &EventType,
        test: bool,
    ) -> Vec<(EndpointId, HoldClock)> {
        let tenants = if test { &self.test } else { &self.ordinary };
        let mut found = Vec::new();
        match audience {
            Audience::Tenantless => collect(tenants.get(&None), event_type, &mut found),
            Audience::Tenant(tenant) => {
                collect(tenants.get(&Some(tenant.clone())), event_type, &mut found);
            }
            Audience::Everyone => {
                for by_type in tenants.values() {
                    collect(Some(by_type), event_type, &mut found);
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        found
            .into_iter()
            .filter_map(|id| self.entries.get(&id).map(|entry| (id, entry.hold)))
            .collect()
    }

    /// How many endpoints accept deliveries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether none does.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn tenants_mut(&mut self, test: bool) -> &mut HashMap<Option<Tenant>, ByType> {
        if test {
            &mut self.test
        } else {
            &mut self.ordinary
        }
    }
}

fn collect(by_type: Option<&ByType>, event_type: &EventType, found: &mut Vec<EndpointId>) {
    let Some(by_type) = by_type else { return };
    if !event_type.is_reserved() {
        found.extend_from_slice(&by_type.any);
    }
    if let Some(exact) = by_type.exact.get(event_type) {
        found.extend_from_slice(exact);
    }
    if by_type.below.is_empty() {
        return;
    }
    let text = event_type.as_str();
    for (dot, _) in text.match_indices('.') {
        if let Some(below) = by_type.below.get(&text[..=dot]) {
            found.extend_from_slice(below);
        }
    }
}

impl ByType {
    fn list_mut(&mut self, pattern: &EventTypePattern) -> &mut Vec<EndpointId> {
        match pattern {
            EventTypePattern::Any => &mut self.any,
            EventTypePattern::Below(prefix) => self.below.entry(prefix.clone()).or_default(),
            EventTypePattern::Exact(event_type) => {
                self.exact.entry(event_type.clone()).or_default()
            }
        }
    }

    fn forget(&mut self, pattern: &EventTypePattern, endpoint_id: EndpointId) {
        let list = self.list_mut(pattern);
        list.retain(|&id| id != endpoint_id);
        if !list.is_empty() {
            return;
        }
        match pattern {
            EventTypePattern::Any => {}
            EventTypePattern::Below(prefix) => {
                self.below.remove(prefix);
            }
            EventTypePattern::Exact(event_type) => {
                self.exact.remove(event_type);
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.any.is_empty() && self.below.is_empty() && self.exact.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::endpoint::{DisabledReason, EndpointStatus};
    use crate::domain::time::Timestamp;

    fn endpoint(id: i64, settings: &Settings) -> Endpoint {
        let status = match settings.status {
            0 => EndpointStatus::Active,
            1 => EndpointStatus::Paused {
                until: None,
                reason: None,
            },
            2 => EndpointStatus::Disabled {
                reason: DisabledReason::Gone,
            },
            _ => EndpointStatus::Deleted,
        };
        Endpoint {
            id: EndpointId::from_i64(id),
            tenant: settings.tenant.map(|name| name.parse().unwrap()),
            name: None,
            url: "https://example.com".to_owned(),
            contract: settings.contract.to_owned(),
            event_types: settings
                .patterns
                .iter()
                .map(|text| text.parse().unwrap())
                .collect(),
            headers: Vec::new(),
            metadata: std::collections::BTreeMap::new(),
            ordered: false,
            concurrency: None,
            retry: None,
            rate_limit: None,
            breaker: None,
            breaker_open_since: None,
            timeout: None,
            test_mode: settings.test_mode,
            status,
            hold: HoldClock {
                total_ms: id,
                since: None,
            },
            secrets: Vec::new(),
            created_at: Timestamp::EPOCH,
            updated_at: Timestamp::EPOCH,
            version: 1,
        }
    }

    #[derive(Clone, Debug)]
    struct Settings {
        tenant: Option<&'static str>,
        test_mode: bool,
        status: u8,
        patterns: Vec<&'static str>,
        contract: &'static str,
    }

    fn settings() -> impl Strategy<Value = Settings> {
        let tenant = prop::sample::select(vec![None, Some("acme"), Some("other")]);
        let pattern = prop::sample::select(vec![
            "*",
            "a.*",
            "a.b.*",
            "a.b",
            "a",
            "a.b.c",
            "b.a",
            "hookyard.*",
            "hookyard.a",
        ]);
        let patterns = prop::collection::vec(pattern, 1..4);
        let contract = prop::sample::select(vec!["open", "closed", "silent"]);
        (tenant, any::<bool>(), 0..4_u8, patterns, contract).prop_map(
            |(tenant, test_mode, status, patterns, contract)| Settings {
                tenant,
                test_mode,
                status,
                patterns,
                contract,
            },
        )
    }

    proptest! {
        /// Endpoints are put in, changed and taken out at will; then every event meets exactly those that want it.
        #[test]
        fn the_index_agrees_with_every_endpoint_asked_in_turn(
            changes in prop::collection::vec((0..6_i64, prop::option::weighted(0.8, settings())), 0..24),
        ) {
            let listed = ["a.b", "b.a"].map(|text| text.parse().unwrap()).to_vec();
            let closed = [("closed".to_owned(), listed), ("silent".to_owned(), Vec::new())];
            let catalogues: ClosedCatalogues = closed.into_iter().collect();
            let mut index = EndpointIndex::new(catalogues.clone());
            let mut all = std::collections::BTreeMap::new();
            for (id, settings) in changes {
                match settings {
                    Some(settings) => {
                        let endpoint = endpoint(id, &settings);
                        index.put(&endpoint);
                        all.insert(id, endpoint);
                    }
                    None => {
                        index.remove(EndpointId::from_i64(id));
                        all.remove(&id);
                    }
                }
            }
            for audience in [None, Some("acme"), Some("nobody"), Some("*")] {
                let audience = Audience::from_text(audience).unwrap();
                for text in ["a", "a.b", "a.b.c", "a.bc", "b.a", "c", "hookyard.a", "hookyard.b"] {
                    let event_type: EventType = text.parse().unwrap();
                    for test in [false, true] {
                        let expected: Vec<_> = all
                            .values()
                            .filter(|endpoint| endpoint.wants(&audience, &event_type, test))
                            .filter(|endpoint| catalogues.take(&endpoint.contract, &event_type))
                            .map(|endpoint| (endpoint.id, endpoint.hold))
                            .collect();
                        prop_assert_eq!(index.matches(&audience, &event_type, test), expected);
                    }
                }
            }
            for endpoint in all.values() {
                index.remove(endpoint.id);
            }
            prop_assert!(index.is_empty() && index.ordinary.is_empty() && index.test.is_empty());
        }
    }
}
