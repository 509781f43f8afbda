//! How instants are told: in UTC, in the operator's own time, by how far away they are, or as a number.

use super::model::{Level, Model};
use super::msg::Now;
use crate::console::view::format::age;
use crate::domain::time::{Timestamp, Zone};

/// How instants are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum TimeStyle {
    /// The time of day in UTC.
    #[default]
    Utc,
    /// The time of day where the operator is.
    Local,
    /// `12s ago`, `in 40s`.
    Relative,
    /// Milliseconds since 1970.
    Epoch,
}

/// How instants are told, and where the operator is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Times {
    /// The style in force.
    pub style: TimeStyle,
    /// The operator's time zone.
    pub zone: Zone,
}

impl TimeStyle {
    /// All of them.
    pub(crate) const ALL: [Self; 4] = [Self::Utc, Self::Local, Self::Relative, Self::Epoch];

    /// What a file calls it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Utc => "utc",
            Self::Local => "local",
            Self::Relative => "relative",
            Self::Epoch => "epoch",
        }
    }

    const fn next(self) -> Self {
        match self {
            Self::Utc => Self::Local,
            Self::Local => Self::Relative,
            Self::Relative => Self::Epoch,
            Self::Epoch => Self::Utc,
        }
    }
}

impl Times {
    /// `14:03:22.118`.
    pub(crate) fn exact(&self, now: Timestamp, at: Timestamp) -> String {
        self.apart(now, at)
            .unwrap_or_else(|| part(&self.told(at), 11, 23))
    }

    /// `14:03:22` when it is within twelve hours of now, else the date `11-20`.
    pub(crate) fn near(&self, now: Timestamp, at: Timestamp) -> String {
        self.apart(now, at).unwrap_or_else(|| {
            let (from, to) = if is_near(now, at) { (11, 19) } else { (5, 10) };
            part(&self.told(at), from, to)
        })
    }

    /// The time of day alone, `14:03:22`, whatever the style: in UTC but where the operator wants his own.
    pub(crate) fn of_day(&self, at: Timestamp) -> String {
        part(&self.told(at), 11, 19)
    }

    /// The minute of the day where the operator is, whatever the style.
    pub(crate) fn minute_of_day(&self, at: Timestamp) -> u16 {
        at.minute_of_day(&self.zone)
    }

    /// `14:03` when it is within twelve hours of now, else the date with it, `11-20 14:03`, whatever the style.
    pub(crate) fn day_and_minute(&self, now: Timestamp, at: Timestamp) -> String {
        let told = self.told(at);
        let minute = part(&told, 11, 16);
        match is_near(now, at) {
            true => minute,
            false => format!("{} {minute}", part(&told, 5, 10)),
        }
    }

    /// The columns that an instant needs beside those of a time of day.
    pub(crate) fn width(&self, least: u16) -> u16 {
        match self.style {
            TimeStyle::Epoch => least.max(13),
            TimeStyle::Utc | TimeStyle::Local | TimeStyle::Relative => least,
        }
    }

    fn told(&self, at: Timestamp) -> String {
        match self.style {
            TimeStyle::Local => at.to_local_millis(&self.zone),
            TimeStyle::Utc | TimeStyle::Relative | TimeStyle::Epoch => at.to_rfc3339_millis(),
        }
    }

    /// The instant where it is not told by a time of day.
    fn apart(&self, now: Timestamp, at: Timestamp) -> Option<String> {
        match self.style {
            TimeStyle::Utc | TimeStyle::Local => None,
            TimeStyle::Epoch => Some(at.as_millis().to_string()),
            TimeStyle::Relative if at > now => Some(format!("in {}", age(at.since(now).as_secs()))),
            TimeStyle::Relative => Some(format!("{} ago", age(now.since(at).as_secs()))),
        }
    }
}

/// Whether a time of day is enough to tell an instant.
fn is_near(now: Timestamp, at: Timestamp) -> bool {
    const HALF_A_DAY: u64 = 12 * 3_600;
    now.since(at).max(at.since(now)).as_secs() < HALF_A_DAY
}

fn part(text: &str, from: usize, to: usize) -> String {
    text.get(from..to).unwrap_or_default().to_owned()
}

/// The next style, and what it is.
pub(super) fn turn(model: &mut Model, now: Now) {
    let times = &mut model.times;
    times.style = times.style.next();
    let text = match times.style {
        TimeStyle::Utc => "times are in UTC".to_owned(),
        TimeStyle::Local => format!("times are local: {}", times.zone),
        TimeStyle::Relative => "times are told from now".to_owned(),
        TimeStyle::Epoch => "times are milliseconds since 1970".to_owned(),
    };
    model.tell(now, Level::Info, text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_told_in_every_style() {
        // 2026-04-13T10:18:05.250Z
        let at = Timestamp::from_millis(1_776_075_485_250);
        let (soon, later) = (at.moved_by(-40_000), at.moved_by(86_400_000));
        let mut times = Times {
            style: TimeStyle::Utc,
            zone: Zone::fixed(9),
        };
        let told = |times: &Times| {
            [
                times.exact(soon, at),
                times.near(soon, at),
                times.near(later, at),
            ]
        };
        assert_eq!(told(&times), ["10:18:05.250", "10:18:05", "04-13"]);
        assert_eq!(times.day_and_minute(soon, at), "10:18");
        assert_eq!(times.day_and_minute(later, at), "04-13 10:18");
        times.style = TimeStyle::Local;
        assert_eq!(told(&times), ["19:18:05.250", "19:18:05", "04-13"]);
        assert_eq!(times.of_day(at), "19:18:05");
        times.style = TimeStyle::Relative;
        assert_eq!(told(&times), ["in 40s", "in 40s", "24h ago"]);
        times.style = TimeStyle::Epoch;
        assert_eq!(told(&times), ["1776075485250"; 3]);
        assert_eq!(times.of_day(at), "10:18:05");
    }

    #[test]
    fn times_that_are_told_from_now_need_a_tick_a_second_and_others_none() {
        use crate::console::app::samples::{at, connected, press};
        let mut model = connected(false);
        press(&mut model, 100, "t");
        let idle = model.next_wakeup(at(2_000));
        press(&mut model, 200, "t");
        let text = model.toast.as_ref().unwrap().text.clone();
        assert_eq!(text, "times are told from now");
        assert_eq!(model.next_wakeup(at(2_000)), at(3_000).elapsed);
        assert!(idle > at(3_000).elapsed, "{idle:?}");
    }
}
