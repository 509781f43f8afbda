//! What a console is started with, how it ends, and why it could not start.

use std::path::PathBuf;
use std::sync::Arc;

use rand_chacha::ChaCha8Rng;

use super::idle::IdleLines;
use super::keys::Keymap;
use super::surroundings::Surroundings;
use super::term::policy::Scrolling;
use super::term::tty::Tty;
use super::theme::{Appearance, ThemeError};
use crate::client::Client;
use crate::clock::SharedClock;
use crate::domain::time::Timestamp;

/// Gives a client of the context in this place of [`Surroundings::contexts`], or says why there is none. It may read files.
pub type Reach = Arc<dyn Fn(usize) -> Result<Client, String> + Send + Sync>;

/// What a console is started with.
pub struct ConsoleOptions {
    /// The service to look at.
    pub client: Client,
    /// What the header calls it: `local`, `embedded`, a context's name, or a host. Escaped before it is drawn.
    pub label: String,
    /// Whether the service runs in this process: leaving ends it, and ctrl-z would stop deliveries.
    pub embedded: bool,
    /// What else is known of it, and of others.
    pub surroundings: Surroundings,
    /// How others are reached, to be asked whether they are there; `None` where they are not.
    pub reach: Option<Reach>,
    /// Whether every action that changes something is refused.
    pub read_only: bool,
    /// The instant that is looked back to at first; `None` for now.
    pub at: Option<Timestamp>,
    /// The theme by name; `None` for the one that fits the terminal.
    pub theme: Option<String>,
    /// Where the user's own `NAME.toml` themes lie; they win over the built-in ones of the same name.
    pub themes_dir: Option<PathBuf>,
    /// The file of what consoles remember between runs; `None` to remember nothing.
    pub memory: Option<PathBuf>,
    /// What keys mean.
    pub keys: Keymap,
    /// Whether only ASCII glyphs are drawn.
    pub ascii: bool,
    /// Whether rows that moved are moved by the terminal.
    pub scrolling: Scrolling,
    /// Whether the line is slow: two frames a second for data. Otherwise that is found out where there is a line.
    pub slow: bool,
    /// What the environment says about the terminal.
    pub traits: TerminalTraits,
    /// The time.
    pub clock: SharedClock,
    /// Spreads reconnects.
    pub rng: ChaCha8Rng,
    /// Where keys come from and frames go to.
    pub tty: Tty,
    /// Told whenever there is nothing left to do: for scripts that drive the console.
    pub idle: Option<IdleLines>,
}

/// What the environment says about the terminal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TerminalTraits {
    /// `TERM`.
    pub term: Option<String>,
    /// `COLORTERM`.
    pub colorterm: Option<String>,
    /// Whether `NO_COLOR` is set and not empty.
    pub no_color: bool,
    /// Whether `TMUX` is set.
    pub tmux: bool,
    /// Whether `STY` is set, as by GNU screen.
    pub screen: bool,
    /// Whether `SSH_CONNECTION` or `SSH_TTY` is set.
    pub ssh: bool,
    /// Whether sixteen colours are enough, though the terminal has more: they take fewer bytes.
    pub few_colors: bool,
    /// What is known of the terminal's background; at first from `COLORFGBG`, which some terminals set.
    pub background: Appearance,
    /// The locale in force: `LC_ALL`, else `LC_CTYPE`, else `LANG`.
    pub locale: Option<String>,
    /// `PAGER`.
    pub pager: Option<String>,
    /// `HOME`.
    pub home: Option<PathBuf>,
}

impl TerminalTraits {
    /// Reads the variables by `look_up`, which gives a variable's value.
    pub fn from_environment(look_up: impl Fn(&str) -> Option<String>) -> Self {
        let filled = |name: &str| look_up(name).filter(|value| !value.is_empty());
        Self {
            term: filled("TERM"),
            pager: filled("PAGER"),
            home: filled("HOME").map(PathBuf::from),
            colorterm: filled("COLORTERM"),
            no_color: filled("NO_COLOR").is_some(),
            tmux: filled("TMUX").is_some(),
            screen: filled("STY").is_some(),
            ssh: filled("SSH_CONNECTION").or(filled("SSH_TTY")).is_some(),
            few_colors: false,
            background: filled("COLORFGBG").map_or(Appearance::Any, |value| background(&value)),
            locale: ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(filled),
        }
    }

    /// Whether the locale can show more than ASCII.
    pub fn speaks_unicode(&self) -> bool {
        self.locale.as_deref().is_some_and(|locale| {
            let locale = locale.to_ascii_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        })
    }
}

/// What `COLORFGBG` says of the background: the number of one of the sixteen colours behind its last semicolon.
fn background(colors: &str) -> Appearance {
    let last = colors.rsplit(';').next().unwrap_or_default();
    match last.parse::<u8>() {
        Ok(0..=6 | 8) => Appearance::Dark,
        Ok(7 | 9..=15) => Appearance::Light,
        _ => Appearance::Any,
    }
}

/// Why the console ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitReason {
    /// The operator left.
    Quit,
    /// SIGTERM or SIGHUP came.
    Signal,
    /// The terminal is gone.
    HangUp,
    /// The operator goes to another service: its place among [`Surroundings::contexts`].
    Switch(usize),
}

/// Why a console could not start, or had to stop.
#[derive(Debug, thiserror::Error)]
pub enum ConsoleError {
    /// Standard input or output is no terminal.
    #[error(
        "console needs a terminal, {which} is none: use `hookyard console --plain`, and `hookyard delivery list` in scripts"
    )]
    NoTerminal {
        /// `standard input` or `standard output`.
        which: &'static str,
    },
    /// The terminal cannot place text.
    #[error(
        "console needs a terminal that can place text, TERM is {term:?}: use `hookyard console --plain`"
    )]
    DumbTerminal {
        /// `TERM`.
        term: String,
    },
    /// The terminal has no size.
    #[error(
        "console needs a terminal with a size, this one says 0x0: set it with `stty cols 80 rows 24`"
    )]
    NoSize,
    /// The theme cannot be used.
    #[error(transparent)]
    Theme(#[from] ThemeError),
    /// The terminal does not do what it is told.
    #[error("failed to use the terminal")]
    Terminal(#[source] std::io::Error),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colorfgbg_tells_the_background_by_its_last_number() {
        for (value, expected) in [
            ("15;0", Appearance::Dark),
            ("0;default;15", Appearance::Light),
            ("12;8", Appearance::Dark),
            ("0;7", Appearance::Light),
            ("15;default", Appearance::Any),
            ("15;16", Appearance::Any),
        ] {
            assert_eq!(background(value), expected, "{value}");
        }
    }

    #[test]
    fn the_locale_decides_about_unicode_in_the_order_of_posix() {
        let traits = TerminalTraits::from_environment(|name| match name {
            "LC_ALL" => Some(String::new()),
            "LC_CTYPE" => Some("C".into()),
            "LANG" => Some("de_DE.UTF-8".into()),
            "NO_COLOR" => Some("1".into()),
            _ => None,
        });
        assert_eq!(traits.locale.as_deref(), Some("C"));
        assert!(!traits.speaks_unicode());
        assert!(traits.no_color && !traits.tmux);
        assert_eq!(traits.background, Appearance::Any);
        let utf8 = TerminalTraits {
            locale: Some("C.UTF8".into()),
            ..TerminalTraits::default()
        };
        assert!(utf8.speaks_unicode());
    }
}
