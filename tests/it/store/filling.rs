//! Stores that are filled in bulk hold what publishing and delivering would have left.

use std::sync::Arc;
use std::time::Duration;

use hookyard::clock::{SharedClock, VirtualClock};
use hookyard::domain::attempt::{Failure, FailureClass, Response};
use hookyard::domain::delivery::{DeadReason, DeliveryState};
use hookyard::domain::fingerprint::Fingerprint;
use hookyard::domain::id::{DeliveryId, EndpointId};
use hookyard::domain::ledger::Counts;
use hookyard::store::fsck;
use hookyard::store::{
    CauseWindow, DeliveryScope, DeliverySelect, Fate, Filling, Store, StoreError, StoreOptions,
};
use tempfile::TempDir;

use super::fixture::{START, event, plain_endpoint};

const DELIVERIES: u64 = 100_010;

fn filling(fate: Fate) -> Filling {
    let endpoint = |id| plain_endpoint(EndpointId::from_i64(id), START);
    Filling {
        endpoints: (1..=3).map(endpoint).collect(),
        deliveries: DELIVERIES,
        fate,
        causes: causes(),
        event_type: "past.event".parse().unwrap(),
        data_head: r#"{"n":"#.to_owned(),
        data_tail: "}".to_owned(),
        revision: [7; 32],
        until: START,
        spacing: Duration::from_millis(2),
    }
}

/// Three of one class, one of another.
fn causes() -> Vec<Fingerprint> {
    let status = |status| {
        let failure = Failure {
            class: FailureClass::Status,
            text: format!("answered {status}"),
        };
        let response = Response {
            status,
            headers: Vec::new(),
            body: Vec::new(),
            truncated: false,
        };
        Fingerprint::of(&failure, Some(&response))
    };
    let timeout = Failure {
        class: FailureClass::Timeout,
        text: "no answer".to_owned(),
    };
    vec![
        status(500),
        status(502),
        status(404),
        Fingerprint::of(&timeout, None),
    ]
}

async fn filled(directory: &TempDir, filling: &Filling) -> Store {
    let options = StoreOptions::new(directory.path());
    Store::fill(&options, filling).await.unwrap();
    let clock: SharedClock = Arc::new(VirtualClock::at(START));
    Store::open(options, clock).await.unwrap().0
}

#[tokio::test]
async fn a_delivered_past_adds_up_and_reads_like_any_other() {
    let directory = tempfile::tempdir().unwrap();
    let store = filled(&directory, &filling(Fate::Delivered)).await;
    assert_eq!(store.recount().await.unwrap(), []);
    let all = i64::try_from(DELIVERIES).unwrap();
    let expected = Counts {
        created: all,
        delivered: all,
        ..Counts::default()
    };
    assert_eq!(store.ledger().await.unwrap(), expected);
    assert!(store.ledger_report(1, None, 1).await.unwrap().adds_up());
    assert_eq!(store.events_ever().await.unwrap(), DELIVERIES);
    let first = START - Duration::from_millis(2 * DELIVERIES);
    let minutes = store
        .step_stats(first, START, Duration::from_secs(60))
        .await
        .unwrap();
    let attempts: u64 = minutes.iter().map(|(_, stats)| stats.successes).sum();
    assert_eq!(attempts, DELIVERIES);

    let id = DeliveryId::from_i64(DeliveryId::first_at(first).as_i64() + 1);
    let delivery = store.delivery(id).await.unwrap();
    assert_eq!(delivery.state, DeliveryState::Delivered);
    assert_eq!(delivery.created_at, first);
    let attempt = store.attempt(id, 1).await.unwrap();
    assert_eq!(attempt.event_id, delivery.event_id);
    assert_eq!(attempt.url, "https://example.com/hook");
    let stored = store.event(delivery.event_id).await.unwrap();
    assert_eq!(stored.event.data.as_str(), r#"{"n":0}"#);
}

#[tokio::test]
async fn a_pending_past_waits_for_its_lanes_and_new_events_come_behind_it() {
    let directory = tempfile::tempdir().unwrap();
    let store = filled(&directory, &filling(Fate::Pending)).await;
    assert_eq!(store.recount().await.unwrap(), []);
    let waiting = store.endpoints_with_pending().await.unwrap();
    let total: u64 = waiting.iter().map(|(_, pending)| pending).sum();
    assert_eq!((waiting.len(), total), (3, DELIVERIES));
    let rows = store.lane_fresh(waiting[1].0, None, 2).await.unwrap();
    let numbers: Vec<_> = rows
        .into_iter()
        .map(|row| row.work.unwrap().1.data.as_str().to_owned())
        .collect();
    assert_eq!(numbers, [r#"{"n":1}"#, r#"{"n":4}"#]);

    let published = store.publish(vec![event("a.b")]).await.unwrap();
    let last = DeliveryId::first_at(START - Duration::from_millis(2));
    assert!(published[0].event_id.as_i64() > last.as_i64() + 2);
}

#[tokio::test]
async fn a_filling_that_cannot_be_is_refused_in_words() {
    let directory = tempfile::tempdir().unwrap();
    let options = StoreOptions::new(directory.path());
    let nobody = Filling {
        endpoints: Vec::new(),
        ..filling(Fate::Pending)
    };
    let error = Store::fill(&options, &nobody).await.unwrap_err();
    assert!(matches!(error, StoreError::Refused { .. }));
    assert_eq!(
        error.to_string(),
        "the store refused the write: a filling needs an endpoint and a spacing of at least 1 ms"
    );
    let without_reason = Filling {
        causes: Vec::new(),
        ..filling(Fate::Mixed)
    };
    let error = Store::fill(&options, &without_reason).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the store refused the write: a filling with failures needs a cause that they have"
    );
}

#[tokio::test]
async fn a_dead_past_adds_up_and_can_be_planned() {
    let directory = tempfile::tempdir().unwrap();
    let store = filled(&directory, &filling(Fate::Dead)).await;
    assert_eq!(store.recount().await.unwrap(), []);
    let all = i64::try_from(DELIVERIES).unwrap();
    let expected = Counts {
        created: all,
        dead: all,
        ..Counts::default()
    };
    assert_eq!(store.ledger().await.unwrap(), expected);
    let path = StoreOptions::new(directory.path()).database_path();
    let report = fsck::check_file(&path).await.unwrap();
    assert_eq!(report.findings, []);
}

#[tokio::test]
async fn a_mixed_past_is_sound_and_has_something_to_read_in_every_list() {
    let directory = tempfile::tempdir().unwrap();
    let store = filled(&directory, &filling(Fate::Mixed)).await;
    assert_eq!(store.recount().await.unwrap(), []);
    let ledger = store.ledger().await.unwrap();
    assert_eq!(ledger.created, i64::try_from(DELIVERIES).unwrap());
    assert!(ledger.adds_up());
    let permille = |count: i64| (count * 1_000 + ledger.created / 2) / ledger.created;
    assert_eq!(
        [
            ledger.delivered,
            ledger.dead,
            ledger.discarded,
            ledger.pending
        ]
        .map(permille),
        [965, 20, 5, 10]
    );
    let endpoints = store.ledger_report(1, None, 10).await.unwrap().endpoints;
    for (_, counts) in &endpoints.items {
        assert_eq!(permille(3 * counts.dead), 20, "{counts:?}");
    }

    let from = START - Duration::from_millis(2 * DELIVERIES);
    let window = CauseWindow {
        from,
        now: START,
        open: vec![(from, START)],
        limit: 50,
        ..CauseWindow::default()
    };
    let causes = store.causes(window).await.unwrap();
    let dead: u64 = causes.iter().map(|cause| cause.dead).sum();
    assert_eq!((causes.len(), dead), (4, ledger.dead.unsigned_abs()));
    let failures: u64 = causes.iter().map(|cause| cause.failures_ever).sum();
    let minutes = store
        .step_stats(from, START, Duration::from_secs(60))
        .await
        .unwrap();
    let failed = minutes
        .iter()
        .flat_map(|(_, stats)| stats.failures.values());
    assert_eq!(failed.sum::<u64>(), failures);
    let attempts: u64 = minutes.iter().map(|(_, stats)| stats.attempts).sum();
    let tries = store.tries(from, START).await.unwrap();
    assert_eq!(tries.durations.count(), attempts);
    let backlogs = store.backlogs(START).await.unwrap();
    let scheduled: u64 = backlogs.values().map(|backlog| backlog.scheduled).sum();
    assert_eq!(scheduled, ledger.pending.unsigned_abs());

    let select = DeliverySelect {
        scope: DeliveryScope::Dead(EndpointId::from_i64(2)),
        condition: None,
    };
    let page = store.deliveries_page(&select, None, 1).await.unwrap();
    let dead = &page.items[0];
    assert_eq!(dead.state, DeliveryState::Dead(DeadReason::Exhausted));
    let attempts = store.attempts(dead.id).await.unwrap();
    assert_eq!(attempts.len(), 3);
    assert!(attempts.iter().all(|attempt| attempt.failure.is_some()));
    let path = StoreOptions::new(directory.path()).database_path();
    let report = fsck::check_file(&path).await.unwrap();
    assert_eq!(report.findings, []);
}
