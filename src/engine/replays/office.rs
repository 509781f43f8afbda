//! The replays' actor: reads the clock and the store, steps a machine for each running replay, performs its effects.
//!
//! It keeps nothing that the store does not have: after a restart it goes on from there. Each replay has at most one
//! call to the store under way.

use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use actix::fut::wrap_future;
use actix::prelude::{
    Actor, ActorFutureExt as _, Addr, AsyncContext as _, Context, Handler, Message, SpawnHandle,
    StreamHandler,
};
use futures_util::stream;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::oneshot;

use super::run::{Run, read};
use super::tidying::tidy;
use crate::domain::actor::Actor as Who;
use crate::domain::id::ReplayId;
use crate::domain::limits::REPLAY_PLAN_LIFE;
use crate::domain::replay::{Effect, Input, Machine, ReplayState};
use crate::domain::time::Timestamp;
use crate::engine::router::Told;
use crate::engine::yard::Yard;
use crate::store::{AuditNote, Release, ReplayMove, StoreError, StoredReplay};

/// Messages that wait in the mailbox: people's commands, and one place for news.
const MAILBOX_MAX: usize = 256;
/// How long a replay is left alone after the store failed.
const STORE_RETRY: Duration = Duration::from_secs(1);
/// The longest that the timer runs.
const TIMER_MAX: Duration = Duration::from_secs(3_600);

/// The office of the replays.
pub(in crate::engine) struct ReplayOffice {
    yard: Rc<Yard>,
    runs: HashMap<ReplayId, Run>,
    /// [`Yard::set_ms`] to which the times here belong.
    set_ms: i64,
    /// The one timer and when it rings.
    timer: Option<(Timestamp, SpawnHandle)>,
    /// Dropped with the actor, whatever ends it.
    _alive: oneshot::Sender<()>,
}

/// A replay was started or moved.
pub(in crate::engine) struct Look {
    pub(in crate::engine) id: ReplayId,
}

impl Message for Look {
    type Result = ();
}

/// A plan was made: it is removed once it has expired.
pub(in crate::engine) struct Planned;

impl Message for Planned {
    type Result = ();
}

/// What a commit changed.
enum News {
    Replays(Vec<ReplayId>),
    /// Of all replays: some changes were missed, or endpoints may take now what they could not.
    All,
}

impl ReplayOffice {
    /// Starts the actor; the receiver is closed when it panics.
    pub(in crate::engine) fn open(yard: &Rc<Yard>) -> (Addr<Self>, oneshot::Receiver<()>) {
        let (alive, ended) = oneshot::channel();
        let office = Self {
            yard: Rc::clone(yard),
            runs: HashMap::new(),
            set_ms: yard.set_ms(),
            timer: None,
            _alive: alive,
        };
        // Until recovery has looked, there is something to do.
        yard.replays_wakeup.set(Some(yard.now()));
        (office.start(), ended)
    }

    /// Finds the replays that run, as often as it takes.
    fn recover(&self, context: &mut Context<Self>) {
        let yard = Rc::clone(&self.yard);
        let found = async move {
            loop {
                match yard.store.replays_in(ReplayState::Running).await {
                    Ok(found) => return Ok(found),
                    Err(error) => {
                        tracing::error!(%error, "failed to read the replays; trying again");
                        yard.clock.sleep_for(STORE_RETRY).await;
                    }
                }
            }
        };
        let take_up = wrap_future::<_, Self>(apart(found)).map(|found, office, context| {
            for id in found.unwrap_or_default() {
                office.look(id, context);
            }
            office.show();
        });
        context.spawn(take_up);
    }

    fn run(&mut self, id: ReplayId) -> &mut Run {
        self.runs.entry(id).or_insert_with(Run::new)
    }

    /// Reads a replay and steps it.
    fn look(&mut self, id: ReplayId, context: &mut Context<Self>) {
        let yard = Rc::clone(&self.yard);
        let run = self.run(id);
        if run.busy {
            run.news = true;
            return;
        }
        run.begin();
        let fresh = run.machine.is_none();
        let read = async move { read(&yard, id, fresh).await };
        context.spawn(
            wrap_future::<_, Self>(apart(read))
                .map(move |read, office, context| office.taken_in(id, read, context)),
        );
    }

    fn taken_in(
        &mut self,
        id: ReplayId,
        read: Result<(StoredReplay, Vec<bool>), StoreError>,
        context: &mut Context<Self>,
    ) {
        self.run(id).busy = false;
        match read {
            Ok((replay, results)) => {
                let now = self.yard.now();
                self.run(id).machine.get_or_insert_with(|| {
                    Machine::new(&replay.settings, replay.facts, results, now)
                });
                self.step(id, Input::Told(replay.facts), context);
            }
            Err(StoreError::NotFound { .. }) => {
                self.runs.remove(&id);
            }
            Err(error) => self.failed(id, &error),
        }
        self.go_on(context);
    }

    /// The store failed: it is asked again after a while.
    fn failed(&mut self, id: ReplayId, error: &StoreError) {
        tracing::error!(%error, replay.id = %id, "failed to go on with a replay; trying again");
        let due = self.yard.now() + STORE_RETRY;
        let run = self.run(id);
        (run.busy, run.due, run.reads) = (false, Some(due), true);
    }

    fn step(&mut self, id: ReplayId, input: Input, context: &mut Context<Self>) {
        if self.yard.desk.open().is_err() {
            return;
        }
        let now = self.yard.now();
        let Some(machine) = self.runs.get_mut(&id).and_then(|run| run.machine.as_mut()) else {
            return;
        };
        let effect = machine.step(now, input);
        let run = self.run(id);
        match effect {
            Effect::Release(count) => self.release(id, count, context),
            Effect::Stop(why) => {
                tracing::warn!(replay.id = %id, why, "a replay stopped by itself");
                self.make_move(id, "replay.stop", ReplayMove::Stop(why), context);
            }
            Effect::Finish => self.make_move(id, "replay.finish", ReplayMove::Finish, context),
            Effect::WaitUntil(at) => {
                run.moves();
                (run.due, run.reads) = (Some(at), false);
            }
            Effect::WaitForNews if run.news => self.look(id, context),
            Effect::WaitForNews => run.wait_for_news(now),
            // Whoever resumed it while it was read is not to be missed.
            Effect::Rest if run.news => self.look(id, context),
            Effect::Rest => {
                self.runs.remove(&id);
            }
        }
    }

    fn release(&mut self, id: ReplayId, count: u32, context: &mut Context<Self>) {
        let yard = Rc::clone(&self.yard);
        let run = self.run(id);
        run.begin();
        let release = async move {
            yard.until_clock_is_told().await;
            let release = yard.store.release_replay_items(id, count).await?;
            for &endpoint_id in &release.endpoints {
                yard.desk.tell(endpoint_id, Told::DeliveriesChanged).await;
            }
            Ok(release)
        };
        context.spawn(wrap_future::<_, Self>(apart(release)).map(
            move |released: Result<Release, StoreError>, office, context| {
                office.run(id).busy = false;
                match released {
                    Ok(Release {
                        count,
                        passed,
                        replay,
                        ..
                    }) => {
                        let facts = replay.facts;
                        let released = Input::Released {
                            count,
                            passed,
                            facts,
                        };
                        office.step(id, released, context);
                    }
                    Err(error) => office.failed(id, &error),
                }
                office.go_on(context);
            },
        ));
    }

    fn make_move(
        &mut self,
        id: ReplayId,
        action: &'static str,
        replay_move: ReplayMove,
        context: &mut Context<Self>,
    ) {
        let yard = Rc::clone(&self.yard);
        let run = self.run(id);
        run.begin();
        let note = AuditNote::new(Who::service(), action);
        let moved = async move { yard.store.move_replay(Some(note), id, replay_move).await };
        context.spawn(
            wrap_future::<_, Self>(apart(moved)).map(move |moved, office, context| {
                office.run(id).busy = false;
                match moved {
                    Ok(replay) => office.step(id, Input::Told(replay.facts), context),
                    // An operator was faster.
                    Err(StoreError::Stuck { .. }) => office.look(id, context),
                    Err(error) => office.failed(id, &error),
                }
                office.go_on(context);
            }),
        );
    }

    /// Goes on with all that is due, and sets the timer for the rest.
    fn go_on(&mut self, context: &mut Context<Self>) {
        self.follow_clock();
        let now = self.yard.now();
        let is_due = |run: &Run| !run.busy && run.due.is_some_and(|due| due <= now);
        let due: Vec<_> = self
            .runs
            .iter()
            .filter(|(_, run)| is_due(run))
            .map(|(id, run)| (*id, run.reads))
            .collect();
        for (id, reads) in due {
            if reads {
                self.look(id, context);
            } else {
                self.run(id).due = None;
                self.step(id, Input::Wake, context);
            }
        }
        self.arm_timer(context);
        self.show();
    }

    /// When the wall clock was set, everything here moves with it.
    fn follow_clock(&mut self) {
        let by_ms = self.yard.set_ms() - self.set_ms;
        if by_ms == 0 {
            return;
        }
        self.set_ms += by_ms;
        for run in self.runs.values_mut() {
            run.due = run.due.map(|due| due.moved_by(by_ms));
            if let Some(machine) = &mut run.machine {
                machine.clock_set(by_ms);
            }
        }
        if let Some((rings_at, _)) = &mut self.timer {
            *rings_at = rings_at.moved_by(by_ms);
        }
    }

    fn first_due(&self) -> Option<Timestamp> {
        let waiting = self.runs.values().filter(|run| !run.busy);
        waiting.filter_map(|run| run.due).min()
    }

    fn arm_timer(&mut self, context: &mut Context<Self>) {
        let Some(due) = self.first_due() else { return };
        if let Some((rings_at, timer)) = self.timer {
            if rings_at <= due {
                return;
            }
            context.cancel_future(timer);
        }
        let ring = wrap_future::<_, Self>(self.yard.nap(Some(due), TIMER_MAX));
        let timer = context.spawn(ring.map(|(), office, context| {
            office.timer = None;
            office.go_on(context);
        }));
        self.timer = Some((due, timer));
    }

    /// Lets the world see when there is something to do.
    fn show(&self) {
        let busy = self.runs.values().any(|run| run.busy);
        let wakeup = if busy {
            Some(self.yard.now())
        } else {
            self.first_due()
        };
        self.yard.replays_wakeup.set(wakeup);
    }
}

/// Runs a call to the store as a task of its own: an actor that is dropped in the middle of one leaves it alone.
async fn apart<T: 'static>(
    call: impl Future<Output = Result<T, StoreError>> + 'static,
) -> Result<T, StoreError> {
    // One that panicked is made again, as after any failure.
    actix_rt::spawn(call)
        .await
        .unwrap_or(Err(StoreError::Unavailable(None)))
}

impl Actor for ReplayOffice {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Context<Self>) {
        context.set_mailbox_capacity(MAILBOX_MAX);
        let changes = self.yard.store.subscribe();
        context.add_stream(stream::unfold(changes, |mut changes| async move {
            loop {
                match changes.recv().await {
                    Ok(change) if !change.endpoints.is_empty() => {
                        return Some((News::All, changes));
                    }
                    Ok(change) if change.replays.is_empty() => {}
                    Ok(change) => return Some((News::Replays(change.replays.clone()), changes)),
                    Err(RecvError::Lagged(_)) => return Some((News::All, changes)),
                    Err(RecvError::Closed) => return None,
                }
            }
        }));
        self.recover(context);
    }
}

impl Handler<Look> for ReplayOffice {
    type Result = ();

    fn handle(&mut self, look: Look, context: &mut Context<Self>) {
        self.look(look.id, context);
        self.go_on(context);
    }
}

impl Handler<Planned> for ReplayOffice {
    type Result = ();

    fn handle(&mut self, _: Planned, _: &mut Context<Self>) {
        let yard = Rc::clone(&self.yard);
        actix_rt::spawn(async move {
            yard.nap(None, REPLAY_PLAN_LIFE).await;
            tidy(&yard).await;
        });
    }
}

impl StreamHandler<News> for ReplayOffice {
    fn handle(&mut self, news: News, context: &mut Context<Self>) {
        let ids: Vec<ReplayId> = match news {
            News::Replays(ids) => ids,
            News::All => self.runs.keys().copied().collect(),
        };
        for id in ids {
            let Some(run) = self.runs.get_mut(&id) else {
                continue;
            };
            run.news = true;
            // One that waits for its next release hears of it then.
            if !run.busy && run.reads {
                self.look(id, context);
            }
        }
        self.go_on(context);
    }

    fn finished(&mut self, _: &mut Context<Self>) {}
}
