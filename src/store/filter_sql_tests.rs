//! SQL and the evaluator agree on every row: random deliveries in a real file, random filters over them.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use rand::RngExt;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection, Row};

use super::deliveries::{SqlCondition, SqlValue};
use crate::domain::attempt::{FailureClass, LastAttempt};
use crate::domain::delivery::{DeadReason, Delivery, DeliveryState, DiscardReason};
use crate::domain::endpoint::{DisabledReason, Endpoint, EndpointStatus, HoldClock};
use crate::domain::filter::samples::sql_expr;
use crate::domain::filter::{Filter, Subject};
use crate::domain::fingerprint::CauseId;
use crate::domain::id::{DeliveryId, EndpointId, EventId, ReplayId};
use crate::domain::time::Timestamp;

const SCHEMA: [&str; 3] = [
    include_str!("../../migrations/sqlite/0001_start.sql"),
    include_str!("../../migrations/sqlite/0008_replays.sql"),
    include_str!("../../migrations/sqlite/0010_causes.sql"),
];
const ROWS: usize = 300;
const FILTERS: usize = 400;

/// 2026-04-13T12:00:00Z: the day that the sample filters name.
const NOW: Timestamp = Timestamp::from_millis(1_776_081_600_000);

struct SampleRow {
    delivery: Delivery,
    endpoint: usize,
    key: Option<&'static str>,
    size: Option<(usize, Option<usize>)>,
}

fn pick<T: Clone>(rng: &mut ChaCha8Rng, from: &[T]) -> T {
    from[rng.random_range(0..from.len())].clone()
}

fn endpoints() -> Vec<Endpoint> {
    let names = [
        Some("acme"),
        Some("Acme"),
        Some("ACME EU"),
        Some("beta"),
        Some("a*b"),
        Some("[a-z]x"),
        Some("%_'"),
        Some("größe ep_1"),
        None,
        Some("signed off"),
    ];
    let statuses = [
        EndpointStatus::Active,
        EndpointStatus::Active,
        EndpointStatus::Paused {
            until: None,
            reason: None,
        },
        EndpointStatus::Disabled {
            reason: DisabledReason::Gone,
        },
        EndpointStatus::Deleted,
    ];
    let tenants = [None, Some("t1"), Some("T1.acme")];
    let endpoint = |(index, name): (usize, Option<&str>)| Endpoint {
        id: EndpointId::from_i64(i64::try_from(index).unwrap() + 1),
        tenant: tenants[index % 3].map(|tenant| tenant.parse().unwrap()),
        name: name.map(str::to_owned),
        url: "https://example.com/".to_owned(),
        contract: ["standard", "Other", "third"][index % 3].to_owned(),
        event_types: Vec::new(),
        headers: Vec::new(),
        metadata: BTreeMap::new(),
        ordered: false,
        concurrency: None,
        retry: None,
        rate_limit: None,
        breaker: None,
        breaker_open_since: None,
        timeout: None,
        test_mode: false,
        status: statuses[index % 5].clone(),
        hold: HoldClock::default(),
        secrets: Vec::new(),
        created_at: NOW,
        updated_at: NOW,
        version: 1,
    };
    names.into_iter().enumerate().map(endpoint).collect()
}

/// A number on, just below or just above one of `edges`: those of the sample filters.
fn near(rng: &mut ChaCha8Rng, edges: &[i64]) -> i64 {
    pick(rng, edges) + rng.random_range(-1..=1)
}

/// From half an hour to a day ago, by the edges of the sample filters.
fn random_instant(rng: &mut ChaCha8Rng) -> Timestamp {
    let minutes_ago = [0, 30, 60, 90, 102, 120, 240, 720].map(|minutes| minutes * 60_000);
    Timestamp::from_millis(NOW.as_millis() - near(rng, &minutes_ago))
}

fn random_attempt(rng: &mut ChaCha8Rng) -> LastAttempt {
    let statuses = [
        None,
        Some(200),
        Some(302),
        Some(404),
        Some(500),
        Some(503),
        Some(599),
    ];
    let micros = near(rng, &[1, 500_000, 1_999_999, 2_000_000, 2_000_999]);
    LastAttempt {
        at: random_instant(rng),
        status: pick(rng, &statuses),
        class: rng.random_bool(0.6).then(|| pick(rng, &FailureClass::ALL)),
        latency: Duration::from_micros(u64::try_from(micros).unwrap()),
    }
}

fn random_row(rng: &mut ChaCha8Rng, index: usize, endpoints: usize) -> SampleRow {
    let states = [
        DeliveryState::Pending,
        DeliveryState::Pending,
        DeliveryState::Delivered,
        DeliveryState::Dead(DeadReason::Expired),
        DeliveryState::Discarded(DiscardReason::Operator),
    ];
    let types = [
        "packet.signed",
        "packet.Signed",
        "invoice.paid",
        "invoice.Paid",
        "signed",
    ];
    let sizes = [
        None,
        Some((10, None)),
        Some((11, None)),
        Some((4, Some(6))),
        Some((4, Some(7))),
    ];
    let number = i64::try_from(index).unwrap();
    let endpoint = rng.random_range(0..endpoints);
    let created_at = random_instant(rng);
    let last_attempt = rng.random_bool(0.7).then(|| random_attempt(rng));
    let tried = last_attempt.is_some();
    let delivery = Delivery {
        id: DeliveryId::from_i64(number * 9 + 1),
        event_id: EventId::from_i64(number + 10),
        event_type: pick(rng, &types).parse().unwrap(),
        endpoint_id: EndpointId::from_i64(i64::try_from(endpoint).unwrap() + 1),
        state: pick(rng, &states),
        attempts: if tried { rng.random_range(1..5) } else { 0 },
        budget_attempts: if tried { rng.random_range(0..2) } else { 0 },
        budget_started_at: created_at,
        held_before_ms: 0,
        next_attempt_at: None,
        last_attempt,
        cause: rng
            .random_bool(0.5)
            .then(|| CauseId::from_i64(rng.random_range(0..3))),
        test: rng.random_bool(0.2),
        created_at,
        updated_at: created_at,
        replay_id: pick(rng, &[None, Some(1), Some(40)]).map(ReplayId::from_i64),
    };
    SampleRow {
        delivery,
        endpoint,
        key: pick(rng, &[None, Some("key-1"), Some("KEY-2"), Some("Key")]),
        size: pick(rng, &sizes),
    }
}

async fn fill(connection: &mut SqliteConnection, endpoints: &[Endpoint], rows: &[SampleRow]) {
    for part in SCHEMA {
        sqlx::raw_sql(part).execute(&mut *connection).await.unwrap();
    }
    for endpoint in endpoints {
        let disabled = matches!(endpoint.status, EndpointStatus::Disabled { .. });
        sqlx::query(
            "INSERT INTO endpoints VALUES ($1, $2, $3, $4, $5, '', '', '', 0, NULL, NULL, NULL, 0, $6, NULL, NULL, \
             $7, 0, NULL, '', 0, 0, 1)",
        )
        .bind(endpoint.id.as_i64())
        .bind(endpoint.tenant.as_ref().map(|tenant| tenant.as_str().to_owned()))
        .bind(endpoint.name.clone())
        .bind(&*endpoint.url)
        .bind(&*endpoint.contract)
        .bind(endpoint.status.as_str())
        .bind(disabled.then_some("gone"))
        .execute(&mut *connection)
        .await
        .unwrap();
    }
    for row in rows {
        let delivery = &row.delivery;
        let last = delivery.last_attempt.as_ref();
        sqlx::query("INSERT INTO events VALUES ($1, $2, $3, $4, $5, 0, 0, 0, 1, $6, $7)")
            .bind(delivery.event_id.as_i64())
            .bind(delivery.event_id.to_string())
            .bind(row.key)
            .bind(row.key.map(|_| vec![0_u8; 32]))
            .bind(delivery.event_type.as_str())
            .bind(
                row.size
                    .and_then(|(_, attributes)| attributes.map(|bytes| vec![b'x'; bytes])),
            )
            .bind(row.size.map(|(data, _)| vec![b'x'; data]))
            .execute(&mut *connection)
            .await
            .unwrap();
        sqlx::query(
            "INSERT INTO deliveries (id, event_id, endpoint_id, event_type, test, state, reason, attempts, \
             budget_attempts, budget_started_at, held_before_ms, last_at, last_status, last_class, last_latency_us, \
             created_at, updated_at, last_cause, replay_id) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, 0, $10, $11, $12, $13, $14, 0, $15, $16)",
        )
        .bind(delivery.id.as_i64())
        .bind(delivery.event_id.as_i64())
        .bind(delivery.endpoint_id.as_i64())
        .bind(delivery.event_type.as_str())
        .bind(delivery.test)
        .bind(delivery.state.as_str())
        .bind(delivery.state.reason())
        .bind(i64::from(delivery.attempts))
        .bind(i64::from(delivery.budget_attempts))
        .bind(last.map(|last| last.at.as_millis()))
        .bind(last.and_then(|last| last.status).map(i64::from))
        .bind(last.and_then(|last| last.class).map(FailureClass::as_str))
        .bind(last.map(|last| i64::try_from(last.latency.as_micros()).unwrap()))
        .bind(delivery.created_at.as_millis())
        .bind(delivery.cause.map(CauseId::as_i64))
        .bind(delivery.replay_id.map(ReplayId::as_i64))
        .execute(&mut *connection)
        .await
        .unwrap();
    }
}

async fn found_by_sql(connection: &mut SqliteConnection, condition: &SqlCondition) -> Vec<i64> {
    let sql = format!(
        "SELECT d.id FROM deliveries d JOIN endpoints p ON p.id = d.endpoint_id \
         LEFT JOIN events e ON e.id = d.event_id WHERE {} ORDER BY d.id",
        condition.sql
    );
    let mut query = sqlx::query(AssertSqlSafe(sql));
    for bind in &condition.binds {
        query = match bind.clone() {
            SqlValue::Int(value) => query.bind(value),
            SqlValue::Real(value) => query.bind(value),
            SqlValue::Text(value) => query.bind(value),
            SqlValue::Bytes(value) => query.bind(value),
        };
    }
    let rows = query.fetch_all(connection).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

fn found_by_evaluator(filter: &Filter, endpoints: &[Endpoint], rows: &[SampleRow]) -> Vec<i64> {
    let passes = |row: &&SampleRow| {
        let mut subject = Subject::new(&row.delivery, &endpoints[row.endpoint], false);
        subject.event_key = row.key;
        let bytes = row
            .size
            .map(|(data, attributes)| data + attributes.unwrap_or(0));
        subject.size = bytes.map(|bytes| u64::try_from(bytes).unwrap());
        filter.matches(NOW, &subject)
    };
    let found = rows.iter().filter(passes);
    found.map(|row| row.delivery.id.as_i64()).collect()
}

#[test]
fn sql_and_the_evaluator_find_the_same_deliveries() {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let endpoints = endpoints();
    let rows: Vec<_> = (0..ROWS)
        .map(|index| random_row(&mut rng, index, endpoints.len()))
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let options = SqliteConnectOptions::new()
        .filename(folder.path().join("filters.db"))
        .create_if_missing(true);
    let mut runner = TestRunner::deterministic();
    let (mut narrowed, strategy) = (0, sql_expr());
    actix_rt::System::new().block_on(async {
        let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
        fill(&mut connection, &endpoints, &rows).await;
        for _ in 0..FILTERS {
            let filter = Filter {
                expr: Some(strategy.new_tree(&mut runner).unwrap().current()),
            };
            let expr = filter.expr.as_ref().unwrap();
            let condition = SqlCondition::of_filter(expr, NOW).unwrap();
            let by_sql = found_by_sql(&mut connection, &condition).await;
            let by_evaluator = found_by_evaluator(&filter, &endpoints, &rows);
            assert_eq!(by_sql, by_evaluator, "{filter}\n{condition:?}");
            narrowed += usize::from(!by_sql.is_empty() && by_sql.len() < ROWS);
        }
    });
    // Filters that take all or nothing would agree about anything.
    assert!(
        narrowed > FILTERS / 2,
        "only {narrowed} of {FILTERS} filters took some"
    );
}

#[test]
fn what_only_the_evaluator_can_decide_gives_no_condition() {
    for text in [
        "body.x:1",
        "type:/x/",
        "state:dead or ip:::1",
        "state:inflight",
        "host:x",
    ] {
        let filter = Filter::parse(text).unwrap();
        let condition = SqlCondition::of_filter(filter.expr.as_ref().unwrap(), NOW);
        assert_eq!(condition, None, "{text}");
    }
}

#[test]
fn no_text_of_a_person_stands_in_the_statement() {
    let filter = Filter::parse("ep:\"'; DROP TABLE x\" tenant:a'b \u{27}quoted type:b[c*").unwrap();
    let condition = SqlCondition::of_filter(filter.expr.as_ref().unwrap(), NOW).unwrap();
    assert!(!condition.sql.contains("DROP") && !condition.sql.contains("quoted"));
    assert_eq!(condition.sql.matches('\'').count(), 0, "{}", condition.sql);
}
