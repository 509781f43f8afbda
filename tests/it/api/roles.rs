//! Who may call what: every route with every role, against a table written here a second time on purpose.

use std::collections::BTreeMap;

use super::http::Ask;
use super::service::Service;

/// Every route and the roles that may call it.
const EXPECTED: &[(&str, &str)] = &[
    ("POST /v1/events", "publisher operator admin"),
    ("GET /v1/events", "viewer operator admin"),
    ("POST /v1/events/batch", "publisher operator admin"),
    ("GET /v1/events/{id}", "viewer operator admin"),
    ("GET /v1/events/{id}/deliveries", "viewer operator admin"),
    ("POST /v1/events/{id}/deliver", "operator admin"),
    ("POST /v1/endpoints", "consumer operator admin"),
    ("GET /v1/endpoints", "consumer viewer operator admin"),
    ("GET /v1/endpoints/{id}", "consumer viewer operator admin"),
    ("PATCH /v1/endpoints/{id}", "consumer operator admin"),
    ("DELETE /v1/endpoints/{id}", "consumer operator admin"),
    ("POST /v1/endpoints/{id}/pause", "operator admin"),
    ("POST /v1/endpoints/{id}/resume", "operator admin"),
    ("POST /v1/endpoints/{id}/enable", "consumer operator admin"),
    ("POST /v1/endpoints/{id}/disable", "consumer operator admin"),
    ("POST /v1/endpoints/{id}/test", "consumer operator admin"),
    (
        "POST /v1/endpoints/{id}/rotate-secret",
        "consumer operator admin",
    ),
    (
        "GET /v1/endpoints/{id}/stats",
        "consumer viewer operator admin",
    ),
    ("GET /v1/endpoints/{id}/secret", "consumer operator admin"),
    ("POST /v1/endpoints/{id}/recover", "operator admin"),
    ("GET /v1/deliveries", "consumer viewer operator admin"),
    ("GET /v1/deliveries/count", "consumer viewer operator admin"),
    ("GET /v1/deliveries/{id}", "consumer viewer operator admin"),
    (
        "GET /v1/deliveries/{id}/attempts/{number}",
        "consumer viewer operator admin",
    ),
    ("POST /v1/deliveries/{id}/replay", "operator admin"),
    ("POST /v1/deliveries/{id}/discard", "operator admin"),
    ("GET /v1/dead/causes", "viewer operator admin"),
    ("POST /v1/dead/discard", "operator admin"),
    ("GET /v1/dead/export", "viewer operator admin"),
    ("POST /v1/dead/import", "operator admin"),
    ("POST /v1/replays", "operator admin"),
    ("GET /v1/replays", "viewer operator admin"),
    ("GET /v1/replays/{id}", "viewer operator admin"),
    ("POST /v1/replays/{id}/pause", "operator admin"),
    ("POST /v1/replays/{id}/resume", "operator admin"),
    ("POST /v1/replays/{id}/cancel", "operator admin"),
    ("GET /v1/stats", "viewer operator admin"),
    ("GET /v1/ledger", "viewer operator admin"),
    ("GET /v1/horizon", "viewer operator admin"),
    ("GET /v1/causes", "viewer operator admin"),
    ("GET /v1/audit", "operator admin"),
    ("GET /v1/log", "operator admin"),
    ("POST /v1/notes", "operator admin"),
    ("GET /v1/notes", "viewer operator admin"),
    ("GET /v1/views", "viewer operator admin"),
    ("GET /v1/views/{name}", "viewer operator admin"),
    ("PUT /v1/views/{name}", "operator admin"),
    ("DELETE /v1/views/{name}", "operator admin"),
    ("GET /v1/operators", "viewer operator admin"),
    ("GET /v1/stream", "viewer operator admin"),
    ("POST /v1/tokens", "admin"),
    ("GET /v1/tokens", "admin"),
    ("DELETE /v1/tokens/{id}", "admin"),
    (
        "GET /v1/contracts",
        "publisher consumer viewer operator admin",
    ),
    (
        "GET /v1/contracts/{name}",
        "publisher consumer viewer operator admin",
    ),
    (
        "GET /v1/contracts/{name}/keys",
        "publisher consumer viewer operator admin",
    ),
    ("POST /v1/contracts/{name}/keys/rotate", "admin"),
    (
        "GET /v1/event-types",
        "publisher consumer viewer operator admin",
    ),
    ("GET /v1/egress", "publisher consumer viewer operator admin"),
    ("GET /v1/info", "publisher consumer viewer operator admin"),
    // On loopback these answer anybody; elsewhere those who read everything (see `probes`).
    ("GET /healthz", "publisher consumer viewer operator admin"),
    ("GET /readyz", "publisher consumer viewer operator admin"),
    ("GET /metrics", "publisher consumer viewer operator admin"),
    (
        "GET /openapi.json",
        "publisher consumer viewer operator admin",
    ),
    ("GET /docs", "publisher consumer viewer operator admin"),
];

const ROLES: [&str; 5] = ["publisher", "consumer", "viewer", "operator", "admin"];

/// A path with an id of the right kind that names nothing.
fn concrete(path: &str) -> String {
    let prefix = match path.split('/').nth(2) {
        Some("events") => "evt",
        Some("endpoints") => "ep",
        Some("deliveries") => "dlv",
        Some("replays") => "rpl",
        _ => "tok",
    };
    path.replace("{id}", &format!("{prefix}_0000000000001"))
        .replace("{number}", "1")
        .replace("{name}", "standard")
}

#[test]
fn the_table_names_every_route_there_is() {
    let expected: Vec<&str> = EXPECTED.iter().map(|&(route, _)| route).collect();
    let actual: Vec<String> = hookyard::server::routes()
        .map(|route| format!("{} {}", route.method, route.path))
        .collect();
    assert_eq!(actual, expected);
}

#[tokio::test]
async fn every_route_admits_exactly_the_roles_of_the_table() {
    let service = Service::start().await;
    let mut tokens = BTreeMap::new();
    for role in ROLES {
        let tenant = (role == "consumer").then_some("acme");
        tokens.insert(role, service.token(role, tenant).await);
    }
    for &(route, admitted) in EXPECTED {
        let (method, path) = route.split_once(' ').unwrap();
        let admitted: Vec<&str> = admitted.split(' ').collect();
        for role in ROLES {
            let mut ask = Ask::new(method, &concrete(path)).token(&tokens[role]);
            if method != "GET" {
                ask = ask.json("{}");
            }
            let answer = ask.send_for_head(&service.tcp()).await;
            if admitted.contains(&role) {
                assert!(
                    ![401, 403, 405, 500].contains(&answer.status),
                    "{role} may {route}: {} {}",
                    answer.status,
                    answer.body
                );
            } else {
                assert_eq!(
                    answer.status, 403,
                    "{role} may not {route}: {}",
                    answer.body
                );
            }
        }
    }
}

#[tokio::test]
async fn a_refused_role_is_told_its_own_and_the_wanted_ones() {
    let service = Service::start().await;
    let token = service.token("viewer", None).await;
    let answer = service
        .ask_as(
            &token,
            Ask::post("/v1/deliveries/dlv_0000000000001/replay", "{}"),
        )
        .await;
    assert_eq!(
        answer.problem(),
        (
            403,
            "forbidden".to_owned(),
            "viewer of a test has the role viewer, and this takes the role operator or admin"
                .to_owned()
        )
    );
}

#[tokio::test]
async fn every_route_but_the_probes_wants_to_know_who_is_calling() {
    let service = Service::start().await;
    for route in hookyard::server::routes().filter(|route| route.path.starts_with("/v1/")) {
        let answer = Ask::new(route.method, &concrete(route.path))
            .send_for_head(&service.tcp())
            .await;
        assert_eq!(answer.status, 401, "{} {}", route.method, route.path);
    }
}
