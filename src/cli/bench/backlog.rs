//! A start with a backlog: how long until the first request leaves, and how much memory it takes.

use anyhow::Result;
use serde::Serialize;

use super::figures::{millis, per_second};
use super::past::Past;
use super::payload::PAD_CHARS;
use super::report::{Row, row};
use super::rig::Site;
use crate::store::Fate;

/// Deliveries that wait for each endpoint.
const PENDING_EACH: u64 = 100;

/// What a start with a backlog costs. The file is in the system's cache, as after a restart of the service.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct BacklogReport {
    /// Deliveries that were pending.
    pub(super) backlog_pending: u64,
    /// Endpoints they were for.
    pub(super) backlog_endpoints: u64,
    /// From the start of the process until its first request had arrived, milliseconds.
    pub(super) backlog_first_request_ms: f64,
    /// From the start of the process to its first answer, milliseconds.
    pub(super) backlog_ready_ms: f64,
    /// Resident memory at its highest, from the start to the last outcome.
    pub(super) backlog_rss_peak_mb: f64,
    /// Resident memory when all was recorded.
    pub(super) backlog_rss_after_mb: f64,
    /// Deliveries per second, from the first arrival to the last.
    pub(super) backlog_drain_per_s: f64,
    /// Deliveries that were checked.
    #[serde(skip)]
    pub(super) checked: u64,
    /// Copies beyond the first.
    #[serde(skip)]
    pub(super) extra: u64,
}

/// Starts a service on a file with `pending` deliveries and lets it deliver them all.
pub(super) async fn measure(pending: u64, concurrency: u64) -> Result<BacklogReport> {
    let mut site = Site::new().await?;
    let endpoints = pending.div_ceil(PENDING_EACH);
    let past = Past {
        endpoints: site.subscribers().of_the_past(endpoints)?,
        deliveries: pending,
        fate: Fate::Pending,
        pad_chars: PAD_CHARS,
    };
    past.write(site.directory.path()).await?;
    site.expect(pending, 1).await?;
    let mut rig = site.start(concurrency).await?;
    let arrived = rig.arrived(pending).await?;
    rig.all_delivered().await?;
    let first_after_us = arrived
        .first_at_us
        .saturating_sub(rig.service.started_at_us);
    let report = BacklogReport {
        backlog_pending: pending,
        backlog_endpoints: endpoints,
        backlog_first_request_ms: millis(first_after_us),
        backlog_ready_ms: rig.service.ready_after_ms(),
        backlog_rss_peak_mb: rig.resident_peak_mb()?,
        backlog_rss_after_mb: rig.resident_mb()?,
        backlog_drain_per_s: per_second(pending, arrived.first_at_us, arrived.last_at_us),
        checked: rig.checked,
        extra: rig.extra,
    };
    rig.service.stop().await?;
    Ok(report)
}

impl BacklogReport {
    /// The rows that a person reads.
    pub(super) fn table(&self) -> Vec<Row> {
        let name = format!(
            "{} pending, {} endpoints",
            self.backlog_pending, self.backlog_endpoints
        );
        let start = format!(
            "first request after {:.0} ms, first answer after {:.0} ms",
            self.backlog_first_request_ms, self.backlog_ready_ms
        );
        let weight = format!(
            "memory peak {:.0} MB, after {:.0} MB; {:.0} deliveries/s",
            self.backlog_rss_peak_mb, self.backlog_rss_after_mb, self.backlog_drain_per_s
        );
        vec![row(&name, start), row("", weight)]
    }
}
