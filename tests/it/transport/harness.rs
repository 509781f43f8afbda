//! A transport that may reach loopback, and requests for it.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hookyard::domain::address::{AddressRules, network_from_text};
use hookyard::domain::attempt::{Failure, FailureClass, Response};
use hookyard::domain::request::{Exchange, PreparedRequest};
use hookyard::transport::{HttpTransport, Lookup, Transport, TransportOptions};

/// Longer than any test takes; a request that lasts as long has failed to fail.
pub(crate) const LONG: Duration = Duration::from_secs(20);
/// The deadline of requests that are meant to miss it.
pub(crate) const SHORT: Duration = Duration::from_millis(250);

/// Rules that open both loopbacks.
pub(crate) fn loopback() -> AddressRules {
    AddressRules {
        allow: vec![
            network_from_text("127.0.0.0/8").unwrap(),
            network_from_text("::1").unwrap(),
        ],
        ..AddressRules::default()
    }
}

/// A transport that may reach loopback, with the system's lookup.
pub(crate) fn transport() -> HttpTransport {
    transport_with(TransportOptions::default())
}

/// A transport that may reach loopback, with these options.
pub(crate) fn transport_with(options: TransportOptions) -> HttpTransport {
    HttpTransport::new(TransportOptions {
        targets: loopback(),
        ..options
    })
    .unwrap()
}

/// Options whose every name leads to these addresses.
pub(crate) fn names_lead_to(addresses: &[&str]) -> TransportOptions {
    let addresses: Vec<SocketAddr> = addresses
        .iter()
        .map(|address| SocketAddr::new(address.parse::<IpAddr>().unwrap(), 0))
        .collect();
    looking_up(move |_: &str| Ok(addresses.clone()))
}

/// Options with this lookup.
pub(crate) fn looking_up(
    lookup: impl Fn(&str) -> io::Result<Vec<SocketAddr>> + Send + Sync + 'static,
) -> TransportOptions {
    TransportOptions {
        lookup: Arc::new(lookup) as Arc<dyn Lookup>,
        ..TransportOptions::default()
    }
}

/// A request that waits as long as it takes.
pub(crate) fn post(url: &str) -> PreparedRequest {
    PreparedRequest {
        method: "POST".to_owned(),
        url: url.to_owned(),
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: br#"{"type":"packet.signed"}"#.to_vec(),
        signatures: Vec::new(),
        secret_ids: Vec::new(),
        service_key_ids: Vec::new(),
        body_sha256: [0; 32],
        timeout: LONG,
        connect_timeout: LONG,
    }
}

/// A request that gives up after [`SHORT`].
pub(crate) fn hasty_post(url: &str) -> PreparedRequest {
    PreparedRequest {
        timeout: SHORT,
        ..post(url)
    }
}

/// Sends and expects a whole answer.
pub(crate) async fn answered(transport: &HttpTransport, url: &str) -> (Exchange, Response) {
    let exchange = transport.send(post(url)).await;
    assert_eq!(exchange.failure, None);
    let response = exchange.response.clone().unwrap();
    (exchange, response)
}

/// Expects a failure of this class, and gives its text.
pub(crate) fn failed(exchange: &Exchange, class: FailureClass) -> String {
    let Some(Failure { class: found, text }) = &exchange.failure else {
        panic!("expected {class:?}, got an answer: {exchange:?}");
    };
    assert_eq!(*found, class, "{text}");
    text.clone()
}
