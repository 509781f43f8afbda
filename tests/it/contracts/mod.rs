//! What contracts promise, checked against the programs that consumers run, and from publisher to receiver.

mod ecmascript;
mod tolerance;
