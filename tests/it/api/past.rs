//! Lists as they were: deliveries that failed and were replayed, told of an instant in between.

use std::time::Duration;

use serde_json::{Value, json};

use super::http::Ask;
use super::replays::{after_trouble, replays, until};
use super::service::Service;
use crate::support::receiver::Receiver;
use crate::support::receiver_answer::Behaviour;

const PATIENCE: Duration = Duration::from_secs(10);

/// The rows of a list.
async fn rows(service: &Service, path: &str) -> Vec<Value> {
    let page = service.ask(Ask::get(path)).await.expect(200);
    page["items"].as_array().unwrap().clone()
}

/// What lists say of deliveries, newest first: state, reason, attempts, latest status.
fn told(rows: &[Value]) -> Vec<Value> {
    let told = rows.iter().map(|row| {
        json!([
            row["state"],
            row["reason"],
            row["attempts"],
            row["last_status"]
        ])
    });
    told.collect()
}

/// Asks for the deliveries until they are told so.
async fn until_told(service: &Service, expected: &[Value]) {
    let waiting = async { while told(&rows(service, "/v1/deliveries").await) != expected {} };
    tokio::time::timeout(PATIENCE, waiting)
        .await
        .expect("the deliveries get there in time");
}

/// The service's time, once it has moved on.
pub(super) async fn now(service: &Service) -> String {
    let ask = async || {
        let info = service.ask(Ask::get("/v1/info")).await.expect(200);
        info["now"].as_str().unwrap().to_owned()
    };
    let first = ask().await;
    loop {
        let next = ask().await;
        if next != first {
            return next;
        }
    }
}

/// Two deliveries at a receiver that fails: the older one dead, the newer one waiting for its second attempt; and the
/// instant at which they were that.
async fn failing(service: &Service, receiver: &Receiver) -> String {
    receiver.always(Behaviour::status(500));
    for (name, ladder) in [("brief", json!([])), ("patient", json!(["1h"]))] {
        let retry = json!({"ladder": ladder});
        let wanted = json!({"url": receiver.url(&format!("/{name}")), "name": name, "retry": retry, "event_types": [format!("a.{name}")]});
        service.endpoint(wanted).await;
        let event = json!({"type": format!("a.{name}"), "data": {"n": 1}});
        service.publish(event).await;
    }
    until_told(
        service,
        &[
            json!(["pending", null, 1, 500]),
            json!(["dead", "exhausted", 1, 500]),
        ],
    )
    .await;
    let then = now(service).await;
    // What comes next comes later.
    now(service).await;
    then
}

#[tokio::test]
async fn deliveries_are_told_as_they_were_before_they_were_replayed() {
    let service = Service::start().await;
    let receiver = Receiver::start();
    let then = failing(&service, &receiver).await;
    receiver.always(Behaviour::ok());
    for row in rows(&service, "/v1/deliveries").await {
        let path = format!("/v1/deliveries/{}/replay", row["id"].as_str().unwrap());
        service.ask(Ask::new("POST", &path)).await.expect(200);
    }
    let delivered = json!(["delivered", null, 2, 200]);
    until_told(&service, &[delivered.clone(), delivered]).await;
    let list = async |filter: &str| {
        let path = format!("/v1/deliveries?at={then}&filter={filter}");
        told(&rows(&service, &path).await)
    };
    let path = format!("/v1/deliveries?at={}&filter=", now(&service).await);
    for (filter, count) in [
        ("state:delivered", 2),
        ("state:dead", 0),
        ("status:200+try:2", 2),
    ] {
        let path = format!("{path}{filter}");
        let unchanged = rows(&service, &path).await;
        assert_eq!(unchanged.len(), count, "{filter}");
    }
    let dead = json!(["dead", "exhausted", 1, 500]);
    let pending = json!(["pending", null, 1, 500]);
    assert_eq!(list("").await, [pending.clone(), dead.clone()]);
    assert_eq!(list("state:dead").await, std::slice::from_ref(&dead));
    assert_eq!(list("state:pending+type:a.*").await, [pending]);
    assert_eq!(list("not+state:pending").await, [dead]);
    assert!(list("state:delivered").await.is_empty());
    assert!(list("status:200").await.is_empty());
    let counted = async |filter: &str| {
        let path = format!("/v1/deliveries/count?at={then}&filter={filter}");
        let counted = service.ask(Ask::get(&path)).await.expect(200);
        json!([counted["count"], counted["exact"], counted["looked_at"]])
    };
    assert_eq!(counted("state:dead").await, json!([1, true, 2]));
    assert_eq!(counted("state:delivered").await, json!([0, true, 2]));
    assert_eq!(counted("").await[0], 2);
    assert_eq!(counted("type:a.brief").await[0], 1);
}

/// Lets the receiver recover and replays what [`failing`] left dead; the other delivery goes on waiting.
async fn replay_the_dead(service: &Service, receiver: &Receiver) {
    receiver.always(Behaviour::ok());
    let replay = json!({"filter": "state:dead", "rate": "100/s"});
    service
        .ask(Ask::post("/v1/replays", &replay.to_string()))
        .await
        .expect(201);
    until_told(
        service,
        &[
            json!(["pending", null, 1, 500]),
            json!(["delivered", null, 2, 200]),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_replay_of_many_and_a_discard_leave_the_past_as_it_was() {
    let service = Service::start().await;
    let receiver = Receiver::start();
    let then = failing(&service, &receiver).await;
    replay_the_dead(&service, &receiver).await;
    let waiting = &rows(&service, "/v1/deliveries").await[0];
    let path = format!("/v1/deliveries/{}/discard", waiting["id"].as_str().unwrap());
    service.ask(Ask::post(&path, "{}")).await.expect(200);
    let path = format!("/v1/deliveries?at={then}");
    assert_eq!(
        told(&rows(&service, &path).await),
        [
            json!(["pending", null, 1, 500]),
            // Of what it was dead, the replay has overwritten.
            json!(["dead", null, 1, 500]),
        ]
    );
}

#[tokio::test]
async fn what_was_dead_is_told_by_what_it_died_of_then() {
    let service = Service::start().await;
    let receiver = Receiver::start();
    let before = now(&service).await;
    let then = failing(&service, &receiver).await;
    let causes = async |query: &str| {
        let path = format!("/v1/dead/causes{query}");
        service.ask(Ask::get(&path)).await.expect(200)
    };
    let while_dead = causes("").await;
    // One is delivered after all, by a replay of many; the other dies of something else.
    replay_the_dead(&service, &receiver).await;
    receiver.always(Behaviour::status(418));
    let event = json!({"type": "a.brief", "data": {"n": 2}});
    service.publish(event).await;
    until_told(
        &service,
        &[
            json!(["dead", "exhausted", 1, 418]),
            json!(["pending", null, 1, 500]),
            json!(["delivered", null, 2, 200]),
        ],
    )
    .await;
    assert_eq!(causes("").await["items"][0]["status"], 418);
    let told = causes(&format!("?at={then}")).await;
    assert_eq!((&told["dead"], told.get("limited")), (&json!(1), None));
    let items = told["items"].as_array().unwrap();
    assert_eq!(items.len(), 1, "{told}");
    let cause = &items[0];
    assert_eq!(cause["id"], while_dead["items"][0]["id"]);
    assert_eq!(
        json!([
            cause["class"],
            cause["status"],
            cause["dead"],
            cause["endpoints"],
            cause["endpoint_name"]
        ]),
        json!(["status", 500, 1, 1, "brief"])
    );
    assert_eq!(cause.get("succeeding"), None, "nothing tells it of then");
    let at_last = causes(&format!("?at={}", now(&service).await)).await;
    assert_eq!(at_last["items"][0]["status"], 418);
    assert_eq!(at_last["dead"], 1);
    let refused = service
        .ask(Ask::get(&format!("/v1/dead/causes?at={before}")))
        .await;
    assert_eq!(refused.problem().0, 400);
}

#[tokio::test]
async fn what_was_dead_is_counted_whoever_moved_it_since() {
    let (service, receiver, _) = after_trouble(5).await;
    let then = now(&service).await;
    now(&service).await;
    let dead = rows(&service, "/v1/deliveries?filter=state:dead").await;
    for (row, verb) in dead.iter().zip(["replay", "discard"]) {
        let path = format!("/v1/deliveries/{}/{verb}", row["id"].as_str().unwrap());
        service.ask(Ask::post(&path, "{}")).await.expect(200);
    }
    let count = async || {
        let path = format!("/v1/dead/causes?at={then}");
        let told = service.ask(Ask::get(&path)).await.expect(200);
        assert_eq!((told.get("limited"), told.get("kept_since")), (None, None));
        json!([told["dead"], told["items"][0]["dead"]])
    };
    assert_eq!(count().await, json!([5, 5]));
    // One by a replay of many, which lets it die of something else.
    receiver.always(Behaviour::status(418));
    let id = &dead[2]["id"];
    let body = json!({"filter": format!("id:{}", id.as_str().unwrap())});
    service.ask(replays(&body)).await.expect(201);
    let path = format!("/v1/deliveries/{}", id.as_str().unwrap());
    until(&service, &path, |row| row["attempts"] == 2).await;
    assert_eq!(count().await, json!([5, 5]));
    // Nothing says of each that is discarded with others that it was.
    let discard = json!({"filter": "state:dead", "note": "over"}).to_string();
    let ask = Ask::post("/v1/dead/discard", &discard);
    let discarded = service.ask(ask).await.expect(200);
    assert_eq!(discarded["discarded"], 3);
    assert_eq!(count().await, json!([5, 5]));
}

#[tokio::test]
async fn a_pause_holds_nothing_before_it_began() {
    let service = Service::start().await;
    let receiver = Receiver::start();
    let then = failing(&service, &receiver).await;
    let endpoints = rows(&service, "/v1/endpoints").await;
    for endpoint in &endpoints {
        let path = format!("/v1/endpoints/{}/pause", endpoint["id"].as_str().unwrap());
        service.ask(Ask::post(&path, "{}")).await.expect(200);
    }
    let states = async |path: &str| {
        let rows = rows(&service, path).await;
        rows.iter()
            .map(|row| row["state"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(states("/v1/deliveries").await, ["held", "dead"]);
    let path = format!("/v1/deliveries?at={then}");
    assert_eq!(states(&path).await, ["pending", "dead"]);
    let path = format!("/v1/deliveries?at={}", now(&service).await);
    assert_eq!(states(&path).await, ["held", "dead"]);
}

#[tokio::test]
async fn lists_of_the_past_end_at_their_instant() {
    let service = Service::start().await;
    let receiver = Receiver::start();
    let then = failing(&service, &receiver).await;
    service
        .publish(json!({"type": "a.brief", "data": {"n": 2}}))
        .await;
    until_told(
        &service,
        &[
            json!(["dead", "exhausted", 1, 500]),
            json!(["pending", null, 1, 500]),
            json!(["dead", "exhausted", 1, 500]),
        ],
    )
    .await;
    for (list, now, past) in [("events", 3, 2), ("deliveries", 3, 2)] {
        let path = format!("/v1/{list}");
        assert_eq!(rows(&service, &path).await.len(), now, "{list}");
        let path = format!("/v1/{list}?at={then}");
        assert_eq!(rows(&service, &path).await.len(), past, "{list}");
        let path = format!("/v1/{list}?at={then}&limit=1");
        let first = service.ask(Ask::get(&path)).await.expect(200);
        let path = format!("{path}&cursor={}", first["next"].as_str().unwrap());
        assert_eq!(rows(&service, &path).await.len(), 1, "{list}");
    }
    let id = rows(&service, "/v1/endpoints").await[0]["id"].clone();
    let path = format!("/v1/endpoints/{}/pause", id.as_str().unwrap());
    service.ask(Ask::post(&path, "{}")).await.expect(200);
    let done = async |path: &str| {
        let rows = rows(&service, path).await;
        let done = rows.iter().map(|entry| entry["what"].as_str().unwrap());
        done.filter(|what| what.starts_with("endpoint."))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let created = ["endpoint.create", "endpoint.create"];
    assert_eq!(done("/v1/audit").await[0], "endpoint.pause");
    assert_eq!(done(&format!("/v1/audit?at={then}")).await, created);
    let path = format!("/v1/stats?window=5m&at={then}");
    let stats = service.ask(Ask::get(&path)).await.expect(200);
    assert_eq!(
        (&stats["at"], &stats["window_s"]),
        (&json!(then), &json!(300))
    );
    assert_eq!(stats.get("ledger"), None, "totals of the past are not kept");
    let path = format!("/v1/endpoints/{}/stats", id.as_str().unwrap());
    let early = service
        .ask(Ask::get(&format!("{path}?window=5m&at={then}")))
        .await
        .expect(200);
    assert_eq!(early["at"], json!(then));
    let refused = service.ask(Ask::get(&format!("{path}?at=1h"))).await;
    assert_ne!(refused.json()["kept_since"], Value::Null);
}

#[tokio::test]
async fn an_instant_that_nothing_is_known_of_is_refused_with_the_remedy() {
    let service = Service::start().await;
    let receiver = Receiver::start();
    failing(&service, &receiver).await;
    let refused = async |query: &str| {
        let answer = service.ask(Ask::get(&format!("/v1/{query}"))).await;
        let (status, _, detail) = answer.problem();
        (status, detail)
    };
    for (query, words) in [
        ("deliveries?at=soon", "is no time: give one such as"),
        ("deliveries?at=2999-01-01T00:00:00Z", "is in the future"),
        ("deliveries?at=1h", "is too early: everything is kept since"),
        ("events?at=1h", "give an instant from then on"),
        ("stats?at=1h", "the service's setting retention"),
        (
            "deliveries?at=1ms&filter=cause:abc",
            "cause is not kept of the past, only of now: leave cause:… out, or leave at out",
        ),
        ("endpoints?at=1s", "at is not known here"),
    ] {
        let (status, detail) = refused(query).await;
        assert_eq!(status, 400, "{query}");
        assert!(detail.contains(words), "{query}: {detail}");
    }
    let path = "/v1/deliveries?at=1h";
    let refused = service.ask(Ask::get(path)).await;
    let since = refused.json()["kept_since"].clone();
    assert_ne!(since, Value::Null, "{}", refused.body);
    let path = format!("/v1/deliveries?at={}", since.as_str().unwrap());
    service.ask(Ask::get(&path)).await.expect(200);
}
