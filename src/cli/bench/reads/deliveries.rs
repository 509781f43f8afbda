//! Lists of deliveries and events, by place and by filter; single ones with all that belongs to them.

use std::time::Duration;

use anyhow::Result;

use super::Reads;
use crate::api::page::PageQuery;
use crate::client::ClientError;

/// Rows of an ordinary page, and of the longest.
pub(super) const PAGE_ROWS: u32 = 50;
pub(super) const PAGE_ROWS_MAX: u32 = 500;
/// Searches that go on to the end of the file.
const WHOLE_SEARCHES: u64 = 3;
/// Places in the past, in thousandths, that calls begin at in turn: no page is read twice in a row.
const PLACES: u64 = 1_000;
const PLACE_STEP: u64 = 387;

impl Reads<'_> {
    async fn time_filter(&mut self, filter: &str) -> Result<()> {
        let name = format!("deliveries {filter}");
        let (client, query) = (self.client, query(filter, None, PAGE_ROWS));
        let read = async |_| Ok(client.deliveries(&query).await?.items.len() as u64);
        self.time(&name, read).await
    }

    /// Pages without a filter, and single deliveries.
    pub(super) async fn deliveries(&mut self) -> Result<()> {
        let (client, past) = (self.client, self.past);
        let page = async |query: PageQuery| -> Found {
            Ok(client.deliveries(&query).await?.items.len() as u64)
        };
        self.time("deliveries, newest page", async |_| {
            page(query("", None, PAGE_ROWS)).await
        })
        .await?;
        self.time("deliveries, newest 500", async |_| {
            page(query("", None, PAGE_ROWS_MAX)).await
        })
        .await?;
        self.time("deliveries, a page further back", async |call| {
            let cursor = past.cursor_at(call * PLACE_STEP % PLACES);
            page(query("", Some(cursor), PAGE_ROWS)).await
        })
        .await?;
        for filter in ["state:delivered", "state:retrying", "state:dead"] {
            let delivery = self.newest(filter).await?;
            let name = format!("delivery with attempts and why, {filter}");
            self.time(&name, async |_| {
                Ok(client.delivery(delivery.id).await?.history.len() as u64)
            })
            .await?;
            let name = format!("attempt with request and answer, {filter}");
            self.time(&name, async |_| {
                let attempt = client.attempt(delivery.id, delivery.attempts).await;
                attempt.map(|_| 1)
            })
            .await?;
        }
        Ok(())
    }

    /// Pages by filter: those that find much, and those that look through most rows and find little.
    pub(super) async fn filters(&mut self) -> Result<()> {
        for state in [
            "pending",
            "held",
            "retrying",
            "inflight",
            "delivered",
            "dead",
            "discarded",
        ] {
            self.time_filter(&format!("state:{state}")).await?;
        }
        let dead = self.newest("state:dead").await?;
        let (endpoint, delivery, event) = (dead.endpoint_id, dead.id, dead.event_id);
        let cause = dead.cause.unwrap_or_default();
        for filter in [
            format!("ep:{endpoint}"),
            format!("ep:{endpoint} state:dead"),
            format!("ep:{endpoint} status:5xx"),
            "type:bench.past".to_owned(),
            "type:bench.*".to_owned(),
            "past".to_owned(),
            format!("id:{delivery}"),
            format!("{delivery}"),
            format!("event:{event}"),
            "status:503".to_owned(),
            "status>=500".to_owned(),
            "status:204".to_owned(),
            "class:status".to_owned(),
            format!("cause:{cause}"),
            "attempts>1".to_owned(),
            "state:dead age<2h".to_owned(),
            "age<1h".to_owned(),
            "age>5d".to_owned(),
            "-state:delivered".to_owned(),
        ] {
            self.time_filter(&filter).await?;
        }
        // Nothing passes these: each page looks at as many rows as a page may, and says where to go on.
        for filter in [
            "type:no.such.type",
            "latency>90s",
            "status:418",
            "size>1mb",
            "body.n:-1",
            "text:nowhere",
            "host:nowhere.example",
        ] {
            self.time_filter(filter).await?;
        }
        let client = self.client;
        for filter in ["type:no.such.type", "status:418"] {
            let name = format!("deliveries {filter}, to the end");
            let search = async |_| -> Found {
                let mut query = query(filter, None, PAGE_ROWS);
                let mut found = 0;
                loop {
                    let page = client.deliveries(&query).await?;
                    found += page.items.len() as u64;
                    let Some(next) = page.next else {
                        return Ok(found);
                    };
                    query.cursor = Some(next);
                }
            };
            self.time_some(&name, WHOLE_SEARCHES, Duration::ZERO, search)
                .await?;
        }
        Ok(())
    }

    /// Events.
    pub(super) async fn events(&mut self) -> Result<()> {
        let (client, past) = (self.client, self.past);
        self.time("events, newest page", async |_| {
            Ok(client
                .events(&query("", None, PAGE_ROWS))
                .await?
                .items
                .len() as u64)
        })
        .await?;
        self.time("events, a page further back", async |call| {
            let cursor = past.cursor_at(call * PLACE_STEP % PLACES);
            let page = client.events(&query("", Some(cursor), PAGE_ROWS)).await?;
            Ok(page.items.len() as u64)
        })
        .await?;
        let event = self.newest("state:dead").await?.event_id;
        self.time("event", async |_| client.event(event).await.map(|_| 1))
            .await?;
        self.time("event's deliveries", async |_| {
            let page = client
                .event_deliveries(event, &PageQuery::default())
                .await?;
            Ok(page.items.len() as u64)
        })
        .await
    }
}

/// How much an answer holds.
type Found = Result<u64, ClientError>;

/// What asks for a page; an empty filter is none.
pub(super) fn query(filter: &str, cursor: Option<String>, limit: u32) -> PageQuery {
    PageQuery {
        limit: Some(limit),
        cursor,
        filter: Some(filter.to_owned()).filter(|filter| !filter.is_empty()),
        at: None,
    }
}
