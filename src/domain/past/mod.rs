//! What stored rows tell of a delivery at an instant that is past.
//!
//! A delivery's row says where it stands now. Its attempts say when each began and ended, the audit log says what it was
//! before a person moved it, and a replay's items say what it was when the replay was planned: put together they tell
//! where it stood then, most of the time.
//!
//! **Promises.** Nothing is made up: where the rows leave it open, the answer is [`Stood::Untold`], and a dead or
//! discarded delivery whose reason was overwritten has none. An attempt's outcome counts from the moment in which it
//! ended; the latest one's from when it was recorded.

mod dead;
mod replay;
#[cfg(test)]
mod tests;

use std::time::Duration;

use super::attempt::LastAttempt;
use super::delivery::{DeadReason, Delivery, DeliveryState, DiscardReason};
use super::id::ReplayId;
use super::time::Timestamp;

pub use dead::{DeadThen, Died, OfCause};
pub use replay::{
    ItemsThen, Progress, ReplayNow, ReplayThen, ReplayTraces, ReplayTurn, replay_then,
};

/// An outcome is recorded sooner than this after its attempt ended: what changes a delivery later is something else.
const RECORDED_WITHIN: Duration = Duration::from_secs(10);

/// An attempt, as far as the past of its delivery asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// 1 for the first.
    pub number: u32,
    /// When it had ended.
    pub ended_at: Timestamp,
    /// What lists show of it; it tells when it began.
    pub last: LastAttempt,
    /// The replay it was made for.
    pub replay_id: Option<ReplayId>,
}

/// A move by a person, as the audit log has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// When.
    pub at: Timestamp,
    /// Where the delivery stood before it, as stored.
    pub from: DeliveryState,
}

/// A delivery as an item of a replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frozen {
    /// Which replay.
    pub replay_id: ReplayId,
    /// When it was planned.
    pub planned_at: Timestamp,
    /// When it was started; none where it was not.
    pub started_at: Option<Timestamp>,
    /// When it put the delivery to work; none where it did not, or a version before this was noted did.
    pub released_at: Option<Timestamp>,
    /// Where the delivery stood when it was planned.
    pub was: Stood,
}

/// All that is stored of one delivery's past.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traces {
    /// The attempts that are kept, oldest first.
    pub attempts: Vec<Tried>,
    /// The moves by persons since the instant that is asked for, oldest first.
    pub turns: Vec<Turn>,
    /// The replays it was an item of, as far as they are kept.
    pub frozen: Vec<Frozen>,
}

/// Where a delivery stood, as far as that is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stood {
    /// Nothing tells.
    Untold,
    /// There.
    Told(DeliveryState),
    /// It was dead, and nothing tells of what.
    Dead,
    /// It was discarded, and nothing tells why.
    Discarded,
}

/// What the endpoint of a delivery made of it at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// It was active: what was pending was pending.
    Open,
    /// It was paused or disabled: what was pending was held.
    Held,
    /// It was deleted: what was pending is discarded.
    Gone,
}

/// A delivery at an instant that is past.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Then {
    /// What is told of it; its `state` is today's and means nothing here.
    pub delivery: Delivery,
    /// Where it stood.
    pub stood: Stood,
    /// Whether a request was under way, or answered and not yet recorded.
    pub in_flight: bool,
}

impl Stood {
    /// What a stored word tells without its reason.
    pub fn of_word(word: &str) -> Self {
        match word {
            "pending" => Self::Told(DeliveryState::Pending),
            "delivered" => Self::Told(DeliveryState::Delivered),
            "dead" => Self::Dead,
            "discarded" => Self::Discarded,
            _ => Self::Untold,
        }
    }

    /// The word in JSON and on screen: that of the state, or `unknown`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Untold => "unknown",
            Self::Told(state) => state.as_str(),
            Self::Dead => "dead",
            Self::Discarded => "discarded",
        }
    }

    /// The word for the reason, where it is told.
    pub const fn reason(self) -> Option<&'static str> {
        match self {
            Self::Told(state) => state.reason(),
            Self::Untold | Self::Dead | Self::Discarded => None,
        }
    }

    fn behind(self, door: Door) -> Self {
        let Self::Told(DeliveryState::Pending) = self else {
            return self;
        };
        Self::Told(match door {
            Door::Open => DeliveryState::Pending,
            Door::Held => DeliveryState::Held,
            Door::Gone => DeliveryState::Discarded(DiscardReason::EndpointDeleted),
        })
    }
}

/// What is told of a delivery at `at`; `None` before it was created.
///
/// `delivery` is its row of today, held or given up with its endpoint or not: `door` says what the endpoint made of it
/// then.
pub fn then(delivery: &Delivery, traces: &Traces, door: Door, at: Timestamp) -> Option<Then> {
    if delivery.created_at > at {
        return None;
    }
    let known = Known::of(delivery, traces, at);
    let stood = known.stood();
    let waits = stood == Stood::Told(DeliveryState::Pending);
    Some(Then {
        delivery: known.told(),
        stood: stood.behind(door),
        in_flight: waits && known.is_under_way(),
    })
}

/// What is known of a delivery around an instant.
struct Known<'a> {
    delivery: &'a Delivery,
    traces: &'a Traces,
    at: Timestamp,
    /// The latest attempt that had ended.
    before: Option<&'a Tried>,
    /// The first that had not.
    after: Option<&'a Tried>,
}

impl<'a> Known<'a> {
    fn of(delivery: &'a Delivery, traces: &'a Traces, at: Timestamp) -> Self {
        let attempts = &traces.attempts;
        Self {
            delivery,
            traces,
            at,
            before: attempts.iter().rev().find(|one| one.ended_at <= at),
            after: attempts.iter().find(|one| one.ended_at > at),
        }
    }

    /// Whether its row has not changed since: an attempt that ended later came too late for a delivery that was given up.
    fn is_unchanged(&self) -> bool {
        self.delivery.updated_at <= self.at
    }

    fn is_under_way(&self) -> bool {
        let under_way = self.after.is_some_and(|next| next.last.at <= self.at);
        under_way || (self.after.is_none() && self.is_unrecorded())
    }

    /// Whether the latest attempt had ended and its outcome was not recorded yet.
    fn is_unrecorded(&self) -> bool {
        let Some(latest) = self.before else {
            return false;
        };
        let recorded = self.delivery.updated_at;
        recorded > self.at && recorded <= latest.ended_at + RECORDED_WITHIN
    }

    /// Where it stood, whatever its endpoint made of it.
    fn stood(&self) -> Stood {
        if self.is_unchanged() {
            return Stood::Told(stored(self.delivery.state));
        }
        let turn = self.traces.turns.iter().find(|turn| turn.at > self.at);
        match (turn, self.after) {
            (_, Some(next)) if next.last.at <= self.at => Stood::Told(DeliveryState::Pending),
            (Some(turn), Some(next)) if turn.at <= next.last.at => Stood::Told(turn.from),
            (_, Some(next)) => self.before_attempt(next),
            (Some(turn), None) => Stood::Told(turn.from),
            (None, None) => self.before_last_change(),
        }
    }

    /// Where it stood before an attempt that was yet to begin, and no person had moved it.
    fn before_attempt(&self, next: &Tried) -> Stood {
        let released = next
            .replay_id
            .filter(|id| self.before.is_none_or(|tried| tried.replay_id != Some(*id)));
        if let Some(replay) = released {
            return self.before_release(replay, next.last.at);
        }
        let whole = next.number == self.before.map_or(0, |tried| tried.number) + 1;
        match self.before {
            // A success is followed by another attempt only where something happened that is not kept.
            Some(tried) if tried.last.class.is_none() => Stood::Untold,
            _ if !whole => Stood::Untold,
            _ => Stood::Told(DeliveryState::Pending),
        }
    }

    /// Where it stood when nothing but its row has changed since.
    fn before_last_change(&self) -> Stood {
        let pending = Stood::Told(DeliveryState::Pending);
        let tried_for = |id| {
            let mut attempts = self.traces.attempts.iter();
            attempts.any(|tried| tried.replay_id == Some(id))
        };
        match stored(self.delivery.state) {
            DeliveryState::Pending | DeliveryState::Held => match self.delivery.replay_id {
                Some(replay) if !tried_for(replay) => {
                    self.before_release(replay, self.delivery.updated_at)
                }
                _ => pending,
            },
            // Persons give up one at a time, which the log tells, or many of what is dead: however soon that was.
            DeliveryState::Discarded(DiscardReason::Operator) if self.before.is_some() => {
                Stood::Dead
            }
            _ if self.is_unrecorded() => pending,
            DeliveryState::Dead(DeadReason::Undeliverable) => pending,
            _ => Stood::Untold,
        }
    }

    /// Where it stood around the moment in which a replay put it to work, which was not after `by`.
    fn before_release(&self, replay: ReplayId, by: Timestamp) -> Stood {
        let frozen = self.traces.frozen.iter();
        let Some(frozen) = frozen.clone().find(|frozen| frozen.replay_id == replay) else {
            return Stood::Untold;
        };
        let tried_since = self
            .before
            .is_some_and(|tried| tried.ended_at > frozen.planned_at);
        let was = match self.before {
            Some(tried) if tried.last.class.is_none() => Stood::Told(DeliveryState::Delivered),
            _ if tried_since => Stood::Untold,
            _ => frozen.was,
        };
        let started = self.delivery.budget_started_at;
        let is_known = self.delivery.replay_id == Some(replay) && started <= by;
        let released = frozen.released_at.or(is_known.then_some(started));
        match released {
            Some(released) if self.at >= released => Stood::Told(DeliveryState::Pending),
            Some(_) => was,
            None if frozen.started_at.is_none_or(|started| self.at < started) => was,
            None => Stood::Untold,
        }
    }

    /// The delivery as far as it is told of then.
    fn told(&self) -> Delivery {
        if self.is_unchanged() {
            return self.delivery.clone();
        }
        let last = self.before.map(|tried| &tried.last);
        let latest = self.delivery.last_attempt.as_ref();
        let same = latest.is_some() && last.map(|last| last.at) == latest.map(|last| last.at);
        let changed = self.before.map(|tried| tried.ended_at);
        let made_for = self.before.and_then(|tried| tried.replay_id);
        let ended = self.traces.attempts.iter();
        let ended = ended.filter(|tried| tried.ended_at <= self.at);
        let spent = ended.filter(|tried| tried.replay_id == made_for).count();
        let first_kept = self.traces.attempts.first().map_or(0, |one| one.number - 1);
        Delivery {
            attempts: self.before.map_or(first_kept, |tried| tried.number),
            budget_attempts: u32::try_from(spent).unwrap_or(u32::MAX),
            next_attempt_at: None,
            last_attempt: last.cloned(),
            cause: self.delivery.cause.filter(|_| same),
            updated_at: changed.unwrap_or(self.delivery.created_at),
            replay_id: made_for,
            ..self.delivery.clone()
        }
    }
}

/// The state as it is stored: without what its endpoint makes of it today.
const fn stored(state: DeliveryState) -> DeliveryState {
    match state {
        DeliveryState::Held | DeliveryState::Discarded(DiscardReason::EndpointDeleted) => {
            DeliveryState::Pending
        }
        other => other,
    }
}
