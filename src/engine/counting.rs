//! How many deliveries pass a filter: counted as far as that is cheap, and said how far that was.

use super::deliveries::Search;
use super::error::EngineError;
use super::handle::Engine;
use super::judging::{JUDGED_TOGETHER, Seen};
use super::views::DeliveryQuery;
use crate::domain::delivery::Delivery;
use crate::domain::limits::{FILTER_COUNTED_MAX, PAGE_ROWS_MAX};
use crate::domain::time::Timestamp;

/// Pieces of a count, each with the rows that a page may look at: about 3 ms each.
const PIECES_MAX: usize = 10;
/// Rows that are judged one by one for a count: each may have its event and its latest attempt read.
const JUDGED_MAX: u64 = 2_000;

/// How many deliveries pass a filter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Matching {
    /// Those that were counted: all of them, or at least so many.
    pub count: u64,
    /// Whether that is all of them.
    pub exact: bool,
    /// Rows that were looked at, the newest; for whoever is confined to a tenant no more than were counted.
    pub looked_at: u64,
}

impl Engine {
    /// Counts the deliveries that a query finds, whichever page it asks for: up to 10,000 of them, among a bounded number
    /// of the newest.
    ///
    /// # Errors
    /// Invalid (filter), Internal.
    pub async fn count_deliveries(&self, query: &DeliveryQuery) -> Result<Matching, EngineError> {
        let search = self.search(query).await?;
        if search.rest.is_some() || query.tenant.is_some() {
            let seen = async |rows| Ok(rows);
            return self
                .count_judged(query, &search, self.desk.now(), seen)
                .await;
        }
        self.count_selected(&search).await
    }

    /// The same of the deliveries that there were at `at`, each as it was then.
    ///
    /// # Errors
    /// Invalid (filter; a filter of what is not kept of the past), Internal.
    pub async fn count_deliveries_then(
        &self,
        query: &DeliveryQuery,
        at: Timestamp,
    ) -> Result<Matching, EngineError> {
        let search = self.search_past(query, at).await?;
        if search.rest.is_some() || query.tenant.is_some() {
            let seen = async |rows: Vec<Delivery>| self.seen_then(&rows, at).await;
            return self.count_judged(query, &search, at, seen).await;
        }
        self.count_selected(&search).await
    }

    /// The same for what the store decides alone.
    async fn count_selected(&self, search: &Search) -> Result<Matching, EngineError> {
        let (mut counted, mut cursor) = (Matching::default(), None);
        for _ in 0..PIECES_MAX {
            let store = &self.desk.store;
            let piece = store.count_deliveries(&search.select, cursor).await?;
            counted.count += piece.matching;
            counted.looked_at += piece.looked_at;
            cursor = piece.next;
            if cursor.is_none() || counted.count > FILTER_COUNTED_MAX {
                break;
            }
        }
        Ok(counted.ended(cursor.is_none()))
    }

    /// The same for what is decided row by row.
    async fn count_judged<T: Seen>(
        &self,
        query: &DeliveryQuery,
        search: &Search,
        now: Timestamp,
        seen: impl AsyncFn(Vec<Delivery>) -> Result<Vec<T>, EngineError>,
    ) -> Result<Matching, EngineError> {
        let (mut counted, mut cursor) = (Matching::default(), None);
        for _ in 0..PIECES_MAX {
            let store = &self.desk.store;
            let read = store.deliveries_page(&search.select, cursor, PAGE_ROWS_MAX);
            let read = read.await?;
            counted.looked_at += read.items.len() as u64;
            let rows = seen(read.items).await?;
            for together in rows.chunks(JUDGED_TOGETHER) {
                let wanted = self.wanted(query, search.rest.as_ref(), now, together);
                let wanted = wanted.await?.into_iter();
                counted.count += wanted.filter(|wanted| *wanted).count() as u64;
            }
            cursor = read.next;
            if cursor.is_none() || counted.looked_at >= JUDGED_MAX {
                break;
            }
        }
        let counted = counted.ended(cursor.is_none());
        Ok(match query.tenant {
            // How many deliveries others have is theirs.
            Some(_) => Matching {
                looked_at: counted.count,
                ..counted
            },
            None => counted,
        })
    }
}

impl Matching {
    /// The count as it is told: of more than [`FILTER_COUNTED_MAX`] nobody learns how many more one piece happened to find.
    fn ended(self, all: bool) -> Self {
        Self {
            count: self.count.min(FILTER_COUNTED_MAX),
            exact: all && self.count <= FILTER_COUNTED_MAX,
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_is_exact_only_where_nothing_is_left_and_it_is_not_too_many() {
        let ended = |count, all| {
            let counted = Matching {
                count,
                ..Matching::default()
            };
            let ended = counted.ended(all);
            (ended.count, ended.exact)
        };
        assert_eq!(ended(0, true), (0, true));
        assert_eq!(ended(7, false), (7, false));
        assert_eq!(ended(FILTER_COUNTED_MAX, true), (FILTER_COUNTED_MAX, true));
        assert_eq!(
            ended(FILTER_COUNTED_MAX + 1, true),
            (FILTER_COUNTED_MAX, false)
        );
    }
}
