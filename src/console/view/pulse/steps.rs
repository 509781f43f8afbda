//! A window of time step by step, and what a step is measured by.

use std::collections::BTreeMap;

use crate::api::stats::{MinuteView, TrafficView};
use crate::console::app::times::Times;
use crate::domain::time::Timestamp;

/// The shortest step, in seconds: the only one that has quantiles.
const MINUTE_S: u64 = 60;
/// A day in seconds: from steps of that length on times are dates.
const DAY_S: u64 = 86_400;
/// Steps of the longest window that is gone through; the service gives far fewer.
const STEPS_MAX: u64 = 1_440;

/// The steps of a window, oldest first; the last is not over yet.
#[derive(Clone, Debug, Default)]
pub(in crate::console::view) struct Steps {
    /// The length of each in seconds.
    pub(super) step_s: u64,
    /// What happened in each.
    pub(in crate::console::view) each: Vec<MinuteView>,
}

impl Steps {
    /// The window before `now`; steps in which nothing happened are not among the figures, but are here.
    pub(in crate::console::view) fn of(now: Timestamp, traffic: &TrafficView) -> Self {
        // Services of before there were others have steps of a minute and do not say so.
        let step_s = match traffic.step_s {
            0 => MINUTE_S,
            step_s => step_s,
        };
        let step_ms = i64::try_from(step_s).unwrap_or(i64::MAX);
        let step_ms = step_ms.saturating_mul(1_000);
        let number = |at: Timestamp| at.as_millis().div_euclid(step_ms);
        let known: BTreeMap<i64, &MinuteView> = traffic
            .minutes
            .iter()
            .map(|step| (number(step.at), step))
            .collect();
        let count = traffic.window_s.div_ceil(step_s).clamp(1, STEPS_MAX);
        let last = number(now);
        let first = last + 1 - i64::try_from(count).unwrap_or(1);
        let each = (first..=last).map(|step| {
            let quiet = MinuteView {
                at: Timestamp::from_millis(step.saturating_mul(step_ms)),
                ..MinuteView::default()
            };
            known.get(&step).map_or(quiet, |known| (*known).clone())
        });
        Self {
            step_s,
            each: each.collect(),
        }
    }

    /// As many as there are columns for. Longer steps are put together, so that the window stays whole; quantiles cannot
    /// be, so of minutes the latest stay.
    pub(super) fn fitting(mut self, columns: u16) -> Self {
        let (count, columns) = (self.each.len(), usize::from(columns.max(1)));
        if self.step_s <= MINUTE_S {
            self.each.drain(..count.saturating_sub(columns));
            return self;
        }
        let mut sizes = count.div_ceil(columns)..=count;
        // All have to be of as many steps, for they are told by the second.
        let Some(size) = sizes.find(|size| *size > 0 && count.is_multiple_of(*size)) else {
            return self;
        };
        Self {
            step_s: self.step_s.saturating_mul(size as u64),
            each: self.each.chunks(size).map(together).collect(),
        }
    }

    /// When a step began: the time of day as the operator has it, or the date where a step is a day, which is one in UTC.
    pub(super) fn when(&self, times: &Times, step: &MinuteView) -> String {
        let (text, part) = if self.step_s >= DAY_S {
            (step.at.to_date(), 5..10)
        } else {
            (times.of_day(step.at), 0..5)
        };
        text.get(part).unwrap_or("").to_owned()
    }
}

/// Several steps as one.
fn together(steps: &[MinuteView]) -> MinuteView {
    let mut sum = MinuteView {
        at: steps.first().map(|step| step.at).unwrap_or_default(),
        ..MinuteView::default()
    };
    let mut took_us = 0_u64;
    for step in steps {
        sum.attempts = sum.attempts.saturating_add(step.attempts);
        sum.successes = sum.successes.saturating_add(step.successes);
        let mean = step.mean_latency_us.unwrap_or(0);
        took_us = took_us.saturating_add(mean.saturating_mul(step.attempts));
        for (class, count) in &step.failures {
            let known = sum.failures.entry(class.clone()).or_default();
            *known = known.saturating_add(*count);
        }
    }
    sum.mean_latency_us = took_us.checked_div(sum.attempts);
    sum
}

/// Attempts.
pub(in crate::console::view) const fn attempts(step: &MinuteView) -> u64 {
    step.attempts
}

/// Failures of a thousand attempts.
pub(in crate::console::view) fn failing(step: &MinuteView) -> u64 {
    let failed = step.attempts.saturating_sub(step.successes);
    let share = u128::from(failed) * 1_000;
    let share = share.checked_div(u128::from(step.attempts)).unwrap_or(0);
    u64::try_from(share).unwrap_or(0)
}

/// How long 95 of a hundred attempts took at most, in microseconds.
pub(in crate::console::view) fn p95(step: &MinuteView) -> u64 {
    step.latency_us.map_or(0, |latency| latency.p95)
}

/// How long an attempt took in the mean, in microseconds.
pub(super) fn mean(step: &MinuteView) -> u64 {
    step.mean_latency_us.unwrap_or(0)
}

/// `2.8%` of so many thousandths.
pub(in crate::console::view) fn permille(share: u64) -> String {
    format!("{}.{}%", share / 10, share % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(at_s: i64, attempts: u64, successes: u64, mean: u64) -> MinuteView {
        MinuteView {
            at: Timestamp::from_millis(at_s * 1_000),
            attempts,
            successes,
            mean_latency_us: Some(mean),
            failures: BTreeMap::from([("tls".to_owned(), attempts - successes)]),
            latency_us: None,
            latency_bands: Vec::new(),
        }
    }

    fn window(window_s: u64, step_s: u64, minutes: Vec<MinuteView>) -> Steps {
        let traffic = TrafficView {
            window_s,
            step_s,
            minutes,
            ..TrafficView::default()
        };
        // Ten minutes into a quarter of an hour.
        Steps::of(Timestamp::from_millis(86_400_000 + 600_000), &traffic)
    }

    #[test]
    fn quiet_steps_are_there_and_the_last_is_the_one_of_now() {
        for (window_s, step_s, count) in [
            (900, 60, 15),
            (3_600, 60, 60),
            (6 * 3_600, 900, 24),
            (24 * 3_600, 900, 96),
            (7 * 86_400, 86_400, 7),
            (3_600, 0, 60),
            (0, 0, 1),
            (u64::MAX, 1, 1_440),
            (u64::MAX, u64::MAX, 1),
        ] {
            let steps = window(window_s, step_s, vec![step(86_400, 4, 3, 0)]);
            assert_eq!(steps.each.len(), count, "{window_s} by {step_s}");
            assert!(
                steps.each.windows(2).all(|pair| pair[0].at < pair[1].at),
                "{window_s} by {step_s}"
            );
        }
        let quarters = window(6 * 3_600, 900, vec![step(86_400, 4, 3, 0)]);
        assert_eq!(quarters.each.last().unwrap().attempts, 4);
        assert_eq!(quarters.each[22].attempts, 0);
    }

    #[test]
    fn longer_steps_are_put_together_and_the_window_stays_whole() {
        let busy = vec![step(85_500, 10, 9, 100), step(86_400, 30, 10, 500)];
        let day = window(24 * 3_600, 900, busy);
        for (columns, count, step_s) in [
            (100, 96, 900),
            (96, 96, 900),
            (62, 48, 1_800),
            (49, 48, 1_800),
            (29, 24, 3_600),
            (9, 8, 10_800),
            (0, 1, 86_400),
        ] {
            let fitting = day.clone().fitting(columns);
            assert_eq!((fitting.each.len(), fitting.step_s), (count, step_s));
            let attempts: u64 = fitting.each.iter().map(attempts).sum();
            assert_eq!(attempts, 40, "{columns}");
        }
        let whole = day.fitting(1);
        let sum = &whole.each[0];
        assert_eq!((failing(sum), mean(sum), p95(sum)), (525, 400, 0));
        assert_eq!(sum.failures, BTreeMap::from([("tls".to_owned(), 21)]));
        let none = window(6 * 3_600, 900, Vec::new()).fitting(9);
        assert!(none.each.iter().all(|step| step.mean_latency_us.is_none()));
    }

    #[test]
    fn of_minutes_the_latest_stay_where_there_are_few_columns() {
        let times = Times::default();
        let hour = window(3_600, 60, Vec::new()).fitting(9);
        assert_eq!((hour.each.len(), hour.step_s), (9, 60));
        assert_eq!(hour.when(&times, &hour.each[8]), "00:10");
        let week = window(7 * 86_400, 86_400, Vec::new()).fitting(60);
        assert_eq!(week.when(&times, &week.each[6]), "01-02");
    }
}
