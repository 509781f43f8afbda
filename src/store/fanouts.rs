//! How the deliveries of events fare, counted from their rows: an event has as many as endpoints wanted it.

use std::collections::BTreeMap;

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::deliveries::shown_state;
use super::error::StoreError;
use super::handle::Store;
use super::rows::number_list;
use crate::domain::delivery::DeliveryState;
use crate::domain::fanout::Fanout;
use crate::domain::id::EventId;

/// Rows that one call looks at: a page of events that each went to very many endpoints is not counted to its end.
const ROWS_MAX: usize = 20_000;

/// `$1` holds ids of events, `$2` says how many rows.
pub(super) const SELECT_STATES: &str = "SELECT d.id, d.event_id, d.state, d.reason, p.status FROM json_each($1) i \
    CROSS JOIN deliveries d ON d.event_id = i.value CROSS JOIN endpoints p ON p.id = d.endpoint_id LIMIT $2";

impl Store {
    /// How the deliveries of these events fare. Those that were not counted to their end are absent.
    ///
    /// # Errors
    /// [`StoreError::Inconsistent`] for a row that cannot be read.
    pub async fn fanouts(&self, ids: &[EventId]) -> Result<BTreeMap<EventId, Fanout>, StoreError> {
        let numbers: Vec<i64> = ids.iter().map(|id| id.as_i64()).collect();
        let rows = sqlx::query(SELECT_STATES)
            .bind(number_list(&numbers))
            .bind(i64::try_from(ROWS_MAX).unwrap_or(i64::MAX))
            .fetch_all(self.readers())
            .await?;
        let mut states = Vec::with_capacity(rows.len());
        for row in &rows {
            states.push(state_of(row)?);
        }
        Ok(counted(ids, &states, ROWS_MAX))
    }
}

/// The event of a row, and its delivery's state as it is shown.
fn state_of(row: &SqliteRow) -> Result<(EventId, DeliveryState), StoreError> {
    let (state, reason): (&str, Option<&str>) = (row.try_get(2)?, row.try_get(3)?);
    let state = DeliveryState::from_words(state, reason).ok_or(StoreError::Inconsistent {
        table: "deliveries",
        column: "state",
        id: row.try_get(0)?,
    })?;
    let event = EventId::from_i64(row.try_get(1)?);
    Ok((event, shown_state(state, row.try_get(4)?)))
}

/// Counts states of deliveries, which come in the order of these ids; as many as `most` may not be all.
fn counted(
    ids: &[EventId],
    states: &[(EventId, DeliveryState)],
    most: usize,
) -> BTreeMap<EventId, Fanout> {
    let mut fanouts: BTreeMap<EventId, Fanout> = BTreeMap::new();
    for (id, state) in states {
        let fanout = fanouts.entry(*id).or_default();
        match state {
            DeliveryState::Delivered => fanout.delivered += 1,
            DeliveryState::Dead(_) => fanout.dead += 1,
            DeliveryState::Discarded(_) => fanout.discarded += 1,
            DeliveryState::Pending | DeliveryState::Held => fanout.pending += 1,
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
    use crate::domain::delivery::{DeadReason, DiscardReason};

    #[test]
    fn events_that_were_not_counted_to_their_end_are_absent() {
        let ids = [9, 7, 5, 3].map(EventId::from_i64);
        let [nine, seven, five, _] = ids;
        let states = [
            (nine, DeliveryState::Delivered),
            (nine, DeliveryState::Dead(DeadReason::Exhausted)),
            (five, DeliveryState::Pending),
            (
                five,
                DeliveryState::Discarded(DiscardReason::EndpointDeleted),
            ),
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
