//! What a lane knows of its deliveries: a bounded window in memory over the queue in the store.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use crate::domain::delivery::Delivery;
use crate::domain::id::DeliveryId;
use crate::domain::time::Timestamp;

/// Deliveries that a lane takes from hints before it reads the store instead: a few milliseconds of a busy lane.
const HANDED_MAX: usize = 256;
/// How long a lane waits after the store could not be read.
const LOAD_RETRY: Duration = Duration::from_secs(1);

/// A delivery as its lane holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item<P> {
    /// Its id; rises with acceptance.
    pub id: DeliveryId,
    /// Attempts made in all.
    pub attempts: u32,
    /// Attempts made since acceptance or the latest replay.
    pub budget_attempts: u32,
    /// Acceptance or the latest replay.
    pub budget_started_at: Timestamp,
    /// Milliseconds for which the endpoint had been held when the budget started.
    pub held_before_ms: i64,
    /// When it is due; `None` for at once.
    pub due_at: Option<Timestamp>,
    /// What the machine carries and does not look at: the event.
    pub payload: P,
}

/// A wish to read from the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoadRequest {
    /// Counts the lane's changes of mind: an answer to an older one is ignored.
    pub epoch: u64,
    /// All pending deliveries behind `after` by id, scheduled or not; else the two kinds below.
    pub ordered: bool,
    /// Whether never tried deliveries behind `after` are wanted, by id.
    pub fresh: bool,
    /// Whether scheduled deliveries that are due are wanted, by due time.
    pub due: bool,
    /// The last delivery known; `None` for from the start.
    pub after: Option<DeliveryId>,
    /// Rows of each kind.
    pub limit: u32,
    /// Wanted as well: when the endpoint's latest requests were answered, back to this instant.
    pub answered_since: Option<Timestamp>,
}

/// What was read.
#[derive(Clone, Debug)]
pub struct Batch<P> {
    /// The request's.
    pub epoch: u64,
    /// Scheduled deliveries that are due.
    pub due: Vec<Item<P>>,
    /// Never tried deliveries, or all of an ordered lane, by rising id.
    pub fresh: Vec<Item<P>>,
    /// Whether there are more due ones.
    pub due_more: bool,
    /// Whether there are more behind the last of `fresh`.
    pub fresh_more: bool,
    /// When the earliest scheduled one is due that is not due yet.
    pub next_due: Option<Timestamp>,
    /// When the endpoint's latest requests were answered, rising; `None` where it was not asked for.
    pub answered: Option<Vec<Timestamp>>,
}

/// The window and what lies behind it.
#[derive(Debug)]
pub(super) struct Queue<P> {
    /// What is in memory; boxed and given back when empty, because idle lanes have nothing there.
    window: Option<Box<Window<P>>>,
    /// The last delivery taken up in the order of acceptance.
    after: Option<DeliveryId>,
    /// Whether the store may hold fresh deliveries behind `after`.
    more: bool,
    /// When the earliest scheduled delivery in the store is due, as far as known.
    next_due: Option<Timestamp>,
    /// The load under way; boxed, because idle lanes have none.
    loading: Option<Box<Loading<P>>>,
    /// Loads are not tried again before this.
    load_again_at: Timestamp,
    /// See [`LoadRequest::epoch`].
    epoch: u64,
}

/// What a lane holds in memory.
#[derive(Debug)]
struct Window<P> {
    /// Waiting for their turn.
    ready: VecDeque<Item<P>>,
    /// Those in the window or in flight that the store lists as scheduled: not to be taken up twice.
    scheduled: BTreeSet<DeliveryId>,
}

/// A load under way, and what it will not know of.
#[derive(Debug)]
struct Loading<P> {
    request: LoadRequest,
    /// Handed over since, behind what it reads.
    stash: VecDeque<Item<P>>,
    /// Whether something was handed over that found no room in the stash.
    missed: bool,
    /// Settled since: what it read of them is out of date.
    outdated: BTreeSet<DeliveryId>,
}

impl<P> Item<P> {
    /// The item for a stored delivery.
    pub fn new(delivery: &Delivery, payload: P) -> Self {
        Self {
            id: delivery.id,
            attempts: delivery.attempts,
            budget_attempts: delivery.budget_attempts,
            budget_started_at: delivery.budget_started_at,
            held_before_ms: delivery.held_before_ms,
            due_at: delivery.next_attempt_at,
            payload,
        }
    }
}

impl LoadRequest {
    /// Whether it reads on in the order of acceptance, behind `after`.
    const fn goes_on(&self) -> bool {
        self.fresh || self.ordered
    }
}

impl<P> Default for Window<P> {
    fn default() -> Self {
        Self {
            ready: VecDeque::new(),
            scheduled: BTreeSet::new(),
        }
    }
}

impl<P> Loading<P> {
    const fn new(request: LoadRequest) -> Self {
        Self {
            request,
            stash: VecDeque::new(),
            missed: false,
            outdated: BTreeSet::new(),
        }
    }

    /// Keeps for later what is handed over meanwhile; what comes after something missed is missed as well.
    fn hand(&mut self, item: Item<P>) {
        if self.stash.len() < HANDED_MAX && !self.missed {
            self.stash.push_back(item);
        } else {
            self.missed = true;
        }
    }
}

impl<P> Queue<P> {
    /// A queue that knows nothing yet and will ask the store.
    pub(super) fn unknown(epoch: u64) -> Self {
        Self {
            window: None,
            after: None,
            more: true,
            next_due: Some(Timestamp::EPOCH),
            loading: None,
            load_again_at: Timestamp::EPOCH,
            epoch,
        }
    }

    /// Forgets everything but what is in flight, and asks the store again.
    pub(super) fn reset(&mut self) {
        *self = Self::unknown(self.epoch + 1);
    }

    fn window(&mut self) -> &mut Window<P> {
        self.window.get_or_insert_default()
    }

    fn drop_empty_window(&mut self) {
        self.window
            .take_if(|window| window.ready.is_empty() && window.scheduled.is_empty());
    }

    /// The first in the window.
    fn first(&self) -> Option<&Item<P>> {
        self.window.as_ref()?.ready.front()
    }

    /// Those in the window that wait for their turn.
    fn ready(&self) -> usize {
        self.window.as_ref().map_or(0, |window| window.ready.len())
    }

    fn is_scheduled(&self, id: DeliveryId) -> bool {
        let window = self.window.as_ref();
        window.is_some_and(|window| window.scheduled.contains(&id))
    }

    /// Takes up what the writer handed over, by rising id.
    pub(super) fn hand(&mut self, items: impl Iterator<Item = Item<P>>) {
        for item in items {
            let loading = self.loading.as_deref_mut();
            if let Some(load) = loading.filter(|load| load.request.goes_on()) {
                load.hand(item);
            } else if !self.more {
                if self.ready() < HANDED_MAX {
                    self.append(item);
                } else {
                    self.more = true;
                }
            }
        }
    }

    fn append(&mut self, item: Item<P>) {
        if self.after.is_none_or(|after| item.id > after) {
            self.after = Some(item.id);
            self.window().ready.push_back(item);
        }
    }

    /// A delivery of this lane was scheduled for `at`.
    pub(super) fn note_retry(&mut self, at: Timestamp) {
        self.next_due = Some(self.next_due.map_or(at, |known| known.min(at)));
    }

    /// A delivery's attempt is over and recorded.
    pub(super) fn settle(&mut self, id: DeliveryId) {
        if let Some(window) = &mut self.window {
            window.scheduled.remove(&id);
        }
        self.drop_empty_window();
        if let Some(load) = &mut self.loading {
            load.outdated.insert(id);
        }
    }

    /// What to read from the store, if anything, for a window of `target` beside `in_flight` requests.
    pub(super) fn wanted_load(
        &mut self,
        now: Timestamp,
        ordered: bool,
        target: usize,
        in_flight: usize,
    ) -> Option<LoadRequest> {
        let due = self.next_due.is_some_and(|due| due <= now);
        let low = self.ready() <= target / 2;
        if self.loading.is_some() || now < self.load_again_at || !low || !(due || self.more) {
            return None;
        }
        // Rows of what is in flight or in the window are read again and passed over.
        let scheduled = self.window.as_ref();
        let scheduled = scheduled.map_or(0, |window| window.scheduled.len());
        let limit = target + in_flight + scheduled + 1;
        let request = LoadRequest {
            epoch: self.epoch,
            ordered,
            fresh: self.more,
            due,
            after: self.after,
            limit: u32::try_from(limit).unwrap_or(u32::MAX),
            answered_since: None,
        };
        if due || ordered {
            self.next_due = None;
        }
        self.loading = Some(Box::new(Loading::new(request)));
        Some(request)
    }

    /// Takes up what a load brought, without what `is_in_flight`.
    pub(super) fn take_up(&mut self, batch: Batch<P>, is_in_flight: impl Fn(DeliveryId) -> bool) {
        let Some(load) = self.take_load(batch.epoch) else {
            return;
        };
        if batch.due_more {
            self.note_retry(Timestamp::EPOCH);
        }
        if let Some(due) = batch.next_due {
            self.note_retry(due);
        }
        let is_taken = |id| is_in_flight(id) || load.outdated.contains(&id);
        for item in batch.due {
            if !is_taken(item.id) && self.window().scheduled.insert(item.id) {
                self.window().ready.push_back(item);
            }
        }
        if !load.request.goes_on() {
            return;
        }
        for item in batch.fresh {
            // Replayed between the two reads, it is in both.
            if is_taken(item.id) || self.is_scheduled(item.id) {
                self.after = self.after.max(Some(item.id));
            } else {
                self.append(item);
            }
        }
        self.more = batch.fresh_more || load.missed;
        if !self.more {
            let stash = load.stash.into_iter();
            stash.for_each(|item| self.append(item));
        }
    }

    /// The load could not be done: tries again a second later.
    pub(super) fn load_failed(&mut self, now: Timestamp, epoch: u64) {
        if self.take_load(epoch).is_none() {
            return;
        }
        self.more = true;
        self.note_retry(Timestamp::EPOCH);
        self.load_again_at = now + LOAD_RETRY;
    }

    /// The load of this epoch, over now.
    fn take_load(&mut self, epoch: u64) -> Option<Loading<P>> {
        let load = self.loading.take_if(|load| load.request.epoch == epoch);
        load.map(|load| *load)
    }

    /// What was handed over and waits for the load.
    fn stashed(&self) -> usize {
        self.loading.as_ref().map_or(0, |load| load.stash.len())
    }

    /// Whether the first in the window may start.
    pub(super) fn is_startable(&self, now: Timestamp) -> bool {
        self.first()
            .is_some_and(|item| item.due_at.is_none_or(|due| due <= now))
    }

    /// Takes the first out of the window.
    pub(super) fn pop(&mut self) -> Option<Item<P>> {
        let item = self.window.as_mut()?.ready.pop_front();
        self.drop_empty_window();
        item
    }

    /// When the queue by itself wants to be looked at again; instants that have passed are among them.
    pub(super) fn wakeups(&self) -> [Option<Timestamp>; 2] {
        let head = self.first().and_then(|item| item.due_at);
        let store = if self.more {
            Some(self.load_again_at)
        } else {
            self.next_due.map(|due| due.max(self.load_again_at))
        };
        [head, store.filter(|_| self.loading.is_none())]
    }

    /// Gives back room that is not needed.
    pub(super) fn slim(&mut self) {
        if let Some(window) = &mut self.window {
            window.ready.shrink_to_fit();
        }
    }

    /// Deliveries in the window.
    pub(super) fn len(&self) -> usize {
        self.ready() + self.stashed()
    }

    /// Whether the store may hold fresh deliveries that the window does not.
    pub(super) const fn has_more(&self) -> bool {
        self.more
    }

    /// Whether a load is under way.
    pub(super) const fn is_loading(&self) -> bool {
        self.loading.is_some()
    }

    /// Whether it is known what is due: the window holds something, or nothing is.
    pub(super) fn is_known(&self, now: Timestamp) -> bool {
        let none = !self.more && self.next_due.is_none_or(|due| due > now);
        self.loading.is_none() && (none || self.ready() > 0)
    }

    /// Whether other deliveries may be pending than those that were taken out, due or not.
    pub(super) fn may_have_others(&self) -> bool {
        let known = self.ready() > 0 || self.next_due.is_some();
        known || self.more || self.loading.is_some()
    }

    /// Whether more than so many deliveries are due.
    pub(super) fn exceeds(&self, now: Timestamp, count: usize) -> bool {
        let more = self.more || self.next_due.is_some_and(|due| due <= now);
        more || self.ready() > count
    }

    /// When the earliest scheduled delivery is due, if that is all there is.
    pub(super) fn only_scheduled(&self) -> Option<Option<Timestamp>> {
        let empty = self.ready() == 0;
        (empty && !self.more && self.loading.is_none()).then_some(self.next_due)
    }
}
