//! The router: holds the only address of every lane, starts lanes on demand and puts idle ones to rest.

mod observing;

use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use actix::prelude::{
    Actor, Addr, Context, Handler, Message, MessageResult, ResponseFuture, StreamHandler,
};
use futures_util::future::{Either, select};

use super::agenda::Agenda;
use super::berth::Berth;
use super::gathered;
use super::kept::EventRef;
use super::lane::{Hint, Lane, Stop};
use super::yard::Yard;
use crate::domain::endpoint::EndpointStatus;
use crate::domain::id::EndpointId;
use crate::domain::lane::Item;
use crate::domain::time::Timestamp;
use crate::store::{AcceptedDelivery, AcceptedEvent, HandOver};

pub(super) use observing::{Observe, ObserveLane};

/// Messages that wait in the router's mailbox: commands and the ends of lanes.
const MAILBOX_MAX: usize = 1_024;
/// How long an idle lane stays in memory: the next event finds it ready.
const LINGER: Duration = Duration::from_secs(30);
/// How long before it gives back the memory that only a busy lane needs.
const SLIM_AFTER: Duration = Duration::from_millis(500);
/// A lane whose next retry is further away than this rests until then.
const PARK_MIN: Duration = Duration::from_secs(60);
/// The first and the longest wait after the deliveries of deleted endpoints could not be discarded.
const ORPHANS_RETRY_FIRST: Duration = Duration::from_secs(2);
const ORPHANS_RETRY_MAX: Duration = Duration::from_secs(256);

/// Room for so many lanes is never given back.
const LANES_ROOM_MIN: usize = 256;

/// The router.
pub(super) struct Router {
    yard: Rc<Yard>,
    /// The lanes that run, and that nobody told to stop.
    lanes: HashMap<EndpointId, Running>,
    /// Lanes ever started.
    started: u64,
    /// Resting endpoints with a retry to come, by when it is due.
    parked: Agenda,
    /// Endpoints whose lane ended soon after its start, by when the next one is started; none has a lane.
    restarting: Agenda,
    /// Paused endpoints by when they are to be resumed.
    resumes: Agenda,
    /// Fresh deliveries of one batch by endpoint; empty between batches.
    sorted: HashMap<EndpointId, Vec<Item<EventRef>>>,
    restarts: u64,
    handed_over: u64,
    draining: bool,
}

/// A lane that runs.
struct Running {
    /// Which of all lanes it is.
    serial: u64,
    address: Addr<Lane>,
}

/// A lane's actor is no more.
pub(super) struct LaneEnded {
    pub(super) endpoint_id: EndpointId,
    pub(super) serial: u64,
    pub(super) panicked: bool,
}

impl Message for LaneEnded {
    type Result = ();
}

/// Something for an endpoint's lane.
pub(super) struct Tell {
    pub(super) endpoint_id: EndpointId,
    pub(super) told: Told,
}

impl Message for Tell {
    type Result = ();
}

/// What a lane is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// It has work in the store.
    HasWork,
    /// Its endpoint changed.
    Reconfigured,
    /// Its endpoint changed and is held no longer.
    Resumed,
    /// Its deliveries were changed behind its back.
    DeliveriesChanged,
}

/// Limits or contracts were put in force: lanes in memory take them up, others find them when they start.
pub(super) struct SettingsChanged;

impl Message for SettingsChanged {
    type Result = ();
}

/// Time has passed.
pub(super) struct Tick;

impl Message for Tick {
    type Result = Vec<EndpointId>;
}

/// When the router has something to do by itself.
pub(super) struct NextBusiness;

impl Message for NextBusiness {
    type Result = Option<Timestamp>;
}

/// The wall clock was set, and everybody has agreed on it: what the router keeps itself moves as well.
pub(super) struct ClockSet {
    pub(super) by_ms: i64,
}

impl Message for ClockSet {
    type Result = ();
}

/// Start nothing more; answered when nothing is in flight or `grace` is over, with whether nothing is.
pub(super) struct Drain {
    pub(super) grace: Duration,
}

impl Message for Drain {
    type Result = bool;
}

impl Router {
    pub(super) fn new(yard: &Rc<Yard>) -> Self {
        let mut router = Self {
            yard: Rc::clone(yard),
            lanes: HashMap::new(),
            started: 0,
            parked: Agenda::default(),
            restarting: Agenda::default(),
            resumes: Agenda::default(),
            sorted: HashMap::new(),
            restarts: 0,
            handed_over: 0,
            draining: false,
        };
        for endpoint in yard.desk.book.paused_for_a_time() {
            router.note_resume(endpoint.id);
        }
        router
    }

    /// Starts the endpoint's lane, unless it runs, has nothing to do or waits for its start: a fresh lane finds in the
    /// store whatever was to be told. Gives the berth of a lane that runs.
    fn ensure_lane(&mut self, id: EndpointId) -> Option<Rc<Berth>> {
        let known = self.yard.berths.borrow().get(&id).cloned();
        if let Some(berth) = known.as_ref().filter(|_| self.lanes.contains_key(&id)) {
            return Some(Rc::clone(berth));
        }
        if self.draining || self.restarting.at(id).is_some() {
            return None;
        }
        let setup = self.yard.setup(id)?;
        if setup.endpoint.status != EndpointStatus::Active {
            return None;
        }
        let berth = match known {
            Some(berth) => {
                *berth.setup.borrow_mut() = setup;
                berth
            }
            None => {
                let berth = Berth::new(id, setup);
                self.yard.berths.borrow_mut().insert(id, Rc::clone(&berth));
                berth
            }
        };
        self.parked.forget(id);
        self.start_lane(&berth);
        Some(berth)
    }

    fn start_lane(&mut self, berth: &Rc<Berth>) {
        // `start` runs the lane's first step in a task of its own: a panic there is a lane's, not the router's.
        let (yard, berth_of_lane) = (Rc::clone(&self.yard), Rc::clone(berth));
        self.started += 1;
        let serial = self.started;
        berth.lane_started(self.yard.clock.monotonic());
        let address = Lane::create(move |_| Lane::new(yard, berth_of_lane, serial));
        let running = Running { serial, address };
        self.lanes.insert(berth.endpoint_id, running);
    }

    fn hand_over(&mut self, events: Vec<AcceptedEvent>) {
        for accepted in events {
            let started_at = accepted.event.accepted_at;
            let started_at = started_at.moved_by(self.yard.behind_ms(accepted.clock_offset_ms));
            let own = accepted.event.event_type.is_reserved();
            for delivery in &accepted.deliveries {
                // What the service tells of itself was expected by nobody.
                self.handed_over += u64::from(!own);
                let payload = self.yard.budget.keep(&accepted.event);
                let item = fresh_item(delivery, started_at, payload);
                self.sorted
                    .entry(delivery.endpoint_id)
                    .or_default()
                    .push(item);
            }
        }
        let mut sorted = std::mem::take(&mut self.sorted);
        for (id, items) in sorted.drain() {
            self.hint(id, items);
        }
        self.sorted = sorted;
    }

    fn hint(&mut self, id: EndpointId, items: Vec<Item<EventRef>>) {
        let Some(berth) = self.ensure_lane(id) else {
            return;
        };
        // After a lost hint none may come before the call to look.
        if berth.signals().look || berth.status.get().held {
            return;
        }
        let Some(lane) = self.lanes.get(&id) else {
            return;
        };
        let set_ms = self.yard.set_ms();
        match lane.address.try_send(Hint { items, set_ms }) {
            Ok(()) => berth.inbox.set(berth.inbox.get() + 1),
            Err(_) => berth.signal(|signals| signals.look = true),
        }
    }

    fn note_resume(&mut self, id: EndpointId) {
        self.resumes.forget(id);
        let endpoint = self.yard.desk.book.get(id);
        let status = endpoint.map(|endpoint| endpoint.status.clone());
        if let Some(EndpointStatus::Paused {
            until: Some(until), ..
        }) = status
        {
            self.resumes.note(until, id);
        }
    }

    /// Has lanes give memory back that have been idle for a moment.
    fn slim(&self) {
        let monotonic = self.yard.clock.monotonic();
        for berth in self.yard.berths.borrow().values() {
            let status = berth.status.get();
            let idle_for = status
                .idle_since
                .map(|since| monotonic.saturating_sub(since));
            if !status.slim && idle_for.is_some_and(|idle| idle >= SLIM_AFTER) {
                berth.signal(|signals| signals.slim = true);
            }
        }
    }

    /// Puts lanes to rest that have been idle for a while: forgets them first, then stops them.
    fn put_to_rest(&mut self) {
        let now = self.yard.now();
        let monotonic = self.yard.clock.monotonic();
        let berths = self.yard.berths.borrow();
        let idle: Vec<_> = berths
            .values()
            .filter(|berth| {
                berth.is_quiet() && berth.flights() == 0 && !berth.keeping_breaker.get()
            })
            .filter_map(|berth| {
                let status = berth.status.get();
                let due = status.may_rest?;
                let lingered = monotonic.saturating_sub(status.idle_since?) >= LINGER;
                let far = due.is_none_or(|due| due.since(now) > PARK_MIN);
                (lingered && far).then_some((berth.endpoint_id, due))
            })
            .collect();
        drop(berths);
        for (id, due) in idle {
            let Some(lane) = self.lanes.remove(&id) else {
                continue;
            };
            self.yard.berths.borrow_mut().remove(&id);
            self.yard.slots.borrow_mut().forget(id);
            if let Some(due) = due {
                self.parked.note(due, id);
            }
            // Its only sender is dropped next, which stops it as well.
            let _ = lane.address.try_send(Stop);
        }
        self.forget_abandoned();
        give_room_back(&mut self.lanes);
        give_room_back(&mut self.yard.berths.borrow_mut());
    }

    /// Forgets berths whose lane ended while its endpoint was held or deleted: nobody takes them over.
    fn forget_abandoned(&self) {
        let mut slots = self.yard.slots.borrow_mut();
        self.yard.berths.borrow_mut().retain(|&id, berth| {
            let has_lane = self.lanes.contains_key(&id) || self.restarting.at(id).is_some();
            let kept = has_lane || berth.flights() > 0 || berth.keeping_breaker.get();
            if !kept {
                slots.take_over(id, 0);
                slots.forget(id);
            }
            kept
        });
    }

    /// Starts the next lane of an endpoint after `wait`.
    fn restart_after(&mut self, wait: Duration, berth: &Berth) {
        if self.draining {
            return;
        }
        berth.start_over();
        self.restarting
            .note(self.yard.now() + wait, berth.endpoint_id);
        self.give_slots_back();
    }

    /// Gives back the slots of requests that were answered while their endpoint waits for its lane: others need them.
    fn give_slots_back(&self) {
        let berths = self.yard.berths.borrow();
        let mut slots = self.yard.slots.borrow_mut();
        for id in self.restarting.endpoints() {
            if let Some(berth) = berths.get(&id) {
                slots.take_over(id, berth.unanswered());
            }
        }
        drop((berths, slots));
        self.yard.tell_granted();
    }

    fn next_business(&self) -> Option<Timestamp> {
        let agendas = [&self.parked, &self.restarting, &self.resumes];
        agendas.into_iter().filter_map(Agenda::first).min()
    }
}

/// Frees what a map of lanes keeps for as many as there once were.
fn give_room_back<V>(lanes: &mut HashMap<EndpointId, V>) {
    if lanes.capacity() / 4 > lanes.len().max(LANES_ROOM_MIN) {
        lanes.shrink_to(2 * lanes.len());
    }
}

/// Discards what is pending for deleted endpoints, chunk by chunk: others write in between. Goes on until all of it
/// is done, after 2, 4, 8 … up to 256 s where the store fails.
pub(super) async fn discard_orphans(yard: Rc<Yard>) {
    let mut wait = ORPHANS_RETRY_FIRST;
    loop {
        match yard.store.discard_orphans().await {
            Ok(0) => return,
            Ok(_) => wait = ORPHANS_RETRY_FIRST,
            Err(error) => {
                tracing::error!(%error, ?wait, "failed to discard the deliveries of deleted endpoints; trying again");
                yard.clock.sleep_for(wait).await;
                wait = (wait * 2).min(ORPHANS_RETRY_MAX);
            }
        }
    }
}

fn fresh_item(
    delivery: &AcceptedDelivery,
    budget_started_at: Timestamp,
    payload: EventRef,
) -> Item<EventRef> {
    Item {
        id: delivery.id,
        attempts: 0,
        budget_attempts: 0,
        budget_started_at,
        held_before_ms: delivery.held_before_ms,
        due_at: None,
        payload,
    }
}

impl Actor for Router {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Context<Self>) {
        context.set_mailbox_capacity(MAILBOX_MAX);
    }
}

impl StreamHandler<HandOver> for Router {
    fn handle(&mut self, hand_over: HandOver, _: &mut Context<Self>) {
        match hand_over {
            HandOver::Accepted(events) => self.hand_over(events),
            HandOver::Look(endpoints) => {
                for id in endpoints {
                    if let Some(berth) = self.ensure_lane(id) {
                        berth.signal(|signals| signals.look = true);
                    }
                }
            }
        }
    }

    fn finished(&mut self, _: &mut Context<Self>) {}
}

impl Handler<Tell> for Router {
    type Result = ();

    fn handle(&mut self, tell: Tell, _: &mut Context<Self>) {
        let id = tell.endpoint_id;
        if matches!(tell.told, Told::Reconfigured | Told::Resumed) {
            self.note_resume(id);
            let endpoint = self.yard.desk.book.get(id);
            if endpoint.is_some_and(|endpoint| endpoint.status == EndpointStatus::Deleted) {
                actix_rt::spawn(discard_orphans(Rc::clone(&self.yard)));
            }
        }
        let Some(berth) = self.ensure_lane(id) else {
            return;
        };
        match tell.told {
            Told::HasWork => {}
            Told::Reconfigured => berth.signal(|signals| signals.reconfigure = true),
            Told::Resumed => berth.signal(|signals| {
                signals.reconfigure = true;
                signals.resumed = true;
            }),
            Told::DeliveriesChanged => berth.signal(|signals| signals.look = true),
        }
    }
}

impl Handler<SettingsChanged> for Router {
    type Result = ();

    fn handle(&mut self, _: SettingsChanged, _: &mut Context<Self>) {
        self.yard.take_up_settings();
    }
}

impl Handler<LaneEnded> for Router {
    type Result = ();

    fn handle(&mut self, ended: LaneEnded, _: &mut Context<Self>) {
        let id = ended.endpoint_id;
        let running = self.lanes.get(&id);
        if running.is_none_or(|running| running.serial != ended.serial) {
            // It was put to rest: forgotten first, then stopped.
            return;
        }
        let how = if ended.panicked {
            "panicked"
        } else {
            "stopped by itself"
        };
        self.restarts += 1;
        self.lanes.remove(&id);
        let berth = self.yard.berths.borrow().get(&id).cloned();
        let monotonic = self.yard.clock.monotonic();
        let wait = berth
            .as_ref()
            .map_or(Duration::ZERO, |berth| berth.lane_ended(monotonic));
        tracing::error!(endpoint.id = %id, how, ?wait, "a lane ended; a fresh one starts from the store");
        match berth.filter(|_| wait > Duration::ZERO) {
            Some(berth) => self.restart_after(wait, &berth),
            None => {
                self.ensure_lane(id);
            }
        }
    }
}

impl Handler<Tick> for Router {
    type Result = MessageResult<Tick>;

    fn handle(&mut self, _: Tick, _: &mut Context<Self>) -> Self::Result {
        self.yard.follow_clock();
        let now = self.yard.now();
        for id in self.parked.take_due(now) {
            self.ensure_lane(id);
        }
        for id in self.restarting.take_due(now) {
            self.ensure_lane(id);
        }
        self.give_slots_back();
        self.slim();
        self.put_to_rest();
        MessageResult(self.resumes.take_due(now))
    }
}

impl Handler<NextBusiness> for Router {
    type Result = MessageResult<NextBusiness>;

    fn handle(&mut self, _: NextBusiness, _: &mut Context<Self>) -> Self::Result {
        MessageResult(self.next_business())
    }
}

impl Handler<ClockSet> for Router {
    type Result = ();

    fn handle(&mut self, set: ClockSet, _: &mut Context<Self>) {
        self.parked.clock_set(set.by_ms);
        self.restarting.clock_set(set.by_ms);
    }
}

impl Handler<Drain> for Router {
    type Result = ResponseFuture<bool>;

    fn handle(&mut self, drain: Drain, _: &mut Context<Self>) -> Self::Result {
        self.draining = true;
        for berth in self.yard.berths.borrow().values() {
            berth.signal(|signals| signals.drain = true);
        }
        let yard = Rc::clone(&self.yard);
        Box::pin(async move {
            let mut grace = yard.clock.sleep_for(drain.grace);
            loop {
                let landed = std::pin::pin!(yard.landed.notified());
                if yard.flights() == 0 {
                    gathered::write(Rc::clone(&yard)).await;
                    return true;
                }
                match select(landed, grace).await {
                    Either::Left((_, still_left)) => grace = still_left,
                    Either::Right(_) => return yard.flights() == 0,
                }
            }
        })
    }
}

#[cfg(test)]
mod tests;
