//! The endpoints in memory: lanes start from it without reading the store.
//!
//! Every change of an endpoint goes through the engine, which writes the store first and this book second. A change
//! that comes late (two at once) never replaces a newer version.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use crate::domain::endpoint::{Endpoint, EndpointStatus};
use crate::domain::id::EndpointId;
use crate::domain::tenant::Tenant;

/// All endpoints, deleted ones included.
#[derive(Debug, Default)]
pub(super) struct EndpointBook {
    entries: RwLock<BTreeMap<EndpointId, Arc<Endpoint>>>,
    living: Mutex<Living>,
}

/// How many endpoints are not deleted, those that are being made included.
#[derive(Debug, Default)]
struct Living {
    total: usize,
    by_tenant: HashMap<Tenant, usize>,
}

/// A place for an endpoint that is being made; counted until it is dropped, and by then the book has the endpoint.
#[derive(Debug)]
pub(super) struct Place<'a> {
    book: &'a EndpointBook,
    tenant: Option<Tenant>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.book.count(self.tenant.as_ref(), false);
    }
}

impl Living {
    fn of_tenant(&self, tenant: Option<&Tenant>) -> usize {
        tenant
            .and_then(|tenant| self.by_tenant.get(tenant))
            .copied()
            .unwrap_or(0)
    }

    fn count(&mut self, tenant: Option<&Tenant>, lives: bool) {
        let change = |count: usize| {
            if lives {
                count + 1
            } else {
                count.saturating_sub(1)
            }
        };
        self.total = change(self.total);
        let Some(tenant) = tenant else { return };
        let of_tenant = change(self.of_tenant(Some(tenant)));
        if of_tenant == 0 {
            self.by_tenant.remove(tenant);
        } else {
            self.by_tenant.insert(tenant.clone(), of_tenant);
        }
    }
}

impl EndpointBook {
    /// Takes up endpoints as the store has them, each where it is newer than what the book has.
    pub(super) fn put_all(&self, endpoints: impl IntoIterator<Item = Arc<Endpoint>>) {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        for endpoint in endpoints {
            let known = entries.get(&endpoint.id);
            if known.is_none_or(|known| known.version <= endpoint.version) {
                let lived = known.is_some_and(|known| known.status != EndpointStatus::Deleted);
                let lives = endpoint.status != EndpointStatus::Deleted;
                if lived != lives {
                    self.count(endpoint.tenant.as_ref(), lives);
                }
                entries.insert(endpoint.id, endpoint);
            }
        }
    }

    /// A place for another endpoint of `tenant`.
    ///
    /// # Errors
    /// The bound that is reached: `max` of all, or `tenant_max` of the tenant's.
    pub(super) fn reserve(
        &self,
        tenant: Option<&Tenant>,
        max: usize,
        tenant_max: usize,
    ) -> Result<Place<'_>, String> {
        let mut living = self.living.lock().unwrap_or_else(PoisonError::into_inner);
        if living.total >= max {
            return Err(format!(
                "there are {max} endpoints, as many as may be: delete some, or raise limits.endpoints"
            ));
        }
        let full = living.of_tenant(tenant) >= tenant_max;
        if let Some(tenant) = tenant.filter(|_| full) {
            return Err(format!(
                "tenant {tenant} has {tenant_max} endpoints, as many as a tenant may have: delete some, or raise \
                 limits.endpoints_per_tenant"
            ));
        }
        living.count(tenant, true);
        Ok(Place {
            book: self,
            tenant: tenant.cloned(),
        })
    }

    fn count(&self, tenant: Option<&Tenant>, lives: bool) {
        let mut living = self.living.lock().unwrap_or_else(PoisonError::into_inner);
        living.count(tenant, lives);
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

    /// The ids of all, of deleted ones as well, newest first.
    pub(super) fn ids(&self) -> Vec<EndpointId> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        entries.keys().rev().copied().collect()
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

    /// Those that are not deleted whose breaker is open.
    pub(super) fn count_open_breakers(&self) -> u64 {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        let open = |endpoint: &&Arc<Endpoint>| {
            endpoint.breaker_open_since.is_some() && endpoint.status != EndpointStatus::Deleted
        };
        entries.values().filter(open).count() as u64
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
