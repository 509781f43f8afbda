//! The lane actor: reads the clock, steps the machine, performs its effects. It decides nothing by itself.

use std::rc::Rc;
use std::time::Duration;

use actix::fut::wrap_future;
use actix::prelude::{
    Actor, ActorContext as _, ActorFutureExt as _, AsyncContext as _, Context, Handler, Message,
    StreamHandler,
};
use futures_util::future::{AbortHandle, abortable};

use super::berth::{Berth, BerthNews, News, Report, Status};
use super::breakers;
use super::kept::EventRef;
use super::loading::Loads;
use super::router::LaneEnded;
use super::sending::Sending;
use super::setup::LaneSetup;
use super::yard::Yard;
use crate::domain::lane::slots::Standing;
use crate::domain::lane::{BreakerTurn, Effect, Input, Item, LaneMachine};
use crate::domain::time::Timestamp;

/// Messages that wait in a lane's mailbox: hints only, so a full one costs a look in the store.
const MAILBOX_MAX: usize = 16;
/// The longest that a lane's timer runs: it looks at the clock again after that.
const TIMER_MAX: Duration = Duration::from_secs(3_600);

/// What the machine asked for.
type Effects = Vec<Effect<EventRef>>;

/// One endpoint's lane.
pub(super) struct Lane {
    yard: Rc<Yard>,
    berth: Rc<Berth>,
    machine: LaneMachine<EventRef>,
    /// [`Yard::set_ms`] at the latest step, to which the machine's times belong.
    set_ms: i64,
    /// The one timer and when it rings.
    timer: Option<(Timestamp, AbortHandle)>,
    /// Which of all lanes it is: an endpoint has one after the other.
    serial: u64,
}

/// Fresh deliveries, after their commit.
pub(super) struct Hint {
    pub(super) items: Vec<Item<EventRef>>,
    /// [`Yard::set_ms`] to which the items' times belong.
    pub(super) set_ms: i64,
}

impl Message for Hint {
    type Result = ();
}

/// Sent by the router alone, after it has forgotten the lane.
pub(super) struct Stop;

impl Message for Stop {
    type Result = ();
}

impl Drop for Lane {
    /// Tells the router, however it comes about.
    fn drop(&mut self) {
        let ended = LaneEnded {
            endpoint_id: self.berth.endpoint_id,
            serial: self.serial,
            panicked: std::thread::panicking(),
        };
        // A new sender has a place of its own in the router's mailbox; without a router nobody needs to know.
        let router = self.yard.desk.router.get().cloned();
        let _ = router.map(|router| router.try_send(ended));
    }
}

impl Lane {
    /// A lane for the endpoint of `berth`, with this serial number, taking over what an earlier one left there.
    pub(super) fn new(yard: Rc<Yard>, berth: Rc<Berth>, serial: u64) -> Self {
        let config = yard.lane_config(&berth.setup.borrow());
        let left_behind = berth.left_behind();
        berth.start_over();
        let id = berth.endpoint_id;
        yard.slots.borrow_mut().take_over(id, berth.unanswered());
        let generation = berth.restarts.get();
        let set_ms = yard.set_ms();
        let open = berth.breaker_open.get();
        let left_behind = left_behind.into_iter();
        let machine = LaneMachine::new(id, config, yard.now(), generation, open, left_behind);
        Self {
            yard,
            berth,
            machine,
            set_ms,
            timer: None,
            serial,
        }
    }

    fn step(&mut self, input: Input<EventRef>, effects: &mut Effects) {
        let now = self.yard.now();
        let by_ms = self.yard.set_ms() - self.set_ms;
        let mut slots = self.yard.slots.borrow_mut();
        let mut rng = self.yard.rng.borrow_mut();
        let mut step = |input| {
            self.machine
                .step(now, &mut *rng, &mut slots, input, effects);
        };
        if by_ms != 0 {
            // The time has moved: so must what it is compared with, before anything else is decided.
            self.set_ms += by_ms;
            if let Some((rings_at, _)) = &mut self.timer {
                *rings_at = rings_at.moved_by(by_ms);
            }
            step(Input::ClockSet { by_ms });
        }
        step(input);
    }

    fn wake(&mut self, context: &mut Context<Self>) {
        let mut effects = Effects::new();
        self.step(Input::Wake, &mut effects);
        self.perform(effects, context);
    }

    fn setup(&self) -> Rc<LaneSetup> {
        Rc::clone(&self.berth.setup.borrow())
    }

    /// Does what the machine asked for in the last steps, and lets the world see where it stands.
    fn perform(&mut self, effects: Effects, context: &mut Context<Self>) {
        for effect in effects {
            match effect {
                Effect::Send {
                    item,
                    held_back,
                    probe,
                } => self.send(item, held_back, probe),
                Effect::Breaker(turn) => self.breaker_turned(turn),
                Effect::Abandon(id) => self.berth.abandon(id),
                Effect::Load(request) => Loads::ask(&self.yard, &self.berth, request),
            }
        }
        self.yard.tell_granted();
        self.arm_timer(context);
        self.show_status();
    }

    fn breaker_turned(&self, turn: BreakerTurn) {
        let id = self.berth.endpoint_id;
        let open = turn == BreakerTurn::Opened;
        if open {
            let opened = &self.yard.breakers_opened;
            opened.set(opened.get() + 1);
            tracing::warn!(endpoint.id = %id, "a receiver fails: its breaker is open, and nothing but probes goes out");
        } else {
            tracing::info!(endpoint.id = %id, "a breaker is closed: deliveries go out as usual");
        }
        self.berth.breaker_open.set(open);
        breakers::keep(&self.yard, &self.berth);
    }

    fn send(&mut self, item: Item<EventRef>, held_back: bool, probe: bool) {
        let (abort, registration) = AbortHandle::new_pair();
        self.berth.take_off(item.id, abort);
        self.yard.moved();
        let sending = Sending {
            yard: Rc::clone(&self.yard),
            berth: Rc::clone(&self.berth),
            setup: self.setup(),
            item,
            held_back,
            probe,
            set_ms: self.yard.set_ms(),
        };
        actix_rt::spawn(sending.run(registration));
    }

    /// Keeps a timer that rings no later than the machine wants; one that rings too early does no harm. An idle lane has
    /// none.
    fn arm_timer(&mut self, context: &mut Context<Self>) {
        let Some(wakeup) = self.machine.next_wakeup() else {
            self.drop_timer();
            return;
        };
        if let Some((rings_at, timer)) = &self.timer {
            if *rings_at <= wakeup {
                return;
            }
            timer.abort();
        }
        let (ring, timer) = abortable(self.yard.nap(Some(wakeup), TIMER_MAX));
        context.spawn(wrap_future::<_, Self>(ring).map(|rang, lane, context| {
            if rang.is_ok() {
                lane.timer = None;
                lane.wake(context);
            }
        }));
        self.timer = Some((wakeup, timer));
    }

    fn drop_timer(&mut self) {
        if let Some((_, timer)) = self.timer.take() {
            timer.abort();
        }
    }

    fn reconfigure(&mut self, effects: &mut Effects) {
        let id = self.berth.endpoint_id;
        if let Some(setup) = self.yard.setup(id) {
            *self.berth.setup.borrow_mut() = setup;
        }
        let config = self.yard.lane_config(&self.setup());
        self.step(Input::Configured(config), effects);
    }

    /// Gives back what only a busy lane needs: many idle ones may wait for the next event.
    fn slim(&mut self) {
        self.machine.slim();
        self.setup().close_secrets();
        let mut status = self.berth.status.get();
        status.slim = true;
        self.berth.status.set(status);
    }

    fn take_up(&mut self, news: News) -> Effects {
        let mut effects = Effects::new();
        let signals = news.signals;
        if signals.clock_set {
            // Every step begins with it.
            self.step(Input::Wake, &mut effects);
        }
        if signals.reconfigure {
            self.reconfigure(&mut effects);
        }
        if signals.resumed {
            self.step(Input::Resumed, &mut effects);
        }
        if signals.drain {
            self.step(Input::Drain, &mut effects);
        }
        for report in news.reports {
            let input = match report {
                Report::Answered { id, pace } => Input::Answered { id, pace },
                Report::Settled { id, settlement } => Input::Settled { id, settlement },
                Report::Loaded(batch) => Input::Loaded(batch),
                Report::LoadFailed { epoch } => Input::LoadFailed { epoch },
            };
            self.step(input, &mut effects);
        }
        if signals.slim && self.machine.may_rest().is_some() {
            self.slim();
        }
        if signals.look {
            self.step(Input::Look, &mut effects);
        } else if signals.granted {
            self.step(Input::Wake, &mut effects);
        }
        effects
    }

    fn show_status(&self) {
        let may_rest = self.machine.may_rest();
        let before = self.berth.status.get();
        let (now, wall) = (self.yard.clock.monotonic(), self.yard.now());
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        self.berth.status.set(Status {
            started: true,
            window: count(self.machine.window()),
            more_in_store: self.machine.has_more(),
            loading: self.machine.is_loading(),
            held: self.berth.setup.borrow().endpoint.status.holds(),
            startable: self.machine.has_startable(wall),
            next_wakeup: self.machine.next_wakeup(),
            rate_limited: self.machine.waits_for_rate_limit(wall).is_some(),
            breaker: self.machine.breaker_phase(wall),
            cools_until: self.machine.cools_until(wall),
            at_limit: self.machine.is_at_its_limit(),
            may_rest,
            idle_since: may_rest.map(|_| before.idle_since.unwrap_or(now)),
            slim: may_rest.is_some() && before.slim,
        });
    }
}

impl Actor for Lane {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Context<Self>) {
        context.set_mailbox_capacity(MAILBOX_MAX);
        context.add_stream(BerthNews(Rc::clone(&self.berth)));
        self.wake(context);
    }
}

impl Handler<Hint> for Lane {
    type Result = ();

    fn handle(&mut self, hint: Hint, context: &mut Context<Self>) {
        self.berth
            .inbox
            .set(self.berth.inbox.get().saturating_sub(1));
        let mut items = hint.items;
        for item in &mut items {
            let by_ms = self.yard.set_ms() - hint.set_ms;
            item.budget_started_at = item.budget_started_at.moved_by(by_ms);
        }
        let mut effects = Effects::new();
        self.step(Input::Handed(items), &mut effects);
        self.perform(effects, context);
    }
}

impl StreamHandler<News> for Lane {
    fn handle(&mut self, news: News, context: &mut Context<Self>) {
        let effects = self.take_up(news);
        self.perform(effects, context);
    }

    fn finished(&mut self, _: &mut Context<Self>) {}
}

impl Handler<Stop> for Lane {
    type Result = ();

    fn handle(&mut self, _: Stop, context: &mut Context<Self>) {
        context.stop();
    }
}

/// Whether the lane's receiver is slow, for the snapshot.
pub(super) fn is_slow(yard: &Yard, berth: &Berth) -> bool {
    yard.slots.borrow().standing(berth.endpoint_id) == Standing::Slow
}
