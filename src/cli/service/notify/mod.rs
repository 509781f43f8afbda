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

use serde_json::json;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc};
use tokio::task::JoinHandle;

use crate::config::Notify;
use crate::domain::operational::Fact;
use crate::server::NotifyCounts;
use crate::store::Changes;
use crate::transport::HttpTransport;

pub(super) use self::url::transport_options;

/// Things to tell that may wait.
const WAITING_MAX: usize = 256;

/// The tasks; aborted when dropped.
pub(super) struct Notifier(Vec<JoinHandle<()>>);

impl Drop for Notifier {
    fn drop(&mut self) {
        for task in &self.0 {
            task.abort();
        }
    }
}

/// Whom to tell, and how.
struct Teller {
    settings: Notify,
    transport: Option<HttpTransport>,
    host: Arc<str>,
    counts: Arc<NotifyCounts>,
}

/// Starts telling; nothing where nobody is named.
pub(super) fn start(
    settings: &Notify,
    transport: Option<HttpTransport>,
    changes: broadcast::Receiver<Arc<Changes>>,
    host: Arc<str>,
    counts: &Arc<NotifyCounts>,
) -> Notifier {
    if !settings.is_wanted() {
        return Notifier(Vec::new());
    }
    let (queue, waiting) = mpsc::channel(WAITING_MAX);
    let missed = Arc::new(AtomicU64::new(0));
    let teller = Teller {
        settings: settings.clone(),
        transport,
        host,
        counts: Arc::clone(counts),
    };
    let gathering = gather(changes, queue, Arc::clone(&missed), Arc::clone(counts));
    Notifier(vec![
        tokio::spawn(gathering),
        tokio::spawn(tell(teller, waiting, missed)),
    ])
}

/// Puts facts into the queue; what finds no room is counted.
async fn gather(
    mut changes: broadcast::Receiver<Arc<Changes>>,
    queue: mpsc::Sender<Fact>,
    missed: Arc<AtomicU64>,
    counts: Arc<NotifyCounts>,
) {
    let left_out = |number: u64| {
        missed.fetch_add(number, Ordering::Relaxed);
        counts.missed(number);
        tracing::warn!(
            number,
            "the operator's command or URL is behind: something was not told"
        );
    };
    loop {
        match changes.recv().await {
            Ok(change) => {
                for fact in &change.facts {
                    if queue.try_send(fact.clone()).is_err() {
                        left_out(1);
                    }
                }
            }
            // What was in them nobody knows: most changes have nothing to tell.
            Err(RecvError::Lagged(_)) => left_out(1),
            Err(RecvError::Closed) => return,
        }
    }
}

/// Tells one thing after the other.
async fn tell(teller: Teller, mut waiting: mpsc::Receiver<Fact>, missed: Arc<AtomicU64>) {
    while let Some(fact) = waiting.recv().await {
        let text = teller.text(&fact, missed.swap(0, Ordering::Relaxed));
        let kind = fact.kind.as_str();
        if !teller.settings.command.is_empty() {
            let told = command::run(&teller.settings, &text).await;
            teller.note("command", kind, told);
        }
        if let (Some(url), Some(transport)) = (&teller.settings.url, &teller.transport) {
            let told = url::post(transport, url, teller.settings.timeout, &text).await;
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
