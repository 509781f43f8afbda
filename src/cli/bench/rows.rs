//! The same with many rows: a service on a filled file against one on an empty file, in turns.

use anyhow::Result;
use serde::Serialize;

use super::BenchArgs;
use super::figures::{median, megabytes};
use super::past::{Past, PastSpan};
use super::reads::{self, ReadTime};
use super::report::{Row, row};
use super::retention::{self, RetentionReport};
use super::rig::{Rig, Site};
use crate::domain::endpoint::EndpointStatus;
use crate::store::Fate;

/// Rounds of each file; the medians are compared.
const ROUNDS: u32 = 3;
/// Characters of filling in the data of a stored event: a small webhook, so that the file is rows above all.
const PAD_CHARS: usize = 200;

/// What many rows cost.
#[derive(Clone, Debug, Serialize)]
pub(super) struct RowsReport {
    /// Deliveries in the file before the run, each with its event and its attempts.
    pub(super) rows: u64,
    /// Size of that file in 10⁶ bytes.
    pub(super) rows_file_mb: f64,
    /// Events accepted per second on the filled file while nothing is sent, over the same on an empty file.
    pub(super) rows_accepted_over_empty: f64,
    /// Deliveries per second end to end on the filled file, over the same on an empty file.
    pub(super) rows_delivered_over_empty: f64,
    /// A backlog's drain on the filled file, over the same on an empty file.
    pub(super) rows_drain_over_empty: f64,
    /// What consoles and scripts read from that file while nothing else is done.
    pub(super) reads: Vec<ReadTime>,
    /// What retention costs on that file.
    #[serde(flatten)]
    pub(super) retention: RetentionReport,
}

/// What is measured.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scenario {
    /// Deliveries in the filled file.
    pub(super) rows: u64,
    /// When they were made.
    pub(super) past: PastSpan,
    /// How often each read is made.
    pub(super) reads: u64,
    /// Deliveries in each closed loop.
    pub(super) deliveries: u64,
    /// Publishing connections, and requests in flight to each endpoint.
    pub(super) concurrency: u64,
}

impl Scenario {
    /// What the arguments ask for.
    pub(super) const fn of(arguments: &BenchArgs, past: PastSpan) -> Self {
        Self {
            rows: arguments.with_rows,
            past,
            reads: arguments.reads,
            deliveries: arguments.deliveries,
            concurrency: arguments.concurrency,
        }
    }
}

/// What was measured on one of the files.
#[derive(Default)]
struct Rounds {
    accepted: Vec<f64>,
    drained: Vec<f64>,
    delivered: Vec<f64>,
}

/// Fills the file of `site` with `rows` deliveries to `endpoints` endpoints, the first of which is paused.
pub(super) async fn fill(site: &Site, rows: u64, endpoints: u64) -> Result<PastSpan> {
    let mut past = Past {
        endpoints: site.subscribers().of_the_past(endpoints)?,
        deliveries: rows,
        fate: Fate::Mixed,
        pad_chars: PAD_CHARS,
    };
    if let Some(paused) = past.endpoints.first_mut() {
        paused.status = EndpointStatus::Paused {
            until: None,
            reason: None,
        };
        paused.hold.since = Some(paused.created_at);
    }
    past.write(site.directory.path()).await
}

/// The same without all that `hookyard bench` measures otherwise.
pub(super) async fn alone(arguments: &BenchArgs) -> Result<RowsReport> {
    let site = Site::new().await?;
    let past = fill(&site, arguments.with_rows, arguments.endpoints).await?;
    let mut rig = site.start(arguments.concurrency).await?;
    rig.note_standing().await?;
    let report = compare(&mut rig, Scenario::of(arguments, past)).await?;
    rig.all_delivered().await?;
    rig.service.stop().await?;
    Ok(report)
}

/// Compares `filled` with an empty file, round by round in turns: what else the machine does hits both.
pub(super) async fn compare(filled: &mut Rig, scenario: Scenario) -> Result<RowsReport> {
    let Scenario {
        rows,
        past,
        reads,
        deliveries,
        concurrency,
    } = scenario;
    let file = filled.site.directory.path().join("hookyard.db");
    let rows_file_mb = megabytes(std::fs::metadata(file)?.len());
    let mut empty = Site::new().await?.start(concurrency).await?;
    let (mut of_empty, mut of_filled) = (Rounds::default(), Rounds::default());
    for number in 0..ROUNDS {
        of_empty
            .measure(&mut empty, number, deliveries, concurrency)
            .await?;
        of_filled
            .measure(filled, number, deliveries, concurrency)
            .await?;
    }
    empty.all_delivered().await?;
    filled.checked += empty.checked;
    filled.extra += empty.extra;
    empty.service.stop().await?;
    let reads = reads::measure(filled, past, reads).await?;
    filled.rest();
    let retention = retention::measure(filled, past, rows, deliveries, concurrency).await?;
    Ok(RowsReport {
        rows,
        rows_file_mb,
        rows_accepted_over_empty: median(of_filled.accepted) / median(of_empty.accepted),
        rows_delivered_over_empty: median(of_filled.delivered) / median(of_empty.delivered),
        rows_drain_over_empty: median(of_filled.drained) / median(of_empty.drained),
        reads,
        retention,
    })
}

impl Rounds {
    async fn measure(
        &mut self,
        rig: &mut Rig,
        number: u32,
        deliveries: u64,
        concurrency: u64,
    ) -> Result<()> {
        let name = format!("bench.rows.drain{number}");
        let drained = rig.drain(deliveries, &name, concurrency).await?;
        let name = format!("bench.rows.single{number}");
        let looped = rig.single(deliveries, &name, concurrency).await?;
        self.accepted.push(drained.accepted_per_s);
        self.drained.push(drained.drained_per_s);
        self.delivered.push(looped.delivered_per_s);
        Ok(())
    }
}

impl RowsReport {
    /// The rows that a person reads.
    pub(super) fn table(&self) -> Vec<Row> {
        let over = format!(
            "accepted {:.2}, end to end {:.2}, drain {:.2} of an empty file",
            self.rows_accepted_over_empty,
            self.rows_delivered_over_empty,
            self.rows_drain_over_empty
        );
        let name = format!("same at {} rows ({:.0} MB)", self.rows, self.rows_file_mb);
        let mut table = vec![row(&name, over)];
        table.extend(reads::table(&self.reads));
        table.extend(self.retention.table());
        table
    }
}
