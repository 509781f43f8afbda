//! Durations as people write them in configuration, contracts and commands: `10s`, `5m`, `1h30m`.
//!
//! **Promise.** Exact: a text is whole milliseconds or it is refused, nothing is rounded, and what is printed reads
//! back as the same duration. There are no months, and no fractions: `90s`, not `1.5m`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The units from the largest down: how they are written, and their milliseconds. A year is 365 days.
const UNITS: [(&str, u64); 7] = [
    ("y", 365 * 86_400_000),
    ("w", 7 * 86_400_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];
/// Those that are printed: people read 48h and 30d more easily than weeks and years mixed in.
const PRINTED: &[(&str, u64)] = UNITS.split_at(2).1;

/// A duration that reads and prints as text such as `1h30m`; printing drops what is below a millisecond.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DurationText(pub Duration);

/// A text that is no duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is not a duration: {why}; expected whole numbers with units from y w d h m s ms, the largest first, \
     such as 10s, 5m or 1h30m"
)]
pub struct InvalidDuration {
    text: String,
    why: &'static str,
}

impl FromStr for DurationText {
    type Err = InvalidDuration;

    fn from_str(text: &str) -> Result<Self, InvalidDuration> {
        read(text)
            .map(|millis| Self(Duration::from_millis(millis)))
            .map_err(|why| InvalidDuration {
                text: text.chars().take(64).collect(),
                why,
            })
    }
}

/// The milliseconds that `text` says, or what is wrong with it.
fn read(text: &str) -> Result<u64, &'static str> {
    if text.is_empty() {
        return Err("it is empty");
    }
    let mut rest = text;
    let mut units_left: &[(&str, u64)] = &UNITS;
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, tail) = rest.split_at(digits);
        if number.is_empty() {
            return Err("a number is missing");
        }
        let letters = tail.len()
            - tail
                .trim_start_matches(|c: char| c.is_ascii_lowercase())
                .len();
        let (unit, tail) = tail.split_at(letters);
        if unit.is_empty() {
            return Err("a unit is missing");
        }
        if !UNITS.iter().any(|&(name, _)| name == unit) {
            return Err("a unit is not known");
        }
        let position = units_left
            .iter()
            .position(|&(name, _)| name == unit)
            .ok_or("a unit is repeated or out of order")?;
        let millis = number
            .parse::<u64>()
            .ok()
            .and_then(|number| number.checked_mul(units_left[position].1));
        total = millis
            .and_then(|millis| total.checked_add(millis))
            .ok_or("it is too long")?;
        units_left = &units_left[position + 1..];
        rest = tail;
    }
    Ok(total)
}

impl fmt::Display for DurationText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut left = u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX);
        if left == 0 {
            return formatter.write_str("0s");
        }
        for &(unit, millis) in PRINTED {
            if left >= millis {
                write!(formatter, "{}{unit}", left / millis)?;
                left %= millis;
            }
        }
        Ok(())
    }
}

impl From<DurationText> for Duration {
    fn from(text: DurationText) -> Self {
        text.0
    }
}

impl Serialize for DurationText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DurationText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_unit_counts_exactly() {
        let check = |text: &str, millis: u64| {
            let read: DurationText = text.parse().unwrap();
            assert_eq!(read.0, Duration::from_millis(millis), "{text}");
        };
        check("10s", 10_000);
        check("5m", 300_000);
        check("1h30m", 5_400_000);
        check("1500ms", 1_500);
        check("1m1ms", 60_001);
        check("0s", 0);
        check("30d", 2_592_000_000);
        check("1y", 31_536_000_000);
        check("1w1d", 691_200_000);
    }

    #[test]
    fn a_refusal_says_what_is_wrong_with_the_text() {
        let check = |text: &str, why: &str| {
            assert_eq!(text.parse::<DurationText>().unwrap_err().why, why, "{text}");
        };
        check("", "it is empty");
        check("s", "a number is missing");
        check("-5s", "a number is missing");
        check("10", "a unit is missing");
        check("1.5h", "a unit is missing");
        check("10 s", "a unit is missing");
        check("10S", "a unit is missing");
        check("5min", "a unit is not known");
        check("5m1h", "a unit is repeated or out of order");
        check("5m5m", "a unit is repeated or out of order");
        check("99999999999999999999s", "it is too long");
        check("18446744073709551615s", "it is too long");
        assert_eq!(
            "5min".parse::<DurationText>().unwrap_err().to_string(),
            "\"5min\" is not a duration: a unit is not known; expected whole numbers with units from \
             y w d h m s ms, the largest first, such as 10s, 5m or 1h30m"
        );
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back(millis: u64) {
            let duration = DurationText(Duration::from_millis(millis));
            prop_assert_eq!(duration.to_string().parse(), Ok(duration));
        }

        #[test]
        fn no_text_makes_it_panic(text in "[0-9a-z .é-]{0,12}") {
            let _ = text.parse::<DurationText>();
        }
    }
}
