//! Tells the operator's command or URL what the service has to tell: `[notify]` in the configuration.
//!
//! ```text
//! store's changes ─► gather (never waits) ─► queue of 256 ─► one at a time: command, then URL
//! ```
//! What finds no room in the queue is counted, and the next thing told says how many were missed. A failure is logged
//! and counted and not tried again; delivery waits for none of it. What was told before a restart is not told again.

mod command;
mod url;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;
use serde_json::json;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc};
use tokio::task::JoinHandle;

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
    host: Arc<str>,
    counts: &Arc<NotifyCounts>,
) -> Notifier {
    let (queue, waiting) = mpsc::channel(WAITING_MAX);
    let missed = Arc::new(AtomicU64::new(0));
    let told = Arc::new(ArcSwap::from_pointee(addressee));
    let teller = Teller {
        told: Arc::clone(&told),
        host,
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
            let told = url::post(transport, url, settings.timeout, &text).await;
            teller.note("url", kind, told);
        }
    }
}

impl Teller {
    /// What the command reads and the URL gets: one line of JSON.
    fn text(&self, fact: &Fact, missed: u64) -> String {
        let told = json!({
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
