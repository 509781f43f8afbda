//! What the terminal may be asked for beyond writing, by what lies between it and the console. Pure.
//!
//! - **Moving rows** saves most of a list's bytes. A multiplexer keeps a screen of its own: tmux passes a move on where
//!   the pane is as wide as its window, and beside another pane it draws everything again, half as much again as without.
//!   mosh and GNU screen work out their own differences. Where rows are not moved, lists that follow are swept.
//! - **Synchronized output** (mode 2026) keeps a terminal from showing half a frame. tmux either ignores it or draws the
//!   whole pane again for it, depending on its version; mosh and GNU screen ignore it.

use super::super::options::TerminalTraits;

/// Whether rows are moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scrolling {
    /// Where it is known to save bytes.
    #[default]
    Auto,
    /// Always.
    On,
    /// Never.
    Off,
}

/// What lies between the console and the terminal that is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Between {
    /// Nothing that has a screen of its own, as far as is known.
    Nothing,
    /// tmux.
    Tmux,
    /// GNU screen.
    Screen,
    /// mosh.
    Mosh,
}

/// What the terminal may be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Policy {
    /// To move rows.
    pub scroll: bool,
    /// To leave rows on their lines, because it is known that they cannot be moved for less.
    pub sweep: bool,
    /// To show a frame when it is whole.
    pub synchronize: bool,
}

impl Between {
    /// By the environment, and by whether this process was started under mosh, which leaves no trace there.
    pub(crate) fn of(traits: &TerminalTraits, under_mosh: bool) -> Self {
        let term = traits.term.as_deref().unwrap_or("");
        if traits.tmux || term.starts_with("tmux") {
            Self::Tmux
        } else if traits.screen || term.starts_with("screen") {
            Self::Screen
        } else if under_mosh {
            Self::Mosh
        } else {
            Self::Nothing
        }
    }
}

impl Between {
    /// Whether the terminal can be asked for its background: mosh and GNU screen take the question for themselves.
    pub(crate) fn tells_background(self) -> bool {
        matches!(self, Self::Nothing | Self::Tmux)
    }

    /// Whether a notification of the desktop (OSC 9) may be sent: a multiplexer takes it for itself or drops it, and
    /// the console of a machine itself prints it.
    pub(crate) fn lets_notify(self, term: Option<&str>) -> bool {
        let term = term.unwrap_or("");
        self == Self::Nothing
            && !["linux", "vt", "dumb"]
                .iter()
                .any(|own| term.starts_with(own))
    }
}

impl Policy {
    /// By what was asked for, what lies between, and whether tmux says that the pane is as wide as its window: `None`
    /// while it has not answered.
    pub(crate) fn new(asked: Scrolling, between: Between, whole_width: Option<bool>) -> Self {
        let scroll = match (asked, between) {
            (Scrolling::On, _) | (Scrolling::Auto, Between::Nothing) => true,
            (Scrolling::Auto, Between::Tmux) => whole_width == Some(true),
            (Scrolling::Off, _) | (Scrolling::Auto, Between::Screen | Between::Mosh) => false,
        };
        let is_known =
            between != Between::Tmux || whole_width.is_some() || asked != Scrolling::Auto;
        Self {
            scroll,
            sweep: is_known && !scroll,
            synchronize: between == Between::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_moved_where_that_saves_bytes_or_where_it_was_asked_for() {
        use Between::{Mosh, Nothing, Screen, Tmux};
        use Scrolling::{Auto, Off, On};
        for (asked, between, whole_width, scroll, sweep, synchronize) in [
            (Auto, Nothing, None, true, false, true),
            // tmux has not answered: rows stay as they are for the moment.
            (Auto, Tmux, None, false, false, false),
            (Auto, Tmux, Some(false), false, true, false),
            (Auto, Tmux, Some(true), true, false, false),
            (Auto, Screen, None, false, true, false),
            (Auto, Mosh, None, false, true, false),
            (On, Tmux, Some(false), true, false, false),
            (On, Mosh, None, true, false, false),
            (Off, Nothing, None, false, true, true),
            (Off, Tmux, None, false, true, false),
        ] {
            assert_eq!(
                Policy::new(asked, between, whole_width),
                Policy {
                    scroll,
                    sweep,
                    synchronize
                },
                "{asked:?} {between:?} {whole_width:?}"
            );
        }
    }

    #[test]
    fn a_notification_is_sent_to_a_terminal_of_a_desktop_alone() {
        for (between, term, allowed) in [
            (Between::Nothing, "xterm-256color", true),
            (Between::Nothing, "xterm-kitty", true),
            (Between::Nothing, "linux", false),
            (Between::Nothing, "vt220", false),
            (Between::Tmux, "tmux-256color", false),
            (Between::Screen, "screen", false),
            (Between::Mosh, "xterm-256color", false),
        ] {
            assert_eq!(
                between.lets_notify(Some(term)),
                allowed,
                "{between:?} {term}"
            );
        }
    }

    #[test]
    fn the_innermost_that_can_be_known_counts() {
        let of = |tmux, screen, term: &str, mosh| {
            let traits = TerminalTraits {
                term: Some(term.into()),
                tmux,
                screen,
                ..TerminalTraits::default()
            };
            Between::of(&traits, mosh)
        };
        for (tmux, screen, term, mosh, expected) in [
            (false, false, "xterm-256color", false, Between::Nothing),
            (true, false, "screen-256color", true, Between::Tmux),
            (false, false, "tmux-256color", false, Between::Tmux),
            (false, true, "xterm", false, Between::Screen),
            (false, false, "screen", false, Between::Screen),
            (false, false, "xterm-256color", true, Between::Mosh),
        ] {
            assert_eq!(
                of(tmux, screen, term, mosh),
                expected,
                "{term} tmux {tmux} screen {screen} mosh {mosh}"
            );
        }
    }
}
