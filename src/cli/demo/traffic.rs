//! The demo's traffic: events at a steady rate.

use std::cell::Cell;
use std::time::Duration;

use crate::api::event::PublishEvent;
use crate::client::{Client, ClientError};
use crate::clock::SharedClock;
use crate::domain::json::RawJson;
use crate::domain::limits::BATCH_EVENTS_MAX;

/// The pause between two publish calls.
const BEAT: Duration = Duration::from_millis(50);
/// What happens, one after the other.
const TYPES: [&str; 4] = [
    "packet.signed",
    "packet.sent",
    "route.changed",
    "packet.delivered",
];

/// Publishes `rate` events a second until it is dropped; `accepted` counts those that were answered.
///
/// # Errors
/// The service refused or went away.
pub(super) async fn publish(
    client: &Client,
    clock: &SharedClock,
    rate: u32,
    accepted: &Cell<u64>,
    running: impl Fn() -> bool,
) -> Result<(), ClientError> {
    let started = clock.monotonic();
    let mut asked: u64 = 0;
    while running() {
        let elapsed_ms = (clock.monotonic() - started).as_millis();
        let due = u64::try_from(elapsed_ms * u128::from(rate) / 1_000).unwrap_or(u64::MAX);
        let count = due
            .saturating_sub(asked)
            .min(u64::try_from(BATCH_EVENTS_MAX).unwrap_or(u64::MAX));
        if count > 0 {
            let events: Vec<PublishEvent> = (asked..asked + count).filter_map(event).collect();
            let published = client.publish_batch(&events).await?;
            accepted.set(accepted.get() + u64::try_from(published.len()).unwrap_or(0));
            asked += count;
        }
        clock.sleep_until(clock.now() + BEAT).await;
    }
    Ok(())
}

/// The `number`-th event. Types and texts are ours and read.
fn event(number: u64) -> Option<PublishEvent> {
    let kind = TYPES[usize::try_from(number).ok()? % TYPES.len()];
    let data = format!(
        "{{\"packet\": {number}, \"customer\": \"cus_{:04}\", \"amount\": {}.50}}",
        number * 7 % 97,
        number * 13 % 500
    );
    Some(PublishEvent {
        event_type: kind.parse().ok()?,
        data: RawJson::parse(&data).ok()?,
        id: None,
        tenant: None,
        attributes: None,
        occurred_at: None,
        test: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_of_the_traffic_can_be_published() {
        assert_eq!((0..1_000).filter_map(event).count(), 1_000);
    }
}
