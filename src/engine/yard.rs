//! What everything on the engine's thread shares: the parts, the slots, the time.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use rand_chacha::ChaCha12Rng;
use tokio::sync::Notify;

use super::berth::Berth;
use super::certificates::CertificateWatch;
use super::desk::Desk;
use super::gathered::Gathered;
use super::kept::KeptBudget;
use super::loading::Loads;
use super::parts::EngineOptions;
use super::setup::LaneSetup;
use crate::clock::{AgreedTime, SharedClock, Sleep};
use crate::domain::endpoint::Endpoint;
use crate::domain::id::EndpointId;
use crate::domain::lane::LaneConfig;
use crate::domain::lane::slots::Slots;
use crate::domain::time::Timestamp;
use crate::store::Store;
use crate::transport::Transport;

/// The engine's thread.
pub(super) struct Yard {
    pub(super) desk: Arc<Desk>,
    pub(super) store: Store,
    pub(super) transport: Arc<dyn Transport>,
    pub(super) clock: SharedClock,
    /// Breakers that opened, since the start.
    pub(super) breakers_opened: Cell<u64>,
    pub(super) slots: RefCell<Slots>,
    pub(super) rng: RefCell<ChaCha12Rng>,
    pub(super) budget: Arc<KeptBudget>,
    /// Ends of certificates, as attempts show them.
    pub(super) certificates: CertificateWatch,
    /// Berths by endpoint; the router puts them in and takes them out.
    pub(super) berths: RefCell<HashMap<EndpointId, Rc<Berth>>>,
    /// Endpoints with work whose lane recovery has not started yet.
    pub(super) waiting_to_start: Cell<u32>,
    /// Told when a request is settled.
    pub(super) landed: Notify,
    /// What lanes wait for from the store.
    pub(super) loads: Loads,
    /// Told when the wall clock was found set.
    pub(super) clock_was_set: Notify,
    /// Whether the store is being told that the clock was set: what is read meanwhile is of no use.
    pub(super) setting_clock: Cell<bool>,
    /// When this run began, if the one before it may have left requests unrecorded.
    pub(super) unsettled_until: Cell<Option<Timestamp>>,
    /// When a request last started or ended, by the monotonic clock.
    pub(super) last_moved: Cell<Duration>,
    /// Attempts whose durations are not written down yet.
    pub(super) gathered: Gathered,
    /// When the replays' actor has something to do; now while it is at it.
    pub(super) replays_wakeup: Cell<Option<Timestamp>>,
    /// The time by which this thread goes; behind the store's while that is being told of a clock that was set.
    time: AgreedTime,
    /// The store's clock offset to which the times of this thread belong.
    clock_offset_ms: Cell<i64>,
    /// By how many milliseconds the wall clock was set since the start, all steps together; slewing left out.
    set_ms: Cell<i64>,
    /// Told when [`Yard::setting_clock`] is over.
    clock_is_told: Notify,
    /// Outcomes that the store refused for good, since the start.
    outcomes_refused: Cell<u64>,
}

impl Yard {
    /// A yard without lanes.
    pub(super) fn new(
        desk: Arc<Desk>,
        transport: Arc<dyn Transport>,
        options: &EngineOptions,
        rng: ChaCha12Rng,
    ) -> Rc<Self> {
        let slots = Slots::new(u32::try_from(options.concurrency).unwrap_or(u32::MAX));
        let clock = Arc::clone(&desk.clock);
        Rc::new(Self {
            store: desk.store.clone(),
            transport,
            breakers_opened: Cell::new(0),
            slots: RefCell::new(slots),
            rng: RefCell::new(rng),
            budget: KeptBudget::new(options.kept_bytes_max),
            certificates: CertificateWatch::default(),
            berths: RefCell::default(),
            waiting_to_start: Cell::new(0),
            landed: Notify::new(),
            loads: Loads::default(),
            clock_was_set: Notify::new(),
            setting_clock: Cell::new(false),
            unsettled_until: Cell::new(None),
            last_moved: Cell::new(clock.monotonic()),
            time: desk.store.time().detached(),
            clock_offset_ms: Cell::new(desk.store.clock_offset_ms()),
            set_ms: Cell::new(0),
            clock_is_told: Notify::new(),
            outcomes_refused: Cell::new(0),
            gathered: Gathered::default(),
            replays_wakeup: Cell::new(None),
            clock,
            desk,
        })
    }

    /// The time by which lanes decide.
    ///
    /// When the wall clock has been set, this goes on as if it had not until the store has been told: no delivery is
    /// early, late or expired because somebody set a clock.
    pub(super) fn now(&self) -> Timestamp {
        if self.time.set_by_ms() != 0 {
            self.clock_was_set.notify_one();
        }
        self.time.now()
    }

    /// Completes no later than [`Yard::now`] is at `at`, and within `longest`; earlier if time passes right now.
    pub(super) fn nap(&self, at: Option<Timestamp>, longest: Duration) -> Sleep {
        // Read first: what passes until `now` is read shortens the nap, and must not lengthen it.
        let from = self.clock.monotonic();
        // Read whether there is an `at` or not: nobody lies down on a clock that was set without saying so.
        let now = self.now();
        let wait = at.map_or(longest, |at| at.since(now).min(longest));
        self.clock.nap_until(from + wait)
    }

    /// By how many milliseconds the wall clock was set; 0 when it was not.
    pub(super) fn clock_set_by_ms(&self) -> i64 {
        self.store.time().set_by_ms()
    }

    /// Agrees on a clock that was set by this much, which moved these held endpoints: the times of this thread and the
    /// time by which it judges them move at once. Lanes move theirs before their next step.
    pub(super) fn agree_on_clock(&self, by_ms: i64, held: Vec<Endpoint>) {
        self.desk.book.put_all(held.into_iter().map(Arc::new));
        self.time.copy(self.store.time());
        self.clock_offset_ms.set(self.store.clock_offset_ms());
        self.set_ms.set(self.set_ms.get() + by_ms);
        let unsettled_until = self.unsettled_until.get();
        self.unsettled_until
            .set(unsettled_until.map(|at| at.moved_by(by_ms)));
        for berth in self.berths.borrow().values() {
            let was_held = berth.setup.borrow().endpoint.hold.since.is_some();
            if let Some(setup) = self.setup(berth.endpoint_id).filter(|_| was_held) {
                *berth.setup.borrow_mut() = setup;
            }
            berth.signal(|signals| {
                signals.clock_set = true;
                signals.reconfigure |= was_held;
            });
        }
    }

    /// By how many milliseconds a time that the store's writer gave with this clock offset is to be moved.
    pub(super) const fn behind_ms(&self, clock_offset_ms: i64) -> i64 {
        clock_offset_ms - self.clock_offset_ms.get()
    }

    /// By how much the wall clock was set since the start, as agreed on: a time that was noted at one reading of this
    /// is moved by the difference to a later one.
    pub(super) const fn set_ms(&self) -> i64 {
        self.set_ms.get()
    }

    /// Begins or ends telling the store that the clock was set.
    pub(super) fn set_setting_clock(&self, setting: bool) {
        self.setting_clock.set(setting);
        if !setting {
            self.clock_is_told.notify_waiters();
        }
    }

    /// Waits while the store is being told: what is sent to it meanwhile would come after the step with times from
    /// before it.
    pub(super) async fn until_clock_is_told(&self) {
        while self.setting_clock.get() {
            self.clock_is_told.notified().await;
        }
    }

    /// Slewing is followed, so that it does not add up to a step.
    pub(super) fn follow_clock(&self) {
        let time = self.store.time();
        time.follow();
        self.time.copy(time);
    }

    /// The endpoint made ready, by its latest settings.
    pub(super) fn setup(&self, id: EndpointId) -> Option<Rc<LaneSetup>> {
        let desk = &self.desk;
        let endpoint = desk.book.get(id)?;
        let setup = LaneSetup::new(endpoint, &desk.contracts());
        Some(Rc::new(setup))
    }

    /// What the lane machine of an endpoint that is set up so needs to know.
    pub(super) fn lane_config(&self, setup: &LaneSetup) -> LaneConfig {
        let limits = self.desk.limits.load();
        setup.lane_config(limits.concurrency_per_endpoint, &limits.breaker)
    }

    /// Has every lane in memory take up the limits and contracts in force.
    pub(super) fn take_up_settings(&self) {
        let concurrency = self.desk.limits.load().concurrency;
        let total = u32::try_from(concurrency).unwrap_or(u32::MAX);
        self.slots.borrow_mut().set_total(total);
        for berth in self.berths.borrow().values() {
            berth.signal(|signals| signals.reconfigure = true);
        }
        self.tell_granted();
    }

    /// Tells lanes that were granted a slot.
    pub(super) fn tell_granted(&self) {
        while let Some(lane) = self.next_grant() {
            let berths = self.berths.borrow();
            match berths.get(&lane) {
                Some(berth) => berth.signal(|signals| signals.granted = true),
                None => self.slots.borrow_mut().forget(lane),
            }
        }
    }

    fn next_grant(&self) -> Option<EndpointId> {
        self.slots.borrow_mut().next_grant()
    }

    /// Notes that the store refused an outcome for good.
    pub(super) fn note_refused_outcome(&self) {
        self.outcomes_refused.set(self.outcomes_refused.get() + 1);
    }

    /// Outcomes that the store refused for good, since the start.
    pub(super) const fn outcomes_refused(&self) -> u64 {
        self.outcomes_refused.get()
    }

    /// Notes that something moved.
    pub(super) fn moved(&self) {
        self.last_moved.set(self.clock.monotonic());
    }

    /// Requests in flight, or answered and not yet recorded.
    pub(super) fn flights(&self) -> usize {
        self.berths
            .borrow()
            .values()
            .map(|berth| berth.flights())
            .sum()
    }
}
