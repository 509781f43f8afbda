//! Signatures: making and checking them over bytes, one file per algorithm, and the keys they take.
//!
//! **Promises.** Signatures are compared in constant time. Keys never print and are wiped when dropped. What is
//! signed, how it is written and where it goes on the wire is the contract's matter, not decided here.

pub mod ed25519;
pub mod hmac;
pub mod secret;
pub mod service_key;
#[cfg(test)]
mod vectors;
