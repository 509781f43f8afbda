//! Attempts: one HTTP request made for a delivery, with all that came back.

use std::net::SocketAddr;
use std::time::Duration;

use super::id::{AttemptId, DeliveryId, EndpointId, EventId, ReplayId, SecretId, ServiceKeyId};
use super::time::Timestamp;

/// The stage at which an attempt failed; never only a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FailureClass {
    /// The name did not resolve.
    Dns,
    /// No connection to the address.
    Connect,
    /// The handshake failed or the certificate was not accepted.
    Tls,
    /// Looking up, connecting or the whole exchange took longer than allowed; the text tells which.
    ///
    /// Whatever held a slot until a limit passed is this class, so that a lane can be slowed by it (P5).
    Timeout,
    /// What came back was not HTTP, its head was too large, or the connection closed before the head.
    Protocol,
    /// A complete answer with a status outside the contract's success list.
    Status,
    /// The head came, the body broke off.
    Body,
    /// The address rules forbid the target.
    Blocked,
    /// The fault is on our side.
    Internal,
}

impl FailureClass {
    /// All of them, in the order of the stages.
    pub const ALL: [Self; 9] = [
        Self::Dns,
        Self::Connect,
        Self::Tls,
        Self::Timeout,
        Self::Protocol,
        Self::Status,
        Self::Body,
        Self::Blocked,
        Self::Internal,
    ];

    /// The word in SQL, JSON and on screen.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::Protocol => "protocol",
            Self::Status => "status",
            Self::Body => "body",
            Self::Blocked => "blocked",
            Self::Internal => "internal",
        }
    }

    /// Reads the word of [`FailureClass::as_str`].
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.as_str() == word)
    }
}

/// A failed attempt in words: the class decides, the text explains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The stage at which it failed.
    pub class: FailureClass,
    /// What happened, for a person; at most 500 characters, not escaped.
    pub text: String,
}

/// How long each stage of an exchange took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Phases {
    /// Name resolution; `None` on a kept connection, for a literal address, or when it was not reached.
    pub dns: Option<Duration>,
    /// TCP connect; `None` on a kept connection or when it was not reached.
    pub connect: Option<Duration>,
    /// TLS handshake; `None` on a kept connection, without TLS, or when it was not reached.
    pub tls: Option<Duration>,
    /// From the request's first byte to the answer's first.
    pub first_byte: Option<Duration>,
    /// From there to the end of the body (or of what was read of it).
    pub body: Option<Duration>,
    /// The whole exchange.
    pub total: Duration,
    /// Whether a kept connection carried it.
    pub reused: bool,
}

/// An answer, as far as it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status, 100–599.
    pub status: u16,
    /// Names and values in the order they came; values may hold any byte.
    pub headers: Vec<(String, Vec<u8>)>,
    /// At most the first 64 KiB.
    pub body: Vec<u8>,
    /// Whether more came than was kept.
    pub truncated: bool,
}

/// One attempt with all that was sent and came back.
///
/// The request's own body and headers are not stored: event, contract revision and the values kept here render
/// them again byte for byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Its id.
    pub id: AttemptId,
    /// The delivery it was made for.
    pub delivery_id: DeliveryId,
    /// That delivery's event.
    pub event_id: EventId,
    /// That delivery's endpoint.
    pub endpoint_id: EndpointId,
    /// 1 for the first attempt of a delivery; counts on over replays.
    pub number: u32,
    /// When the request was started.
    pub started_at: Timestamp,
    /// The contract revision it was rendered under: SHA-256 of its canonical text.
    pub revision: [u8; 32],
    /// Where it went, as sent.
    pub url: String,
    /// What of the request cannot be rendered again (signatures, the endpoint's own headers), in order: headers by
    /// their name, a signature in the body by the JSON pointer of its member, such as `/signature`.
    pub signatures: Vec<(String, String)>,
    /// The secrets that signed, newest first.
    pub secret_ids: Vec<SecretId>,
    /// The service's own keys that signed, newest first.
    pub service_key_ids: Vec<ServiceKeyId>,
    /// SHA-256 of the body sent.
    pub body_sha256: [u8; 32],
    /// Whether the endpoint's rate limit made it wait; `None` where none was in force.
    pub held_back: Option<bool>,
    /// The replay it was made for. The store notes it in the transaction that records the attempt, and goes by the
    /// delivery alone: what is recorded with this is not read.
    pub replay_id: Option<ReplayId>,
    /// The address connected to.
    pub remote_address: Option<SocketAddr>,
    /// When the receiver's certificate runs out; `None` without TLS, or where it was not seen.
    pub certificate_expires_at: Option<Timestamp>,
    /// How long each stage took.
    pub phases: Phases,
    /// The answer, where one came.
    pub response: Option<Response>,
    /// Why it counts as failed; `None` when it was a success.
    pub failure: Option<Failure>,
}

/// The latest attempt's outcome, kept with the delivery for lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastAttempt {
    /// When it was started.
    pub at: Timestamp,
    /// The answer's status, where one came.
    pub status: Option<u16>,
    /// The failure's class; `None` when it was a success.
    pub class: Option<FailureClass>,
    /// How long the whole exchange took.
    pub latency: Duration,
}

impl Attempt {
    /// What lists show of it.
    pub fn summary(&self) -> LastAttempt {
        LastAttempt {
            at: self.started_at,
            status: self.response.as_ref().map(|response| response.status),
            class: self.failure.as_ref().map(|failure| failure.class),
            latency: self.phases.total,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn class_words_read_back() {
        for class in FailureClass::ALL {
            assert_eq!(FailureClass::from_word(class.as_str()), Some(class));
        }
        assert_eq!(FailureClass::from_word("unknown"), None);
    }
}
