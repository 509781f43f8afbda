//! Closed catalogues: which event types an endpoint can get at all, because its contract describes them.
//!
//! A publisher names no contract, so an event may reach endpoints of several. Under a closed catalogue an endpoint
//! gets listed types only, whatever its patterns would let through: `*` means all that the contract describes.

use std::collections::BTreeMap;

use super::endpoint::Endpoint;
use super::event_type::{EventType, EventTypePattern};

/// The listed types of the contracts whose catalogue is closed, by contract; others take any type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClosedCatalogues(BTreeMap<String, Vec<EventType>>);

impl ClosedCatalogues {
    /// Whether an endpoint of this contract can get this type.
    pub fn take(&self, contract: &str, event_type: &EventType) -> bool {
        self.0
            .get(contract)
            .is_none_or(|listed| listed.contains(event_type))
    }

    /// The patterns that the endpoint is matched by: its own, under a closed catalogue the listed types among them.
    pub fn narrowed(&self, endpoint: &Endpoint) -> Vec<EventTypePattern> {
        let own = &endpoint.event_types;
        let Some(listed) = self.0.get(&endpoint.contract) else {
            return own.clone();
        };
        listed
            .iter()
            .filter(|event_type| own.iter().any(|pattern| pattern.matches(event_type)))
            .map(|event_type| EventTypePattern::Exact(event_type.clone()))
            .collect()
    }
}

impl FromIterator<(String, Vec<EventType>)> for ClosedCatalogues {
    fn from_iter<I: IntoIterator<Item = (String, Vec<EventType>)>>(closed: I) -> Self {
        Self(closed.into_iter().collect())
    }
}
