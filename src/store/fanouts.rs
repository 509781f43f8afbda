//! How the deliveries of events fare, counted from their rows: an event has as many as endpoints wanted it.

use std::collections::BTreeMap;

use sqlx::Row;

use super::error::StoreError;
use super::handle::Store;
use super::rows::number_list;
use crate::domain::fanout::Fanout;
use crate::domain::id::EventId;

/// Rows that one call looks at: a page of events that each went to very many endpoints is not counted to its end.
const ROWS_MAX: usize = 20_000;

/// `$1` holds ids of events, `$2` says how many rows.
pub(super) const SELECT_STATES: &str = "SELECT d.event_id, d.state FROM json_each($1) i \
    CROSS JOIN deliveries d ON d.event_id = i.value LIMIT $2";

impl Store {
    /// How the deliveries of these events fare. Those that were not counted to their end are absent.
    ///
    /// # Errors
    /// Those of SQLite.
    pub async fn fanouts(&self, ids: &[EventId]) -> Result<BTreeMap<EventId, Fanout>, StoreError> {
        let numbers: Vec<i64> = ids.iter().map(|id| id.as_i64()).collect();
        let rows = sqlx::query(SELECT_STATES)
            .bind(number_list(&numbers))
            .bind(i64::try_from(ROWS_MAX).unwrap_or(i64::MAX))
            .fetch_all(self.readers())
            .await?;
        let mut states = Vec::with_capacity(rows.len());
        for row in &rows {
            states.push((EventId::from_i64(row.try_get(0)?), row.try_get(1)?));
        }
        Ok(counted(ids, &states, ROWS_MAX))
    }
}

/// Counts states of deliveries, which come in the order of these ids; as many as `most` may not be all.
fn counted(ids: &[EventId], states: &[(EventId, &str)], most: usize) -> BTreeMap<EventId, Fanout> {
    let mut fanouts: BTreeMap<EventId, Fanout> = BTreeMap::new();
    for (id, state) in states {
        let fanout = fanouts.entry(*id).or_default();
        match *state {
            "delivered" => fanout.delivered += 1,
            "dead" => fanout.dead += 1,
            "discarded" => fanout.discarded += 1,
            _ => fanout.pending += 1,
        }
    }
    // Of the last one some may be missing, and all of those behind it.
    let cut = states.last().filter(|_| states.len() >= most);
    let whole = ids
        .iter()
        .take_while(|id| Some(**id) != cut.map(|(id, _)| *id));
    whole
        .map(|id| (*id, fanouts.remove(id).unwrap_or_default()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_that_were_not_counted_to_their_end_are_absent() {
        let ids = [9, 7, 5, 3].map(EventId::from_i64);
        let [nine, seven, five, _] = ids;
        let states = [
            (nine, "delivered"),
            (nine, "dead"),
            (five, "pending"),
            (five, "discarded"),
        ];
        let all = counted(&ids, &states, 5);
        assert_eq!(all.len(), 4);
        let wanted = Fanout {
            delivered: 1,
            dead: 1,
            ..Fanout::default()
        };
        assert_eq!(all[&nine], wanted);
        assert_eq!((all[&seven].total(), all[&five].total()), (0, 2));
        let some = counted(&ids, &states, 4);
        assert_eq!(some.keys().collect::<Vec<_>>(), [&seven, &nine]);
    }
}
