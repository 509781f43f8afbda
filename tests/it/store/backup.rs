//! Copies: whole, of one moment, private, never over anything, and of no harm to those who write meanwhile.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hookyard::clock::{SharedClock, VirtualClock};
use hookyard::domain::ledger::Counts;
use hookyard::store::backup::{self, BackupError};
use hookyard::store::{AfterAttempt, Store, StoreOptions, fsck};
use tempfile::TempDir;

use super::fixture::{START, Yard, event};

/// What lies in a directory, by name.
fn names(directory: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(directory.path()).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

fn options(yard: &Yard) -> StoreOptions {
    StoreOptions::new(yard.directory.path())
}

#[tokio::test]
async fn a_copy_beside_an_open_store_is_sound_private_and_opens_as_a_store_of_its_own() {
    let yard = Yard::new().await;
    let endpoint = yard.endpoint().await;
    let first = yard.fresh(&endpoint).await;
    let record = yard.attempt_of(&first, AfterAttempt::Delivered);
    yard.store.record(record).await.unwrap();
    yard.publish(event("a.b")).await.unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let path = elsewhere.path().join("hookyard.db");
    let made = backup::copy(&options(&yard), &path).await.unwrap();
    let counts = Counts {
        created: 2,
        delivered: 1,
        pending: 1,
        ..Counts::default()
    };
    assert_eq!(
        (made.events, made.deliveries, made.attempts, made.endpoints),
        (2, 2, 1, 1)
    );
    assert_eq!((made.ledger, made.path.clone()), (counts, path.clone()));
    let file = fs::metadata(&path).unwrap();
    assert_eq!(made.bytes, file.len());
    assert_eq!(file.permissions().mode() & 0o777, 0o600);
    assert_eq!(names(&elsewhere), ["hookyard.db"]);
    assert!(fsck::check_file(&path).await.unwrap().is_sound());

    // What comes later is not in the copy.
    yard.publish(event("a.b")).await.unwrap();
    let clock: SharedClock = Arc::new(VirtualClock::at(START + Duration::from_secs(60)));
    let (restored, _hand_over) = Store::open(StoreOptions::new(elsewhere.path()), clock)
        .await
        .unwrap();
    assert_eq!(restored.ledger().await.unwrap(), counts);
    let due = restored.endpoints_with_pending().await.unwrap();
    assert_eq!(due, [(endpoint.id, 1)]);
    restored.publish(vec![event("a.b")]).await.unwrap();
}

#[tokio::test]
async fn a_copy_without_a_service_is_the_same() {
    let yard = Yard::new().await;
    yard.endpoint().await;
    yard.publish(event("a.b")).await.unwrap();
    let Yard {
        store, directory, ..
    } = yard;
    store.close().await;
    drop(store);
    let path = directory.path().join("copy.db");
    let made = backup::copy(&StoreOptions::new(directory.path()), &path)
        .await
        .unwrap();
    assert_eq!((made.events, made.ledger.pending), (1, 1));
    assert!(fsck::check_file(&path).await.unwrap().is_sound());
}

#[tokio::test]
async fn a_copy_overwrites_nothing_and_leaves_nothing_of_one_that_failed() {
    let yard = Yard::new().await;
    yard.publish(event("a.b")).await.unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let path = elsewhere.path().join("copy.db");
    fs::write(&path, "something").unwrap();
    let refused = backup::copy(&options(&yard), &path).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        format!(
            "{} exists, and a backup overwrites nothing: name another file, or move that one away",
            path.display()
        )
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), "something");

    let nowhere = PathBuf::from("/nowhere/copy.db");
    let refused = backup::copy(&options(&yard), &nowhere).await.unwrap_err();
    assert!(
        refused.to_string().starts_with(
            "a backup cannot be written to /nowhere/copy.db: No such file or directory"
        ),
        "{refused}"
    );
    assert!(
        refused
            .to_string()
            .ends_with("; name a file in a directory that you may write to"),
        "{refused}"
    );
    let tight = StoreOptions {
        free_space: Arc::new(|_| Ok(1_000)),
        ..options(&yard)
    };
    let other = elsewhere.path().join("other.db");
    let refused = backup::copy(&tight, &other).await.unwrap_err();
    assert!(matches!(&refused, BackupError::NoRoom { needed_bytes, .. } if *needed_bytes > 1_000));
    let text = refused.to_string();
    assert!(
        text.contains(" has 1000 free bytes, and a backup there needs ")
            && text.ends_with(": choose another disk, or make room"),
        "{text}"
    );
    assert_eq!(names(&elsewhere), ["copy.db"]);
}

#[tokio::test]
async fn a_backup_beside_the_database_leaves_the_reserve_free() {
    let yard = Yard::new().await;
    yard.publish(event("a.b")).await.unwrap();
    let tight = StoreOptions {
        reserve_bytes: 1 << 30,
        free_space: Arc::new(|_| Ok(1 << 30)),
        ..options(&yard)
    };
    let beside = yard.directory.path().join("copy.db");
    let refused = backup::copy(&tight, &beside).await.unwrap_err();
    assert!(matches!(refused, BackupError::NoRoom { .. }), "{refused}");
    let roomy = StoreOptions {
        free_space: Arc::new(|_| Ok(1 << 31)),
        ..tight
    };
    backup::copy(&roomy, &beside).await.unwrap();
}

#[tokio::test]
async fn a_database_that_is_damaged_makes_no_backup() {
    let yard = Yard::new().await;
    yard.endpoint().await;
    yard.publish(event("a.b")).await.unwrap();
    // Rows that break a rule of their table.
    yard.tamper(
        "PRAGMA writable_schema = ON; \
         UPDATE sqlite_schema SET sql = replace(sql, 'CHECK (test IN (0, 1))', 'CHECK (test IN (7))') \
         WHERE name = 'events'",
    )
    .await;
    let elsewhere = tempfile::tempdir().unwrap();
    let path = elsewhere.path().join("copy.db");
    let refused = backup::copy(&options(&yard), &path).await.unwrap_err();
    let text = refused.to_string();
    assert!(
        text.starts_with("the copy does not read back (")
            && text.ends_with(
                ") and is removed: `hookyard fsck` says whether the database itself does; if it does, choose another disk"
            ),
        "{text}"
    );
    assert_eq!(names(&elsewhere), Vec::<String>::new());
}
