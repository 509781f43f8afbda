//! What an idle endpoint weighs: in the configuration, while its lane is in memory, and once the lane rests.
//!
//! Two services get the same events, one for a few endpoints and one for many, an event an endpoint. What the second
//! takes more is the endpoints': both have the same buffers and caches. Resident memory of the process, so what the
//! allocator holds back is in it.

use std::time::Duration;

use anyhow::{Result, ensure};
use serde::Serialize;

use super::figures::share;
use super::past::Past;
use super::report::{Row, row};
use super::rig::{Rig, Site, pause};
use crate::store::Fate;

/// Endpoints of the service that the other is compared with.
const FEW: u64 = 10;
/// How long memory is left alone before it is read: freed pages go back to the system with a delay.
const CALM: Duration = Duration::from_secs(2);
/// How often it is asked whether all lanes rest, and how often at most.
const REST_EVERY: Duration = Duration::from_secs(1);
const REST_TRIES_MAX: u32 = 90;
/// Bytes in the unit of [`Weights`].
const MEGABYTE: f64 = 1_000_000.0;

/// What an idle endpoint weighs, in bytes of resident memory.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct IdleReport {
    /// How many endpoints were idle.
    pub(super) idle_endpoints: u64,
    /// Its configuration: what a service takes more right after its start, for each endpoint.
    pub(super) idle_configuration_bytes: f64,
    /// Its lane, which has delivered one event and waits: on top of the configuration, for each lane in memory.
    pub(super) idle_active_bytes: f64,
    /// Lanes in memory when that was measured.
    pub(super) idle_active_lanes: u64,
    /// What is left once no lane is in memory: on top of the configuration, for each endpoint.
    pub(super) idle_resting_bytes: f64,
    /// Deliveries that were checked.
    #[serde(skip)]
    pub(super) checked: u64,
    /// Copies beyond the first.
    #[serde(skip)]
    pub(super) extra: u64,
}

/// Resident memory of one service, in 10⁶ bytes.
struct Weights {
    started: f64,
    active: f64,
    active_lanes: u64,
    resting: f64,
    checked: u64,
    extra: u64,
}

/// Weighs `endpoints` endpoints.
pub(super) async fn measure(endpoints: u64, concurrency: u64) -> Result<IdleReport> {
    let few = weigh(FEW, endpoints, concurrency).await?;
    let many = weigh(endpoints, endpoints, concurrency).await?;
    let more = endpoints.saturating_sub(FEW);
    let bytes = |many: f64, few: f64, count| share(many, few, count) * MEGABYTE;
    let active = [&many, &few].map(|weights| weights.active - weights.started);
    let resting = [&many, &few].map(|weights| weights.resting - weights.started);
    Ok(IdleReport {
        idle_endpoints: endpoints,
        idle_configuration_bytes: bytes(many.started, few.started, more),
        idle_active_bytes: bytes(active[0], active[1], many.active_lanes),
        idle_active_lanes: many.active_lanes,
        idle_resting_bytes: bytes(resting[0], resting[1], more),
        checked: few.checked + many.checked,
        extra: few.extra + many.extra,
    })
}

/// The memory of a service with `endpoints` endpoints that get `events` events, in turn.
async fn weigh(endpoints: u64, events: u64, concurrency: u64) -> Result<Weights> {
    let event_type = |number: u64| format!("bench.idle.t{number}");
    let site = Site::new().await?;
    let past = Past {
        endpoints: site.subscribers().endpoints(endpoints, event_type)?,
        deliveries: 0,
        fate: Fate::Delivered,
        pad_chars: 0,
    };
    past.write(site.directory.path()).await?;
    let mut rig = site.start(concurrency).await?;
    pause(CALM).await;
    let started = rig.resident_mb()?;
    let types = (0..endpoints).map(event_type).collect();
    rig.closed_loop(events, types, 1).await?;
    rig.all_delivered().await?;
    pause(CALM).await;
    let active_lanes = lanes_in_memory(&rig).await?;
    let active = rig.resident_mb()?;
    resting(&rig).await?;
    pause(CALM).await;
    let weights = Weights {
        started,
        active,
        active_lanes,
        resting: rig.resident_mb()?,
        checked: rig.checked,
        extra: rig.extra,
    };
    rig.service.stop().await?;
    Ok(weights)
}

async fn lanes_in_memory(rig: &Rig) -> Result<u64> {
    Ok(rig.service.client.stats("1m").await?.lanes.awake)
}

/// Waits until no lane is in memory.
async fn resting(rig: &Rig) -> Result<()> {
    let mut left = lanes_in_memory(rig).await?;
    for _ in 0..REST_TRIES_MAX {
        if left == 0 {
            return Ok(());
        }
        pause(REST_EVERY).await;
        left = lanes_in_memory(rig).await?;
    }
    ensure!(left == 0, "{left} lanes do not come to rest");
    Ok(())
}

impl IdleReport {
    /// The rows that a person reads.
    pub(super) fn table(&self) -> Vec<Row> {
        let weights = format!(
            "{:.0} B configuration; on top {:.0} B lane active, {:.0} B at rest",
            self.idle_configuration_bytes, self.idle_active_bytes, self.idle_resting_bytes
        );
        let name = format!("each of {} idle endpoints", self.idle_endpoints);
        let lanes = format!(
            "resident bytes beyond a service with {FEW} endpoints and the same traffic, {} lanes active",
            self.idle_active_lanes
        );
        vec![row(&name, weights), row("", lanes)]
    }
}
