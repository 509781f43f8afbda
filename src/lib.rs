//! Hookyard: webhook delivery that an ops team runs from a terminal.

pub mod api;
pub mod cli;
pub mod client;
pub mod clock;
pub mod config;
pub mod console;
pub mod domain;
pub mod engine;
pub mod server;
pub mod store;
pub mod transport;
