//! `hookyard demo`: the whole product in one command, on a temporary directory.
//!
//! The service is [`super::service::Service`], as `serve` runs it: a file, fsync, a Unix socket, HTTP. Around it stand
//! receivers that behave well, slowly, badly, rudely and not at all, and steady traffic. Retry ladders are short, so
//! that back-off is seen within seconds. Loopback is an allowed target here and nowhere else.

mod play;
mod receivers;
mod summary;
mod traffic;

pub(crate) use play::{DemoArgs, run};
