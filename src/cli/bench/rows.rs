//! The same with many rows: a service on a filled file against one on an empty file, in turns.

use anyhow::Result;
use serde::Serialize;

use super::figures::{median, megabytes};
use super::past::Past;
use super::report::{Row, row};
use super::rig::{Rig, Site};
use crate::store::Fate;

/// Rounds of each file; the medians are compared.
const ROUNDS: u32 = 3;
/// Characters of filling in the data of a stored event: a small webhook, so that the file is rows above all.
const PAD_CHARS: usize = 200;

/// What many rows cost.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct RowsReport {
    /// Deliveries in the file before the run, each with its event and one attempt.
    pub(super) rows: u64,
    /// Size of that file in 10⁶ bytes.
    pub(super) rows_file_mb: f64,
    /// Events accepted per second on the filled file while nothing is sent, over the same on an empty file.
    pub(super) rows_accepted_over_empty: f64,
    /// Deliveries per second end to end on the filled file, over the same on an empty file.
    pub(super) rows_delivered_over_empty: f64,
    /// A backlog's drain on the filled file, over the same on an empty file.
    pub(super) rows_drain_over_empty: f64,
}

/// What was measured on one of the files.
#[derive(Default)]
struct Rounds {
    accepted: Vec<f64>,
    drained: Vec<f64>,
    delivered: Vec<f64>,
}

/// Fills the file of `site` with `rows` deliveries to `endpoints` endpoints.
pub(super) async fn fill(site: &Site, rows: u64, endpoints: u64) -> Result<()> {
    let past = Past {
        endpoints: site.subscribers().of_the_past(endpoints)?,
        deliveries: rows,
        fate: Fate::Delivered,
        pad_chars: PAD_CHARS,
    };
    past.write(site.directory.path()).await
}

/// Compares `filled` with an empty file, round by round in turns: what else the machine does hits both.
pub(super) async fn compare(
    filled: &mut Rig,
    rows: u64,
    deliveries: u64,
    concurrency: u64,
) -> Result<RowsReport> {
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
    Ok(RowsReport {
        rows,
        rows_file_mb,
        rows_accepted_over_empty: median(of_filled.accepted) / median(of_empty.accepted),
        rows_delivered_over_empty: median(of_filled.delivered) / median(of_empty.delivered),
        rows_drain_over_empty: median(of_filled.drained) / median(of_empty.drained),
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
        vec![row(&name, over)]
    }
}
