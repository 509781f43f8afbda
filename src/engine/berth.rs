//! A lane's berth: what must outlive the lane's actor.
//!
//! Requests in flight, what is reported about them, and signals that must not get lost stay here when a lane
//! panics; the next lane of the endpoint takes them over. Hints come by the lane's mailbox instead: they may be lost.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_util::future::AbortHandle;
use futures_util::stream::Stream;

use super::kept::EventRef;
use super::setup::LaneSetup;
use crate::domain::id::{DeliveryId, EndpointId};
use crate::domain::lane::{Batch, BreakerPhase, Pace, RestartBackoff, Settlement};
use crate::domain::time::Timestamp;

/// What a task reports to its lane.
#[derive(Debug)]
pub(super) enum Report {
    /// An exchange is over.
    Answered {
        /// The delivery.
        id: DeliveryId,
        /// How the receiver took it.
        pace: Pace,
    },
    /// An attempt is recorded.
    Settled {
        /// The delivery.
        id: DeliveryId,
        /// What became of it.
        settlement: Settlement,
    },
    /// A load is done.
    Loaded(Batch<EventRef>),
    /// A load failed.
    LoadFailed {
        /// The request's.
        epoch: u64,
    },
}

/// What a lane is to do besides; each once, however often it is signalled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Signals {
    /// Hints were lost, or deliveries changed: read the store again.
    pub(super) look: bool,
    /// The endpoint changed: take its new settings up.
    pub(super) reconfigure: bool,
    /// The endpoint is held no longer.
    pub(super) resumed: bool,
    /// The wall clock was set: plan anew.
    pub(super) clock_set: bool,
    /// Start nothing more.
    pub(super) drain: bool,
    /// A slot was granted.
    pub(super) granted: bool,
    /// It has been idle for a while: give memory back.
    pub(super) slim: bool,
}

/// What the lane last said about itself.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Status {
    /// Whether it has taken its first step.
    pub(super) started: bool,
    pub(super) window: u32,
    pub(super) more_in_store: bool,
    pub(super) loading: bool,
    pub(super) held: bool,
    pub(super) startable: bool,
    pub(super) next_wakeup: Option<Timestamp>,
    /// Whether the next delivery waits for nothing but the rate limit.
    pub(super) rate_limited: bool,
    /// Where its breaker stands.
    pub(super) breaker: BreakerPhase,
    /// Until when nothing starts because its receiver is overloaded.
    pub(super) cools_until: Option<Timestamp>,
    /// Whether as many requests are in flight as may be.
    pub(super) at_limit: bool,
    /// See [`crate::domain::lane::LaneMachine::may_rest`].
    pub(super) may_rest: Option<Option<Timestamp>>,
    /// Since when it may rest, by the monotonic clock.
    pub(super) idle_since: Option<Duration>,
    /// Whether it has given memory back since.
    pub(super) slim: bool,
}

/// A request in flight, or answered and not yet recorded.
#[derive(Debug)]
struct Flight {
    unanswered: bool,
    abort: AbortHandle,
}

/// Requests in flight, or answered and not yet recorded.
type Flights = BTreeMap<DeliveryId, Flight>;

/// The berth.
pub(super) struct Berth {
    /// Whose lane.
    pub(super) endpoint_id: EndpointId,
    /// The settings in force, also for tasks that outlive their lane.
    pub(super) setup: RefCell<Rc<LaneSetup>>,
    /// What the lane last said about itself.
    pub(super) status: Cell<Status>,
    /// Hints in the mailbox.
    pub(super) inbox: Cell<u32>,
    /// Lanes of this endpoint that ended unasked.
    pub(super) restarts: Cell<u32>,
    /// When the latest lane was started, by the monotonic clock.
    started_at: Cell<Duration>,
    backoff: Cell<RestartBackoff>,
    /// Whether the lane's breaker is open, told to the store or not yet.
    pub(super) breaker_open: Cell<bool>,
    /// Whether a task tells the store: [`super::breakers::keep`].
    pub(super) keeping_breaker: Cell<bool>,
    /// Boxed and given back with the last, because idle lanes have none.
    flights: RefCell<Option<Box<Flights>>>,
    reports: RefCell<Vec<Report>>,
    signals: Cell<Signals>,
    waker: Cell<Option<Waker>>,
}

/// What a berth has for its lane, all at once.
#[derive(Debug)]
pub(super) struct News {
    pub(super) reports: Vec<Report>,
    pub(super) signals: Signals,
}

/// Gives [`News`] as they come; never ends.
pub(super) struct BerthNews(pub(super) Rc<Berth>);

impl Berth {
    pub(super) fn new(endpoint_id: EndpointId, setup: Rc<LaneSetup>) -> Rc<Self> {
        let open = setup.endpoint.breaker_open_since.is_some();
        Rc::new(Self {
            endpoint_id,
            breaker_open: Cell::new(open),
            keeping_breaker: Cell::new(false),
            setup: RefCell::new(setup),
            status: Cell::default(),
            inbox: Cell::new(0),
            restarts: Cell::new(0),
            started_at: Cell::default(),
            backoff: Cell::default(),
            flights: RefCell::default(),
            reports: RefCell::default(),
            signals: Cell::default(),
            waker: Cell::default(),
        })
    }

    /// Notes a request that starts.
    pub(super) fn take_off(&self, id: DeliveryId, abort: AbortHandle) {
        let flight = Flight {
            unanswered: true,
            abort,
        };
        let mut flights = self.flights.borrow_mut();
        flights.get_or_insert_default().insert(id, flight);
    }

    /// Ends the exchange of a request in flight.
    pub(super) fn abandon(&self, id: DeliveryId) {
        if let Some(flights) = &*self.flights.borrow()
            && let Some(flight) = flights.get(&id)
        {
            flight.abort.abort();
        }
    }

    /// Requests in flight, or answered and not yet recorded.
    pub(super) fn flights(&self) -> usize {
        let flights = self.flights.borrow();
        flights.as_ref().map_or(0, |flights| flights.len())
    }

    /// Them, with whether they are unanswered and so hold a slot: for a lane that takes over.
    pub(super) fn left_behind(&self) -> Vec<(DeliveryId, bool)> {
        let flights = self.flights.borrow();
        let flights = flights.iter().flat_map(|flights| flights.iter());
        flights
            .map(|(&id, flight)| (id, flight.unanswered))
            .collect()
    }

    /// How many of them hold a slot.
    pub(super) fn unanswered(&self) -> u32 {
        let flights = self.flights.borrow();
        let flights = flights.iter().flat_map(|flights| flights.values());
        let unanswered = flights.filter(|flight| flight.unanswered).count();
        u32::try_from(unanswered).unwrap_or(u32::MAX)
    }

    /// A lane is started now, by the monotonic clock.
    pub(super) fn lane_started(&self, monotonic: Duration) {
        self.started_at.set(monotonic);
    }

    /// Its lane ended unasked, by the monotonic clock: how long the next one is to wait.
    pub(super) fn lane_ended(&self, monotonic: Duration) -> Duration {
        self.restarts.set(self.restarts.get() + 1);
        let mut backoff = self.backoff.get();
        let wait = backoff.ended(monotonic.saturating_sub(self.started_at.get()));
        self.backoff.set(backoff);
        wait
    }

    /// Reports to the lane, now or to the next one.
    pub(super) fn report(&self, report: Report) {
        self.note(&report);
        self.reports.borrow_mut().push(report);
        self.wake();
    }

    fn note(&self, report: &Report) {
        let mut flights = self.flights.borrow_mut();
        let Some(known) = &mut *flights else { return };
        match report {
            Report::Answered { id, .. } => {
                if let Some(flight) = known.get_mut(id) {
                    flight.unanswered = false;
                }
            }
            Report::Settled { id, .. } => {
                known.remove(id);
                flights.take_if(|flights| flights.is_empty());
            }
            Report::Loaded(_) | Report::LoadFailed { .. } => {}
        }
    }

    /// Signals to the lane, now or to the next one.
    pub(super) fn signal(&self, change: impl FnOnce(&mut Signals)) {
        let mut signals = self.signals.get();
        change(&mut signals);
        self.signals.set(signals);
        self.wake();
    }

    /// What is signalled and not taken up yet.
    pub(super) const fn signals(&self) -> Signals {
        self.signals.get()
    }

    /// Whether nothing waits to be taken up.
    pub(super) fn is_quiet(&self) -> bool {
        self.reports.borrow().is_empty()
            && self.inbox.get() == 0
            && self.signals.get() == Signals::default()
    }

    /// A lane takes over: what was reported to the one before is settled with [`Berth::left_behind`].
    pub(super) fn start_over(&self) {
        self.reports.take();
        self.signals.set(Signals::default());
        self.inbox.set(0);
        self.status.take();
    }

    fn wake(&self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

impl Stream for BerthNews {
    type Item = News;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<News>> {
        let berth = &self.0;
        let reports = berth.reports.take();
        let signals = berth.signals.take();
        if reports.is_empty() && signals == Signals::default() {
            berth.waker.set(Some(context.waker().clone()));
            return Poll::Pending;
        }
        Poll::Ready(Some(News { reports, signals }))
    }
}
