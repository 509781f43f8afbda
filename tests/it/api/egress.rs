//! The addresses that requests leave from.

use hookyard::server::{Egress, ServerLimits};
use serde_json::json;

use super::http::Ask;
use super::service::Service;

#[tokio::test]
async fn the_addresses_are_told_with_where_they_come_from() {
    let addresses = || {
        vec![
            "203.0.113.7".parse().unwrap(),
            "2001:db8::7".parse().unwrap(),
        ]
    };
    let both = json!(["203.0.113.7", "2001:db8::7"]);
    for (egress, expected) in [
        (Egress::System, json!({"addresses": [], "origin": "system"})),
        (
            Egress::Sources(addresses()),
            json!({"addresses": both, "origin": "sources"}),
        ),
        (
            Egress::Published(addresses()),
            json!({"addresses": both, "origin": "published"}),
        ),
    ] {
        let service = Service::with(
            |_| {},
            |options| {
                let limits = ServerLimits {
                    egress,
                    ..ServerLimits::default()
                };
                options.limits.store(limits.into());
            },
        )
        .await;
        let consumer = service.token("consumer", Some("acme")).await;
        let answer = service.ask_as(&consumer, Ask::get("/v1/egress")).await;
        assert_eq!(answer.expect(200), expected);
        let typed = service.client().egress().await.unwrap();
        assert_eq!(serde_json::to_value(typed).unwrap(), expected);
    }
}

#[tokio::test]
async fn a_stranger_is_not_told() {
    let service = Service::start().await;
    let answer = Ask::get("/v1/egress").send(&service.tcp()).await;
    assert_eq!(answer.status, 401);
}
