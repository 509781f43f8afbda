//! What the tests stand on: real receivers on loopback.

pub(crate) mod receiver;
pub(crate) mod receiver_answer;
pub(crate) mod receiver_tls;
