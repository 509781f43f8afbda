//! Opening: one process a directory, settings that keep promises, and what survives when everything is dropped.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use hookyard::clock::{Clock, SharedClock, VirtualClock};
use hookyard::domain::delivery::DeliveryState;
use hookyard::domain::id::EventId;
use hookyard::domain::ledger::Counts;
use hookyard::domain::time::Timestamp;
use hookyard::store::{AfterAttempt, Store, StoreError, StoreOptions};

use super::fixture::{START, Yard, event, keyed, tamper_in};

#[tokio::test]
async fn a_second_opening_is_refused_and_names_the_process() {
    let yard = Yard::new().await;
    let clock: SharedClock = Arc::new(VirtualClock::at(START));
    let options = StoreOptions::new(yard.directory.path());
    let error = Store::open(options, clock).await.unwrap_err();
    assert!(
        matches!(&error, StoreError::InUse { pid, .. } if *pid == std::process::id().to_string())
    );
    let expected = format!(
        "{} is in use by process {}",
        yard.directory.path().display(),
        std::process::id()
    );
    assert_eq!(error.to_string(), expected);
}

#[tokio::test]
async fn what_is_stored_is_readable_for_its_owner_only() {
    let yard = Yard::new().await;
    yard.publish(event("a.b")).await.unwrap();
    for name in ["hookyard.db", "hookyard.db-wal"] {
        let file = fs::metadata(yard.directory.path().join(name)).unwrap();
        assert_eq!(file.permissions().mode() & 0o777, 0o600, "{name}");
    }
}

#[tokio::test]
async fn what_was_answered_is_there_after_a_drop_without_close() {
    let yard = Yard::new().await;
    let endpoint = yard.endpoint().await;
    let first = yard.publish(keyed("a.b", "k")).await.unwrap();
    let delivery = yard.fresh(&endpoint).await;
    let record = yard.attempt_of(&delivery, AfterAttempt::Delivered);
    yard.store.record(record.clone()).await.unwrap();
    let yard = yard.reopened().await;
    let counts = Counts {
        created: 2,
        delivered: 1,
        pending: 1,
        ..Counts::default()
    };
    assert_eq!(yard.store.ledger().await.unwrap(), counts);
    assert_eq!(
        yard.store.attempts(delivery.id).await.unwrap(),
        [record.attempt]
    );
    let pending = yard.store.endpoints_with_pending().await.unwrap();
    assert_eq!(pending, [(endpoint.id, 1)]);
    let again = yard.publish(keyed("a.b", "k")).await.unwrap();
    assert_eq!((again.event_id, again.duplicate), (first.event_id, true));
    // Endpoints are matched again without anybody telling the writer.
    assert_eq!(yard.publish(event("a.b")).await.unwrap().deliveries, 1);
}

#[tokio::test]
async fn ids_rise_over_a_restart_with_the_clock_set_back() {
    let yard = Yard::new().await;
    let before = yard.publish(event("a.b")).await.unwrap().event_id;
    yard.clock
        .set(Timestamp::from_millis(START.as_millis() - 86_400_000));
    let yard = yard.reopened().await;
    let after = yard.publish(event("a.b")).await.unwrap().event_id;
    assert!(after > before);
    let minted: EventId = yard.store.mint(yard.clock.now());
    assert!(minted > after);
}

#[tokio::test]
async fn close_leaves_one_file_without_a_log_and_ends_the_store() {
    let yard = Yard::new().await;
    yard.publish(event("a.b")).await.unwrap();
    yard.store.close().await;
    let mut names: Vec<_> = fs::read_dir(yard.directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["hookyard.db", "hookyard.lock"]);
    let refused = yard.publish(event("a.b")).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))));
}

#[tokio::test]
async fn a_clock_that_is_set_moves_due_times_without_touching_rows() {
    const DAY_MS: i64 = 86_400_000;
    let yard = Yard::new().await;
    let endpoint = yard.endpoint().await;
    let delivery = yard.fresh(&endpoint).await;
    let due = Timestamp::from_millis(START.as_millis() + 5_000);
    let record = yard.attempt_of(&delivery, AfterAttempt::Retry { at: due });
    yard.store.record(record).await.unwrap();

    let tomorrow = Timestamp::from_millis(START.as_millis() + DAY_MS);
    yard.clock.set(tomorrow);
    yard.store.shift_pending(DAY_MS).await.unwrap();
    let moved = Timestamp::from_millis(due.as_millis() + DAY_MS);
    let yard = yard.reopened().await;
    let shown = yard.store.delivery(delivery.id).await.unwrap();
    assert_eq!(shown.next_attempt_at, Some(moved));
    assert_eq!(shown.budget_started_at, tomorrow);
    assert_eq!(shown.state, DeliveryState::Pending);
    let next = yard
        .store
        .lane_due_after(endpoint.id, Timestamp::EPOCH)
        .await
        .unwrap();
    assert_eq!(next, Some(moved));
    let due_now = |now| yard.store.lane_due(endpoint.id, now, 10);
    assert!(due_now(tomorrow).await.unwrap().is_empty());
    assert_eq!(due_now(moved).await.unwrap().len(), 1);
}

/// A crash leaves no note of its own; the one from the start is enough.
#[tokio::test]
async fn a_clock_set_back_over_a_crash_right_after_the_start_moves_due_times() {
    const DAY_MS: i64 = 86_400_000;
    let yard = Yard::new().await;
    let endpoint = yard.endpoint().await;
    let delivery = yard.fresh(&endpoint).await;
    let due = START.moved_by(300_000);
    let record = yard.attempt_of(&delivery, AfterAttempt::Retry { at: due });
    yard.store.record(record).await.unwrap();
    yard.clock.set(START.moved_by(-DAY_MS));
    let yard = yard.reopened().await;
    let shown = yard.store.delivery(delivery.id).await.unwrap();
    assert_eq!(shown.next_attempt_at, Some(due.moved_by(-DAY_MS)));
    assert_eq!(yard.store.time().now(), START.moved_by(-DAY_MS));
}

#[tokio::test]
async fn a_full_disk_and_a_clock_set_back_do_not_keep_the_store_closed() {
    const DAY_MS: i64 = 86_400_000;
    let yard = Yard::new().await;
    let endpoint = yard.endpoint().await;
    let delivery = yard.fresh(&endpoint).await;
    let due = START.moved_by(300_000);
    let record = yard.attempt_of(&delivery, AfterAttempt::Retry { at: due });
    yard.store.record(record).await.unwrap();
    // Whatever is noted takes more room than there is.
    yard.tamper("CREATE TABLE filler (bytes BLOB)").await;
    for (name, when) in [("one", "INSERT"), ("two", "UPDATE")] {
        let trigger = format!(
            "CREATE TRIGGER {name} AFTER {when} ON meta \
             BEGIN INSERT INTO filler VALUES (zeroblob(8000000)); END"
        );
        yard.tamper(&trigger).await;
    }
    yard.clock.set(START.moved_by(-DAY_MS));
    let mut options = StoreOptions::new(yard.directory.path());
    options.file_bytes_max = Some(2_000_000);
    drop((yard.store, yard.hand_over));
    let clock: SharedClock = Arc::new(yard.clock.clone());
    let (store, _hand_over) = Store::open(options, clock).await.unwrap();
    // Time goes on as before, and what is due with it.
    assert_eq!(
        (store.time().now(), store.time().set_by_ms()),
        (START, -DAY_MS)
    );
    let refused = store.shift_pending(-DAY_MS).await.unwrap_err();
    assert!(matches!(refused, StoreError::Full { .. }), "{refused}");
    let shown = store.delivery(delivery.id).await.unwrap();
    assert_eq!(shown.next_attempt_at, Some(due));

    tamper_in(yard.directory.path(), "DROP TRIGGER one").await;
    tamper_in(yard.directory.path(), "DROP TRIGGER two").await;
    store.shift_pending(-DAY_MS).await.unwrap();
    let shown = store.delivery(delivery.id).await.unwrap();
    assert_eq!(shown.next_attempt_at, Some(due.moved_by(-DAY_MS)));
    assert_eq!(store.time().now(), START.moved_by(-DAY_MS));
}
