//! Publishers that go on until the service dies, and what they know afterwards.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::rc::Rc;
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
    /// The event of the call that got no answer.
    unknown: PublishEvent,
}

/// A publisher at work.
pub(super) struct Publisher {
    task: JoinHandle<Known>,
    /// Whether it has called and has no answer yet.
    is_open: Rc<Cell<bool>>,
    /// Whether that was so when the kill was sent.
    was_open: Cell<bool>,
}

/// A call that got no answer.
pub(super) struct Unknown {
    event: PublishEvent,
    /// Whether it was open when the kill was sent; else it came to a dead service.
    was_open: bool,
}

/// What became of the calls that a kill left open.
#[derive(Default)]
pub(super) struct Fate {
    /// Not stored: the kill fell before their commit.
    pub(super) lost: u32,
    /// Stored: it fell between their commit and their answer.
    pub(super) kept: u32,
}

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
        let is_open = Rc::new(Cell::new(false));
        let noted = is_open.clone();
        let task = actix_rt::spawn(async move {
            let mut accepted = Vec::new();
            loop {
                let event = event(&format!("r{round}-p{number}-{}", accepted.len()));
                noted.set(true);
                let answer = client.publish(&event).await;
                noted.set(false);
                match answer {
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
        });
        Self {
            task,
            is_open,
            was_open: Cell::new(false),
        }
    }

    /// To be called right before the kill, without a point to wait at in between.
    pub(super) fn note_kill(&self) {
        self.was_open.set(self.is_open.get());
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
    pub(super) async fn collect(&mut self, publishers: Vec<Publisher>) -> Vec<Unknown> {
        let mut unknown = Vec::new();
        for publisher in publishers {
            let known = publisher.task.await.unwrap();
            for published in known.accepted {
                assert_eq!((published.deliveries, published.duplicate), (4, false));
                assert!(
                    self.accepted.insert(published.id.to_string()),
                    "{} was given twice",
                    published.id
                );
            }
            unknown.push(Unknown {
                event: known.unknown,
                was_open: publisher.was_open.get(),
            });
        }
        unknown
    }

    /// Publishes them again; tells what had become of those that the kill left open.
    pub(super) async fn resolve(&mut self, service: &Service, unknown: Vec<Unknown>) -> Fate {
        let mut fate = Fate::default();
        for Unknown { event, was_open } in unknown {
            let published = publish(&service.client, &event).await;
            match (was_open, published.duplicate) {
                (true, true) => fate.kept += 1,
                (true, false) => fate.lost += 1,
                // An answer on its way may cross the kill: the next call is made to a dead service.
                (false, kept) => assert!(!kept, "{event:?} was stored by the dead"),
            }
            self.accepted.insert(published.id.to_string());
        }
        fate
    }
}

async fn publish(client: &Client, event: &PublishEvent) -> Published {
    client
        .publish(event)
        .await
        .expect("a service that is ready accepts")
}
