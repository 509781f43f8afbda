//! The statements that fill a store: each makes the rows of one table for a chunk of deliveries.

/// The rows of a chunk: number, ids, time, endpoint, what became of it and what it failed for. `$1` and `$2` are the
/// first number and the one behind the last; ids and times are `$3 + i * $4` and `$5 + i * $6`; `$7` endpoints take
/// turns, and `$8` causes. Fates and causes are spread by multiples of the golden ratio, modulo 2³²: evenly, and in no
/// step with the endpoints. `$9` is the milliseconds of a minute.
macro_rules! with_rows {
    ($statement:literal) => {
        concat!(
            "WITH RECURSIVE numbers (i) AS (SELECT $1 UNION ALL SELECT i + 1 FROM numbers WHERE i + 1 < $2), \
             filled (i, id, at, minute, endpoint_id, state, reason, failures, successes, waits, cause_id, class, status, \
             message) AS (SELECT i, $3 + i * $4, $5 + i * $6, ($5 + i * $6) / $9 * $9, p.id, f.state, f.reason, \
             f.failures, f.successes, f.waits, c.id, c.class, c.status, c.message \
             FROM numbers CROSS JOIN temp.filled_endpoints p ON p.place = i % $7 \
             CROSS JOIN temp.filled_fates f ON f.place = (i * 2654435761 & 4294967295) * 1000 >> 32 \
             LEFT JOIN temp.filled_causes c ON f.failures > 0 AND c.place = (i * 2246822519 & 4294967295) * $8 >> 32) ",
            $statement
        )
    };
}

/// `$10` is the event type, `$11` and `$12` stand around the number, `$13` is the contract revision, `$14` the end.
pub(super) const STATEMENTS: [&str; 11] = [
    with_rows!(
        "INSERT INTO events (id, audience, event_type, occurred_at, accepted_at, test, deliveries, data) \
         SELECT id, '', $10, at, at, 0, 1, CAST($11 || i || $12 AS BLOB) FROM filled"
    ),
    with_rows!(
        "INSERT INTO deliveries (id, event_id, endpoint_id, event_type, test, state, reason, attempts, budget_attempts, \
         budget_started_at, held_before_ms, next_attempt_at, last_at, last_status, last_class, last_latency_us, \
         last_cause, created_at, updated_at) \
         SELECT id + 1, id, endpoint_id, $10, 0, state, reason, failures + successes, failures + successes, at, 0, \
         iif(waits, $14 + 21600000 + i * 7919 % 86400000, NULL), iif(failures + successes, at, NULL), \
         iif(successes, 204, status), iif(successes, NULL, class), iif(failures + successes, 1000, NULL), \
         iif(successes, NULL, cause_id), at, at FROM filled"
    ),
    with_rows!(
        "INSERT INTO attempts (id, delivery_id, event_id, endpoint_id, number, started_at, revision, url, \
         signatures, secret_ids, body_sha256, remote_address, first_byte_us, body_us, total_us, reused, status, \
         response_headers, response_body, truncated, failure_class, failure_text) \
         SELECT filled.id + 1 + n.value, filled.id + 1, filled.id, endpoint_id, n.value, at, $13, p.url, \
         '[[\"webhook-signature\",\"v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"]]', '[1]', zeroblob(32), \
         '127.0.0.1:443', 900, 10, 1000, 1, iif(n.value > failures, 204, filled.status), x'', x'', 0, \
         iif(n.value > failures, NULL, class), iif(n.value > failures, NULL, message) \
         FROM filled CROSS JOIN (SELECT 1 AS value UNION ALL SELECT 2 UNION ALL SELECT 3) n \
         ON n.value <= failures + successes CROSS JOIN endpoints p ON p.id = filled.endpoint_id"
    ),
    with_rows!(
        "INSERT INTO endpoint_counters (endpoint_id, created, pending, delivered, dead, discarded, last_success_at) \
         SELECT endpoint_id, count(*), sum(state = 'pending'), sum(state = 'delivered'), sum(state = 'dead'), \
         sum(state = 'discarded'), max(iif(successes, at, NULL)) \
         FROM filled WHERE true GROUP BY endpoint_id \
         ON CONFLICT (endpoint_id) DO UPDATE SET created = created + excluded.created, \
         pending = pending + excluded.pending, delivered = delivered + excluded.delivered, \
         dead = dead + excluded.dead, discarded = discarded + excluded.discarded, \
         last_success_at = coalesce(excluded.last_success_at, last_success_at)"
    ),
    with_rows!(
        "INSERT INTO day_counters (day, created, pending, delivered, dead, discarded) \
         SELECT at / 86400000 * 86400000, count(*), sum(state = 'pending'), sum(state = 'delivered'), \
         sum(state = 'dead'), sum(state = 'discarded') FROM filled WHERE true GROUP BY 1 \
         ON CONFLICT (day) DO UPDATE SET created = created + excluded.created, pending = pending + excluded.pending, \
         delivered = delivered + excluded.delivered, dead = dead + excluded.dead, \
         discarded = discarded + excluded.discarded"
    ),
    with_rows!(
        "INSERT INTO minute_stats (minute, endpoint_id, attempts, successes, latency_us, failed_dns, failed_connect, \
         failed_tls, failed_timeout, failed_protocol, failed_status, failed_body, failed_blocked, failed_internal) \
         SELECT minute, endpoint_id, sum(failures + successes), sum(successes), 1000 * sum(failures + successes), \
         sum(iif(class = 'dns', failures, 0)), sum(iif(class = 'connect', failures, 0)), \
         sum(iif(class = 'tls', failures, 0)), sum(iif(class = 'timeout', failures, 0)), \
         sum(iif(class = 'protocol', failures, 0)), sum(iif(class = 'status', failures, 0)), \
         sum(iif(class = 'body', failures, 0)), sum(iif(class = 'blocked', failures, 0)), \
         sum(iif(class = 'internal', failures, 0)) \
         FROM filled WHERE failures + successes > 0 GROUP BY 1, 2 \
         ON CONFLICT (minute, endpoint_id) DO UPDATE SET attempts = attempts + excluded.attempts, \
         successes = successes + excluded.successes, latency_us = latency_us + excluded.latency_us, \
         failed_dns = failed_dns + excluded.failed_dns, failed_connect = failed_connect + excluded.failed_connect, \
         failed_tls = failed_tls + excluded.failed_tls, failed_timeout = failed_timeout + excluded.failed_timeout, \
         failed_protocol = failed_protocol + excluded.failed_protocol, \
         failed_status = failed_status + excluded.failed_status, failed_body = failed_body + excluded.failed_body, \
         failed_blocked = failed_blocked + excluded.failed_blocked, \
         failed_internal = failed_internal + excluded.failed_internal"
    ),
    with_rows!(
        "INSERT INTO minute_events (minute, accepted) SELECT minute, count(*) FROM filled WHERE true \
         GROUP BY 1 ON CONFLICT (minute) DO UPDATE SET accepted = accepted + excluded.accepted"
    ),
    with_rows!(
        "INSERT INTO causes (id, class, status, message, failures, first_seen, last_seen) \
         SELECT cause_id, class, status, message, sum(failures), min(at), max(at) \
         FROM filled WHERE failures > 0 GROUP BY cause_id \
         ON CONFLICT (id) DO UPDATE SET failures = failures + excluded.failures, last_seen = excluded.last_seen"
    ),
    with_rows!(
        "INSERT INTO cause_minutes (minute, cause_id, failures) SELECT minute, cause_id, sum(failures) \
         FROM filled WHERE failures > 0 GROUP BY 1, 2 \
         ON CONFLICT (minute, cause_id) DO UPDATE SET failures = failures + excluded.failures"
    ),
    with_rows!(
        "INSERT INTO cause_endpoints (cause_id, endpoint_id, failures, last_seen) \
         SELECT cause_id, endpoint_id, sum(failures), max(at) FROM filled WHERE failures > 0 GROUP BY 1, 2 \
         ON CONFLICT (cause_id, endpoint_id) DO UPDATE SET failures = failures + excluded.failures, \
         last_seen = excluded.last_seen"
    ),
    "UPDATE totals SET events = events + $2 - $1 WHERE id = 1",
];
/// After the last chunk, from the minutes of the endpoints.
pub(super) const SUM_MINUTES: &str = "INSERT INTO minute_totals (minute, attempts, successes, latency_us, failed_dns, \
     failed_connect, failed_tls, failed_timeout, failed_protocol, failed_status, failed_body, failed_blocked, \
     failed_internal) \
     SELECT minute, sum(attempts), sum(successes), sum(latency_us), sum(failed_dns), sum(failed_connect), \
     sum(failed_tls), sum(failed_timeout), sum(failed_protocol), sum(failed_status), sum(failed_body), \
     sum(failed_blocked), sum(failed_internal) FROM minute_stats GROUP BY minute";
/// A part for each minute of each endpoint, and of all together (endpoint 0): every attempt is the first and last of its
/// delivery.
pub(super) const PUT_SKETCHES: &str = "INSERT INTO attempt_sketches (minute, endpoint_id, part, retries, ended, sketch) \
     SELECT m.minute, m.endpoint_id, m.minute + 60000, 0, s.attempts, s.sketch \
     FROM (SELECT minute, endpoint_id, attempts FROM minute_stats \
     UNION ALL SELECT minute, 0, attempts FROM minute_totals) m \
     CROSS JOIN temp.filled_sketches s ON s.attempts = m.attempts ORDER BY 1, 2";
pub(super) const SELECT_ATTEMPTS: &str =
    "SELECT attempts FROM minute_stats UNION SELECT attempts FROM minute_totals";
pub(super) const CREATE_TABLES: [&str; 4] = [
    "CREATE TEMP TABLE filled_endpoints (place INTEGER PRIMARY KEY, id INTEGER NOT NULL)",
    "CREATE TEMP TABLE filled_fates (place INTEGER PRIMARY KEY, state TEXT NOT NULL, reason TEXT, \
     failures INTEGER NOT NULL, successes INTEGER NOT NULL, waits INTEGER NOT NULL)",
    "CREATE TEMP TABLE filled_causes (place INTEGER PRIMARY KEY, id INTEGER NOT NULL, class TEXT NOT NULL, \
     status INTEGER, message TEXT NOT NULL)",
    "CREATE TEMP TABLE filled_sketches (attempts INTEGER PRIMARY KEY, sketch BLOB NOT NULL)",
];
pub(super) const PUT_ENDPOINT: &str =
    "INSERT INTO temp.filled_endpoints (place, id) VALUES ($1, $2)";
pub(super) const PUT_FATE: &str = "INSERT INTO temp.filled_fates (place, state, reason, failures, successes, waits) \
     VALUES ($1, $2, $3, $4, $5, $6)";
pub(super) const PUT_CAUSE: &str = "INSERT INTO temp.filled_causes (place, id, class, status, message) \
     VALUES ($1, $2, $3, $4, $5)";
pub(super) const PUT_SKETCH: &str =
    "INSERT INTO temp.filled_sketches (attempts, sketch) VALUES ($1, $2)";
