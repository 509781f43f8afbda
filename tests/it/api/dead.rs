//! Dead letters over the API: discarded together, exported, and imported into this service and another.

use std::time::Duration;

use serde_json::{Value, json};

use super::http::Ask;
use super::service::Service;
use crate::support::receiver::Receiver;
use crate::support::receiver_answer::Behaviour;

/// Data that cannot stand in a line as it is: a line break, a tab, and what a terminal would obey.
const ODD: &str = "{\"b\": 1.0,\n\t\"a\": \"\u{9b}31m \u{202e}é\", \"a\": 1e40}";

/// Asks for a path until the answer is as wanted; at most ten seconds.
async fn until(service: &Service, path: &str, is_met: impl Fn(&Value) -> bool) -> Value {
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

fn post(path: &str, body: &Value) -> Ask {
    Ask::post(path, &body.to_string())
}

fn import(query: &str, lines: &str) -> Ask {
    Ask::new("POST", &format!("/v1/dead/import{query}"))
        .header("Content-Type", "application/x-ndjson")
        .body(lines)
}

/// A service whose receiver refused these bodies of publish calls; it takes everything by now.
async fn after_trouble(events: &[&str]) -> (Service, Receiver) {
    let service = Service::start().await;
    let receiver = Receiver::start();
    receiver.always(Behaviour::status(500));
    service
        .endpoint(json!({"url": receiver.url("/hook"), "name": "sink", "retry": {"ladder": []}}))
        .await;
    for event in events {
        service
            .ask(Ask::post("/v1/events", event))
            .await
            .expect(202);
    }
    until(&service, "/v1/ledger", |ledger| {
        ledger["total"]["dead"] == events.len()
    })
    .await;
    receiver.always(Behaviour::ok());
    (service, receiver)
}

async fn dead(service: &Service) -> Vec<Value> {
    let list = service
        .ask(Ask::get("/v1/deliveries?filter=state%3Adead"))
        .await
        .expect(200);
    list["items"].as_array().unwrap().clone()
}

async fn exported(service: &Service, filter: &str) -> Vec<String> {
    let path = format!("/v1/dead/export?filter={filter}");
    let answer = service.ask(Ask::get(&path)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.header("content-type"), Some("application/x-ndjson"));
    answer.body.lines().map(str::to_owned).collect()
}

async fn total(service: &Service) -> Value {
    service.ask(Ask::get("/v1/ledger")).await.expect(200)["total"].clone()
}

#[tokio::test]
async fn a_frozen_set_is_discarded_with_a_note_but_for_what_is_no_longer_dead() {
    let event = r#"{"type": "a.b", "data": 1}"#;
    let (service, _receiver) = after_trouble(&[event; 3]).await;
    let plan = service
        .ask(post(
            "/v1/dead/discard",
            &json!({"filter": "ep:sink or type:x", "dry_run": true}),
        ))
        .await
        .expect(200);
    assert_eq!(
        (&plan["matched"], &plan["selection"]),
        (&json!(3), &json!("state:dead and (ep:sink or type:x)"))
    );
    let saved = dead(&service).await[0]["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/deliveries/{saved}");
    service
        .ask(Ask::new("POST", &format!("{path}/replay")))
        .await
        .expect(200);
    until(&service, &path, |one| one["state"] == "delivered").await;
    let body = json!({"plan": plan["id"], "note": "they closed the shop"});
    let done = service
        .ask(post("/v1/dead/discard", &body))
        .await
        .expect(200);
    let counts = ["matched", "discarded", "skipped"].map(|name| done[name].as_u64().unwrap());
    assert_eq!(counts, [3, 2, 1]);
    let total = total(&service).await;
    assert_eq!(
        (&total["discarded"], &total["delivered"], &total["dead"]),
        (&json!(2), &json!(1), &json!(0))
    );
    let list = service
        .ask(Ask::get("/v1/deliveries?filter=state%3Adiscarded"))
        .await
        .expect(200);
    let path = format!(
        "/v1/deliveries/{}",
        list["items"][1]["id"].as_str().unwrap()
    );
    let one = service.ask(Ask::get(&path)).await.expect(200);
    assert_eq!(one["note"], "they closed the shop");
    assert_eq!(
        one["why"],
        "Discarded: somebody cancelled it (they closed the shop); the audit log says who."
    );

    let (status, _, detail) = service.ask(post("/v1/dead/discard", &body)).await.problem();
    let id = plan["id"].as_str().unwrap();
    assert_eq!(
        (status, detail),
        (
            409,
            format!(
                "{id} cannot be discarded: it has expired, was started, or is being discarded; plan it again"
            )
        )
    );
}

#[tokio::test]
async fn one_is_discarded_with_a_note_that_its_consumer_does_not_read() {
    let service = Service::start().await;
    let receiver = Receiver::start();
    receiver.always(Behaviour::status(500));
    let members = json!({"url": receiver.url("/"), "tenant": "acme", "retry": {"ladder": []}});
    service.endpoint(members).await;
    let event = json!({"type": "a.b", "data": 1, "tenant": "acme"});
    service.publish(event).await;
    until(&service, "/v1/ledger", |ledger| {
        ledger["total"]["dead"] == 1
    })
    .await;
    let id = dead(&service).await[0]["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/deliveries/{id}");
    let discard = |note: &str| post(&format!("{path}/discard"), &json!({"note": note}));
    for (note, said) in [
        (
            "x".repeat(501),
            "/note: the note has 501 characters: at most 500 are kept",
        ),
        (
            " ".to_owned(),
            "/note: the note is missing: say why, for those who come after",
        ),
    ] {
        let (status, _, detail) = service.ask(discard(&note)).await.problem();
        assert_eq!((status, detail.as_str()), (422, said));
    }
    let done = service.ask(discard("they pay late")).await.expect(200);
    assert_eq!(done["state"], "discarded");
    let consumer = service.token("consumer", Some("acme")).await;
    let theirs = service.ask_as(&consumer, Ask::get(&path)).await.expect(200);
    assert_eq!(theirs.get("note"), None);
    assert_eq!(
        theirs["why"],
        "Discarded: somebody cancelled it; the audit log says who."
    );
    let ours = service.ask(Ask::get(&path)).await.expect(200);
    assert_eq!(ours["note"], "they pay late");
}

#[tokio::test]
async fn what_was_exported_and_discarded_is_dead_again_and_importing_twice_makes_nothing_twice() {
    let odd = format!(r#"{{"type": "a.b", "id": "k-1", "data": {ODD}, "attributes": {{"x": 1}}}}"#);
    let plain = r#"{"type": "packet.sent", "data": {"n": 2}}"#;
    let (service, receiver) = after_trouble(&[&odd, plain]).await;
    let lines = exported(&service, "").await;
    assert_eq!(lines.len(), 2);
    assert_eq!(exported(&service, "type%3Apacket.*").await.len(), 1);
    let safe = |letter: char| letter == 'é' || (' '..='~').contains(&letter);
    assert!(lines.concat().chars().all(safe), "{lines:?}");
    let first: Value = serde_json::from_str(&lines[0]).unwrap();
    assert_eq!(first["format"], "hookyard-dead-1");
    assert_eq!(first["event"]["key"], "k-1");
    assert_eq!(first["endpoint"]["url"], receiver.url("/hook"));
    let attempt = &first["delivery"]["last_attempt"];
    assert_eq!(
        (&attempt["status"], &attempt["class"]),
        (&json!(500), &json!("status"))
    );
    assert_eq!(first["delivery"]["cause"].as_str().unwrap().len(), 12);

    let file = lines.join("\n") + "\n\n";
    let there = service.ask(import("", &file)).await.expect(200);
    assert_eq!(
        there,
        json!({"lines": 2, "imported": 0, "revived": 0, "existing": 2, "refused": []})
    );
    let all = json!({"note": "cleared away"});
    service
        .ask(post("/v1/dead/discard", &all))
        .await
        .expect(200);
    assert_eq!(dead(&service).await.len(), 0);
    let back = service.ask(import("", &file)).await.expect(200);
    assert_eq!(
        (&back["revived"], &back["existing"]),
        (&json!(2), &json!(0))
    );
    let again = service.ask(import("", &file)).await.expect(200);
    assert_eq!(
        (&again["revived"], &again["existing"]),
        (&json!(0), &json!(2))
    );
    let total = total(&service).await;
    assert_eq!((&total["created"], &total["dead"]), (&json!(2), &json!(2)));
    assert_eq!(receiver.requests().len(), 2, "nothing is sent by an import");
    let ids: Vec<Value> = dead(&service)
        .await
        .iter()
        .map(|one| one["id"].clone())
        .collect();
    assert!(ids.contains(&first["delivery"]["id"]), "{ids:?}");
}

#[tokio::test]
async fn another_service_gets_events_to_the_letter_under_their_ids_and_delivers_them() {
    let odd = format!(r#"{{"type": "a.b", "id": "k-1", "data": {ODD}}}"#);
    let (one, receiver) = after_trouble(&[&odd, r#"{"type": "a.b", "data": 7}"#]).await;
    let file = exported(&one, "").await.join("\n");
    let other = Service::start().await;
    let refused = other.ask(import("", &file)).await.expect(200);
    let lines = refused["refused"].as_array().unwrap();
    let url = receiver.url("/hook");
    let said = format!(
        "and none with the URL {url} that the event reaches: make it with `hookyard endpoint create`, or name another \
         with endpoint_id (--to)"
    );
    assert_eq!(lines.len(), 2);
    assert!(
        lines[1]["detail"].as_str().unwrap().ends_with(&said),
        "{lines:?}"
    );
    other.endpoint(json!({"url": url})).await;
    let done = other.ask(import("", &file)).await.expect(200);
    assert_eq!(done["imported"], 2, "{done}");
    let mut causes = Vec::new();
    for service in [&one, &other] {
        let answer = service.ask(Ask::get("/v1/dead/causes")).await.expect(200);
        let cause = answer["items"][0].clone();
        assert_eq!(cause["dead"], 2);
        causes.push((cause["id"].clone(), cause["message"].clone()));
    }
    assert!(
        causes[0] == causes[1] && causes[0].1.is_string(),
        "{causes:?}"
    );
    let again = other.ask(import("", &file)).await.expect(200);
    assert_eq!(
        (&again["imported"], &again["existing"]),
        (&json!(0), &json!(2))
    );
    for line in file.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let id = line["event"]["id"].as_str().unwrap().parse().unwrap();
        let (here, there) = (
            other.engine.stored_event(id).await.unwrap(),
            one.engine.stored_event(id).await.unwrap(),
        );
        assert_eq!(here.event, there.event);
    }
    // A publisher who repeats its call is answered as by the first service.
    let repeated = other.ask(Ask::post("/v1/events", &odd)).await.expect(202);
    assert_eq!(repeated["duplicate"], true);
    let replay = json!({"filter": "state:dead", "rate": "100/s"});
    other.ask(post("/v1/replays", &replay)).await.expect(201);
    let ledger = until(&other, "/v1/ledger", |ledger| {
        ledger["total"]["delivered"] == 2
    })
    .await;
    assert_eq!(ledger["adds_up"], true);
    let sent = receiver.requests();
    let data = |request: &crate::support::receiver::Received| {
        String::from_utf8(request.body.clone()).unwrap()
    };
    let bodies: Vec<String> = sent.iter().map(data).collect();
    assert_eq!(bodies.len(), 4);
    // What the second service sends is what the first one did, its id included.
    let id = |index: usize| sent[index].header("webhook-id").unwrap().to_owned();
    assert_eq!([id(0), id(1)], [id(2), id(3)]);
    assert_eq!(bodies[..2], bodies[2..]);
}

#[tokio::test]
async fn an_event_whose_id_is_taken_here_gets_another_and_is_known_by_its_old_one() {
    let (one, receiver) = after_trouble(&[r#"{"type": "a.b", "data": 7}"#]).await;
    let line = exported(&one, "").await.remove(0);
    let other = Service::start().await;
    let endpoint = other.endpoint(json!({"url": receiver.url("/hook")})).await;
    other.ask(import("", &line)).await.expect(200);
    let mut changed: Value = serde_json::from_str(&line).unwrap();
    changed["event"]["data"] = json!(8);
    let changed = changed.to_string();
    let done = other.ask(import("", &changed)).await.expect(200);
    assert_eq!(done["imported"], 1, "{done}");
    let again = other.ask(import("", &changed)).await.expect(200);
    assert_eq!(again["existing"], 1, "{again}");
    let events = other.ask(Ask::get("/v1/events")).await.expect(200);
    let items = events["items"].as_array().unwrap();
    let old: Value = serde_json::from_str::<Value>(&line).unwrap()["event"]["id"].clone();
    assert_eq!(items.len(), 2);
    assert_eq!((&items[0]["key"], &items[1]["id"]), (&old, &old));
    // A third one under that id and key cannot be told from the second.
    let mut third: Value = serde_json::from_str(&changed).unwrap();
    third["event"]["data"] = json!(9);
    let refused = other.ask(import("", &third.to_string())).await.expect(200);
    let detail = format!(
        "the key {} belongs to another event here, {}: publish this one anew under another id, with `hookyard event \
         publish`",
        old.as_str().unwrap(),
        items[0]["id"].as_str().unwrap()
    );
    assert_eq!(refused["refused"], json!([{"line": 1, "detail": detail}]));
    let ledger = other.ask(Ask::get("/v1/ledger")).await.expect(200);
    assert_eq!(
        (&ledger["adds_up"], &ledger["total"]["dead"]),
        (&json!(true), &json!(2))
    );
    assert!(endpoint["id"].is_string());
}

/// A line, with one member changed as `change` says.
fn with(line: &str, change: impl FnOnce(&mut Value)) -> String {
    let mut line: Value = serde_json::from_str(line).unwrap();
    change(&mut line);
    line.to_string()
}

/// Lines that are changed so that they cannot be imported, each with what is said of it.
fn bad_lines(line: &str) -> Vec<(String, &'static str)> {
    let without_event = with(line, |line| {
        line.as_object_mut().unwrap().remove("event");
        line["problem"] = json!("the payload is gone");
    });
    vec![
        (
            "{nope".to_owned(),
            "this is not JSON: key must be a string at line 1 column 2: export it again, or take the line out",
        ),
        (
            with(line, |line| line["format"] = json!("csv")),
            "the format is \"csv\": this takes lines of `hookyard dead export`, whose format is hookyard-dead-1",
        ),
        (
            with(line, |line| line["delivery"]["reason"] = json!("tired")),
            "/delivery/reason: \"tired\" is none of exhausted, expired, gone and undeliverable",
        ),
        (
            with(line, |line| {
                line["delivery"]["cause_message"] = json!("another")
            }),
            "/delivery/cause_message: with class and status of the latest attempt it does not make the cause that is \
             named; leave it out",
        ),
        (
            with(line, |line| line["delivery"]["cause"] = json!("x")),
            "/delivery/cause: \"x\" is not the id of a cause: expected 12 hex digits, as `hookyard causes` shows them",
        ),
        (
            with(line, |line| {
                line["delivery"]["last_attempt"]["class"] = json!("x")
            }),
            "/delivery/last_attempt/class: \"x\" is none of dns, connect, tls, timeout, protocol, status, body, \
             blocked, internal",
        ),
        (
            with(line, |line| line["event"]["data"] = json!(1)),
            "/event/data_exact: it is not data in base64: to import what data says, take data_exact out",
        ),
        (
            with(line, |line| line["event"]["tenant"] = json!("a/b")),
            "/event/tenant: \"a/b\" is not a tenant: expected 1 to 128 of A-Z a-z 0-9 _ . : -",
        ),
        (
            with(line, |line| line["event"]["attributes"] = json!([])),
            "/event/attributes: attributes are a JSON object, such as {\"region\": \"eu\"}",
        ),
        (
            with(line, |line| {
                line["event"]["attributes_exact"] = json!("e30=")
            }),
            "/event/attributes: attributes_exact is there and attributes is missing",
        ),
        (
            without_event,
            "there is nothing to send: the payload is gone; take the line out",
        ),
        (
            with(line, |line| line["colour"] = json!("red")),
            "/colour: colour is not known here; known are format, delivery, endpoint, event, problem",
        ),
    ]
}

#[tokio::test]
async fn every_line_that_cannot_be_imported_is_named_with_why_and_the_others_are_kept() {
    let odd = format!(r#"{{"type": "a.b", "data": {ODD}}}"#);
    let (service, _receiver) = after_trouble(&[&odd]).await;
    let line = exported(&service, "").await.remove(0);
    let bad = bad_lines(&line);
    let mut file: Vec<&str> = bad.iter().map(|(line, _)| line.as_str()).collect();
    file.push(&line);
    let done = service.ask(import("", &file.join("\n"))).await.expect(200);
    assert_eq!(done["lines"], file.len());
    assert_eq!(done["existing"], 1);
    let refused = done["refused"].as_array().unwrap();
    assert_eq!(refused.len(), bad.len());
    for (index, (refused, (_, expected))) in refused.iter().zip(&bad).enumerate() {
        assert_eq!(refused["line"], index + 1);
        assert_eq!(refused["detail"].as_str().unwrap(), *expected);
    }
}

#[tokio::test]
async fn a_line_finds_its_endpoint_or_says_which_one_to_name() {
    let (service, receiver) = after_trouble(&[r#"{"type": "a.b", "data": 7}"#]).await;
    let line = exported(&service, "").await.remove(0);
    let url = receiver.url("/hook");
    let twin = json!({"url": url, "name": "twin"});
    let twin = service.endpoint(twin).await["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let first: Value = serde_json::from_str(&line).unwrap();
    let own = first["endpoint"]["id"].as_str().unwrap();
    let elsewhere = "http://127.0.0.1:9/x";
    let file = [
        with(&line, |line| {
            line["endpoint"]["id"] = json!("ep_0000000000001")
        }),
        with(&line, |line| line["endpoint"]["url"] = json!(elsewhere)),
    ];
    let done = service.ask(import("", &file.join("\n"))).await.expect(200);
    let several = format!(
        "several endpoints have the URL {url}, and none of them is ep_0000000000001: name the one that is meant with \
         endpoint_id (--to)"
    );
    let edited = format!(
        "{own} has another URL here than {elsewhere}: if it is meant all the same, name it with endpoint_id (--to)"
    );
    assert_eq!(
        done["refused"],
        json!([{"line": 1, "detail": several}, {"line": 2, "detail": edited}])
    );

    // One that is named takes all lines, but for events that do not reach it.
    let theirs = with(&line, |line| line["event"]["tenant"] = json!("acme"));
    let named = import(
        &format!("?endpoint_id={twin}"),
        &format!("{line}\n{theirs}"),
    );
    let named = service.ask(named).await.expect(200);
    assert_eq!(named["imported"], 1, "{named}");
    let detail = format!(
        "the event is of tenant acme, and {twin} is of no tenant: name an endpoint that it reaches with endpoint_id \
         (--to)"
    );
    assert_eq!(named["refused"], json!([{"line": 2, "detail": detail}]));
}

#[tokio::test]
async fn what_is_asked_wrongly_is_refused() {
    let service = Service::start().await;
    let lines = "{}\n".repeat(1_001);
    let both = json!({"plan": "pln_0000000000001", "filter": "ep:x"});
    let planned = json!({"plan": "pln_0000000000001", "dry_run": true});
    for (ask, status, said) in [
        (
            import("", &lines),
            413,
            "the body has 1001 lines; at most 1000 are taken at once: send the rest in another call",
        ),
        (
            import("?endpoint_id=x", "{}"),
            400,
            "?endpoint_id: \"x\" is not an endpoint id: expected ep_ and 13 characters of 0-9 and a-z without i, l, o, u",
        ),
        (
            Ask::get("/v1/dead/export?filter=stat%3Ax"),
            400,
            "?filter: ",
        ),
        (
            post("/v1/dead/discard", &both),
            422,
            "/filter: a plan has its filter already: give one of filter and plan",
        ),
        (
            post("/v1/dead/discard", &planned),
            422,
            "/dry_run: a plan has been planned already: leave dry_run out to discard it",
        ),
        (
            post("/v1/dead/discard", &json!({"filter": "type:a"})),
            422,
            "/note: the note is missing: say why, for those who come after",
        ),
    ] {
        let shown = format!("{ask:?}").chars().take(100).collect::<String>();
        let (found, _, detail) = service.ask(ask).await.problem();
        assert_eq!(found, status, "{shown}: {detail}");
        assert!(detail.starts_with(said), "{shown}: {detail}");
    }
    let confined = service.token("operator", Some("acme")).await;
    let ask = Ask::get("/v1/dead/export");
    let (status, _, detail) = service.ask_as(&confined, ask).await.problem();
    assert_eq!(
        (status, detail.as_str()),
        (
            403,
            "dead letters concern the whole service and this token is confined to tenant acme; list deliveries by \
             state:dead and discard or replay them one by one instead"
        )
    );
}
