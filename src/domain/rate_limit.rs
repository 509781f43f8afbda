//! How much may happen in a stretch of time: `60 per 1m` is at most 60 in any minute, wherever it begins.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::duration::DurationText;
use super::limits::{RATE_LIMIT_PER_MAX, RATE_LIMIT_PER_MIN, RATE_LIMIT_REQUESTS_MAX};

/// A sliding limit. Prints as `60 per 1m`; reads that and `60/1m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RateLimit {
    requests: u32,
    per: Duration,
}

/// A limit that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRateLimit {
    /// The text has another form.
    #[error(
        "{0:?} is not a rate limit: expected a number of requests and a duration, such as 60 per 1m or 10/1s"
    )]
    Form(String),
    /// Outside 1 to 10,000.
    #[error("{0} requests are out of range: choose 1 to {RATE_LIMIT_REQUESTS_MAX}")]
    Requests(u64),
    /// Outside a second to a day.
    #[error(
        "a rate limit per {asked} is out of range: choose {} to {}",
        DurationText(RATE_LIMIT_PER_MIN),
        DurationText(RATE_LIMIT_PER_MAX)
    )]
    Per {
        /// What was asked for.
        asked: DurationText,
    },
}

impl RateLimit {
    /// At most `requests` in any stretch of `per`.
    ///
    /// # Errors
    /// Zero or more than 10,000 requests; shorter than a second or longer than a day.
    pub fn new(requests: u64, per: Duration) -> Result<Self, InvalidRateLimit> {
        let count = u32::try_from(requests)
            .ok()
            .filter(|count| (1..=RATE_LIMIT_REQUESTS_MAX).contains(count))
            .ok_or(InvalidRateLimit::Requests(requests))?;
        if !(RATE_LIMIT_PER_MIN..=RATE_LIMIT_PER_MAX).contains(&per) {
            return Err(InvalidRateLimit::Per {
                asked: DurationText(per),
            });
        }
        Ok(Self {
            requests: count,
            per,
        })
    }

    /// How many at most; at least 1.
    pub const fn requests(self) -> u32 {
        self.requests
    }

    /// In any stretch of this length; at least 1 s.
    pub const fn per(self) -> Duration {
        self.per
    }

    /// Whether whoever keeps this limit keeps `other` as well: no stretch of `other`'s length can hold more.
    pub const fn keeps(self, other: Self) -> bool {
        let ours = self.per.as_nanos();
        // A stretch of the other's length touches this many of ours at most.
        let stretches = other.per.as_nanos().div_ceil(ours);
        stretches * self.requests as u128 <= other.requests as u128
    }
}

impl fmt::Display for RateLimit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} per {}",
            self.requests,
            DurationText(self.per)
        )
    }
}

impl FromStr for RateLimit {
    type Err = InvalidRateLimit;

    fn from_str(text: &str) -> Result<Self, InvalidRateLimit> {
        let form = || InvalidRateLimit::Form(text.chars().take(64).collect());
        let (requests, per) = text
            .split_once(" per ")
            .or_else(|| text.split_once('/'))
            .ok_or_else(form)?;
        let requests = requests.trim().parse::<u64>().map_err(|_| form())?;
        let DurationText(per) = per.trim().parse().map_err(|_| form())?;
        Self::new(requests, per)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(text: &str) -> RateLimit {
        text.parse().unwrap()
    }

    #[test]
    fn what_is_printed_reads_back() {
        for text in ["60 per 1m", "1 per 1s500ms", "10000 per 1d"] {
            assert_eq!(limit(text).to_string(), text);
        }
        assert_eq!(limit("60/1m"), limit("60 per 1m"));
    }

    #[test]
    fn a_refusal_names_the_value_and_the_range() {
        let said = |text: &str| text.parse::<RateLimit>().unwrap_err().to_string();
        assert_eq!(
            said("0 per 1m"),
            "0 requests are out of range: choose 1 to 10000"
        );
        assert_eq!(
            said("5 per 2d"),
            "a rate limit per 2d is out of range: choose 1s to 1d"
        );
        assert_eq!(
            said("many"),
            "\"many\" is not a rate limit: expected a number of requests and a duration, such as 60 per 1m or 10/1s"
        );
    }

    #[test]
    fn a_tighter_limit_keeps_a_looser_one() {
        for (tight, loose) in [
            ("60 per 1m", "60 per 1m"),
            ("30 per 1m", "60 per 1m"),
            ("1 per 1s", "60 per 1m"),
            ("60 per 1h", "60 per 1m"),
        ] {
            assert!(limit(tight).keeps(limit(loose)), "{tight} {loose}");
        }
        for (loose, tight) in [
            ("61 per 1m", "60 per 1m"),
            ("2 per 1s", "60 per 1m"),
            // 60 at the end of one stretch and 60 at the beginning of the next lie in one minute.
            ("60 per 59s", "60 per 1m"),
        ] {
            assert!(!limit(loose).keeps(limit(tight)), "{loose} {tight}");
        }
    }
}
