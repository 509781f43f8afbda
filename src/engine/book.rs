//! The endpoints in memory: lanes start from it without reading the store.
//!
//! Every change of an endpoint goes through the engine, which writes the store first and this book second. A change
//! that comes late (two at once) never replaces a newer version.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock};

use crate::domain::endpoint::{Endpoint, EndpointStatus};
use crate::domain::id::EndpointId;

/// All endpoints, deleted ones included.
#[derive(Debug, Default)]
pub(super) struct EndpointBook {
    entries: RwLock<BTreeMap<EndpointId, Arc<Endpoint>>>,
}

impl EndpointBook {
    /// Takes up endpoints as the store has them, each where it is newer than what the book has.
    pub(super) fn put_all(&self, endpoints: impl IntoIterator<Item = Arc<Endpoint>>) {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        for endpoint in endpoints {
            let known = entries.get(&endpoint.id);
            if known.is_none_or(|known| known.version <= endpoint.version) {
                entries.insert(endpoint.id, endpoint);
            }
        }
    }

    /// One endpoint, deleted or not.
    pub(super) fn get(&self, id: EndpointId) -> Option<Arc<Endpoint>> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        entries.get(&id).cloned()
    }

    /// Those that `keep` wants, by falling id, from below `before` on, at most `limit`.
    pub(super) fn page(
        &self,
        before: Option<EndpointId>,
        limit: usize,
        keep: impl Fn(&Endpoint) -> bool,
    ) -> Vec<Arc<Endpoint>> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        let below = before.unwrap_or(EndpointId::from_i64(i64::MAX));
        entries
            .range(..below)
            .rev()
            .map(|(_, endpoint)| endpoint)
            .filter(|endpoint| endpoint.status != EndpointStatus::Deleted && keep(endpoint))
            .take(limit)
            .cloned()
            .collect()
    }

    /// The contracts that endpoints have, deleted ones left out.
    pub(super) fn contracts(&self) -> BTreeSet<String> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        let kept = entries
            .values()
            .filter(|endpoint| endpoint.status != EndpointStatus::Deleted);
        kept.map(|endpoint| endpoint.contract.clone()).collect()
    }

    /// How many have which status, deleted ones left out.
    pub(super) fn count_by_status(&self) -> BTreeMap<&'static str, u64> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        let mut counts = BTreeMap::new();
        for endpoint in entries.values() {
            if endpoint.status != EndpointStatus::Deleted {
                *counts.entry(endpoint.status.as_str()).or_default() += 1;
            }
        }
        counts
    }

    /// Those that are paused until a certain time.
    pub(super) fn paused_for_a_time(&self) -> Vec<Arc<Endpoint>> {
        let until = |endpoint: &Endpoint| {
            matches!(
                endpoint.status,
                EndpointStatus::Paused { until: Some(_), .. }
            )
        };
        self.page(None, usize::MAX, until)
    }
}
