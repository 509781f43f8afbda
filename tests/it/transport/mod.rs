//! The transport against real sockets: what goes out, what comes back, and what must never go out.

mod addresses;
mod certificates;
mod connections;
mod failures;
pub(crate) mod harness;
mod hostile;
mod lookups;
