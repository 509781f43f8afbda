//! The service's own keys in memory: made when a contract first needs one, opened once, rotated on demand.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use rand::Rng as _;
use rand_chacha::ChaCha12Rng;
use zeroize::Zeroizing;

use super::error::EngineError;
use super::handle::Engine;
use crate::domain::actor::Actor;
use crate::domain::contract::{Contract, KeyKind, WhichSecrets};
use crate::domain::duration::DurationText;
use crate::domain::id::ServiceKeyId;
use crate::domain::limits::{ACTIVE_SECRETS_MAX, ROTATION_OVERLAP_DEFAULT, ROTATION_OVERLAP_MAX};
use crate::domain::seal::{self, SealingKey};
use crate::domain::sign::ed25519::KEY_BYTES;
use crate::domain::sign::service_key::{SealedServiceKey, ServiceKey, VerificationKey};
use crate::domain::time::Timestamp;
use crate::store::{AuditNote, Store};

/// The keys of all contracts that sign with one, by the contract's name.
#[derive(Debug, Default)]
pub(super) struct KeyRing {
    lines: RwLock<BTreeMap<String, Arc<KeyLine>>>,
}

/// One contract's keys.
#[derive(Debug)]
pub(super) struct KeyLine {
    /// The public halves, newest first.
    listed: Vec<VerificationKey>,
    /// The first ones of `listed`, opened: those that could still sign when the line was made.
    opened: Vec<ServiceKey>,
}

impl KeyRing {
    /// One contract's keys; `None` where it has none.
    pub(super) fn line(&self, contract: &str) -> Option<Arc<KeyLine>> {
        let lines = self.lines.read().unwrap_or_else(PoisonError::into_inner);
        lines.get(contract).cloned()
    }

    /// Opens the keys of those of these contracts that it does not have yet, and makes the first one of each that has
    /// none.
    ///
    /// # Errors
    /// Conflict for a key that the sealing key does not open; what the store refuses.
    pub(super) async fn take_up(
        &self,
        store: &Store,
        contracts: impl IntoIterator<Item = &Contract>,
        sealing_key: &SealingKey,
        entropy: &mut ChaCha12Rng,
        now: Timestamp,
    ) -> Result<(), EngineError> {
        for contract in contracts {
            let name = &contract.name;
            if self.line(name).is_some() {
                continue;
            }
            let mut stored = store.service_keys(name).await?;
            if stored.is_empty() {
                let id = store.mint(now);
                let first = sealed(name, id, now, sealing_key, |bytes| {
                    entropy.fill_bytes(bytes)
                })?;
                let note = note(Actor::service(), "contract.make-key", id);
                stored = store.insert_service_key(note, first, now).await?;
                tracing::info!(contract = name, key.id = %id, "made the service's key for a contract");
            }
            self.put(name, KeyLine::open(&stored, sealing_key, now)?);
        }
        Ok(())
    }

    /// Takes up a contract's keys, unless it has newer ones: two rotations at once may come here in either order.
    fn put(&self, contract: &str, line: KeyLine) {
        let mut lines = self.lines.write().unwrap_or_else(PoisonError::into_inner);
        let known = lines.get(contract).map(|known| known.newest());
        if known.is_none_or(|known| known <= line.newest()) {
            lines.insert(contract.to_owned(), Arc::new(line));
        }
    }
}

impl KeyLine {
    /// Opens what may sign at `now`.
    fn open(
        stored: &[SealedServiceKey],
        key: &SealingKey,
        now: Timestamp,
    ) -> Result<Self, EngineError> {
        let signing = stored.iter().take_while(|one| one.public.signs_at(now));
        Ok(Self {
            listed: stored.iter().map(|one| one.public.clone()).collect(),
            opened: signing
                .map(|one| open_key(one, key))
                .collect::<Result<_, _>>()?,
        })
    }

    /// The keys that sign at `now`, newest first. Older ones never outlive newer ones.
    pub(super) fn signing(&self, now: Timestamp) -> &[ServiceKey] {
        let signing = self.listed.iter().take_while(|key| key.signs_at(now));
        let count = signing.count().min(self.opened.len());
        self.opened.get(..count).unwrap_or_default()
    }

    fn newest(&self) -> Option<ServiceKeyId> {
        self.listed.first().map(|key| key.id)
    }
}

impl Engine {
    /// The public halves of a contract's own keys, newest first, retired ones included; at most 500.
    ///
    /// None for a contract that has no signature with the service's key, or that was never enabled.
    pub fn verification_keys(&self, contract: &str) -> Vec<VerificationKey> {
        let line = self.desk.service_keys.line(contract);
        line.map_or_else(Vec::new, |line| line.listed.clone())
    }

    /// Makes a contract's next key; from now on it signs. Where the contract signs with all keys, the old ones sign
    /// beside it for `overlap` (24 hours when `None`, at most 7 days). Gives the public halves, newest first.
    ///
    /// # Errors
    /// NotFound, Invalid (overlap), Conflict (the contract does not sign with the service's key, or too many keys
    /// sign), Busy, Draining.
    pub async fn rotate_service_key(
        &self,
        actor: &Actor,
        contract: &str,
        overlap: Option<Duration>,
    ) -> Result<Vec<VerificationKey>, EngineError> {
        let desk = &self.desk;
        desk.open()?;
        let overlap = overlap.unwrap_or(ROTATION_OVERLAP_DEFAULT);
        if overlap > ROTATION_OVERLAP_MAX {
            let (asked, most) = (DurationText(overlap), DurationText(ROTATION_OVERLAP_MAX));
            let detail = format!("{asked} is out of range: choose at most {most}");
            return Err(EngineError::invalid("/overlap", detail));
        }
        let contracts = desk.contracts();
        let known = contracts.get_known(contract);
        let known = known.ok_or_else(|| EngineError::NotFound {
            noun: "contract",
            id: contract.to_owned(),
        })?;
        if !known.signs_with_service_key() {
            return Err(EngineError::Conflict(format!(
                "contract {contract} does not sign with the service's key, so it has none to rotate"
            )));
        }
        // Where the newest key alone signs, nothing overlaps, whatever was asked for.
        let overlap = if signs_with_all(known) {
            overlap
        } else {
            Duration::ZERO
        };
        let now = desk.clock.now();
        let line = desk.service_keys.line(contract);
        let signing = line.map_or(0, |line| line.signing(now).len());
        if signing >= ACTIVE_SECRETS_MAX && !overlap.is_zero() {
            return Err(EngineError::Conflict(format!(
                "{ACTIVE_SECRETS_MAX} keys of contract {contract} sign already: wait until one's overlap is over, or \
                 use overlap 0s"
            )));
        }
        let id = desk.store.mint(now);
        let new = sealed(contract, id, now, &desk.sealing_key, |bytes| {
            bytes.copy_from_slice(&desk.randomness::<DRAWN_BYTES>());
        })?;
        let note = note(actor.clone(), "contract.rotate-key", id);
        let stored = desk
            .store
            .insert_service_key(note, new, now + overlap)
            .await?;
        let line = KeyLine::open(&stored, &desk.sealing_key, now)?;
        desk.service_keys.put(contract, line);
        Ok(self.verification_keys(contract))
    }
}

/// A ring of these contracts' keys: see [`KeyRing::take_up`].
///
/// # Errors
/// As there.
pub(super) async fn load(
    store: &Store,
    contracts: impl IntoIterator<Item = &Contract>,
    sealing_key: &SealingKey,
    entropy: &mut ChaCha12Rng,
    now: Timestamp,
) -> Result<KeyRing, EngineError> {
    let ring = KeyRing::default();
    ring.take_up(store, contracts, sealing_key, entropy, now)
        .await?;
    Ok(ring)
}

/// Whether old keys sign beside the newest.
fn signs_with_all(contract: &Contract) -> bool {
    let mut rules = contract.signatures.iter().flat_map(|slot| &slot.rules);
    rules.any(|rule| rule.key == KeyKind::Service && rule.secrets == WhichSecrets::All)
}

/// Bytes that a new key takes: its seed, and the nonce that it is sealed with.
const DRAWN_BYTES: usize = KEY_BYTES + seal::NONCE_BYTES;

/// A new key, sealed for its row.
fn sealed(
    contract: &str,
    id: ServiceKeyId,
    now: Timestamp,
    sealing_key: &SealingKey,
    draw: impl FnOnce(&mut [u8; DRAWN_BYTES]),
) -> Result<SealedServiceKey, EngineError> {
    let mut drawn = Zeroizing::new([0; DRAWN_BYTES]);
    draw(&mut drawn);
    let (mut seed, mut nonce) = (Zeroizing::new([0; KEY_BYTES]), [0; seal::NONCE_BYTES]);
    seed.copy_from_slice(&drawn[..KEY_BYTES]);
    nonce.copy_from_slice(&drawn[KEY_BYTES..]);
    let place = seal::service_key_place(contract, id);
    let sealed = seal::seal(sealing_key, nonce, &place, seed.as_slice())
        .map_err(|error| EngineError::Internal(error.to_string()))?;
    Ok(SealedServiceKey {
        contract: contract.to_owned(),
        public: VerificationKey {
            id,
            key: ServiceKey::from_seed(id, &seed).public(),
            created_at: now,
            retired_at: None,
            signs_until: None,
        },
        sealed,
    })
}

/// Opens a key, and makes sure that it is the one whose public half consumers have.
fn open_key(stored: &SealedServiceKey, key: &SealingKey) -> Result<ServiceKey, EngineError> {
    let (contract, public) = (&stored.contract, &stored.public);
    let place = seal::service_key_place(contract, public.id);
    let shut = |why: &str| {
        EngineError::Conflict(format!(
            "key {} of contract {contract} cannot be opened: {why}",
            public.id
        ))
    };
    let seed = seal::open(key, &place, &stored.sealed).map_err(|error| shut(&error.to_string()))?;
    let seed = <&[u8; KEY_BYTES]>::try_from(seed.as_slice())
        .map_err(|_| shut("it has another length than a seed"))?;
    let opened = ServiceKey::from_seed(public.id, seed);
    if opened.public() == public.key {
        return Ok(opened);
    }
    Err(shut("its two halves do not belong together"))
}

fn note(actor: Actor, action: &'static str, id: ServiceKeyId) -> AuditNote {
    AuditNote {
        detail: Some(format!("{{\"key\":\"{id}\"}}")),
        ..AuditNote::new(actor, action)
    }
}
