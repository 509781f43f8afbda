//! Rows that cannot be read any more: each ends its own delivery, its lane goes on with the others.

use std::time::Duration;

use hookyard::domain::delivery::{DeadReason, DeliveryState};

use crate::support::receiver::Receiver;
use crate::support::receiver_answer::Behaviour;
use crate::support::world::World;

/// The data of the first event, as no program writes it.
const BROKEN_EVENT: &str = "UPDATE events SET data = x'ff' WHERE id = (SELECT min(id) FROM events)";

/// Two endpoints, one of them ordered, with three events that were refused; then the service is down, `sql` breaks a
/// row, and it is up again with receivers that accept.
async fn broken_by(sql: &[&'static str]) -> (World, Receiver) {
    let (world, receiver) = (World::new().await, Receiver::start());
    receiver.always(Behaviour::status(500));
    world.endpoint(&receiver.url("/any")).await;
    world
        .endpoint_like(&receiver.url("/ordered"), |new| new.ordered = true)
        .await;
    world.publish_together(3).await;
    world.settle().await;
    assert_eq!(world.states().await, [DeliveryState::Pending; 6]);
    world.stop().await;
    for sql in sql {
        world.tamper(sql).await;
    }
    receiver.always(Behaviour::ok());
    let world = world.start_again().await;
    world.run_for(Duration::from_secs(60)).await;
    (world, receiver)
}

/// Requests that were made after the first round of refusals: three to the one endpoint, the head to the other.
fn later_requests(receiver: &Receiver) -> usize {
    receiver.requests().len() - 4
}

#[tokio::test]
async fn an_event_that_cannot_be_read_ends_its_own_deliveries_and_no_others() {
    let (world, receiver) = broken_by(&[BROKEN_EVENT]).await;
    let deliveries = world.deliveries().await;
    let poisoned = deliveries.iter().map(|delivery| delivery.event_id).min();
    for delivery in &deliveries {
        let view = world.engine.delivery(delivery.id).await.unwrap();
        if Some(delivery.event_id) == poisoned {
            let undeliverable = DeliveryState::Dead(DeadReason::Undeliverable);
            assert_eq!(delivery.state, undeliverable, "{}", view.why);
            assert!(view.why.contains("has an unreadable data"), "{}", view.why);
        } else {
            assert_eq!(delivery.state, DeliveryState::Delivered, "{}", view.why);
        }
    }
    assert_eq!(later_requests(&receiver), 4);
    assert_eq!(world.ledger_total().await, 6);
    assert!(world.engine.health().await.is_ready());
}

#[tokio::test]
async fn a_delivery_that_cannot_be_read_ends_alone() {
    let sql =
        "UPDATE deliveries SET event_type = 'no type' WHERE id = (SELECT min(id) FROM deliveries)";
    let (world, receiver) = broken_by(&[sql]).await;
    let ledger = world.engine.ledger().await.unwrap().total;
    assert_eq!((ledger.delivered, ledger.dead), (5, 1), "{ledger:?}");
    assert_eq!(later_requests(&receiver), 5);
    assert!(world.engine.health().await.is_ready());
    assert_eq!(world.ledger_total().await, 6);
}

/// Were the row read again at once, the lanes would never settle.
#[tokio::test]
async fn a_row_that_the_store_does_not_let_die_is_tried_again_after_a_wait() {
    let refuse = "CREATE TRIGGER refuse BEFORE UPDATE ON deliveries WHEN NEW.state = 'dead' \
         BEGIN SELECT RAISE(ABORT, 'the test refuses this'); END";
    let (world, _receiver) = broken_by(&[BROKEN_EVENT, refuse]).await;
    let poisoned = world.deliveries().await.remove(0).event_id;
    let of_poisoned = async || {
        let mut deliveries = world.deliveries().await;
        deliveries.retain(|delivery| delivery.event_id == poisoned);
        let states = deliveries.iter().map(|delivery| delivery.state);
        states.collect::<Vec<_>>()
    };
    assert_eq!(of_poisoned().await, [DeliveryState::Pending; 2]);
    world.tamper("DROP TRIGGER refuse").await;
    world.run_for(Duration::from_secs(2)).await;
    let undeliverable = DeliveryState::Dead(DeadReason::Undeliverable);
    assert_eq!(of_poisoned().await, [undeliverable; 2]);
    let ledger = world.engine.ledger().await.unwrap().total;
    assert_eq!((ledger.delivered, ledger.dead), (4, 2), "{ledger:?}");
    assert_eq!(world.ledger_total().await, 6);
}
