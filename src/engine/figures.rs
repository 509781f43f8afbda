//! Figures: what happened lately, and the conservation ledger.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::closed::ClosedSpans;
use super::error::EngineError;
use super::handle::Engine;
use super::paging;
use super::views::{Ledger, MinuteStats, PageRequest, Stats};
use crate::domain::fingerprint::CauseId;
use crate::domain::id::EndpointId;
use crate::domain::ledger::Counts;
use crate::domain::time::Timestamp;
use crate::domain::tries::Tries;
use crate::store::{AttemptStats, Cause, CauseWindow, DeadCause, LedgerReport};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);
/// Hours whose sums are kept: those of two days and the one they begin in.
const HOURS_KEPT: usize = 49;
/// Days whose sums are kept: those of the longest window and the one it begins in.
const DAYS_KEPT: usize = 91;

/// Sums of what is over.
#[derive(Debug)]
pub(super) struct PastFigures {
    hours: ClosedSpans<Steps>,
    days: ClosedSpans<Steps>,
    hours_tries: ClosedSpans<Tries>,
    days_tries: ClosedSpans<Tries>,
    causes: ClosedSpans<Vec<(CauseId, u64)>>,
}

/// Steps of a window, oldest first: attempts, and events accepted.
#[derive(Debug, Default)]
struct Steps {
    attempts: Vec<(Timestamp, AttemptStats)>,
    accepted: Vec<(Timestamp, u64)>,
}

/// What a window is put together from.
#[derive(Debug)]
struct Figures {
    step: Duration,
    steps: BTreeMap<Timestamp, MinuteStats>,
    attempts: AttemptStats,
    tries: Tries,
}

impl Figures {
    fn new(step: Duration) -> Self {
        Self {
            step,
            steps: BTreeMap::new(),
            attempts: AttemptStats::default(),
            tries: Tries::default(),
        }
    }

    fn step(&mut self, minute: Timestamp) -> &mut MinuteStats {
        let entry = self.steps.entry(minute).or_default();
        entry.minute = minute;
        entry
    }

    fn add_attempts(&mut self, minute: Timestamp, stats: &AttemptStats) {
        self.attempts.add(stats);
        self.step(minute).attempts.add(stats);
    }

    fn add_tries(&mut self, by_minute: BTreeMap<Timestamp, Tries>) {
        for (minute, tries) in by_minute {
            self.tries.merge(&tries);
            self.step(minute).tries = tries;
        }
    }

    fn told(self) -> Stats {
        Stats {
            step: self.step,
            tries: self.tries,
            minutes: self.steps.into_values().collect(),
            attempts: self.attempts,
        }
    }
}

impl Default for PastFigures {
    fn default() -> Self {
        Self {
            hours: ClosedSpans::of(HOUR, HOURS_KEPT),
            days: ClosedSpans::of(DAY, DAYS_KEPT),
            hours_tries: ClosedSpans::of(HOUR, HOURS_KEPT),
            days_tries: ClosedSpans::of(DAY, DAYS_KEPT),
            causes: ClosedSpans::of(HOUR, HOURS_KEPT),
        }
    }
}

impl Engine {
    /// What happened in the last `window`, step by step. An hour is shown by minutes, two days by quarters of an hour,
    /// more by days.
    ///
    /// # Errors
    /// Internal.
    pub async fn stats(&self, window: Duration) -> Result<Stats, EngineError> {
        self.stats_until(self.desk.now().moved_by(1), window).await
    }

    /// The same of the `window` that ended at `to`; a minute that it ended in is counted whole.
    ///
    /// # Errors
    /// Internal.
    pub async fn stats_until(&self, to: Timestamp, window: Duration) -> Result<Stats, EngineError> {
        let (from, step) = (to - window, step_of(window));
        let mut figures = Figures::new(step);
        for steps in self.steps(from, to, step).await? {
            for (minute, stats) in &steps.attempts {
                figures.add_attempts(*minute, stats);
            }
            for (minute, accepted) in &steps.accepted {
                figures.step(*minute).accepted = *accepted;
            }
        }
        match step {
            MINUTE => figures.add_tries(self.desk.store.minute_tries(None, from, to).await?),
            DAY => figures.tries = self.tries_by_day(from, to).await?,
            _ => figures.tries = self.tries(from, to).await?,
        }
        Ok(figures.told())
    }

    /// The same of one endpoint, for windows up to a day.
    ///
    /// # Errors
    /// Internal.
    pub async fn stats_of(
        &self,
        endpoint: EndpointId,
        to: Timestamp,
        window: Duration,
    ) -> Result<Stats, EngineError> {
        let (from, step) = (to - window, step_of(window));
        let store = &self.desk.store;
        let mut figures = Figures::new(step);
        for (minute, stats) in store.endpoint_step_stats(endpoint, from, to, step).await? {
            figures.add_attempts(minute, &stats);
        }
        match step {
            MINUTE => {
                figures.add_tries(store.minute_tries(Some(endpoint), from, to).await?);
            }
            _ => {
                let mut tries = store.endpoint_tries(&[endpoint], from, to).await?;
                figures.tries = tries.remove(&endpoint).unwrap_or_default();
            }
        }
        Ok(figures.told())
    }

    /// Where all deliveries stand.
    ///
    /// # Errors
    /// Internal.
    pub async fn counts(&self) -> Result<Counts, EngineError> {
        Ok(self.desk.store.ledger().await?)
    }

    /// What happened from `from`, rounded down to its step, to before `to`.
    async fn steps(
        &self,
        from: Timestamp,
        to: Timestamp,
        step: Duration,
    ) -> Result<Vec<Arc<Steps>>, EngineError> {
        let store = &self.desk.store;
        let read = async |from: Timestamp, to: Timestamp| -> Result<Steps, EngineError> {
            Ok(Steps {
                attempts: store.step_stats(from, to, step).await?,
                accepted: store.accepted_by_step(from, to, step).await?,
            })
        };
        let past = match step {
            DAY => &self.desk.past.days,
            MINUTE => return Ok(vec![Arc::new(read(from, to).await?)]),
            _ => &self.desk.past.hours,
        };
        let from = rounded_down(from, step);
        let (now, window) = (self.desk.now(), past.window(from, to));
        let mut steps = Vec::new();
        if from < window.first {
            steps.push(Arc::new(read(from, window.first).await?));
        }
        for start in past.starts(window) {
            steps.push(past.sum(now, start, read).await?);
        }
        if window.last < to {
            steps.push(Arc::new(read(window.last, to).await?));
        }
        Ok(steps)
    }

    /// Attempts from `from`, rounded down to its minute, to before `to`.
    async fn tries(&self, from: Timestamp, to: Timestamp) -> Result<Tries, EngineError> {
        let (store, past) = (&self.desk.store, &self.desk.past.hours_tries);
        let (now, window) = (self.desk.now(), past.window(from, to));
        let mut tries = store.tries(from, window.first).await?;
        for start in past.starts(window) {
            let hour = past.sum(now, start, async |from, to| store.tries(from, to).await);
            tries.merge(&*hour.await?);
        }
        if window.last < to {
            tries.merge(&store.tries(window.last, to).await?);
        }
        Ok(tries)
    }

    /// Attempts from `from`, rounded down to its day, to before `to`.
    async fn tries_by_day(&self, from: Timestamp, to: Timestamp) -> Result<Tries, EngineError> {
        let (store, past) = (&self.desk.store, &self.desk.past.days_tries);
        let now = self.desk.now();
        let window = past.window(rounded_down(from, DAY), to);
        let mut tries = Tries::default();
        for start in past.starts(window) {
            let day = past.sum(now, start, async |from, _| store.day_tries(from).await);
            tries.merge(&*day.await?);
        }
        if window.last < to {
            tries.merge(&self.tries(window.last, to).await?);
        }
        Ok(tries)
    }

    /// Attempts of these endpoints in the last `window`, step by step and oldest first; endpoints without any are
    /// absent, and so are such steps. Costs a look-up for each of their minutes: for a page of endpoints and an hour
    /// or so.
    ///
    /// # Errors
    /// Internal.
    pub async fn endpoint_stats(
        &self,
        endpoints: &[EndpointId],
        window: Duration,
        step: Duration,
    ) -> Result<BTreeMap<EndpointId, Vec<(Timestamp, AttemptStats)>>, EngineError> {
        let to = self.desk.now().moved_by(1);
        let store = &self.desk.store;
        let from = to - window;
        Ok(store.endpoint_stats(endpoints, from, to, step).await?)
    }

    /// The same of how long they took and how often deliveries were tried.
    ///
    /// # Errors
    /// Internal.
    pub async fn endpoint_tries(
        &self,
        endpoints: &[EndpointId],
        window: Duration,
    ) -> Result<BTreeMap<EndpointId, Tries>, EngineError> {
        let to = self.desk.now().moved_by(1);
        let store = &self.desk.store;
        Ok(store.endpoint_tries(endpoints, to - window, to).await?)
    }

    /// Why attempts failed in the last `window`, most failures first.
    ///
    /// # Errors
    /// Internal.
    pub async fn causes(&self, window: Duration, limit: u32) -> Result<Vec<Cause>, EngineError> {
        let (store, past) = (&self.desk.store, &self.desk.past.causes);
        let now = self.desk.now();
        let (from, to) = (now - window, now.moved_by(1));
        let hours = past.window(from, to);
        let mut counted: BTreeMap<CauseId, u64> = BTreeMap::new();
        for start in past.starts(hours) {
            let read = async |from, to| store.cause_failures(from, to).await;
            for &(cause, count) in &*past.sum(now, start, read).await? {
                *counted.entry(cause).or_default() += count;
            }
        }
        let open = vec![(from, hours.first), (hours.last, to)];
        let window = CauseWindow {
            from,
            now,
            counted,
            open: open.into_iter().filter(|(from, to)| from < to).collect(),
            limit,
        };
        Ok(store.causes(window).await?)
    }

    /// Dead deliveries by cause, most of them first.
    ///
    /// # Errors
    /// Internal.
    pub async fn dead_causes(&self) -> Result<Vec<DeadCause>, EngineError> {
        Ok(self.desk.store.dead_causes().await?)
    }

    /// Where all deliveries stand.
    ///
    /// # Errors
    /// Internal.
    pub async fn ledger_total(&self) -> Result<Counts, EngineError> {
        Ok(self.desk.store.ledger().await?)
    }

    /// The conservation ledger at one moment: everything, the newest `days` days, and a page of endpoints.
    ///
    /// # Errors
    /// Invalid (cursor, limit), Internal.
    pub async fn ledger_report(
        &self,
        days: u32,
        page: &PageRequest,
    ) -> Result<LedgerReport, EngineError> {
        let (cursor, limit) = paging::checked(page)?;
        Ok(self.desk.store.ledger_report(days, cursor, limit).await?)
    }

    /// The conservation ledger.
    ///
    /// # Errors
    /// Internal.
    pub async fn ledger(&self) -> Result<Ledger, EngineError> {
        Ok(Ledger {
            total: self.desk.store.ledger().await?,
            endpoints: self
                .desk
                .store
                .endpoint_ledgers()
                .await?
                .into_iter()
                .collect(),
        })
    }
}

/// How finely a window is shown.
fn step_of(window: Duration) -> Duration {
    if window <= HOUR {
        MINUTE
    } else if window <= Duration::from_hours(48) {
        15 * MINUTE
    } else {
        DAY
    }
}

fn rounded_down(time: Timestamp, step: Duration) -> Timestamp {
    let step_ms = i64::try_from(step.as_millis()).unwrap_or(i64::MAX);
    Timestamp::from_millis(time.as_millis().div_euclid(step_ms) * step_ms)
}
