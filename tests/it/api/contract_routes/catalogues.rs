//! Event types that no catalogue lists: taken where it is open, refused with the nearest names where it is closed.

use serde_json::{Value, json};

use super::{HARBOUR, PIER, errors, path, registered, service};
use crate::api::http::Ask;
use crate::api::service::Service;

const UNLISTED: &str = "crane.struck";
const NEAREST: &str = "crane.struck matches no event type of contract harbour, whose catalogue is closed; \
                       it has crane.stuck, ship.arrived, ship.sailed";

#[tokio::test]
async fn an_endpoint_of_a_closed_catalogue_asks_for_listed_types_and_of_an_open_one_for_any() {
    let service = service().await;
    let token = service.token("consumer", Some("acme")).await;
    let body = json!({"callback": "http://127.0.0.1:9/", "topics": ["ship.*", UNLISTED]});
    let created = service
        .ask_as(&token, Ask::post("/harbour/hooks", &body.to_string()))
        .await;
    let expected = [("/topics/1".to_owned(), NEAREST.to_owned())];
    assert_eq!(errors(&created), expected);
    let existing = registered(&service, &token, json!({"topics": ["*"]})).await;
    let patch = Ask::new("PATCH", &path(&existing)).json(&body.to_string());
    assert_eq!(errors(&service.ask_as(&token, patch).await), expected);
    let test = Ask::post(
        &format!("{}/try", path(&existing)),
        r#"{"topic":"crane.struck"}"#,
    );
    let refused = errors(&service.ask_as(&token, test).await);
    assert_eq!(refused, [("/topic".to_owned(), NEAREST.to_owned())]);
    let native =
        json!({"url": "http://127.0.0.1:9/", "contract": "harbour", "event_types": [UNLISTED]});
    let refused = service
        .ask(Ask::post("/v1/endpoints", &native.to_string()))
        .await;
    assert_eq!(
        errors(&refused),
        [("/event_types/0".to_owned(), NEAREST.to_owned())]
    );

    let body = json!({"url": "http://127.0.0.1:9/", "events": ["anything.at.all"]});
    let open = service
        .ask_as(&token, Ask::post("/pier/hooks", &body.to_string()))
        .await;
    assert_eq!(open.expect(200)["events"], json!(["anything.at.all"]));
}

#[tokio::test]
async fn an_unlisted_event_reaches_endpoints_of_open_catalogues_alone() {
    let service = service().await;
    let operator = service.token("operator", None).await;
    let closed = registered(&service, &operator, json!({"topics": ["*"]})).await;
    let open = json!({"url": "http://127.0.0.1:9/"}).to_string();
    service
        .ask_as(&operator, Ask::post("/pier/hooks", &open))
        .await
        .expect(200);
    let deliveries = async |event_type: &str| {
        let published = service
            .publish(json!({"type": event_type, "data": {}}))
            .await;
        (
            published["deliveries"].clone(),
            published["id"].as_str().unwrap().to_owned(),
        )
    };
    assert_eq!(deliveries("crane.stuck").await.0, 2);
    let (count, event) = deliveries(UNLISTED).await;
    assert_eq!(count, 1);
    // Nor can it be sent there later.
    let id = closed["berth"].as_str().unwrap().replace("berth_", "ep_");
    let deliver = Ask::post(
        &format!("/v1/events/{event}/deliver"),
        &json!({"endpoint_id": id}).to_string(),
    );
    let (status, _, detail) = service.ask(deliver).await.problem();
    assert_eq!((status, detail.as_str()), (409, NEAREST));
    // An endpoint that changes afterwards is still matched by what is listed.
    let patch = Ask::new("PATCH", &path(&closed)).json(r#"{"topics":["ship.*"]}"#);
    service.ask_as(&operator, patch).await.expect(200);
    assert_eq!(deliveries("ship.sailed").await.0, 2);
    assert_eq!(deliveries("ship.sunk").await.0, 1);
}

#[tokio::test]
async fn an_event_that_no_enabled_contract_takes_is_refused_with_the_nearest_names() {
    let service = Service::under(&[HARBOUR, PIER], &["harbour"], |_| {}).await;
    let detail = "crane.struck is no event type of any enabled contract, and all their catalogues are closed; \
                  it has crane.stuck, ship.arrived, ship.sailed";
    let body = json!({"type": UNLISTED, "data": {}});
    let refused = service
        .ask(Ask::post("/v1/events", &body.to_string()))
        .await;
    assert_eq!(errors(&refused), [("/type".to_owned(), detail.to_owned())]);
    let batch = json!([{"type": "crane.stuck", "data": 1}, body]);
    let refused = service
        .ask(Ask::post("/v1/events/batch", &batch.to_string()))
        .await;
    assert_eq!(
        errors(&refused),
        [("/1/type".to_owned(), detail.to_owned())]
    );
    let none = service.ask(Ask::get("/v1/events")).await.expect(200);
    assert_eq!(none["items"], json!([]));
    service
        .publish(json!({"type": "crane.stuck", "data": {}}))
        .await;
}

#[tokio::test]
async fn the_types_of_enabled_contracts_are_listed_with_what_they_mean() {
    let service = Service::under(&[HARBOUR, PIER], &["harbour", "pier"], |_| {}).await;
    let publisher = service.token("publisher", None).await;
    let listed = service
        .ask_as(&publisher, Ask::get("/v1/event-types"))
        .await
        .expect(200);
    let items = listed["items"].as_array().unwrap();
    assert_eq!(
        items[0],
        json!({
            "name": "ship.arrived", "description": "A ship came in", "contract": "harbour", "catalogue": "closed"
        })
    );
    let (own, described): (Vec<&Value>, Vec<&Value>) =
        items.iter().partition(|item| item["contract"] == "*");
    let name = |item: &&Value| item["name"].as_str().unwrap().to_owned();
    let names: Vec<String> = described.iter().map(name).collect();
    assert_eq!(names, ["ship.arrived", "ship.sailed", "crane.stuck"]);
    let told: Vec<String> = own.iter().map(name).collect();
    assert!(told.contains(&"hookyard.endpoint.disabled".to_owned()));
    assert_eq!(told.len(), 9, "{told:?}");
}
