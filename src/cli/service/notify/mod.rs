//! Tells the operator's command or URL what the service has to tell: `[notify]` in the configuration.
//!
//! ```text
//! store's changes ─► gather (never waits) ─► queue of 256 ─► one at a time: command, then URL
//! ```
//! What finds no room in the queue is counted, and the next thing told says how many were missed. The command is run once
//! for each: it may have done half of what it does, and is better placed to try again. The URL is tried four times where
//! a try may help, after 1, 5 and 25 s, so it may hear of a thing twice: the same `id` says so. Then the failure is logged
//! and counted. Delivery waits for none of it. What waited at a stop is not told after it.

mod command;
mod persist;
mod url;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc};
use tokio::task::JoinHandle;

use crate::clock::SharedClock;
use crate::config::{Notify, Targets};
use crate::domain::operational::Fact;
use crate::server::NotifyCounts;
use crate::store::Changes;
use crate::transport::HttpTransport;

/// Things to tell that may wait.
const WAITING_MAX: usize = 256;

/// Whom to tell; somebody else may be put in their place at any time.
type Told = Arc<ArcSwap<Addressee>>;

/// The tasks; aborted when dropped.
pub(super) struct Notifier {
    told: Told,
    tasks: [JoinHandle<()>; 2],
}

/// Whom to tell, and how to reach them.
pub(super) struct Addressee {
    settings: Notify,
    /// For the URL, where there is one.
    transport: Option<HttpTransport>,
}

struct Teller {
    told: Told,
    host: Arc<str>,
    counts: Arc<NotifyCounts>,
    clock: SharedClock,
}

impl Notifier {
    /// Tells somebody else from the next thing on: what waits is for them too.
    pub(super) fn tell_instead(&self, addressee: Addressee) {
        self.told.store(Arc::new(addressee));
    }
}

impl Drop for Notifier {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl Addressee {
    /// Those of the settings; requests leave as those of deliveries do.
    ///
    /// # Errors
    /// Certificates that cannot be read.
    pub(super) fn of(settings: &Notify, targets: &Targets) -> anyhow::Result<Self> {
        let transport = match &settings.url {
            Some(_) => Some(HttpTransport::new(url::transport_options(targets))?),
            None => None,
        };
        Ok(Self {
            settings: settings.clone(),
            transport,
        })
    }
}

/// Starts telling. Where nobody is named, nothing is told until somebody is.
pub(super) fn start(
    addressee: Addressee,
    changes: broadcast::Receiver<Arc<Changes>>,
    (host, clock): (Arc<str>, SharedClock),
    counts: &Arc<NotifyCounts>,
) -> Notifier {
    let (queue, waiting) = mpsc::channel(WAITING_MAX);
    let missed = Arc::new(AtomicU64::new(0));
    let told = Arc::new(ArcSwap::from_pointee(addressee));
    let teller = Teller {
        told: Arc::clone(&told),
        host,
        clock,
        counts: Arc::clone(counts),
    };
    let waiting_room = WaitingRoom {
        told: Arc::clone(&told),
        queue,
        missed: Arc::clone(&missed),
        counts: Arc::clone(counts),
    };
    Notifier {
        told,
        tasks: [
            tokio::spawn(waiting_room.gather(changes)),
            tokio::spawn(tell(teller, waiting, missed)),
        ],
    }
}

/// Where facts wait; what finds no room is counted.
struct WaitingRoom {
    told: Told,
    queue: mpsc::Sender<Fact>,
    missed: Arc<AtomicU64>,
    counts: Arc<NotifyCounts>,
}

impl WaitingRoom {
    async fn gather(self, mut changes: broadcast::Receiver<Arc<Changes>>) {
        loop {
            let change = changes.recv().await;
            let is_wanted = self.told.load().settings.is_wanted();
            match change {
                Ok(_) | Err(RecvError::Lagged(_)) if !is_wanted => {}
                Ok(change) => {
                    for fact in &change.facts {
                        if self.queue.try_send(fact.clone()).is_err() {
                            self.left_out(1);
                        }
                    }
                }
                // What was in them nobody knows: most changes have nothing to tell.
                Err(RecvError::Lagged(_)) => self.left_out(1),
                Err(RecvError::Closed) => return,
            }
        }
    }

    fn left_out(&self, number: u64) {
        self.missed.fetch_add(number, Ordering::Relaxed);
        self.counts.missed(number);
        tracing::warn!(
            number,
            "the operator's command or URL is behind: something was not told"
        );
    }
}

/// Tells one thing after the other.
async fn tell(teller: Teller, mut waiting: mpsc::Receiver<Fact>, missed: Arc<AtomicU64>) {
    while let Some(fact) = waiting.recv().await {
        let text = teller.text(&fact, missed.swap(0, Ordering::Relaxed));
        let kind = fact.kind.as_str();
        let addressee = teller.told.load_full();
        let settings = &addressee.settings;
        if !settings.command.is_empty() {
            let told = command::run(settings, &text).await;
            teller.note("command", kind, told);
        }
        if let (Some(url), Some(transport)) = (&settings.url, &addressee.transport) {
            let post = || url::post(transport, url, settings.timeout, &text);
            let told = persist::until_told(&*teller.clock, post).await;
            teller.note("url", kind, told);
        }
    }
}

impl Teller {
    /// What the command reads and the URL gets: one line of JSON.
    fn text(&self, fact: &Fact, missed: u64) -> String {
        let told = json!({
            "id": id_of(fact),
            "type": fact.kind.event_type(),
            "at": fact.at,
            "host": &*self.host,
            "text": fact.text,
            "data": fact.data,
            "missed_before": missed,
        });
        told.to_string()
    }

    fn note(&self, by: &'static str, kind: &'static str, told: Result<(), String>) {
        self.counts.told(told.is_ok());
        match told {
            Ok(()) => tracing::info!(by, kind, "the operator was told"),
            Err(why) => tracing::error!(by, kind, why, "failed to tell the operator"),
        }
    }
}

/// The same for a fact that is told twice, and for no other.
fn id_of(fact: &Fact) -> String {
    let mut digest = Sha256::new();
    digest.update(fact.kind.as_str());
    digest.update(fact.at.as_millis().to_be_bytes());
    digest.update(fact.data.as_str());
    let digest: [u8; 32] = digest.finalize().into();
    hex::encode(&digest[..12])
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clock::VirtualClock;
    use crate::domain::id::EndpointId;
    use crate::domain::time::Timestamp;

    /// Deaths at an endpoint of this number.
    fn fact(number: i64) -> Fact {
        Fact::dead(EndpointId::from_i64(number), 2, &[], 0, Timestamp::EPOCH)
    }

    fn told_by(command: &[&str]) -> Told {
        let settings = Notify {
            command: command.iter().map(|part| (*part).to_owned()).collect(),
            url: None,
            timeout: Duration::from_secs(1),
        };
        Arc::new(ArcSwap::from_pointee(Addressee {
            settings,
            transport: None,
        }))
    }

    /// What waits, and how many were missed, once these were told in `commits` and all is over. `kept` commits may wait for
    /// a room of two.
    async fn gathered(told: &Told, kept: usize, commits: Vec<Vec<Fact>>) -> (Vec<Fact>, u64) {
        let (changes, subscription) = broadcast::channel(kept);
        for facts in commits {
            let change = Changes {
                facts,
                ..Changes::default()
            };
            changes.send(Arc::new(change)).unwrap();
        }
        drop(changes);
        let (queue, mut waiting) = mpsc::channel(2);
        let missed = Arc::new(AtomicU64::new(0));
        let room = WaitingRoom {
            told: Arc::clone(told),
            queue,
            missed: Arc::clone(&missed),
            counts: Arc::default(),
        };
        room.gather(subscription).await;
        let mut found = Vec::new();
        while let Some(fact) = waiting.recv().await {
            found.push(fact);
        }
        (found, missed.load(Ordering::Relaxed))
    }

    #[tokio::test]
    async fn what_finds_no_room_is_counted_and_the_next_says_how_many() {
        let told = told_by(&["/bin/true"]);
        let commits = vec![vec![fact(1), fact(2), fact(3)], vec![fact(4)]];
        let (found, missed) = gathered(&told, 8, commits).await;
        assert_eq!(found, [fact(1), fact(2)]);
        assert_eq!(missed, 2);
        let teller = Teller {
            told,
            host: "here".into(),
            counts: Arc::default(),
            clock: Arc::new(VirtualClock::at(Timestamp::EPOCH)),
        };
        let text = teller.text(&fact(5), missed);
        let line: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["missed_before"], 2);
        assert_eq!(line["id"].as_str().unwrap().len(), 24);
    }

    #[tokio::test]
    async fn commits_that_went_by_unseen_count_as_one_thing_missed() {
        let commits = vec![vec![fact(1)], vec![fact(2)], vec![fact(3)]];
        let (found, missed) = gathered(&told_by(&["/bin/true"]), 2, commits).await;
        assert_eq!((found, missed), (vec![fact(2), fact(3)], 1));
    }

    #[tokio::test]
    async fn where_nobody_is_to_be_told_nothing_waits_and_nothing_is_missed() {
        let commits = vec![vec![fact(1)], vec![fact(2)], vec![fact(3)]];
        assert_eq!(gathered(&told_by(&[]), 2, commits).await, (Vec::new(), 0));
    }

    #[test]
    fn a_thing_that_is_told_twice_has_one_id() {
        assert_eq!(id_of(&fact(1)), id_of(&fact(1)));
        assert_ne!(id_of(&fact(1)), id_of(&fact(2)));
    }
}
