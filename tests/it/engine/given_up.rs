//! Dead deliveries of an endpoint that is deleted: exported and given up with all others, and never replayed.

use hookyard::domain::delivery::DeliveryState;
use hookyard::domain::id::PlanId;
use hookyard::engine::Selection;

use crate::support::receiver::Receiver;
use crate::support::receiver_answer::Behaviour;
use crate::support::world::{Making, World, somebody};

#[tokio::test]
async fn what_a_deleted_endpoint_left_dead_is_exported_and_given_up_and_not_replayed() {
    let world = World::make(Making {
        ladder: "[]",
        ..Making::default()
    })
    .await;
    let receiver = Receiver::start();
    receiver.always(Behaviour::status(500));
    let gone = world.endpoint(&receiver.url("/gone")).await;
    world.endpoint(&receiver.url("/kept")).await;
    world.publish(2).await;
    world.settle().await;
    let actor = somebody();
    world.engine.delete_endpoint(&actor, gone.id).await.unwrap();
    world.settle().await;

    let mut letters = world.engine.dead_letters("").await.unwrap();
    let mut of_gone = 0;
    let mut all = 0;
    while let Some(letter) = letters.next().await.unwrap() {
        all += 1;
        of_gone += usize::from(letter.delivery.endpoint_id == gone.id);
    }
    assert_eq!((all, of_gone), (4, 2));

    let replay = Selection::Filter("state:dead".to_owned());
    let replay = world.engine.plan_replay(&actor, replay).await.unwrap();
    assert_eq!((replay.total, replay.flight.left_out), (2, 2));

    let plan = world.engine.plan_dead(&actor, "").await.unwrap();
    assert_eq!((plan.total, plan.flight.left_out), (4, 0));
    let id = PlanId::from_i64(plan.id.as_i64());
    let done = world
        .engine
        .discard_plan(&actor, id, "they closed")
        .await
        .unwrap();
    assert_eq!((done.discarded, done.skipped), (4, 0));
    let states = world.states().await;
    let discarded = |state: &DeliveryState| matches!(state, DeliveryState::Discarded(_));
    assert!(states.iter().all(discarded), "{states:?}");
    assert_eq!(world.ledger_total().await, 4);
}
