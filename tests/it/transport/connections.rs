//! What goes over the wire, which connection carries it, and how long each stage takes.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hookyard::domain::attempt::FailureClass;
use hookyard::transport::{HttpTransport, Transport, TransportOptions};

use super::harness::{
    answered, failed, looking_up, loopback, names_lead_to, post, transport, transport_with,
};
use crate::support::receiver::Receiver;
use crate::support::receiver_answer::{Answer, Behaviour};
use crate::support::receiver_tls::Authority;

#[tokio::test]
async fn the_request_goes_out_as_it_was_prepared() {
    let receiver = Receiver::start();
    let mut request = post(&receiver.url("/hooks/in?tenant=a%20b"));
    request.headers.extend([
        ("webhook-id".to_owned(), "evt_1".to_owned()),
        ("X-FED-SIGNATURE".to_owned(), "abc".to_owned()),
        ("x-note".to_owned(), "caf\u{e9}".to_owned()),
    ]);
    request.body = "{\"a\":\"\u{e9}\"}".into();
    assert_eq!(transport().send(request).await.failure, None);
    let received = &receiver.requests()[0];
    let port = receiver.address().port();
    let expected = format!(
        "POST /hooks/in?tenant=a%20b HTTP/1.1\r\nContent-Type: application/json\r\nWebhook-Id: evt_1\r\n\
         X-Fed-Signature: abc\r\nX-Note: caf\u{e9}\r\nAccept: */*\r\nHost: 127.0.0.1:{port}\r\n\
         Content-Length: 10\r\n\r\n"
    );
    assert_eq!(String::from_utf8_lossy(&received.head), expected);
    assert_eq!(received.body, "{\"a\":\"\u{e9}\"}".as_bytes());
    assert_eq!(received.method, "POST");
}

#[tokio::test]
async fn a_fresh_connection_has_every_stage_and_a_kept_one_has_none_of_them() {
    let authority = Authority::new();
    let receiver = Receiver::start_tls(authority.valid(&["hooks.example.com"]));
    let transport = transport_with(TransportOptions {
        extra_roots: vec![authority.roots_file()],
        ..names_lead_to(&["127.0.0.1"])
    });
    let url = receiver.url_by_name("hooks.example.com", "/");

    let (fresh, _) = answered(&transport, &url).await;
    let stages = fresh.phases;
    assert!(!stages.reused);
    let parts = [
        stages.dns,
        stages.connect,
        stages.tls,
        stages.first_byte,
        stages.body,
    ];
    let sum: Duration = parts.iter().map(|part| part.unwrap()).sum();
    assert!(sum <= stages.total, "{stages:?}");
    assert_eq!(fresh.remote_address, Some(receiver.address()));

    let (kept, _) = answered(&transport, &url).await;
    let stages = kept.phases;
    assert!(stages.reused);
    assert_eq!((stages.dns, stages.connect, stages.tls), (None, None, None));
    assert!(stages.first_byte.unwrap() + stages.body.unwrap() <= stages.total);
    assert_eq!(kept.remote_address, Some(receiver.address()));
    assert_eq!(receiver.connections(), 1);
}

#[tokio::test]
async fn a_literal_address_over_plain_http_has_neither_dns_nor_tls() {
    let receiver = Receiver::start();
    let (exchange, _) = answered(&transport(), &receiver.url("/")).await;
    let stages = exchange.phases;
    assert_eq!((stages.dns, stages.tls), (None, None));
    assert!(stages.connect.is_some());
    assert!(!stages.reused);
}

#[tokio::test]
async fn a_slow_answer_shows_in_the_first_byte() {
    let receiver = Receiver::start();
    let delay = Duration::from_millis(60);
    receiver.always(Behaviour::ok().after(delay));
    let (exchange, _) = answered(&transport(), &receiver.url("/")).await;
    assert!(exchange.phases.first_byte.unwrap() >= delay);
    assert!(exchange.phases.connect.unwrap() < exchange.phases.first_byte.unwrap());
}

#[tokio::test]
async fn one_after_the_other_they_share_one_connection() {
    let receiver = Receiver::start();
    let transport = transport();
    for count in 0..20 {
        let (exchange, _) = answered(&transport, &receiver.url("/")).await;
        assert_eq!(exchange.phases.reused, count > 0);
    }
    assert_eq!(receiver.connections(), 1);
    assert!(
        receiver
            .requests()
            .iter()
            .all(|request| request.connection == 1)
    );
}

#[tokio::test]
async fn no_more_than_the_cap_of_idle_connections_is_kept() {
    let receiver = Receiver::start();
    let transport = transport_with(TransportOptions {
        idle_per_host_max: 2,
        ..TransportOptions::default()
    });
    receiver.always(Behaviour::ok().after(Duration::from_millis(50)));
    let url = receiver.url("/");
    let sends = (0..6).map(|_| answered(&transport, &url));
    futures_util::future::join_all(sends).await;
    assert_eq!(receiver.connections(), 6);
    receiver
        .wait_until("only the cap is left", |receiver| {
            receiver.open_connections() == 2
        })
        .await;
}

#[tokio::test]
async fn an_idle_connection_is_closed_in_time() {
    let receiver = Receiver::start();
    let transport = transport_with(TransportOptions {
        idle_max: Duration::from_millis(100),
        ..TransportOptions::default()
    });
    answered(&transport, &receiver.url("/")).await;
    receiver
        .wait_until("the idle connection is closed", |receiver| {
            receiver.open_connections() == 0
        })
        .await;
}

#[tokio::test]
async fn a_kept_connection_that_was_closed_is_not_used_and_costs_no_attempt() {
    let receiver = Receiver::start();
    receiver.always(Behaviour::AnswerThenClose(Answer::status(200)));
    let transport = transport();
    for count in 1..=20 {
        answered(&transport, &receiver.url("/")).await;
        receiver
            .wait_until("the receiver has closed", |receiver| {
                receiver.open_connections() == 0
            })
            .await;
        assert_eq!(receiver.requests().len(), count);
    }
}

#[tokio::test]
async fn requests_leave_from_the_configured_address() {
    let receiver = Receiver::start();
    let source: IpAddr = "127.0.0.7".parse().unwrap();
    let transport = transport_with(TransportOptions {
        source_addresses: vec![source],
        ..names_lead_to(&["::1", "127.0.0.1"])
    });
    for url in [
        receiver.url("/"),
        receiver.url_by_name("hooks.example.com", "/"),
    ] {
        answered(&transport, &url).await;
    }
    assert_eq!(receiver.peers(), [source, source]);
}

#[tokio::test]
async fn with_a_source_in_each_family_a_request_leaves_from_that_of_its_own() {
    let sources: [IpAddr; 2] = ["127.0.0.2".parse().unwrap(), "::1".parse().unwrap()];
    let transport = transport_with(TransportOptions {
        source_addresses: sources.to_vec(),
        ..TransportOptions::default()
    });
    let places: [SocketAddr; 2] = ["127.0.0.1:0".parse().unwrap(), "[::1]:0".parse().unwrap()];
    for (place, source) in places.into_iter().zip(sources) {
        let receiver = Receiver::start_on(place);
        answered(&transport, &receiver.url("/")).await;
        assert_eq!(receiver.peers(), [source]);
    }
}

#[tokio::test]
async fn a_name_without_an_address_in_the_bound_family_fails_as_connect() {
    let transport = transport_with(TransportOptions {
        source_addresses: vec!["127.0.0.1".parse().unwrap()],
        ..names_lead_to(&["::1"])
    });
    let exchange = transport.send(post("http://hooks.example.com/")).await;
    assert_eq!(
        failed(&exchange, FailureClass::Connect),
        "could not connect to hooks.example.com:80: hooks.example.com has no IPv4 address, and requests leave \
         from 127.0.0.1 only"
    );
    let exchange = transport.send(post("http://[::1]:9/")).await;
    assert_eq!(
        failed(&exchange, FailureClass::Connect),
        "could not connect to [::1]:9: requests leave from 127.0.0.1 only"
    );
}

#[tokio::test]
async fn with_a_source_in_each_family_the_name_decides() {
    let receiver = Receiver::start();
    let transport = transport_with(TransportOptions {
        source_addresses: vec!["::1".parse().unwrap(), "127.0.0.1".parse().unwrap()],
        ..names_lead_to(&["127.0.0.1"])
    });
    let url = receiver.url_by_name("hooks.example.com", "/");
    answered(&transport, &url).await;
    assert_eq!(receiver.requests().len(), 1);
}

#[test]
fn two_source_addresses_of_one_family_are_refused_by_name() {
    let refused = HttpTransport::new(TransportOptions {
        targets: loopback(),
        source_addresses: vec!["127.0.0.1".parse().unwrap(), "127.0.0.2".parse().unwrap()],
        ..TransportOptions::default()
    });
    let Err(error) = refused else {
        panic!("both were accepted");
    };
    assert_eq!(
        error.to_string(),
        "targets.source_addresses names 127.0.0.1 and 127.0.0.2, both of one family; expected at most one IPv4 \
         and one IPv6 address"
    );
}

#[tokio::test]
async fn a_name_without_any_address_fails_as_connect() {
    let transport = transport_with(looking_up(|_: &str| Ok(Vec::new())));
    let exchange = transport.send(post("http://hooks.example.com/")).await;
    assert_eq!(
        failed(&exchange, FailureClass::Connect),
        "could not connect to hooks.example.com:80: hooks.example.com has no address"
    );
}

#[test]
fn a_receiver_serves_tests_without_a_runtime() {
    let receiver = Receiver::start();
    let stream = std::net::TcpStream::connect(receiver.address()).unwrap();
    receiver.block_until("the connection is seen", |receiver| {
        receiver.connections() == 1
    });
    drop(stream);
    receiver.block_until("its end is seen", |receiver| {
        receiver.open_connections() == 0
    });
}

/// Set for the child that [`proxies_of_the_environment_are_ignored`] starts.
const IN_CHILD: &str = "HOOKYARD_TEST_PROXY_CHILD";

/// The environment of a running process cannot be changed safely, so this test runs itself as a child.
#[tokio::test]
async fn proxies_of_the_environment_are_ignored() {
    if std::env::var_os(IN_CHILD).is_some() {
        let receiver = Receiver::start();
        answered(&transport(), &receiver.url("/")).await;
        assert_eq!(receiver.requests()[0].path, "/");
        return;
    }
    let proxy = Receiver::start();
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    child.args([
        "--exact",
        "transport::connections::proxies_of_the_environment_are_ignored",
    ]);
    child
        .env(IN_CHILD, "yes")
        .env_remove("NO_PROXY")
        .env_remove("no_proxy");
    for name in [
        "HTTP_PROXY",
        "http_proxy",
        "HTTPS_PROXY",
        "https_proxy",
        "ALL_PROXY",
        "all_proxy",
    ] {
        child.env(name, proxy.url(""));
    }
    let output = child.output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{told}");
    assert!(told.contains("1 passed"), "{told}");
    assert_eq!(proxy.connections(), 0);
}

#[tokio::test]
async fn an_address_that_refuses_is_followed_by_the_next() {
    let receiver = Receiver::start();
    // Nothing listens on 127.0.0.9; the lookup names it first.
    let transport = transport_with(TransportOptions {
        idle_per_host_max: 0,
        ..names_lead_to(&["127.0.0.9", "127.0.0.1"])
    });
    let url = receiver.url_by_name("hooks.example.com", "/");
    for _ in 0..4 {
        let (exchange, _) = answered(&transport, &url).await;
        assert_eq!(exchange.remote_address, Some(receiver.address()));
    }
}

/// hyper-util takes whichever comes first, the connection it opens or a kept one that comes free meanwhile.
#[tokio::test]
async fn a_kept_connection_that_wins_the_race_has_no_stages_of_connecting() {
    let receiver = Receiver::start();
    let (release, released) = std::sync::mpsc::channel::<()>();
    let released = std::sync::Mutex::new(released);
    let lookups = std::sync::atomic::AtomicUsize::new(0);
    let options = looking_up(move |_: &str| {
        if lookups.fetch_add(1, std::sync::atomic::Ordering::SeqCst) > 0 {
            released.lock().unwrap().recv().unwrap();
        }
        Ok(vec!["127.0.0.1:0".parse().unwrap()])
    });
    let transport = transport_with(options);
    let url = receiver.url_by_name("hooks.example.com", "/");
    receiver.script([Behaviour::ok().after(Duration::from_millis(50))]);
    let first = tokio::spawn(transport.send(post(&url)));
    receiver
        .wait_until("the first is in flight", |receiver| {
            receiver.requests().len() == 1
        })
        .await;
    let second = transport.send(post(&url)).await;
    assert_eq!(first.await.unwrap().failure, None);
    assert_eq!(second.failure, None);
    assert!(second.phases.reused);
    assert_eq!((second.phases.dns, second.phases.connect), (None, None));
    assert_eq!(receiver.connections(), 1);

    // The connection that lost is finished, judged and kept.
    release.send(()).unwrap();
    receiver
        .wait_until("the loser is connected", |receiver| {
            receiver.connections() == 2
        })
        .await;
}

#[tokio::test]
async fn a_source_address_that_this_machine_lacks_is_our_fault_and_not_the_receivers() {
    let receiver = Receiver::start();
    let transport = transport_with(TransportOptions {
        source_addresses: vec!["192.0.2.77".parse().unwrap()],
        ..TransportOptions::default()
    });
    let exchange = transport.send(post(&receiver.url("/"))).await;
    let text = failed(&exchange, FailureClass::Internal);
    let start = format!("the request to {} could not be made: ", receiver.address());
    assert!(text.starts_with(&start), "{text}");
    assert!(text.contains("bind"), "{text}");
}

#[tokio::test]
async fn an_early_answer_to_a_body_that_is_not_read_counts() {
    let answer = b"HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\nconnection: close\r\n\r\nno";
    let receiver = Receiver::start_bytes("http", answer);
    let mut request = post(&receiver.url("/"));
    request.body = vec![b'x'; 64 * 1024];
    let exchange = transport().send(request).await;
    assert_eq!(exchange.failure, None);
    assert_eq!(exchange.response.unwrap().status, 413);
}
