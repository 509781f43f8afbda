//! What a console, a script and an operator read, over the service's socket: each read by name, with its quantiles.

mod deliveries;
mod figures;
mod past;

use std::time::Duration;

use anyhow::{Context, Result};
use serde::Serialize;

use super::figures::millis;
use super::past::PastSpan;
use super::report::{Row, row};
use super::rig::{Rig, pause};
use super::sink::uptime_us;
use crate::api::delivery::DeliveryView;
use crate::api::page::PageQuery;
use crate::client::{Client, ClientError};
use crate::domain::id::DeliveryId;
use crate::domain::time::Timestamp;

/// How long one read is repeated, in microseconds, once it was made [`CALLS_MIN`] times.
const BUDGET_US: u64 = 2_000_000;
/// How often at least, where that is not more than what was asked for.
const CALLS_MIN: u64 = 20;

/// How long one read takes, from the call to the parsed answer.
#[derive(Clone, Debug, Serialize)]
pub(super) struct ReadTime {
    /// What is read.
    pub(super) read: String,
    /// Calls that the quantiles are of.
    pub(super) calls: u64,
    /// What the last answer held: rows of a list, attempts of a delivery, bytes of a text.
    pub(super) found: u64,
    /// Milliseconds at the 50th percentile.
    pub(super) p50_ms: f64,
    /// At the 99th.
    pub(super) p99_ms: f64,
}

/// Reads and takes the time.
pub(super) struct Reads<'a> {
    client: &'a Client,
    /// How often each read is made.
    calls: u64,
    /// What the file held before the run.
    past: PastSpan,
    times: Vec<ReadTime>,
}

impl PastSpan {
    /// Where a page begins that shows what was made at a share of the span, in thousandths.
    fn cursor_at(self, permille: u64) -> String {
        DeliveryId::first_at(self.instant_at(permille)).body()
    }

    /// The instant at a share of the span, in thousandths.
    fn instant_at(self, permille: u64) -> Timestamp {
        let span_ms = self.until.since(self.from).as_millis();
        let ms = span_ms * u128::from(permille.min(1_000)) / 1_000;
        self.from.moved_by(i64::try_from(ms).unwrap_or(0))
    }
}

/// Makes every read `calls` times; what takes long is made fewer times.
pub(super) async fn measure(rig: &Rig, past: PastSpan, calls: u64) -> Result<Vec<ReadTime>> {
    let mut reads = Reads {
        client: &rig.service.client,
        calls,
        past,
        times: Vec::new(),
    };
    reads.deliveries().await?;
    reads.filters().await?;
    reads.past().await?;
    reads.events().await?;
    reads.dead().await?;
    reads.figures().await?;
    reads.horizon().await?;
    reads.others().await?;
    Ok(reads.times)
}

impl Reads<'_> {
    /// Times one read; `read` gets the number of the call and tells how much it found.
    async fn time(
        &mut self,
        name: &str,
        read: impl AsyncFn(u64) -> Result<u64, ClientError>,
    ) -> Result<()> {
        self.time_some(name, self.calls, Duration::ZERO, read).await
    }

    /// The same, at most `calls` times, with a rest between two of them.
    async fn time_some(
        &mut self,
        name: &str,
        calls: u64,
        rest: Duration,
        read: impl AsyncFn(u64) -> Result<u64, ClientError>,
    ) -> Result<()> {
        let began_at_us = uptime_us();
        let (mut found, mut times_us) = (0, Vec::new());
        for call in 0..calls.min(self.calls) {
            if call > 0 && !rest.is_zero() {
                pause(rest).await;
            }
            let started_at_us = uptime_us();
            found = read(call).await.with_context(|| name.to_owned())?;
            let ended_at_us = uptime_us();
            times_us.push(ended_at_us.saturating_sub(started_at_us));
            if call + 1 >= CALLS_MIN && ended_at_us.saturating_sub(began_at_us) > BUDGET_US {
                break;
            }
        }
        times_us.sort_unstable();
        self.times.push(ReadTime {
            read: name.to_owned(),
            calls: times_us.len() as u64,
            found,
            p50_ms: millis(quantile(&times_us, 50)),
            p99_ms: millis(quantile(&times_us, 99)),
        });
        Ok(())
    }

    /// The newest delivery that a filter picks.
    async fn newest(&self, filter: &str) -> Result<DeliveryView> {
        let mut query = PageQuery {
            limit: Some(1),
            filter: Some(filter.to_owned()),
            ..PageQuery::default()
        };
        loop {
            let page = self.client.deliveries(&query).await?;
            if let Some(first) = page.items.into_iter().next() {
                return Ok(first);
            }
            query.cursor = Some(page.next.with_context(|| format!("nothing is {filter}"))?);
        }
    }
}

/// The smallest time that `percent` of all do not exceed; 0 of none.
fn quantile(sorted_us: &[u64], percent: usize) -> u64 {
    let rank = (sorted_us.len() * percent).div_ceil(100).max(1);
    sorted_us.get(rank - 1).copied().unwrap_or(0)
}

/// The rows that a person reads.
pub(super) fn table(times: &[ReadTime]) -> Vec<Row> {
    let line = |time: &ReadTime| {
        let figures = format!(
            "p50 {:.2} ms, p99 {:.2} ms ({} calls, {} found)",
            time.p50_ms, time.p99_ms, time.calls, time.found
        );
        row(&format!("read {}", time.read), figures)
    };
    times.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_a_time_that_was_seen() {
        let times: Vec<u64> = (1..=200).collect();
        assert_eq!(quantile(&times, 50), 100);
        assert_eq!(quantile(&times, 99), 198);
        assert_eq!(quantile(&[7], 99), 7);
        assert_eq!(quantile(&[], 50), 0);
    }

    #[test]
    fn places_in_the_past_lie_between_its_ends() {
        let (from, until) = (1_776_000_000_000, 1_776_000_100_000);
        let span = PastSpan {
            from: Timestamp::from_millis(from),
            until: Timestamp::from_millis(until),
        };
        let at = |permille| {
            let body = span.cursor_at(permille);
            DeliveryId::from_body(&body)
                .unwrap()
                .timestamp()
                .as_millis()
        };
        assert_eq!([at(0), at(500), at(2_000)], [from, from + 50_000, until]);
    }
}
