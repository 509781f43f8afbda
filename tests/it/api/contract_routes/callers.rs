//! For whom contract routes are: tenants see only their own, roles do what they may.

use serde_json::json;

use super::{native, path, registered, service};
use crate::api::http::Ask;
use crate::api::service::Service;

/// Every route about one endpoint.
const ABOUT_ONE: [(&str, &str); 4] = [("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/try")];

#[tokio::test]
async fn a_token_that_the_platform_gave_out_is_good_on_the_contracts_routes() {
    let service = service().await;
    let body = r#"{"name":"old customer","role":"consumer","tenant":"acme","value":"given-out-years-ago"}"#;
    service.ask(Ask::post("/v1/tokens", body)).await.expect(201);
    let created = registered(&service, "given-out-years-ago", json!({})).await;
    assert_eq!(native(&service, &created).await["tenant"], "acme");
    let list = service
        .ask_as("given-out-years-ago", Ask::get("/harbour/hooks"))
        .await
        .expect(200);
    assert_eq!(list["hooks"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn endpoints_of_other_tenants_and_other_contracts_do_not_exist() {
    let service = service().await;
    let acme = service.token("consumer", Some("acme")).await;
    let other = service.token("consumer", Some("other")).await;
    let operator = service.token("operator", None).await;
    let theirs = registered(&service, &other, json!({"title": "theirs"})).await;
    let nobodys = registered(&service, &operator, json!({"title": "nobody's"})).await;
    let own_native = service
        .endpoint(json!({"url": "http://127.0.0.1:9/", "tenant": "acme"}))
        .await;
    let own_elsewhere = format!(
        "/harbour/hooks/berth_{}",
        own_native["id"]
            .as_str()
            .unwrap()
            .strip_prefix("ep_")
            .unwrap()
    );
    let strangers = [
        path(&theirs),
        path(&nobodys),
        own_elsewhere,
        "/harbour/hooks/berth_0000000000001".to_owned(),
        // The native id, another prefix, none, and what is no id at all.
        path(&theirs).replace("berth_", "ep_"),
        path(&theirs).replace("berth_", ""),
        "/harbour/hooks/x%1b".to_owned(),
    ];
    for stranger in &strangers {
        for (method, rest) in ABOUT_ONE {
            let ask = Ask::new(method, &format!("{stranger}{rest}")).json("{}");
            let (status, _, detail) = service.ask_as(&acme, ask).await.problem();
            let id = stranger.rsplit('/').next().unwrap();
            assert_eq!(
                (status, detail),
                (404, format!("no endpoint {id} is visible to this caller")),
                "{method} {rest}"
            );
        }
    }
    let titles = async |token: &str| {
        let list = service
            .ask_as(token, Ask::get("/harbour/hooks"))
            .await
            .expect(200);
        let items = list["hooks"].as_array().unwrap().clone();
        items
            .into_iter()
            .map(|item| item["title"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(titles(&acme).await, [json!(null); 0]);
    assert_eq!(titles(&other).await, [json!("theirs")]);
    // Without a tenant there are the endpoints without one, and no others.
    assert_eq!(titles(&operator).await, [json!("nobody's")]);
    let of_another = Ask::get(&path(&theirs));
    assert_eq!(service.ask_as(&operator, of_another).await.status, 404);
    assert_eq!(native(&service, &nobodys).await["tenant"], json!(null));
}

#[tokio::test]
async fn every_contract_route_admits_exactly_the_roles_of_the_native_one() {
    let service = service().await;
    for (role, tenant, reads, manages) in [
        ("publisher", None, false, false),
        ("viewer", None, true, false),
        ("consumer", Some("acme"), true, true),
        ("operator", None, true, true),
        ("admin", None, true, true),
    ] {
        let token = service.token(role, tenant).await;
        for (method, path, is_read) in [
            ("GET", "/harbour/hooks", true),
            ("GET", "/harbour/hooks/x", true),
            ("POST", "/harbour/hooks", false),
            ("PATCH", "/harbour/hooks/x", false),
            ("DELETE", "/harbour/hooks/x", false),
            ("POST", "/harbour/hooks/x/try", false),
        ] {
            let mut ask = Ask::new(method, path);
            if method != "GET" {
                ask = ask.json("{}");
            }
            let answer = service.ask_as(&token, ask).await;
            let admitted = if is_read { reads } else { manages };
            assert_eq!(
                answer.status != 403,
                admitted,
                "{role} {method} {path}: {}",
                answer.body
            );
            assert!(![401, 405, 500].contains(&answer.status), "{}", answer.body);
        }
    }
    let publisher = service.token("publisher", None).await;
    let answer = service.ask_as(&publisher, Ask::get("/harbour/hooks")).await;
    assert_eq!(
        answer.problem().2,
        "publisher of a test has the role publisher, and this takes the role consumer, viewer, operator or admin"
    );
    let unknown = Ask::get("/harbour/hooks").send(&service.tcp()).await;
    assert_eq!(unknown.problem().0, 401);
    assert_eq!(
        unknown.header("www-authenticate"),
        Some("Bearer realm=\"hookyard\"")
    );
    // On the socket the kernel says who is calling.
    assert_eq!(service.ask(Ask::get("/harbour/hooks")).await.status, 200);
}

#[tokio::test]
async fn an_owner_switches_its_endpoint_but_not_what_an_operator_switched_off() {
    let service = service().await;
    let acme = service.token("consumer", Some("acme")).await;
    let created = registered(&service, &acme, json!({"on": false})).await;
    assert_eq!(created["on"], false);
    assert_eq!(native(&service, &created).await["status_reason"], "owner");
    let patch = |body: &str| Ask::new("PATCH", &path(&created)).json(body);
    let status = async || native(&service, &created).await["status"].clone();
    service
        .ask_as(&acme, patch(r#"{"on":true}"#))
        .await
        .expect(200);
    assert_eq!(status().await, "active");
    service
        .ask_as(&acme, patch(r#"{"on":false}"#))
        .await
        .expect(200);
    assert_eq!(native(&service, &created).await["status_reason"], "owner");
    service
        .ask_as(&acme, patch(r#"{"on":true}"#))
        .await
        .expect(200);

    let native_path = format!(
        "/v1/endpoints/{}",
        native(&service, &created).await["id"].as_str().unwrap()
    );
    service
        .ask(Ask::post(&format!("{native_path}/disable"), ""))
        .await
        .expect(200);
    let refused = service
        .ask_as(&acme, patch(r#"{"title":"new","on":true}"#))
        .await
        .problem();
    assert_eq!(
        refused,
        (
            403,
            "forbidden".to_owned(),
            "an operator of this service has disabled the endpoint; ask them to enable it"
                .to_owned()
        )
    );
    let after = native(&service, &created).await;
    assert_eq!(
        (&after["status"], &after["name"]),
        (&json!("disabled"), &json!(null))
    );
    // A pause is the operator's, not a switch: the owner sees the endpoint as on.
    service
        .ask(Ask::post(&format!("{native_path}/enable"), ""))
        .await
        .expect(200);
    service
        .ask(Ask::post(&format!("{native_path}/pause"), ""))
        .await
        .expect(200);
    let shown = service
        .ask_as(&acme, Ask::get(&path(&created)))
        .await
        .expect(200);
    assert_eq!(shown["on"], true);
}

#[tokio::test]
async fn an_owner_that_starts_disabled_natively_may_enable_itself() {
    let service = Service::start().await;
    let acme = service.token("consumer", Some("acme")).await;
    let body = r#"{"url":"http://127.0.0.1:9/","enabled":false}"#;
    let created = service
        .ask_as(&acme, Ask::post("/v1/endpoints", body))
        .await
        .expect(201);
    assert_eq!(created["status_reason"], "owner");
    let enable = format!("/v1/endpoints/{}/enable", created["id"].as_str().unwrap());
    service
        .ask_as(&acme, Ask::post(&enable, ""))
        .await
        .expect(200);
}
