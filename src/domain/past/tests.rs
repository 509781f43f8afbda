//! Deliveries that many things happened to, at instants between them.

use super::*;
use crate::domain::attempt::FailureClass;
use crate::domain::fingerprint::{CauseId, Fingerprint};
use crate::domain::id::{DeliveryId, EndpointId, EventId};

const PENDING: Stood = Stood::Told(DeliveryState::Pending);
const DELIVERED: Stood = Stood::Told(DeliveryState::Delivered);
const EXHAUSTED: DeliveryState = DeliveryState::Dead(DeadReason::Exhausted);
const GIVEN_UP: DeliveryState = DeliveryState::Discarded(DiscardReason::Operator);
const BULK: ReplayId = ReplayId::from_i64(7);

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(1_776_075_480_000 + seconds * 1_000)
}

/// A delivery of the second 0 that stands in `state` since the second `changed`.
fn now(state: DeliveryState, changed: i64) -> Delivery {
    Delivery {
        id: DeliveryId::first_at(at(0)),
        event_id: EventId::first_at(at(0)),
        event_type: "packet.signed".parse().unwrap(),
        endpoint_id: EndpointId::from_i64(3),
        state,
        attempts: 0,
        budget_attempts: 0,
        budget_started_at: at(0),
        held_before_ms: 0,
        next_attempt_at: None,
        last_attempt: None,
        cause: None,
        test: false,
        created_at: at(0),
        updated_at: at(changed),
        replay_id: None,
    }
}

/// An attempt of two seconds; answered with 200 or 503.
fn tried(number: u32, started: i64, well: bool) -> Tried {
    Tried {
        number,
        ended_at: at(started + 2),
        last: LastAttempt {
            at: at(started),
            status: Some(if well { 200 } else { 503 }),
            class: (!well).then_some(FailureClass::Status),
            latency: Duration::from_secs(2),
        },
        replay_id: None,
    }
}

fn traces(attempts: &[Tried]) -> Traces {
    Traces {
        attempts: attempts.to_vec(),
        ..Traces::default()
    }
}

/// Where it stood, with the attempts it had had and whether one was under way.
fn told(delivery: &Delivery, traces: &Traces, second: i64) -> (Stood, u32, bool) {
    let then = then(delivery, traces, Door::Open, at(second)).unwrap();
    (then.stood, then.delivery.attempts, then.in_flight)
}

#[test]
fn before_it_was_created_there_is_no_delivery() {
    let delivery = now(DeliveryState::Pending, 0);
    let nothing = Traces::default();
    assert_eq!(then(&delivery, &nothing, Door::Open, at(-1)), None);
    assert_eq!(told(&delivery, &nothing, 0), (PENDING, 0, false));
}

#[test]
fn attempts_tell_what_was_in_flight_and_what_waited_between_them() {
    let mut delivery = now(DeliveryState::Delivered, 62);
    delivery.attempts = 3;
    let traces = traces(&[tried(1, 1, false), tried(2, 30, false), tried(3, 60, true)]);
    for (second, expected) in [
        (0, (PENDING, 0, false)),
        (2, (PENDING, 0, true)),
        (3, (PENDING, 1, false)),
        (31, (PENDING, 1, true)),
        (59, (PENDING, 2, false)),
        (61, (PENDING, 2, true)),
        (62, (DELIVERED, 3, false)),
    ] {
        assert_eq!(told(&delivery, &traces, second), expected, "{second}");
    }
}

#[test]
fn what_is_told_of_attempts_is_that_of_the_latest_one_then() {
    let mut delivery = now(DeliveryState::Delivered, 62);
    delivery.last_attempt = Some(tried(2, 60, true).last);
    delivery.cause = Some(CauseId::from_i64(5));
    let traces = traces(&[tried(1, 1, false), tried(2, 60, true)]);
    let early = then(&delivery, &traces, Door::Open, at(10))
        .unwrap()
        .delivery;
    assert_eq!(early.last_attempt, Some(tried(1, 1, false).last));
    assert_eq!((early.updated_at, early.budget_attempts), (at(3), 1));
    assert_eq!(early.cause, None, "today's cause is of another attempt");
    assert_eq!(
        early.next_attempt_at, None,
        "when it was due is not written down"
    );
}

#[test]
fn a_delivery_that_a_person_moved_was_what_the_log_says() {
    for (from, later) in [
        (EXHAUSTED, DeliveryState::Delivered),
        (DeliveryState::Delivered, DeliveryState::Delivered),
        (GIVEN_UP, DeliveryState::Pending),
    ] {
        let delivery = now(later, 62);
        let traces = Traces {
            turns: vec![Turn { at: at(50), from }],
            ..traces(&[tried(1, 1, false), tried(2, 60, true)])
        };
        let expected = (Stood::Told(from), 1, false);
        assert_eq!(told(&delivery, &traces, 10), expected);
        assert_eq!(told(&delivery, &traces, 49), expected);
    }
}

#[test]
fn a_delivery_that_was_discarded_later_was_what_it_was() {
    let delivery = now(GIVEN_UP, 50);
    let from = DeliveryState::Pending;
    let alone = Traces {
        turns: vec![Turn { at: at(50), from }],
        ..traces(&[tried(1, 1, false)])
    };
    assert_eq!(told(&delivery, &alone, 10), (PENDING, 1, false));
    let given_up = (Stood::Told(GIVEN_UP), 0, false);
    assert_eq!(told(&delivery, &Traces::default(), 50), given_up);
    // Many at once are not in the log one by one; only dead ones are discarded so.
    let together = traces(&[tried(1, 1, false)]);
    assert_eq!(told(&delivery, &together, 10), (Stood::Dead, 1, false));
    let soon = now(GIVEN_UP, 5);
    assert_eq!(told(&soon, &together, 4), (Stood::Dead, 1, false));
}

#[test]
fn a_request_that_outlived_its_delivery_does_not_bring_it_back() {
    let delivery = now(GIVEN_UP, 2);
    let traces = traces(&[tried(1, 1, false)]);
    assert_eq!(told(&delivery, &traces, 2).0, Stood::Told(GIVEN_UP));
}

#[test]
fn a_dead_delivery_was_pending_until_its_last_attempt_was_recorded() {
    let mut delivery = now(EXHAUSTED, 34);
    delivery.attempts = 2;
    let traces = traces(&[tried(1, 1, false), tried(2, 30, false)]);
    for (second, expected) in [
        (29, (PENDING, 1, false)),
        (33, (PENDING, 2, true)),
        (34, (Stood::Told(EXHAUSTED), 2, false)),
    ] {
        assert_eq!(told(&delivery, &traces, second), expected, "{second}");
    }
}

#[test]
fn a_replay_of_many_tells_what_it_planned_and_leaves_open_what_it_overwrote() {
    let frozen = Frozen {
        replay_id: BULK,
        planned_at: at(40),
        started_at: Some(at(45)),
        released_at: None,
        was: Stood::Dead,
    };
    let again = Tried {
        replay_id: Some(BULK),
        ..tried(2, 60, true)
    };
    let mut delivery = now(DeliveryState::Delivered, 62);
    delivery.replay_id = Some(BULK);
    delivery.budget_started_at = at(50);
    let traces = Traces {
        frozen: vec![frozen],
        ..traces(&[tried(1, 1, false), again])
    };
    for (second, stood) in [
        (10, Stood::Dead),
        (49, Stood::Dead),
        (50, PENDING),
        (59, PENDING),
        (62, DELIVERED),
    ] {
        assert_eq!(told(&delivery, &traces, second).0, stood, "{second}");
    }
    // A later replay has overwritten when this one put it to work.
    delivery.replay_id = None;
    delivery.budget_started_at = at(61);
    assert_eq!(told(&delivery, &traces, 44).0, Stood::Dead);
    assert_eq!(told(&delivery, &traces, 49).0, Stood::Untold);
    // The item has it all the same, if it was noted then.
    let mut noted = traces.clone();
    noted.frozen[0].released_at = Some(at(50));
    assert_eq!(told(&delivery, &noted, 49).0, Stood::Dead);
    assert_eq!(told(&delivery, &noted, 50).0, PENDING);
    // Retention has taken the replay.
    let alone = Traces {
        frozen: Vec::new(),
        ..traces
    };
    assert_eq!(told(&delivery, &alone, 10).0, Stood::Untold);
}

#[test]
fn a_delivery_put_to_work_and_not_tried_yet_was_dead_before() {
    let mut delivery = now(DeliveryState::Pending, 50);
    delivery.replay_id = Some(BULK);
    delivery.budget_started_at = at(50);
    let frozen = Frozen {
        replay_id: BULK,
        planned_at: at(40),
        started_at: Some(at(45)),
        released_at: None,
        was: Stood::Dead,
    };
    let traces = Traces {
        frozen: vec![frozen],
        ..traces(&[tried(1, 1, false)])
    };
    assert_eq!(told(&delivery, &traces, 20).0, Stood::Dead);
    assert_eq!(told(&delivery, &traces, 50).0, PENDING);
}

#[test]
fn what_retention_has_taken_leaves_the_past_open() {
    let delivery = now(DeliveryState::Delivered, 62);
    let without_the_second = traces(&[tried(1, 1, false), tried(3, 60, true)]);
    assert_eq!(told(&delivery, &without_the_second, 59).0, Stood::Untold);
    let after_a_success = traces(&[tried(1, 1, true), tried(2, 60, true)]);
    assert_eq!(told(&delivery, &after_a_success, 59).0, Stood::Untold);
    let nothing = Traces::default();
    assert_eq!(told(&delivery, &nothing, 59).0, Stood::Untold);
}

#[test]
fn the_endpoint_then_says_whether_what_was_pending_was_held() {
    let delivery = now(DeliveryState::Held, 0);
    let deleted = DeliveryState::Discarded(DiscardReason::EndpointDeleted);
    for (door, stood) in [
        (Door::Open, PENDING),
        (Door::Held, Stood::Told(DeliveryState::Held)),
        (Door::Gone, Stood::Told(deleted)),
    ] {
        for today in [DeliveryState::Held, DeliveryState::Pending, deleted] {
            let delivery = now(today, 90);
            let then = then(&delivery, &Traces::default(), door, at(10));
            assert_eq!(then.unwrap().stood, stood, "{today:?}");
        }
    }
    let dead = now(EXHAUSTED, 5);
    let then = then(&dead, &Traces::default(), Door::Held, at(10)).unwrap();
    assert_eq!(then.stood, Stood::Told(EXHAUSTED));
    assert_eq!(told(&delivery, &Traces::default(), 10).0, PENDING);
}

#[test]
fn words_are_those_of_states_and_one_for_what_is_not_told() {
    for (stood, word, reason) in [
        (Stood::Untold, "unknown", None),
        (Stood::of_word("dead"), "dead", None),
        (Stood::of_word("discarded"), "discarded", None),
        (Stood::of_word("delivered"), "delivered", None),
        (Stood::of_word("what"), "unknown", None),
        (Stood::Told(EXHAUSTED), "dead", Some("exhausted")),
    ] {
        assert_eq!((stood.as_str(), stood.reason()), (word, reason));
    }
}

#[test]
fn what_was_dead_is_counted_by_what_it_died_of_then() {
    let known = CauseId::from_i64(5);
    let at_503 = Fingerprint::made(FailureClass::Status, Some(503), "no".into());
    let then = |stood, cause, test| {
        let mut delivery = now(EXHAUSTED, 5);
        delivery.last_attempt = Some(tried(1, 3, false).last);
        (delivery.cause, delivery.test) = (cause, test);
        Then {
            delivery,
            stood,
            in_flight: false,
        }
    };
    let mut dead = DeadThen::default();
    for (stood, cause, test, expected) in [
        (
            Stood::Told(EXHAUSTED),
            Some(known),
            false,
            Some(Some(known)),
        ),
        (Stood::Dead, None, false, Some(Some(at_503.id))),
        (Stood::Told(EXHAUSTED), None, false, Some(Some(at_503.id))),
        // Test traffic has no cause.
        (Stood::Told(EXHAUSTED), None, true, Some(None)),
        (PENDING, None, false, None),
        (Stood::Untold, Some(known), false, None),
    ] {
        let died = Died::of(&then(stood, cause, test), Some(at_503.clone()));
        assert_eq!(died.as_ref().map(|died| died.cause), expected, "{stood:?}");
        died.into_iter().for_each(|died| dead.add(died));
    }
    assert_eq!(
        Died::of(&then(Stood::Dead, None, false), None)
            .unwrap()
            .cause,
        None
    );
    assert_eq!(dead.dead, 4);
    let most = dead.clone().most_first(1);
    assert_eq!(most.len(), 1, "the one that most died of");
    let (cause, of) = &most[0];
    assert_eq!((*cause, of.dead, of.endpoints.len()), (at_503.id, 2, 1));
    assert_eq!(of.latest, Some((at(3), EndpointId::from_i64(3))));
    assert_eq!(of.said, Some(at_503));
    assert_eq!(dead.most_first(9).len(), 2);
}
