//! The console: a client like any other that draws what the service tells it and sends what keys ask for.

pub mod options;
mod shell;
pub mod term;
pub mod theme;

pub use options::{ConsoleError, ConsoleOptions, ExitReason, TerminalTraits};
pub use shell::run;
pub use term::tty::Tty;
