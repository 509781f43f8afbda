//! Replays as they were: what their rows, the audit log and their items tell of an instant.

use super::error::EngineError;
use super::handle::Engine;
use super::paging;
use super::views::{Page, PageRequest};
use crate::domain::id::ReplayId;
use crate::domain::limits::REPLAY_ITEMS_MAX;
use crate::domain::past::{ReplayNow, ReplayThen, ReplayTraces, replay_then};
use crate::domain::replay::ReplayState;
use crate::domain::time::Timestamp;
use crate::store::StoredReplay;

/// A replay as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplayAt {
    /// As it is now: what never changes of it is of then too.
    pub now: StoredReplay,
    /// What is told of then.
    pub then: ReplayThen,
    /// Whether its items were not counted, because those of newer ones on the page are as many as one answer counts.
    pub limited: bool,
}

impl Engine {
    /// A page of the replays that had been started at `at`, newest first, each as it was then. Items are counted of the
    /// newest first, as many as one replay may have.
    ///
    /// # Errors
    /// Invalid (cursor, limit), Internal.
    pub async fn replays_then(
        &self,
        page: &PageRequest,
        at: Timestamp,
    ) -> Result<Page<ReplayAt>, EngineError> {
        let (cursor, limit) = paging::checked(page)?;
        let read = self.desk.store.replays_page_then(at, cursor, limit).await?;
        Ok(Page {
            items: self.put_back(read.items, at).await?,
            next: read.next.map(|next| next.to_string()),
            searched: None,
        })
    }

    /// One replay as it was; none where it was not started yet.
    ///
    /// # Errors
    /// NotFound, Internal.
    pub async fn replay_then(
        &self,
        id: ReplayId,
        at: Timestamp,
    ) -> Result<Option<ReplayAt>, EngineError> {
        let replay = self.replay(id).await?;
        Ok(self.put_back(vec![replay], at).await?.pop())
    }

    async fn put_back(
        &self,
        replays: Vec<StoredReplay>,
        at: Timestamp,
    ) -> Result<Vec<ReplayAt>, EngineError> {
        let ids: Vec<ReplayId> = replays.iter().map(|replay| replay.id).collect();
        let mut turns = self.desk.store.replay_turns(&ids, at).await?;
        let mut room = Room(u64::try_from(REPLAY_ITEMS_MAX).unwrap_or(u64::MAX));
        let mut told = Vec::with_capacity(replays.len());
        for now in replays {
            let mut traces = ReplayTraces {
                turn: turns.remove(&now.id),
                items: None,
            };
            let counts = counts_items(&now, at);
            let fits = counts && room.take(now.total);
            if fits {
                let items = self.desk.store.replay_items_then(now.id, at).await?;
                traces.items = Some(items);
            }
            if let Some(then) = replay_then(&row(&now), &traces, at) {
                told.push(ReplayAt {
                    now,
                    then,
                    limited: counts && !fits,
                });
            }
        }
        Ok(told)
    }
}

/// Whether its items tell how far it was, and nothing else does.
fn counts_items(replay: &StoredReplay, at: Timestamp) -> bool {
    let had_ended = replay.ended_at.is_some_and(|ended| ended <= at);
    let had_finished = had_ended && replay.facts.state == ReplayState::Finished;
    replay.items_timed && !had_finished
}

fn row(replay: &StoredReplay) -> ReplayNow<'_> {
    ReplayNow {
        started_at: replay.started_at,
        ended_at: replay.ended_at,
        facts: &replay.facts,
        why: replay.why.as_deref(),
        total: replay.total,
        canary: u64::from(replay.settings.canary),
        was_let_on: replay.window_from > 0,
    }
}

/// Items that one answer may still count.
struct Room(u64);

impl Room {
    /// Whether those of a replay fit; they are counted then.
    const fn take(&mut self, items: u64) -> bool {
        match self.0.checked_sub(items) {
            Some(left) => {
                self.0 = left;
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_counted_as_long_as_they_fit_and_of_one_replay_always() {
        let mut room = Room(1_000);
        let counted = [600, 500, 300, 101, 100].map(|items| room.take(items));
        assert_eq!(counted, [true, false, true, false, true]);
        let most = u64::try_from(REPLAY_ITEMS_MAX).unwrap();
        assert!(Room(most).take(most));
    }
}
