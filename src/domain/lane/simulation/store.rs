//! The store of a simulation: rows, and the ledger beside them.

use std::collections::BTreeMap;
use std::time::Duration;

use super::super::{Batch, Item, LoadRequest, Settlement};
use crate::domain::id::DeliveryId;
use crate::domain::time::Timestamp;

/// The delays of every delivery, in milliseconds.
pub(super) const LADDER: [u64; 3] = [50, 400, 3_000];

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum State {
    Pending,
    Delivered,
    Dead,
    Discarded,
}

#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) state: State,
    pub(super) attempts: u32,
    pub(super) budget_attempts: u32,
    pub(super) replays: u32,
    pub(super) next_attempt_at: Option<Timestamp>,
    /// Whether its receiver will never take it.
    pub(super) poison: bool,
    /// Requests that left for it, and attempts recorded of it.
    pub(super) sent: u32,
    pub(super) recorded: u32,
    /// Requests that a crash made the service forget.
    pub(super) forgotten: u32,
    /// Failed probes, which cost nothing.
    pub(super) free: u32,
}

/// Everything that is on the disk.
#[derive(Debug, Default)]
pub(super) struct Store {
    pub(super) rows: BTreeMap<DeliveryId, Row>,
    /// When those requests were answered whose record is here.
    pub(super) recorded: Vec<Timestamp>,
    /// Whether the lane's breaker is open.
    pub(super) breaker_open: bool,
    /// Pending, delivered, dead, discarded.
    ledger: [usize; 4],
}

impl Store {
    /// Accepts a delivery.
    pub(super) fn accept(&mut self, poison: bool) -> DeliveryId {
        let id = DeliveryId::from_i64(i64::try_from(self.rows.len()).unwrap() + 1);
        let row = Row {
            state: State::Pending,
            attempts: 0,
            budget_attempts: 0,
            replays: 0,
            next_attempt_at: None,
            poison,
            sent: 0,
            recorded: 0,
            forgotten: 0,
            free: 0,
        };
        self.rows.insert(id, row);
        self.ledger[0] += 1;
        id
    }

    /// Promise P4, told by the counters alone.
    pub(super) fn adds_up(&self) -> bool {
        self.ledger.iter().sum::<usize>() == self.rows.len()
    }

    /// The same, told by the rows.
    pub(super) fn agrees_with_its_ledger(&self) -> bool {
        let mut counted = [0; 4];
        for row in self.rows.values() {
            counted[row.state as usize] += 1;
        }
        counted == self.ledger
    }

    fn set_state(&mut self, id: DeliveryId, state: State) {
        let row = self.rows.get_mut(&id).unwrap();
        self.ledger[row.state as usize] -= 1;
        self.ledger[state as usize] += 1;
        row.state = state;
    }

    pub(super) fn item(&self, id: DeliveryId, now: Timestamp) -> Item<()> {
        let row = &self.rows[&id];
        Item {
            id,
            attempts: row.attempts,
            budget_attempts: row.budget_attempts,
            budget_started_at: now,
            held_before_ms: 0,
            due_at: row.next_attempt_at,
            payload: (),
        }
    }

    /// Pending deliveries that are due.
    pub(super) fn due(&self, now: Timestamp) -> usize {
        let is_due = |row: &&Row| {
            row.state == State::Pending && row.next_attempt_at.is_none_or(|at| at <= now)
        };
        self.rows.values().filter(is_due).count()
    }

    /// What a load reads.
    pub(super) fn read(&self, request: LoadRequest, now: Timestamp) -> Batch<()> {
        let limit = request.limit as usize;
        let behind = |id: DeliveryId| request.after.is_none_or(|after| id > after);
        let mut batch = Batch {
            epoch: request.epoch,
            due: Vec::new(),
            fresh: Vec::new(),
            due_more: false,
            fresh_more: false,
            next_due: None,
            answered: request.answered_since.map(|since| {
                let recorded = self.recorded.iter().copied();
                recorded.filter(|&at| at > since).collect()
            }),
        };
        let mut due = Vec::new();
        for (&id, row) in &self.rows {
            if row.state != State::Pending {
                continue;
            }
            let next = row.next_attempt_at;
            if behind(id) && (request.ordered || (request.fresh && next.is_none())) {
                batch.fresh.push(self.item(id, now));
            }
            match next.filter(|_| request.due && !request.ordered) {
                Some(at) if at <= now => due.push((at, id)),
                Some(at) => batch.next_due = Some(batch.next_due.map_or(at, |known| known.min(at))),
                None => {}
            }
        }
        due.sort();
        batch.due_more = due.len() > limit;
        batch.fresh_more = batch.fresh.len() > limit;
        batch.fresh.truncate(limit);
        due.truncate(limit);
        batch.due = due.iter().map(|&(_, id)| self.item(id, now)).collect();
        batch
    }

    /// Records the attempt of this number.
    pub(super) fn record(
        &mut self,
        id: DeliveryId,
        number: u32,
        success: bool,
        free: bool,
        now: Timestamp,
    ) -> Settlement {
        self.recorded.push(now);
        let row = self.rows.get_mut(&id).unwrap();
        row.recorded += 1;
        if row.state != State::Pending || row.attempts + 1 != number {
            row.attempts = row.attempts.max(number);
            return Settlement::Stale;
        }
        row.attempts = number;
        row.next_attempt_at = None;
        if free && !success {
            row.free += 1;
            row.next_attempt_at = Some(now);
            return Settlement::RetryAt(now);
        }
        row.budget_attempts += 1;
        let step = LADDER.get(row.budget_attempts as usize - 1);
        match step {
            _ if success => self.set_state(id, State::Delivered),
            None => self.set_state(id, State::Dead),
            Some(&step) => {
                let at = now + Duration::from_millis(step);
                row.next_attempt_at = Some(at);
                return Settlement::RetryAt(at);
            }
        }
        Settlement::Done
    }

    /// Puts a delivery back to work.
    pub(super) fn replay(&mut self, id: DeliveryId, now: Timestamp) {
        self.set_state(id, State::Pending);
        let row = self.rows.get_mut(&id).unwrap();
        row.budget_attempts = 0;
        row.replays += 1;
        row.next_attempt_at = Some(now);
    }

    /// Gives a delivery up; answers whether it was pending.
    pub(super) fn discard(&mut self, id: DeliveryId) -> bool {
        let was_pending = self.rows[&id].state == State::Pending;
        if was_pending {
            self.set_state(id, State::Discarded);
            self.rows.get_mut(&id).unwrap().next_attempt_at = None;
        }
        was_pending
    }

    /// The wall clock was set: what is kept by it moves.
    pub(super) fn clock_set(&mut self, by_ms: i64) {
        for row in self.rows.values_mut() {
            row.next_attempt_at = row.next_attempt_at.map(|at| at.moved_by(by_ms));
        }
        for at in &mut self.recorded {
            *at = at.moved_by(by_ms);
        }
    }
}
