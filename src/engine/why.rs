//! One sentence: why a delivery stands where it does, and what comes next.

use std::time::Duration;

use super::views::LaneStatus;
use crate::domain::attempt::Attempt;
use crate::domain::delivery::{DeadReason, Delivery, DeliveryState, DiscardReason};
use crate::domain::duration::DurationText;
use crate::domain::endpoint::{DisabledReason, Endpoint, EndpointStatus};
use crate::domain::lane::BreakerPhase;
use crate::domain::rate_limit::RateLimit;
use crate::domain::retry::RetryPolicy;
use crate::domain::time::Timestamp;

/// Deliveries ahead that are counted: beyond it a number tells nobody more, and counting costs.
pub(super) const AHEAD_MAX: u32 = 1_000;

/// What the sentence is made of.
pub(super) struct Facts<'a> {
    pub(super) delivery: &'a Delivery,
    pub(super) endpoint: Option<&'a Endpoint>,
    pub(super) policy: Option<&'a RetryPolicy>,
    pub(super) latest: Option<&'a Attempt>,
    pub(super) note: Option<&'a str>,
    /// The rate limit in force.
    pub(super) rate_limit: Option<RateLimit>,
    /// Its endpoint's lane, where that is in memory.
    pub(super) lane: Option<&'a LaneStatus>,
    /// Pending deliveries of its endpoint that come before it, counted up to one more than [`AHEAD_MAX`].
    pub(super) ahead: u32,
}

/// The sentence. Failure texts in it are the receiver's or the network's: not escaped.
pub(super) fn sentence(now: Timestamp, facts: &Facts<'_>) -> String {
    let delivery = facts.delivery;
    let failure = failure(facts);
    match delivery.state {
        DeliveryState::Pending => pending(now, facts, &failure),
        DeliveryState::Held => format!("Held: {}.", hold(facts.endpoint)),
        DeliveryState::Delivered => match delivery.last_attempt.as_ref() {
            Some(last) => format!("Delivered at {} by attempt {}.", last.at, delivery.attempts),
            None => "Delivered.".to_owned(),
        },
        DeliveryState::Dead(DeadReason::Exhausted) => format!(
            "Dead: all {} attempts of its budget failed{failure}. A replay gives it a fresh budget.",
            delivery.budget_attempts
        ),
        DeliveryState::Dead(DeadReason::Expired) => {
            let window = facts.policy.and_then(|policy| policy.window);
            let window = window.map_or_else(String::new, |window| {
                format!(" of {}", DurationText(window))
            });
            format!(
                "Dead: the next retry would have started after its window{window} closed{failure}."
            )
        }
        DeliveryState::Dead(DeadReason::Gone) => {
            "Dead: the receiver answered 410, so its endpoint was disabled.".to_owned()
        }
        DeliveryState::Dead(DeadReason::Undeliverable) => format!(
            "Dead: no request can be made of it: {}.",
            facts.note.unwrap_or("the reason was not kept")
        ),
        DeliveryState::Discarded(DiscardReason::Operator) => {
            let note = facts.note;
            let note = note.map_or_else(String::new, |note| format!(" ({note})"));
            format!("Discarded: somebody cancelled it{note}; the audit log says who.")
        }
        DeliveryState::Discarded(DiscardReason::EndpointDeleted) => {
            "Discarded: its endpoint was deleted.".to_owned()
        }
    }
}

fn pending(now: Timestamp, facts: &Facts<'_>, failure: &str) -> String {
    let delivery = facts.delivery;
    let attempts = facts.policy.map(|policy| policy.retries() + 1);
    let of = attempts.map_or_else(String::new, |attempts| format!(" of {attempts}"));
    let next = delivery.budget_attempts + 1;
    let blocked = blocked(now, facts);
    match delivery.next_attempt_at {
        None if delivery.attempts == 0 => {
            format!("Waiting for its first attempt: it is due now{blocked}.")
        }
        Some(at) if at > now => {
            let wait = left(now, at);
            format!("Attempt {next}{of} follows in {wait}, at {at}{blocked}{failure}.")
        }
        None | Some(_) => format!("Attempt {next}{of} is due now{blocked}{failure}."),
    }
}

/// How long until then: in whole seconds from one on, rounded up, for nobody waits by the millisecond.
fn left(now: Timestamp, at: Timestamp) -> DurationText {
    let left = at.since(now);
    let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
    let whole = (left.as_secs() > 0).then(|| Duration::from_secs(seconds));
    DurationText(whole.unwrap_or(left))
}

/// What is in the way of a pending delivery besides its own time, as clauses.
fn blocked(now: Timestamp, facts: &Facts<'_>) -> String {
    let mut text = String::new();
    let within = |at: Timestamp| left(now, at);
    let noted = facts
        .endpoint
        .and_then(|endpoint| endpoint.breaker_open_since);
    match (facts.lane, noted) {
        (None, Some(_)) => text.push_str("; breaker open, a probe goes out when something is due"),
        (None, None) => {}
        (Some(lane), _) => {
            if let Some(at) = lane.restarts_at {
                let wait = within(at);
                text.push_str(&format!(
                    "; its lane ended unexpectedly and starts again in {wait}"
                ));
            }
            if lane.rate_limited
                && let Some(limit) = facts.rate_limit
            {
                text.push_str(&format!(
                    ", and its endpoint's rate limit of {limit} makes it wait"
                ));
            }
            match lane.breaker {
                BreakerPhase::Closed => {}
                BreakerPhase::Open(at) => {
                    text.push_str(&format!("; breaker open, next probe in {}", within(at)));
                }
                BreakerPhase::HalfOpen(limit) => {
                    text.push_str(&format!("; breaker half-open, {limit} at once"));
                }
            }
            let cools_until = lane
                .cools_until
                .filter(|_| lane.breaker == BreakerPhase::Closed);
            if let Some(at) = cools_until {
                let wait = within(at);
                text.push_str(&format!(
                    "; its receiver is overloaded and gets nothing for {wait}"
                ));
            }
            if lane.at_limit && facts.ahead > 0 {
                let in_flight = lane.in_flight;
                text.push_str(&format!("; {in_flight} in flight, as many as may be"));
            }
        }
    }
    match facts.ahead {
        0 => {}
        ahead if ahead > AHEAD_MAX => text.push_str(&format!("; more than {AHEAD_MAX} ahead")),
        ahead => text.push_str(&format!("; {ahead} ahead")),
    }
    text
}

fn failure(facts: &Facts<'_>) -> String {
    let failed = facts.latest.and_then(|latest| latest.failure.as_ref());
    failed.map_or_else(String::new, |failure| {
        format!("; the last one failed: {}", failure.text)
    })
}

fn hold(endpoint: Option<&Endpoint>) -> String {
    match endpoint.map(|endpoint| &endpoint.status) {
        Some(EndpointStatus::Paused { until, reason }) => {
            let until = until.map_or_else(
                || " until somebody resumes it".to_owned(),
                |until| format!(" until {until}"),
            );
            let reason = reason
                .as_ref()
                .map_or_else(String::new, |reason| format!(" ({reason})"));
            format!("its endpoint is paused{until}{reason}")
        }
        Some(EndpointStatus::Disabled { reason }) => {
            let by = match reason {
                DisabledReason::Operator => "an operator disabled its endpoint",
                DisabledReason::Owner => "its endpoint's owner disabled it",
                DisabledReason::Gone => "its endpoint answered 410 and was disabled",
                DisabledReason::Failing => "its endpoint failed for too long and was disabled",
            };
            format!("{by}; it goes on when the endpoint is enabled")
        }
        Some(EndpointStatus::Active | EndpointStatus::Deleted) | None => {
            "its endpoint is not active".to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_told_in_whole_seconds_and_never_as_shorter_than_it_is() {
        for (millis, told) in [
            (49_056, "50s"),
            (49_000, "49s"),
            (3_599_999, "1h"),
            (1_000, "1s"),
            (420, "420ms"),
        ] {
            let now = Timestamp::from_millis(7);
            let at = now + Duration::from_millis(millis);
            assert_eq!(left(now, at).to_string(), told);
        }
    }
}
