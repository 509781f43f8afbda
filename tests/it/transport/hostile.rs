//! Receivers that mean harm: endless bodies, huge heads, bombs, redirects, escape sequences.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hookyard::domain::attempt::FailureClass;
use hookyard::domain::limits::{RESPONSE_BODY_BYTES_MAX, RESPONSE_HEADER_BYTES_MAX};
use hookyard::transport::Transport;

use super::harness::{answered, failed, hasty_post, post, transport};
use crate::support::receiver::Receiver;
use crate::support::receiver_answer::{Answer, Behaviour};

/// 16 MiB of zeros, compressed by gzip twice.
const BOMB: &str = "H4sIAAAAAAACA+3arQ3CYBSG0f4gGgTgEXQMDIKQIFCYasIQOEQTJIYVSKhmBZiCsANBoAmlH0MgmnPUq698ckf7LAqS9HGN42aUh8/5mXUjAAAAoOXK+y4NMSDK69t8WQAAAABtt+73Or8o8F4Np84BAAAArVdNxnloAYNXvZklHiUAAADgDy7F4rg9NSP+Ag5zyLbIPwAA";

#[tokio::test]
async fn a_body_beyond_the_cap_is_cut_and_its_connection_closed() {
    for behaviour in [
        Behaviour::LongBody(100 * 1024 * 1024),
        Behaviour::EndlessChunks,
    ] {
        let receiver = Receiver::start();
        receiver.always(behaviour);
        let (_, response) = answered(&transport(), &receiver.url("/")).await;
        assert_eq!(response.status, 200);
        assert_eq!(response.body.len(), RESPONSE_BODY_BYTES_MAX);
        assert!(response.truncated);
        receiver
            .wait_until("the connection is closed", |receiver| {
                receiver.open_connections() == 0
            })
            .await;
    }
}

#[tokio::test]
async fn a_body_of_exactly_the_cap_is_whole() {
    let receiver = Receiver::start();
    let body = vec![b'x'; RESPONSE_BODY_BYTES_MAX];
    receiver.script([
        Answer::status(200).body(body.clone()).into(),
        Answer::status(200).body([body, vec![b'y']].concat()).into(),
    ]);
    let transport = transport();
    let (_, whole) = answered(&transport, &receiver.url("/")).await;
    assert_eq!((whole.body.len(), whole.truncated), (65_536, false));
    let (_, cut) = answered(&transport, &receiver.url("/")).await;
    assert_eq!((cut.body.len(), cut.truncated), (65_536, true));
    assert!(cut.body.ends_with(b"x"));
}

#[tokio::test]
async fn a_megabyte_of_header_is_a_protocol_failure() {
    let receiver = Receiver::start();
    receiver.always(Behaviour::LongHead(1024 * 1024));
    let exchange = transport().send(post(&receiver.url("/"))).await;
    let text = failed(&exchange, FailureClass::Protocol);
    assert!(text.contains("head"), "{text}");
}

#[tokio::test]
async fn headers_beyond_the_cap_are_left_out_and_that_is_said() {
    let receiver = Receiver::start();
    let long = vec![b'v'; RESPONSE_HEADER_BYTES_MAX];
    let answer = Answer::status(200)
        .header("x-first", "kept")
        .header("x-long", long);
    receiver.always(answer.into());
    let (_, response) = answered(&transport(), &receiver.url("/")).await;
    assert_eq!(response.headers, [("x-first".to_owned(), b"kept".to_vec())]);
    assert!(response.truncated);
}

#[tokio::test]
async fn more_than_a_hundred_headers_are_a_protocol_failure() {
    let receiver = Receiver::start();
    let answer = (0..101).fold(Answer::status(200), |answer, _| {
        answer.header("x-many", "1")
    });
    receiver.always(answer.into());
    let exchange = transport().send(post(&receiver.url("/"))).await;
    failed(&exchange, FailureClass::Protocol);
}

#[tokio::test]
async fn interim_answers_without_end_are_ended_by_the_deadline() {
    let receiver = Receiver::start();
    let flood = b"HTTP/1.1 103 Early Hints\r\n\r\n".repeat(1_000);
    let script = Behaviour::Bytes(flood).after(Duration::from_millis(1));
    receiver.always(script);
    let exchange = transport().send(hasty_post(&receiver.url("/"))).await;
    failed(&exchange, FailureClass::Protocol);
}

#[tokio::test]
async fn a_compressed_body_stays_as_it_came() {
    let bomb = STANDARD.decode(BOMB).unwrap();
    let receiver = Receiver::start();
    let answer = Answer::status(200)
        .header("content-encoding", "gzip, gzip")
        .body(bomb.clone());
    receiver.always(answer.into());
    let (_, response) = answered(&transport(), &receiver.url("/")).await;
    assert_eq!(response.body, bomb);
    assert!(!response.truncated);
    let request = &receiver.requests()[0];
    assert_eq!(request.header("accept-encoding"), None);
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_never_followed() {
    let elsewhere = Receiver::start();
    let receiver = Receiver::start();
    let transport = transport();
    let places = [
        elsewhere.url("/stolen"),
        "http://169.254.169.254/latest/meta-data".to_owned(),
        "/again".to_owned(),
    ];
    for status in [301, 302, 303, 307, 308] {
        for place in &places {
            let answer = Answer::status(status).header("location", place.clone());
            receiver.script([answer.into()]);
            let (_, response) = answered(&transport, &receiver.url("/")).await;
            assert_eq!(response.status, status);
            let location = ("location".to_owned(), place.clone().into_bytes());
            assert!(response.headers.contains(&location));
        }
    }
    assert_eq!(elsewhere.connections(), 0);
    assert_eq!(receiver.requests().len(), 15);
}

#[tokio::test]
async fn escape_sequences_arrive_as_the_bytes_they_are() {
    let receiver = Receiver::start();
    let answer = Answer::status(500)
        .reason(b"\x1b]0;owned\x07".to_vec())
        .body(b"\x1b[2J\x9b31m".to_vec());
    receiver.script([answer.into()]);
    let transport = transport();
    let exchange = transport.send(post(&receiver.url("/"))).await;
    // hyper takes no control characters behind the status; either way nothing of it is kept.
    match (&exchange.failure, &exchange.response) {
        (Some(failure), None) => {
            assert_eq!(failure.class, FailureClass::Protocol);
            assert!(!failure.text.contains('\x1b'), "{:?}", failure.text);
        }
        (None, Some(response)) => assert_eq!(response.body, b"\x1b[2J\x9b31m"),
        (failure, response) => panic!("{failure:?} {response:?}"),
    }
    let answer = Answer::status(500)
        .header("x-title", b"\xc2\x9b31m \xff".to_vec())
        .body(b"\x1b[2J\x9b31m".to_vec());
    receiver.script([answer.into()]);
    let (_, response) = answered(&transport, &receiver.url("/")).await;
    assert_eq!(response.headers[0].1, b"\xc2\x9b31m \xff");
    assert_eq!(response.body, b"\x1b[2J\x9b31m");
}

#[tokio::test]
async fn a_slow_receiver_takes_nothing_from_another() {
    let slow = Receiver::start();
    slow.always(Behaviour::Hang);
    let quick = Receiver::start();
    let transport = transport();
    let stuck: Vec<_> = (0..100)
        .map(|_| tokio::spawn(transport.send(post(&slow.url("/")))))
        .collect();
    slow.wait_until("all are in flight", |slow| slow.requests().len() == 100)
        .await;
    for _ in 0..20 {
        answered(&transport, &quick.url("/")).await;
    }
    assert_eq!(quick.connections(), 1);
    for task in stuck {
        task.abort();
    }
    slow.wait_until("dropped requests close their connections", |slow| {
        slow.open_connections() == 0
    })
    .await;
}
