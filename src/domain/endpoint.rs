//! Endpoints: a subscriber's registered URL with its filters, secrets and policy.

use std::collections::BTreeMap;
use std::time::Duration;

use super::breaker::BreakerOverride;
use super::contract::Contract;
use super::event_type::{EventType, EventTypePattern};
use super::id::{EndpointId, SecretId};
use super::rate_limit::RateLimit;
use super::retry::RetryPolicy;
use super::seal::OVERHEAD_BYTES;
use super::sign::secret::TEXT_BYTES_ADVISED;
use super::tenant::{Audience, Tenant};
use super::time::Timestamp;

/// An endpoint as the store keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Its id.
    pub id: EndpointId,
    /// Whose it is; `None` for the platform itself.
    pub tenant: Option<Tenant>,
    /// What people call it.
    pub name: Option<String>,
    /// Where requests go: http or https, without user info, as the WHATWG parser prints it.
    pub url: String,
    /// The name of the contract it is served under.
    pub contract: String,
    /// The event types it wants; at least one pattern.
    pub event_types: Vec<EventTypePattern>,
    /// Headers it adds to its requests; they cannot replace the contract's.
    pub headers: Vec<(String, String)>,
    /// The owner's own notes.
    pub metadata: BTreeMap<String, String>,
    /// One request in flight, and its head is waited for.
    pub ordered: bool,
    /// Requests in flight at once; `None` for the configured default.
    pub concurrency: Option<usize>,
    /// Its own retry policy, within the contract's cap; `None` for the contract's.
    pub retry: Option<RetryPolicy>,
    /// Its own rate limit; `None` for the contract's.
    pub rate_limit: Option<RateLimit>,
    /// What it wants different from the service's breaker settings; boxed, because few want anything.
    pub breaker: Option<Box<BreakerOverride>>,
    /// Since when its lane's breaker is open; `None` while it is closed.
    pub breaker_open_since: Option<Timestamp>,
    /// Its own limit on a whole exchange; `None` for the contract's.
    pub timeout: Option<Duration>,
    /// Whether it gets test events, and only those.
    pub test_mode: bool,
    /// Whether requests are made.
    pub status: EndpointStatus,
    /// How long it has been held in its life, or stood behind an open breaker.
    pub hold: HoldClock,
    /// What signs its requests, newest first; expired ones may still be listed.
    pub secrets: Vec<SealedSecret>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When its settings last changed.
    pub updated_at: Timestamp,
    /// Counts its changes, from 1; a write names the version it read.
    pub version: i64,
}

/// Whether an endpoint's deliveries are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndpointStatus {
    /// They are.
    Active,
    /// Deliveries are accepted and none is sent.
    Paused {
        /// When it resumes by itself; `None` for when somebody resumes it.
        until: Option<Timestamp>,
        /// What the person who paused it said.
        reason: Option<String>,
    },
    /// No new deliveries; what is pending is held.
    Disabled {
        /// Who or what disabled it.
        reason: DisabledReason,
    },
    /// Gone for good; what was pending is discarded. Kept so that old deliveries still have a name.
    Deleted,
}

/// Who or what disabled an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisabledReason {
    /// An operator did.
    Operator,
    /// The consumer who owns it did.
    Owner,
    /// The receiver answered 410.
    Gone,
    /// It failed for too long.
    Failing,
}

/// How long an endpoint has been held or stood behind an open breaker: the time that does not count against a
/// delivery's window. It runs while either is so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HoldClock {
    /// Milliseconds of all past holds.
    pub total_ms: i64,
    /// Since when it is held now.
    pub since: Option<Timestamp>,
}

/// A secret as it lies in the store: readable only with the service's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedSecret {
    /// Its id; attempts name it.
    pub id: SecretId,
    /// Nonce and ciphertext.
    pub sealed: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops signing; `None` for the newest one.
    pub expires_at: Option<Timestamp>,
}

impl SealedSecret {
    /// Whether it has fewer bytes than is advised: worth a warning, never a refusal. Told by the length of what is
    /// sealed, so without its text.
    pub const fn is_short(&self) -> bool {
        self.sealed.len() < OVERHEAD_BYTES + TEXT_BYTES_ADVISED
    }
}

impl Endpoint {
    /// Whether an event becomes a delivery to this endpoint.
    pub fn wants(&self, audience: &Audience, event_type: &EventType, test: bool) -> bool {
        self.status.accepts_deliveries()
            && self.test_mode == test
            && audience.reaches(self.tenant.as_ref())
            && self
                .event_types
                .iter()
                .any(|pattern| pattern.matches(event_type))
    }

    /// The retry policy in force: its own, else its contract's.
    pub fn retry_under<'a>(&'a self, contract: &'a Contract) -> &'a RetryPolicy {
        self.retry.as_ref().unwrap_or(&contract.retry)
    }

    /// The endpoint held no longer, with this status: its hold clock stops, unless its breaker is open.
    #[must_use]
    pub fn released(&self, status: EndpointStatus, now: Timestamp) -> Self {
        let hold = match self.breaker_open_since {
            Some(_) => self.hold.start(now),
            None => self.hold.stop(now),
        };
        Self {
            status,
            hold,
            ..self.clone()
        }
    }

    /// The endpoint disabled from `now` on; `None` when it is already, for whatever reason, or deleted.
    pub fn disabled(&self, now: Timestamp, reason: DisabledReason) -> Option<Self> {
        match self.status {
            EndpointStatus::Disabled { .. } | EndpointStatus::Deleted => None,
            EndpointStatus::Active | EndpointStatus::Paused { .. } => Some(Self {
                status: EndpointStatus::Disabled { reason },
                hold: self.hold.start(now),
                ..self.clone()
            }),
        }
    }

    /// The endpoint with its breaker open or closed; `None` when it is so already.
    pub fn with_breaker(&self, open: bool, now: Timestamp) -> Option<Self> {
        if self.breaker_open_since.is_some() == open {
            return None;
        }
        let breaker_open_since = open.then_some(now);
        let hold = match open || self.status.holds() {
            true => self.hold.start(now),
            false => self.hold.stop(now),
        };
        Some(Self {
            breaker_open_since,
            hold,
            ..self.clone()
        })
    }

    /// The secrets that sign at `now`, newest first.
    pub fn active_secrets(&self, now: Timestamp) -> impl Iterator<Item = &SealedSecret> {
        self.secrets
            .iter()
            .filter(move |secret| secret.expires_at.is_none_or(|expiry| now < expiry))
    }
}

impl EndpointStatus {
    /// The word in SQL, JSON and on screen.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Paused { .. } => "paused",
            Self::Disabled { .. } => "disabled",
            Self::Deleted => "deleted",
        }
    }

    /// Whether events become deliveries to it.
    pub const fn accepts_deliveries(&self) -> bool {
        matches!(self, Self::Active | Self::Paused { .. })
    }

    /// Whether its pending deliveries are held.
    pub const fn holds(&self) -> bool {
        matches!(self, Self::Paused { .. } | Self::Disabled { .. })
    }
}

impl DisabledReason {
    /// The word in SQL, JSON and on screen.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Owner => "owner",
            Self::Gone => "gone",
            Self::Failing => "failing",
        }
    }

    /// Reads the word of [`DisabledReason::as_str`].
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Operator, Self::Owner, Self::Gone, Self::Failing]
            .into_iter()
            .find(|reason| reason.as_str() == word)
    }
}

impl HoldClock {
    /// Milliseconds held up to `now`, a running hold included.
    pub fn held_ms(&self, now: Timestamp) -> i64 {
        let running = self.since.map_or(Duration::ZERO, |since| now.since(since));
        self.total_ms
            .saturating_add(i64::try_from(running.as_millis()).unwrap_or(i64::MAX))
    }

    /// The clock after a hold begins; one that runs goes on.
    pub fn start(self, now: Timestamp) -> Self {
        Self {
            since: Some(self.since.unwrap_or(now)),
            ..self
        }
    }

    /// The clock after the hold ends.
    pub fn stop(self, now: Timestamp) -> Self {
        Self {
            total_ms: self.held_ms(now),
            since: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn holds_add_up_and_a_second_start_changes_nothing() {
        let clock = HoldClock::default()
            .start(at(100))
            .start(at(150))
            .stop(at(300))
            .start(at(1_000));
        assert_eq!(clock.total_ms, 200);
        assert_eq!(clock.held_ms(at(1_050)), 250);
    }

    #[test]
    fn a_clock_set_back_never_shortens_a_hold() {
        let clock = HoldClock::default().start(at(1_000)).stop(at(400));
        assert_eq!(
            clock,
            HoldClock {
                total_ms: 0,
                since: None
            }
        );
    }
}
