//! When to warn about a receiver's certificate: 21, 7 and 1 days before it runs out, and when it has.

use super::time::Timestamp;

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// How near a certificate's end is; what is nearer is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Nearness {
    /// It runs out within 21 days.
    ThreeWeeks,
    /// It runs out within 7 days.
    Week,
    /// It runs out within a day.
    Day,
    /// It has run out.
    Over,
}

impl Nearness {
    /// From far to near.
    pub const ALL: [Self; 4] = [Self::ThreeWeeks, Self::Week, Self::Day, Self::Over];

    /// How near the end of a certificate is that runs out at `expires_at`; `None` when it is further than 21 days.
    pub fn of(expires_at: Timestamp, now: Timestamp) -> Option<Self> {
        let mut reached = Self::ALL.into_iter().rev();
        reached.find(|nearness| expires_at <= nearness.horizon(now))
    }

    /// Its days: 21, 7, 1 and 0.
    pub const fn days(self) -> i64 {
        match self {
            Self::ThreeWeeks => 21,
            Self::Week => 7,
            Self::Day => 1,
            Self::Over => 0,
        }
    }

    /// The one with so many days.
    pub fn from_days(days: i64) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|nearness| nearness.days() == days)
    }

    /// What runs out until then is as near as this, or nearer.
    pub const fn horizon(self, now: Timestamp) -> Timestamp {
        now.moved_by(self.days() * DAY_MS)
    }
}

/// The warning that is due about a certificate that runs out at `expires_at`, after it was last warned of as
/// `warned`; `None` when nothing has changed since. A threshold that was passed by unnoticed is left out.
pub fn due(expires_at: Timestamp, now: Timestamp, warned: Option<Nearness>) -> Option<Nearness> {
    Nearness::of(expires_at, now).filter(|&nearness| warned.is_none_or(|warned| warned < nearness))
}

/// What a certificate's end looks like at `now`: `runs out in 6 days, at 2026-05-01T00:00:00Z`.
pub fn end_in_words(expires_at: Timestamp, now: Timestamp) -> String {
    let at = expires_at.to_rfc3339_seconds();
    let left_ms = expires_at.as_millis().saturating_sub(now.as_millis());
    if left_ms <= 0 {
        return format!("ran out at {at}");
    }
    match left_ms / DAY_MS {
        0 => format!("runs out within a day, at {at}"),
        1 => format!("runs out in a day, at {at}"),
        days => format!("runs out in {days} days, at {at}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const END: Timestamp = Timestamp::from_millis(1_777_593_600_000);

    fn before(days: i64, and_ms: i64) -> Timestamp {
        END.moved_by(-days * DAY_MS - and_ms)
    }

    #[test]
    fn each_threshold_is_reached_to_the_millisecond() {
        for (now, expected) in [
            (before(400, 0), None),
            (before(21, 1), None),
            (before(21, 0), Some(Nearness::ThreeWeeks)),
            (before(7, 1), Some(Nearness::ThreeWeeks)),
            (before(7, 0), Some(Nearness::Week)),
            (before(1, 1), Some(Nearness::Week)),
            (before(1, 0), Some(Nearness::Day)),
            (before(0, 1), Some(Nearness::Day)),
            (END, Some(Nearness::Over)),
            (before(-9_000, 0), Some(Nearness::Over)),
        ] {
            assert_eq!(Nearness::of(END, now), expected, "{now:?}");
        }
    }

    #[test]
    fn a_certificate_looked_at_each_hour_is_warned_of_four_times() {
        let mut warned = None;
        let mut warnings = Vec::new();
        for hour in (-24..=24 * 30).rev() {
            let now = END.moved_by(-hour * 3_600_000);
            if let Some(nearness) = due(END, now, warned) {
                warned = Some(nearness);
                warnings.push((hour, nearness));
            }
        }
        let expected = Nearness::ALL.map(|nearness| (24 * nearness.days(), nearness));
        assert_eq!(warnings, expected);
    }

    #[test]
    fn after_a_long_silence_only_the_nearest_threshold_is_told() {
        assert_eq!(
            due(END, before(0, 5), Some(Nearness::ThreeWeeks)),
            Some(Nearness::Day)
        );
        assert_eq!(due(END, before(0, 5), Some(Nearness::Day)), None);
        // A clock that was set back warns of nothing again.
        assert_eq!(due(END, before(20, 0), Some(Nearness::Week)), None);
    }

    #[test]
    fn days_and_thresholds_name_each_other() {
        for nearness in Nearness::ALL {
            assert_eq!(Nearness::from_days(nearness.days()), Some(nearness));
        }
        assert_eq!(Nearness::from_days(2), None);
    }

    #[test]
    fn the_end_is_told_in_whole_days() {
        for (now, expected) in [
            (before(6, 5), "runs out in 6 days, at 2026-05-01T00:00:00Z"),
            (before(1, 5), "runs out in a day, at 2026-05-01T00:00:00Z"),
            (
                before(0, 5),
                "runs out within a day, at 2026-05-01T00:00:00Z",
            ),
            (END, "ran out at 2026-05-01T00:00:00Z"),
        ] {
            assert_eq!(end_in_words(END, now), expected);
        }
    }
}
