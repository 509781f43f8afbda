//! The lane machine: what one endpoint's lane does about everything that can happen to it.

mod care;

use std::sync::Arc;
use std::time::Duration;

use rand::Rng;

use super::breaker::{Breaker, Gate};
use super::cooling::Cooling;
use super::flights::Flights;
use super::queue::{LoadRequest, Queue};
use super::slots::{Slots, Standing};
use super::step::{BreakerTurn, Effect, Input, LaneConfig, Pace, Settlement};
use super::throttle::{Room, Throttle};
use crate::domain::breaker::BreakerPolicy;
use crate::domain::id::{DeliveryId, EndpointId};
use crate::domain::time::Timestamp;

/// Timeouts in a row after which a receiver counts as slow that has answered before; else the first is enough.
const TIMEOUTS_SLOW: u32 = 2;
/// The smallest and the largest window a lane asks the store for.
const WINDOW_MIN: usize = 2;
const WINDOW_MAX: usize = 128;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Running,
    Held,
    Draining,
}

/// One endpoint's lane.
#[derive(Debug)]
pub struct LaneMachine<P> {
    endpoint: EndpointId,
    /// See [`LaneConfig`], like the next two.
    ordered: bool,
    concurrency: u32,
    deadline: Duration,
    mode: Mode,
    queue: Queue<P>,
    /// Every delivery between Send and Settled.
    flights: Flights,
    cooling: Cooling,
    /// Boxed: most lanes have none.
    throttle: Option<Box<Throttle>>,
    timeouts_in_a_row: u32,
    policy: Option<Arc<BreakerPolicy>>,
    /// There from a failure on for as long as it matters.
    breaker: Option<Box<Breaker>>,
    /// Successes since the latest failure, where there is no breaker; at most as many as one looks at.
    successes_in_a_row: u8,
    /// Whether the breaker is open as far as the store has been told.
    told_open: bool,
    wakeup: Option<Timestamp>,
}

impl<P> LaneMachine<P> {
    /// A lane that knows nothing of its deliveries yet.
    ///
    /// `generation` counts the lanes that this endpoint has had: an answer to a load of an earlier one is ignored.
    /// `in_flight` are the requests that an earlier lane of this endpoint left behind, with whether they are still
    /// unanswered and so hold a slot; they will be reported here. `breaker_open` says whether such a lane left its
    /// breaker open.
    pub fn new(
        endpoint: EndpointId,
        config: LaneConfig,
        now: Timestamp,
        generation: u32,
        breaker_open: bool,
        in_flight: impl Iterator<Item = (DeliveryId, bool)>,
    ) -> Self {
        let flights = Flights::left_behind(in_flight, now + config.deadline);
        let sending = flights.sending();
        let recording = count(flights.len()) - sending;
        Self {
            endpoint,
            ordered: config.ordered,
            concurrency: config.concurrency.max(1),
            deadline: config.deadline,
            mode: mode_of(&config),
            queue: Queue::unknown(u64::from(generation) << 32),
            flights,
            cooling: Cooling::default(),
            throttle: config
                .rate_limit
                .map(|limit| Box::new(Throttle::unknown(limit, now, sending, recording))),
            timeouts_in_a_row: 0,
            breaker: (breaker_open && config.breaker.is_some())
                .then(|| Box::new(Breaker::left_open(now))),
            policy: config.breaker,
            successes_in_a_row: 0,
            told_open: breaker_open,
            wakeup: None,
        }
    }

    /// Takes one input and appends what is to be done.
    pub fn step(
        &mut self,
        now: Timestamp,
        rng: &mut dyn Rng,
        slots: &mut Slots,
        input: Input<P>,
        effects: &mut Vec<Effect<P>>,
    ) {
        match input {
            Input::Handed(items) => self.queue.hand(items.into_iter()),
            // What was missed may lie before what came since: only a fresh start finds it.
            Input::Look => self.queue.reset(),
            Input::Loaded(mut batch) => {
                if let (Some(throttle), Some(past)) = (&mut self.throttle, batch.answered.take()) {
                    throttle.take_up(now, &past);
                }
                let flights = &self.flights;
                self.queue.take_up(batch, |id| flights.contains(id));
            }
            Input::LoadFailed { epoch } => self.queue.load_failed(now, epoch),
            Input::Wake => {}
            Input::Answered { id, pace } => {
                if self.answered(now, rng, slots, id, pace) {
                    self.judge_receiver(now, rng, id, pace);
                }
            }
            Input::Settled { id, settlement } => self.settled(now, slots, id, settlement),
            Input::Configured(config) => self.configure(config),
            Input::Resumed => self.resumed(now),
            Input::ClockSet { by_ms } => self.clock_set(by_ms),
            Input::Drain => self.mode = Mode::Draining,
        }
        self.abandon_overdue(now, effects);
        match self.mode {
            Mode::Running => self.advance(now, slots, effects),
            Mode::Held | Mode::Draining => {
                self.queue.reset();
                slots.decline(self.endpoint);
            }
        }
        let is_open = self
            .breaker
            .as_ref()
            .is_some_and(|breaker| breaker.is_open());
        if std::mem::replace(&mut self.told_open, is_open) != is_open {
            effects.push(Effect::Breaker(match is_open {
                true => BreakerTurn::Opened,
                false => BreakerTurn::Closed,
            }));
        }
        self.wakeup = self.find_wakeup(now);
    }

    /// When the machine wants to be woken at the latest; `None` while only inputs can move it.
    pub const fn next_wakeup(&self) -> Option<Timestamp> {
        self.wakeup
    }

    /// Whether the lane may be put to rest: nothing is in flight and nothing is due. The inner instant is when
    /// something will be.
    pub fn may_rest(&self) -> Option<Option<Timestamp>> {
        if !self.flights.is_empty() {
            return None;
        }
        match self.mode {
            Mode::Held | Mode::Draining => Some(None),
            Mode::Running => self.queue.only_scheduled(),
        }
    }

    /// Gives back the room that more work once took: for a lane that has been idle for a while.
    pub fn slim(&mut self) {
        self.queue.slim();
        if let Some(throttle) = &mut self.throttle {
            throttle.slim();
        }
    }

    /// Deliveries between Send and Settled.
    pub fn in_flight(&self) -> usize {
        self.flights.len()
    }

    /// Deliveries in the window.
    pub fn window(&self) -> usize {
        self.queue.len()
    }

    /// Whether the store may hold more than the window.
    pub const fn has_more(&self) -> bool {
        self.queue.has_more()
    }

    /// Whether a load is under way.
    pub const fn is_loading(&self) -> bool {
        self.queue.is_loading()
    }

    /// Whether something could start at `now` if there were a slot: work that stands still when nothing does.
    pub fn has_startable(&self, now: Timestamp) -> bool {
        self.mode == Mode::Running
            && self.may_start(now)
            && self.room(now) == Room::Free
            && self.queue.is_startable(now)
    }

    /// Whether a delivery that could start waits for the rate limit, and until when; the inner `None` is until a
    /// request is answered.
    pub fn waits_for_rate_limit(&self, now: Timestamp) -> Option<Option<Timestamp>> {
        let could =
            self.mode == Mode::Running && self.may_start(now) && self.queue.is_startable(now);
        if !could {
            return None;
        }
        match self.room(now) {
            Room::Free => None,
            Room::At(at) => Some(Some(at)),
            Room::Unknown => Some(None),
        }
    }

    /// Takes note of an answer; says whether it is news.
    fn answered(
        &mut self,
        now: Timestamp,
        rng: &mut dyn Rng,
        slots: &mut Slots,
        id: DeliveryId,
        pace: Pace,
    ) -> bool {
        if !self.flights.answered(id) {
            return false;
        }
        slots.give_back(self.endpoint);
        if let Some(throttle) = &mut self.throttle {
            throttle.answered(now);
        }
        match pace {
            Pace::Well => self.cooling.recover(),
            Pace::Failed | Pace::TimedOut => {}
            Pace::Overloaded(asked) => self.cooling.strike(now, rng, asked),
        }
        self.timeouts_in_a_row = match pace {
            Pace::TimedOut => self.timeouts_in_a_row.saturating_add(1),
            Pace::Well | Pace::Failed | Pace::Overloaded(_) => 0,
        };
        match (self.timeouts_in_a_row, slots.standing(self.endpoint)) {
            (0, _) => slots.set_standing(self.endpoint, Standing::Proven),
            (1..TIMEOUTS_SLOW, Standing::Proven) => {}
            (_, Standing::Unproven | Standing::Slow) | (TIMEOUTS_SLOW.., Standing::Proven) => {
                slots.set_standing(self.endpoint, Standing::Slow);
            }
        }
        true
    }

    fn settled(
        &mut self,
        now: Timestamp,
        slots: &mut Slots,
        id: DeliveryId,
        settlement: Settlement,
    ) {
        match self.flights.settled(id) {
            None => return,
            Some(true) => {
                slots.give_back(self.endpoint);
                if let Some(breaker) = &mut self.breaker {
                    breaker.came_to_nothing(now, id);
                }
                match (&mut self.throttle, settlement) {
                    // No request could be made of it.
                    (Some(throttle), Settlement::Done) => throttle.never_left(),
                    // Nobody knows whether one left.
                    (Some(throttle), _) => throttle.answered(now),
                    (None, _) => {}
                }
            }
            Some(false) => {}
        }
        self.queue.settle(id);
        match settlement {
            Settlement::Done => {}
            Settlement::RetryAt(at) if !self.ordered => self.queue.note_retry(at),
            Settlement::RetryAt(_) | Settlement::Stale => self.queue.reset(),
        }
    }

    fn configure(&mut self, config: LaneConfig) {
        if self.ordered != config.ordered {
            self.queue.reset();
        }
        self.throttle = match (self.throttle.take(), config.rate_limit) {
            (_, None) => None,
            (None, Some(limit)) => Some(Box::new(Throttle::fresh(limit, self.flights.sending()))),
            (Some(mut throttle), Some(limit)) => {
                throttle.set_limit(limit);
                Some(throttle)
            }
        };
        self.ordered = config.ordered;
        self.concurrency = config.concurrency.max(1);
        self.deadline = config.deadline;
        if config.breaker.is_none() {
            self.breaker = None;
        }
        if self.mode != Mode::Draining {
            self.mode = mode_of(&config);
        }
        self.policy = config.breaker;
    }

    /// What is planned by the wall clock moves with it; due times are read again.
    fn clock_set(&mut self, by_ms: i64) {
        self.queue.reset();
        self.cooling.clock_set(by_ms);
        if let Some(breaker) = &mut self.breaker {
            breaker.clock_set(by_ms);
        }
        if let Some(throttle) = &mut self.throttle {
            throttle.clock_set(by_ms);
        }
        self.flights.clock_set(by_ms);
    }

    fn abandon_overdue(&mut self, now: Timestamp, effects: &mut Vec<Effect<P>>) {
        let overdue = self.flights.overdue(now);
        effects.extend(overdue.into_iter().map(Effect::Abandon));
    }

    fn advance(&mut self, now: Timestamp, slots: &mut Slots, effects: &mut Vec<Effect<P>>) {
        self.look_at_backlog(now);
        let mut refused = false;
        while !refused && self.may_start(now) && self.queue.is_startable(now) {
            if self.room(now) != Room::Free {
                if let Some(throttle) = &mut self.throttle {
                    throttle.hold_back(now);
                }
                break;
            }
            refused = !slots.take(self.endpoint);
            if refused {
                break;
            }
            let Some(item) = self.queue.pop() else {
                break;
            };
            self.flights.take_off(item.id, now + self.deadline);
            if let Some(throttle) = &mut self.throttle {
                throttle.sent();
            }
            let due_at = item.due_at.unwrap_or(item.budget_started_at);
            let throttle = self.throttle.as_ref();
            let held_back = throttle.is_some_and(|throttle| throttle.held_back(due_at));
            let breaker = self.breaker.as_mut();
            let probe = breaker.is_some_and(|breaker| breaker.sent(item.id))
                && !self.ordered
                && self.queue.may_have_others();
            effects.push(Effect::Send {
                item,
                held_back,
                probe,
            });
        }
        if !refused {
            slots.decline(self.endpoint);
        }
        let target = self.window_target(slots);
        let load = self
            .queue
            .wanted_load(now, self.ordered, target, self.flights.len());
        let answered_since = self
            .throttle
            .as_ref()
            .and_then(|throttle| throttle.wants_past_since(now));
        effects.extend(load.map(|load| {
            Effect::Load(LoadRequest {
                answered_since,
                ..load
            })
        }));
    }

    /// Whether the rate limit lets another request start.
    fn room(&self, now: Timestamp) -> Room {
        self.throttle
            .as_ref()
            .map_or(Room::Free, |throttle| throttle.room(now))
    }

    /// Whether the lane's own rules let another request start.
    fn may_start(&self, now: Timestamp) -> bool {
        if self.cooling.pause(now).is_some() {
            return false;
        }
        let gate = self.gate(now);
        if matches!(gate, Gate::Closed | Gate::Shut(_)) {
            return false;
        }
        if self.ordered || gate == Gate::Probe {
            return self.flights.is_empty();
        }
        let sending_max = self.sending_max();
        // A crash repeats what is sent and not recorded, so as many may wait for the disk as may be on the wire.
        let unrecorded_max = sending_max.saturating_mul(2) as usize;
        self.flights.sending() < sending_max && self.flights.len() < unrecorded_max
    }

    /// Twice as much as can soon be in flight: the next are there when the first are done.
    fn window_target(&self, slots: &Slots) -> usize {
        let soon = self.concurrency.min(slots.expected_share()) as usize;
        (soon * 2).clamp(WINDOW_MIN, WINDOW_MAX)
    }

    fn find_wakeup(&self, now: Timestamp) -> Option<Timestamp> {
        let [head, store] = match self.mode {
            Mode::Running => self.queue.wakeups(),
            Mode::Held | Mode::Draining => [None, None],
        };
        let head = head.filter(|_| self.may_start(now));
        let limited = self.waits_for_rate_limit(now).flatten();
        let cooling = self
            .cooling
            .pause(now)
            .filter(|_| self.mode == Mode::Running && self.queue.len() > 0);
        let shut = match self.gate(now) {
            Gate::Shut(until) if self.mode == Mode::Running && self.queue.len() > 0 => Some(until),
            _ => None,
        };
        // What has passed was acted on in this step and moves on with an input.
        [self.flights.check_at(), head, store, cooling, limited, shut]
            .into_iter()
            .flatten()
            .filter(|&at| at > now)
            .min()
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

const fn mode_of(config: &LaneConfig) -> Mode {
    if config.held {
        Mode::Held
    } else {
        Mode::Running
    }
}
