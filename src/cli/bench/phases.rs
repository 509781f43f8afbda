//! Measurements that are made more than once in a run, on one service or on several.

use anyhow::Result;

use super::figures::per_second;
use super::rig::Rig;
use super::sink::uptime_us;
use crate::api::endpoint::PauseBody;

/// A backlog that was accepted and drained.
#[derive(Clone, Copy, Debug)]
pub(super) struct Drained {
    /// Events accepted per second while nothing was sent.
    pub(super) accepted_per_s: f64,
    /// Deliveries per second once the endpoint was resumed.
    pub(super) drained_per_s: f64,
}

/// A closed loop to one endpoint.
#[derive(Clone, Copy, Debug)]
pub(super) struct Looped {
    /// Events accepted per second.
    pub(super) accepted_per_s: f64,
    /// Deliveries per second, from the first publish to the last arrival.
    pub(super) delivered_per_s: f64,
    /// CPU that the service took until all was recorded.
    pub(super) cpu_us: u64,
}

impl Rig {
    /// The durable accept alone, and then how fast a backlog drains. `event_type` must be new.
    pub(super) async fn drain(
        &mut self,
        deliveries: u64,
        event_type: &str,
        concurrency: u64,
    ) -> Result<Drained> {
        let endpoint = self.endpoint(0, event_type, concurrency).await?;
        self.service
            .client
            .pause_endpoint(endpoint, &PauseBody::default())
            .await?;
        self.site.expect(deliveries, 1).await?;
        let sent = self
            .publish(deliveries, vec![event_type.to_owned()], None)
            .await?;
        let resumed_at_us = uptime_us();
        self.service.client.resume_endpoint(endpoint).await?;
        let arrived = self.arrived(deliveries).await?;
        Ok(Drained {
            accepted_per_s: per_second(deliveries, sent.started_at_us, sent.ended_at_us),
            drained_per_s: per_second(deliveries, resumed_at_us, arrived.last_at_us),
        })
    }

    /// Closed loop to one endpoint. `event_type` must be new.
    pub(super) async fn single(
        &mut self,
        deliveries: u64,
        event_type: &str,
        concurrency: u64,
    ) -> Result<Looped> {
        self.endpoint(0, event_type, concurrency).await?;
        let cpu_us = self.service.cpu_us()?;
        let types = vec![event_type.to_owned()];
        let (sent, arrived) = self.closed_loop(deliveries, types, 1).await?;
        self.settled().await?;
        Ok(Looped {
            accepted_per_s: per_second(deliveries, sent.started_at_us, sent.ended_at_us),
            delivered_per_s: per_second(deliveries, sent.started_at_us, arrived.last_at_us),
            cpu_us: self.service.cpu_us()? - cpu_us,
        })
    }
}
