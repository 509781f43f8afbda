//! The one integration binary: real sockets, real SQLite files, a real pseudo-terminal.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests fail loudly, as tests do"
)]

mod api;
mod cli;
mod console;
mod contracts;
mod crash;
mod disk_full;
mod engine;
mod guides;
mod store;
mod support;
mod transport;
mod verifiers;
