//! Every class of failure, met for real, with the sentence a person reads.

use hookyard::domain::attempt::FailureClass;
use hookyard::domain::limits::FAILURE_TEXT_CHARS_MAX;
use hookyard::transport::Transport;

use super::harness::{
    SHORT, answered, failed, hasty_post, looking_up, post, transport, transport_with,
};
use crate::support::receiver::Receiver;
use crate::support::receiver_answer::{Answer, Behaviour};

#[tokio::test]
async fn a_name_that_does_not_resolve_is_dns() {
    let options = looking_up(|_: &str| Err(std::io::Error::other("no such name")));
    let exchange = transport_with(options)
        .send(post("http://hooks.example.com/in"))
        .await;
    assert_eq!(
        failed(&exchange, FailureClass::Dns),
        "hooks.example.com did not resolve: no such name"
    );
    assert_eq!(exchange.phases.dns, None, "it was never resolved");
    assert!(!exchange.phases.reused);
}

#[tokio::test]
async fn a_closed_port_is_connect() {
    let address = Receiver::start().address();
    let url = format!("http://{address}/");
    // The listener closes in a task of its own.
    let text = loop {
        let exchange = transport().send(post(&url)).await;
        if let Some(failure) = &exchange.failure
            && failure.class == FailureClass::Connect
        {
            break failure.text.clone();
        }
    };
    assert!(
        text.starts_with(&format!("could not connect to {address}: ")),
        "{text}"
    );
    assert!(text.contains("refused"), "{text}");
}

#[tokio::test]
async fn a_receiver_that_comes_back_is_reached_again() {
    let first = Receiver::start();
    let transport = transport();
    answered(&transport, &first.url("/")).await;
    let address = first.address();
    drop(first);
    let second = loop {
        // The port comes free once the first listener is really gone.
        if std::net::TcpListener::bind(address).is_ok() {
            break Receiver::start_on(address);
        }
    };
    loop {
        let exchange = transport.send(post(&second.url("/back"))).await;
        if exchange.failure.is_none() {
            break;
        }
    }
    assert_eq!(second.requests()[0].path, "/back");
}

#[tokio::test]
async fn plain_http_on_an_https_port_is_tls() {
    let receiver = Receiver::start_bytes("https", b"HTTP/1.1 400 Bad Request\r\n\r\n");
    let exchange = transport().send(post(&receiver.url("/"))).await;
    assert_eq!(
        failed(&exchange, FailureClass::Tls),
        format!(
            "no TLS connection to {}: it does not speak TLS on this port",
            receiver.address()
        )
    );
    assert!(exchange.phases.connect.is_some());
    assert_eq!(exchange.phases.tls, None, "the handshake never ended");
}

#[tokio::test]
async fn a_handshake_that_breaks_off_is_tls() {
    let receiver = Receiver::start_bytes("https", b"");
    let exchange = transport().send(post(&receiver.url("/"))).await;
    failed(&exchange, FailureClass::Tls);
}

#[tokio::test]
async fn no_answer_is_timeout() {
    let receiver = Receiver::start();
    receiver.always(Behaviour::Hang);
    let exchange = transport().send(hasty_post(&receiver.url("/"))).await;
    assert_eq!(
        failed(&exchange, FailureClass::Timeout),
        format!("{} did not answer within 0.25 s", receiver.address())
    );
    assert!(exchange.phases.total >= SHORT);
    assert_eq!(exchange.phases.first_byte, None);
    assert_eq!(exchange.remote_address, Some(receiver.address()));
    receiver
        .wait_until("the connection is given up", |receiver| {
            receiver.open_connections() == 0
        })
        .await;
}

#[tokio::test]
async fn a_slow_body_misses_the_deadline_and_what_came_is_kept() {
    let receiver = Receiver::start();
    receiver.always(Behaviour::Drip(SHORT / 10));
    let exchange = transport().send(hasty_post(&receiver.url("/"))).await;
    assert_eq!(
        failed(&exchange, FailureClass::Timeout),
        format!(
            "{} sent a head, but its body did not end within 0.25 s",
            receiver.address()
        )
    );
    let response = exchange.response.unwrap();
    assert_eq!(response.status, 200);
    assert!(response.body.starts_with(b".."), "{:?}", response.body);
    assert!(exchange.phases.first_byte.is_some());
    assert!(exchange.phases.body.is_some());
}

#[tokio::test]
async fn the_contracts_limit_for_connecting_covers_a_silent_handshake() {
    let receiver = Receiver::start_silent("https");
    let mut request = post(&receiver.url("/"));
    request.connect_timeout = SHORT;
    let exchange = transport().send(request).await;
    assert_eq!(
        failed(&exchange, FailureClass::Timeout),
        format!(
            "{}: the TLS handshake did not end within 0.25 s",
            receiver.address()
        )
    );
    assert!(exchange.phases.connect.is_some());
}

#[tokio::test]
async fn an_address_that_swallows_connections_is_timeout_by_either_limit() {
    let hole = Receiver::black_hole();
    let url = format!("http://{}/", hole.address);
    let mut request = post(&url);
    request.connect_timeout = SHORT;
    let exchange = transport().send(request).await;
    assert_eq!(
        failed(&exchange, FailureClass::Timeout),
        format!("{}: no connection within 0.25 s", hole.address)
    );
    assert_eq!(exchange.remote_address, None);
    assert_eq!(exchange.phases.connect, None, "it never ended");
    let exchange = transport().send(hasty_post(&url)).await;
    assert_eq!(
        failed(&exchange, FailureClass::Timeout),
        format!("{} was still being connected to after 0.25 s", hole.address)
    );
}

#[tokio::test]
async fn a_deadline_in_the_handshake_says_so() {
    let receiver = Receiver::start_silent("https");
    let exchange = transport().send(hasty_post(&receiver.url("/"))).await;
    assert_eq!(
        failed(&exchange, FailureClass::Timeout),
        format!(
            "{} was still in the TLS handshake after 0.25 s",
            receiver.address()
        )
    );
}

#[tokio::test]
async fn what_is_not_http_is_protocol() {
    let whole_answers: [&[u8]; 4] = [
        b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
        b"\x00\x01\x02\xff\xfe\r\n\r\n",
        b"HTTP/1.1 99999 Nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nbroken header\r\n\r\n",
    ];
    for bytes in whole_answers {
        let receiver = Receiver::start();
        receiver.always(Behaviour::Bytes(bytes.to_vec()));
        let exchange = transport().send(post(&receiver.url("/"))).await;
        let text = failed(&exchange, FailureClass::Protocol);
        assert!(
            text.starts_with(&format!("no HTTP answer from {}: ", receiver.address())),
            "{text}"
        );
        assert_eq!(exchange.response, None);
    }
}

#[tokio::test]
async fn a_connection_closed_before_the_head_is_protocol() {
    for behaviour in [
        Behaviour::Close,
        Behaviour::Bytes(b"HTTP/1.1 200 OK\r\ncontent-le".to_vec()),
    ] {
        let receiver = Receiver::start();
        receiver.always(behaviour);
        let exchange = transport().send(post(&receiver.url("/"))).await;
        let text = failed(&exchange, FailureClass::Protocol);
        assert!(text.contains("closed before"), "{text}");
        assert_eq!(receiver.requests().len(), 1, "it was not sent twice");
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_is_body_and_what_came_is_kept() {
    let broken: [&[u8]; 3] = [
        b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\nzz\r\n",
    ];
    for bytes in broken {
        let receiver = Receiver::start();
        receiver.always(Behaviour::Bytes(bytes.to_vec()));
        let exchange = transport().send(post(&receiver.url("/"))).await;
        let text = failed(&exchange, FailureClass::Body);
        assert!(
            text.starts_with(&format!("{} broke its body off: ", receiver.address())),
            "{text}"
        );
        let response = exchange.response.unwrap();
        assert_eq!(
            (response.status, response.body.as_slice()),
            (200, &b"half"[..])
        );
        assert!(!response.truncated);
    }
}

#[tokio::test]
async fn a_forbidden_address_is_blocked_with_the_setting_that_allows_it() {
    let exchange = transport().send(post("http://10.1.2.3/in")).await;
    let text = failed(&exchange, FailureClass::Blocked);
    assert!(text.contains("10.1.2.3 is a private address"), "{text}");
    assert!(text.contains("targets.allow"), "{text}");
}

#[tokio::test]
async fn a_request_that_cannot_be_written_is_internal() {
    let receiver = Receiver::start();
    let mut bad_header = post(&receiver.url("/"));
    bad_header
        .headers
        .push(("x-tenant".to_owned(), "a\r\nx-admin: yes".to_owned()));
    let mut bad_name = post(&receiver.url("/"));
    bad_name
        .headers
        .push(("x tenant".to_owned(), "a".to_owned()));
    let mut bad_method = post(&receiver.url("/"));
    bad_method.method = "PO ST".to_owned();
    let cases = [
        (
            bad_header,
            "the value of header \"x-tenant\" holds a control character",
        ),
        (bad_name, "\"x tenant\" is not a header name"),
        (bad_method, "\"PO ST\" is not an HTTP method"),
    ];
    for (request, text) in cases {
        let exchange = transport().send(request).await;
        assert_eq!(failed(&exchange, FailureClass::Internal), text);
    }
    assert_eq!(receiver.connections(), 0);
}

#[tokio::test]
async fn an_answer_of_any_status_is_no_failure_of_the_transport() {
    let receiver = Receiver::start();
    let transport = transport();
    for status in [200, 204, 301, 404, 410, 429, 500, 503] {
        receiver.script([Behaviour::status(status)]);
        let (_, response) = answered(&transport, &receiver.url("/")).await;
        assert_eq!(response.status, status);
    }
}

#[tokio::test]
async fn no_text_of_a_failure_is_longer_than_its_cap() {
    let long = "x".repeat(4 * FAILURE_TEXT_CHARS_MAX);
    let options = looking_up(move |_: &str| Err(std::io::Error::other(long.clone())));
    let exchange = transport_with(options)
        .send(post("http://hooks.example.com/"))
        .await;
    let text = failed(&exchange, FailureClass::Dns);
    assert_eq!(text.chars().count(), FAILURE_TEXT_CHARS_MAX);
}

#[tokio::test]
async fn no_text_of_a_failure_holds_path_or_query() {
    let receiver = Receiver::start();
    receiver.script([
        Behaviour::Close,
        Behaviour::Bytes(b"garbage\r\n\r\n".to_vec()),
        Behaviour::Bytes(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n".to_vec()),
    ]);
    receiver.always(Answer::status(200).into());
    let transport = transport();
    for _ in 0..3 {
        let request = hasty_post(&receiver.url("/hooks/t0psecret?token=t0psecret"));
        let exchange = transport.send(request).await;
        let text = exchange.failure.unwrap().text;
        assert!(!text.contains("t0psecret"), "{text}");
    }
}
