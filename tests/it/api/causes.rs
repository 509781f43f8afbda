//! `/v1/causes`, and the way from a cause to its deliveries.

use std::time::Duration;

use serde_json::json;

use super::http::Ask;
use super::service::Service;
use crate::support::receiver::Receiver;
use crate::support::receiver_answer::Behaviour;

#[tokio::test]
async fn a_cause_names_what_the_receiver_said_and_finds_its_deliveries() {
    let service = Service::start().await;
    let receiver = Receiver::start();
    receiver.always(Behaviour::status(500));
    service
        .endpoint(json!({"url": receiver.url("/hook"), "retry": {"ladder": []}}))
        .await;
    for number in 0..3 {
        service
            .publish(json!({"type": "a.b", "data": number}))
            .await;
    }
    let waiting = async {
        loop {
            let causes = service
                .ask(Ask::get("/v1/causes?since=1h"))
                .await
                .expect(200);
            if causes["items"][0]["dead"] == 3 {
                return causes;
            }
        }
    };
    let waiting = tokio::time::timeout(Duration::from_secs(10), waiting);
    let causes = waiting.await.expect("three are dead in time");
    let cause = &causes["items"][0];
    assert_eq!(
        (&cause["class"], &cause["status"]),
        (&json!("status"), &json!(500))
    );
    assert_eq!(
        (&cause["failures"], &cause["endpoints"]),
        (&json!(3), &json!(1))
    );
    assert_eq!(
        (&cause["trend"], &cause["succeeding_now"]),
        (&json!("rising"), &json!(false))
    );
    let id = cause["id"].as_str().unwrap();
    let path = format!("/v1/deliveries?filter=state:dead%20cause:{id}");
    let found = service.ask(Ask::get(&path)).await.expect(200);
    assert_eq!(found["items"].as_array().unwrap().len(), 3);
    assert_eq!(found["items"][0]["cause"], json!(id));
    let dead = service.ask(Ask::get("/v1/dead/causes")).await.expect(200);
    let group = &dead["items"][0];
    assert_eq!(
        (&dead["dead"], &group["id"], &group["dead"]),
        (&json!(3), &json!(id), &json!(3))
    );
    assert_eq!(
        (&group["message"], &group["succeeding_now"]),
        (&cause["message"], &json!(false))
    );
    let path = format!("/v1/deliveries?filter=-cause:{}*", &id[..4]);
    let others = service.ask(Ask::get(&path)).await.expect(200);
    assert_eq!(others["items"], json!([]));
}

#[tokio::test]
async fn windows_out_of_range_and_callers_of_one_tenant_are_refused() {
    let service = Service::start().await;
    let answer = service.ask(Ask::get("/v1/causes?since=2d")).await;
    let detail = "?since: 2d is not a window from 1m to 24h".to_owned();
    assert_eq!(answer.problem(), (400, "bad-query".to_owned(), detail));
    let viewer = service.token("viewer", Some("acme")).await;
    let answer = service.ask_as(&viewer, Ask::get("/v1/causes")).await;
    let detail = "causes are gathered over the whole service and this token is confined to tenant acme; its \
                  deliveries in /v1/deliveries name theirs";
    assert_eq!(
        answer.problem(),
        (403, "forbidden".to_owned(), detail.to_owned())
    );
    let answer = service.ask_as(&viewer, Ask::get("/v1/dead/causes")).await;
    let detail = "dead letters concern the whole service and this token is confined to tenant acme; list deliveries \
                  by state:dead instead";
    assert_eq!(
        answer.problem(),
        (403, "forbidden".to_owned(), detail.to_owned())
    );
}
