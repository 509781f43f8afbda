//! What retention costs while it removes rows: closed loops without it, beside it, and without it again.

use std::time::Duration;

use anyhow::{Result, bail};
use serde::Serialize;

use super::figures::{median, ratio};
use super::past::PastSpan;
use super::report::{Row, row};
use super::rig::{Rig, pause};
use crate::api::stats::RetentionView;
use crate::clock::{Clock, SystemClock};
use crate::domain::duration::DurationText;

/// Rows that are to go, events, deliveries and attempts together: a fifteenth of five million with their events and
/// attempts, and of fewer the same part.
const ROWS_DUE_MAX: u64 = 1_000_000;
const DELIVERIES_A_DUE: u64 = 15;
/// Rows that a delivery goes with: its event, itself, an attempt.
const ROWS_EACH: u64 = 3;
/// Closed loops without it, half of them before and half after, and at most beside it.
const LOOPS_ALONE: u32 = 6;
const LOOPS_BESIDE_MAX: u32 = 60;
/// How often it is looked at whether the round has ended, and how often at most.
const LOOK_EVERY: Duration = Duration::from_millis(50);
const LOOKS_MAX: u32 = 12_000;

/// What retention costs.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct RetentionReport {
    /// Events, deliveries and attempts that one round removed.
    pub(super) retention_rows: u64,
    /// How long the round took, its pauses included.
    pub(super) retention_took_ms: u64,
    /// The longest that one transaction of it, or of another rare change meanwhile, held the writer.
    pub(super) retention_longest_ms: u64,
    /// Deliveries per second in a closed loop without it.
    pub(super) retention_alone_per_s: f64,
    /// The same while it works.
    pub(super) retention_beside_per_s: f64,
    /// Which part of them that costs; below zero where it was faster.
    pub(super) retention_lost: f64,
    /// Loops that ended before the round did. Where it is none, the one that the round ended in is measured.
    pub(super) retention_loops: u64,
}

/// Shortens the ages so that a part of the past is due, and measures until the round has ended.
pub(super) async fn measure(
    rig: &mut Rig,
    past: PastSpan,
    rows: u64,
    deliveries: u64,
    concurrency: u64,
) -> Result<RetentionReport> {
    let mut alone = Vec::new();
    for number in 0..LOOPS_ALONE / 2 {
        alone.push(one_loop(rig, &format!("before{number}"), deliveries, concurrency).await?);
    }
    let due = (rows / DELIVERIES_A_DUE).min(ROWS_DUE_MAX / ROWS_EACH);
    begin(rig, past, ratio(due, rows)).await?;
    let mut beside = Vec::new();
    let round = loop {
        let number = beside.len();
        beside.push(one_loop(rig, &format!("beside{number}"), deliveries, concurrency).await?);
        if let Some(round) = ended(rig).await? {
            break round;
        }
        if beside.len() >= usize::try_from(LOOPS_BESIDE_MAX)? {
            break end_of_round(rig).await?;
        }
    };
    // The round ended within the last loop, or a while after it.
    let whole = beside.len() - 1;
    rig.rest();
    beside.truncate(whole.max(1));
    for number in 0..LOOPS_ALONE / 2 {
        alone.push(one_loop(rig, &format!("after{number}"), deliveries, concurrency).await?);
    }
    let (alone, beside) = (median(alone), median(beside));
    Ok(RetentionReport {
        retention_rows: removed(&round),
        retention_took_ms: round.took_ms,
        retention_longest_ms: round.longest_ms,
        retention_alone_per_s: alone,
        retention_beside_per_s: beside,
        retention_lost: 1.0 - beside / alone,
        retention_loops: whole as u64,
    })
}

/// Deliveries per second of one closed loop.
async fn one_loop(rig: &mut Rig, name: &str, deliveries: u64, concurrency: u64) -> Result<f64> {
    let event_type = format!("bench.retention.{name}");
    let looped = rig.single(deliveries, &event_type, concurrency).await?;
    Ok(looped.delivered_per_s)
}

/// Makes the oldest part of the past due: by a reload, as an operator would.
async fn begin(rig: &Rig, past: PastSpan, share: f64) -> Result<()> {
    let edge = past.from + past.until.since(past.from).mul_f64(share);
    let kept = SystemClock::new().now().since(edge);
    let kept = DurationText(Duration::from_secs(kept.as_secs().max(60)));
    let text = format!("[retention]\npayloads = \"{kept}\"\nattempts = \"{kept}\"\n");
    rig.service.reload(&text)
}

/// The round that removed the past, once it has ended: none before it removes anything.
async fn ended(rig: &Rig) -> Result<Option<RetentionView>> {
    let round = rig.service.client.stats("1m").await?.store.retention;
    Ok(round.filter(|round| removed(round) > 0))
}

const fn removed(round: &RetentionView) -> u64 {
    round.events + round.deliveries + round.attempts
}

async fn end_of_round(rig: &Rig) -> Result<RetentionView> {
    for _ in 0..LOOKS_MAX {
        if let Some(round) = ended(rig).await? {
            return Ok(round);
        }
        pause(LOOK_EVERY).await;
    }
    bail!("the round of retention did not end")
}

impl RetentionReport {
    /// The rows that a person reads.
    pub(super) fn table(&self) -> Vec<Row> {
        let throughput = format!(
            "{:.0} / {:.0} per s: {:.1} % lost ({} loops)",
            self.retention_alone_per_s,
            self.retention_beside_per_s,
            100.0 * self.retention_lost,
            self.retention_loops
        );
        let round = format!(
            "{} rows in {:.1} s, the writer held for {} ms at most",
            self.retention_rows,
            ratio(self.retention_took_ms, 1_000),
            self.retention_longest_ms
        );
        vec![
            row("end to end without / beside retention", throughput),
            row("retention", round),
        ]
    }
}
