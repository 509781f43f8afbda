//! The contracts in force, and others put in their place while the engine runs.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use rand::SeedableRng as _;
use rand_chacha::ChaCha12Rng;

use super::book::EndpointBook;
use super::error::EngineError;
use super::handle::Engine;
use super::router::Told;
use crate::domain::contract::{Contract, ContractSet};
use crate::store::StoredRevision;

/// What other contracts change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContractChange {
    /// A contract of this name was not known before.
    Added(String),
    /// The contract of this name has another revision.
    Changed(String),
    /// The contract of this name is known no longer; no endpoint has it.
    Removed(String),
}

impl fmt::Display for ContractChange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Added(name) => write!(formatter, "contract {name} (new)"),
            Self::Changed(name) => write!(formatter, "contract {name} (new revision)"),
            Self::Removed(name) => write!(formatter, "contract {name} (removed)"),
        }
    }
}

impl Engine {
    /// The contracts in force.
    pub fn contracts(&self) -> Arc<ContractSet> {
        self.desk.contracts()
    }

    /// Puts other contracts in force: routes and catalogues from the next request and event on, and all else from each
    /// lane's next attempt on; requests in flight end under the contract that they were made under. The lanes have heard
    /// of it when this returns. Gives what changed, by name.
    ///
    /// # Errors
    /// Conflict for a known contract that endpoints have and these leave out; what the store refuses. Then the
    /// contracts before stay in force.
    pub async fn set_contracts(
        &self,
        contracts: Arc<ContractSet>,
    ) -> Result<Vec<ContractChange>, EngineError> {
        let desk = &self.desk;
        desk.open()?;
        let before = desk.contracts();
        check_left_out(&before, &contracts, &desk.book)?;
        let changes = changes(&before, &contracts);
        // What attempts refer to, and what they are signed with, is there before the first of them.
        desk.store
            .ensure_revisions(stored_revisions(&contracts))
            .await?;
        let signing = needing_service_keys(&contracts, &desk.book);
        let mut entropy = ChaCha12Rng::from_seed(desk.randomness());
        let now = desk.clock.now();
        desk.service_keys
            .take_up(&desk.store, signing, &desk.sealing_key, &mut entropy, now)
            .await?;
        let catalogues = contracts.closed_catalogues();
        if catalogues != before.closed_catalogues() {
            desk.store.set_catalogues(catalogues).await?;
        }
        desk.contracts.store(Arc::clone(&contracts));
        self.tell_settings().await;
        self.wake_known_again(&before, &contracts).await;
        Ok(changes)
    }

    /// Lets go what was held because nobody knew its contract.
    async fn wake_known_again(&self, before: &ContractSet, contracts: &ContractSet) {
        let back = self.desk.book.page(None, usize::MAX, |endpoint| {
            let name = &endpoint.contract;
            before.get_known(name).is_none() && contracts.get_known(name).is_some()
        });
        for endpoint in back {
            self.desk.tell(endpoint.id, Told::Resumed).await;
        }
    }
}

/// Every known contract as the store keeps it.
pub(super) fn stored_revisions(contracts: &ContractSet) -> Vec<StoredRevision> {
    let revisions = contracts.iter_known().map(|contract| StoredRevision {
        revision: contract.revision().to_bytes(),
        name: contract.name.clone(),
        text: contract.canonical_text().to_owned(),
    });
    revisions.collect()
}

/// The contracts that sign with a key of the service's own: the enabled ones, and those that endpoints still have.
pub(super) fn needing_service_keys<'a>(
    contracts: &'a ContractSet,
    book: &EndpointBook,
) -> impl Iterator<Item = &'a Contract> {
    let in_use = book.contracts();
    contracts
        .iter_known()
        .map(AsRef::as_ref)
        .filter(move |contract| {
            contracts.get(&contract.name).is_some() || in_use.contains(&contract.name)
        })
        .filter(|contract| contract.signs_with_service_key())
}

/// Refuses to leave out what endpoints have. A contract that was unknown before already holds its endpoints' deliveries.
fn check_left_out(
    before: &ContractSet,
    contracts: &ContractSet,
    book: &EndpointBook,
) -> Result<(), EngineError> {
    let left_out =
        |name: &String| before.get_known(name).is_some() && contracts.get_known(name).is_none();
    let in_use: Vec<String> = book.contracts().into_iter().filter(left_out).collect();
    if in_use.is_empty() {
        return Ok(());
    }
    Err(EngineError::Conflict(format!(
        "endpoints have the contract {}, which is left out: put its file back, or delete those endpoints first",
        in_use.join(", ")
    )))
}

fn changes(before: &ContractSet, contracts: &ContractSet) -> Vec<ContractChange> {
    let old: BTreeMap<&str, _> = by_name(before);
    let new: BTreeMap<&str, _> = by_name(contracts);
    let mut changes = Vec::new();
    for (name, revision) in &new {
        match old.get(name) {
            None => changes.push(ContractChange::Added((*name).to_owned())),
            Some(known) if known != revision => {
                changes.push(ContractChange::Changed((*name).to_owned()));
            }
            Some(_) => {}
        }
    }
    let gone = old.keys().filter(|name| !new.contains_key(*name));
    changes.extend(gone.map(|name| ContractChange::Removed((*name).to_owned())));
    changes
}

fn by_name(contracts: &ContractSet) -> BTreeMap<&str, [u8; 32]> {
    let known = contracts.iter_known();
    known
        .map(|contract| (contract.name.as_str(), contract.revision().to_bytes()))
        .collect()
}
