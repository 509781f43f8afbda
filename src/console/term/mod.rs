//! The terminal: its files, its modes, and the bytes that go to it.

pub(crate) mod backend;
pub(crate) mod guard;
pub(crate) mod output;
pub(crate) mod sgr;
pub(crate) mod signals;
pub mod tty;
