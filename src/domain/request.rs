//! What the contract renders and the transport sends, and what comes back of it.

use std::net::SocketAddr;
use std::time::Duration;

use super::attempt::{Failure, Phases, Response};
use super::id::{SecretId, ServiceKeyId};
use super::time::Timestamp;

/// A request ready to be sent, byte for byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreparedRequest {
    /// The HTTP method, such as `POST`.
    pub method: String,
    /// The absolute URL.
    pub url: String,
    /// Header names and values in order, the contract's and the endpoint's; without `Host` and `Content-Length`.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// What cannot be rendered again and is stored with the attempt: the signatures and the endpoint's own of
    /// `headers`, and a signature in the body by the JSON pointer of its member, such as `/signature`.
    pub signatures: Vec<(String, String)>,
    /// The secrets that signed, newest first.
    pub secret_ids: Vec<SecretId>,
    /// The service's own keys that signed, newest first.
    pub service_key_ids: Vec<ServiceKeyId>,
    /// SHA-256 of `body`.
    pub body_sha256: [u8; 32],
    /// The longest the whole exchange may take, body included.
    pub timeout: Duration,
    /// The longest that connecting may take.
    pub connect_timeout: Duration,
}

/// What came of sending a request.
///
/// Without `failure` the response is complete (or cut at the cap); with it, `response` holds what had arrived.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exchange {
    /// The address connected to.
    pub remote_address: Option<SocketAddr>,
    /// When the certificate runs out that the receiver showed; `None` without TLS, or before it was seen.
    pub certificate_expires_at: Option<Timestamp>,
    /// How long each stage took.
    pub phases: Phases,
    /// The answer, where its head arrived.
    pub response: Option<Response>,
    /// Why no complete answer came.
    pub failure: Option<Failure>,
}
