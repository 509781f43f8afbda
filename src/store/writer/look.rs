//! What a flush must know before it writes: which keys are taken, and which attempts meet an odd delivery.
//!
//! Asked in one call for the whole flush, and only where there are keys or attempts. Nobody else writes, so the
//! answers hold until the flush is written. Only exceptions come back: an ordinary flush gets no rows at all.

use std::collections::HashMap;

use sqlx::{Row, SqliteConnection};

use super::super::error::StoreError;
use super::super::events::audience_to_column;
use super::super::record::Published;
use super::batch::Hot;
use super::sql::{SELECT_KEYS, SELECT_ODD};
use super::values::Rows;
use crate::domain::id::{EventId, ReplayId};

/// What was found out.
#[derive(Debug, Default)]
pub(super) struct Look {
    /// Events that have one of the keys, by (audience, key).
    pub(super) keys: HashMap<(String, String), Taken>,
    /// Attempts whose delivery is not an ordinary one that waits for just this attempt, by their place.
    pub(super) odd: HashMap<usize, Odd>,
}

/// An event that has a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Taken {
    /// Its content digest.
    pub(super) digest: [u8; 32],
    /// What its publisher was answered.
    pub(super) published: Published,
}

/// What is odd about an attempt's delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Odd {
    /// There is none for this endpoint.
    pub(super) missing: bool,
    /// It waits for this attempt.
    pub(super) waits: bool,
    /// It carries a test event.
    pub(super) test: bool,
    /// The replay that it was last put to work by.
    pub(super) replay: Option<ReplayId>,
    /// Whether this is its first attempt in that replay.
    pub(super) first: bool,
    /// It carries an operational event: nothing more is made of how that fares.
    pub(super) operational: bool,
}

impl Odd {
    /// What an ordinary delivery is: nothing of it comes back from the look.
    pub(super) const NOT: Self = Self {
        missing: false,
        waits: true,
        test: false,
        replay: None,
        first: false,
        operational: false,
    };
}

/// Finds out what `calls` need to know.
pub(super) async fn look(
    connection: &mut SqliteConnection,
    calls: &[Hot],
) -> Result<Look, StoreError> {
    let mut look = Look::default();
    let (mut keys, mut attempts) = (Rows::new(), Rows::new());
    let mut wanted = Vec::new();
    for (place, call) in calls.iter().enumerate() {
        match call {
            Hot::Publish(call, _) => {
                for event in &call.events {
                    let Some(key) = &event.key else { continue };
                    let audience = audience_to_column(&event.audience);
                    keys.row(number(wanted.len()))
                        .text(audience)
                        .text(key.as_str());
                    wanted.push((audience.to_owned(), key.to_string()));
                }
            }
            Hot::Record(call) => {
                let attempt = &call.record.attempt;
                attempts
                    .row(number(place))
                    .int(attempt.delivery_id.as_i64())
                    .int(i64::from(attempt.number))
                    .int(attempt.endpoint_id.as_i64());
            }
        }
    }
    if keys.len() > 0 {
        find_keys(connection, keys, wanted, &mut look).await?;
    }
    if attempts.len() > 0 {
        find_odd(connection, attempts, &mut look).await?;
    }
    Ok(look)
}

async fn find_keys(
    connection: &mut SqliteConnection,
    keys: Rows,
    mut wanted: Vec<(String, String)>,
    look: &mut Look,
) -> Result<(), StoreError> {
    let rows = sqlx::query(SELECT_KEYS)
        .bind(keys.finish())
        .fetch_all(connection)
        .await?;
    for row in &rows {
        let place: i64 = row.try_get(0)?;
        let digest: &[u8] = row.try_get(2)?;
        let id: i64 = row.try_get(1)?;
        let taken = Taken {
            digest: digest.try_into().map_err(|_| StoreError::Inconsistent {
                table: "events",
                column: "content_sha256",
                id,
            })?,
            published: Published {
                event_id: EventId::from_i64(id),
                deliveries: row.try_get(3)?,
                duplicate: true,
            },
        };
        if let Some(key) = usize::try_from(place)
            .ok()
            .and_then(|at| wanted.get_mut(at))
        {
            look.keys.insert(std::mem::take(key), taken);
        }
    }
    Ok(())
}

async fn find_odd(
    connection: &mut SqliteConnection,
    attempts: Rows,
    look: &mut Look,
) -> Result<(), StoreError> {
    let rows = sqlx::query(SELECT_ODD)
        .bind(attempts.finish())
        .fetch_all(connection)
        .await?;
    for row in &rows {
        let place: i64 = row.try_get(0)?;
        let odd = Odd {
            missing: row.try_get(1)?,
            waits: row.try_get(2)?,
            test: row.try_get(3)?,
            replay: row.try_get::<Option<i64>, _>(4)?.map(ReplayId::from_i64),
            first: row.try_get(5)?,
            operational: row.try_get(6)?,
        };
        if let Ok(place) = usize::try_from(place) {
            look.odd.insert(place, odd);
        }
    }
    Ok(())
}

fn number(place: usize) -> i64 {
    i64::try_from(place).expect("a flush has a bounded number of rows")
}
