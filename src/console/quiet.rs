//! Hours of the day in which bells do not ring, by the clock of the console's machine.

use std::fmt;
use std::str::FromStr;

/// Minutes of a day.
const DAY: u16 = 24 * 60;

/// From one minute of the day on and up to another, past midnight where that one is the earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuietHours {
    from: u16,
    to: u16,
}

/// A text that is no such hours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no hours of quiet: write from when to when by the clock of this machine, such as 22:00-07:00"
)]
pub struct InvalidQuietHours(String);

impl QuietHours {
    /// Whether this minute of the day is one of them.
    pub(crate) const fn has(self, minute: u16) -> bool {
        let (from, to) = (self.from, self.to);
        if from < to {
            from <= minute && minute < to
        } else {
            from <= minute || minute < to
        }
    }

    /// When they are over.
    pub(crate) fn end(self) -> String {
        told(self.to)
    }
}

fn told(minute: u16) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

/// The minute of the day of `07:00`.
fn minute(text: &str) -> Option<u16> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let number = |text: &str, below: u16| {
        let digits = text.len() <= 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = digits.then(|| text.parse::<u16>().ok()).flatten()?;
        (number < below).then_some(number)
    };
    Some(number(hours, DAY / 60)? * 60 + number(minutes, 60)?)
}

impl FromStr for QuietHours {
    type Err = InvalidQuietHours;

    fn from_str(text: &str) -> Result<Self, InvalidQuietHours> {
        let parts = text.split_once('-');
        let minutes = parts.and_then(|(from, to)| Some((minute(from)?, minute(to)?)));
        match minutes {
            Some((from, to)) if from != to => Ok(Self { from, to }),
            _ => Err(InvalidQuietHours(text.to_owned())),
        }
    }
}

impl fmt::Display for QuietHours {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}-{}", told(self.from), told(self.to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_go_past_midnight_where_they_end_earlier_than_they_begin() {
        let night: QuietHours = "22:00-7:00".parse().unwrap();
        assert_eq!(night.to_string(), "22:00-07:00");
        let is = [21 * 60 + 59, 22 * 60, 0, 6 * 60 + 59, 7 * 60].map(|minute| night.has(minute));
        assert_eq!(is, [false, true, true, true, false]);
        let noon: QuietHours = "12:00 - 13:30".parse().unwrap();
        let is = [11 * 60, 12 * 60, 13 * 60 + 29, 13 * 60 + 30].map(|minute| noon.has(minute));
        assert_eq!(is, [false, true, true, false]);
    }

    #[test]
    fn what_is_no_hours_is_refused_with_an_example() {
        for text in [
            "",
            "22-7",
            "22:00",
            "24:00-07:00",
            "22:60-07:00",
            "07:00-07:00",
            "+1:00-07:00",
        ] {
            let refused = text.parse::<QuietHours>().unwrap_err().to_string();
            assert!(refused.contains("such as 22:00-07:00"), "{text}: {refused}");
        }
    }
}
