//! Instants as people give them: a time, or how long ago.

use std::time::Duration;

use super::duration::DurationText;
use super::time::Timestamp;

/// A text that names no instant, or none that is past.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidInstant {
    /// Neither a time nor an age.
    #[error(
        "{text:?} is no time: give one such as 2026-04-13T10:18:00Z, or how long ago, such as 2h"
    )]
    Unreadable {
        /// What was given.
        text: String,
    },
    /// It is yet to come.
    #[error(
        "{at} is in the future, and nothing is known of that: it is {now} now, so give an instant before it, or none"
    )]
    Future {
        /// What was given.
        at: Timestamp,
        /// What time it is.
        now: Timestamp,
    },
}

/// The instant that a text names at `now`.
///
/// # Errors
/// [`InvalidInstant::Unreadable`].
pub fn instant(text: &str, now: Timestamp) -> Result<Timestamp, InvalidInstant> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    let ago: DurationText = text.parse().map_err(|_| InvalidInstant::Unreadable {
        text: text.chars().take(64).collect(),
    })?;
    let ago = i64::try_from(Duration::from(ago).as_millis()).unwrap_or(i64::MAX);
    Ok(now.moved_by(-ago))
}

/// The same where only what is past has an answer.
///
/// # Errors
/// Either of [`InvalidInstant`].
pub fn past_instant(text: &str, now: Timestamp) -> Result<Timestamp, InvalidInstant> {
    match instant(text, now)? {
        at if at > now => Err(InvalidInstant::Future { at, now }),
        at => Ok(at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp::from_millis(1_776_075_480_000);

    #[test]
    fn a_time_and_an_age_name_the_same_instant() {
        let quarter = NOON - Duration::from_secs(900);
        assert_eq!(past_instant("15m", NOON), Ok(quarter));
        assert_eq!(past_instant(&quarter.to_string(), NOON), Ok(quarter));
        assert_eq!(
            past_instant(&NOON.to_string(), NOON),
            Ok(NOON),
            "now is past"
        );
    }

    #[test]
    fn what_is_no_past_instant_is_refused_with_value_rule_and_remedy() {
        let refused = |text: &str| past_instant(text, NOON).unwrap_err().to_string();
        assert_eq!(
            refused("half past"),
            "\"half past\" is no time: give one such as 2026-04-13T10:18:00Z, or how long ago, such as 2h"
        );
        let later = NOON + Duration::from_secs(1);
        assert_eq!(
            refused(&later.to_string()),
            format!(
                "{later} is in the future, and nothing is known of that: it is {NOON} now, so give an instant before it, or none"
            )
        );
    }
}
