//! 202 means on disk (P1), against a disk that loses all that was not synced.
//!
//! A killed process shows nothing about syncs, because the kernel keeps its writes. So a program that publishes from
//! four sides runs under strace; from the trace come the files as a power cut would have left them at each answer;
//! the store opens them and everything that was answered by then must be there.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use hookyard::clock::{SharedClock, SystemClock};
use hookyard::domain::delivery::DeliveryState;
use hookyard::domain::id::{DeliveryId, EventId};
use hookyard::store::{AfterAttempt, DeliverySelect, Store, StoreOptions};
use tokio::sync::Barrier;
use tokio::time::timeout;

use super::fixture::{self, Yard, event, note, plain_endpoint};
use super::trace::{self, Op, Unsynced};
use crate::support::skip::skip;

const TRACED: &str = "store::durability::the_traced_program_writes_down_each_answer";
const DIRECTORY: &str = "HOOKYARD_TRACED_DIRECTORY";
const PUBLISHERS: usize = 4;
/// What each publishes; half of it before a checkpoint falls into the run.
const EVENTS_EACH: usize = 40;
/// How long that checkpoint may take to come.
const PATIENCE: Duration = Duration::from_secs(20);
/// Answers between two power cuts that are tried.
const STRIDE: usize = 12;

/// The program under the tracer; on its own, a test that its notes agree with the store.
#[tokio::test]
async fn the_traced_program_writes_down_each_answer() {
    let own = tempfile::tempdir().unwrap();
    let directory = std::env::var_os(DIRECTORY);
    let directory = directory.as_deref().map_or(own.path(), Path::new);
    let clock: SharedClock = Arc::new(SystemClock::new());
    let (store, _hand_over) = Store::open(StoreOptions::new(directory), Arc::clone(&clock))
        .await
        .unwrap();
    let now = clock.now();
    let endpoint = plain_endpoint(store.mint(now), now);
    let endpoint = store.insert_endpoint(note(), endpoint).await.unwrap();
    let told = directory.join("told");
    let open = || OpenOptions::new().create(true).append(true).open(&told);
    let all_rest = Barrier::new(PUBLISHERS);
    let publishers = (0..PUBLISHERS).map(|_| {
        let (store, endpoint, told) = (&store, &endpoint, open().unwrap());
        let all_rest = &all_rest;
        async move {
            for count in 0..EVENTS_EACH {
                if count == EVENTS_EACH / 2 {
                    // SQLite syncs the file only where nobody commits meanwhile, and does not say whether it has.
                    all_rest.wait().await;
                    let checkpoint = checkpointed(store);
                    timeout(PATIENCE, checkpoint)
                        .await
                        .expect("a checkpoint copies all there is");
                    all_rest.wait().await;
                }
                let published = store.publish(vec![event("a.b")]).await.unwrap();
                tell(&told, "accepted", &published[0].event_id.to_string());
                let fresh = store.lane_fresh(endpoint.id, None, 1).await.unwrap();
                let Some(Ok((delivery, _))) = fresh.into_iter().next().map(|row| row.work) else {
                    continue;
                };
                let record = fixture::attempt(store, &delivery, AfterAttempt::Delivered, now);
                // Two publishers may take the same one; then the second one's attempt is late.
                if store.record(record).await.is_ok() {
                    tell(&told, "delivered", &delivery.id.to_string());
                }
            }
        }
    });
    join_all(publishers).await;
    let notes = std::fs::read_to_string(&told).unwrap();
    let accepted = notes.lines().filter(|line| line.starts_with("accepted"));
    assert!(accepted.count() >= PUBLISHERS * EVENTS_EACH);
    assert_eq!(missing(&store, &notes).await, Vec::<String>::new());
    store.close().await;
}

/// Waits for a checkpoint that copied all there was: SQLite syncs the file after no other, and while commits go on there
/// may be none.
async fn checkpointed(store: &Store) {
    let before = store.facts().checkpoint.at;
    loop {
        let checkpoint = store.facts().checkpoint;
        if checkpoint.at != before && checkpoint.done_pages == checkpoint.log_pages {
            return;
        }
        tokio::task::yield_now().await;
    }
}

fn tell(mut told: &File, what: &str, id: &str) {
    told.write_all(format!("{what} {id}\n").as_bytes()).unwrap();
}

#[tokio::test]
async fn every_answer_survives_a_power_cut_that_takes_all_that_was_not_synced() {
    let yard = tempfile::tempdir().unwrap();
    let Some(ops) = traced_run(yard.path()) else {
        skip(
            "every_answer_survives_a_power_cut_that_takes_all_that_was_not_synced",
            "strace is not installed, so nothing shows that commits are synced",
        );
        return;
    };
    let answers: Vec<usize> = (0..ops.len())
        .filter(|&index| matches!(ops[index], Op::Told(_)))
        .collect();
    assert!(answers.len() >= PUBLISHERS * EVENTS_EACH);
    let between = &ops[answers[0]..answers[answers.len() - 1]];
    let checkpoints = between
        .iter()
        .filter(|op| matches!(op, Op::Sync { path, .. } if path.ends_with("hookyard.db")));
    assert!(checkpoints.count() > 0, "no checkpoint fell into the run");

    for (round, &answer) in answers.iter().enumerate().step_by(STRIDE) {
        let promised = told_until(&ops, answer + 1);
        for unsynced in [Unsynced::Lost, Unsynced::Torn(round as u64)] {
            let files = trace::after_power_cut(&ops, answer + 1, ops.len(), unsynced);
            let lost = missing_from(files, &promised).await;
            assert_eq!(lost, Vec::<String>::new(), "{unsynced:?} at answer {round}");
        }
    }
    // The test can fail: when syncs do nothing from the middle on, later answers are lies.
    let (middle, last) = (answers[answers.len() / 2], answers[answers.len() - 1]);
    let files = trace::after_power_cut(&ops, last + 1, middle, Unsynced::Lost);
    let lost = missing_from(files, &told_until(&ops, last + 1)).await;
    assert!(!lost.is_empty(), "answers do not depend on syncs");
}

/// What the traced program asked of its disk; `None` without strace.
fn traced_run(directory: &Path) -> Option<Vec<Op>> {
    let output = directory.join("trace");
    let status = Command::new("strace")
        .args(["-f", "-y", "-xx", "-s", "1000000", "-e"])
        .arg("trace=lseek,write,pwrite64,fsync,fdatasync,ftruncate")
        .arg("-o")
        .arg(&output)
        .arg(std::env::current_exe().unwrap())
        .args([TRACED, "--exact", "--nocapture"])
        .env(DIRECTORY, directory)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let status = match status {
        Ok(status) => status,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        Err(error) => panic!("strace does not start: {error}"),
    };
    assert!(status.success(), "the traced program failed");
    let text = std::fs::read_to_string(&output).unwrap();
    let mut ops = trace::read(&text, "/told");
    // Other files are the test harness's own.
    for op in &mut ops {
        if let Op::Write { path, bytes, .. } = op
            && !path.contains("hookyard.db")
        {
            bytes.clear();
        }
    }
    Some(ops)
}

fn told_until(ops: &[Op], until: usize) -> String {
    ops[..until]
        .iter()
        .filter_map(|op| match op {
            Op::Told(line) => Some(line.as_str()),
            _ => None,
        })
        .collect()
}

/// What of `promised` is not in a store opened on these files.
async fn missing_from(
    files: std::collections::BTreeMap<String, Vec<u8>>,
    promised: &str,
) -> Vec<String> {
    let directory = tempfile::tempdir().unwrap();
    for (path, bytes) in files {
        let name = Path::new(&path).file_name().unwrap();
        if name == "hookyard.db" || name == "hookyard.db-wal" {
            std::fs::write(directory.path().join(name), bytes).unwrap();
        }
    }
    let options = StoreOptions::new(directory.path());
    let clock: SharedClock = Arc::new(SystemClock::new());
    let (store, _hand_over) = Store::open(options, clock).await.unwrap();
    let missing = missing(&store, promised).await;
    assert_eq!(store.recount().await.unwrap(), []);
    missing
}

/// The lines of `promised` that do not hold in the store.
async fn missing(store: &Store, promised: &str) -> Vec<String> {
    let events = store.events_page(None, 500).await.unwrap();
    let events: BTreeSet<EventId> = events.items.iter().map(|stored| stored.event.id).collect();
    let deliveries = store
        .deliveries_page(&DeliverySelect::default(), None, 500)
        .await;
    let delivered: BTreeSet<DeliveryId> = deliveries
        .unwrap()
        .items
        .iter()
        .filter(|delivery| delivery.state == DeliveryState::Delivered)
        .map(|delivery| delivery.id)
        .collect();
    let holds = |line: &&str| match line.split_once(' ').unwrap() {
        ("accepted", id) => events.contains(&id.parse().unwrap()),
        ("delivered", id) => delivered.contains(&id.parse().unwrap()),
        other => panic!("{other:?}"),
    };
    promised
        .lines()
        .filter(|line| !holds(line))
        .map(str::to_owned)
        .collect()
}

#[tokio::test]
async fn what_was_never_written_is_missing() {
    let yard = Yard::new().await;
    let promised = "accepted evt_0000000000001\ndelivered dlv_0000000000001\n";
    assert_eq!(missing(&yard.store, promised).await.len(), 2);
}
