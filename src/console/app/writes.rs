//! Whether this console may change anything: by how it was started, by whether the service is a protected one, and by
//! the operator's own switch.

use std::time::Duration;

use super::dialogs::Pressed;
use super::line::Line;
use super::session::Session;
use crate::console::actions::Inside;

/// How long a protected service stays open to changes.
pub(crate) const ARMED_FOR: Duration = Duration::from_secs(600);
const MINUTE: Duration = Duration::from_secs(60);

/// Whether anything may be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Writes {
    /// Never: the console was started so.
    Never,
    /// Yes.
    On,
    /// Not until the operator says so again.
    Off,
    /// Not until the name of the protected service is typed.
    Locked,
    /// Yes, of a protected service, until this moment.
    Armed(Duration),
}

/// What the switch leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Switched {
    /// To this state.
    To(Writes),
    /// To the question for the name.
    Asks,
    /// Nowhere.
    Refused,
}

impl Writes {
    /// As a session begins.
    pub(crate) const fn of(session: &Session) -> Self {
        if session.read_only {
            Self::Never
        } else if session.surroundings.protected {
            Self::Locked
        } else {
            Self::On
        }
    }

    /// Whether changes are let through.
    pub(crate) const fn allowed(self) -> bool {
        matches!(self, Self::On | Self::Armed(_))
    }

    /// What the operator's switch does.
    pub(crate) const fn switched(self) -> Switched {
        match self {
            Self::Never => Switched::Refused,
            Self::On => Switched::To(Self::Off),
            Self::Off => Switched::To(Self::On),
            Self::Locked => Switched::Asks,
            Self::Armed(_) => Switched::To(Self::Locked),
        }
    }

    /// As it is at `now`; whether its time has run out.
    pub(crate) fn settle(&mut self, now: Duration) -> bool {
        let over = matches!(*self, Self::Armed(until) if now >= until);
        if over {
            *self = Self::Locked;
        }
        over
    }

    /// Whole minutes that are left, rounded up; none where no time runs.
    pub(crate) fn minutes_left(self, now: Duration) -> Option<u64> {
        match self {
            Self::Armed(until) => Some(until.saturating_sub(now).as_secs().div_ceil(60)),
            _ => None,
        }
    }

    /// When its words change by themselves.
    pub(crate) fn next_change(self, now: Duration) -> Option<Duration> {
        let Self::Armed(until) = self else {
            return None;
        };
        let minutes = self.minutes_left(now)?.saturating_sub(1);
        let minutes = u32::try_from(minutes).unwrap_or(u32::MAX);
        // A little later, so that the word is another then.
        Some((until.saturating_sub(MINUTE * minutes) + Duration::from_millis(1)).max(now))
    }
}

/// The question for the name of a protected service.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Arming {
    /// What is typed.
    pub line: Line,
    /// Whether it was something else.
    pub wrong: bool,
}

/// What a key of the question asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Nothing but to be drawn.
    Nothing,
    /// To be closed.
    Close,
    /// To let changes through.
    Arm,
}

impl Arming {
    /// A question without an answer.
    pub(crate) fn new() -> Self {
        Self {
            line: Line::default(),
            wrong: false,
        }
    }

    /// Handles a key; `label` is the name that is asked for.
    pub(crate) fn key(&mut self, pressed: Pressed, label: &str) -> Asked {
        match pressed.means {
            Some(Inside::Leave) => return Asked::Close,
            Some(Inside::Take) if self.line.text().trim() == label => return Asked::Arm,
            Some(Inside::Take) => self.wrong = true,
            Some(_) => {}
            None => {
                self.wrong = false;
                self.line.edit(pressed.key);
            }
        }
        Asked::Nothing
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::actions::Dialog;
    use crate::console::input::key::Key;
    use crate::console::keys::Keymap;

    #[test]
    fn a_protected_service_is_open_for_ten_minutes_that_are_counted_down() {
        let start = Duration::from_secs(5);
        let mut writes = Writes::Armed(start + ARMED_FOR);
        assert_eq!(writes.minutes_left(start), Some(10));
        let next = writes.next_change(start).unwrap();
        assert_eq!(writes.minutes_left(next), Some(9));
        assert!(!writes.settle(start + ARMED_FOR - Duration::from_millis(1)));
        assert_eq!(writes.minutes_left(start + ARMED_FOR - MINUTE / 2), Some(1));
        assert!(writes.settle(start + ARMED_FOR));
        assert_eq!((writes, writes.allowed()), (Writes::Locked, false));
    }

    #[test]
    fn every_state_has_its_switch() {
        for (writes, switched) in [
            (Writes::Never, Switched::Refused),
            (Writes::On, Switched::To(Writes::Off)),
            (Writes::Off, Switched::To(Writes::On)),
            (Writes::Locked, Switched::Asks),
            (Writes::Armed(ARMED_FOR), Switched::To(Writes::Locked)),
        ] {
            assert_eq!(writes.switched(), switched);
        }
    }

    #[test]
    fn only_the_name_as_it_is_opens_it() {
        let mut arming = Arming::new();
        let typed = |arming: &mut Arming, keys: &str| {
            let keys = keys.split(' ').map(|key| Key::parse(key).unwrap());
            let line = Keymap::ops();
            let pressed = keys.map(|key| Pressed::new(&line, Dialog::Line, true, key));
            pressed.map(|one| arming.key(one, "prod")).last().unwrap()
        };
        assert_eq!(typed(&mut arming, "P r o d enter"), Asked::Nothing);
        assert!(arming.wrong);
        assert_eq!(typed(&mut arming, "ctrl-u p r o d enter"), Asked::Arm);
        assert_eq!(typed(&mut arming, "esc"), Asked::Close);
    }
}
