//! The run: one measurement after the other, most of them on one service.

use std::time::Duration;

use anyhow::{Result, ensure};

use super::BenchArgs;
use super::child::Child;
use super::figures::{megabytes, millis, per_second, ratio};
use super::protocol::{Command, Sent};
use super::report::{Latency, Report};
use super::rig::{Rig, Site, pause};
use super::roles::Channel;
use super::service::Service;
use super::{backlog, idle, rows};

/// Seconds that a latency measurement lasts.
const LATENCY_SECONDS: u64 = 4;
/// Rates at which latency is measured besides `--rate`.
const LATENCY_RATES: [u64; 2] = [50, 2_000];

/// The parts of a run.
struct Bench {
    rig: Rig,
    concurrency: u64,
    report: Report,
}

/// Measures everything and checks that every delivery arrived and verified.
pub(super) async fn measure(arguments: &BenchArgs) -> Result<Report> {
    let (deliveries, concurrency) = (arguments.deliveries, arguments.concurrency);
    let site = Site::new().await?;
    let past = match arguments.with_rows {
        0 => None,
        rows => Some(rows::fill(&site, rows, arguments.endpoints).await?),
    };
    let mut rig = site.start(concurrency).await?;
    rig.note_standing().await?;
    let data_dir = rig.site.directory.path();
    let mut report = Report {
        serve_settings: Service::settings(data_dir, rig.service.port).join(" "),
        start_ms: rig.service.ready_after_ms(),
        endpoints: arguments.endpoints,
        ..Report::default()
    };
    pause(Duration::from_millis(500)).await;
    report.rss_idle_mb = rig.resident_mb()?;
    let mut bench = Bench {
        rig,
        concurrency,
        report,
    };
    bench.raw(deliveries).await?;
    bench.backlog(deliveries).await?;
    bench.single(deliveries).await?;
    bench.many(deliveries, arguments.endpoints).await?;
    bench.fan_out(deliveries).await?;
    for rate in LATENCY_RATES.into_iter().chain([arguments.rate]) {
        bench.latency(rate).await?;
    }
    if let Some(past) = past {
        let scenario = rows::Scenario::of(arguments, past);
        bench.report.rows = Some(rows::compare(&mut bench.rig, scenario).await?);
    }
    let mut report = bench.finish().await?;
    if arguments.backlog > 0 {
        let backlog = backlog::measure(arguments.backlog, concurrency).await?;
        report.deliveries_checked += backlog.checked;
        report.extra_requests += backlog.extra;
        report.backlog = Some(backlog);
    }
    if arguments.idle_endpoints > 0 {
        let idle = idle::measure(arguments.idle_endpoints, concurrency).await?;
        report.deliveries_checked += idle.checked;
        report.extra_requests += idle.extra;
        report.idle = Some(idle);
    }
    Ok(report)
}

impl Bench {
    /// The yardstick: the better of one and two threads.
    async fn raw(&mut self, bodies: u64) -> Result<()> {
        let channel = Channel::Raw {
            port: self.rig.site.sink.port,
            connections: self.concurrency,
            secret: self.rig.site.secret.clone(),
        };
        let mut raw = Child::start(&channel.arguments()?).await?;
        for threads in [1, 2] {
            self.rig.site.expect(bodies, 1).await?;
            let sent: Sent = raw.order(&Command::Post { bodies, threads }).await?;
            ensure!(
                sent.accepted == bodies,
                "the sink refused {} raw posts",
                bodies - sent.accepted
            );
            self.rig.arrived(bodies).await?;
            let rate = per_second(bodies, sent.started_at_us, sent.ended_at_us);
            let report = &mut self.report;
            *(if threads == 1 {
                &mut report.raw_1_thread_per_s
            } else {
                &mut report.raw_2_threads_per_s
            }) = rate;
            if rate > report.raw_per_s {
                report.raw_per_s = rate;
                report.raw_cpu_us = ratio(sent.cpu_us, bodies);
            }
        }
        Ok(())
    }

    /// The durable accept alone, and then how fast a backlog drains.
    async fn backlog(&mut self, deliveries: u64) -> Result<()> {
        let drained = self
            .rig
            .drain(deliveries, "bench.backlog", self.concurrency)
            .await?;
        self.report.accepted_only_per_s = drained.accepted_per_s;
        self.report.drain_per_s = drained.drained_per_s;
        Ok(())
    }

    /// Closed loop to one endpoint, with the service's CPU.
    async fn single(&mut self, deliveries: u64) -> Result<()> {
        let looped = self
            .rig
            .single(deliveries, "bench.single", self.concurrency)
            .await?;
        let report = &mut self.report;
        report.accepted_per_s = looped.accepted_per_s;
        report.delivered_per_s = looped.delivered_per_s;
        report.ratio_to_raw = report.delivered_per_s / report.raw_per_s;
        report.cpu_s_per_1000 = ratio(looped.cpu_us, deliveries) / 1_000.0;
        report.cpu_over_raw = ratio(looped.cpu_us, deliveries) / report.raw_cpu_us;
        Ok(())
    }

    /// Closed loop to many endpoints, each event to one of them.
    async fn many(&mut self, deliveries: u64, endpoints: u64) -> Result<()> {
        let types: Vec<String> = (0..endpoints)
            .map(|index| format!("bench.many.t{index}"))
            .collect();
        for event_type in &types {
            self.rig.endpoint(0, event_type, 8).await?;
        }
        let (sent, arrived) = self.rig.closed_loop(deliveries, types, 1).await?;
        let report = &mut self.report;
        report.delivered_many_per_s =
            per_second(deliveries, sent.started_at_us, arrived.last_at_us);
        report.ratio_to_raw_many = report.delivered_many_per_s / report.raw_per_s;
        Ok(())
    }

    /// Each event to ten endpoints.
    async fn fan_out(&mut self, deliveries: u64) -> Result<()> {
        const COPIES: u64 = 10;
        for path in 0..COPIES {
            self.rig.endpoint(path, "bench.fan", 8).await?;
        }
        let events = deliveries.div_ceil(COPIES);
        let (sent, arrived) = self
            .rig
            .closed_loop(events, vec!["bench.fan".into()], COPIES)
            .await?;
        let report = &mut self.report;
        report.fan_out_10_per_s =
            per_second(events * COPIES, sent.started_at_us, arrived.last_at_us);
        report.fan_out_over_single = report.fan_out_10_per_s / report.delivered_per_s;
        Ok(())
    }

    /// Publish → arrival at a steady rate.
    async fn latency(&mut self, rate: u64) -> Result<()> {
        let events = rate * LATENCY_SECONDS;
        self.rig.site.expect(events, 1).await?;
        self.rig
            .publish(events, vec!["bench.single".into()], Some(rate))
            .await?;
        let arrived = self.rig.arrived(events).await?;
        let [p50_ms, p99_ms, p999_ms] =
            [arrived.p50_us, arrived.p99_us, arrived.p999_us].map(millis);
        let report = &mut self.report;
        (report.p50_ms, report.p99_ms, report.p999_ms) = (p50_ms, p99_ms, p999_ms);
        report.latency_rate_per_s = rate;
        report.latencies.push(Latency {
            rate_per_s: rate,
            p50_ms,
            p99_ms,
            p999_ms,
        });
        Ok(())
    }

    /// The ledger must add up to what was checked; then the service drains.
    async fn finish(mut self) -> Result<Report> {
        self.rig.all_delivered().await?;
        let report = &mut self.report;
        report.rss_peak_mb = megabytes(self.rig.service.memory_bytes("VmHWM")?);
        report.deliveries_checked = self.rig.checked;
        report.extra_requests = self.rig.extra;
        self.rig.service.stop().await?;
        Ok(self.report)
    }
}
