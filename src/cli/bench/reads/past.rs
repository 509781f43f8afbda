//! Lists as they were, beside the same rows as they are: what the past costs is the ratio of the two.

use std::time::Duration;

use anyhow::Result;

use super::Reads;
use super::deliveries::{PAGE_ROWS, PAGE_ROWS_MAX, query};
use crate::api::page::PageQuery;
use crate::client::ClientError;

/// The instant that is asked for, in thousandths of the span: half of the file was made later.
const INSTANT: u64 = 500;
/// Where the oldest rows are.
const LAST: u64 = 2;
/// How often what was dead is counted.
const COUNTS: u64 = 20;

/// Which page, by its name: its filter, the place where it begins, its rows.
type Place = (&'static str, &'static str, u64, u32);

const PLACES: [Place; 5] = [
    ("first page", "", INSTANT, PAGE_ROWS),
    ("first 500", "", INSTANT, PAGE_ROWS_MAX),
    ("last page", "", LAST, PAGE_ROWS),
    ("state:dead", "state:dead", INSTANT, PAGE_ROWS),
    ("state:delivered", "state:delivered", INSTANT, PAGE_ROWS),
];

impl Reads<'_> {
    /// Pages that begin at the same place, of now and of an instant.
    pub(super) async fn past(&mut self) -> Result<()> {
        let (client, past) = (self.client, self.past);
        let at = past.instant_at(INSTANT).to_string();
        let page = async |query: PageQuery| -> Result<u64, ClientError> {
            Ok(client.deliveries(&query).await?.items.len() as u64)
        };
        for (name, filter, place, rows) in PLACES {
            let cursor = Some(past.cursor_at(place));
            let of_now = query(filter, cursor, rows);
            let then = PageQuery {
                at: Some(at.clone()),
                ..of_now.clone()
            };
            for (when, query) in [("now", of_now), ("then", then)] {
                let name = format!("deliveries {when}, {name}");
                self.time(&name, async |_| page(query.clone()).await)
                    .await?;
            }
        }
        self.time_some("dead causes then", COUNTS, Duration::ZERO, async |_| {
            Ok(client.dead_causes_then(&at).await?.items.len() as u64)
        })
        .await
    }
}
