//! The terminal: its files, its modes, and the bytes that go to it.

pub mod tty;
