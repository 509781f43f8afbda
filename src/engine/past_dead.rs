//! What was dead at an instant, by cause: what has not changed since by the index of what is dead, and what has by looking.

use super::error::EngineError;
use super::handle::Engine;
use super::judging::JUDGED_TOGETHER;
use super::past::last_until;
use crate::domain::fingerprint::{CauseId, Fingerprint};
use crate::domain::id::DeliveryId;
use crate::domain::limits::{DEAD_CAUSES_LISTED_MAX, PAGE_ROWS_MAX};
use crate::domain::past::{DeadThen, Died, OfCause, Then};
use crate::domain::time::Timestamp;
use crate::store::{DeliveryScope, DeliverySelect, SqlCondition};

/// Pages of deliveries that changed since, the newest: each has looked at up to 20,000 rows for 500.
const PAGES_MAX: usize = 10;

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
        })
    }

    /// Counts what was dead and has changed since.
    async fn add_changed(&self, at: Timestamp, dead: &mut DeadThen) -> Result<(), EngineError> {
        let select = DeliverySelect {
            scope: DeliveryScope::Between(DeliveryId::from_i64(0), last_until(at)),
            condition: Some(SqlCondition::changed_since(at)),
        };
        let (store, mut cursor) = (&self.desk.store, None);
        for _ in 0..PAGES_MAX {
            let read = store
                .deliveries_page(&select, cursor, PAGE_ROWS_MAX)
                .await?;
            let mut then = self.seen_then(&read.items, at).await?;
            then.retain(Then::was_dead);
            for together in then.chunks(JUDGED_TOGETHER) {
                let tried = together.iter().filter(|one| one.delivery.cause.is_none());
                let numbers: Vec<_> = tried
                    .map(|one| (one.delivery.id, one.delivery.attempts))
                    .collect();
                let latest = store.attempts_of(&numbers).await?;
                for one in together {
                    let mut latest = latest.iter();
                    let latest = latest.find(|tried| tried.delivery_id == one.delivery.id);
                    let died = Died::of(one, latest.and_then(Fingerprint::of_attempt));
                    died.into_iter().for_each(|died| dead.add(died));
                }
            }
            cursor = read.next;
            if cursor.is_none() {
                return Ok(());
            }
        }
        dead.limited = true;
        Ok(())
    }
}
