//! No trick leads a request to an address that the operator has not allowed (P7).

use std::sync::atomic::{AtomicUsize, Ordering};

use hookyard::domain::address::AddressRules;
use hookyard::domain::attempt::FailureClass;
use hookyard::transport::{HttpTransport, Transport, TransportOptions};

use super::harness::{
    answered, failed, looking_up, loopback, names_lead_to, post, transport, transport_with,
};
use crate::support::receiver::Receiver;

/// A transport with the rules of a fresh installation: public addresses only.
fn strict(options: TransportOptions) -> HttpTransport {
    HttpTransport::new(options).unwrap()
}

#[tokio::test]
async fn no_spelling_of_loopback_gets_through() {
    let receiver = Receiver::start();
    let port = receiver.address().port();
    let transport = strict(names_lead_to(&["127.0.0.1"]));
    let spellings = [
        "127.0.0.1",
        "127.1",
        "0",
        "0.0.0.0",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.01",
        "127.0.0.1.",
        "%31%32%37.0.0.1",
        "１２７.0.0.1",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[0000:0000:0000:0000:0000:ffff:7f00:0001]",
        "[::7f00:1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::1]",
        "localhost",
        "LOCALHOST",
        "sub.localhost",
        "localhost.",
        "hooks.example.com",
        "good.example@127.0.0.1",
    ];
    for host in spellings {
        let exchange = transport
            .send(post(&format!("http://{host}:{port}/")))
            .await;
        failed(&exchange, FailureClass::Blocked);
        assert_eq!(exchange.response, None, "{host}");
    }
    assert_eq!(receiver.connections(), 0);
}

#[tokio::test]
async fn every_spelling_of_an_allowed_address_arrives() {
    let receiver = Receiver::start();
    let port = receiver.address().port();
    let transport = transport();
    let spellings = ["127.0.0.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"];
    for host in spellings {
        let (exchange, _) = answered(&transport, &format!("http://{host}:{port}/")).await;
        let remote = exchange.remote_address.unwrap();
        assert_eq!(
            remote.ip().to_canonical(),
            receiver.address().ip(),
            "{host}"
        );
    }
}

#[tokio::test]
async fn metadata_services_are_blocked_whatever_leads_there() {
    let by_name = strict(names_lead_to(&["169.254.169.254"]));
    for url in [
        "http://169.254.169.254/latest/meta-data",
        "http://[fd00:ec2::254]/",
        "http://168.63.129.16/",
        "http://metadata.example.com/",
    ] {
        let exchange = by_name.send(post(url)).await;
        let text = failed(&exchange, FailureClass::Blocked);
        assert!(text.contains("metadata"), "{url}: {text}");
    }
}

#[tokio::test]
async fn one_forbidden_answer_of_a_name_blocks_them_all() {
    let receiver = Receiver::start();
    for answers in [["192.0.43.8", "127.0.0.1"], ["127.0.0.1", "192.0.43.8"]] {
        let transport = strict(names_lead_to(&answers));
        let url = receiver.url_by_name("hooks.example.com", "/");
        let exchange = transport.send(post(&url)).await;
        let text = failed(&exchange, FailureClass::Blocked);
        assert!(text.contains("127.0.0.1 is a loopback address"), "{text}");
    }
    assert_eq!(receiver.connections(), 0);
}

#[tokio::test]
async fn a_name_is_connected_to_at_the_very_address_that_was_judged() {
    let receiver = Receiver::start();
    let lookups = std::sync::Arc::new(AtomicUsize::new(0));
    let counted = std::sync::Arc::clone(&lookups);
    // A rebinding server: allowed at first, forbidden from then on.
    let options = looking_up(move |_: &str| {
        let address = match counted.fetch_add(1, Ordering::SeqCst) {
            0 => "127.0.0.1:0",
            _ => "10.0.0.1:0",
        };
        Ok(vec![address.parse().unwrap()])
    });
    let transport = transport_with(TransportOptions {
        idle_per_host_max: 0,
        ..options
    });
    let url = receiver.url_by_name("rebind.example.com", "/");
    let (exchange, _) = answered(&transport, &url).await;
    assert_eq!(exchange.remote_address, Some(receiver.address()));
    assert_eq!(lookups.load(Ordering::SeqCst), 1, "one lookup, then pinned");
    let exchange = transport.send(post(&url)).await;
    let text = failed(&exchange, FailureClass::Blocked);
    assert!(text.contains("10.0.0.1 is a private address"), "{text}");
    assert_eq!(lookups.load(Ordering::SeqCst), 2);
    assert_eq!(receiver.requests().len(), 1);
}

#[tokio::test]
async fn new_rules_hold_for_connections_that_were_kept_under_the_old() {
    let receiver = Receiver::start();
    let transport = transport_with(names_lead_to(&["127.0.0.1"]));
    let by_name = receiver.url_by_name("hooks.example.com", "/");
    answered(&transport, &by_name).await;
    let shut = transport.prepare_targets(AddressRules::default());
    transport.set_targets(shut.unwrap());
    for url in [&by_name, &receiver.url("/")] {
        let exchange = transport.send(post(url)).await;
        failed(&exchange, FailureClass::Blocked);
    }
    let open = transport.prepare_targets(loopback());
    transport.set_targets(open.unwrap());
    answered(&transport, &by_name).await;
    assert_eq!(receiver.requests().len(), 2);
}

#[tokio::test]
async fn a_denied_address_is_blocked_though_it_is_allowed() {
    let receiver = Receiver::start();
    let mut targets = loopback();
    targets.deny = vec!["127.0.0.1/32".parse().unwrap()];
    let transport = strict(TransportOptions {
        targets,
        ..names_lead_to(&["127.0.0.1"])
    });
    for url in [
        receiver.url("/"),
        receiver.url_by_name("hooks.example.com", "/"),
    ] {
        let exchange = transport.send(post(&url)).await;
        let text = failed(&exchange, FailureClass::Blocked);
        assert!(text.contains("targets.deny"), "{text}");
    }
}

#[tokio::test]
async fn the_services_own_listener_is_blocked_by_name_and_by_address() {
    let receiver = Receiver::start();
    let mut targets = loopback();
    targets.own_listeners = vec![receiver.address()];
    let transport = strict(TransportOptions {
        targets,
        ..names_lead_to(&["127.0.0.1"])
    });
    for url in [
        receiver.url("/v1/events"),
        receiver.url_by_name("hooks.example.com", "/v1/events"),
    ] {
        let exchange = transport.send(post(&url)).await;
        let text = failed(&exchange, FailureClass::Blocked);
        assert!(text.contains("own listener"), "{text}");
    }
    assert_eq!(receiver.connections(), 0);
}

#[tokio::test]
async fn plain_http_is_blocked_where_https_is_required() {
    let receiver = Receiver::start();
    let transport = strict(TransportOptions {
        targets: AddressRules {
            require_https: true,
            ..loopback()
        },
        ..TransportOptions::default()
    });
    let exchange = transport.send(post(&receiver.url("/"))).await;
    let text = failed(&exchange, FailureClass::Blocked);
    assert!(text.contains("targets.require_https"), "{text}");
}
