//! Dead deliveries brought back beside live traffic: what it takes to plan that, whether the rate is kept, and what the
//! live traffic loses.

use std::time::Duration;

use anyhow::{Result, bail, ensure};
use serde::Serialize;

use super::child::Child;
use super::figures::{millis, per_second};
use super::past::{Past, Subscribers};
use super::payload::PAD_CHARS;
use super::protocol::{Arrived, Command, Sent};
use super::report::{Row, row, text};
use super::rig::{Rig, Site, pause};
use super::roles::Channel;
use super::sink::uptime_us;
use crate::api::replay::{ReplayBody, ReplayView};
use crate::domain::id::ReplayId;
use crate::store::Fate;

/// The type of the live traffic.
const LIVE: &str = "bench.live";
/// Seconds that a latency measurement lasts.
const LATENCY_SECONDS: u64 = 4;
/// How often the replay is looked at, and how often at most.
const LOOK_EVERY: Duration = Duration::from_millis(50);
const LOOKS_MAX: u32 = 72_000;

/// What is measured.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scenario {
    /// Dead deliveries, all of one endpoint.
    pub(super) items: u64,
    /// How many of them a second.
    pub(super) rate: u64,
    /// Live deliveries in each closed loop.
    pub(super) live: u64,
    /// Live events a second where latency is measured.
    pub(super) live_rate: u64,
    /// Publishing connections, and requests in flight to each endpoint.
    pub(super) concurrency: u64,
}

/// What a replay costs. The receivers count, not the replay.
#[derive(Clone, Debug, Serialize)]
pub(super) struct ReplayReport {
    /// Dead deliveries that were brought back.
    replay_items: u64,
    /// From the call that plans to its answer, milliseconds.
    replay_plan_ms: f64,
    /// The rate asked for.
    replay_rate_per_s: u64,
    /// The rate at which its receiver saw them, from the first to the last.
    replay_rate_kept_per_s: f64,
    /// Distinct items that its receiver saw, each with a good signature.
    replay_arrived: u64,
    /// Copies beyond the first.
    replay_extra: u64,
    /// How the replay counts them: delivered, failed, skipped.
    replay_counts: [u64; 3],
    /// Live deliveries per second in a closed loop, without the replay.
    live_alone_per_s: f64,
    /// The same while it runs.
    live_beside_per_s: f64,
    /// Which part of them that costs; below zero where it was faster.
    live_lost: f64,
    /// Live events a second of the latencies.
    live_rate_per_s: u64,
    /// Publish → arrival of live events at that rate without the replay, 99th percentile, milliseconds.
    live_p99_alone_ms: f64,
    /// The same while it runs.
    live_p99_beside_ms: f64,
    /// How often the one goes into the other.
    live_p99_times: f64,
    /// Whether the replay ran for all of both measurements beside it.
    replay_outlasted_live: bool,
    /// Live deliveries that were checked to have arrived.
    live_checked: u64,
    /// Copies beyond the first.
    live_extra: u64,
}

/// The live traffic, alone or beside a replay.
#[derive(Clone, Copy, Debug)]
struct Live {
    per_s: f64,
    p99_ms: f64,
}

/// Brings the dead back beside live traffic, and holds what the receivers saw against what the replay says.
pub(super) async fn measure(scenario: Scenario) -> Result<ReplayReport> {
    let Scenario { items, rate, .. } = scenario;
    let (mut rig, mut recovering) = prepare(scenario).await?;
    let alone = live(&mut rig, scenario).await?;
    let expect = Command::Expect {
        numbers: items,
        copies: 1,
    };
    recovering.order::<()>(&expect).await?;
    let (plan_ms, id) = start(&rig, items, rate).await?;
    let beside = live(&mut rig, scenario).await?;
    let outlasted = rig.service.client.replay(id).await?.state == "running";
    let timeout_ms = 60_000 + items * 2_000 / rate;
    let arrived: Arrived = recovering.order(&Command::Await { timeout_ms }).await?;
    let replay = finished(&rig, id).await?;
    check(&replay, &arrived, items)?;
    rig.all_delivered().await?;
    let counts = replay.now();
    let report = ReplayReport {
        replay_items: items,
        replay_plan_ms: plan_ms,
        replay_rate_per_s: rate,
        replay_rate_kept_per_s: per_second(items, arrived.first_at_us, arrived.last_at_us),
        replay_arrived: arrived.distinct,
        replay_extra: arrived.extra,
        replay_counts: [counts.delivered, counts.failed, counts.skipped],
        live_alone_per_s: alone.per_s,
        live_beside_per_s: beside.per_s,
        live_lost: 1.0 - beside.per_s / alone.per_s,
        live_rate_per_s: scenario.live_rate,
        live_p99_alone_ms: alone.p99_ms,
        live_p99_beside_ms: beside.p99_ms,
        live_p99_times: beside.p99_ms / alone.p99_ms,
        replay_outlasted_live: outlasted,
        live_checked: rig.checked,
        live_extra: rig.extra,
    };
    rig.service.stop().await?;
    Ok(report)
}

/// A service with the dead deliveries and an endpoint for live traffic, and the receiver of the former.
async fn prepare(scenario: Scenario) -> Result<(Rig, Child)> {
    let site = Site::new().await?;
    let channel = Channel::Sink {
        secret: site.secret.clone(),
    };
    let recovering = Child::start(&channel.arguments()?).await?;
    let subscribers = Subscribers {
        sink_port: recovering.port,
        ..site.subscribers()
    };
    let past = Past {
        endpoints: subscribers.of_the_past(1)?,
        deliveries: scenario.items,
        fate: Fate::Dead,
        pad_chars: PAD_CHARS,
    };
    past.write(site.directory.path()).await?;
    let rig = site.start(scenario.concurrency).await?;
    rig.endpoint(0, LIVE, scenario.concurrency).await?;
    Ok((rig, recovering))
}

/// Plans all that is dead and starts it; tells how long the plan took, in milliseconds.
async fn start(rig: &Rig, items: u64, rate: u64) -> Result<(f64, ReplayId)> {
    let body = ReplayBody {
        filter: Some("state:dead".to_owned()),
        rate: Some(format!("{rate}/s")),
        ..ReplayBody::default()
    };
    let dry = ReplayBody {
        dry_run: true,
        ..body.clone()
    };
    let planned_at_us = uptime_us();
    let plan = rig.service.client.plan_replay(&dry).await?;
    let plan_ms = millis(uptime_us().saturating_sub(planned_at_us));
    ensure!(
        plan.matched == items,
        "the plan has {} of {items} dead deliveries",
        plan.matched
    );
    let start = ReplayBody {
        filter: None,
        plan: Some(plan.id),
        ..body
    };
    let id = rig.service.client.start_replay(&start).await?.id;
    Ok((plan_ms, id))
}

/// A closed loop to the live endpoint, then publish → arrival at a steady rate.
async fn live(rig: &mut Rig, scenario: Scenario) -> Result<Live> {
    let types = vec![LIVE.to_owned()];
    let (sent, arrived): (Sent, Arrived) = rig.closed_loop(scenario.live, types.clone(), 1).await?;
    let per_s = per_second(scenario.live, sent.started_at_us, arrived.last_at_us);
    let events = scenario.live_rate * LATENCY_SECONDS;
    rig.site.expect(events, 1).await?;
    rig.publish(events, types, Some(scenario.live_rate)).await?;
    let arrived = rig.arrived(events).await?;
    Ok(Live {
        per_s,
        p99_ms: millis(arrived.p99_us),
    })
}

/// The replay once all its items have their outcome.
async fn finished(rig: &Rig, id: ReplayId) -> Result<ReplayView> {
    for _ in 0..LOOKS_MAX {
        let replay = rig.service.client.replay(id).await?;
        if replay.state == "finished" {
            return Ok(replay);
        }
        pause(LOOK_EVERY).await;
    }
    bail!("the replay did not finish")
}

/// Each item came, was signed well, and has one outcome.
fn check(replay: &ReplayView, arrived: &Arrived, items: u64) -> Result<()> {
    ensure!(
        arrived.distinct == items,
        "only {} of {items} items arrived",
        arrived.distinct
    );
    ensure!(
        arrived.bad_signatures == 0,
        "{} signatures of items do not verify",
        arrived.bad_signatures
    );
    ensure!(
        replay.now().delivered == items,
        "all {items} items arrived, and the replay says {:?}",
        replay.now()
    );
    Ok(())
}

impl ReplayReport {
    /// The table that a person reads.
    pub(super) fn table(&self) -> String {
        text([self.replay_rows(), self.live_rows()].concat())
    }

    fn replay_rows(&self) -> Vec<Row> {
        let [delivered, failed, skipped] = self.replay_counts;
        let plan = format!("plan of {} dead deliveries", self.replay_items);
        let rate = format!("rate, {}/s asked for", self.replay_rate_per_s);
        let arrived = format!(
            "{} arrived, {} extra; the replay: {delivered} delivered, {failed} failed, {skipped} skipped",
            self.replay_arrived, self.replay_extra
        );
        vec![
            row(&plan, format!("{:.0} ms", self.replay_plan_ms)),
            row(
                &rate,
                format!("{:.1}/s at the receiver", self.replay_rate_kept_per_s),
            ),
            row("items at the receiver", arrived),
        ]
    }

    fn live_rows(&self) -> Vec<Row> {
        let ended = if self.replay_outlasted_live {
            ""
        } else {
            " (the replay ended before)"
        };
        let throughput = format!(
            "{:.0} / {:.0} per s: {:.1} % lost{ended}",
            self.live_alone_per_s,
            self.live_beside_per_s,
            100.0 * self.live_lost
        );
        let latency = format!(
            "{:.2} / {:.2} ms: {:.1}x",
            self.live_p99_alone_ms, self.live_p99_beside_ms, self.live_p99_times
        );
        let at_rate = format!("live p99 at {}/s alone / beside it", self.live_rate_per_s);
        let checked = format!("{}, {} extra", self.live_checked, self.live_extra);
        vec![
            row("live deliveries alone / beside it", throughput),
            row(&at_rate, latency),
            row("live deliveries checked", checked),
        ]
    }
}
