//! When a lane's breaker opens and how it asks whether its receiver is back: the settings, and an endpoint's own.
//!
//! What a lane does by them is in `domain::lane`.

use std::fmt;
use std::time::Duration;

use super::duration::DurationText;

/// The largest window, in attempts.
pub const WINDOW_MAX: u32 = 128;
/// The fewest attempts in a window that may be asked for.
pub const ATTEMPTS_MIN: u32 = 2;
/// Failures in a row that may be asked for.
pub const CONSECUTIVE_MAX: u32 = 1_000;
/// The shortest and the longest wait between two probes.
pub const PROBE_WAIT_MIN: Duration = Duration::from_secs(1);
/// See [`PROBE_WAIT_MIN`].
pub const PROBE_WAIT_MAX: Duration = Duration::from_secs(24 * 3_600);

/// Settings of a breaker, all in force at once. Checked: [`BreakerPolicy::check`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BreakerPolicy {
    /// Whether there is one.
    pub enabled: bool,
    /// It opens after so many failures in a row, 1–1,000.
    pub consecutive: u32,
    /// It opens when this share of the window failed, in thousandths, 1–1000.
    pub share_permille: u16,
    /// The latest attempts that are looked at, up to 128.
    pub window: u32,
    /// It never opens on fewer attempts than this, 2 up to the window.
    pub attempts_min: u32,
    /// The wait before the first probe, 1 s to 24 h; each failed probe doubles it, give or take a fifth.
    pub probe_first: Duration,
    /// The longest wait between two probes, from the first one up to 24 h.
    pub probe_max: Duration,
}

/// What an endpoint wants different from the service's settings; nothing named is as there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BreakerOverride {
    /// See [`BreakerPolicy::enabled`].
    pub enabled: Option<bool>,
    /// See [`BreakerPolicy::consecutive`].
    pub consecutive: Option<u32>,
    /// See [`BreakerPolicy::share_permille`].
    pub share_permille: Option<u16>,
    /// See [`BreakerPolicy::window`].
    pub window: Option<u32>,
    /// See [`BreakerPolicy::attempts_min`].
    pub attempts_min: Option<u32>,
    /// See [`BreakerPolicy::probe_first`].
    pub probe_first: Option<Duration>,
    /// See [`BreakerPolicy::probe_max`].
    pub probe_max: Option<Duration>,
}

/// A setting out of its range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct InvalidBreaker {
    /// Which: `consecutive`, `share`, `window`, `attempts_min`, `probe_first` or `probe_max`.
    pub member: &'static str,
    /// The value, the rule and the remedy.
    pub detail: String,
}

impl Default for BreakerPolicy {
    fn default() -> Self {
        Self {
            enabled: true,
            consecutive: 20,
            share_permille: 500,
            window: 100,
            attempts_min: 20,
            probe_first: Duration::from_secs(5),
            probe_max: Duration::from_secs(5 * 60),
        }
    }
}

impl BreakerPolicy {
    /// Holds every setting to its range.
    ///
    /// # Errors
    /// The first one that is out of it.
    pub fn check(self) -> Result<Self, InvalidBreaker> {
        let wrong = |member, detail| Err(InvalidBreaker { member, detail });
        if !(1..=CONSECUTIVE_MAX).contains(&self.consecutive) {
            let asked = self.consecutive;
            let detail = format!(
                "{asked} failures in a row are out of range: choose 1 to {CONSECUTIVE_MAX}"
            );
            return wrong("consecutive", detail);
        }
        if !(1..=1_000).contains(&self.share_permille) {
            let asked = Share(self.share_permille);
            let detail = format!("a share of {asked} is out of range: choose 0.001 to 1");
            return wrong("share", detail);
        }
        if !(ATTEMPTS_MIN..=WINDOW_MAX).contains(&self.window) {
            let asked = self.window;
            let detail = format!(
                "a window of {asked} attempts is out of range: choose {ATTEMPTS_MIN} to {WINDOW_MAX}"
            );
            return wrong("window", detail);
        }
        if !(ATTEMPTS_MIN..=self.window).contains(&self.attempts_min) {
            let (asked, window) = (self.attempts_min, self.window);
            let detail = format!(
                "{asked} attempts at least are out of range: choose {ATTEMPTS_MIN} to {window}, the window"
            );
            return wrong("attempts_min", detail);
        }
        let (first, longest) = (self.probe_first, self.probe_max);
        if !(PROBE_WAIT_MIN..=PROBE_WAIT_MAX).contains(&first) {
            let detail = wait_detail(first, PROBE_WAIT_MIN);
            return wrong("probe_first", detail);
        }
        if !(first..=PROBE_WAIT_MAX).contains(&longest) {
            let detail = wait_detail(longest, first);
            return wrong("probe_max", detail);
        }
        Ok(self)
    }

    /// The wait after the opening and `failed` probes, without jitter.
    pub fn probe_wait(self, failed: u32) -> Duration {
        let factor = 1_u32.checked_shl(failed).unwrap_or(u32::MAX);
        self.probe_first.saturating_mul(factor).min(self.probe_max)
    }
}

impl BreakerOverride {
    /// Whether it names nothing.
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }

    /// The settings in force over those of the service.
    ///
    /// What the two do not agree on gives way to what the endpoint names: the service's settings may have changed
    /// since they were checked together.
    pub fn over(self, service: BreakerPolicy) -> BreakerPolicy {
        let window = self.window.unwrap_or(match self.attempts_min {
            Some(least) => service.window.max(least),
            None => service.window,
        });
        let probe_first = self.probe_first.unwrap_or(match self.probe_max {
            Some(longest) => service.probe_first.min(longest),
            None => service.probe_first,
        });
        BreakerPolicy {
            enabled: self.enabled.unwrap_or(service.enabled),
            consecutive: self.consecutive.unwrap_or(service.consecutive),
            share_permille: self.share_permille.unwrap_or(service.share_permille),
            window,
            attempts_min: self
                .attempts_min
                .unwrap_or(service.attempts_min.min(window)),
            probe_first,
            probe_max: self.probe_max.unwrap_or(service.probe_max.max(probe_first)),
        }
    }
}

/// Reads a share such as `50%` or `0.5` as thousandths; `None` for what is none of 0.001 to 1.
pub fn share_permille(text: &str) -> Option<u16> {
    let share: f64 = match text.strip_suffix('%') {
        Some(percent) => percent.trim_end().parse::<f64>().ok()? / 100.0,
        None => text.parse().ok()?,
    };
    (1..=1_000_u16).find(|&permille| (f64::from(permille) / 1_000.0 - share).abs() < 0.000_5)
}

fn wait_detail(asked: Duration, least: Duration) -> String {
    let (asked, least) = (DurationText(asked), DurationText(least));
    let most = DurationText(PROBE_WAIT_MAX);
    format!("a wait of {asked} between probes is out of range: choose {least} to {most}")
}

/// Thousandths as a fraction: `0.5`.
struct Share(u16);

impl fmt::Display for Share {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", f64::from(self.0) / 1_000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn the_defaults_are_in_their_ranges() {
        let policy = BreakerPolicy::default();
        assert_eq!(policy.check(), Ok(policy));
    }

    #[test]
    fn each_setting_is_held_to_its_range() {
        let policy = BreakerPolicy::default();
        for (wrong, said) in [
            (
                BreakerPolicy {
                    consecutive: 0,
                    ..policy
                },
                "0 failures in a row are out of range: choose 1 to 1000",
            ),
            (
                BreakerPolicy {
                    share_permille: 1_001,
                    ..policy
                },
                "a share of 1.001 is out of range: choose 0.001 to 1",
            ),
            (
                BreakerPolicy {
                    window: 129,
                    ..policy
                },
                "a window of 129 attempts is out of range: choose 2 to 128",
            ),
            (
                BreakerPolicy {
                    attempts_min: 101,
                    ..policy
                },
                "101 attempts at least are out of range: choose 2 to 100, the window",
            ),
            (
                BreakerPolicy {
                    probe_first: Duration::ZERO,
                    ..policy
                },
                "a wait of 0s between probes is out of range: choose 1s to 1d",
            ),
            (
                BreakerPolicy {
                    probe_max: secs(4),
                    ..policy
                },
                "a wait of 4s between probes is out of range: choose 5s to 1d",
            ),
        ] {
            assert_eq!(
                wrong.check().map_err(|wrong| wrong.to_string()),
                Err(said.to_owned())
            );
        }
    }

    #[test]
    fn a_share_reads_as_percent_or_fraction() {
        for (text, permille) in [("50%", 500), ("0.5", 500), ("1", 1_000), ("0.1 %", 1)] {
            assert_eq!(share_permille(text), Some(permille), "{text}");
        }
        for wrong in ["", "half", "0", "101%", "1.5", "-1", "NaN"] {
            assert_eq!(share_permille(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn waits_double_up_to_the_longest() {
        let policy = BreakerPolicy::default();
        let waits: Vec<_> = (0..8).map(|failed| policy.probe_wait(failed)).collect();
        assert_eq!(waits, [5, 10, 20, 40, 80, 160, 300, 300].map(secs));
        assert_eq!(policy.probe_wait(u32::MAX), secs(300));
    }

    #[test]
    fn an_endpoints_own_settings_win_and_the_rest_gives_way() {
        let service = BreakerPolicy::default();
        assert_eq!(BreakerOverride::default().over(service), service);
        let own = BreakerOverride {
            enabled: Some(false),
            window: Some(10),
            probe_first: Some(secs(600)),
            ..BreakerOverride::default()
        };
        let policy = own.over(service);
        assert_eq!(policy.check(), Ok(policy));
        assert_eq!((policy.enabled, policy.window), (false, 10));
        assert_eq!((policy.attempts_min, policy.probe_max), (10, secs(600)));
        let own = BreakerOverride {
            attempts_min: Some(120),
            probe_max: Some(secs(2)),
            ..BreakerOverride::default()
        };
        let policy = own.over(service);
        assert_eq!(policy.check(), Ok(policy));
        assert_eq!((policy.window, policy.probe_first), (120, secs(2)));
    }
}
