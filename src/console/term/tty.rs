//! The two files of a terminal: where keys come from and where frames go.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::termios::{isatty, tcgetwinsize};

use super::super::options::ConsoleError;

/// A terminal's files, held open by themselves.
#[derive(Debug)]
pub struct Tty {
    input: OwnedFd,
    output: OwnedFd,
}

impl Tty {
    /// This process's standard input and output.
    ///
    /// # Errors
    /// They are closed.
    pub fn stdio() -> io::Result<Self> {
        Ok(Self {
            input: io::stdin().as_fd().try_clone_to_owned()?,
            output: io::stdout().as_fd().try_clone_to_owned()?,
        })
    }

    /// These files, such as two ends of a pseudo-terminal.
    pub fn from_files(input: OwnedFd, output: OwnedFd) -> Self {
        Self { input, output }
    }

    /// Where keys come from.
    pub fn input(&self) -> BorrowedFd<'_> {
        self.input.as_fd()
    }

    /// Where frames go.
    pub fn output(&self) -> BorrowedFd<'_> {
        self.output.as_fd()
    }

    /// Whether a console can be drawn here.
    ///
    /// # Errors
    /// One of the files is no terminal, the terminal is dumb, or it has no size.
    pub fn check(&self, term: Option<&str>) -> Result<(), ConsoleError> {
        for (file, which) in [
            (&self.input, "standard input"),
            (&self.output, "standard output"),
        ] {
            if !isatty(file) {
                return Err(ConsoleError::NoTerminal { which });
            }
        }
        if let Some(term @ ("dumb" | "unknown")) = term {
            return Err(ConsoleError::DumbTerminal { term: term.into() });
        }
        match self.size() {
            Some(_) => Ok(()),
            None => Err(ConsoleError::NoSize),
        }
    }

    /// Columns and rows; `None` when the terminal does not say or says zero.
    pub fn size(&self) -> Option<(u16, u16)> {
        let size = tcgetwinsize(&self.output).ok()?;
        (size.ws_col > 0 && size.ws_row > 0).then_some((size.ws_col, size.ws_row))
    }
}
