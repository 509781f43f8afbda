//! The newest lines of the service's own log, shared by whoever writes them and the API that shows them.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::api::stream::LogNews;
use crate::clock::SharedClock;
use crate::domain::service_log::{LogLevel, LogRing};
use crate::domain::time::Timestamp;

/// The newest lines. Cheap to clone; all clones are one log.
#[derive(Clone)]
pub struct ServiceLog {
    ring: Arc<Mutex<LogRing>>,
    clock: SharedClock,
    begun_at: Timestamp,
}

impl ServiceLog {
    /// A log without lines that dates them by this clock.
    pub fn new(clock: SharedClock) -> Self {
        Self {
            ring: Arc::default(),
            begun_at: clock.now(),
            clock,
        }
    }

    /// Keeps a line; what is in it is escaped here.
    pub fn note(&self, level: LogLevel, target: &str, text: &str) {
        let at = self.clock.now();
        self.lock().push(at, level, target, text);
    }

    /// When its numbers began.
    pub(super) const fn begun_at(&self) -> Timestamp {
        self.begun_at
    }

    /// How far it has come.
    pub(super) fn news(&self) -> LogNews {
        let ring = self.lock();
        LogNews {
            newest: ring.newest_news(),
            newest_warning: ring.newest_warning(),
        }
    }

    /// The lines as they are now: whoever searches them holds up nobody who writes.
    pub(super) fn lines(&self) -> LogRing {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, LogRing> {
        // A panic while it was held is none of the lines'.
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for ServiceLog {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ServiceLog")
            .field("news", &self.news())
            .finish_non_exhaustive()
    }
}
