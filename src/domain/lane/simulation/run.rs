//! One schedule: what happens when, and what is checked at every request.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::super::slots::Slots;
use super::super::{
    Batch, BreakerTurn, Effect, Input, Item, LaneConfig, LaneMachine, LoadRequest, Pace, Settlement,
};
use super::store::{LADDER, State, Store};
use super::watch::Watch;
use crate::domain::breaker::BreakerPolicy;
use crate::domain::id::{DeliveryId, EndpointId};
use crate::domain::rate_limit::RateLimit;
use crate::domain::time::Timestamp;

const STEPS_MAX: usize = 50_000;
const DEADLINE: Duration = Duration::from_millis(500);
const LANE: EndpointId = EndpointId::from_i64(1);
const STRANGER: EndpointId = EndpointId::from_i64(2);
/// From here on, in milliseconds from the start, nothing goes wrong any more.
const TROUBLE_MAX: u32 = 4_000;

/// What comes to pass later.
#[derive(Debug)]
enum Later {
    Publish,
    Look,
    /// The store is read now; the answer travels on.
    Read(LoadRequest),
    Batch(Batch<()>),
    LoadFailed(u64),
    Answer(DeliveryId, Pace),
    /// The record reaches the disk: the attempt it was, and whether it succeeded.
    Record(DeliveryId, u32, bool),
    Settled(DeliveryId, Settlement),
    /// The store takes note of the breaker.
    NoteBreaker,
    Granted,
    Wake,
    StrangerLeaves,
    /// The receiver falls ill or is well again.
    Ill(bool),
    Replay,
    Discard,
    Hold(Held),
    ClockSet(i64),
    Panic,
    Crash,
}

/// What an operator does to an endpoint.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Held {
    Paused,
    Disabled,
    No,
}

/// A request that is not settled.
#[derive(Clone, Copy, Debug)]
struct Flight {
    answered: bool,
    number: u32,
    probe: bool,
}

pub(super) struct Run {
    seed: u64,
    rng: ChaCha8Rng,
    now: Timestamp,
    /// What comes, by time and then by the order in which it was set up.
    agenda: BTreeMap<(Timestamp, u64), Later>,
    entries: u64,
    store: Store,
    slots: Slots,
    config: LaneConfig,
    lane: LaneMachine<()>,
    /// Lanes there were before this one, since the last crash.
    lanes: u32,
    /// Whether the lane's breaker is open.
    breaker_open: bool,
    watch: Watch,
    held: Held,
    ill: bool,
    /// Deliveries that may still be made poison.
    poison_left: u32,
    in_flight: BTreeMap<DeliveryId, Flight>,
    /// When requests left.
    sent: Vec<Timestamp>,
    /// Deliveries that one event makes at most.
    burst: u32,
    /// Held by somebody else.
    foreign_slots: u32,
    /// The lane's one timer.
    armed: Option<Timestamp>,
    /// Whether a hint was lost and the lane not told yet.
    look_is_due: bool,
    /// Whether something happened that may reorder an ordered lane.
    disturbed: bool,
    steps: usize,
}

impl Run {
    /// The schedule of this seed, of a few deliveries or of hundreds.
    pub(super) fn new(seed: u64, long: bool) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut below = |bound: u32| rng.next_u32() % bound;
        let ordered = below(3) == 0;
        let breaker = (below(3) > 0).then(|| {
            Arc::new(BreakerPolicy {
                enabled: true,
                consecutive: 2 + below(6),
                share_permille: 300 + u16::try_from(below(700)).unwrap(),
                window: 8 + below(120),
                attempts_min: 2 + below(6),
                probe_first: Duration::from_millis(20 + u64::from(below(200))),
                probe_max: Duration::from_millis(400),
            })
        });
        let config = LaneConfig {
            ordered,
            concurrency: 1 + below(6),
            held: false,
            deadline: DEADLINE,
            rate_limit: (below(3) == 0).then(|| {
                let per = Duration::from_millis(1_000 + u64::from(below(500)));
                RateLimit::new(1 + u64::from(below(30)), per).unwrap()
            }),
            breaker,
        };
        let now = Timestamp::from_millis(1_000_000);
        let mut slots = Slots::new(1 + below(8));
        let foreign_slots = u32::from(below(2) == 0 && slots.take(STRANGER));
        // Behind an open breaker, several that are refused for good and nothing else would be asked about for ever:
        // what ends that is not the lane's to decide.
        let poison_left = if ordered || config.breaker.is_none() {
            100
        } else {
            1
        };
        let mut run = Self {
            seed,
            rng,
            now,
            agenda: BTreeMap::new(),
            entries: 0,
            store: Store::default(),
            slots,
            lane: LaneMachine::new(LANE, config.clone(), now, 0, false, std::iter::empty()),
            config,
            lanes: 0,
            breaker_open: false,
            watch: Watch::default(),
            held: Held::No,
            ill: false,
            poison_left,
            in_flight: BTreeMap::new(),
            sent: Vec::new(),
            burst: if long { 200 } else { 5 },
            foreign_slots,
            armed: None,
            look_is_due: false,
            disturbed: false,
            steps: 0,
        };
        run.plan(if long { 12 } else { 3 });
        run
    }

    fn plan(&mut self, most: u32) {
        self.at_random(Later::StrangerLeaves);
        for _ in 0..1 + self.below(most) {
            self.at_random(Later::Publish);
        }
        for _ in 0..self.below(most.min(4)) {
            let step = i64::from(self.below(200_000)) - 100_000;
            match self.below(9) {
                0 => self.at_random(Later::Replay),
                1 => self.at_random(Later::Discard),
                2 => self.at_random(Later::Panic),
                3 => self.at_random(Later::Hold(Held::Paused)),
                4 => self.at_random(Later::Hold(Held::Disabled)),
                5 => self.at_random(Later::ClockSet(step)),
                6 => self.at_random(Later::Crash),
                _ => self.at_random(Later::Ill(true)),
            }
        }
        // The last word of the operator is to go on, and the receiver gets well.
        self.later(TROUBLE_MAX + 1_000, Later::Hold(Held::No));
        self.later(TROUBLE_MAX + 1_000, Later::Ill(false));
        // What comes then tells a lane so that asks with nothing but what its receiver will never take.
        self.later(TROUBLE_MAX + 1_001, Later::Publish);
    }

    fn below(&mut self, bound: u32) -> u32 {
        self.rng.next_u32() % bound
    }

    fn later(&mut self, millis: u32, what: Later) {
        self.entries += 1;
        let at = self.now + Duration::from_millis(u64::from(millis));
        self.agenda.insert((at, self.entries), what);
    }

    fn soon(&mut self, within: u32, what: Later) {
        let millis = self.below(within);
        self.later(millis, what);
    }

    fn at_random(&mut self, what: Later) {
        self.soon(TROUBLE_MAX, what);
    }

    #[track_caller]
    fn check(&self, kept: bool, what: &str) {
        assert!(kept, "seed {}: {what}: {:?}", self.seed, self.lane);
    }

    fn must(&self, kept: Result<(), String>) {
        if let Err(what) = kept {
            panic!("seed {}: {what}: {:?}", self.seed, self.lane);
        }
    }

    /// Plays it to its end.
    pub(super) fn play(mut self) {
        self.input(Input::Wake);
        while let Some(((at, _), what)) = self.agenda.pop_first() {
            self.steps += 1;
            self.check(self.steps < STEPS_MAX, "it never ends");
            self.now = self.now.max(at);
            self.happen(what);
            self.check(self.store.adds_up(), "the ledger does not add up");
        }
        self.check(self.lane.next_wakeup().is_none(), "idle and awake");
        self.check(self.lane.in_flight() == 0, "in flight for ever");
        self.check(self.lane.may_rest() == Some(None), "idle and busy");
        self.check(self.slots.in_use() == self.foreign_slots, "a slot is lost");
        self.check(self.store.agrees_with_its_ledger(), "the ledger is wrong");
        self.check(
            self.store.breaker_open == self.breaker_open,
            "the store does not know",
        );
        for (id, row) in &self.store.rows {
            let what = format!("{id} {row:?}");
            self.check(row.state != State::Pending, &what);
            self.check(row.sent == row.recorded + row.forgotten, &what);
        }
    }

    fn happen(&mut self, what: Later) {
        match what {
            Later::Publish => self.publish(),
            Later::Look => {
                self.look_is_due = false;
                self.input(Input::Look);
            }
            Later::Read(request) => {
                if self.below(20) == 0 {
                    return self.later(3, Later::LoadFailed(request.epoch));
                }
                let batch = self.store.read(request, self.now);
                self.soon(20, Later::Batch(batch));
            }
            Later::Batch(batch) => self.input(Input::Loaded(batch)),
            Later::LoadFailed(epoch) => self.input(Input::LoadFailed { epoch }),
            Later::Answer(id, pace) => self.answer(id, pace),
            Later::Record(id, number, success) => self.record(id, number, success),
            Later::Settled(id, settlement) => {
                self.in_flight.remove(&id);
                self.watch.landed(id);
                self.input(Input::Settled { id, settlement });
            }
            Later::NoteBreaker => self.store.breaker_open = self.breaker_open,
            Later::Granted => self.input(Input::Wake),
            Later::Wake => {
                if self.armed == Some(self.now) {
                    self.armed = None;
                    self.input(Input::Wake);
                }
            }
            Later::StrangerLeaves => {
                if self.foreign_slots > 0 {
                    self.slots.give_back(STRANGER);
                    self.foreign_slots = 0;
                    self.tell_granted();
                }
            }
            Later::Ill(ill) => {
                self.ill = ill;
                if ill {
                    let millis = 100 + self.below(2_000);
                    self.later(millis, Later::Ill(false));
                }
            }
            Later::Replay => {
                if let Some(id) = self.any_row() {
                    self.store.replay(id, self.now);
                    self.disturbed = true;
                    self.input(Input::Look);
                }
            }
            Later::Discard => {
                if let Some(id) = self.any_row().filter(|&id| self.store.discard(id)) {
                    let _ = id;
                    self.disturbed = true;
                    self.watch.forget_backlog();
                    self.input(Input::Look);
                }
            }
            Later::Hold(held) => self.hold(held),
            Later::ClockSet(by_ms) => self.set_clock(by_ms),
            Later::Panic => self.begin_lane(self.lanes + 1, self.breaker_open),
            Later::Crash => self.crash(),
        }
    }

    fn publish(&mut self) {
        if self.held == Held::Disabled {
            return;
        }
        let mut ids = Vec::new();
        for _ in 0..1 + self.below(self.burst) {
            let poison = self.poison_left > 0 && self.below(8) == 0;
            self.poison_left -= u32::from(poison);
            ids.push(self.store.accept(poison));
        }
        // Hints come in the order of commits; after a lost one none comes before the call to look.
        if self.look_is_due {
            return;
        }
        if self.below(4) == 0 {
            self.look_is_due = true;
            self.soon(50, Later::Look);
        } else {
            let items = ids.into_iter().map(|id| self.store.item(id, self.now));
            self.input(Input::Handed(items.collect()));
        }
    }

    fn any_row(&mut self) -> Option<DeliveryId> {
        let count = u32::try_from(self.store.rows.len()).unwrap();
        let index = self.below(count.max(1));
        self.store.rows.keys().nth(index as usize).copied()
    }

    fn hold(&mut self, held: Held) {
        let was_held = std::mem::replace(&mut self.held, held) != Held::No;
        self.config.held = held != Held::No;
        if was_held && held == Held::No {
            let due = self.store.due(self.now);
            let most = if self.config.ordered {
                1
            } else {
                self.config.concurrency as usize
            };
            if self.config.breaker.is_some() && due > most && self.in_flight.is_empty() {
                self.watch.resumed_with_backlog();
            }
        }
        self.input(Input::Configured(self.config.clone()));
        if was_held && held == Held::No {
            self.watch.resumed();
            self.input(Input::Resumed);
        }
        if held != Held::No {
            self.soon(300, Later::Hold(Held::No));
        }
    }

    /// Everything that is planned by the wall clock moves with it; the agenda goes by elapsed time.
    fn set_clock(&mut self, by_ms: i64) {
        self.now = self.now.moved_by(by_ms);
        let agenda = std::mem::take(&mut self.agenda);
        self.agenda = agenda
            .into_iter()
            .map(|((at, entry), what)| {
                let what = match what {
                    Later::Settled(id, Settlement::RetryAt(at)) => {
                        Later::Settled(id, Settlement::RetryAt(at.moved_by(by_ms)))
                    }
                    what => what,
                };
                ((at.moved_by(by_ms), entry), what)
            })
            .collect();
        self.store.clock_set(by_ms);
        self.watch.clock_set(by_ms);
        self.armed = self.armed.map(|at| at.moved_by(by_ms));
        for at in &mut self.sent {
            *at = at.moved_by(by_ms);
        }
        self.input(Input::ClockSet { by_ms });
    }

    /// A lane takes over from one that ended.
    fn begin_lane(&mut self, number: u32, breaker_open: bool) {
        let flights = self.in_flight.iter();
        let left: Vec<_> = flights
            .map(|(&id, flight)| (id, !flight.answered))
            .collect();
        let sending = left.iter().filter(|(_, sending)| *sending).count();
        self.slots.take_over(LANE, u32::try_from(sending).unwrap());
        self.lanes = number;
        self.watch.begin(breaker_open);
        let (config, now) = (self.config.clone(), self.now);
        self.lane = LaneMachine::new(LANE, config, now, number, breaker_open, left.into_iter());
        self.input(Input::Wake);
    }

    /// The service ends with all that it has in memory, and starts again.
    fn crash(&mut self) {
        for id in std::mem::take(&mut self.in_flight).into_keys() {
            // What is on the disk already is remembered.
            let row = self.store.rows.get_mut(&id).unwrap();
            row.forgotten += row.sent - row.recorded - row.forgotten;
        }
        self.agenda.retain(|_, what| {
            matches!(
                what,
                Later::Publish
                    | Later::StrangerLeaves
                    | Later::Ill(_)
                    | Later::Replay
                    | Later::Discard
                    | Later::Hold(_)
                    | Later::ClockSet(_)
                    | Later::Panic
                    | Later::Crash
            )
        });
        self.slots = Slots::new(self.slots.total());
        self.foreign_slots = 0;
        self.armed = None;
        self.look_is_due = false;
        self.breaker_open = self.store.breaker_open;
        // The service counts for the rate limit what it cannot know: here nothing is forgotten of it.
        self.store.recorded.clone_from(&self.sent);
        self.begin_lane(0, self.breaker_open);
    }

    fn answer(&mut self, id: DeliveryId, pace: Pace) {
        // An abandoned request is answered once, by whichever comes first.
        let Some(flight) = self
            .in_flight
            .get_mut(&id)
            .filter(|flight| !flight.answered)
        else {
            return;
        };
        flight.answered = true;
        let (number, well) = (flight.number, pace == Pace::Well);
        self.watch.answered(id, self.now, well);
        self.input(Input::Answered { id, pace });
        self.soon(10, Later::Record(id, number, well));
    }

    fn record(&mut self, id: DeliveryId, number: u32, success: bool) {
        let probe = self.in_flight.get(&id).is_some_and(|flight| flight.probe);
        let settlement = self.store.record(id, number, success, probe, self.now);
        self.soon(3, Later::Settled(id, settlement));
    }

    fn input(&mut self, input: Input<()>) {
        let mut effects = Vec::new();
        let (lane, slots) = (&mut self.lane, &mut self.slots);
        lane.step(self.now, &mut self.rng, slots, input, &mut effects);
        for effect in effects {
            match effect {
                Effect::Send { item, probe, .. } => self.send(&item, probe),
                Effect::Abandon(id) => self.later(0, Later::Answer(id, Pace::TimedOut)),
                Effect::Load(request) => self.soon(20, Later::Read(request)),
                Effect::Breaker(turn) => self.breaker_turned(turn),
            }
        }
        self.tell_granted();
        let armed = self.armed.unwrap_or(Timestamp::FAR_FUTURE);
        if let Some(wakeup) = self.lane.next_wakeup().filter(|&at| at < armed) {
            self.armed = Some(wakeup);
            self.check(wakeup > self.now, "a wake-up in the past");
            let millis = wakeup.since(self.now).as_millis();
            self.later(u32::try_from(millis).unwrap(), Later::Wake);
        }
    }

    fn breaker_turned(&mut self, turn: BreakerTurn) {
        let open = turn == BreakerTurn::Opened;
        self.check(
            open != self.breaker_open,
            "a breaker turned to where it stood",
        );
        self.breaker_open = open;
        if open {
            let policy = self.config.breaker.as_deref().copied();
            let kept = self.watch.opened(policy);
            self.must(kept);
        } else {
            self.watch.closed();
        }
        self.soon(20, Later::NoteBreaker);
    }

    fn tell_granted(&mut self) {
        while let Some(lane) = self.slots.next_grant() {
            self.check(lane == LANE, "somebody else's grant");
            self.later(0, Later::Granted);
        }
    }

    fn send(&mut self, item: &Item<()>, probe: bool) {
        let (id, number) = (item.id, item.attempts + 1);
        let flight = Flight {
            answered: false,
            number,
            probe,
        };
        let before = self.in_flight.insert(id, flight);
        self.check(before.is_none(), "in flight twice");
        let unanswered = |flight: &&Flight| !flight.answered;
        let sending = self.in_flight.values().filter(unanswered).count();
        let most = self.config.concurrency as usize;
        self.check(sending <= most, "beyond its concurrency");
        self.check(sending <= self.slots.in_use() as usize, "without a slot");
        self.check(!self.config.held, "sent while held");
        self.sent.push(self.now);
        if let Some(limit) = self.config.rate_limit {
            let within = |&&at: &&Timestamp| self.now.since(at) < limit.per();
            let latest = self.sent.iter().rev().take_while(within).count();
            self.check(latest <= limit.requests() as usize, "beyond its rate limit");
        }
        let policy = self.config.breaker.as_deref().copied();
        let kept = self.watch.sent(id, self.now, policy);
        self.must(kept);
        let row = self.store.rows.get_mut(&id).unwrap();
        row.sent += 1;
        let row = &self.store.rows[&id];
        let rungs = u32::try_from(LADDER.len()).unwrap() + 1;
        let budget = rungs * (row.replays + 1) + row.free + row.forgotten;
        self.check(number <= budget, "beyond its budget");
        if !self.disturbed {
            self.check(row.state == State::Pending, "sent though over");
            self.check(row.attempts + 1 == number, "sent from an old row");
            let early = row.next_attempt_at.is_some_and(|at| at > self.now);
            self.check(!early, "before it was due");
        }
        if self.config.ordered {
            self.check(self.in_flight.len() == 1, "two in an ordered lane");
            self.check(!probe, "a free probe in an ordered lane");
            let mut earlier = self.store.rows.range(..id);
            let waits = earlier.any(|(_, row)| row.state == State::Pending);
            self.check(self.disturbed || !waits, "out of order");
        }
        let row = &self.store.rows[&id];
        let poison = row.poison;
        match self.below(16) {
            // It hangs: the lane's deadline ends it.
            0 => {}
            1 => self.later(30, Later::Answer(id, Pace::Overloaded(None))),
            2 | 3 => self.later(5, Later::Answer(id, Pace::Failed)),
            _ if self.ill || poison => self.soon(20, Later::Answer(id, Pace::Failed)),
            _ => self.soon(40, Later::Answer(id, Pace::Well)),
        }
    }
}
