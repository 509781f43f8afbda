//! Sends prepared requests over the network. The only place, beside `crate::client`, that knows reqwest and DNS.
//!
//! Promises: no request leaves for an address that [`crate::domain::address`] refuses, whatever the name, redirect
//! or rebinding trick (P7); every exchange ends by its deadline, body included; what is read of an answer is
//! bounded; what went wrong is a class and a sentence.
//!
//! ```text
//! send ─► target (URL parsed once, judged) ─► reqwest ─┬─ kept connection ──────────────────────────► request, answer
//!                                                      └─ resolver (every answer judged) ─► TCP ─► TLS
//!                                                            ─► connector (connected address judged) ─┘
//! ```
//!
//! Absent on purpose: redirects, proxies (the environment's too), decompression, HTTP/2, cookies, and resends. A
//! request is sent again only by hyper-util and only when it never left its queue, because a kept connection was
//! found closed before a byte was written (P2 allows no other). A receiver that closes a kept connection just as
//! the request goes out makes a `protocol` failure, which the ladder retries.

mod connector;
pub mod descriptors;
mod failure;
pub mod http;
mod lookups;
mod probe;
mod resolver;
mod sending;
mod target;
pub mod tls;

pub use http::{HttpTransport, TransportError, TransportOptions};
pub use lookups::{Lookup, SystemLookup};
pub use sending::{Sending, Transport};
pub use tls::TlsError;
