//! Takes the terminal over and gives it back: at every exit, on a panic, and while the console is suspended.
//!
//! The one global of the console stands here, because a panic hook has no other way to the terminal. A panic in a
//! thread that is not the console's (an embedded lane, which is caught and started again) must not be printed over
//! the screen: it is logged. One in the console's own is logged and, once the terminal is given back, told on it,
//! escaped and without what it quotes, for that may be a receiver's; a report of it goes into a file of the user's own.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::panic::PanicHookInfo;
use std::sync::{Mutex, Once, PoisonError};
use std::thread::{self, ThreadId};

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};

use super::output::last_words;
use super::report;
use super::tty::Tty;
use crate::domain::escape::line;

/// Alternate screen, no cursor, pastes in brackets, a clean slate.
const ENTER: &[u8] = b"\x1b[?1049h\x1b[?25l\x1b[?2004h\x1b[0m\x1b[2J\x1b[H";
/// The reverse, and no more word of the background's changes, which may have been asked for.
const LEAVE: &[u8] = b"\x1b[?2031l\x1b[?2004l\x1b[0m\x1b[?25h\x1b[?1049l";

/// What it takes to give the terminal back.
struct Taken {
    input: OwnedFd,
    output: OwnedFd,
    modes: Termios,
    thread: ThreadId,
}

static TAKEN: Mutex<Option<Taken>> = Mutex::new(None);
static HOOK: Once = Once::new();

/// A terminal in the console's hands; dropping it gives the terminal back.
#[derive(Debug)]
pub(crate) struct TerminalGuard(());

impl TerminalGuard {
    /// Bytes that taking the terminal sends it.
    pub(crate) const TAKING: usize = ENTER.len();
    /// Bytes that giving it back sends it.
    pub(crate) const GIVING: usize = LEAVE.len();

    /// Raw mode, alternate screen, no cursor.
    ///
    /// # Errors
    /// The terminal refuses, or another console of this process has one.
    pub(crate) fn take(tty: &Tty) -> io::Result<Self> {
        HOOK.call_once(install_hook);
        let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.is_some() {
            return Err(io::Error::other("another console has the terminal"));
        }
        let modes = tcgetattr(tty.input())?;
        let mut raw = modes.clone();
        raw.make_raw();
        tcsetattr(tty.input(), OptionalActions::Now, &raw)?;
        last_words(tty.output(), ENTER);
        *taken = Some(Taken {
            input: tty.input().try_clone_to_owned()?,
            output: tty.output().try_clone_to_owned()?,
            modes,
            thread: thread::current().id(),
        });
        Ok(Self(()))
    }
}

impl Drop for TerminalGuard {
    fn drop(&mut self) {
        drop(give_back(&[]));
    }
}

/// Gives the terminal back if it is taken, and says these words on it; doing it twice does nothing. Where more can be said.
fn give_back(words: &[u8]) -> Option<OwnedFd> {
    let taken = TAKEN
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take()?;
    last_words(taken.output.as_fd(), LEAVE);
    // A terminal that is gone has no modes to restore.
    let _ = tcsetattr(&taken.input, OptionalActions::Now, &taken.modes);
    last_words(taken.output.as_fd(), words);
    Some(taken.output)
}

/// Before the panic's text is printed, the screen it is printed on must be the shell's.
fn install_hook() {
    let previous = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let owner = TAKEN
            .try_lock()
            .ok()
            .and_then(|taken| taken.as_ref().map(|taken| taken.thread));
        match owner {
            Some(thread) if thread != thread::current().id() => {
                tracing::error!(%panic, "a thread beside the console panicked");
            }
            Some(_) => {
                tell(panic);
                tracing::error!(%panic, "the console panicked");
            }
            None => previous(panic),
        }
    }));
}

/// Gives the terminal back, says on it what happened, and leaves a report: in this order, for a disk may be slow.
fn tell(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string);
    let place = place.as_deref().unwrap_or("an unknown place");
    let text = panic.payload_as_str().unwrap_or("no words");
    let Some(output) = give_back(told(place, text).as_bytes()) else {
        return;
    };
    let words = match report::write(place, text) {
        Ok(path) => format!("a report that you alone can read: {}\r\n", path.display()),
        Err(error) => format!("no report could be written: {error}\r\n"),
    };
    last_words(output.as_fd(), words.as_bytes());
}

/// What a person reads of a panic, in one line.
fn told(place: &str, text: &str) -> String {
    format!(
        "hookyard: the console panicked at {place}: {}\r\n",
        line(&report::redacted(text))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_that_quotes_a_receiver_is_told_in_one_harmless_line() {
        assert_eq!(
            told("src/a.rs:1:2", "not a status: \u{1b}]0;x\u{7}\n\u{202e}"),
            "hookyard: the console panicked at src/a.rs:1:2: not a status: \\x1b]0;x\\x07\\n\\u{202e}\r\n"
        );
    }
}
