//! The description at `/openapi.json` says all that the service answers.

use std::collections::BTreeSet;

use hookyard::domain::contract::ContractSet;
use serde_json::Value;

use super::http::Ask;
use super::service::Service;

/// Every method of every path that the description has, as `GET /v1/events`.
fn described(document: &Value) -> BTreeSet<String> {
    let mut operations = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            operations.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    operations
}

#[tokio::test]
async fn every_route_is_described_and_nothing_else() {
    let service = Service::start().await;
    let document = service.ask(Ask::get("/openapi.json")).await.expect(200);
    let native = hookyard::server::routes().map(|route| format!("{} {}", route.method, route.path));
    let contracts = ContractSet::built_in("standard").unwrap();
    let added = contracts.iter_routes().map(|(_, route)| route.to_string());
    let routes: BTreeSet<String> = native.chain(added).collect();
    assert_eq!(described(&document), routes);
}

#[tokio::test]
async fn the_page_for_people_has_every_route_and_shape_and_needs_nothing_else() {
    let service = Service::start().await;
    let document = service.ask(Ask::get("/openapi.json")).await.expect(200);
    let page = service.ask(Ask::get("/docs")).await;
    assert_eq!(page.status, 200);
    let html = "text/html; charset=utf-8";
    assert_eq!(page.header("content-type"), Some(html));
    let operations = described(&document);
    assert!(operations.len() > 40, "{operations:?}");
    for operation in operations {
        assert!(
            page.body.contains(&format!("<h3>{operation}</h3>")),
            "{operation}"
        );
    }
    for name in document["components"]["schemas"]
        .as_object()
        .unwrap()
        .keys()
    {
        let shape = format!("<section id=\"s-{name}\">");
        assert!(page.body.contains(&shape), "{name}");
    }
    // Every link stays on the page or on this service, and nothing is fetched or run.
    for (at, _) in page.body.match_indices("href=\"") {
        let target = page.body[at + 6..].split('"').next().unwrap();
        let inside = target
            .strip_prefix('#')
            .is_some_and(|id| page.body.contains(&format!("id=\"{id}\"")));
        assert!(inside || target == "/openapi.json", "{target}");
    }
    for fetched in ["<script", "<link", "src=", "url(", "@import", "http-equiv"] {
        assert!(!page.body.contains(fetched), "{fetched}");
    }
    let policy = "default-src 'none'; style-src 'unsafe-inline'";
    assert_eq!(page.header("content-security-policy"), Some(policy));
}

#[test]
fn every_path_of_the_vocabulary_is_routed() {
    let source = include_str!("../../../src/api/paths.rs");
    let named: BTreeSet<&str> = source
        .lines()
        .filter_map(|line| line.strip_prefix("pub const "))
        .map(|line| line.split('"').nth(1).unwrap())
        .collect();
    let routed: BTreeSet<&str> = hookyard::server::routes().map(|route| route.path).collect();
    assert_eq!(named, routed);
}

#[test]
fn every_reference_leads_somewhere() {
    let text = hookyard::server::description().to_json().unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let mut references = BTreeSet::new();
    collect(&document, &mut references);
    assert!(references.len() > 10);
    for reference in references {
        let name = reference.strip_prefix("#/components/schemas/").unwrap();
        assert!(schemas.contains_key(name), "{name}");
    }
}

fn collect(value: &Value, references: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("$ref") {
                references.insert(reference.clone());
            }
            members
                .values()
                .for_each(|value| collect(value, references));
        }
        Value::Array(items) => items.iter().for_each(|value| collect(value, references)),
        _ => {}
    }
}

#[test]
fn every_operation_says_what_it_does() {
    let text = hookyard::server::description().to_json().unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            assert!(operation["summary"].is_string(), "{method} {path}");
            assert!(operation["tags"].is_array(), "{method} {path}");
        }
    }
}

#[test]
fn the_description_says_how_callers_show_who_they_are() {
    let text = hookyard::server::description().to_json().unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        document["components"]["securitySchemes"]["token"]["scheme"],
        "bearer"
    );
    assert_eq!(document["security"][0]["token"], serde_json::json!([]));
}
