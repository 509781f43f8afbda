//! The breaker's settings, each held to its range and to the others.

use std::time::Duration;

use super::check::Checker;
use super::error::ConfigError;
use crate::domain::breaker::{
    ATTEMPTS_MIN, BreakerPolicy, CONSECUTIVE_MAX, WINDOW_MAX, share_permille,
};

impl Checker<'_> {
    /// When breakers open of endpoints that do not say otherwise.
    pub(super) fn breaker(&mut self) -> Result<BreakerPolicy, ConfigError> {
        let defaults = BreakerPolicy::default();
        let share = self.text("breaker.share").unwrap_or("50%");
        let permille = share_permille(share).ok_or_else(|| {
            self.bad(
                "breaker.share",
                format_args!("{share:?} is no share: choose 0.1% to 100%"),
            )
        })?;
        self.note("breaker.share", share);
        let window = self.count("breaker.window", defaults.window, ATTEMPTS_MIN, WINDOW_MAX)?;
        let least = defaults.attempts_min.min(window);
        let attempts_min = self.count("breaker.attempts_min", least, ATTEMPTS_MIN, window)?;
        let consecutive = self.count(
            "breaker.consecutive",
            defaults.consecutive,
            1,
            CONSECUTIVE_MAX,
        )?;
        let probe_first = self.duration("breaker.probe_first", "5s", ("1s", "1d"))?;
        let longest = self.duration("breaker.probe_max", "5m", ("1s", "1d"))?;
        let given = self.text("breaker.probe_max").is_some();
        let policy = BreakerPolicy {
            enabled: self.switch("breaker.enabled", defaults.enabled),
            consecutive,
            share_permille: permille,
            window,
            attempts_min,
            probe_first,
            probe_max: self.longest_wait(probe_first, longest, given),
        };
        policy
            .check()
            .map_err(|wrong| self.bad(key_of(wrong.member), wrong.detail))
    }

    /// The default gives way to a first wait that is longer.
    fn longest_wait(&mut self, first: Duration, longest: Duration, given: bool) -> Duration {
        if given || longest >= first {
            return longest;
        }
        self.note("breaker.probe_max", super::settings::duration_text(first));
        first
    }

    fn count(
        &mut self,
        key: &'static str,
        default: u32,
        least: u32,
        most: u32,
    ) -> Result<u32, ConfigError> {
        let wide = |count: u32| usize::try_from(count).unwrap_or(usize::MAX);
        let number = self.number(key, wide(default), wide(least)..=wide(most))?;
        Ok(u32::try_from(number).unwrap_or(most))
    }
}

fn key_of(member: &str) -> &'static str {
    match member {
        "consecutive" => "breaker.consecutive",
        "share" => "breaker.share",
        "window" => "breaker.window",
        "attempts_min" => "breaker.attempts_min",
        "probe_first" => "breaker.probe_first",
        _ => "breaker.probe_max",
    }
}
