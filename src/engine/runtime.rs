//! The engine's thread: an actix `System` with the router, recovery and the keeping of time.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::thread::JoinHandle;
use std::time::Duration;

use actix::prelude::{Actor as _, Addr, AsyncContext as _, Context};
use futures_util::future::{Either, select};
use futures_util::stream;
use rand_chacha::ChaCha12Rng;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinError;

use super::certificates;
use super::desk::Desk;
use super::error::EngineError;
use super::gathered;
use super::parts::EngineOptions;
use super::replays::{ReplayOffice, tidy_for_ever};
use super::router::{ClockSet, NextBusiness, Router, Tell, Tick, Told, discard_orphans};
use super::yard::Yard;
use crate::domain::id::EndpointId;
use crate::store::HandOverReceiver;
use crate::transport::Transport;

/// The longest that the router is left alone.
const TICK: Duration = Duration::from_secs(1);
/// How often the store notes what the wall clock shows.
const NOTE_WALL_EVERY: Duration = Duration::from_secs(60);
/// Lanes that recovery lets load at once: the first requests leave before the rest is read.
const LOADS_MAX: usize = 32;

/// Ends the thread when dropped, as abruptly as a crash.
#[derive(Debug)]
pub(super) struct Keeper {
    stop: Mutex<Option<oneshot::Sender<()>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    /// Why the thread ended by itself, once it has; closed without a word when it panicked or was stopped.
    ended: watch::Receiver<Option<&'static str>>,
}

/// What the thread alone needs.
pub(super) struct Crew {
    pub(super) hand_over: HandOverReceiver,
    pub(super) transport: Arc<dyn Transport>,
    pub(super) options: EngineOptions,
    pub(super) rng: ChaCha12Rng,
    /// Whether the run before may have left requests unrecorded.
    pub(super) unsettled: bool,
    /// Endpoints with pending deliveries at the start.
    pub(super) with_pending: Vec<EndpointId>,
}

/// The tasks that go on as long as the lanes do.
struct Essential {
    /// Ends when every lane with work was started, or the router is gone.
    recovery: tokio::task::JoinHandle<()>,
    /// Ends when the router is gone.
    time: tokio::task::JoinHandle<()>,
    /// Warns before certificates run out; ends by a panic only.
    certificates: tokio::task::JoinHandle<()>,
    /// Closed when the replays' actor panics.
    replays: oneshot::Receiver<()>,
    /// Removes plans and replays that are long over; ends by a panic only.
    tidying: tokio::task::JoinHandle<()>,
}

impl Keeper {
    /// Starts the thread; the desk knows the router when this returns.
    ///
    /// # Errors
    /// No thread can be had.
    pub(super) async fn start(desk: Arc<Desk>, crew: Crew) -> Result<Self, EngineError> {
        let (stop, stopped) = oneshot::channel();
        let (ready, is_ready) = oneshot::channel();
        let (ending, ended) = watch::channel(None);
        let thread = std::thread::Builder::new()
            .name("hookyard-engine".to_owned())
            .spawn(move || {
                let system = actix_rt::System::new();
                let runtime = system.block_on(async move {
                    let (yard, essential) = run(&desk, crew);
                    // Without a caller there is nobody to be ready for, and `stop` is dropped as well.
                    let _ = ready.send(());
                    // An error of `stopped` means that the last handle is gone.
                    if let Either::Right((why, _)) =
                        select(stopped, Box::pin(essential.ended())).await
                    {
                        tracing::error!(why, "the lanes cannot go on");
                        ending.send_replace(Some(why));
                    }
                    drop(yard);
                    tokio::runtime::Handle::current()
                });
                // Tasks that are dropped in the middle of a read give their connection back to the pool by a task.
                let _within = runtime.enter();
                drop(system);
            })
            .map_err(|error| EngineError::Internal(format!("failed to start a thread: {error}")))?;
        is_ready.await.map_err(|_| {
            EngineError::Internal("the engine's thread ended at its start".to_owned())
        })?;
        Ok(Self {
            stop: Mutex::new(Some(stop)),
            thread: Mutex::new(Some(thread)),
            ended,
        })
    }

    /// Completes when the thread has ended, with why if it knows.
    pub(super) async fn ended(&self) -> &'static str {
        let mut ended = self.ended.clone();
        let why = ended.wait_for(Option::is_some).await;
        why.ok()
            .and_then(|why| *why)
            .unwrap_or("their thread ended")
    }

    /// Ends the thread and waits for it; what is in flight is dropped.
    pub(super) async fn halt(&self) {
        drop(take(&self.stop));
        if let Some(thread) = take(&self.thread) {
            // Joining blocks: not on an async worker. A thread that panicked is gone as well.
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }
}

fn take<T>(place: &Mutex<Option<T>>) -> Option<T> {
    place.lock().unwrap_or_else(PoisonError::into_inner).take()
}

fn run(desk: &Arc<Desk>, crew: Crew) -> (Rc<Yard>, Essential) {
    let yard = Yard::new(Arc::clone(desk), crew.transport, &crew.options, crew.rng);
    yard.unsettled_until.set(crew.unsettled.then(|| yard.now()));
    let hints = stream::unfold(crew.hand_over, |mut receiver| async move {
        let hand_over = receiver.recv().await?;
        Some((hand_over, receiver))
    });
    let yard_of_router = Rc::clone(&yard);
    let router = Router::create(|context: &mut Context<Router>| {
        context.add_stream(hints);
        Router::new(&yard_of_router)
    });
    if desk.router.set(router.clone()).is_err() {
        tracing::error!("a desk has one router only");
    }
    let waiting = u32::try_from(crew.with_pending.len()).unwrap_or(u32::MAX);
    yard.waiting_to_start.set(waiting);
    actix_rt::spawn(discard_orphans(Rc::clone(&yard)));
    let (office, replays) = ReplayOffice::open(&yard);
    if desk.replays.set(office).is_err() {
        tracing::error!("a desk has one office of replays only");
    }
    let essential = Essential {
        certificates: actix_rt::spawn(certificates::watch(Rc::clone(&yard))),
        recovery: actix_rt::spawn(recover(Rc::clone(&yard), router.clone(), crew.with_pending)),
        time: actix_rt::spawn(keep_time(Rc::clone(&yard), router)),
        replays,
        tidying: actix_rt::spawn(tidy_for_ever(Rc::clone(&yard))),
    };
    (yard, essential)
}

impl Essential {
    /// Completes when the lanes cannot go on, with why: a task that must not end has.
    async fn ended(self) -> &'static str {
        let Self {
            recovery,
            time,
            certificates,
            replays,
            tidying,
        } = self;
        let others = std::pin::pin!(Self::others_ended(recovery, time, certificates));
        match select(others, select(replays, tidying)).await {
            Either::Left((why, _)) => why,
            Either::Right((Either::Left(_), _)) => "the actor of the replays panicked",
            Either::Right((Either::Right(_), _)) => "the tidying of replays panicked",
        }
    }

    async fn others_ended(
        recovery: tokio::task::JoinHandle<()>,
        time: tokio::task::JoinHandle<()>,
        certificates: tokio::task::JoinHandle<()>,
    ) -> &'static str {
        let lanes = std::pin::pin!(lanes_ended(recovery, time));
        match select(lanes, certificates).await {
            Either::Left((why, _)) => why,
            Either::Right((Err(_), _)) => "the watch over certificates panicked",
            // It ends with the store, and the service with that.
            Either::Right((Ok(()), lanes)) => lanes.await,
        }
    }
}

/// Completes when recovery or the keeping of time ended that must not, with why.
async fn lanes_ended(
    recovery: tokio::task::JoinHandle<()>,
    time: tokio::task::JoinHandle<()>,
) -> &'static str {
    const TIME: &str = "the keeping of time panicked";
    const ROUTER: &str = "the lanes' router panicked";
    let of_time = |ended: Result<(), JoinError>| if ended.is_err() { TIME } else { ROUTER };
    match select(time, recovery).await {
        Either::Left((ended, _)) => of_time(ended),
        Either::Right((Ok(()), time)) => of_time(time.await),
        Either::Right((Err(_), _)) => "recovery panicked",
    }
}

/// Starts the lanes of endpoints with pending deliveries, a few at a time.
async fn recover(yard: Rc<Yard>, router: Addr<Router>, endpoints: Vec<EndpointId>) {
    let mut left = yard.waiting_to_start.get();
    for endpoint_id in endpoints {
        let told = Told::HasWork;
        // A router that is gone ends everything.
        if router.send(Tell { endpoint_id, told }).await.is_err() {
            return;
        }
        left = left.saturating_sub(1);
        yard.waiting_to_start.set(left);
        yard.loads.fewer_than(LOADS_MAX).await;
    }
}

/// Wakes the router, resumes endpoints whose pause is over, and notices when the wall clock was set.
async fn keep_time(yard: Rc<Yard>, router: Addr<Router>) {
    let mut noted_at = yard.clock.monotonic();
    let mut told = true;
    loop {
        let Ok(business) = router.send(NextBusiness).await else {
            return;
        };
        // What is due already is done at once: a tick leaves none of it.
        let nap = yard.nap(business, TICK);
        if told {
            let clock_was_set = std::pin::pin!(yard.clock_was_set.notified());
            let (Either::Left(_) | Either::Right(_)) = select(nap, clock_was_set).await;
        } else {
            // A store that could not be told is left alone for a while.
            nap.await;
        }
        told = set_clock(&yard, &router).await;
        let monotonic = yard.clock.monotonic();
        if yard.gathered.falls_due(monotonic) {
            actix_rt::spawn(gathered::write(Rc::clone(&yard)));
        }
        if monotonic.saturating_sub(noted_at) >= NOTE_WALL_EVERY {
            noted_at = monotonic;
            let store = yard.store.clone();
            actix_rt::spawn(async move {
                if let Err(error) = store.note_wall().await {
                    tracing::warn!(%error, "failed to note the time in the store");
                }
            });
        }
        let Ok(resumes) = router.send(Tick).await else {
            return;
        };
        for id in resumes {
            let desk = Arc::clone(&yard.desk);
            actix_rt::spawn(async move { desk.resume_due(id).await });
        }
    }
}

/// Tells the store, then the lanes, that the wall clock was set; until then everybody goes on by the old time.
/// Answers whether all is told.
async fn set_clock(yard: &Yard, router: &Addr<Router>) -> bool {
    let by_ms = yard.clock_set_by_ms();
    if by_ms == 0 {
        return true;
    }
    tracing::warn!(
        by_ms,
        "the wall clock was set: everything that is due moves with it"
    );
    yard.set_setting_clock(true);
    let moved = yard.store.shift_pending(by_ms).await;
    let told = moved.map(|held| yard.agree_on_clock(by_ms, held));
    // In one go with the agreement: what lanes read from now on is by the new time.
    yard.set_setting_clock(false);
    if let Err(error) = told {
        tracing::error!(%error, "failed to tell the store that the clock was set; trying again");
        return false;
    }
    // A router that is gone ends everything.
    let _ = router.send(ClockSet { by_ms }).await;
    true
}
