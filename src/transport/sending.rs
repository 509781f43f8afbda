//! The seam between the engine and the network.

use std::future::Future;
use std::pin::Pin;

use crate::domain::request::{Exchange, PreparedRequest};

/// A request on its way.
///
/// It borrows nothing, so it can be spawned. Dropped before its end, it closes the connection.
pub type Sending = Pin<Box<dyn Future<Output = Exchange> + Send>>;

/// What carries requests to receivers.
pub trait Transport: Send + Sync + 'static {
    /// Sends `request` once and waits for the whole answer.
    ///
    /// Never fails as a call: what went wrong stands in [`Exchange::failure`]. Ends within the request's
    /// `timeout` of real time, whatever the receiver does.
    fn send(&self, request: PreparedRequest) -> Sending;
}
