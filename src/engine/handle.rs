//! The handle: cheap to clone, usable from any thread.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use arc_swap::ArcSwap;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha12Rng;
use tokio::sync::broadcast;

use super::book::EndpointBook;
use super::contracts::{needing_service_keys, stored_revisions};
use super::desk::Desk;
use super::error::EngineError;
use super::figures::PastFigures;
use super::horizon::KeptBacklogs;
use super::judged::JudgedCounts;
use super::parts::{EngineLimits, EngineParts};
use super::router::{Drain, Observe, ObserveLane, Router, SettingsChanged};
use super::runtime::{Crew, Keeper};
use super::service_keys;
use super::unsettled;
use super::views::{Health, LaneStatus, LanesSnapshot};
use crate::clock::within;
use crate::domain::id::EndpointId;
use crate::domain::seal::{self, SealingKey};
use crate::store::{Changes, Store, StoreFacts};

/// Where the store keeps the text sealed with the key in use, to notice another key at the next start; there from the
/// first start on.
pub const KEY_CHECK: &str = "sealing_key_check";
const KEY_CHECK_TEXT: &[u8] = b"hookyard";
/// How long the lanes' router may take to say how it is: it answers between two steps.
const ANSWER_MAX: Duration = Duration::from_secs(5);

/// The engine's handle. When the last clone is dropped, the lanes end as in a crash: nothing accepted is lost.
#[derive(Clone)]
pub struct Engine {
    pub(super) desk: Arc<Desk>,
    keeper: Arc<Keeper>,
}

impl Engine {
    /// Starts the lanes of a store.
    ///
    /// # Errors
    /// Conflict when the sealing key is not the one that the store's secrets were sealed with, or does not open one
    /// of the service's own keys; Internal when the store or the thread fails.
    pub async fn start(parts: EngineParts) -> Result<Self, EngineError> {
        let EngineParts {
            store,
            hand_over,
            transport,
            contracts,
            clock,
            seed,
            sealing_key,
            options,
        } = parts;
        let mut entropy = ChaCha12Rng::from_seed(seed);
        let mut jitter_seed = [0; 32];
        entropy.fill_bytes(&mut jitter_seed);
        check_key(&store, &sealing_key, &mut entropy).await?;
        store.ensure_revisions(stored_revisions(&contracts)).await?;
        let book = EndpointBook::default();
        book.put_all(store.endpoints().await?.into_iter().map(Arc::new));
        let unsettled = unsettled::begin(&store).await?;
        let signing = needing_service_keys(&contracts, &book);
        let keys = service_keys::load(&store, signing, &sealing_key, &mut entropy, clock.now());
        let service_keys = keys.await?;
        let with_pending = store.endpoints_with_pending().await?;
        let desk = Arc::new(Desk {
            store,
            book,
            contracts: ArcSwap::new(contracts),
            clock,
            sealing_key,
            service_keys,
            limits: ArcSwap::from_pointee(EngineLimits::at_start(&options)),
            entropy: Mutex::new(entropy),
            draining: AtomicBool::new(false),
            expected: AtomicU64::new(0),
            judged: JudgedCounts::default(),
            backlogs: KeptBacklogs::default(),
            give_ups_max: options.give_ups_max,
            past: PastFigures::default(),
            router: OnceLock::new(),
            replays: OnceLock::new(),
        });
        let crew = Crew {
            hand_over,
            transport,
            options,
            rng: ChaCha12Rng::from_seed(jitter_seed),
            unsettled,
            with_pending: with_pending.into_iter().map(|(id, _)| id).collect(),
        };
        let keeper = Keeper::start(Arc::clone(&desk), crew).await?;
        Ok(Self {
            desk,
            keeper: Arc::new(keeper),
        })
    }

    /// Puts other limits in force: for endpoints and tokens that are made or changed from now on, and for all lanes,
    /// which have heard of it when this returns. What requests may reach is the transport's to know.
    pub async fn set_limits(&self, limits: EngineLimits) {
        self.desk.limits.store(Arc::new(limits));
        self.tell_settings().await;
    }

    /// Tells the lanes in memory that limits or contracts changed. Others find them when they start; none is left to
    /// tell where the engine stops.
    pub(super) async fn tell_settings(&self) {
        if let Ok(router) = self.router() {
            let _ = router.send(SettingsChanged).await;
        }
    }

    /// What is committed from now on; a subscriber that falls behind is told how much it missed.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Changes>> {
        self.desk.store.subscribe()
    }

    /// What is known about the store's files.
    pub fn store_facts(&self) -> StoreFacts {
        self.desk.store.facts()
    }

    /// What the lanes are doing right now.
    ///
    /// # Errors
    /// [`EngineError::Draining`] when the lanes have stopped.
    pub async fn lanes(&self) -> Result<LanesSnapshot, EngineError> {
        Ok(self.observe().await?.0)
    }

    /// What one lane is doing right now; `None` when it is not in memory, because nothing of it is due soon.
    ///
    /// # Errors
    /// [`EngineError::Draining`] when the lanes have stopped.
    pub async fn lane(&self, id: EndpointId) -> Result<Option<LaneStatus>, EngineError> {
        let observed = self.router()?.send(ObserveLane(id)).await;
        observed.map_err(|_| EngineError::Draining)
    }

    /// Whether the service is fit to take work.
    pub async fn health(&self) -> Health {
        let store = &self.desk.store;
        let failing = if store.writer_is_alive() {
            let failing = store.facts().failing;
            failing.then(|| "the last write failed; the log says why".to_owned())
        } else {
            Some("its writer has ended; the log says why, a restart starts it again".to_owned())
        };
        let (lanes, stalled_for) = match within(ANSWER_MAX, self.observe()).await {
            Some(Ok((_, stalled_for))) => (None, stalled_for),
            Some(Err(_)) => (Some("they have ended".to_owned()), Duration::ZERO),
            None => {
                let silent = format!("no answer within {} s", ANSWER_MAX.as_secs());
                (Some(silent), Duration::ZERO)
            }
        };
        Health {
            store: failing,
            lanes,
            stalled_for,
            draining: self.desk.open().is_err(),
        }
    }

    /// Completes when the lanes have ended, with why: after [`Engine::halt`] or [`Engine::shutdown`], or because of a
    /// panic that no fresh lane can mend. Then nothing goes out until the service is started again; nothing accepted
    /// is lost.
    pub async fn ended(&self) -> &'static str {
        self.keeper.ended().await
    }

    /// Deliveries that lanes were to hear of through this handle and its clones: with
    /// [`LanesSnapshot::handed_over`] it tells whether they all have.
    pub fn expected_hand_over(&self) -> u64 {
        self.desk.expected.load(Ordering::Acquire)
    }

    /// Drains: accepts no more work, starts no more requests, lets those in flight finish for up to `grace`,
    /// records them and stops. What is left stays pending in the store. Reads go on working.
    pub async fn shutdown(&self, grace: Duration) {
        self.desk.draining.store(true, Ordering::Release);
        if let Ok(router) = self.router() {
            // A router that is gone leaves what it left to the next start.
            if let Ok(true) = router.send(Drain { grace }).await {
                unsettled::end(&self.desk.store).await;
            }
        }
        self.keeper.halt().await;
    }

    /// Stops at once, as a crash would: requests in flight are dropped and sent again after the next start.
    pub async fn halt(&self) {
        self.desk.draining.store(true, Ordering::Release);
        self.keeper.halt().await;
    }

    async fn observe(&self) -> Result<(LanesSnapshot, Duration), EngineError> {
        let observed = self.router()?.send(Observe).await;
        observed.map_err(|_| EngineError::Draining)
    }

    fn router(&self) -> Result<&actix::Addr<Router>, EngineError> {
        self.desk.router.get().ok_or(EngineError::Draining)
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Engine").finish_non_exhaustive()
    }
}

/// Whether `key` is the one that the store's secrets are sealed with, by what the store has under [`KEY_CHECK`].
pub fn key_opens(key: &SealingKey, sealed: &[u8]) -> bool {
    let text = seal::open(key, KEY_CHECK.as_bytes(), sealed);
    text.is_ok_and(|text| text.as_slice() == KEY_CHECK_TEXT)
}

/// Opens what an earlier start sealed; seals it at the first.
async fn check_key(
    store: &Store,
    key: &SealingKey,
    entropy: &mut ChaCha12Rng,
) -> Result<(), EngineError> {
    let failed = |error: seal::SealError| EngineError::Internal(error.to_string());
    if let Some(sealed) = store.meta(KEY_CHECK).await? {
        if key_opens(key, &sealed) {
            return Ok(());
        }
        return Err(EngineError::Conflict(
            "the key does not open this store's secrets: give the key that it was created with (HOOKYARD_KEY or \
             key_file)"
                .to_owned(),
        ));
    }
    let mut nonce = [0; seal::NONCE_BYTES];
    entropy.fill_bytes(&mut nonce);
    let sealed = seal::seal(key, nonce, KEY_CHECK.as_bytes(), KEY_CHECK_TEXT).map_err(failed)?;
    store.put_meta(KEY_CHECK, sealed).await?;
    Ok(())
}
