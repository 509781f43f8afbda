//! Thousands of lanes against a scripted receiver and a store in memory, without a runtime.
//!
//! Each run is a seed. Hints get lost or come late, loads return what was true when they read, lanes panic and are
//! replaced, operators pause, replay and discard. Whatever happens: never two requests in flight for one delivery,
//! never more than the lane's concurrency or rate limit, an ordered lane in order, no attempt beyond the budget, every delivery
//! ends, and a lane with nothing to do wants no wake-up.

use std::collections::BTreeMap;
use std::time::Duration;

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::slots::Slots;
use super::{Batch, Effect, Input, Item, LaneConfig, LaneMachine, LoadRequest, Pace, Settlement};
use crate::domain::id::{DeliveryId, EndpointId};
use crate::domain::rate_limit::RateLimit;
use crate::domain::time::Timestamp;

const LADDER: [u64; 3] = [50, 400, 3_000];
const STEPS_MAX: usize = 50_000;
const DEADLINE: Duration = Duration::from_millis(500);

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Pending,
    Delivered,
    Dead,
    Discarded,
}

#[derive(Clone, Debug)]
struct Row {
    state: State,
    attempts: u32,
    budget_attempts: u32,
    replays: u32,
    next_attempt_at: Option<Timestamp>,
}

/// What comes to pass later.
#[derive(Debug)]
enum Later {
    Publish,
    Hint(Vec<DeliveryId>),
    Look,
    /// The store is read now; the answer travels on.
    Read(LoadRequest),
    Batch(Batch<()>),
    LoadFailed(u64),
    Answer(DeliveryId, Pace),
    /// The record reaches the disk: the attempt it was, and whether it succeeded.
    Record(DeliveryId, u32, bool),
    Settled(DeliveryId, Settlement),
    Granted,
    Wake,
    StrangerLeaves,
    Replay,
    Discard,
    Hold(bool),
    Panic,
}

struct Run {
    seed: u64,
    rng: ChaCha8Rng,
    now: Timestamp,
    /// What comes, by time and then by the order in which it was set up.
    agenda: BTreeMap<(Timestamp, u64), Later>,
    entries: u64,
    rows: BTreeMap<DeliveryId, Row>,
    slots: Slots,
    config: LaneConfig,
    lane: LaneMachine<()>,
    /// Lanes there were before this one.
    lanes: u32,
    /// Between Send and Settled: whether still unanswered, and the attempt's number.
    in_flight: BTreeMap<DeliveryId, (bool, u32)>,
    /// When requests left.
    sent: Vec<Timestamp>,
    /// When those were answered whose record is on the disk.
    recorded: Vec<Timestamp>,
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

const LANE: EndpointId = EndpointId::from_i64(1);
const STRANGER: EndpointId = EndpointId::from_i64(2);

impl Run {
    fn new(seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let config = LaneConfig {
            ordered: rng.next_u32().is_multiple_of(3),
            concurrency: 1 + rng.next_u32() % 6,
            held: false,
            deadline: DEADLINE,
            rate_limit: rng.next_u32().is_multiple_of(3).then(|| {
                let per = Duration::from_millis(1_000 + u64::from(rng.next_u32() % 500));
                RateLimit::new(1 + u64::from(rng.next_u32() % 30), per).unwrap()
            }),
        };
        let now = Timestamp::from_millis(1_000);
        let mut slots = Slots::new(1 + rng.next_u32() % 8);
        let foreign_slots = u32::from(rng.next_u32().is_multiple_of(2) && slots.take(STRANGER));
        let mut run = Self {
            seed,
            rng,
            now,
            agenda: BTreeMap::new(),
            entries: 0,
            rows: BTreeMap::new(),
            slots,
            config,
            lane: LaneMachine::new(LANE, config, now, 0, std::iter::empty()),
            lanes: 0,
            in_flight: BTreeMap::new(),
            sent: Vec::new(),
            recorded: Vec::new(),
            foreign_slots,
            armed: None,
            look_is_due: false,
            disturbed: false,
            steps: 0,
        };
        run.plan_troubles();
        run
    }

    fn plan_troubles(&mut self) {
        self.at_random(Later::StrangerLeaves);
        for _ in 0..1 + self.below(12) {
            self.at_random(Later::Publish);
        }
        if self.below(2) == 0 {
            return;
        }
        for _ in 0..self.below(4) {
            self.at_random(Later::Replay);
            self.at_random(Later::Discard);
            self.at_random(Later::Panic);
            self.at_random(Later::Hold(true));
        }
        // The last word of the operator is to go on.
        self.later(5_000, Later::Hold(false));
    }

    fn below(&mut self, bound: u32) -> u32 {
        self.rng.next_u32() % bound
    }

    fn later(&mut self, millis: u32, what: Later) {
        self.entries += 1;
        let at = self.now + Duration::from_millis(u64::from(millis));
        self.agenda.insert((at, self.entries), what);
    }

    fn at_random(&mut self, what: Later) {
        let millis = self.below(4_000);
        self.later(millis, what);
    }

    fn play(mut self) {
        self.input(Input::Wake);
        while let Some(((at, _), what)) = self.agenda.pop_first() {
            self.steps += 1;
            assert!(self.steps < STEPS_MAX, "seed {} never ends", self.seed);
            self.now = self.now.max(at);
            self.happen(what);
        }
        let seed = self.seed;
        assert_eq!(self.lane.next_wakeup(), None, "seed {seed}: idle and awake");
        assert_eq!(self.lane.in_flight(), 0, "seed {seed}");
        assert_eq!(
            self.lane.may_rest(),
            Some(None),
            "seed {seed}: idle and busy: {:?}",
            self.lane
        );
        assert_eq!(self.slots.in_use(), self.foreign_slots, "seed {seed}");
        for (id, row) in &self.rows {
            assert_ne!(
                row.state,
                State::Pending,
                "seed {seed}: {id} {row:?} is left"
            );
        }
    }

    fn happen(&mut self, what: Later) {
        match what {
            Later::Publish => self.publish(),
            Later::Hint(ids) => {
                let items = ids.into_iter().map(|id| self.item(id)).collect();
                self.input(Input::Handed(items));
            }
            Later::Look => {
                self.look_is_due = false;
                self.input(Input::Look);
            }
            Later::Read(request) => self.read(request),
            Later::Batch(batch) => self.input(Input::Loaded(batch)),
            Later::LoadFailed(epoch) => self.input(Input::LoadFailed { epoch }),
            Later::Answer(id, pace) => self.answer(id, pace),
            Later::Record(id, number, success) => self.record(id, number, success),
            Later::Settled(id, settlement) => {
                self.in_flight.remove(&id);
                self.input(Input::Settled { id, settlement });
            }
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
            Later::Replay => self.replay(),
            Later::Discard => self.discard(),
            Later::Hold(held) => {
                self.config.held = held;
                self.input(Input::Configured(self.config));
                if held {
                    let millis = self.below(300);
                    self.later(millis, Later::Hold(false));
                }
            }
            Later::Panic => {
                let left: Vec<_> = self
                    .in_flight
                    .iter()
                    .map(|(&id, &(sending, _))| (id, sending))
                    .collect();
                let sending = left.iter().filter(|(_, sending)| *sending).count();
                self.slots.take_over(LANE, u32::try_from(sending).unwrap());
                self.lanes += 1;
                self.lane =
                    LaneMachine::new(LANE, self.config, self.now, self.lanes, left.into_iter());
                self.input(Input::Wake);
            }
        }
    }

    fn publish(&mut self) {
        let mut ids = Vec::new();
        for _ in 0..1 + self.below(if self.seed.is_multiple_of(10) {
            400
        } else {
            10
        }) {
            let id = DeliveryId::from_i64(i64::try_from(self.rows.len()).unwrap() + 1);
            let row = Row {
                state: State::Pending,
                attempts: 0,
                budget_attempts: 0,
                replays: 0,
                next_attempt_at: None,
            };
            self.rows.insert(id, row);
            ids.push(id);
        }
        // Hints come in the order of commits; after a lost one none comes before the call to look.
        if self.look_is_due {
            return;
        }
        if self.below(4) == 0 {
            self.look_is_due = true;
            let millis = self.below(50);
            self.later(millis, Later::Look);
        } else {
            self.happen(Later::Hint(ids));
        }
    }

    fn item(&self, id: DeliveryId) -> Item<()> {
        let row = &self.rows[&id];
        Item {
            id,
            attempts: row.attempts,
            budget_attempts: row.budget_attempts,
            budget_started_at: self.now,
            held_before_ms: 0,
            due_at: row.next_attempt_at,
            payload: (),
        }
    }

    fn read(&mut self, request: LoadRequest) {
        if self.below(20) == 0 {
            return self.later(3, Later::LoadFailed(request.epoch));
        }
        let limit = request.limit as usize;
        let pending = |ids: &mut dyn Iterator<Item = (&DeliveryId, &Row)>| -> Vec<(Option<Timestamp>, DeliveryId)> {
            ids.filter(|(_, row)| row.state == State::Pending)
                .map(|(&id, row)| (row.next_attempt_at, id))
                .collect()
        };
        let all = pending(&mut self.rows.iter());
        let behind = |id: DeliveryId| request.after.is_none_or(|after| id > after);
        let mut fresh: Vec<_> = all
            .iter()
            .filter(|&&(next, id)| {
                behind(id) && (request.ordered || (request.fresh && next.is_none()))
            })
            .map(|&(_, id)| id)
            .collect();
        let mut due: Vec<_> = all
            .iter()
            .filter(|(next, _)| {
                request.due && !request.ordered && next.is_some_and(|at| at <= self.now)
            })
            .collect();
        due.sort();
        let next_due = all
            .iter()
            .filter_map(|&(next, _)| next.filter(|&at| at > self.now && !request.ordered))
            .min();
        let batch = Batch {
            epoch: request.epoch,
            due_more: due.len() > limit,
            fresh_more: fresh.len() > limit,
            due: due
                .iter()
                .take(limit)
                .map(|&&(_, id)| self.item(id))
                .collect(),
            fresh: {
                fresh.truncate(limit);
                fresh.iter().map(|&id| self.item(id)).collect()
            },
            next_due: next_due.filter(|_| request.due),
            answered: request.answered_since.map(|since| {
                let recorded = self.recorded.iter().copied();
                recorded.filter(|&at| at > since).collect()
            }),
        };
        let millis = self.below(20);
        self.later(millis, Later::Batch(batch));
    }

    fn answer(&mut self, id: DeliveryId, pace: Pace) {
        // An abandoned request is answered once, by whichever comes first.
        let Some((sending, number)) = self.in_flight.get_mut(&id) else {
            return;
        };
        if !std::mem::replace(sending, false) {
            return;
        }
        let number = *number;
        self.input(Input::Answered { id, pace });
        let millis = self.below(10);
        self.later(millis, Later::Record(id, number, pace == Pace::Well));
    }

    fn record(&mut self, id: DeliveryId, number: u32, success: bool) {
        let now = self.now;
        self.recorded.push(now);
        let row = self.rows.get_mut(&id).unwrap();
        let settlement = if row.state != State::Pending || row.attempts + 1 != number {
            Settlement::Stale
        } else {
            row.attempts += 1;
            row.budget_attempts += 1;
            let step = LADDER.get(row.budget_attempts as usize - 1);
            row.next_attempt_at = None;
            match step {
                _ if success => {
                    row.state = State::Delivered;
                    Settlement::Done
                }
                None => {
                    row.state = State::Dead;
                    Settlement::Done
                }
                Some(&step) => {
                    let at = now + Duration::from_millis(step);
                    row.next_attempt_at = Some(at);
                    Settlement::RetryAt(at)
                }
            }
        };
        let millis = self.below(3);
        self.later(millis, Later::Settled(id, settlement));
    }

    fn any_row(&mut self) -> Option<DeliveryId> {
        let count = u32::try_from(self.rows.len()).unwrap();
        let index = self.below(count.max(1));
        self.rows.keys().nth(index as usize).copied()
    }

    fn replay(&mut self) {
        let Some(id) = self.any_row() else { return };
        let now = self.now;
        let row = self.rows.get_mut(&id).unwrap();
        row.state = State::Pending;
        row.budget_attempts = 0;
        row.replays += 1;
        row.next_attempt_at = Some(now);
        self.disturbed = true;
        self.input(Input::Look);
    }

    fn discard(&mut self) {
        let Some(id) = self.any_row() else { return };
        let row = self.rows.get_mut(&id).unwrap();
        if row.state == State::Pending {
            row.state = State::Discarded;
            row.next_attempt_at = None;
            self.disturbed = true;
            self.input(Input::Look);
        }
    }

    fn input(&mut self, input: Input<()>) {
        let mut effects = Vec::new();
        self.lane.step(
            self.now,
            &mut self.rng,
            &mut self.slots,
            input,
            &mut effects,
        );
        for effect in effects {
            match effect {
                Effect::Send { item, .. } => self.send(&item),
                Effect::Abandon(id) => self.later(0, Later::Answer(id, Pace::TimedOut)),
                Effect::Load(request) => {
                    let millis = self.below(20);
                    self.later(millis, Later::Read(request));
                }
            }
        }
        self.tell_granted();
        let armed = self.armed.unwrap_or(Timestamp::FAR_FUTURE);
        if let Some(wakeup) = self.lane.next_wakeup().filter(|&at| at < armed) {
            self.armed = Some(wakeup);
            assert!(
                wakeup > self.now,
                "seed {}: a wake-up in the past",
                self.seed
            );
            self.later(
                u32::try_from(wakeup.since(self.now).as_millis()).unwrap(),
                Later::Wake,
            );
        }
    }

    fn tell_granted(&mut self) {
        while let Some(lane) = self.slots.next_grant() {
            assert_eq!(lane, LANE, "seed {}", self.seed);
            self.later(0, Later::Granted);
        }
    }

    fn send(&mut self, item: &Item<()>) {
        let seed = self.seed;
        let number = item.attempts + 1;
        let before = self.in_flight.insert(item.id, (true, number));
        assert_eq!(before, None, "seed {seed}: {} is in flight twice", item.id);
        let sending = self
            .in_flight
            .values()
            .filter(|(sending, _)| *sending)
            .count();
        assert!(sending <= self.config.concurrency as usize, "seed {seed}");
        assert!(
            sending <= self.slots.in_use() as usize,
            "seed {seed}: no slot"
        );
        assert!(!self.config.held, "seed {seed}: held");
        self.sent.push(self.now);
        if let Some(limit) = self.config.rate_limit {
            let within = |&&at: &&Timestamp| self.now.since(at) < limit.per();
            let latest = self.sent.iter().rev().take_while(within).count();
            assert!(
                latest <= limit.requests() as usize,
                "seed {seed}: {latest} within {limit}"
            );
        }
        let row = &self.rows[&item.id];
        let budget = (u32::try_from(LADDER.len()).unwrap() + 1) * (row.replays + 1);
        assert!(
            number <= budget,
            "seed {seed}: attempt {number} of {budget}"
        );
        if !self.disturbed {
            assert_eq!(row.state, State::Pending, "seed {seed}: sent though over");
            assert_eq!(
                row.attempts + 1,
                number,
                "seed {seed}: sent from an old row"
            );
            let early = row.next_attempt_at.is_some_and(|at| at > self.now);
            assert!(!early, "seed {seed}: before it was due");
        }
        if self.config.ordered {
            assert_eq!(
                self.in_flight.len(),
                1,
                "seed {seed}: two in an ordered lane"
            );
            let earlier = self
                .rows
                .range(..item.id)
                .any(|(_, row)| row.state == State::Pending);
            assert!(self.disturbed || !earlier, "seed {seed}: out of order");
        }
        match self.below(10) {
            0 => self.later(u32::MAX >> 8, Later::Answer(item.id, Pace::Failed)),
            1 => self.later(30, Later::Answer(item.id, Pace::Overloaded(None))),
            2 | 3 => self.later(5, Later::Answer(item.id, Pace::Failed)),
            _ => {
                let millis = self.below(40);
                self.later(millis, Later::Answer(item.id, Pace::Well));
            }
        }
    }
}

#[test]
fn thousands_of_lanes_keep_their_promises() {
    for seed in 0..2_500 {
        Run::new(seed).play();
    }
}
