//! Trouble: a full disk, a poisoned row, a crowd at the door. Nobody pays for somebody else's.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::{join_all, join3};
use hookyard::domain::delivery::DeadReason;
use hookyard::domain::json::RawJson;
use hookyard::domain::retention::{self, RetentionPolicy};
use hookyard::domain::time::Timestamp;
use hookyard::store::{AfterAttempt, RetentionProgress, Store, StoreError, StoreOptions};

use super::fixture::{START, Yard, event, keyed, note, plain_endpoint};
use hookyard::clock::{Clock, Sleep, VirtualClock};

#[tokio::test]
async fn below_the_reserve_nothing_is_accepted_and_outcomes_are_recorded() {
    let free = Arc::new(AtomicU64::new(1_000));
    let seam = Arc::clone(&free);
    let yard = Yard::with(|options| {
        options.reserve_bytes = 500;
        options.free_space = Arc::new(move |_| Ok(seam.load(Ordering::SeqCst)));
        options.free_space_every = Duration::ZERO;
    })
    .await;
    let endpoint = yard.endpoint().await;
    let delivery = yard.fresh(&endpoint).await;

    free.store(499, Ordering::SeqCst);
    let refused = yard.publish(event("a.b")).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the disk is full: accepting needs 500 free bytes"
    );
    let record = yard.attempt_of(&delivery, AfterAttempt::Delivered);
    yard.store.record(record).await.unwrap();
    assert_eq!(yard.store.facts().disk_free_bytes, Some(499));

    free.store(500, Ordering::SeqCst);
    yard.publish(event("a.b")).await.unwrap();
    assert_eq!(yard.store.recount().await.unwrap(), []);
}

#[tokio::test]
async fn deaths_that_a_full_disk_leaves_untold_are_counted_by_the_next_that_is_told() {
    let free = Arc::new(AtomicU64::new(1_000));
    let seam = Arc::clone(&free);
    let yard = Yard::with(|options| {
        options.reserve_bytes = 500;
        options.free_space = Arc::new(move |_| Ok(seam.load(Ordering::SeqCst)));
        options.free_space_every = Duration::ZERO;
        options.tell_dead = true;
    })
    .await;
    let endpoint = yard.endpoint().await;
    let mut deliveries = Vec::new();
    for _ in 0..3 {
        deliveries.push(yard.fresh(&endpoint).await);
    }
    let mut changes = yard.store.subscribe();
    let die = async |delivery| {
        let dead = AfterAttempt::Dead(DeadReason::Exhausted);
        yard.store
            .record(yard.attempt_of(delivery, dead))
            .await
            .unwrap();
    };
    free.store(499, Ordering::SeqCst);
    die(&deliveries[0]).await;
    die(&deliveries[1]).await;
    free.store(500, Ordering::SeqCst);
    die(&deliveries[2]).await;
    let mut facts = Vec::new();
    while facts.is_empty() {
        let change = changes.recv().await.unwrap();
        let told = change.facts.iter();
        facts.extend(told.map(|fact| fact.data.as_str().to_owned()));
    }
    assert_eq!(facts.len(), 1, "{facts:?}");
    let told: serde_json::Value = serde_json::from_str(&facts[0]).unwrap();
    assert_eq!(
        (&told["count"], &told["untold_before"]),
        (&1.into(), &2.into())
    );
}

#[tokio::test]
async fn a_file_that_cannot_grow_loses_nothing_and_recovers_once_there_is_room() {
    let yard = Yard::with(|options| options.file_bytes_max = Some(2 * 1024 * 1024)).await;
    let mut large = event("a.b");
    large.data = RawJson::parse(&format!("\"{}\"", "x".repeat(100_000))).unwrap();
    let mut accepted = Vec::new();
    let refused = loop {
        match yard.publish(large.clone()).await {
            Ok(published) => accepted.push(published.event_id),
            Err(error) => break error,
        }
        assert!(accepted.len() < 100, "the limit holds");
    };
    assert!(matches!(refused, StoreError::Full { .. }), "{refused}");
    assert!(yard.store.facts().failing);
    for id in &accepted {
        let stored = yard.store.event(*id).await.unwrap();
        assert_eq!(stored.event.data, large.data);
    }
    assert_eq!(
        yard.store.events_ever().await.unwrap(),
        accepted.len() as u64
    );

    yard.clock.advance(Duration::from_hours(24 * 365));
    let plan = retention::plan(yard.clock.now(), &RetentionPolicy::default());
    let mut progress = RetentionProgress::default();
    while !progress.is_done() {
        progress = yard.store.retention_step(plan, progress).await.unwrap().0;
    }
    yard.publish(large).await.unwrap();
    assert!(!yard.store.facts().failing);
}

/// A clock that panics once when the writer reads it.
struct WriterBreaker {
    inner: VirtualClock,
    armed: Arc<AtomicBool>,
}

impl Clock for WriterBreaker {
    fn now(&self) -> Timestamp {
        let writes = std::thread::current().name() == Some("hookyard-writer");
        let armed = writes && self.armed.swap(false, Ordering::SeqCst);
        assert!(!armed, "the test breaks the writer");
        self.inner.now()
    }

    fn monotonic(&self) -> Duration {
        self.inner.monotonic()
    }

    fn sleep_until(&self, deadline: Timestamp) -> Sleep {
        self.inner.sleep_until(deadline)
    }

    fn nap_until(&self, end: Duration) -> Sleep {
        self.inner.nap_until(end)
    }
}

#[tokio::test]
async fn a_writer_that_panics_is_noticed_and_keeps_nobody_waiting() {
    let directory = tempfile::tempdir().unwrap();
    let armed = Arc::new(AtomicBool::new(false));
    let clock = WriterBreaker {
        inner: VirtualClock::at(START),
        armed: Arc::clone(&armed),
    };
    let options = StoreOptions::new(directory.path());
    let (store, _hand_over) = Store::open(options, Arc::new(clock)).await.unwrap();
    store.publish(vec![event("a.b")]).await.unwrap();
    assert!(!store.facts().failing && store.writer_is_alive());

    armed.store(true, Ordering::SeqCst);
    let answers = join_all((0..200).map(|_| store.publish(vec![event("a.b")]))).await;
    let refused = |answer: &Result<_, _>| matches!(answer, Err(StoreError::Unavailable(None)));
    assert!(answers.iter().all(refused), "{answers:?}");
    store.writer_ended().await;
    assert!(store.facts().failing && !store.writer_is_alive());
    let refused = store.put_meta("any", Vec::new()).await.unwrap_err();
    assert_eq!(refused.to_string(), "the store is not available");
    // What was accepted before can still be read, and the next start finds it.
    assert_eq!(store.events_ever().await.unwrap(), 1);
    store.close().await;
    let options = StoreOptions::new(directory.path());
    let clock = Arc::new(VirtualClock::at(START));
    let (store, _hand_over) = Store::open(options, clock).await.unwrap();
    store.publish(vec![event("a.b")]).await.unwrap();
    assert_eq!(store.events_ever().await.unwrap(), 2);
}

#[tokio::test]
async fn a_poisoned_command_fails_alone() {
    let yard = Yard::new().await;
    let endpoint = yard.endpoint().await;
    let (first, second) = (yard.fresh(&endpoint).await, yard.fresh(&endpoint).await);
    let good = yard.attempt_of(&first, AfterAttempt::Delivered);
    let mut poison = yard.attempt_of(&second, AfterAttempt::Delivered);
    poison.attempt.id = good.attempt.id;
    let store = &yard.store;
    let publishes = (0..50).map(|_| store.publish(vec![event("a.b")]));
    let (before, outcomes, after) = join3(
        join_all(publishes.clone()),
        join_all([store.record(good), store.record(poison)]),
        join_all(publishes),
    )
    .await;
    assert!(before.iter().chain(&after).all(Result::is_ok));
    assert!(outcomes[0].is_ok());
    assert!(
        matches!(outcomes[1], Err(StoreError::Refused { .. })),
        "{:?}",
        outcomes[1]
    );
    let ledger = store.ledger().await.unwrap();
    assert_eq!((ledger.created, ledger.delivered), (102, 1));
    assert_eq!(store.recount().await.unwrap(), []);
}

#[tokio::test]
async fn a_batch_is_accepted_whole_or_not_at_all() {
    let yard = Yard::new().await;
    yard.endpoint().await;
    yard.publish(keyed("a.b", "taken")).await.unwrap();
    let mut other = keyed("a.b", "taken");
    other.data = RawJson::parse("0").unwrap();
    let refused = yard.store.publish(vec![keyed("a.b", "new"), other]).await;
    assert!(matches!(refused, Err(StoreError::Conflict { .. })));
    assert_eq!(yard.store.events_ever().await.unwrap(), 1);
    assert!(!yard.publish(keyed("a.b", "new")).await.unwrap().duplicate);

    let twice = vec![keyed("a.b", "twin"), keyed("a.b", "twin")];
    let published = yard.store.publish(twice).await.unwrap();
    assert_eq!(published[0].event_id, published[1].event_id);
    assert_eq!(
        [false, true],
        [published[0].duplicate, published[1].duplicate]
    );
}

#[tokio::test]
async fn of_many_calls_with_one_key_one_is_first_and_all_get_its_answer() {
    let yard = Yard::new().await;
    yard.endpoint().await;
    let calls = (0..40).map(|_| yard.publish(keyed("a.b", "same")));
    let answers: Vec<_> = join_all(calls)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    let first = answers.iter().filter(|answer| !answer.duplicate).count();
    assert_eq!(first, 1);
    assert!(
        answers
            .iter()
            .all(|answer| answer.event_id == answers[0].event_id)
    );
    assert!(answers.iter().all(|answer| answer.deliveries == 1));
    assert_eq!(yard.store.ledger().await.unwrap().created, 1);
}

#[tokio::test]
async fn commands_keep_their_order_over_flushes() {
    let yard = Yard::new().await;
    let endpoint = plain_endpoint(yard.store.mint(yard.clock.now()), yard.clock.now());
    let (before, created, after) = join3(
        join_all((0..20).map(|_| yard.publish(event("a.b")))),
        yard.store.insert_endpoint(note(), endpoint),
        join_all((0..20).map(|_| yard.publish(event("a.b")))),
    )
    .await;
    created.unwrap();
    let all: Vec<_> = before
        .into_iter()
        .chain(after)
        .map(Result::unwrap)
        .collect();
    assert!(all.is_sorted_by_key(|published| published.event_id));
    let reached: Vec<_> = all.iter().map(|published| published.deliveries).collect();
    assert_eq!(reached, [vec![0; 20], vec![1; 20]].concat());
    let facts = yard.store.facts();
    assert!(facts.flushes < facts.flushed_commands, "{facts:?}");
}

#[tokio::test]
async fn a_crowd_beyond_the_bound_is_told_that_the_store_is_busy() {
    let yard = Yard::with(|options| options.publishes_waiting_max = 3).await;
    let answers = join_all((0..50).map(|_| yard.publish(event("a.b")))).await;
    let busy = answers
        .iter()
        .filter(|answer| matches!(answer, Err(StoreError::Busy)))
        .count();
    let accepted = answers.iter().filter(|answer| answer.is_ok()).count();
    assert!(
        accepted >= 3 && busy > 0 && accepted + busy == 50,
        "{accepted} {busy}"
    );
    assert_eq!(yard.store.events_ever().await.unwrap(), accepted as u64);
    yard.publish(event("a.b")).await.unwrap();
}
