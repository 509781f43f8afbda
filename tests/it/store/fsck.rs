//! Files that do not hold together: each kind of damage is found, told and, where that is safe, mended.

use std::path::Path;
use std::time::Duration;

use hookyard::clock::Clock;
use hookyard::domain::actor::{Actor, Via};
use hookyard::domain::delivery::DeadReason;
use hookyard::store::fsck::{self, FsckReport};
use hookyard::store::{AfterAttempt, StoreError, StoreOptions};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};

use super::fixture::{START, Yard, event};

/// Changes the file where SQLite itself would refuse to.
async fn damage(directory: &Path, sql: &str) {
    let options = SqliteConnectOptions::new()
        .filename(directory.join("hookyard.db"))
        .foreign_keys(false)
        .pragma("ignore_check_constraints", "ON");
    let mut connection = options.connect().await.unwrap();
    let sql = AssertSqlSafe(sql.to_owned());
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

/// A yard with one delivery in each state that has a story, and names for what is in it.
struct Story {
    yard: Yard,
    names: Vec<(String, String, &'static str)>,
}

impl Story {
    async fn new() -> Self {
        let yard = Yard::new().await;
        let endpoint = yard.endpoint().await;
        let mut names = vec![(
            endpoint.id.to_string(),
            endpoint.id.as_i64().to_string(),
            "EP",
        )];
        let later = yard.clock.now() + Duration::from_hours(1);
        let fates = [
            ("DELIVERED", Some(AfterAttempt::Delivered)),
            ("DEAD", Some(AfterAttempt::Dead(DeadReason::Exhausted))),
            ("RETRYING", Some(AfterAttempt::Retry { at: later })),
            ("FRESH", None),
        ];
        for (name, next) in fates {
            let delivery = yard.fresh(&endpoint).await;
            if let Some(next) = next {
                let record = yard.attempt_of(&delivery, next);
                yard.store.record(record).await.unwrap();
            }
            let id = delivery.id;
            names.push((id.to_string(), id.as_i64().to_string(), name));
        }
        let spare = yard.endpoint().await;
        let id = spare.id;
        names.push((id.to_string(), id.as_i64().to_string(), "SPARE"));
        Self { yard, names }
    }

    /// Damages the file; names of the story stand for ids.
    async fn damage(&self, sql: &str) {
        let mut sql = sql.to_owned();
        for (_, number, name) in &self.names {
            sql = sql.replace(&format!("{{{name}}}"), number);
        }
        damage(self.yard.directory.path(), &sql).await;
    }

    async fn report(&self) -> FsckReport {
        let options = StoreOptions::new(self.yard.directory.path());
        fsck::check_file(&options.database_path()).await.unwrap()
    }

    /// Findings as `kind subject: text (safe)`, ids by their names.
    fn lines(&self, report: &FsckReport) -> Vec<String> {
        let told = report.findings.iter().map(|finding| {
            let mend = if finding.can_be_mended() {
                " (safe)"
            } else {
                ""
            };
            let (kind, subject) = (finding.kind.as_str(), &finding.subject);
            let mut line = format!("{kind} {subject}: {}{mend}", finding.text);
            for (id, _, name) in &self.names {
                line = line.replace(id, name);
            }
            // Attempts and events have no names here.
            for prefix in ["att_", "evt_"] {
                while let Some(at) = line.find(prefix) {
                    line.replace_range(at..at + prefix.len() + 13, &prefix[..3].to_uppercase());
                }
            }
            line
        });
        told.collect()
    }

    /// Ends the store and mends its file.
    async fn mend(self) -> (Yard, fsck::Mending) {
        let Self { yard, .. } = self;
        yard.store.close().await;
        let options = StoreOptions::new(yard.directory.path());
        let mending = fsck::mend_file(&options, &somebody(), START).await.unwrap();
        (yard.reopened().await, mending)
    }
}

fn somebody() -> Actor {
    Actor {
        who: "ada".to_owned(),
        via: Via::Internal,
        from: None,
    }
}

#[tokio::test]
async fn a_file_that_nobody_touched_is_sound() {
    let story = Story::new().await;
    let report = story.report().await;
    assert_eq!(story.lines(&report), [""; 0]);
    assert!(report.is_sound());
    let looked_at = (
        report.events,
        report.deliveries,
        report.attempts,
        report.endpoints,
        report.days,
    );
    assert_eq!(looked_at, (4, 4, 3, 2, 1));
}

/// Damage, and what is told of it.
const COUNTERS: &[(&str, &[&str])] = &[
    (
        "UPDATE endpoint_counters SET pending = 3 WHERE endpoint_id = {EP}",
        &[
            "ledger EP: counts 3 pending, and there are 2 (safe)",
            "ledger EP: counts 4 created, and 5 that stand somewhere (safe)",
        ],
    ),
    (
        "UPDATE endpoint_counters SET dead = 0, created = 3 WHERE endpoint_id = {EP}",
        &["ledger EP: counts 0 dead, and there are 1 (safe)"],
    ),
    (
        "UPDATE endpoint_counters SET created = 5 WHERE endpoint_id = {EP}",
        &[
            "ledger EP: counts 5 created, and 4 that stand somewhere",
            "ledger EP: 1 of its deliveries are gone without having been removed; no counter is changed to hide that",
        ],
    ),
    (
        "UPDATE endpoint_counters SET removed_dead = -1 WHERE endpoint_id = {EP}",
        &[
            "ledger EP: counts 1 dead of which -1 were removed by retention, and there are 1",
            "ledger EP: says that -1 dead were removed",
            "ledger EP: 1 of its deliveries are gone without having been removed; no counter is changed to hide that",
        ],
    ),
    (
        "DELETE FROM endpoint_counters WHERE endpoint_id = {SPARE}",
        &["ledger SPARE: the endpoint has no line in the ledger (safe)"],
    ),
    (
        "UPDATE day_counters SET delivered = 2, pending = 1",
        &[
            "ledger 2026-04-13: counts 1 pending, and there are 2 (safe)",
            "ledger 2026-04-13: counts 2 delivered, and there are 1 (safe)",
        ],
    ),
    (
        "UPDATE totals SET gone_created = 1, events = 3",
        &[
            "ledger totals: counts 1 created for endpoints that are gone, and 0 that stood somewhere",
            "ledger totals: counts 3 events of all time, and there are 4",
        ],
    ),
    (
        "INSERT INTO day_counters (day, created, dead, removed_dead) VALUES (0, 1, 1, 1)",
        &["ledger totals: the endpoints count 1 dead, the days 2"],
    ),
    (
        "INSERT INTO day_counters (day, created, dead) VALUES (0, 1, 1)",
        &[
            "ledger before days: counts 1 dead, and there are 0",
            "ledger before days: 1 of its deliveries are gone without having been removed; no counter is changed to \
             hide that",
        ],
    ),
    (
        "DELETE FROM deliveries WHERE id = {FRESH}",
        &[
            "ledger EP: counts 2 pending, and there are 1",
            "ledger EP: 1 of its deliveries are gone without having been removed; no counter is changed to hide that",
            "ledger 2026-04-13: counts 2 pending, and there are 1",
            "ledger 2026-04-13: 1 of its deliveries are gone without having been removed; no counter is changed to \
             hide that",
        ],
    ),
];

const OWNERS: &[(&str, &[&str])] = &[
    (
        "UPDATE deliveries SET endpoint_id = 7 WHERE id = {FRESH}; \
         UPDATE endpoint_counters SET pending = 1, created = 3 WHERE endpoint_id = {EP}",
        &[
            "ledger ep_0000000000007: counts 0 pending, and there are 1",
            "ownerless FRESH: is pending for ep_0000000000007, which does not exist",
        ],
    ),
    (
        "UPDATE deliveries SET event_id = 7 WHERE id = {DEAD}; UPDATE attempts SET event_id = 7 \
         WHERE delivery_id = {DEAD}",
        &["ownerless DEAD: is dead and carries EVT, which does not exist"],
    ),
    (
        "UPDATE attempts SET delivery_id = 7 WHERE delivery_id = {DELIVERED}",
        &["ownerless ATT: was made for dlv_0000000000007, which does not exist"],
    ),
    (
        "INSERT INTO endpoint_counters (endpoint_id) VALUES (7)",
        &["ownerless ep_0000000000007: has a line in the ledger and does not exist"],
    ),
    (
        "INSERT INTO certificate_warnings (endpoint_id, expires_at, days, warned_at) VALUES (7, 1, 1, 1)",
        &["ownerless certificate_warnings: refers to a row of endpoints that does not exist"],
    ),
    (
        "UPDATE endpoints SET status = 'deleted' WHERE id = {EP}",
        &["remark EP: is deleted with 2 pending: the service discards them while it runs"],
    ),
];

const ROWS: &[(&str, &[&str])] = &[
    (
        "UPDATE attempts SET endpoint_id = {SPARE} WHERE delivery_id = {DEAD}",
        &["impossible ATT: names another endpoint or event than DEAD, for which it was made"],
    ),
    (
        "UPDATE attempts SET number = 3 WHERE delivery_id = {DEAD}",
        &["impossible DEAD: counts 1 attempts, and there is one with number 3 (safe)"],
    ),
    (
        "UPDATE deliveries SET last_class = 'dns' WHERE id = {DEAD}",
        &[
            "impossible DEAD: says that its last attempt's failure was dns, and attempt 1 says status",
        ],
    ),
    (
        "UPDATE deliveries SET next_attempt_at = 5 WHERE id = {DEAD}",
        &["impossible DEAD: is dead and has a next attempt that is never made (safe)"],
    ),
    (
        "UPDATE deliveries SET budget_attempts = 2 WHERE id = {RETRYING}",
        &["impossible RETRYING: counts 2 attempts since acceptance or replay, and 1 in all"],
    ),
    (
        "UPDATE deliveries SET last_class = 'dns', last_at = 5 WHERE id = {DELIVERED}",
        &["impossible DELIVERED: is delivered after 1 attempts, and its last failure is dns"],
    ),
    (
        "UPDATE deliveries SET last_at = 5 WHERE id = {FRESH}",
        &["impossible FRESH: was never tried and has a last attempt"],
    ),
    (
        "UPDATE deliveries SET test = 1 WHERE id = {FRESH}",
        &["impossible FRESH: has another type or test mark than EVT, which it carries"],
    ),
    (
        "UPDATE events SET data = NULL WHERE id = (SELECT event_id FROM deliveries WHERE id = {RETRYING})",
        &["impossible RETRYING: is pending, and the payload of EVT is gone"],
    ),
    (
        "UPDATE deliveries SET event_id = (SELECT event_id FROM deliveries WHERE id = {DEAD}) WHERE id = {FRESH}",
        &["impossible FRESH: is one of 2 deliveries of EVT to EP"],
    ),
    (
        "UPDATE endpoints SET status = 'paused' WHERE id = {EP}",
        &["impossible EP: is paused, and the clock of its hold stands still"],
    ),
    (
        "UPDATE endpoints SET hold_since = 5 WHERE id = {EP}",
        &["impossible EP: is active, and the clock of its hold runs"],
    ),
    (
        "UPDATE endpoints SET breaker_open_since = 5 WHERE id = {EP}",
        &[
            "impossible EP: is active behind an open breaker, and the clock of its hold stands still",
        ],
    ),
    (
        "UPDATE deliveries SET reason = 'because' WHERE id = {FRESH}",
        &["impossible FRESH: is pending for the reason because"],
    ),
];

async fn check_all(table: &[(&str, &[&str])]) {
    for (sql, expected) in table {
        let story = Story::new().await;
        story.damage(sql).await;
        let report = story.report().await;
        assert_eq!(story.lines(&report), *expected, "{sql}");
        let is_remark = expected.iter().all(|line| line.starts_with("remark "));
        assert_eq!(report.is_sound(), is_remark, "{sql}");
    }
}

#[tokio::test]
async fn counters_that_differ_from_their_rows_are_told_state_by_state() {
    check_all(COUNTERS).await;
}

#[tokio::test]
async fn rows_without_an_owner_are_told_one_by_one() {
    check_all(OWNERS).await;
}

#[tokio::test]
async fn rows_that_say_what_cannot_be_are_told_one_by_one() {
    check_all(ROWS).await;
}

#[tokio::test]
async fn what_can_be_mended_is_sound_afterwards_and_what_cannot_is_left_as_it_was() {
    let tables = [COUNTERS, OWNERS, ROWS].concat();
    for (sql, expected) in tables {
        let story = Story::new().await;
        story.damage(sql).await;
        let told = story.report().await;
        let safe = expected.iter().filter(|line| line.ends_with(" (safe)"));
        let safe = safe.count() as u64;
        let (yard, mending) = story.mend().await;
        // A connection that may write checks the tables' own rules as well.
        assert!(
            told.findings
                .iter()
                .all(|finding| mending.before.findings.contains(finding)),
            "{sql}"
        );
        let left = mending.before.differences - safe;
        assert_eq!(mending.after.differences, left, "{sql}");
        if safe > 0 {
            assert!(mending.after.is_sound(), "{sql}: {mending:?}");
            assert_eq!(yard.store.recount().await.unwrap(), [], "{sql}");
            let report = yard.store.ledger_report(30, None, 50).await.unwrap();
            assert!(report.adds_up(), "{sql}: {report:?}");
            let entry = yard
                .store
                .audit_page(None, None, 1)
                .await
                .unwrap()
                .items
                .remove(0);
            assert_eq!(
                (entry.actor.who.as_str(), entry.action.as_str()),
                ("ada", "fsck.repair")
            );
            assert_eq!(
                entry.detail,
                Some(format!(r#"{{"mended":{safe},"left":0}}"#))
            );
        } else {
            assert_eq!(mending.after, mending.before, "{sql}");
        }
    }
}

#[tokio::test]
async fn a_service_that_writes_is_checked_at_one_moment() {
    let yard = Yard::new().await;
    let endpoint = yard.endpoint().await;
    let path = StoreOptions::new(yard.directory.path()).database_path();
    let publishing = async {
        for _ in 0..40 {
            let events = (0..25).map(|_| event("a.b")).collect();
            yard.store.publish(events).await.unwrap();
            let delivery = yard.fresh(&endpoint).await;
            let record = yard.attempt_of(&delivery, AfterAttempt::Delivered);
            yard.store.record(record).await.unwrap();
        }
    };
    tokio::pin!(publishing);
    let mut seen = Vec::new();
    let mut done = false;
    while !done {
        let checking = fsck::check_file(&path);
        tokio::pin!(checking);
        let report = loop {
            tokio::select! {
                () = &mut publishing, if !done => done = true,
                report = &mut checking => break report.unwrap(),
            }
        };
        assert!(report.is_sound(), "{report:?}");
        seen.push(report.deliveries);
    }
    assert_eq!(fsck::check_file(&path).await.unwrap().deliveries, 40 * 26);
    assert!(seen.is_sorted(), "{seen:?}");
}

#[tokio::test]
async fn a_copy_in_one_file_is_checked_like_the_original() {
    let story = Story::new().await;
    let copy = story.yard.directory.path().join("copy.db");
    story
        .damage(&format!("VACUUM INTO '{}'", copy.display()))
        .await;
    let report = fsck::check_file(&copy).await.unwrap();
    assert!(report.is_sound() && report.deliveries == 4, "{report:?}");
}

#[tokio::test]
async fn a_file_in_use_is_not_mended_and_one_of_another_schema_not_judged() {
    let story = Story::new().await;
    let options = StoreOptions::new(story.yard.directory.path());
    let refused = fsck::mend_file(&options, &somebody(), START).await;
    assert!(
        matches!(refused, Err(StoreError::InUse { .. })),
        "{refused:?}"
    );

    let nowhere = options.data_dir.join("nowhere.db");
    let error = fsck::check_file(&nowhere).await.unwrap_err().to_string();
    let wanted = "nowhere.db: name its directory with --data-dir, or a copy with --file";
    assert!(
        error.starts_with("there is no database at ") && error.ends_with(wanted),
        "{error}"
    );
    story
        .damage("DELETE FROM _sqlx_migrations WHERE version > 1")
        .await;
    let path = options.database_path();
    let error = fsck::check_file(&path).await.unwrap_err().to_string();
    assert!(
        error.contains("has schema 1, and this hookyard checks schema ")
            && error.ends_with(
                ": start its service once, which brings the file up to date, or use the hookyard that wrote it"
            ),
        "{error}"
    );
}

#[tokio::test]
async fn a_row_that_breaks_a_rule_of_its_table_is_told_by_whoever_may_write() {
    let story = Story::new().await;
    story
        .damage("UPDATE endpoints SET ordered = 5 WHERE id = {EP}")
        .await;
    assert!(story.report().await.is_sound());
    let (_, mending) = story.mend().await;
    let told = &mending.after.findings[0];
    assert_eq!(
        told.text,
        "SQLite finds: CHECK constraint failed in endpoints"
    );
    assert_eq!((told.kind.as_str(), mending.after.differences), ("file", 1));
}
