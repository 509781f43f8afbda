//! `/v1/views`: filters with a name, saved, used wherever filters are taken, and refused.

use serde_json::{Value, json};

use super::http::{Answer, Ask};
use super::replays::{after_trouble, replays};
use super::service::Service;

fn put(name: &str, filter: &str) -> Ask {
    let body = json!({ "filter": filter }).to_string();
    Ask::new("PUT", &format!("/v1/views/{name}")).json(&body)
}

async fn save(service: &Service, name: &str, filter: &str) -> Value {
    service.ask(put(name, filter)).await.expect(200)
}

fn deliveries(filter: &str) -> Ask {
    let filter: String = url::form_urlencoded::byte_serialize(filter.as_bytes()).collect();
    Ask::get(&format!("/v1/deliveries?filter={filter}"))
}

async fn matched(service: &Service, filter: &str) -> usize {
    let listed = service.ask(deliveries(filter)).await.expect(200);
    listed["items"].as_array().unwrap().len()
}

fn says(answer: &Answer, status: u16, words: &str) {
    let (got, _, detail) = answer.problem();
    assert_eq!(got, status, "{detail}");
    assert!(detail.contains(words), "{words:?} in {detail}");
}

#[tokio::test]
async fn a_view_is_saved_replaced_listed_and_deleted_and_the_audit_log_has_before_and_after() {
    let service = Service::start().await;
    let first = save(&service, "oncall", " state:dead ").await;
    assert_eq!(
        (&first["name"], &first["filter"]),
        (&json!("oncall"), &json!("state:dead"))
    );
    save(&service, "a-1", "ep:\"\u{1b}[2J\"").await;
    let again = save(&service, "oncall", "state:dead").await;
    assert_eq!(again, first, "what is saved already stays as it is");
    let second = save(&service, "oncall", "state:held").await;
    assert!(second["updated_at"].as_str() >= first["updated_at"].as_str());
    let listed = service.ask(Ask::get("/v1/views")).await.expect(200);
    let items = listed["items"].as_array().unwrap();
    assert_eq!(items[0]["name"], "a-1");
    assert_eq!(items[0]["filter"], "ep:\"\u{1b}[2J\"");
    assert_eq!(items[1], second);
    assert_eq!(items.len(), 2);
    let shown = service.ask(Ask::get("/v1/views/oncall")).await.expect(200);
    assert_eq!(shown, second);
    let deleted = service.ask(Ask::new("DELETE", "/v1/views/oncall")).await;
    assert_eq!((deleted.status, deleted.body.as_str()), (204, ""));
    for method in ["GET", "DELETE"] {
        let gone = service.ask(Ask::new(method, "/v1/views/oncall")).await;
        says(&gone, 404, "no saved view oncall");
    }
    let audited = service
        .ask(Ask::get("/v1/audit?target=%40oncall"))
        .await
        .expect(200);
    let entries: Vec<_> = audited["items"].as_array().unwrap().iter().collect();
    let told: Vec<_> = entries
        .iter()
        .map(|entry| {
            (
                entry["what"].as_str().unwrap(),
                entry["before"]["filter"].as_str(),
                entry["after"]["filter"].as_str(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("view.delete", Some("state:held"), None),
            ("view.save", Some("state:dead"), Some("state:held")),
            ("view.save", None, Some("state:dead")),
        ]
    );
    assert_eq!(entries[0]["who"], first["who"]);
}

#[tokio::test]
async fn a_name_stands_for_its_filter_in_every_filter_that_is_taken() {
    let (service, _receiver, endpoint) = after_trouble(3).await;
    save(&service, "broken", "state:dead or state:held").await;
    save(&service, "mine", &format!("ep:{endpoint}")).await;
    for (filter, count) in [
        ("@broken", 3),
        ("@broken @mine", 3),
        ("-@broken", 0),
        ("not @mine", 0),
        ("@mine -(@broken)", 0),
        ("@broken type:a.b", 3),
        ("-@mine or type:nothing", 0),
        ("text:\"@broken\"", 0),
    ] {
        assert_eq!(matched(&service, filter).await, count, "{filter}");
    }
    let exported = service
        .ask(Ask::get("/v1/dead/export?filter=%40mine"))
        .await;
    assert_eq!(exported.body.lines().count(), 3, "{}", exported.body);
    let none = service
        .ask(Ask::get("/v1/dead/export?filter=-%40mine"))
        .await;
    assert_eq!((none.status, none.body.as_str()), (200, ""));
    let body = json!({"filter": "@mine or x", "note": "sent by hand"}).to_string();
    let discarded = service.ask(Ask::post("/v1/dead/discard", &body)).await;
    let discarded = discarded.expect(200);
    assert_eq!(discarded["discarded"], 3);
    assert_eq!(discarded["selection"], "state:dead and (@mine or x)");
    let audited = service
        .ask(Ask::get("/v1/audit?what=dead.discard"))
        .await
        .expect(200);
    let began = audited["items"].as_array().unwrap().last().unwrap();
    let stood_for = format!("state:dead (endpoint:{endpoint} or x)");
    assert_eq!(began["detail"]["stands_for"], stood_for, "{began}");
}

#[tokio::test]
async fn what_was_planned_by_a_name_goes_by_the_filter_of_that_time() {
    let (service, _receiver, _) = after_trouble(3).await;
    save(&service, "broken", "state:dead").await;
    let dry = json!({"filter": "@broken type:a.b", "dry_run": true});
    let plan = service.ask(replays(&dry)).await.expect(200);
    assert_eq!(
        (&plan["selection"], &plan["stands_for"], &plan["matched"]),
        (
            &json!("@broken type:a.b"),
            &json!("state:dead type:a.b"),
            &json!(3)
        )
    );
    save(&service, "broken", "state:held").await;
    let later = service.ask(replays(&dry)).await.expect(200);
    assert_eq!(later["matched"], 0, "{later}");
    service.ask(Ask::new("DELETE", "/v1/views/broken")).await;
    let started = service.ask(replays(&json!({"plan": plan["id"]}))).await;
    let started = started.expect(201);
    assert_eq!(
        (
            &started["total"],
            &started["selection"],
            &started["stands_for"],
            &started["hash"]
        ),
        (
            &json!(3),
            &plan["selection"],
            &plan["stands_for"],
            &plan["hash"]
        )
    );
    let audited = service
        .ask(Ask::get("/v1/audit?what=replay.start"))
        .await
        .expect(200);
    let detail = &audited["items"][0]["detail"];
    assert_eq!(detail["selection"], "@broken type:a.b");
    assert_eq!(detail["stands_for"], "state:dead type:a.b");
    says(
        &service.ask(replays(&dry)).await,
        422,
        "/filter: at column 1: no view is saved as @broken",
    );
    let plain = json!({"filter": "state:dead", "dry_run": true});
    let plain = service.ask(replays(&plain)).await.expect(200);
    assert!(plain.get("stands_for").is_none(), "{plain}");
}

#[tokio::test]
async fn what_cannot_be_saved_or_resolved_is_refused_with_place_rule_and_remedy() {
    let service = Service::start().await;
    save(&service, "oncall", "state:dead").await;
    let long = "a".repeat(2_049);
    for (name, filter, status, words) in [
        (
            "x",
            "state:dead @oncall",
            422,
            "/filter: at column 12: a saved view names no other",
        ),
        (
            "x",
            "state:dad",
            422,
            "/filter: at column 7: \"dad\" is not a value of state",
        ),
        ("x", "  ", 422, "/filter: an empty filter takes everything"),
        (
            "x",
            &*long,
            422,
            "the filter has 2049 characters; at most 2048",
        ),
        (
            "Oncall",
            "state:dead",
            400,
            "\"Oncall\" cannot be the name of a saved view: expected 1 to 64 of a-z, 0-9 and -",
        ),
        (
            "-x",
            "state:dead",
            400,
            "cannot be the name of a saved view",
        ),
        (
            "%40oncall",
            "state:dead",
            400,
            "cannot be the name of a saved view",
        ),
    ] {
        says(&service.ask(put(name, filter)).await, status, words);
    }
    for body in ["{}", r#"{"filter": "x", "fliter": "x"}"#] {
        let ask = Ask::new("PUT", "/v1/views/x").json(body);
        assert_eq!(service.ask(ask).await.status, 422, "{body}");
    }
    let listed = service.ask(Ask::get("/v1/views")).await.expect(200);
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(1));
    says(
        &service.ask(deliveries("age<2h (@onclal)")).await,
        400,
        "?filter: at column 9: no view is saved as @onclal, did you mean @oncall? `hookyard view list` shows",
    );
    says(
        &service.ask(deliveries("@On")).await,
        400,
        "names no saved view",
    );
    for path in ["/v1/dead/export?filter=%40x", "/v1/views?limit=1"] {
        assert_eq!(service.ask(Ask::get(path)).await.status, 400, "{path}");
    }
}

#[tokio::test]
async fn viewers_read_and_use_views_and_whoever_is_confined_to_a_tenant_has_none() {
    let (service, _receiver, _) = after_trouble(1).await;
    save(&service, "oncall", "state:dead").await;
    let viewer = service.token("viewer", None).await;
    let as_viewer = async |ask: Ask| service.ask_as(&viewer, ask).await;
    let listed = as_viewer(Ask::get("/v1/views")).await.expect(200);
    assert_eq!(listed["items"][0]["name"], "oncall");
    let found = as_viewer(deliveries("@oncall")).await.expect(200);
    assert_eq!(found["items"].as_array().map(Vec::len), Some(1));
    for ask in [
        put("oncall", "state:held"),
        Ask::new("DELETE", "/v1/views/oncall"),
    ] {
        says(&as_viewer(ask).await, 403, "operator or admin");
    }
    let confined = service.token("operator", Some("acme")).await;
    for ask in [
        Ask::get("/v1/views"),
        Ask::get("/v1/views/oncall"),
        put("oncall", "state:held"),
        Ask::new("DELETE", "/v1/views/oncall"),
    ] {
        let refused = service.ask_as(&confined, ask).await;
        says(&refused, 403, "saved views are of the whole service and");
    }
    // Neither what there is nor what is not.
    for filter in ["@oncall", "@oncal"] {
        let refused = service.ask_as(&confined, deliveries(filter)).await;
        says(
            &refused,
            400,
            "saved views are of the whole service, and this token",
        );
    }
    let shown = service.ask(Ask::get("/v1/views/oncall")).await.expect(200);
    assert_eq!(shown["filter"], "state:dead");
}

#[tokio::test]
async fn there_are_200_views_at_most_and_those_that_are_there_can_still_change() {
    let service = Service::start().await;
    for number in 0..200 {
        save(&service, &format!("v{number}"), "state:dead").await;
    }
    says(
        &service.ask(put("one-more", "state:dead")).await,
        409,
        "there are 200 saved views, as many as may be: delete one that nobody uses (hookyard view delete)",
    );
    save(&service, "v7", "state:held").await;
    let gone = service.ask(Ask::new("DELETE", "/v1/views/v8")).await;
    assert_eq!(gone.status, 204);
    save(&service, "one-more", "state:dead").await;
}
