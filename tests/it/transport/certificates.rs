//! Which receivers are trusted over HTTPS.

use hookyard::domain::attempt::FailureClass;
use hookyard::transport::{HttpTransport, Transport, TransportOptions};
use tokio_rustls::TlsAcceptor;

use super::harness::{answered, failed, names_lead_to, post, transport_with};
use crate::support::receiver::Receiver;
use crate::support::receiver_tls::{Authority, self_signed, tls_1_1_hello};

const NAME: &str = "hooks.example.com";

fn trusting(authority: &Authority) -> HttpTransport {
    transport_with(TransportOptions {
        extra_roots: vec![authority.roots_file()],
        ..names_lead_to(&["127.0.0.1"])
    })
}

/// Sends to a receiver with this certificate and gives the text of the `tls` failure.
async fn refused(transport: &HttpTransport, acceptor: TlsAcceptor) -> String {
    let receiver = Receiver::start_tls(acceptor);
    let exchange = transport.send(post(&receiver.url_by_name(NAME, "/"))).await;
    assert!(receiver.requests().is_empty());
    assert!(exchange.phases.connect.is_some());
    failed(&exchange, FailureClass::Tls)
}

#[tokio::test]
async fn a_certificate_under_an_extra_root_is_accepted() {
    let authority = Authority::new();
    let transport = trusting(&authority);
    for (names, by_name) in [([NAME], true), (["127.0.0.1"], false)] {
        let receiver = Receiver::start_tls(authority.valid(&names));
        let url = match by_name {
            true => receiver.url_by_name(NAME, "/"),
            false => receiver.url("/"),
        };
        let (exchange, _) = answered(&transport, &url).await;
        assert!(exchange.phases.tls.is_some());
    }
}

#[tokio::test]
async fn an_exchange_tells_when_the_receivers_certificate_runs_out() {
    let authority = Authority::new();
    let transport = trusting(&authority);
    let receiver = Receiver::start_tls(authority.valid_until_june_2041(&["127.0.0.1"]));
    let (exchange, _) = answered(&transport, &receiver.url("/")).await;
    let june = "2041-06-01T00:00:00Z".parse().unwrap();
    assert_eq!(exchange.certificate_expires_at, Some(june));
    let plain = Receiver::start();
    let (exchange, _) = answered(&transport, &plain.url("/")).await;
    assert_eq!(exchange.certificate_expires_at, None);
}

#[tokio::test]
async fn without_its_root_an_authority_of_ones_own_is_refused_and_with_it_accepted() {
    let authority = Authority::new();
    let receiver = Receiver::start_tls(authority.valid(&[NAME]));
    let url = receiver.url_by_name(NAME, "/");
    let by_the_system = transport_with(names_lead_to(&["127.0.0.1"]));
    let text = failed(&by_the_system.send(post(&url)).await, FailureClass::Tls);
    assert!(
        text.contains("not signed by an authority that is trusted here"),
        "{text}"
    );
    assert!(receiver.requests().is_empty());
    answered(&trusting(&authority), &url).await;
    assert_eq!(receiver.requests().len(), 1);
}

#[tokio::test]
async fn bad_certificates_are_refused_with_the_reason() {
    let authority = Authority::new();
    let transport = trusting(&authority);
    let cases = [
        (
            authority.expired(&[NAME]),
            "its certificate expired at 2001-01-01T00:00:00Z",
        ),
        (authority.valid(&["other.example.com"]), "not valid for"),
        (self_signed(&[NAME]), "targets.extra_roots"),
        (
            Authority::new().valid(&[NAME]),
            "not signed by an authority that is trusted here",
        ),
    ];
    for (acceptor, reason) in cases {
        let text = refused(&transport, acceptor).await;
        assert!(
            text.starts_with(&format!("no TLS connection to {NAME}:")),
            "{text}"
        );
        assert!(text.contains(reason), "expected {reason:?} in: {text}");
    }
}

#[tokio::test]
async fn a_server_that_speaks_tls_1_2_only_is_accepted_and_its_sessions_are_resumed() {
    let authority = Authority::new();
    let receiver = Receiver::start_tls(authority.tls_1_2(&[NAME]));
    let transport = transport_with(TransportOptions {
        extra_roots: vec![authority.roots_file()],
        idle_per_host_max: 0,
        ..names_lead_to(&["127.0.0.1"])
    });
    for _ in 0..2 {
        let (exchange, _) = answered(&transport, &receiver.url_by_name(NAME, "/")).await;
        assert!(exchange.phases.tls.is_some());
    }
    assert_eq!(receiver.connections(), 2);
}

#[tokio::test]
async fn a_server_below_tls_1_2_is_refused() {
    let authority = Authority::new();
    let receiver = Receiver::start_bytes("https", &tls_1_1_hello());
    let exchange = trusting(&authority)
        .send(post(&receiver.url_by_name(NAME, "/")))
        .await;
    let text = failed(&exchange, FailureClass::Tls);
    assert!(text.contains("neither TLS 1.2 nor 1.3"), "{text}");
}

#[tokio::test]
async fn a_transport_with_a_bad_roots_file_does_not_start() {
    let refused = HttpTransport::new(TransportOptions {
        extra_roots: vec!["/nowhere/roots.pem".into()],
        ..TransportOptions::default()
    });
    let Err(error) = refused else {
        panic!("the missing file was ignored");
    };
    assert_eq!(
        error.to_string(),
        "failed to read the extra root certificates in /nowhere/roots.pem"
    );
}
