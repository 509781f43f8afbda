//! What the tests stand on: real receivers on loopback, and a world for the engine.

pub(crate) mod receiver;
pub(crate) mod receiver_answer;
pub(crate) mod receiver_tls;
pub(crate) mod service;
pub(crate) mod skip;
pub(crate) mod world;
