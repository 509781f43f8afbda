//! How a replay is to go: rate, canary, stop rule.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::domain::limits::{REPLAY_CANARY_MAX, REPLAY_STOP_LAST_MAX};
use crate::domain::rate_limit::{InvalidRateLimit, RateLimit};

/// Items a second where nothing else is asked for: gentle enough for a receiver that has just come back.
const RATE_DEFAULT: u64 = 10;

/// How a replay is to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How many items are released in which time.
    pub rate: RateLimit,
    /// Items that are sent first, all of which must succeed at once; 0 for none.
    pub canary: u32,
    /// When it stops by itself.
    pub stop: Option<StopRule>,
    /// Whether items that were delivered already at the plan are left out. Those delivered since always are.
    pub skip_delivered: bool,
    /// Why, for those who come after.
    pub note: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            rate: RateLimit::new(RATE_DEFAULT, Duration::from_secs(1))
                .expect("the default is within the bounds"),
            canary: 0,
            stop: None,
            skip_delivered: false,
            note: None,
        }
    }
}

/// Stop when more than a share of the last first attempts failed. Prints and reads as `20%/50`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StopRule {
    percent: u32,
    last: u32,
}

/// A text or a pair of numbers that is no stop rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidStopRule {
    /// The text has another form.
    #[error(
        "{0:?} is not a stop rule: expected a share and a number of attempts, such as 20%/50 (more than 20 % of the last 50)"
    )]
    Form(String),
    /// Outside 0 to 99.
    #[error(
        "{0} % is out of range: choose 0 to 99, because more than that share must fail for a stop"
    )]
    Percent(u32),
    /// Outside 1 to 1,000.
    #[error("the last {0} attempts are out of range: choose 1 to {REPLAY_STOP_LAST_MAX}")]
    Last(u32),
}

impl StopRule {
    /// More than `percent` of the last `last` first attempts.
    ///
    /// # Errors
    /// A share above 99 %, a window of 0 or more than 1,000.
    pub fn new(percent: u32, last: u32) -> Result<Self, InvalidStopRule> {
        if percent > 99 {
            return Err(InvalidStopRule::Percent(percent));
        }
        if !(1..=REPLAY_STOP_LAST_MAX).contains(&last) {
            return Err(InvalidStopRule::Last(last));
        }
        Ok(Self { percent, last })
    }

    /// The share that may fail, 0 to 99.
    pub const fn percent(self) -> u32 {
        self.percent
    }

    /// How many attempts are looked at, 1 to 1,000.
    pub const fn last(self) -> u32 {
        self.last
    }

    /// Whether so many failures among the last [`StopRule::last`] are too many. Before there are that many attempts,
    /// those still to come count as successes.
    pub const fn is_broken_by(self, failures: u32) -> bool {
        failures as u64 * 100 > self.percent as u64 * self.last as u64
    }
}

impl fmt::Display for StopRule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}%/{}", self.percent, self.last)
    }
}

impl FromStr for StopRule {
    type Err = InvalidStopRule;

    fn from_str(text: &str) -> Result<Self, InvalidStopRule> {
        let form = || InvalidStopRule::Form(text.chars().take(64).collect());
        let (percent, last) = text.split_once('/').ok_or_else(form)?;
        let percent = percent.trim().strip_suffix('%').ok_or_else(form)?;
        let percent = percent.trim().parse().map_err(|_| form())?;
        let last = last.trim().parse().map_err(|_| form())?;
        Self::new(percent, last)
    }
}

/// Reads a rate: `50/s`, `600/m`, or any form of a rate limit (`60 per 1m`).
///
/// # Errors
/// Another form, or out of the bounds of a rate limit.
pub fn rate_from_text(text: &str) -> Result<RateLimit, InvalidRateLimit> {
    match text.trim().split_once('/') {
        Some((count, unit)) if matches!(unit.trim(), "s" | "m" | "h") => {
            format!("{}/1{}", count.trim(), unit.trim())
                .parse()
                .map_err(|error| match error {
                    InvalidRateLimit::Form(_) => {
                        InvalidRateLimit::Form(text.chars().take(64).collect())
                    }
                    other => other,
                })
        }
        _ => text.parse(),
    }
}

impl Settings {
    /// What is wrong with the canary, if anything.
    pub fn canary_fault(&self) -> Option<String> {
        (self.canary > REPLAY_CANARY_MAX).then(|| {
            format!(
                "a canary of {} is out of range: choose up to {REPLAY_CANARY_MAX}, or 0 for none",
                self.canary
            )
        })
    }
}
