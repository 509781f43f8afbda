//! Every read has an index: what SQLite plans to do with each statement, asked and held to it.

use std::sync::Arc;

use sqlx::{AssertSqlSafe, Row};

use super::deliveries::{self, page_sql};
use super::matching::{count_sql, floor_sql, rest_sql};
use super::writer::{SELECT_KEYS, SELECT_ODD};
use super::{
    CandidateScope, DeliveryScope, DeliverySelect, SqlCondition, Store, StoreOptions, attempts,
    causes, certificates, counters, day_sketches, dead_causes, departed, events, failing, fanouts,
    horizon, janitor, lanes, ledger, moved, moves, past, replays, saved_views, service_keys,
    sketches, taken, tokens,
};
use crate::clock::SystemClock;
use crate::domain::fingerprint::CauseId;
use crate::domain::id::{DeliveryId, EndpointId, EventId};

/// What the plan of `sql` reads without an index, as SQLite words it.
async fn scans(store: &Store, sql: &str) -> Vec<String> {
    let rows = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}")))
        .fetch_all(store.readers())
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    rows.iter()
        .map(|row| row.try_get::<String, _>("detail").unwrap())
        .filter(|detail| detail.starts_with("SCAN") || detail.contains("TEMP B-TREE"))
        .collect()
}

/// Fails when a statement scans or sorts anything but the named sources.
async fn check(sql: &str, allowed: &[&str]) {
    let directory = tempfile::tempdir().unwrap();
    let options = StoreOptions::new(directory.path());
    let clock = Arc::new(SystemClock::new());
    let (store, _hand_over) = Store::open(options, clock).await.unwrap();
    let mut found = scans(&store, sql).await;
    found.retain(|detail| !allowed.iter().any(|source| detail.starts_with(source)));
    assert!(found.is_empty(), "{found:?} in {sql}");
}

#[tokio::test]
async fn single_rows_and_pages_are_found_by_key() {
    for sql in [
        deliveries::SELECT_ONE,
        events::SELECT_ONE,
        events::SELECT_PAGE,
        attempts::SELECT_OF_DELIVERY,
        attempts::SELECT_ONE,
        attempts::SELECT_ANSWERED,
        moves::SELECT_PAIR,
        tokens::SELECT_BY_DIGEST,
        saved_views::SELECT_ONE,
        service_keys::SELECT_OF_CONTRACT,
        service_keys::RETIRE,
        certificates::FORGET,
        deliveries::SELECT_SCAN_FLOOR,
    ] {
        check(sql, &[]).await;
    }
}

#[tokio::test]
async fn several_rows_are_found_by_their_keys_in_a_list() {
    for sql in [
        events::SELECT_THESE,
        attempts::SELECT_THESE,
        fanouts::SELECT_STATES,
    ] {
        check(sql, &["SCAN i VIRTUAL"]).await;
    }
}

#[tokio::test]
async fn lanes_load_from_the_partial_indexes() {
    for sql in [
        lanes::SELECT_FRESH,
        lanes::SELECT_DUE,
        lanes::SELECT_DUE_AFTER,
    ] {
        check(sql, &[]).await;
    }
    // Searches, cut off at a bound; what comes of them is counted.
    for sql in [lanes::SELECT_FRESH_AHEAD, lanes::SELECT_SCHEDULED_AHEAD] {
        check(sql, &["SCAN (subquery"]).await;
    }
    // The two halves are searches, merged and put in order: no more rows than twice the window.
    check(
        lanes::SELECT_PENDING,
        &["SCAN (subquery", "USE TEMP B-TREE FOR ORDER BY"],
    )
    .await;
    // One row an endpoint, then one step into an index for each; one row comes of it.
    check(
        lanes::SELECT_OLDEST,
        &[
            "SCAN c",
            "SCAN p USING COVERING INDEX endpoints_inactive",
            "SCAN w",
        ],
    )
    .await;
}

#[tokio::test]
async fn certificates_cost_one_step_an_endpoint_and_only_their_own_readers() {
    check(certificates::SELECT_NEAR, &[]).await;
    check(certificates::SELECT_COUNTS, &["SCAN c"]).await;
}

#[tokio::test]
async fn delivery_pages_of_every_scope_are_searches_in_order() {
    let endpoint = EndpointId::from_i64(1);
    let delivery = DeliveryId::from_i64(1);
    for scope in [
        DeliveryScope::All,
        DeliveryScope::Between(delivery, delivery),
        DeliveryScope::Event(EventId::from_i64(1)),
        DeliveryScope::Dead(endpoint),
        DeliveryScope::Cause(CauseId::from_i64(1)),
        DeliveryScope::Endpoint(endpoint),
    ] {
        for condition in [None, Some("d.state = $1 AND e.key = $2 AND p.name = $3")] {
            let select = DeliverySelect {
                scope,
                condition: condition.map(|sql| SqlCondition {
                    sql: sql.to_owned(),
                    binds: Vec::new(),
                }),
            };
            check(&page_sql(&select, 3), &[]).await;
            for sql in [floor_sql(&select), count_sql(&select, 3), rest_sql(&select)] {
                check(&sql, &[]).await;
            }
        }
    }
}

#[tokio::test]
async fn replays_search_for_what_they_plan_release_and_end() {
    for sql in replays::STATEMENTS {
        check(sql, &[]).await;
    }
    for scope in [
        CandidateScope::All,
        CandidateScope::Dead(EndpointId::from_i64(1)),
        CandidateScope::DeadOfCause(CauseId::from_i64(1)),
    ] {
        for condition in [None, Some("d.state = $1 AND e.key = $2 AND p.name = $3")] {
            check(&replays::candidates_sql(scope, condition, 3), &[]).await;
            // The rows of the search, made one text.
            let sql = replays::matched_sql(scope, condition, 3);
            check(&sql, &["SCAN (subquery"]).await;
        }
    }
    for sql in replays::GROUPED {
        check(sql, &["SCAN o", "SCAN who", "SCAN CONSTANT ROW"]).await;
    }
    // A release's items are a list; each is searched for.
    for sql in replays::LISTED {
        check(sql, &["SCAN value VIRTUAL", "SCAN jsonb_each VIRTUAL"]).await;
    }
}

#[tokio::test]
async fn statistics_read_only_their_window() {
    for sql in [counters::SELECT_MINUTES, counters::SELECT_ACCEPTED] {
        check(sql, &[]).await;
    }
    // The lists of minutes and endpoints are gone through; their rows are sorted by endpoint.
    let lists = ["SCAN m VIRTUAL", "SCAN p VIRTUAL", "USE TEMP B-TREE"];
    check(counters::SELECT_BY_ENDPOINT, &lists).await;
    check(sketches::SELECT_SKETCHES, &lists).await;
    check(sketches::SELECT_BY_MINUTE, &lists).await;
    check(counters::SELECT_STEPS_OF, &lists).await;
    check(counters::SELECT_STEPS, &["USE TEMP B-TREE"]).await;
    // One row an endpoint, and an index of those that are not active.
    check(
        counters::SELECT_LEDGER_SUM,
        &["SCAN c", "SCAN p USING COVERING INDEX endpoints_inactive"],
    )
    .await;
}

#[tokio::test]
async fn the_ledger_is_read_by_day_and_by_endpoint_in_order() {
    for sql in [
        ledger::SELECT_DAYS,
        ledger::SELECT_DAYS_BEFORE,
        ledger::SELECT_LEDGER_PAGE,
    ] {
        check(sql, &[]).await;
    }
}

#[tokio::test]
async fn the_horizon_reads_the_index_of_what_is_due_and_no_table_beside_the_counters() {
    check(horizon::SELECT_WAITING, &["SCAN endpoint_counters"]).await;
    let index = ["SCAN deliveries USING COVERING INDEX deliveries_due"];
    check(horizon::SELECT_SCHEDULED, &index).await;
    check(horizon::SELECT_SUCCESSES, &["USE TEMP B-TREE"]).await;
    // The rows of the search, made one text.
    check(horizon::SELECT_DUE_SOON, &["SCAN (subquery"]).await;
}

#[tokio::test]
async fn causes_read_their_window_and_then_one_search_each() {
    for sql in [causes::SELECT_FAILURES, causes::SELECT_TREND] {
        check(sql, &["USE TEMP B-TREE"]).await;
    }
    // The dead of a cause are a search in an index, cut off and then counted.
    let sources = ["SCAN i VIRTUAL", "SCAN (subquery"];
    check(causes::SELECT_CAUSES, &sources).await;
    let sources = ["SCAN who", "SCAN (subquery", "USE TEMP B-TREE"];
    check(dead_causes::SELECT_DEAD_CAUSES, &sources).await;
}

#[tokio::test]
async fn the_writer_and_the_janitor_look_only_at_their_rows() {
    check(SELECT_KEYS, &["SCAN k VIRTUAL TABLE"]).await;
    check(SELECT_ODD, &["SCAN r VIRTUAL TABLE"]).await;
    for sql in [
        janitor::SCAN_ATTEMPTS,
        janitor::DELETE_ATTEMPTS,
        janitor::SCAN_DELIVERIES,
        janitor::DELETE_DELIVERIES,
        janitor::SCAN_EVENTS,
        janitor::DELETE_EVENTS,
        janitor::DROP_PAYLOADS,
        janitor::DELETE_AUDIT,
        failing::SELECT_RUN,
        janitor::DELETE_MINUTES,
        janitor::DELETE_MINUTE_TOTALS,
        janitor::DELETE_MINUTE_EVENTS,
        departed::SELECT_DELETED,
        departed::DELETE_REVOKED,
        departed::DELETE_EXPIRED,
        departed::DELETE_CAUSE_MINUTES,
        sketches::DELETE_SKETCHES,
        day_sketches::DELETE_DAYS,
        day_sketches::SELECT_DAY,
        day_sketches::SELECT_NEXT,
        departed::SELECT_OLD_CAUSES,
    ] {
        check(sql, &[]).await;
    }
    // What refers to a taken row is looked for as well.
    for sql in departed::TAKE_ENDPOINT.iter().chain(&departed::TAKE_CAUSE) {
        check(sql, &[]).await;
    }
    for sql in [janitor::COUNT_DELIVERIES, janitor::COUNT_DAYS] {
        check(sql, &["USE TEMP B-TREE FOR GROUP BY"]).await;
    }
    // The two halves are searches; their results are gone through.
    check(janitor::SELECT_ORPHANS, &["SCAN (subquery"]).await;
}

#[tokio::test]
async fn the_past_is_read_by_one_search_for_each_delivery_and_thing() {
    let sources = ["SCAN i VIRTUAL", "USE TEMP B-TREE"];
    check(past::SELECT_TRIED, &sources).await;
    check(past::SELECT_TURNS, &["SCAN i VIRTUAL"]).await;
    // Searched for by endpoint, cut off and then counted.
    let sources = [
        "SCAN (subquery",
        "USE TEMP B-TREE",
        "SCAN deliveries USING INDEX deliveries_dead",
    ];
    check(past::SELECT_STILL_DEAD, &sources).await;
    check(dead_causes::SELECT_KNOWN, &["SCAN i VIRTUAL"]).await;
    check(past::SELECT_FROZEN, &["SCAN p VIRTUAL"]).await;
    check(moved::SELECT_THESE, &["SCAN i VIRTUAL"]).await;
    // The rows of the first part, cut off.
    check(moved::SELECT_GOING, &["SCAN (subquery"]).await;
    for sql in [moved::SELECT_RELEASED, moved::SELECT_SUBJECTS] {
        check(sql, &[]).await;
    }
    check(taken::SELECT_AUDIT_EDGE, &[]).await;
    // The first row of each is enough; of days there are few.
    check(taken::SELECT_OLDEST, &["SCAN events"]).await;
    check(taken::SELECT_TAKEN_DAY, &["SCAN day_counters"]).await;
}

#[tokio::test]
async fn the_audit_log_is_searched_and_read_in_order() {
    let text = || Some("a".to_owned());
    for subject in [None, text()] {
        for who in [None, text()] {
            for action in [None, text(), Some("a.*".to_owned())] {
                let query = super::AuditQuery {
                    subject: subject.clone(),
                    who: who.clone(),
                    action,
                    since: None,
                    until: None,
                };
                check(&query.sql().0, &[]).await;
            }
        }
    }
}
