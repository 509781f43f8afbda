//! The console as it is used: a real pseudo-terminal, a real service, keys and what the screen shows.

mod keys;
mod leaving;
mod outside;
mod program;
mod pseudo_terminal;
mod themes;
mod using;
mod yard;
