//! Publishers that go on until the service dies, and what they know afterwards.

use std::collections::BTreeSet;
use std::time::Duration;

use hookyard::api::event::{PublishEvent, Published};
use hookyard::client::Client;
use hookyard::clock::{Clock, SystemClock};
use hookyard::domain::json::RawJson;
use tokio::task::JoinHandle;

use crate::support::service::Service;

/// Between an answer and the next call: keeps the slow endpoint's backlog small.
const PAUSE: Duration = Duration::from_millis(2);

/// What one publisher knows when the service is dead.
pub(super) struct Known {
    accepted: Vec<Published>,
    /// The call that got no answer.
    unknown: PublishEvent,
}

/// A publisher at work.
pub(super) struct Publisher(JoinHandle<Known>);

/// What all publishers know.
#[derive(Default)]
pub(super) struct Ledger {
    /// Ids of events that were accepted: answered with 202, then or when asked again.
    pub(super) accepted: BTreeSet<String>,
}

impl Publisher {
    /// Publishes one event after the other until a call fails.
    pub(super) fn start(service: &Service, round: u32, number: usize) -> Self {
        let client = service.client.clone();
        let clock = SystemClock::new();
        Self(actix_rt::spawn(async move {
            let mut accepted = Vec::new();
            loop {
                let event = event(&format!("r{round}-p{number}-{}", accepted.len()));
                match client.publish(&event).await {
                    Ok(published) => {
                        accepted.push(published);
                        clock.sleep_until(clock.now() + PAUSE).await;
                    }
                    Err(_) => {
                        return Known {
                            accepted,
                            unknown: event,
                        };
                    }
                }
            }
        }))
    }
}

fn event(key: &str) -> PublishEvent {
    PublishEvent {
        event_type: "crash.test".parse().unwrap(),
        data: RawJson::parse(&format!(r#"{{"key":"{key}"}}"#)).unwrap(),
        id: Some(key.parse().unwrap()),
        tenant: None,
        attributes: None,
        occurred_at: None,
        test: false,
    }
}

impl Ledger {
    /// Waits for the publishers to notice, and answers the calls whose fate is unknown.
    pub(super) async fn collect(&mut self, publishers: Vec<Publisher>) -> Vec<PublishEvent> {
        let mut unknown = Vec::new();
        for publisher in publishers {
            let known = publisher.0.await.unwrap();
            for published in known.accepted {
                assert_eq!((published.deliveries, published.duplicate), (4, false));
                assert!(
                    self.accepted.insert(published.id.to_string()),
                    "{} was given twice",
                    published.id
                );
            }
            unknown.push(known.unknown);
        }
        unknown
    }

    /// Publishes them again: (not stored by the kill, stored by it).
    pub(super) async fn resolve(
        &mut self,
        service: &Service,
        unknown: Vec<PublishEvent>,
    ) -> (u32, u32) {
        let (mut lost, mut kept) = (0, 0);
        for event in unknown {
            let published = publish(&service.client, &event).await;
            if published.duplicate {
                kept += 1
            } else {
                lost += 1
            }
            self.accepted.insert(published.id.to_string());
        }
        (lost, kept)
    }
}

async fn publish(client: &Client, event: &PublishEvent) -> Published {
    client
        .publish(event)
        .await
        .expect("a service that is ready accepts")
}
