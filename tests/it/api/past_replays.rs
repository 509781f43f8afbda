//! Replays as they were: begun, held, stopped, let go on and ended, told of instants in between.

use serde_json::{Value, json};

use super::http::Ask;
use super::past::now;
use super::replays::{after_trouble, replays, until};
use super::service::Service;
use crate::support::receiver_answer::Behaviour;

/// What a replay says of itself: state, and where its items stand, in the order of their way.
fn told(replay: &Value) -> Value {
    let counts = &replay["counts"];
    let members = ["waiting", "open", "delivered", "failed", "cancelled"];
    json!([
        replay["state"],
        members.map(|member| counts[member].clone())
    ])
}

/// An instant that lies between what has happened and what will.
async fn instant(service: &Service) -> String {
    let at = now(service).await;
    now(service).await;
    at
}

/// Moves a replay, as an operator does.
async fn moved(service: &Service, id: &str, verb: &str) {
    let path = format!("/v1/replays/{id}/{verb}");
    service.ask(Ask::post(&path, "{}")).await.expect(200);
}

#[tokio::test]
async fn replays_are_told_as_they_were_while_they_ran_were_held_and_ended() {
    let (service, _receiver, _) = after_trouble(3).await;
    let before = instant(&service).await;
    let body = json!({"filter": "state:dead", "rate": "1/h"});
    let started = service.ask(replays(&body)).await.expect(201);
    let id = started["id"].as_str().unwrap();
    let path = format!("/v1/replays/{id}");
    until(&service, &path, |replay| replay["counts"]["delivered"] == 1).await;
    let running = instant(&service).await;
    moved(&service, id, "pause").await;
    let paused = instant(&service).await;
    moved(&service, id, "resume").await;
    moved(&service, id, "cancel").await;
    let cancelled = now(&service).await;
    for (at, expected) in [
        (&running, json!(["running", [2, 0, 1, 0, 0]])),
        (&paused, json!(["paused", [2, 0, 1, 0, 0]])),
        (&cancelled, json!(["cancelled", [0, 0, 1, 0, 2]])),
    ] {
        let then = service.ask(Ask::get(&format!("{path}?at={at}"))).await;
        let then = then.expect(200);
        assert_eq!(told(&then), expected, "{then}");
        assert_eq!(
            (&then["first_succeeded"], &then["total"]),
            (&json!(1), &json!(3))
        );
        let had_ended = then["state"] == "cancelled";
        assert_eq!(then["ended_at"] != Value::Null, had_ended);
        let deferred = &then["counts"]["deferred"];
        let untold = [Value::Null, json!(0)];
        assert_eq!(
            *deferred,
            untold[usize::from(had_ended)],
            "what waited how is not kept"
        );
        let list = service.ask(Ask::get(&format!("/v1/replays?at={at}"))).await;
        assert_eq!(list.expect(200)["items"], json!([then]));
    }
    let list = service
        .ask(Ask::get(&format!("/v1/replays?at={before}")))
        .await;
    assert_eq!(list.expect(200)["items"], json!([]));
    let (status, _, detail) = service
        .ask(Ask::get(&format!("{path}?at={before}")))
        .await
        .problem();
    assert_eq!(status, 404);
    assert!(detail.contains("was not started yet at"), "{detail}");
}

#[tokio::test]
async fn a_replay_that_stopped_says_of_then_why_although_it_went_on() {
    let (service, receiver, _) = after_trouble(3).await;
    receiver.always(Behaviour::status(500));
    let body = json!({"filter": "state:dead", "rate": "100/s", "canary": 1});
    let started = service.ask(replays(&body)).await.expect(201);
    let path = format!("/v1/replays/{}", started["id"].as_str().unwrap());
    let stopped = until(&service, &path, |replay| replay["state"] == "stopped").await;
    let at = instant(&service).await;
    receiver.always(Behaviour::ok());
    moved(&service, started["id"].as_str().unwrap(), "resume").await;
    let done = until(&service, &path, |replay| replay["state"] == "finished").await;
    assert_eq!(
        (&done["why"], &done["canary_done"]),
        (&Value::Null, &json!(true))
    );
    let then = service.ask(Ask::get(&format!("{path}?at={at}"))).await;
    let then = then.expect(200);
    assert_eq!(told(&then), json!(["stopped", [2, 0, 0, 1, 0]]));
    assert_eq!(then["why"], stopped["why"]);
    assert_eq!(
        then.get("canary_done"),
        None,
        "whoever let it go on took it as passed"
    );
    assert_eq!(
        (&then["first_succeeded"], &then["first_failed"]),
        (&json!(0), &json!(1))
    );
    let last = now(&service).await;
    let then = service.ask(Ask::get(&format!("{path}?at={last}"))).await;
    assert_eq!(then.expect(200), done, "nothing has happened since");
}

#[tokio::test]
async fn a_plan_has_no_past() {
    let (service, _receiver, _) = after_trouble(1).await;
    let body = json!({"filter": "state:dead", "dry_run": true});
    let plan = service.ask(replays(&body)).await.expect(200);
    let path = format!("/v1/replays/{}?at=1ms", plan["id"].as_str().unwrap());
    let (status, _, detail) = service.ask(Ask::get(&path)).await.problem();
    assert_eq!(status, 400);
    assert!(detail.contains("leave at out"), "{detail}");
}
