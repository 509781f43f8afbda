//! What was dead at an instant, by cause: what has not changed since by the index of what is dead, and what has by what
//! replays and persons moved, else by looking.

use super::error::EngineError;
use super::handle::Engine;
use super::judging::JUDGED_TOGETHER;
use super::past::last_until;
use super::replays::ITEMS_KEPT;
use crate::domain::delivery::Delivery;
use crate::domain::fingerprint::{CauseId, Fingerprint};
use crate::domain::id::DeliveryId;
use crate::domain::limits::{DEAD_CAUSES_LISTED_MAX, PAGE_ROWS_MAX};
use crate::domain::past::{DeadThen, Died, OfCause, Then};
use crate::domain::time::Timestamp;
use crate::store::{DeliveryScope, DeliverySelect, SqlCondition};

/// Pages of deliveries that changed since, the newest: each has looked at up to 20,000 rows for 500.
const PAGES_MAX: usize = 10;
/// Deliveries that were moved since, where those are told.
const CHANGED_MAX: usize = 5_000;
/// Of these, those that are read in one go.
const READ_TOGETHER: usize = 500;

/// Deliveries that were dead of one cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadOfCause {
    /// The cause.
    pub id: CauseId,
    /// What it says, and when an attempt first failed so, as far as that is remembered.
    pub said: Option<Fingerprint>,
    /// When an attempt first failed so, where that is remembered.
    pub first_seen: Option<Timestamp>,
    /// The deliveries.
    pub of: OfCause,
}

/// What was dead at an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadCausesThen {
    /// All of it, with and without a cause.
    pub dead: u64,
    /// The causes, most of what was dead first.
    pub causes: Vec<DeadOfCause>,
    /// Whether there may be more: not all that changed since was looked at.
    pub limited: bool,
    /// Since when what was made is all there: retention has taken some of what is older, if anything.
    pub kept_since: Option<Timestamp>,
}

impl Engine {
    /// The deliveries that were dead at `at`, by what their latest attempt had failed of then.
    ///
    /// # Errors
    /// Internal.
    pub async fn dead_causes_then(&self, at: Timestamp) -> Result<DeadCausesThen, EngineError> {
        let mut dead = DeadThen::default();
        let (still, is_all) = self.desk.store.still_dead(at).await?;
        still.into_iter().for_each(|died| dead.add(died));
        dead.limited = !is_all;
        self.add_changed(at, &mut dead).await?;
        let (total, limited) = (dead.dead, dead.limited);
        let most = usize::try_from(DEAD_CAUSES_LISTED_MAX).unwrap_or(usize::MAX);
        let causes = dead.most_first(most);
        let ids: Vec<CauseId> = causes.iter().map(|(id, _)| *id).collect();
        let mut known = self.desk.store.known_causes(&ids).await?;
        let in_words = causes.into_iter().map(|(id, of)| {
            let known = known.remove(&id);
            let first_seen = known.as_ref().map(|known| known.first_seen);
            DeadOfCause {
                id,
                said: known.map(|known| known.fingerprint).or(of.said.clone()),
                first_seen: first_seen.filter(|first| *first <= at),
                of,
            }
        });
        Ok(DeadCausesThen {
            dead: total,
            causes: in_words.collect(),
            limited,
            kept_since: self.desk.store.taken_until().await?,
        })
    }

    /// Counts what was dead and has changed since: among what was moved, else among all.
    async fn add_changed(&self, at: Timestamp, dead: &mut DeadThen) -> Result<(), EngineError> {
        // What is kept of replays for so long tells all that they moved.
        let told = self.desk.now().since(at) < ITEMS_KEPT;
        let before = DeliveryId::first_at(at.moved_by(1));
        let store = &self.desk.store;
        let moved = match told {
            true => store.moved_since(at, before, CHANGED_MAX).await?,
            false => None,
        };
        let Some(moved) = moved else {
            return self.search_changed(at, dead).await;
        };
        for some in moved.ids.chunks(READ_TOGETHER) {
            let rows = store.these_deliveries(some).await?;
            self.add_dead(&rows, at, dead).await?;
        }
        dead.limited |= moved.more;
        Ok(())
    }

    /// Counts the same where nothing tells what was moved: the newest first, as many as may be looked at.
    async fn search_changed(&self, at: Timestamp, dead: &mut DeadThen) -> Result<(), EngineError> {
        let select = DeliverySelect {
            scope: DeliveryScope::Between(DeliveryId::from_i64(0), last_until(at)),
            condition: Some(SqlCondition::changed_since(at)),
        };
        let (store, mut cursor) = (&self.desk.store, None);
        for _ in 0..PAGES_MAX {
            let read = store
                .deliveries_page(&select, cursor, PAGE_ROWS_MAX)
                .await?;
            self.add_dead(&read.items, at, dead).await?;
            cursor = read.next;
            if cursor.is_none() {
                return Ok(());
            }
        }
        dead.limited = true;
        Ok(())
    }

    /// Counts those that were dead and have changed since.
    async fn add_dead(
        &self,
        rows: &[Delivery],
        at: Timestamp,
        dead: &mut DeadThen,
    ) -> Result<(), EngineError> {
        let changed = rows.iter().filter(|row| row.updated_at > at);
        let changed: Vec<Delivery> = changed.cloned().collect();
        let mut then = self.seen_then(&changed, at).await?;
        then.retain(Then::was_dead);
        for together in then.chunks(JUDGED_TOGETHER) {
            let tried = together.iter().filter(|one| one.delivery.cause.is_none());
            let numbers: Vec<_> = tried
                .map(|one| (one.delivery.id, one.delivery.attempts))
                .collect();
            let latest = self.desk.store.attempts_of(&numbers).await?;
            for one in together {
                let mut latest = latest.iter();
                let latest = latest.find(|tried| tried.delivery_id == one.delivery.id);
                let died = Died::of(one, latest.and_then(Fingerprint::of_attempt));
                died.into_iter().for_each(|died| dead.add(died));
            }
        }
        Ok(())
    }
}
