//! The console: a client like any other that draws what the service tells it and sends what keys ask for.
//!
//! ```text
//!  input/ (thread) ──keys──┐                                ┌──► view/ ──cells──► term/ (thread) ──bytes──► terminal
//!  client stream ──frames──┼─► shell ─Msg─► app::update ─Cmd─┤
//!  client calls ──answers──┘      (pure: Model, now, Msg)    └──► perform ──calls──► service
//! ```
//! `actions` is the one table of what keys do, `keys` what a file makes of it; `themes/*.toml` say how things look.
//! Where nothing can be drawn, `plain` answers line by line; `idle` tells a script when there is nothing left to do. The
//! console never ends because the service goes away, never waits for the terminal, and acts on nothing but what was seen.

mod actions;
mod app;
mod clipboard;
pub mod idle;
mod input;
pub mod keys;
mod memory;
pub mod options;
mod outside;
mod perform;
pub mod plain;
mod quiet;
mod shell;
mod surroundings;
pub mod term;
pub mod theme;
mod view;

#[cfg(test)]
pub(crate) use app::samples::shown_commands;
pub use options::{ConsoleError, ConsoleOptions, ExitReason, Reach, TerminalTraits};
pub use quiet::{InvalidQuietHours, QuietHours};
pub use shell::run;
pub use surroundings::{Environ, Neighbour, Surroundings};
pub use term::policy::Scrolling;
pub use term::tty::Tty;
pub use theme::{Theme, ThemeError};
