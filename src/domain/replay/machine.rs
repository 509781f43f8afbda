//! The decisions of a running replay: a pure machine that is told what the store holds and says what to do next.

use std::collections::VecDeque;
use std::time::Duration;

use super::counts::{Counts, ReplayState};
use super::settings::{Settings, StopRule};
use crate::domain::limits::REPLAY_BATCH_MAX;
use crate::domain::rate_limit::RateLimit;
use crate::domain::time::Timestamp;

/// Items are released this often or less: each release is a transaction.
const TICK_MIN: Duration = Duration::from_millis(100);

/// What the store holds of a replay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Where it stands.
    pub state: ReplayState,
    /// Items put to work so far.
    pub released: u64,
    /// Whether the canary is behind it.
    pub canary_done: bool,
    /// Where its items stand.
    pub counts: Counts,
}

/// What happens to a replay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// Time has passed.
    Wake,
    /// The store was read.
    Told(Facts),
    /// What [`Effect::Release`] asked for was done.
    Released {
        /// Items put to work; others may have been left out or passed over.
        count: u32,
        /// Whether the replay came past any item.
        passed: bool,
        /// The store after it.
        facts: Facts,
    },
}

/// What is to be done; the answer comes as an [`Input`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Put the next items to work, at most so many.
    Release(u32),
    /// Stop, for the reason in words.
    Stop(String),
    /// Every item has its outcome.
    Finish,
    /// Nothing until then, or until the store has news.
    WaitUntil(Timestamp),
    /// Nothing until the store has news.
    WaitForNews,
    /// Nothing until an operator changes its state.
    Rest,
}

/// One replay.
#[derive(Clone, Debug)]
pub struct Machine {
    rate: RateLimit,
    canary: u64,
    stop: Option<StopRule>,
    facts: Facts,
    /// The last first attempts, oldest first: whether each failed.
    window: VecDeque<bool>,
    /// No item is released before.
    next_release: Timestamp,
    /// Whether no endpoint could take an item at the last release, and nothing was heard since.
    stuck: bool,
}

impl Machine {
    /// A replay as the store holds it, with the results (whether each failed, oldest first) of the last first attempts
    /// since it was started or resumed. Begins with a full wait: what was released just before a crash counts as well.
    pub fn new(
        settings: &Settings,
        facts: Facts,
        results: impl IntoIterator<Item = bool>,
        now: Timestamp,
    ) -> Self {
        let mut machine = Self {
            rate: settings.rate,
            canary: u64::from(settings.canary),
            stop: settings.stop,
            facts,
            window: VecDeque::new(),
            next_release: now,
            stuck: false,
        };
        if facts.released > 0 {
            machine.next_release = now + machine.tick();
        }
        results
            .into_iter()
            .for_each(|failed| machine.remember(failed));
        machine
    }

    /// What follows from `input` at `now`.
    pub fn step(&mut self, now: Timestamp, input: Input) -> Effect {
        match input {
            Input::Wake => {}
            Input::Told(facts) => self.learn(facts),
            Input::Released {
                count,
                passed,
                facts,
            } => {
                self.learn(facts);
                self.stuck = count == 0 && !passed;
                if count == 0 && passed {
                    // Only left out or passed over: the next ones need not wait for those.
                    self.next_release = now;
                }
            }
        }
        self.decide(now)
    }

    /// The wall clock was set by so many milliseconds, and everybody has agreed on it.
    pub const fn clock_set(&mut self, by_ms: i64) {
        self.next_release = self.next_release.moved_by(by_ms);
    }

    /// What it was told last.
    pub const fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Items of one release: a tenth of a second's worth, or one.
    pub fn batch(&self) -> u32 {
        let per_tick = u128::from(self.rate.requests()) * TICK_MIN.as_nanos()
            / self.rate.per().as_nanos().max(1);
        u32::try_from(per_tick)
            .unwrap_or(REPLAY_BATCH_MAX)
            .clamp(1, REPLAY_BATCH_MAX)
    }

    /// Time from one release to the next, in whole milliseconds, rounded up.
    pub fn tick(&self) -> Duration {
        let nanos = self.rate.per().as_nanos() * u128::from(self.batch());
        let millis = nanos.div_ceil(u128::from(self.rate.requests()) * 1_000_000);
        Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX))
    }

    fn learn(&mut self, facts: Facts) {
        self.stuck = false;
        let (before, after) = (self.facts.counts, facts.counts);
        if self.facts.state != ReplayState::Running && facts.state == ReplayState::Running {
            // Whoever resumes it has seen what happened: the rule looks at what comes from here on.
            self.window.clear();
        } else {
            let new = |after: u64, before: u64| after.saturating_sub(before);
            for _ in 0..new(after.tried_well, before.tried_well) {
                self.remember(false);
            }
            for _ in 0..new(after.tried_badly, before.tried_badly) {
                self.remember(true);
            }
        }
        self.facts = facts;
    }

    fn remember(&mut self, failed: bool) {
        let Some(stop) = self.stop else { return };
        self.window.push_back(failed);
        while self.window.len() > usize::try_from(stop.last()).unwrap_or(usize::MAX) {
            self.window.pop_front();
        }
    }

    fn decide(&mut self, now: Timestamp) -> Effect {
        let Facts {
            state,
            released,
            canary_done,
            counts,
        } = self.facts;
        if state != ReplayState::Running {
            return Effect::Rest;
        }
        if counts.waiting == 0 {
            return match counts.open {
                0 => Effect::Finish,
                _ => Effect::WaitForNews,
            };
        }
        if let Some(why) = self.why_stop() {
            return Effect::Stop(why);
        }
        let canary_left = self.canary.saturating_sub(released);
        let allowed = match (canary_done, canary_left) {
            (true, _) => u64::MAX,
            (false, 0) if self.canary > 0 && counts.untried > 0 => return Effect::WaitForNews,
            (false, 0) => u64::MAX,
            (false, left) => left,
        };
        if self.stuck {
            return Effect::WaitForNews;
        }
        if now < self.next_release {
            return Effect::WaitUntil(self.next_release);
        }
        let count = u64::from(self.batch()).min(counts.waiting).min(allowed);
        self.next_release = now + self.tick();
        Effect::Release(u32::try_from(count).unwrap_or(u32::MAX))
    }

    fn why_stop(&self) -> Option<String> {
        let counts = &self.facts.counts;
        if self.canary > 0 && !self.facts.canary_done && counts.tried_badly > 0 {
            return Some(format!(
                "the canary failed: {} of the first {} did not succeed at once{}",
                counts.tried_badly,
                self.canary,
                probes(counts.probed_badly)
            ));
        }
        let stop = self.stop?;
        let failures = self.window.iter().filter(|failed| **failed).count();
        stop.is_broken_by(u32::try_from(failures).unwrap_or(u32::MAX))
            .then(|| {
                format!(
                    "the stop rule {stop} fired: {failures} of the last {} attempts failed{}",
                    self.window.len(),
                    probes(counts.probed_badly)
                )
            })
    }
}

/// A probe asks whether the receiver is back, and so do the canary and the stop rule: its failure counts for them.
fn probes(count: u64) -> String {
    match count {
        0 => String::new(),
        count => {
            format!(" (so far {count} of this replay failed as probes behind an open breaker)")
        }
    }
}
