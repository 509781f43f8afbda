//! The one integration binary: real sockets, real SQLite files, a real pseudo-terminal.

mod api;
mod cli;
mod console;
mod engine;
mod store;
mod support;
mod transport;
