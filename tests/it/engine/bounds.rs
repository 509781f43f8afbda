//! Bounds on what callers may make: who reaches one is told which, and what to do.

use hookyard::domain::actor::Actor;
use hookyard::domain::endpoint::Endpoint;
use hookyard::domain::endpoint_draft::NewEndpoint;
use hookyard::domain::token::{Role, Token};
use hookyard::engine::{EngineError, EngineOptions, NewToken};

use crate::support::world::{Making, World, somebody};
use crate::transport::harness::loopback;

async fn narrow_world() -> World {
    World::make(Making {
        options: EngineOptions {
            targets: loopback(),
            endpoints_max: 4,
            endpoints_per_tenant_max: 2,
            tokens_max: 2,
            ..EngineOptions::default()
        },
        ..Making::default()
    })
    .await
}

async fn create(world: &World, tenant: Option<&str>) -> Result<Endpoint, EngineError> {
    let new = NewEndpoint {
        url: "http://127.0.0.1:9/".to_owned(),
        tenant: tenant.map(|tenant| tenant.parse().unwrap()),
        ..NewEndpoint::default()
    };
    let created = world.engine.create_endpoint(&somebody(), new).await;
    created.map(|(endpoint, _)| endpoint)
}

#[tokio::test]
async fn endpoints_are_bounded_in_all_and_by_tenant_and_deleting_one_makes_room() {
    let world = narrow_world().await;
    let first = create(&world, Some("acme")).await.unwrap();
    create(&world, Some("acme")).await.unwrap();
    let refused = create(&world, Some("acme")).await.unwrap_err();
    assert!(matches!(refused, EngineError::Conflict(_)), "{refused}");
    assert_eq!(
        refused.to_string(),
        "tenant acme has 2 endpoints, as many as a tenant may have: delete some, or raise limits.endpoints_per_tenant"
    );
    create(&world, None).await.unwrap();
    create(&world, Some("other")).await.unwrap();
    let full = "there are 4 endpoints, as many as may be: delete some, or raise limits.endpoints";
    let refused = create(&world, None).await.unwrap_err();
    assert_eq!(refused.to_string(), full);
    // A restart counts the same.
    let world = world.crash_and_restart().await;
    let refused = create(&world, None).await.unwrap_err();
    assert_eq!(refused.to_string(), full);
    let deleted = world.engine.delete_endpoint(&somebody(), first.id).await;
    deleted.unwrap();
    create(&world, Some("acme")).await.unwrap();
    assert!(create(&world, None).await.is_err());
}

#[tokio::test]
async fn many_at_once_do_not_pass_the_bound() {
    let world = narrow_world().await;
    let calls = (0..20).map(|_| create(&world, None));
    let made = futures_util::future::join_all(calls).await;
    assert_eq!(made.iter().filter(|made| made.is_ok()).count(), 4);
}

#[tokio::test]
async fn tokens_are_bounded_and_revoking_one_makes_room() {
    let world = narrow_world().await;
    let make = async || -> Result<Token, EngineError> {
        let new = NewToken {
            name: "ci".to_owned(),
            role: Role::Publisher,
            tenant: None,
            expires_at: None,
            value: None,
        };
        let made = world.engine.create_token(&Actor::service(), new).await;
        made.map(|(token, _)| token)
    };
    let first = make().await.unwrap();
    make().await.unwrap();
    let refused = make().await.unwrap_err();
    assert!(matches!(refused, EngineError::Conflict(_)), "{refused}");
    assert_eq!(
        refused.to_string(),
        "there are 2 tokens, as many as may be: revoke some (hookyard token revoke), or raise limits.tokens"
    );
    let revoked = world.engine.revoke_token(&Actor::service(), first.id).await;
    revoked.unwrap();
    make().await.unwrap();
}
