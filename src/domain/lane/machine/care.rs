//! How a lane's machine goes easy on a receiver: what its breaker is told, and what both it and cooling let out.

use rand::Rng;

use super::super::breaker::{Breaker, BreakerPhase, Gate};
use super::super::step::Pace;
use super::LaneMachine;
use crate::domain::breaker::WINDOW_MAX;
use crate::domain::id::DeliveryId;
use crate::domain::time::Timestamp;

impl<P> LaneMachine<P> {
    /// Where the breaker stands.
    pub fn breaker_phase(&self, now: Timestamp) -> BreakerPhase {
        let phase = self.breaker.as_ref().map(|breaker| breaker.phase(now));
        match (phase.unwrap_or_default(), self.cooling.pause(now)) {
            (BreakerPhase::Open(probe_at), Some(until)) => BreakerPhase::Open(probe_at.max(until)),
            (phase, _) => phase,
        }
    }

    /// Before this nothing starts, because the receiver said that it is overloaded; `None` when nothing of the kind
    /// is in the way.
    pub fn cools_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.cooling.pause(now)
    }

    /// Whether as many requests are in flight as may be.
    pub fn is_at_its_limit(&self) -> bool {
        self.flights.sending() >= self.sending_max()
    }

    /// Lets the breaker know how the receiver took a request.
    pub(super) fn judge_receiver(
        &mut self,
        now: Timestamp,
        rng: &mut dyn Rng,
        id: DeliveryId,
        pace: Pace,
    ) {
        let Some(policy) = self.policy.as_deref().copied() else {
            return;
        };
        let well = pace == Pace::Well;
        if well && self.breaker.is_none() {
            let most = u8::try_from(WINDOW_MAX).unwrap_or(u8::MAX);
            self.successes_in_a_row = self.successes_in_a_row.saturating_add(1).min(most);
            return;
        }
        let concurrency = self.concurrency();
        let before = u32::from(std::mem::take(&mut self.successes_in_a_row));
        let breaker = self
            .breaker
            .get_or_insert_with(|| Box::new(Breaker::counting(before)));
        breaker.answered(now, rng, policy, concurrency, id, well);
        if breaker.is_idle() {
            // All that it looks at went well: that is all there is to remember.
            self.successes_in_a_row = u8::try_from(breaker.counts().1).unwrap_or(u8::MAX);
            self.breaker = None;
        }
    }

    pub(super) fn resumed(&mut self, now: Timestamp) {
        if self.policy.is_none() {
            return;
        }
        match &mut self.breaker {
            Some(breaker) => breaker.resume(now),
            None => self.breaker = Some(Box::new(Breaker::resumed())),
        }
    }

    /// What the breaker lets out.
    pub(super) fn gate(&self, now: Timestamp) -> Gate {
        let breaker = self.breaker.as_ref();
        breaker.map_or(Gate::Free, |breaker| breaker.gate(now))
    }

    /// Requests that may be in flight at once.
    pub(super) fn sending_max(&self) -> u32 {
        let ramp = self.breaker.as_ref().and_then(|breaker| breaker.limit());
        match (self.cooling.probes(), ramp) {
            (true, _) => 1,
            (false, Some(limit)) => limit.min(self.concurrency()),
            (false, None) => self.concurrency(),
        }
    }

    /// Requests that may be in flight at once to a receiver that is well.
    pub(super) const fn concurrency(&self) -> u32 {
        if self.ordered { 1 } else { self.concurrency }
    }

    /// Tells the breaker what it is to know of the backlog.
    pub(super) fn look_at_backlog(&mut self, now: Timestamp) {
        let concurrency = self.concurrency() as usize;
        let Some(breaker) = &mut self.breaker else {
            return;
        };
        if breaker.wants_judgement() && self.queue.is_known(now) {
            breaker.judge(now, self.queue.exceeds(now, concurrency));
        } else if self.flights.is_empty() && self.queue.is_known(now) && !self.queue.exceeds(now, 0)
        {
            breaker.ran_dry();
        }
        if breaker.is_idle() {
            self.breaker = None;
        }
    }
}
