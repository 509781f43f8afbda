//! Instants as the store, the wire and the screen know them: whole milliseconds of UTC.
//!
//! Nothing here reads a clock; `crate::clock` does that and hands the reading in.

use std::fmt;
use std::num::NonZeroU64;
use std::ops::{Add, Sub};
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The first and last instants that RFC 3339 can print: the years 0 and 9999, less a day for time zones.
const PRINTABLE_MIN_MS: i64 = -62_167_132_800_000;
const PRINTABLE_MAX_MS: i64 = 253_402_207_200_000 - 1;

/// An instant: milliseconds since 1970-01-01T00:00:00Z, leap seconds ignored.
///
/// Arithmetic saturates: no configured duration can move an instant past the ends of the scale.
///
/// Kept with the sign bit turned over: in the order of time and never zero, so that an `Option` of it is no larger.
/// A service holds many of those, a dozen for every lane.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(NonZeroU64);

/// What is turned over.
const SIGN_BIT: u64 = 1 << 63;

/// A text that is not an RFC 3339 instant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not an RFC 3339 instant such as 2026-04-13T10:18:00Z")]
pub struct InvalidTimestamp {
    text: String,
}

impl Timestamp {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self::from_millis(0);
    /// Later than any instant that a clock shows.
    pub const FAR_FUTURE: Self = Self::from_millis(i64::MAX);

    /// The instant that lies `millis` milliseconds after the epoch (before it when negative). The very first number
    /// there is means the same as the second.
    pub const fn from_millis(millis: i64) -> Self {
        match NonZeroU64::new(millis.cast_unsigned() ^ SIGN_BIT) {
            Some(turned) => Self(turned),
            None => Self(NonZeroU64::MIN),
        }
    }

    /// Milliseconds since the epoch.
    pub const fn as_millis(self) -> i64 {
        (self.0.get() ^ SIGN_BIT).cast_signed()
    }

    /// Whole seconds since the epoch, rounded down.
    pub const fn as_unix_seconds(self) -> i64 {
        self.as_millis().div_euclid(1000)
    }

    /// How long after `earlier` this instant lies; zero when it does not.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(
            u64::try_from(self.as_millis().saturating_sub(earlier.as_millis())).unwrap_or(0),
        )
    }

    /// This instant, later by `millis` milliseconds (earlier when negative).
    #[must_use]
    pub const fn moved_by(self, millis: i64) -> Self {
        Self::from_millis(self.as_millis().saturating_add(millis))
    }

    /// RFC 3339 in UTC with milliseconds: `2026-04-13T10:18:00.000Z`, the form of the native API.
    pub fn to_rfc3339_millis(self) -> String {
        format!("{:.3}", self.to_jiff())
    }

    /// RFC 3339 in UTC with whole seconds, rounded down: `2026-04-13T10:18:00Z`, the form of contracts.
    pub fn to_rfc3339_seconds(self) -> String {
        format!(
            "{:.0}",
            Self::from_millis(self.as_unix_seconds().saturating_mul(1000)).to_jiff()
        )
    }

    /// The same without an offset, in the time of a zone: `2026-04-13T12:18:00.000`.
    pub fn to_local_millis(self, zone: &Zone) -> String {
        let local = self.to_jiff().to_zoned(zone.0.clone());
        local.strftime("%Y-%m-%dT%H:%M:%S%.3f").to_string()
    }

    /// The minute of the day there, from 0 to 1,439.
    pub fn minute_of_day(self, zone: &Zone) -> u16 {
        let local = self.to_jiff().to_zoned(zone.0.clone());
        u16::from(local.hour().unsigned_abs()) * 60 + u16::from(local.minute().unsigned_abs())
    }

    /// The day in UTC: `2026-04-13`.
    pub fn to_date(self) -> String {
        self.to_jiff().strftime("%Y-%m-%d").to_string()
    }

    fn to_jiff(self) -> jiff::Timestamp {
        let clamped = self.as_millis().clamp(PRINTABLE_MIN_MS, PRINTABLE_MAX_MS);
        jiff::Timestamp::from_millisecond(clamped).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }
}

/// A time zone, for instants that people read where they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(jiff::tz::TimeZone);

impl Zone {
    /// The one of this machine, by `TZ` or `/etc/localtime`; UTC where that cannot be told.
    pub fn of_this_machine() -> Self {
        Self(jiff::tz::TimeZone::system())
    }

    /// So many hours east of UTC, all year; from -25 to 25.
    pub const fn fixed(hours: i8) -> Self {
        Self(jiff::tz::TimeZone::fixed(jiff::tz::offset(hours)))
    }
}

impl Default for Zone {
    fn default() -> Self {
        Self(jiff::tz::TimeZone::UTC)
    }
}

/// Its name, such as `Europe/Berlin`, where it has one.
impl fmt::Display for Zone {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.iana_name().unwrap_or("as on this machine"))
    }
}

impl Default for Timestamp {
    fn default() -> Self {
        Self::EPOCH
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Timestamp({})", self.as_millis())
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Self::from_millis(self.as_millis().saturating_add(millis))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Self::from_millis(self.as_millis().saturating_sub(millis))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.to_rfc3339_millis())
    }
}

impl FromStr for Timestamp {
    type Err = InvalidTimestamp;

    fn from_str(text: &str) -> Result<Self, InvalidTimestamp> {
        text.parse::<jiff::Timestamp>()
            .map(|instant| Self::from_millis(instant.as_millisecond()))
            .map_err(|_| InvalidTimestamp {
                text: text.chars().take(64).collect(),
            })
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_rfc3339_millis())
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_print_utc_and_read_back() {
        let instant = Timestamp::from_millis(1_776_075_480_250);
        assert_eq!(instant.to_rfc3339_millis(), "2026-04-13T10:18:00.250Z");
        assert_eq!(instant.to_rfc3339_seconds(), "2026-04-13T10:18:00Z");
        assert_eq!(instant.to_date(), "2026-04-13");
        assert_eq!("2026-04-13T12:18:00.25+02:00".parse(), Ok(instant));
    }

    #[test]
    fn an_unreadable_instant_is_named_in_the_error() {
        let error = "yesterday".parse::<Timestamp>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "\"yesterday\" is not an RFC 3339 instant such as 2026-04-13T10:18:00Z"
        );
    }

    #[test]
    fn instants_are_in_the_order_of_time_and_an_option_is_no_larger() {
        let instants =
            [i64::MIN, -5, -1, 0, 1, 1_776_075_480_250, i64::MAX].map(Timestamp::from_millis);
        assert!(
            instants.is_sorted_by(|one, next| one < next),
            "{instants:?}"
        );
        assert_eq!(Timestamp::default(), Timestamp::EPOCH);
        for millis in [i64::MIN + 1, -1, 0, 1, i64::MAX] {
            assert_eq!(Timestamp::from_millis(millis).as_millis(), millis);
        }
        assert_eq!(size_of::<Option<Timestamp>>(), size_of::<Timestamp>());
    }

    #[test]
    fn arithmetic_saturates_at_both_ends() {
        assert_eq!(Timestamp::FAR_FUTURE + Duration::MAX, Timestamp::FAR_FUTURE);
        assert_eq!(
            Timestamp::EPOCH.since(Timestamp::FAR_FUTURE),
            Duration::ZERO
        );
        assert_eq!(
            Timestamp::FAR_FUTURE.to_rfc3339_millis(),
            "9999-12-30T21:59:59.999Z"
        );
    }

    #[test]
    fn seconds_before_the_epoch_round_down() {
        assert_eq!(Timestamp::from_millis(-1).as_unix_seconds(), -1);
        assert_eq!(
            Timestamp::from_millis(-1).to_rfc3339_seconds(),
            "1969-12-31T23:59:59Z"
        );
    }
}
