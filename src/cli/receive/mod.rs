//! A small HTTP/1.1 receiver: what `listen` and `demo` answer deliveries with, and how `verify` reads a request.
//!
//! **Promises.** Whatever comes in is bounded, and none of it is printed here.
//!
//! - `request`: a request's head and body, from bytes
//! - `connection`: requests off a socket, answers onto it
//! - `behaviour`: how to answer: status, failures, delay

mod behaviour;
mod connection;
mod request;

pub(crate) use behaviour::{Answer, Behaviour, Share};
pub(crate) use connection::serve;
pub(crate) use request::{Received, read_whole};
