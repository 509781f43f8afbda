//! The audit log: appended to, and taken from by retention alone.

use std::time::Duration;

use hookyard::domain::endpoint::{DisabledReason, Endpoint, EndpointStatus};
use hookyard::domain::retention::{self, RetentionPolicy};
use hookyard::store::{RetentionProgress, StoreOptions};
use sqlx::{AssertSqlSafe, ConnectOptions as _, sqlite::SqliteConnectOptions};

use super::fixture::{Yard, note};
use hookyard::clock::Clock as _;

/// What SQLite says to a statement about the log; nothing where it does it.
async fn refusal(yard: &Yard, sql: &str) -> Option<String> {
    let path = StoreOptions::new(yard.directory.path()).database_path();
    let options = SqliteConnectOptions::new().filename(path);
    let mut connection = options.connect().await.unwrap();
    let done = sqlx::query(AssertSqlSafe(sql.to_owned()))
        .execute(&mut connection)
        .await;
    done.err().map(|error| error.to_string())
}

async fn entries(yard: &Yard) -> usize {
    let page = yard.store.audit_page(None, None, 100).await.unwrap();
    page.items.len()
}

#[tokio::test]
async fn entries_cannot_be_changed_replaced_or_taken() {
    let yard = Yard::new().await;
    yard.endpoint().await;
    for (sql, why) in [
        (
            "UPDATE audit SET who = 'nobody'",
            "an entry cannot be changed",
        ),
        (
            "INSERT OR REPLACE INTO audit (id, at, who, via, action) SELECT id, at, 'nobody', via, action FROM audit",
            "an entry cannot be replaced",
        ),
        ("DELETE FROM audit", "only retention takes entries"),
    ] {
        let refused = refusal(&yard, sql).await.unwrap();
        let rule = format!("the audit log is append-only: {why}");
        assert!(refused.contains(&rule), "{sql}: {refused}");
    }
    assert_eq!(entries(&yard).await, 1);
}

#[tokio::test]
async fn retention_takes_what_is_past_its_time_and_nothing_else() {
    let yard = Yard::new().await;
    yard.endpoint().await;
    yard.clock.advance(Duration::from_hours(2));
    yard.endpoint().await;
    let policy = RetentionPolicy {
        audit: Duration::from_hours(1),
        ..RetentionPolicy::default()
    };
    let plan = retention::plan(yard.clock.now(), &policy);
    let mut progress = RetentionProgress::default();
    while !progress.is_done() {
        progress = yard.store.retention_step(plan, progress).await.unwrap().0;
    }
    assert_eq!(entries(&yard).await, 1);
    let refused = refusal(&yard, "DELETE FROM audit").await.unwrap();
    assert!(
        refused.contains("only retention takes entries"),
        "{refused}"
    );
}

#[tokio::test]
async fn a_change_keeps_the_members_that_changed_before_and_after() {
    let yard = Yard::new().await;
    let endpoint = yard.endpoint().await;
    let status = EndpointStatus::Disabled {
        reason: DisabledReason::Operator,
    };
    let disabled = Endpoint {
        status,
        ..endpoint.clone()
    };
    let updated = yard.store.update_endpoint(note(), disabled, 1).await;
    updated.unwrap();
    let page = yard.store.audit_page(None, None, 100).await.unwrap();
    let [changed, made] = page.items.as_slice() else {
        panic!("{page:?}");
    };
    assert_eq!(made.before, None);
    let made = made.after.as_deref().unwrap();
    assert!(made.contains(r#""status":"active""#), "{made}");
    let before = r#"{"status":"active","status_reason":null}"#;
    let after = r#"{"status":"disabled","status_reason":"operator"}"#;
    assert_eq!(changed.before.as_deref(), Some(before));
    assert_eq!(changed.after.as_deref(), Some(after));
}
