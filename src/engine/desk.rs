//! What the handle and the engine's thread share: store, endpoints, contracts, keys, and the line to the router.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use actix::Addr;
use arc_swap::ArcSwap;
use rand::Rng as _;
use rand_chacha::ChaCha12Rng;

use super::book::EndpointBook;
use super::error::EngineError;
use super::figures::PastFigures;
use super::horizon::KeptBacklogs;
use super::judged::JudgedCounts;
use super::parts::EngineLimits;
use super::replays::ReplayOffice;
use super::router::{Router, Tell, Told};
use super::service_keys::KeyRing;
use crate::clock::SharedClock;
use crate::domain::actor::Actor;
use crate::domain::contract::ContractSet;
use crate::domain::endpoint::{Endpoint, EndpointStatus};
use crate::domain::failing::FailingPolicy;
use crate::domain::id::EndpointId;
use crate::domain::seal::SealingKey;
use crate::domain::time::Timestamp;
use crate::store::{AuditNote, Judged, Store, StoreError};

/// How often a change is tried again when somebody else changed the endpoint in between.
const TRIES_MAX: u32 = 5;

/// The desk.
pub(super) struct Desk {
    pub(super) store: Store,
    pub(super) book: EndpointBook,
    /// The contracts in force; see [`Desk::contracts`].
    pub(super) contracts: ArcSwap<ContractSet>,
    pub(super) clock: SharedClock,
    pub(super) sealing_key: SealingKey,
    /// The service's own keys, by contract.
    pub(super) service_keys: KeyRing,
    /// The limits in force.
    pub(super) limits: ArcSwap<EngineLimits>,
    /// Makes secrets, nonces and tokens; seeded by the operating system.
    pub(super) entropy: Mutex<ChaCha12Rng>,
    /// Whether a shutdown has begun.
    pub(super) draining: AtomicBool,
    /// Deliveries that lanes are to hear of, since the start: what tests wait for.
    pub(super) expected: AtomicU64,
    /// How often runs of failures were acted on, since the start.
    pub(super) judged: JudgedCounts,
    /// The backlogs that the horizon was last made of.
    pub(super) backlogs: KeptBacklogs,
    /// As [`EngineOptions::give_ups_max`](super::EngineOptions::give_ups_max).
    pub(super) give_ups_max: u32,
    /// Sums of what is over, for statistics.
    pub(super) past: PastFigures,
    /// The router, once its thread runs.
    pub(super) router: OnceLock<Addr<Router>>,
    /// The replays' actor, once its thread runs.
    pub(super) replays: OnceLock<Addr<ReplayOffice>>,
}

impl Desk {
    /// Refuses when a shutdown has begun.
    pub(super) fn open(&self) -> Result<(), EngineError> {
        if self.draining.load(Ordering::Acquire) {
            return Err(EngineError::Draining);
        }
        Ok(())
    }

    /// The contracts in force.
    pub(super) fn contracts(&self) -> Arc<ContractSet> {
        self.contracts.load_full()
    }

    /// The time by which endpoints and deliveries are dated: see [`Store::time`].
    pub(super) fn now(&self) -> Timestamp {
        self.store.time().now()
    }

    /// Fills `bytes` with randomness for secrets.
    pub(super) fn randomness<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        let mut entropy = self.entropy.lock().unwrap_or_else(PoisonError::into_inner);
        entropy.fill_bytes(&mut bytes);
        bytes
    }

    /// One endpoint that is not deleted.
    pub(super) fn endpoint(&self, id: EndpointId) -> Result<Arc<Endpoint>, EngineError> {
        self.book
            .get(id)
            .filter(|endpoint| endpoint.status != EndpointStatus::Deleted)
            .ok_or_else(|| EngineError::NotFound {
                noun: "endpoint",
                id: id.to_string(),
            })
    }

    /// Changes an endpoint: on disk, in the book, and in its lane, which has heard of it when this returns.
    ///
    /// `change` says what it becomes at the given time, or `None` for what it is already. When the endpoint was changed
    /// or the clock set meanwhile, it is asked again.
    pub(super) async fn change_endpoint(
        &self,
        note: AuditNote,
        id: EndpointId,
        mut change: impl FnMut(&Endpoint, Timestamp) -> Result<Option<Endpoint>, EngineError>,
    ) -> Result<Arc<Endpoint>, EngineError> {
        self.open()?;
        for _ in 0..TRIES_MAX {
            let current = self.endpoint(id)?;
            let Some(changed) = change(&current, self.now())? else {
                return Ok(current);
            };
            let version = current.version;
            let told = match current.status.holds() && !changed.status.holds() {
                true => Told::Resumed,
                false => Told::Reconfigured,
            };
            match self
                .store
                .update_endpoint(note.clone(), changed, version)
                .await
            {
                Ok(stored) => {
                    self.book.put_all([Arc::clone(&stored)]);
                    self.tell(id, told).await;
                    return Ok(stored);
                }
                // The book is behind: the other change is on disk and about to be in the book.
                Err(StoreError::Stale { .. }) => {
                    let stored = self.store.endpoint(id).await?;
                    self.book.put_all([Arc::new(stored)]);
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(EngineError::Conflict(format!(
            "{id} is being changed by somebody else; try again"
        )))
    }

    /// Tells an endpoint's lane something; a router that is gone needs not be told.
    pub(super) async fn tell(&self, endpoint_id: EndpointId, told: Told) {
        if let Some(router) = self.router.get() {
            let _ = router.send(Tell { endpoint_id, told }).await;
        }
    }

    /// Disables an endpoint whose receiver answered 410. `quiet` as in [`Store::judge_failing`].
    pub(super) async fn disable_gone(&self, id: EndpointId, quiet: bool) {
        match self.store.disable_gone(id, quiet).await {
            Ok(None) => {}
            Ok(Some(disabled)) => {
                self.judged.gone();
                tracing::warn!(endpoint.id = %id, "a receiver answered 410: its endpoint is disabled");
                self.take_up(disabled).await;
            }
            Err(error) => {
                tracing::error!(%error, endpoint.id = %id, "failed to disable an endpoint that is gone");
            }
        }
    }

    /// Does what is due by an endpoint's run of failures. What cannot be done now is tried again after the next
    /// failure. `quiet` as in [`Store::judge_failing`].
    pub(super) async fn judge_failing(&self, id: EndpointId, quiet: bool) {
        let policy = FailingPolicy::clone(&self.limits.load().failing);
        let judged = match self.store.judge_failing(id, policy, quiet).await {
            Ok(judged) => judged,
            Err(error) => {
                tracing::error!(%error, endpoint.id = %id, "failed to note that an endpoint fails; the next failure tries again");
                return;
            }
        };
        let name = self
            .book
            .get(id)
            .and_then(|endpoint| endpoint.name.clone())
            .unwrap_or_default();
        self.judged.note(&judged);
        match judged {
            Judged::Nothing => {}
            Judged::Warned(warnings) => {
                tracing::warn!(endpoint.id = %id, endpoint.name = name, warnings, "an endpoint does nothing but fail");
            }
            Judged::Disabled(disabled) => {
                tracing::warn!(endpoint.id = %id, endpoint.name = name, "an endpoint did nothing but fail for too long: it is disabled");
                self.take_up(disabled).await;
            }
            Judged::Recovered => {
                tracing::info!(endpoint.id = %id, endpoint.name = name, "an endpoint that failed succeeds again");
            }
        }
    }

    /// Takes up an endpoint that the store changed, and has its lane hear of it.
    async fn take_up(&self, endpoint: Arc<Endpoint>) {
        let id = endpoint.id;
        self.book.put_all([endpoint]);
        self.tell(id, Told::Reconfigured).await;
    }

    /// Ends a pause whose time has come.
    pub(super) async fn resume_due(&self, id: EndpointId) {
        let note = AuditNote::new(Actor::service(), "endpoint.resume");
        let done = self
            .change_endpoint(note, id, |endpoint, now| match endpoint.status {
                EndpointStatus::Paused {
                    until: Some(until), ..
                } if until <= now => Ok(Some(active(endpoint, now))),
                EndpointStatus::Paused { .. }
                | EndpointStatus::Active
                | EndpointStatus::Disabled { .. }
                | EndpointStatus::Deleted => Ok(None),
            })
            .await;
        if let Err(error) = done {
            tracing::error!(%error, endpoint.id = %id, "failed to resume an endpoint whose pause is over");
        }
    }
}

/// `endpoint`, active from `now` on.
pub(super) fn active(endpoint: &Endpoint, now: Timestamp) -> Endpoint {
    endpoint.released(EndpointStatus::Active, now)
}
