//! What the router tells of the lanes, for the API and for tests.

use std::time::Duration;

use actix::prelude::{Context, Handler, Message, MessageResult};

use super::super::berth::Berth;
use super::super::lane::is_slow;
use super::super::views::{LaneStatus, LanesSnapshot};
use super::Router;
use crate::domain::id::EndpointId;

/// What are the lanes doing?
pub(in crate::engine) struct Observe;

impl Message for Observe {
    type Result = (LanesSnapshot, Duration);
}

/// What is one lane doing?
pub(in crate::engine) struct ObserveLane(pub(in crate::engine) EndpointId);

impl Message for ObserveLane {
    /// `None` for a lane that is not in memory.
    type Result = Option<LaneStatus>;
}

impl Router {
    fn snapshot(&self) -> LanesSnapshot {
        let slots = self.yard.slots.borrow();
        let berths = self.yard.berths.borrow();
        let lanes = berths
            .values()
            .map(|berth| self.lane_status(berth))
            .collect();
        LanesSnapshot {
            lanes,
            waiting_to_start: self.yard.waiting_to_start.get(),
            slots_in_use: slots.in_use(),
            slots_total: slots.total(),
            kept_bytes: self.yard.budget.used() as u64,
            restarts: self.restarts,
            outcomes_refused: self.yard.outcomes_refused(),
            breakers_opened: self.yard.breakers_opened.get(),
            clock_set_ms: self.yard.set_ms(),
            handed_over: self.handed_over,
            next_wakeup: self
                .next_business()
                .into_iter()
                .chain(self.yard.replays_wakeup.get())
                .min(),
        }
    }

    fn lane_status(&self, berth: &Berth) -> LaneStatus {
        let status = berth.status.get();
        let restarts_at = self.restarting.at(berth.endpoint_id);
        LaneStatus {
            endpoint_id: berth.endpoint_id,
            in_flight: u32::try_from(berth.flights()).unwrap_or(u32::MAX),
            window: status.window,
            more_in_store: status.more_in_store,
            loading: status.loading,
            slow: is_slow(&self.yard, berth),
            held: status.held,
            rate_limited: status.rate_limited,
            breaker: status.breaker,
            cools_until: status.cools_until,
            at_limit: status.at_limit,
            startable: status.startable,
            quiet: status.started
                && berth.is_quiet()
                && !berth.keeping_breaker.get()
                && self.lanes.contains_key(&berth.endpoint_id),
            restarts_at,
            next_wakeup: restarts_at.or(status.next_wakeup),
            restarts: berth.restarts.get(),
        }
    }

    /// For how long startable work has stood still.
    fn stalled_for(&self) -> Duration {
        let berths = self.yard.berths.borrow();
        let waits = berths.values().any(|berth| berth.status.get().startable);
        if !waits {
            return Duration::ZERO;
        }
        let now = self.yard.clock.monotonic();
        now.saturating_sub(self.yard.last_moved.get())
    }
}

impl Handler<Observe> for Router {
    type Result = MessageResult<Observe>;

    fn handle(&mut self, _: Observe, _: &mut Context<Self>) -> Self::Result {
        MessageResult((self.snapshot(), self.stalled_for()))
    }
}

impl Handler<ObserveLane> for Router {
    type Result = MessageResult<ObserveLane>;

    fn handle(&mut self, observe: ObserveLane, _: &mut Context<Self>) -> Self::Result {
        let berths = self.yard.berths.borrow();
        let berth = berths.get(&observe.0);
        MessageResult(berth.map(|berth| self.lane_status(berth)))
    }
}
