//! The run: one measurement after the other, on one service.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use secrecy::ExposeSecret;

use super::BenchArgs;
use super::child::Child;
use super::protocol::{Arrived, Command, Sent};
use super::report::{Latency, Report};
use super::roles::{self, Channel};
use super::service::Service;
use super::sink::uptime_us;
use crate::api::endpoint::PauseBody;
use crate::clock::{Clock, SystemClock};
use crate::domain::sign::secret::ENTROPY_BYTES;

/// The longest wait for a phase's deliveries.
const PHASE_LIMIT_MS: u64 = 120_000;
/// Seconds that a latency measurement lasts.
const LATENCY_SECONDS: u64 = 4;
/// Rates at which latency is measured besides `--rate`.
const LATENCY_RATES: [u64; 2] = [50, 2_000];

/// The parts of a run.
struct Bench {
    service: Service,
    sink: Child,
    load: Child,
    concurrency: u64,
    /// What all endpoints are signed with.
    secret: String,
    report: Report,
}

/// Measures everything and checks that every delivery arrived and verified.
pub(super) async fn measure(arguments: &BenchArgs) -> Result<Report> {
    let directory = tempfile::Builder::new()
        .prefix("hookyard-bench-")
        .tempdir()
        .context("no directory")?;
    let secret = roles::contract()?
        .new_secret(&[7; ENTROPY_BYTES])
        .expose_secret()
        .to_owned();
    let sink = Child::start(
        &Channel::Sink {
            secret: secret.clone(),
        }
        .arguments()?,
    )
    .await?;
    let service = Service::start(directory.path()).await?;
    let mut report = Report {
        serve_settings: Service::settings(directory.path(), service.port).join(" "),
        start_ms: millis(service.ready_after.as_micros()),
        endpoints: arguments.endpoints,
        ..Report::default()
    };
    pause(Duration::from_millis(500)).await;
    report.rss_idle_mb = megabytes(service.memory_bytes("VmRSS")?);
    let load = Channel::Load {
        port: service.port,
        token: service.publisher_token().await?,
        connections: arguments.concurrency,
    };
    let load = Child::start(&load.arguments()?).await?;
    let mut bench = Bench {
        service,
        sink,
        load,
        concurrency: arguments.concurrency,
        secret,
        report,
    };
    bench.raw(arguments.deliveries).await?;
    bench.backlog(arguments.deliveries).await?;
    bench.single(arguments.deliveries).await?;
    bench
        .many(arguments.deliveries, arguments.endpoints)
        .await?;
    bench.fan_out(arguments.deliveries).await?;
    for rate in LATENCY_RATES.into_iter().chain([arguments.rate]) {
        bench.latency(rate).await?;
    }
    bench.finish().await
}

impl Bench {
    /// The yardstick: the better of one and two threads.
    async fn raw(&mut self, bodies: u64) -> Result<()> {
        let channel = Channel::Raw {
            port: self.sink.port,
            connections: self.concurrency,
            secret: self.secret.clone(),
        };
        let mut raw = Child::start(&channel.arguments()?).await?;
        for threads in [1, 2] {
            self.expect(bodies, 1).await?;
            let sent: Sent = raw.order(&Command::Post { bodies, threads }).await?;
            ensure!(
                sent.accepted == bodies,
                "the sink refused {} raw posts",
                bodies - sent.accepted
            );
            self.arrived(bodies).await?;
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
        let endpoint = self.endpoint(0, "bench.backlog", self.concurrency).await?;
        self.service
            .client
            .pause_endpoint(endpoint, &PauseBody::default())
            .await?;
        self.expect(deliveries, 1).await?;
        let sent = self
            .publish(deliveries, vec!["bench.backlog".into()], None)
            .await?;
        self.report.accepted_only_per_s =
            per_second(deliveries, sent.started_at_us, sent.ended_at_us);
        let resumed_at_us = uptime_us();
        self.service.client.resume_endpoint(endpoint).await?;
        let arrived = self.arrived(deliveries).await?;
        self.report.drain_per_s = per_second(deliveries, resumed_at_us, arrived.last_at_us);
        Ok(())
    }

    /// Closed loop to one endpoint, with the service's CPU.
    async fn single(&mut self, deliveries: u64) -> Result<()> {
        self.endpoint(0, "bench.single", self.concurrency).await?;
        let cpu_us = self.service.cpu_us()?;
        let (sent, arrived) = self
            .closed_loop(deliveries, vec!["bench.single".into()], 1)
            .await?;
        self.settled().await?;
        let cpu_us = self.service.cpu_us()? - cpu_us;
        let report = &mut self.report;
        report.accepted_per_s = per_second(deliveries, sent.started_at_us, sent.ended_at_us);
        report.delivered_per_s = per_second(deliveries, sent.started_at_us, arrived.last_at_us);
        report.ratio_to_raw = report.delivered_per_s / report.raw_per_s;
        report.cpu_s_per_1000 = ratio(cpu_us, deliveries) / 1_000.0;
        report.cpu_over_raw = ratio(cpu_us, deliveries) / report.raw_cpu_us;
        Ok(())
    }

    /// Closed loop to many endpoints, each event to one of them.
    async fn many(&mut self, deliveries: u64, endpoints: u64) -> Result<()> {
        let types: Vec<String> = (0..endpoints)
            .map(|index| format!("bench.many.t{index}"))
            .collect();
        for event_type in &types {
            self.endpoint(0, event_type, 8).await?;
        }
        let (sent, arrived) = self.closed_loop(deliveries, types, 1).await?;
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
            self.endpoint(path, "bench.fan", 8).await?;
        }
        let events = deliveries.div_ceil(COPIES);
        let (sent, arrived) = self
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
        self.expect(events, 1).await?;
        self.publish(events, vec!["bench.single".into()], Some(rate))
            .await?;
        let arrived = self.arrived(events).await?;
        let [p50_ms, p99_ms, p999_ms] = [arrived.p50_us, arrived.p99_us, arrived.p999_us]
            .map(|micros| millis(u128::from(micros)));
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
        self.settled().await?;
        let ledger = self.service.client.stats("1m").await?.ledger;
        let others = ledger.pending + ledger.held + ledger.dead + ledger.discarded;
        ensure!(
            others == 0,
            "{others} deliveries are not delivered: {ledger:?}"
        );
        self.report.rss_peak_mb = megabytes(self.service.memory_bytes("VmHWM")?);
        self.service.stop().await?;
        Ok(self.report)
    }

    async fn endpoint(
        &self,
        path: u64,
        event_type: &str,
        concurrency: u64,
    ) -> Result<crate::domain::id::EndpointId> {
        let url = format!("http://127.0.0.1:{}/{path}", self.sink.port);
        self.service
            .endpoint(url, event_type, &self.secret, usize::try_from(concurrency)?)
            .await
    }

    async fn expect(&mut self, numbers: u64, copies: u64) -> Result<()> {
        self.sink.order(&Command::Expect { numbers, copies }).await
    }

    async fn closed_loop(
        &mut self,
        events: u64,
        types: Vec<String>,
        copies: u64,
    ) -> Result<(Sent, Arrived)> {
        self.expect(events, copies).await?;
        let sent = self.publish(events, types, None).await?;
        Ok((sent, self.arrived(events * copies).await?))
    }

    async fn publish(
        &mut self,
        events: u64,
        types: Vec<String>,
        rate: Option<u64>,
    ) -> Result<Sent> {
        let sent: Sent = self
            .load
            .order(&Command::Publish {
                events,
                types,
                rate,
            })
            .await?;
        if sent.refused > 0 {
            bail!(
                "{} events were refused, the first with {:?}",
                sent.refused,
                sent.first_refusal
            );
        }
        Ok(sent)
    }

    /// Waits for everything expected, and fails when something is missing or does not verify.
    async fn arrived(&mut self, expected: u64) -> Result<Arrived> {
        let arrived: Arrived = self
            .sink
            .order(&Command::Await {
                timeout_ms: PHASE_LIMIT_MS,
            })
            .await?;
        ensure!(
            arrived.distinct == expected,
            "only {} of {expected} deliveries arrived",
            arrived.distinct
        );
        if let Some(reason) = &arrived.first_reason {
            bail!(
                "{} signatures do not verify, the first: {reason}",
                arrived.bad_signatures
            );
        }
        self.report.deliveries_checked += arrived.distinct;
        self.report.extra_requests += arrived.extra;
        Ok(arrived)
    }

    /// Waits until every outcome is recorded.
    async fn settled(&self) -> Result<()> {
        for _ in 0..1_000 {
            let stats = self.service.client.stats("1m").await?;
            if stats.ledger.pending == 0 && stats.in_flight == 0 {
                return Ok(());
            }
            pause(Duration::from_millis(10)).await;
        }
        bail!("deliveries stayed pending after all had arrived")
    }
}

async fn pause(duration: Duration) {
    let clock = SystemClock::new();
    clock.sleep_until(clock.now() + duration).await;
}

#[expect(
    clippy::cast_precision_loss,
    reason = "figures of a report; 52 bits are plenty"
)]
fn ratio(dividend: u64, divisor: u64) -> f64 {
    dividend as f64 / divisor as f64
}

fn per_second(count: u64, from_us: u64, to_us: u64) -> f64 {
    ratio(count, to_us.saturating_sub(from_us).max(1)) * 1_000_000.0
}

fn millis(micros: u128) -> f64 {
    ratio(u64::try_from(micros).unwrap_or(u64::MAX), 1_000)
}

fn megabytes(bytes: u64) -> f64 {
    ratio(bytes, 1_000_000)
}
