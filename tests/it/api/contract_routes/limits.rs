//! The rate limit of contract routes, on a clock that tests move.

use std::sync::Arc;
use std::time::Duration;

use hookyard::clock::{Clock as _, VirtualClock};
use hookyard::domain::time::Timestamp;

use super::{HARBOUR, PIER};
use crate::api::http::{Answer, Ask};
use crate::api::service::Service;

/// The one contract allows four calls a minute; the other has no limit.
async fn limited() -> (Service, VirtualClock) {
    let clock = VirtualClock::at(Timestamp::from_millis(1_800_000_000_250));
    let shared = Arc::new(clock.clone());
    let contracts = ["standard", "harbour", "pier"];
    let service = Service::under(&[HARBOUR, PIER], &contracts, |options| {
        options.clock = shared
    })
    .await;
    (service, clock)
}

/// Limit, remaining, reset and `Retry-After` of an answer.
fn told(answer: &Answer) -> [Option<&str>; 4] {
    [
        "x-ratelimit-limit",
        "x-ratelimit-remaining",
        "x-ratelimit-reset",
        "retry-after",
    ]
    .map(|name| answer.header(name))
}

#[tokio::test]
async fn every_answer_tells_the_standing_and_beyond_the_limit_there_is_429_until_the_oldest_call_has_left()
 {
    let (service, clock) = limited().await;
    let token = service.token("consumer", Some("acme")).await;
    let list = Ask::get("/pier/hooks");
    let first = service.ask_as(&token, list.clone()).await;
    assert_eq!(first.status, 200);
    assert_eq!(
        told(&first),
        [Some("4"), Some("3"), Some("1800000061"), None]
    );
    clock.advance(Duration::from_secs(20));
    for (ask, status, left) in [
        (Ask::get("/pier/hooks/none"), 404, "2"),
        (Ask::post("/pier/hooks", "{}"), 422, "1"),
        (Ask::new("PUT", "/pier/hooks"), 405, "0"),
    ] {
        let answer = service.ask_as(&token, ask).await;
        assert_eq!(answer.status, status, "{}", answer.body);
        assert_eq!(
            told(&answer),
            [Some("4"), Some(left), Some("1800000061"), None]
        );
    }
    clock.advance(Duration::from_millis(39_999));
    for ask in [
        list.clone(),
        Ask::new("PUT", "/pier/hooks"),
        Ask::post("/pier/hooks", "{}"),
    ] {
        let refused = service.ask_as(&token, ask).await;
        assert_eq!(
            refused.problem(),
            (
                429,
                "rate-limited".to_owned(),
                "more than 4 calls within 1m are not taken from one caller here; wait as long as Retry-After says"
                    .to_owned()
            )
        );
        assert_eq!(
            told(&refused),
            [Some("4"), Some("0"), Some("1800000061"), Some("1")]
        );
    }
    clock.advance(Duration::from_millis(1));
    let again = service.ask_as(&token, list.clone()).await;
    assert_eq!(again.status, 200, "{}", clock.now());
    // The next three leave the window twenty seconds later.
    assert_eq!(
        told(&again),
        [Some("4"), Some("0"), Some("1800000081"), None]
    );
    assert_eq!(told(&service.ask_as(&token, list).await)[3], Some("20"));
}

#[tokio::test]
async fn each_token_has_its_own_limit_and_other_routes_have_none() {
    let (service, _clock) = limited().await;
    let tokens = [
        service.token("consumer", Some("acme")).await,
        service.token("consumer", Some("acme")).await,
        service.token("operator", None).await,
    ];
    for token in &tokens {
        for call in 0..5 {
            let answer = service.ask_as(token, Ask::get("/pier/hooks")).await;
            assert_eq!(
                answer.status,
                if call < 4 { 200 } else { 429 },
                "{}",
                answer.body
            );
        }
    }
    for ask in [
        Ask::get("/harbour/hooks"),
        Ask::get("/v1/endpoints"),
        Ask::get("/pier/nothing"),
    ] {
        let answer = service.ask_as(&tokens[0], ask).await;
        assert_ne!(answer.status, 429);
        assert_eq!(told(&answer), [None; 4]);
    }
    // On the socket a user is a caller.
    for call in 0..5 {
        let answer = service.ask(Ask::get("/pier/hooks")).await;
        assert_eq!(answer.status, if call < 4 { 200 } else { 429 });
        assert!(told(&answer)[0].is_some());
    }
}

#[tokio::test]
async fn unknown_callers_are_limited_by_address_and_refused_roles_by_token() {
    let (service, _clock) = limited().await;
    let token = service.token("consumer", Some("acme")).await;
    let publisher = service.token("publisher", None).await;
    for call in 0..6 {
        let ask = Ask::get("/pier/hooks");
        // With a token or without: who is not known is counted together.
        let answer = if call % 2 == 0 {
            ask.send(&service.tcp()).await
        } else {
            service.ask_as(&format!("hky_guess_{call}"), ask).await
        };
        assert_eq!(
            answer.status,
            if call < 4 { 401 } else { 429 },
            "{}",
            answer.body
        );
        assert_eq!(told(&answer)[0], Some("4"));
        let refused = service.ask_as(&publisher, Ask::get("/pier/hooks")).await;
        assert_eq!(
            refused.status,
            if call < 4 { 403 } else { 429 },
            "{}",
            refused.body
        );
    }
    assert_eq!(
        service.ask_as(&token, Ask::get("/pier/hooks")).await.status,
        200
    );
}
