//! The engine with real actors, store and sockets, on virtual time.

mod crashes;
mod ladder;
