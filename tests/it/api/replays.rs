//! Replays over the API: planned, started, shown, steered, refused.

use std::time::Duration;

use hookyard::api::replay::ReplayView;
use hookyard::api::stream::StreamFrame;
use serde_json::{Value, json};

use super::http::Ask;
use super::service::Service;
use crate::support::receiver::Receiver;
use crate::support::receiver_answer::Behaviour;

/// Asks for a path until the answer is as wanted; at most ten seconds.
pub(super) async fn until(service: &Service, path: &str, is_met: impl Fn(&Value) -> bool) -> Value {
    let waiting = async {
        loop {
            let answer = service.ask(Ask::get(path)).await.expect(200);
            if is_met(&answer) {
                return answer;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), waiting)
        .await
        .expect("it gets there in time")
}

pub(super) fn replays(body: &Value) -> Ask {
    Ask::post("/v1/replays", &body.to_string())
}

/// A service with `count` dead deliveries, whose receiver takes everything by now; tells the endpoint's id.
pub(super) async fn after_trouble(count: usize) -> (Service, Receiver, String) {
    let service = Service::start().await;
    let receiver = Receiver::start();
    receiver.always(Behaviour::status(500));
    let endpoint = service
        .endpoint(json!({"url": receiver.url("/hook"), "name": "sink", "retry": {"ladder": []}}))
        .await;
    for number in 0..count {
        service
            .publish(json!({"type": "a.b", "data": number}))
            .await;
    }
    until(&service, "/v1/deliveries?filter=state%3Adead", |list| {
        list["items"].as_array().unwrap().len() == count
    })
    .await;
    receiver.always(Behaviour::ok());
    let id = endpoint["id"].as_str().unwrap().to_owned();
    (service, receiver, id)
}

#[tokio::test]
async fn a_plan_is_shown_started_and_watched_to_its_end() {
    let (service, receiver, endpoint) = after_trouble(5).await;
    let dry = json!({"filter": "state:dead", "dry_run": true, "rate": "5/s"});
    let plan = service.ask(replays(&dry)).await.expect(200);
    assert!(plan["id"].as_str().unwrap().starts_with("pln_"));
    assert_eq!((&plan["matched"], &plan["bytes"]), (&json!(5), &json!(5)));
    assert_eq!(
        (&plan["eta"], &plan["rate"]),
        (&json!("1s"), &json!("5 per 1s"))
    );
    assert_eq!(plan["endpoints"][0]["name"], "sink");
    assert_eq!(plan["endpoints"][0]["id"], *endpoint);
    assert_eq!(
        plan["causes"][0],
        json!({"class": "status", "status": 500, "cause": plan["causes"][0]["cause"], "count": 5})
    );
    let start = json!({"plan": plan["id"], "rate": "100/s", "canary": 2, "stop": "20%/50", "note": "fixed"});
    let replay = service.ask(replays(&start)).await.expect(201);
    assert_eq!(replay["state"], "running");
    assert_eq!(
        (&replay["note"], &replay["stop"]),
        (&json!("fixed"), &json!("20%/50"))
    );
    let id = replay["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/replays/{id}");
    let done = until(&service, &path, |replay| replay["state"] == "finished").await;
    assert_eq!(done["counts"]["delivered"], 5);
    assert_eq!(done["first_succeeded"], 5);
    assert_eq!(done["canary_done"], true);
    assert_eq!(receiver.requests().len(), 10);
    let list = service.ask(Ask::get("/v1/replays")).await.expect(200);
    assert_eq!(list["items"][0]["id"], *id);
    let found = format!("/v1/deliveries?filter=replay%3A{id}");
    let found = service.ask(Ask::get(&found)).await.expect(200);
    assert_eq!(found["items"].as_array().unwrap().len(), 5);
    let delivery = found["items"][0]["id"].as_str().unwrap();
    let detail = service
        .ask(Ask::get(&format!("/v1/deliveries/{delivery}")))
        .await
        .expect(200);
    assert_eq!(detail["replay_id"], *id);
    assert_eq!(detail["history"][1]["replay_id"], *id);
    assert_eq!(detail["history"][0]["replay_id"], Value::Null);
}

#[tokio::test]
async fn an_endpoint_is_recovered_and_a_running_replay_is_steered() {
    let (service, _receiver, endpoint) = after_trouble(3).await;
    let path = format!("/v1/endpoints/{endpoint}/recover");
    let recover = json!({"since": "2020-01-01T00:00:00Z", "rate": "1/h"});
    let replay = service
        .ask(Ask::post(&path, &recover.to_string()))
        .await
        .expect(201);
    let id = replay["id"].as_str().unwrap();
    for (verb, state) in [
        ("pause", "paused"),
        ("pause", "paused"),
        ("resume", "running"),
        ("cancel", "cancelled"),
    ] {
        let moved = service
            .ask(Ask::post(&format!("/v1/replays/{id}/{verb}"), "{}"))
            .await
            .expect(200);
        assert_eq!(moved["state"], state, "{verb}");
        assert_eq!(moved["total"], 3);
    }
    let shown = until(&service, &format!("/v1/replays/{id}"), |replay| {
        replay["counts"]["open"] == 0
    })
    .await;
    let counts = &shown["counts"];
    let ended = counts["delivered"].as_u64().unwrap() + counts["cancelled"].as_u64().unwrap();
    assert_eq!(ended, 3);
    let since_tomorrow = json!({"since": "2020-01-02T00:00:00Z", "until": "2020-01-01T00:00:00Z"});
    let refused = service
        .ask(Ask::post(&path, &since_tomorrow.to_string()))
        .await;
    assert_eq!(
        refused.problem().2,
        "/until: until lies before since: give a later instant, or none"
    );
}

#[tokio::test]
async fn an_endpoint_gets_the_events_from_before_it_was_made() {
    let service = Service::start().await;
    for number in 0..2 {
        service
            .publish(json!({"type": "a.b", "data": number}))
            .await;
    }
    let receiver = Receiver::start();
    let endpoint = service.endpoint(json!({"url": receiver.url("/")})).await;
    let id = endpoint["id"].as_str().unwrap();
    let path = format!("/v1/endpoints/{id}/recover");
    let missed = json!({"missed": true, "since": "2020-01-01T00:00:00Z", "dry_run": true});
    let plan = service.ask(Ask::post(&path, &missed.to_string())).await;
    let plan = plan.expect(200);
    assert_eq!((&plan["matched"], &plan["bytes"]), (&json!(2), &json!(2)));
    assert_eq!(plan["causes"][0]["count"], 2, "never tried");
    let start = json!({"plan": plan["id"], "rate": "100/s"});
    let replay = service.ask(replays(&start)).await.expect(201);
    let path = format!("/v1/replays/{}", replay["id"].as_str().unwrap());
    let done = until(&service, &path, |replay| replay["state"] == "finished").await;
    assert_eq!(done["counts"]["delivered"], 2);
    assert_eq!(receiver.requests().len(), 2);
}

#[tokio::test]
async fn progress_is_on_the_stream_to_the_last_state_and_in_the_metrics() {
    let (service, _receiver, _) = after_trouble(3).await;
    let mut stream = service.client().stream("replays").await.unwrap();
    let start = json!({"filter": "state:dead", "rate": "100/s"});
    let replay = service.ask(replays(&start)).await.expect(201);
    let id = replay["id"].as_str().unwrap();
    let mut told = 0;
    let last = loop {
        let frame = stream.next().await.unwrap().unwrap();
        if let StreamFrame::Change(change) = frame {
            assert!(change.deliveries.is_empty() && change.stats.is_none());
            told += change.replays.len();
            let ended = |replay: &&ReplayView| replay.state == "finished";
            if let Some(replay) = change.replays.iter().find(ended) {
                break replay.clone();
            }
        }
    };
    assert_eq!(last.id.to_string(), id);
    assert_eq!((last.now().delivered, last.total), (3, 3));
    assert!(told <= 8, "{told} frames for so short a replay");
    let text = Ask::get("/metrics").send(&service.unix()).await.body;
    for line in [
        "hookyard_replays{state=\"running\"} 0",
        "hookyard_replay_items{outcome=\"waiting\"} 0",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
}

#[tokio::test]
async fn bodies_that_make_no_replay_are_refused() {
    let service = Service::start().await;
    for (body, kind, detail) in [
        (
            json!({}),
            "invalid-input",
            "/filter: filter is missing: say which deliveries, or give the plan to start",
        ),
        (
            json!({"filter": "state:dead", "plan": "pln_0000000000001"}),
            "invalid-input",
            "/filter: a plan has its filter already: give one of filter and plan",
        ),
        (
            json!({"plan": "pln_0000000000001", "dry_run": true}),
            "invalid-input",
            "/dry_run: a plan has been planned already: leave dry_run out to start it",
        ),
        (
            json!({"plan": "pln_0000000000001"}),
            "conflict",
            "pln_0000000000001 cannot be started: a plan lives for five minutes; plan it again",
        ),
        (
            json!({"filter": "state:dead", "rate": "fast"}),
            "invalid-input",
            "/rate: \"fast\" is not a rate limit: expected a number of requests and a duration, such as 60 per 1m or \
             10/1s",
        ),
        (
            json!({"filter": "state:dead", "stop": "20%/9999"}),
            "invalid-input",
            "/stop: the last 9999 attempts are out of range: choose 1 to 1000",
        ),
        (
            json!({"filter": "", "dry_run": true}),
            "invalid-input",
            "/filter: an empty filter takes every delivery there is: say which ones, such as state:dead",
        ),
    ] {
        let answer = service.ask(replays(&body)).await;
        let (_, found, text) = answer.problem();
        assert_eq!((found.as_str(), text.as_str()), (kind, detail), "{body}");
    }
    let unknown = service
        .ask(Ask::post("/v1/replays/rpl_0000000000001/pause", "{}"))
        .await;
    assert_eq!(unknown.problem().0, 404);
}

#[tokio::test]
async fn whoever_is_confined_to_a_tenant_replays_nothing_of_others() {
    let service = Service::start().await;
    let token = service.token("operator", Some("acme")).await;
    let dry = json!({"filter": "state:dead", "dry_run": true});
    let answer = service.ask_as(&token, replays(&dry)).await;
    assert_eq!(
        answer.problem().2,
        "replays concern the whole service and this token is confined to tenant acme; recover an endpoint or replay \
         deliveries one by one instead"
    );
}
