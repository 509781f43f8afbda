//! Where frames are made: one task that listens to the engine while anybody watches.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, broadcast};

use super::feed::{Feed, News};
use super::frame::Frame;
use super::gathering::{Gathered, Gathering};
use super::presence::{Presence, Ticket};
use super::progress::Progress;
use super::rows;
use crate::api::operator::OperatorView;
use crate::api::stats::StatsView;
use crate::api::stream::{Alert, Change, LogNews};
use crate::clock::{self, Stopwatch};
use crate::domain::actor::Actor;
use crate::domain::certificate::{Nearness, end_in_words};
use crate::domain::id::EndpointId;
use crate::domain::limits::{STREAM_FRAMES_BEHIND_MAX, STREAMS_MAX};
use crate::domain::time::Timestamp;
use crate::engine::{BreakerChange, CertificateWarning};
use crate::server::state::Core;
use crate::server::stats;

/// Time between two frames: at most ten a second.
const FRAME_EVERY: Duration = Duration::from_millis(100);
/// Time between two readings of the statistics.
const STATS_EVERY: Duration = Duration::from_secs(1);
/// The longest that statistics which tell nothing new are kept back.
const STATS_AGE_MAX: Duration = Duration::from_secs(15);
/// Time between two words about the log.
const LOG_EVERY: Duration = Duration::from_millis(500);
/// The window of the statistics in frames.
const STATS_WINDOW: Duration = Duration::from_mins(1);

/// Where live streams get their frames. Cheap to clone.
#[derive(Clone)]
pub(in crate::server) struct Hub {
    shared: Arc<Shared>,
}

struct Shared {
    frames: broadcast::Sender<Arc<Frame>>,
    clients: AtomicUsize,
    /// Clients that ever came: a new one knows no statistics yet.
    joined: AtomicUsize,
    somebody: Notify,
    presence: Mutex<Presence>,
}

impl Shared {
    fn presence(&self) -> MutexGuard<'_, Presence> {
        // A panic while it was held is none of those who are there.
        self.presence.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A client's place among the bounded number of streams, given back when dropped.
pub(super) struct Seat {
    shared: Arc<Shared>,
    /// Where the client is somebody who is there.
    ticket: Option<Ticket>,
}

impl Hub {
    /// Starts the task that makes frames, on the current thread's runtime.
    pub(in crate::server) fn start(core: Arc<Core>) -> Self {
        let shared = Arc::new(Shared {
            frames: broadcast::Sender::new(STREAM_FRAMES_BEHIND_MAX),
            clients: AtomicUsize::new(0),
            joined: AtomicUsize::new(0),
            somebody: Notify::new(),
            presence: Mutex::default(),
        });
        let maker = Maker {
            shared: shared.clone(),
            core,
            seq: 0,
            restarts: None,
            told: None,
            progress: Progress::default(),
            presence_told: 0,
        };
        actix_rt::spawn(maker.run());
        Self { shared }
    }

    /// Streams that are open.
    pub(in crate::server) fn clients(&self) -> usize {
        self.shared.clients.load(Ordering::Relaxed)
    }

    /// Who is there, whoever came first before the others.
    pub(in crate::server) fn operators(&self) -> Vec<OperatorView> {
        self.shared.presence().list()
    }

    /// A seat and its frames, all that are made from now on; `None` when all seats are taken. `operator` is who is there
    /// from now on, and since when.
    pub(super) fn join(
        &self,
        operator: Option<(Actor, Timestamp)>,
    ) -> Option<(Seat, broadcast::Receiver<Arc<Frame>>)> {
        let mut seat = Seat {
            shared: self.shared.clone(),
            ticket: None,
        };
        // The seat's drop gives back what this takes, on refusal too.
        let taken = self.shared.clients.fetch_add(1, Ordering::Relaxed);
        if taken >= STREAMS_MAX {
            return None;
        }
        let frames = self.shared.frames.subscribe();
        // After that, so that what is told for its sake reaches it.
        seat.ticket = operator.map(|(who, since)| self.shared.presence().come(who, since));
        self.shared.joined.fetch_add(1, Ordering::Relaxed);
        self.shared.somebody.notify_one();
        Some((seat, frames))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            self.shared.presence().go(ticket);
        }
        self.shared.clients.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Statistics that were told.
struct Told {
    stats: StatsView,
    /// How many clients had ever come by then.
    joined: usize,
    since: Stopwatch,
}

/// Makes the frames.
struct Maker {
    shared: Arc<Shared>,
    core: Arc<Core>,
    /// The number of the latest change that was told.
    seq: u64,
    /// Lane restarts when they were last looked at.
    restarts: Option<u64>,
    /// The statistics that were told last.
    told: Option<Told>,
    /// Replays that are to be told of.
    progress: Progress,
    /// How often anybody had come or gone when that was told.
    presence_told: u64,
}

impl Maker {
    async fn run(mut self) {
        loop {
            while self.shared.clients.load(Ordering::Relaxed) == 0 {
                self.shared.somebody.notified().await;
            }
            if self.watch().await == Watched::EngineEnded {
                return;
            }
        }
    }

    /// Makes frames while anybody watches.
    async fn watch(&mut self) -> Watched {
        let mut feed = Feed::open(&self.core.engine);
        let mut gathering = Gathering::default();
        let mut stats_read: Option<Stopwatch> = None;
        let mut log = LogWatch::begin(self.core.options.log.news());
        while self.shared.clients.load(Ordering::Relaxed) > 0 {
            if gather(&mut feed, &mut gathering).await == Watched::EngineEnded {
                return Watched::EngineEnded;
            }
            let side = SideNews {
                log: log.news(self.core.options.log.news()),
                operators: self.news_of_presence(),
            };
            let stats_due = stats_read.is_none_or(|since| since.elapsed() >= STATS_EVERY);
            let is_quiet = gathering.is_empty() && side.is_empty() && !self.progress.is_due();
            if is_quiet && !stats_due {
                continue;
            }
            let stats = if stats_due {
                stats_read = Some(Stopwatch::start());
                self.news_of_stats().await
            } else {
                None
            };
            if is_quiet && stats.is_none() {
                continue;
            }
            let frame = self.frame(gathering.take(), stats, side).await;
            // An error means that the last client has just left.
            let _ = self.shared.frames.send(Arc::new(frame));
        }
        Watched::NobodyLeft
    }

    /// Who is there, where somebody came or went since it was told.
    fn news_of_presence(&mut self) -> Option<Vec<OperatorView>> {
        let presence = self.shared.presence();
        if self.presence_told == presence.changes() {
            return None;
        }
        self.presence_told = presence.changes();
        Some(presence.list())
    }

    /// The statistics where they tell anything new, somebody has come who knows none, or the last ones are old: an idle
    /// service lets its clients sleep.
    async fn news_of_stats(&mut self) -> Option<StatsView> {
        let joined = self.shared.joined.load(Ordering::Relaxed);
        let stats = stats::view(&self.core, STATS_WINDOW).await.ok()?;
        if let Some(told) = &self.told
            && told.joined == joined
            && told.since.elapsed() < STATS_AGE_MAX
            && tells_the_same(&told.stats, &stats)
        {
            return None;
        }
        self.told = Some(Told {
            stats: stats.clone(),
            joined,
            since: Stopwatch::start(),
        });
        Some(stats)
    }

    async fn frame(
        &mut self,
        mut gathered: Gathered,
        stats: Option<StatsView>,
        side: SideNews,
    ) -> Frame {
        self.progress.add(std::mem::take(&mut gathered.replays));
        let replays = self.progress.take_due();
        let seq_before = self.seq;
        self.seq += gathered.changes;
        let deliveries = rows::deliveries(&self.core, &gathered.deliveries).await;
        let unread = gathered.deliveries.len().saturating_sub(deliveries.len());
        let change = Change {
            seq: self.seq,
            deliveries_unlisted: gathered.unlisted + u64::try_from(unread).unwrap_or(0),
            deliveries,
            endpoints: rows::endpoints(&self.core, &gathered.endpoints).await,
            replays: rows::replays(&self.core, &replays).await,
            alerts: self.alerts(&gathered, stats.as_ref()),
            stats: stats.map(Box::new),
            log: side.log,
            operators: side.operators,
        };
        Frame::new(
            seq_before,
            change,
            gathered.missed || gathered.endpoints_cut,
        )
    }

    /// What an operator should know: certificates that run out, breakers that open and close, endpoints that fail, are
    /// disabled or back, replays that stopped, lanes that had to be started again.
    fn alerts(&mut self, gathered: &Gathered, stats: Option<&StatsView>) -> Vec<Alert> {
        let warnings = gathered.certificates.iter();
        let mut alerts: Vec<Alert> = warnings
            .map(|warning| self.certificate_alert(warning))
            .collect();
        let breakers = gathered.breakers.iter();
        alerts.extend(breakers.map(|change| self.breaker_alert(change)));
        alerts.extend(gathered.facts.iter().map(|fact| Alert {
            at: fact.at,
            name: fact.kind.as_str().to_owned(),
            text: fact.text.clone(),
        }));
        alerts.extend(stats.and_then(|stats| self.restart_alert(stats.lanes.restarts)));
        alerts
    }

    fn certificate_alert(&self, warning: &CertificateWarning) -> Alert {
        let at = self.core.clock.now();
        let name = match warning.nearness {
            Nearness::Over => "certificate.expired",
            Nearness::ThreeWeeks | Nearness::Week | Nearness::Day => "certificate.expires",
        };
        let called = self.called(warning.endpoint_id);
        Alert {
            at,
            name: name.to_owned(),
            text: format!(
                "the certificate of {called} {}",
                end_in_words(warning.expires_at, at)
            ),
        }
    }

    fn breaker_alert(&self, change: &BreakerChange) -> Alert {
        let called = self.called(change.endpoint_id);
        let (name, text) = match change.open {
            true => (
                "breaker.opened",
                format!("{called} fails: its breaker is open, and nothing but probes goes out"),
            ),
            false => (
                "breaker.closed",
                format!("the breaker of {called} is closed: deliveries go out as usual"),
            ),
        };
        Alert {
            at: change.at,
            name: name.to_owned(),
            text,
        }
    }

    /// What people call an endpoint.
    fn called(&self, id: EndpointId) -> String {
        let endpoint = self.core.engine.known_endpoint(id);
        endpoint
            .and_then(|endpoint| endpoint.name.clone())
            .map_or_else(|| id.to_string(), |name| format!("{name} ({id})"))
    }

    fn restart_alert(&mut self, restarts: u64) -> Option<Alert> {
        let before = self.restarts.replace(restarts).unwrap_or(restarts);
        (restarts > before).then(|| Alert {
            at: self.core.clock.now(),
            name: "lane.restarted".to_owned(),
            text: format!(
                "{} lanes ended unexpectedly and were started again; nothing is lost, the log has the cause",
                restarts - before
            ),
        })
    }
}

/// What a frame has besides what changed in the store.
struct SideNews {
    log: Option<LogNews>,
    operators: Option<Vec<OperatorView>>,
}

impl SideNews {
    const fn is_empty(&self) -> bool {
        self.log.is_none() && self.operators.is_none()
    }
}

/// What was told of the log, and when.
struct LogWatch {
    told: LogNews,
    since: Stopwatch,
}

impl LogWatch {
    fn begin(told: LogNews) -> Self {
        Self {
            told,
            since: Stopwatch::start(),
        }
    }

    /// What there is to tell now; nothing too soon after the last time.
    fn news(&mut self, now: LogNews) -> Option<LogNews> {
        if now == self.told || self.since.elapsed() < LOG_EVERY {
            return None;
        }
        *self = Self::begin(now);
        Some(now)
    }
}

#[derive(PartialEq, Eq)]
enum Watched {
    NobodyLeft,
    EngineEnded,
}

/// Takes in what changes until the next frame is due.
async fn gather(feed: &mut Feed, gathering: &mut Gathering) -> Watched {
    let mut due = clock::pace(FRAME_EVERY);
    loop {
        tokio::select! {
            news = feed.next() => match news {
                News::Ended => return Watched::EngineEnded,
                news => gathering.add(&news),
            },
            () = &mut due => return Watched::NobodyLeft,
        }
    }
}

/// Whether two readings differ in nothing but when they were made, and what the disk has to do with others.
fn tells_the_same(told: &StatsView, fresh: &StatsView) -> bool {
    let fresh = StatsView {
        at: told.at,
        store: told.store,
        ..fresh.clone()
    };
    *told == fresh
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_of_another_moment_are_no_news_and_those_of_an_attempt_are() {
        let told = StatsView::default();
        let mut fresh = told.clone();
        fresh.at = Timestamp::from_millis(1_000);
        fresh.store.disk_free_bytes = 7;
        assert!(tells_the_same(&told, &fresh));
        fresh.traffic.attempts = 1;
        assert!(!tells_the_same(&told, &fresh));
    }
}
