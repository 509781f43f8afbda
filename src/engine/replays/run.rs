//! A replay in the office's hands: its machine, and when the store is asked about it next.

use std::time::Duration;

use crate::domain::id::ReplayId;
use crate::domain::replay::Machine;
use crate::domain::time::Timestamp;
use crate::engine::yard::Yard;
use crate::store::{StoreError, StoredReplay};

/// The first and the longest wait for news before the store is read all the same: news may be lost.
const NEWS_WAIT_FIRST: Duration = Duration::from_secs(1);
const NEWS_WAIT_MAX: Duration = Duration::from_secs(64);

/// A replay in hand.
pub(super) struct Run {
    /// `None` until it was read the first time.
    pub(super) machine: Option<Machine>,
    /// Whether a call to the store is under way.
    pub(super) busy: bool,
    /// Whether something changed in the store since the last call began.
    pub(super) news: bool,
    /// When to go on.
    pub(super) due: Option<Timestamp>,
    /// Whether the store is to be read then.
    pub(super) reads: bool,
    /// How long news are waited for next time.
    pub(super) wait: Duration,
}

impl Run {
    /// One that was not read yet.
    pub(super) const fn new() -> Self {
        Self {
            machine: None,
            busy: false,
            news: false,
            due: None,
            reads: false,
            wait: NEWS_WAIT_FIRST,
        }
    }

    /// A call to the store begins: what is heard from now on is news.
    pub(super) const fn begin(&mut self) {
        (self.busy, self.news, self.due) = (true, false, None);
    }

    /// Things go on: the next wait for news is a short one.
    pub(super) const fn moves(&mut self) {
        self.wait = NEWS_WAIT_FIRST;
    }

    /// Waits for news, for twice as long as the time before.
    pub(super) fn wait_for_news(&mut self, now: Timestamp) {
        (self.due, self.reads) = (Some(now + self.wait), true);
        self.wait = (self.wait * 2).min(NEWS_WAIT_MAX);
    }
}

/// A replay and, for a machine that begins, the results that its stop rule looks back at.
pub(super) async fn read(
    yard: &Yard,
    id: ReplayId,
    fresh: bool,
) -> Result<(StoredReplay, Vec<bool>), StoreError> {
    let replay = yard.store.replay(id).await?;
    let counts = &replay.facts.counts;
    let tried = counts.tried_well + counts.tried_badly;
    let results = match replay.settings.stop {
        Some(stop) if fresh => {
            let limit = tried
                .saturating_sub(replay.window_from)
                .min(u64::from(stop.last()));
            yard.store.replay_results(id, limit).await?
        }
        _ => Vec::new(),
    };
    Ok((replay, results))
}
