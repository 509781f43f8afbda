//! Deliveries: one event on its way to one endpoint, and the legal moves of its state.

use super::attempt::LastAttempt;
use super::event_type::EventType;
use super::fingerprint::CauseId;
use super::id::{DeliveryId, EndpointId, EventId, ReplayId};
use super::time::Timestamp;

/// Where a delivery stands.
///
/// Stored are `pending`, `delivered`, `dead` and `discarded`. *Held* is what a pending delivery is called while
/// its endpoint is paused or disabled: pausing an endpoint with a million deliveries touches one row, and no crash
/// can leave some of them behind in the wrong state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeliveryState {
    /// Waiting for its next attempt, or in flight.
    Pending,
    /// Pending, but its endpoint is paused or disabled.
    Held,
    /// The receiver accepted it.
    Delivered,
    /// It will not be tried again by itself.
    Dead(DeadReason),
    /// An operator cancelled it, or its endpoint was deleted.
    Discarded(DiscardReason),
}

/// Why a delivery is dead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeadReason {
    /// The last retry failed.
    Exhausted,
    /// The next retry would have started after the window closed.
    Expired,
    /// The receiver answered 410 and the contract takes its word.
    Gone,
    /// No request can be made of it: the body cannot be rendered, a row cannot be read, a secret not opened.
    Undeliverable,
}

/// Why a delivery is discarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DiscardReason {
    /// A person cancelled it.
    Operator,
    /// Its endpoint was deleted.
    EndpointDeleted,
}

/// What can happen to a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryMove {
    /// The receiver accepted an attempt.
    Deliver,
    /// An attempt failed and another will follow.
    Retry,
    /// No attempt will follow.
    Die(DeadReason),
    /// It is given up on purpose.
    Discard(DiscardReason),
    /// An operator puts it back to work with a fresh retry budget.
    Replay,
    /// It is brought back as the dead delivery that it was.
    BringBack(DeadReason),
}

/// A move that the delivery's state does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a {} delivery cannot {}", from.as_str(), attempted.verb())]
pub struct IllegalMove {
    /// The state it was in.
    pub from: DeliveryState,
    /// What was asked.
    pub attempted: DeliveryMove,
}

/// A delivery as the store keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Stable over retries and replays.
    pub id: DeliveryId,
    /// The event it carries.
    pub event_id: EventId,
    /// That event's type.
    pub event_type: EventType,
    /// Where it goes.
    pub endpoint_id: EndpointId,
    /// Where it stands.
    pub state: DeliveryState,
    /// Attempts made in all; the next one has this number plus one.
    pub attempts: u32,
    /// Attempts made since acceptance or the latest replay: what the retry ladder counts.
    pub budget_attempts: u32,
    /// Acceptance or the latest replay: where the contract's window begins.
    pub budget_started_at: Timestamp,
    /// Milliseconds for which the endpoint had been held in its life when the budget started: time held does not
    /// count against the window.
    pub held_before_ms: i64,
    /// When the next attempt is due; `None` before the first attempt (due at once) and in final states.
    pub next_attempt_at: Option<Timestamp>,
    /// What came of the latest attempt.
    pub last_attempt: Option<LastAttempt>,
    /// The cause of the latest attempt's failure; `None` when it succeeded, before it, and for tests.
    pub cause: Option<CauseId>,
    /// Whether its event is a test.
    pub test: bool,
    /// When its event was accepted.
    pub created_at: Timestamp,
    /// When its state last changed.
    pub updated_at: Timestamp,
    /// The replay that last put it to work; a pending one that has it is an open item of that replay.
    pub replay_id: Option<ReplayId>,
}

impl DeliveryState {
    /// The word in SQL, JSON and on screen.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Held => "held",
            Self::Delivered => "delivered",
            Self::Dead(_) => "dead",
            Self::Discarded(_) => "discarded",
        }
    }

    /// The word for the reason, where there is one.
    pub const fn reason(self) -> Option<&'static str> {
        match self {
            Self::Pending | Self::Held | Self::Delivered => None,
            Self::Dead(reason) => Some(reason.as_str()),
            Self::Discarded(reason) => Some(reason.as_str()),
        }
    }

    /// Reads the words of [`DeliveryState::as_str`] and [`DeliveryState::reason`]; `None` where they do not fit.
    pub fn from_words(state: &str, reason: Option<&str>) -> Option<Self> {
        match (state, reason) {
            ("pending", None) => Some(Self::Pending),
            ("held", None) => Some(Self::Held),
            ("delivered", None) => Some(Self::Delivered),
            ("dead", Some(reason)) => DeadReason::from_word(reason).map(Self::Dead),
            ("discarded", Some(reason)) => DiscardReason::from_word(reason).map(Self::Discarded),
            _ => None,
        }
    }

    /// The state after a move.
    ///
    /// # Errors
    /// [`IllegalMove`] where the state does not allow it: a final state moves only by a replay, and an attempt's
    /// outcome reaches only a pending delivery (in-flight requests of a held one may still come back).
    pub const fn apply(self, delivery_move: DeliveryMove) -> Result<Self, IllegalMove> {
        let next = match (self, delivery_move) {
            (Self::Pending | Self::Held, DeliveryMove::Deliver) => Self::Delivered,
            (Self::Pending, DeliveryMove::Retry | DeliveryMove::Replay) => Self::Pending,
            (Self::Held, DeliveryMove::Retry | DeliveryMove::Replay) => Self::Held,
            (Self::Pending | Self::Held, DeliveryMove::Die(reason)) => Self::Dead(reason),
            (Self::Pending | Self::Held | Self::Dead(_), DeliveryMove::Discard(reason)) => {
                Self::Discarded(reason)
            }
            (Self::Delivered | Self::Dead(_) | Self::Discarded(_), DeliveryMove::Replay) => {
                Self::Pending
            }
            (Self::Discarded(DiscardReason::Operator), DeliveryMove::BringBack(reason)) => {
                Self::Dead(reason)
            }
            (_, DeliveryMove::BringBack(_))
            | (Self::Delivered | Self::Dead(_) | Self::Discarded(_), DeliveryMove::Deliver)
            | (Self::Delivered | Self::Dead(_) | Self::Discarded(_), DeliveryMove::Retry)
            | (Self::Delivered | Self::Dead(_) | Self::Discarded(_), DeliveryMove::Die(_))
            | (Self::Delivered | Self::Discarded(_), DeliveryMove::Discard(_)) => {
                return Err(IllegalMove {
                    from: self,
                    attempted: delivery_move,
                });
            }
        };
        Ok(next)
    }

    /// Whether only a replay can move it on.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Delivered | Self::Dead(_) | Self::Discarded(_))
    }
}

impl DeliveryMove {
    const fn verb(self) -> &'static str {
        match self {
            Self::Deliver => "be delivered",
            Self::Retry => "be retried",
            Self::Die(_) => "die",
            Self::Discard(_) => "be discarded",
            Self::Replay => "be replayed",
            Self::BringBack(_) => "be brought back",
        }
    }
}

impl DeadReason {
    /// The word in SQL, JSON and on screen.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exhausted => "exhausted",
            Self::Expired => "expired",
            Self::Gone => "gone",
            Self::Undeliverable => "undeliverable",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        [
            Self::Exhausted,
            Self::Expired,
            Self::Gone,
            Self::Undeliverable,
        ]
        .into_iter()
        .find(|reason| reason.as_str() == word)
    }
}

impl DiscardReason {
    /// The word in SQL, JSON and on screen.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::EndpointDeleted => "endpoint_deleted",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        [Self::Operator, Self::EndpointDeleted]
            .into_iter()
            .find(|reason| reason.as_str() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATES: [DeliveryState; 5] = [
        DeliveryState::Pending,
        DeliveryState::Held,
        DeliveryState::Delivered,
        DeliveryState::Dead(DeadReason::Expired),
        DeliveryState::Discarded(DiscardReason::Operator),
    ];

    #[test]
    fn words_read_back() {
        for state in STATES {
            assert_eq!(
                DeliveryState::from_words(state.as_str(), state.reason()),
                Some(state)
            );
        }
        assert_eq!(DeliveryState::from_words("dead", None), None);
        assert_eq!(DeliveryState::from_words("pending", Some("gone")), None);
    }

    #[test]
    fn final_states_move_only_by_replay_and_dead_ones_by_discard() {
        for state in STATES.into_iter().filter(|state| state.is_final()) {
            assert_eq!(
                state.apply(DeliveryMove::Replay),
                Ok(DeliveryState::Pending)
            );
            assert!(state.apply(DeliveryMove::Deliver).is_err());
            assert!(state.apply(DeliveryMove::Retry).is_err());
            assert!(state.apply(DeliveryMove::Die(DeadReason::Gone)).is_err());
        }
        let discard = DeliveryMove::Discard(DiscardReason::Operator);
        assert!(DeliveryState::Dead(DeadReason::Gone).apply(discard).is_ok());
        let error = DeliveryState::Delivered.apply(discard).unwrap_err();
        assert_eq!(
            error.to_string(),
            "a delivered delivery cannot be discarded"
        );
    }

    #[test]
    fn only_what_a_person_discarded_is_brought_back() {
        let back = DeliveryMove::BringBack(DeadReason::Gone);
        for state in STATES {
            let expected = matches!(state, DeliveryState::Discarded(DiscardReason::Operator));
            assert_eq!(state.apply(back).is_ok(), expected, "{state:?}");
        }
        let deleted = DeliveryState::Discarded(DiscardReason::EndpointDeleted);
        let error = deleted.apply(back).unwrap_err();
        assert_eq!(
            error.to_string(),
            "a discarded delivery cannot be brought back"
        );
    }

    #[test]
    fn a_held_delivery_stays_held_until_its_endpoint_moves_again() {
        assert_eq!(
            DeliveryState::Held.apply(DeliveryMove::Retry),
            Ok(DeliveryState::Held)
        );
        assert_eq!(
            DeliveryState::Held.apply(DeliveryMove::Deliver),
            Ok(DeliveryState::Delivered)
        );
    }
}
