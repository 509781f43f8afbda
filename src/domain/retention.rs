//! What may go: ages become edges, and everything before an edge that is final may be removed.
//!
//! Ids carry the time they were given, so an edge in time is an edge in ids and needs no index of its own.

use std::time::Duration;

use super::id::{AttemptId, AuditId, DeliveryId, EventId};
use super::limits::STATS_WINDOW_MAX;
use super::time::Timestamp;

/// What rows may take where nobody says: 20 GiB.
const DISK_DEFAULT: u64 = 20 << 30;
/// However full the disk is, payloads and attempts are kept for so long.
const KEPT_MIN: Duration = Duration::from_hours(1);
/// A budget that is exceeded is undershot by a tenth, so that not every round takes a little.
const AIM_TENTHS: u128 = 9;
/// What a row of statistics counts.
const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_hours(24);

/// How long things are kept. Pending deliveries, and what they need, never go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetentionPolicy {
    /// Payloads of events without pending or dead deliveries; also how long a publisher's key stays taken.
    pub payloads: Duration,
    /// Attempts of delivered and discarded deliveries, and with the last of them the delivery.
    pub attempts: Duration,
    /// Dead deliveries with their attempts and payloads.
    pub dead: Duration,
    /// Audit entries; tokens after they were revoked or expired. A deleted endpoint stays for the longest of all ages.
    pub audit: Duration,
    /// Bytes that rows may take on disk before payloads and attempts go ahead of their time; `None` for any number.
    pub disk: Option<u64>,
}

/// What the rows take at one instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Bytes of the database file that are in use.
    pub bytes: u64,
    /// When the oldest event was accepted that may go.
    pub oldest: Option<Timestamp>,
}

/// The edges at one instant: what lies before one may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetentionPlan {
    /// Events whose payload may go, unless a pending or dead delivery needs it.
    pub payloads_before: EventId,
    /// Events that may go altogether once no delivery of theirs is left.
    pub events_before: EventId,
    /// Attempts of delivered and discarded deliveries.
    pub attempts_before: AttemptId,
    /// Attempts of dead deliveries.
    pub dead_attempts_before: AttemptId,
    /// Delivered and discarded deliveries without attempts.
    pub deliveries_before: DeliveryId,
    /// Dead deliveries without attempts.
    pub dead_before: DeliveryId,
    /// Audit entries.
    pub audit_before: AuditId,
    /// Tokens, by when they were revoked or expired.
    pub tokens_before: Timestamp,
    /// Deleted endpoints without deliveries, by when they were deleted.
    pub endpoints_before: Timestamp,
    /// Minutes of statistics, by when they began: each is kept as long as the last attempt that it may count.
    pub minutes_before: Timestamp,
    /// The same of minutes of all endpoints together, which are few: kept for as long as anybody can ask for.
    pub totals_before: Timestamp,
}

impl Default for RetentionPolicy {
    /// Payloads and attempts 30 days, dead deliveries 90 days, audit entries a year; 20 GiB of rows.
    fn default() -> Self {
        let days = |days: u64| Duration::from_hours(days * 24);
        Self {
            payloads: days(30),
            attempts: days(30),
            dead: days(90),
            audit: days(365),
            disk: Some(DISK_DEFAULT),
        }
    }
}

impl RetentionPolicy {
    /// The policy to go by at `now`: payloads and attempts are kept for less where the rows take more than they may.
    ///
    /// As if every day had brought as much: over by a half, the oldest part goes until nine tenths of the budget are
    /// left. Dead deliveries keep their time, and nothing goes within an hour.
    #[must_use]
    pub fn within_budget(self, now: Timestamp, usage: Usage) -> Self {
        let Some((budget, oldest)) = self.disk.zip(usage.oldest) else {
            return self;
        };
        if usage.bytes <= budget {
            return self;
        }
        let age_ms = now.since(oldest).as_millis();
        let kept_ms = age_ms * u128::from(budget) * AIM_TENTHS / (u128::from(usage.bytes) * 10);
        let kept = Duration::from_millis(u64::try_from(kept_ms).unwrap_or(u64::MAX)).max(KEPT_MIN);
        Self {
            payloads: self.payloads.min(kept),
            attempts: self.attempts.min(kept),
            ..self
        }
    }
}

/// What may go at `now`.
///
/// A delivered delivery goes once both its payload's and its attempts' time is over; a dead one when its own is, but
/// never before that of an ordinary one.
pub fn plan(now: Timestamp, policy: &RetentionPolicy) -> RetentionPlan {
    let ordinary = policy.payloads.max(policy.attempts);
    let dead = policy.dead.max(ordinary);
    RetentionPlan {
        payloads_before: EventId::first_at(now - policy.payloads),
        events_before: EventId::first_at(now - ordinary),
        attempts_before: AttemptId::first_at(now - policy.attempts),
        dead_attempts_before: AttemptId::first_at(now - dead),
        deliveries_before: DeliveryId::first_at(now - ordinary),
        dead_before: DeliveryId::first_at(now - dead),
        audit_before: AuditId::first_at(now - policy.audit),
        tokens_before: now - policy.audit,
        endpoints_before: now - dead.max(policy.audit),
        minutes_before: now - policy.attempts - MINUTE,
        totals_before: now - policy.attempts.max(STATS_WINDOW_MAX) - DAY,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_776_075_480_250);

    #[test]
    fn a_delivery_outlives_the_longer_of_payload_and_attempts() {
        let policy = RetentionPolicy {
            payloads: Duration::from_hours(1),
            attempts: Duration::from_hours(5),
            dead: Duration::from_hours(2),
            ..RetentionPolicy::default()
        };
        let plan = plan(NOW, &policy);
        assert_eq!(plan.payloads_before.timestamp(), NOW - policy.payloads);
        assert_eq!(plan.deliveries_before.timestamp(), NOW - policy.attempts);
        assert_eq!(plan.dead_before.timestamp(), NOW - policy.attempts);
    }

    #[test]
    fn a_deleted_endpoint_outlives_everything_that_may_name_it() {
        let days = |days: u64| Duration::from_hours(24 * days);
        for (payloads, attempts, dead, audit, longest) in [
            (9, 1, 2, 3, 9),
            (1, 9, 2, 3, 9),
            (1, 2, 9, 3, 9),
            (1, 2, 3, 9, 9),
        ] {
            let policy = RetentionPolicy {
                payloads: days(payloads),
                attempts: days(attempts),
                dead: days(dead),
                audit: days(audit),
                disk: None,
            };
            let plan = plan(NOW, &policy);
            assert_eq!(plan.endpoints_before, NOW - days(longest), "{policy:?}");
            assert_eq!(plan.tokens_before, NOW - policy.audit);
        }
    }

    #[test]
    fn ages_beyond_the_beginning_of_ids_keep_everything() {
        let policy = RetentionPolicy {
            payloads: Duration::MAX,
            attempts: Duration::MAX,
            ..RetentionPolicy::default()
        };
        assert_eq!(plan(NOW, &policy).deliveries_before.as_i64(), 0);
    }

    #[test]
    fn a_budget_that_is_exceeded_shortens_what_is_kept_of_the_oldest_alone() {
        let policy = RetentionPolicy {
            disk: Some(1_000),
            ..RetentionPolicy::default()
        };
        let days = |days: u64| Duration::from_hours(24 * days);
        let usage = |bytes, age| Usage {
            bytes,
            oldest: Some(NOW - age),
        };
        assert_eq!(policy.within_budget(NOW, usage(1_000, days(20))), policy);
        let squeezed = policy.within_budget(NOW, usage(1_500, days(20)));
        assert_eq!((squeezed.payloads, squeezed.attempts), (days(12), days(12)));
        assert_eq!((squeezed.dead, squeezed.audit), (policy.dead, policy.audit));
        // What an age has marked already goes first: a budget never makes anything stay.
        let old = policy.within_budget(NOW, usage(1_001, days(80)));
        assert_eq!(old.payloads, policy.payloads);
        let full = policy.within_budget(NOW, usage(u64::MAX, days(20)));
        assert_eq!(full.attempts, KEPT_MIN);
        assert_eq!(
            policy.within_budget(
                NOW,
                Usage {
                    bytes: 2_000,
                    oldest: None
                }
            ),
            policy
        );
    }
}
