//! How the deliveries of one event fare.

/// The deliveries of an event by state; each is in exactly one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fanout {
    /// Accepted by their receivers.
    pub delivered: u64,
    /// Waiting, held or in flight.
    pub pending: u64,
    /// Not tried again by themselves.
    pub dead: u64,
    /// Given up by somebody, or their endpoint deleted.
    pub discarded: u64,
}

impl Fanout {
    /// All of them.
    pub const fn total(&self) -> u64 {
        self.delivered + self.pending + self.dead + self.discarded
    }
}
