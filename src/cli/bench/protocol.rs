//! What the bench and its child processes say to each other: one JSON line a command, one JSON line an answer,
//! over the child's standard input and output.

use serde::{Deserialize, Serialize};

/// A command to a child.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Command {
    /// To the sink: forget what came and expect the bodies numbered `0..numbers`, each `copies` times (once at each
    /// path).
    Expect {
        /// How many different numbers.
        numbers: u64,
        /// How many paths each goes to.
        copies: u64,
    },
    /// To the sink: answer once all that is expected has come, or after so many milliseconds.
    Await {
        /// The longest wait.
        timeout_ms: u64,
    },
    /// To the load client: publish the events numbered `0..events`, the types in turn, on all connections at once,
    /// the next as soon as the one before is answered; with `rate`, so many a second.
    Publish {
        /// How many events.
        events: u64,
        /// Their types, in turn.
        types: Vec<String>,
        /// Events a second; as fast as answers come when absent.
        rate: Option<u64>,
    },
    /// To the raw sender: post so many signed bodies straight to the sink.
    Post {
        /// How many bodies.
        bodies: u64,
        /// Threads that send.
        threads: u64,
    },
}

/// The sink's answer to [`Command::Await`].
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Arrived {
    /// Distinct (number, path) pairs that came.
    pub(super) distinct: u64,
    /// Further copies of pairs that had come.
    pub(super) extra: u64,
    /// Requests whose signature did not verify; the first one's reason.
    pub(super) bad_signatures: u64,
    /// Why the first of them did not verify.
    pub(super) first_reason: Option<String>,
    /// When the first distinct one came: microseconds of machine uptime.
    pub(super) first_at_us: u64,
    /// When the last distinct one came.
    pub(super) last_at_us: u64,
    /// Publish → arrival in microseconds at the 50th percentile.
    pub(super) p50_us: u64,
    /// At the 99th.
    pub(super) p99_us: u64,
    /// At the 99.9th.
    pub(super) p999_us: u64,
}

/// The load client's or raw sender's answer.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Sent {
    /// Accepted with 202 (or answered 2xx by the sink).
    pub(super) accepted: u64,
    /// Answered otherwise.
    pub(super) refused: u64,
    /// The first such answer.
    pub(super) first_refusal: Option<String>,
    /// When the first was sent: microseconds of machine uptime.
    pub(super) started_at_us: u64,
    /// When the last was answered.
    pub(super) ended_at_us: u64,
    /// CPU that the sender took, in microseconds.
    pub(super) cpu_us: u64,
}

/// What a child says first.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Ready {
    /// The port it listens on; 0 for one that only sends.
    pub(super) port: u16,
}
