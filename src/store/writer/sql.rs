//! The statements of a flush: one text per mix of work, sent whole in one call.
//!
//! Each statement costs a hop to sqlx's worker thread, so a flush is one multi-statement query; sqlx 0.9 calls that
//! style deprecated, which is why it stands here and nowhere else. `jsonb_each` hands rows on without parsing each
//! again (SQLite 3.51). Parameters: `$1` events, `$2` heap, `$3` deliveries, `$4` attempts, `$5` endpoints, `$6` minute
//! statistics, `$7` now, `$8` its minute, `$9` events accepted, `$10` clock offset, `$11` moves of deliveries, `$12`
//! deliveries whose attempts came too late, `$13` totals of minutes, `$14` those of `$9` that are no tests, `$15` days.

use std::sync::{Arc, LazyLock};

const EVENTS: &str = "
INSERT INTO events (id, audience, key, content_sha256, event_type, occurred_at, accepted_at, test, deliveries,
    attributes, data)
SELECT value->>0, value->>1, value->>2, substr($2, value->>3, value->>4), value->>5, value->>6, $7, value->>7,
    value->>8, substr($2, value->>9, value->>10), substr($2, value->>11, value->>12)
FROM jsonb_each($1);
INSERT INTO deliveries (id, event_id, endpoint_id, event_type, test, held_before_ms, state, attempts,
    budget_attempts, budget_started_at, created_at, updated_at)
SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, 'pending', 0, 0, $7 + $10, $7, $7
FROM jsonb_each($3);
INSERT INTO minute_events (minute, accepted) SELECT $8, $14 WHERE $14 > 0
    ON CONFLICT (minute) DO UPDATE SET accepted = accepted + excluded.accepted;
UPDATE totals SET events = events + $9 WHERE id = 1;
";

const ATTEMPTS: &str = "
INSERT INTO attempts (id, delivery_id, event_id, endpoint_id, number, started_at, url, signatures, secret_ids,
    revision, body_sha256, remote_address, dns_us, connect_us, tls_us, first_byte_us, body_us, total_us, reused,
    status, truncated, failure_class, failure_text, response_headers, response_body,
    held_back, certificate_expires_at)
SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, value->>6, value->>7, value->>8,
    substr($2, value->>9, 32), substr($2, 32 + (value->>9), 32), value->>10, value->>11, value->>12, value->>13,
    value->>14, value->>15, value->>16, value->>17, value->>18, value->>19, value->>20, value->>21,
    substr($2, value->>22, value->>23), substr($2, value->>24, value->>25),
    value->>26, value->>27
FROM jsonb_each($4);
UPDATE deliveries SET state = change.state, reason = change.reason, attempts = change.number,
    budget_attempts = budget_attempts + 1, next_attempt_at = change.next_attempt_at, last_at = change.last_at,
    last_status = change.last_status, last_class = change.last_class, last_latency_us = change.last_latency_us,
    updated_at = $7
FROM (SELECT value->>0 AS id, value->>1 AS number, value->>2 AS state, value->>3 AS reason,
        value->>4 AS next_attempt_at, value->>5 AS last_at, value->>6 AS last_status, value->>7 AS last_class,
        value->>8 AS last_latency_us
    FROM jsonb_each($11)) AS change
WHERE deliveries.id = change.id AND deliveries.state = 'pending' AND deliveries.attempts = change.number - 1;
INSERT INTO minute_stats (minute, endpoint_id, attempts, successes, latency_us, failed_dns, failed_connect,
    failed_tls, failed_timeout, failed_protocol, failed_status, failed_body, failed_blocked, failed_internal,
    held_back)
SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, value->>6, value->>7, value->>8, value->>9,
    value->>10, value->>11, value->>12, value->>13, value->>14
FROM jsonb_each($6) WHERE true
ON CONFLICT (minute, endpoint_id) DO UPDATE SET attempts = attempts + excluded.attempts,
    successes = successes + excluded.successes, latency_us = latency_us + excluded.latency_us,
    failed_dns = failed_dns + excluded.failed_dns, failed_connect = failed_connect + excluded.failed_connect,
    failed_tls = failed_tls + excluded.failed_tls, failed_timeout = failed_timeout + excluded.failed_timeout,
    failed_protocol = failed_protocol + excluded.failed_protocol,
    failed_status = failed_status + excluded.failed_status, failed_body = failed_body + excluded.failed_body,
    failed_blocked = failed_blocked + excluded.failed_blocked,
    failed_internal = failed_internal + excluded.failed_internal, held_back = held_back + excluded.held_back;
INSERT INTO minute_totals (minute, attempts, successes, latency_us, failed_dns, failed_connect,
    failed_tls, failed_timeout, failed_protocol, failed_status, failed_body, failed_blocked, failed_internal,
    held_back)
SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, value->>6, value->>7, value->>8, value->>9,
    value->>10, value->>11, value->>12, value->>13
FROM jsonb_each($13) WHERE true
ON CONFLICT (minute) DO UPDATE SET attempts = attempts + excluded.attempts,
    successes = successes + excluded.successes, latency_us = latency_us + excluded.latency_us,
    failed_dns = failed_dns + excluded.failed_dns, failed_connect = failed_connect + excluded.failed_connect,
    failed_tls = failed_tls + excluded.failed_tls, failed_timeout = failed_timeout + excluded.failed_timeout,
    failed_protocol = failed_protocol + excluded.failed_protocol,
    failed_status = failed_status + excluded.failed_status, failed_body = failed_body + excluded.failed_body,
    failed_blocked = failed_blocked + excluded.failed_blocked,
    failed_internal = failed_internal + excluded.failed_internal, held_back = held_back + excluded.held_back;
";

/// Attempts that came too late move nothing, but the delivery's numbers must not be given twice.
const STALE: &str = "
UPDATE deliveries SET attempts = late.number
FROM (SELECT value->>0 AS id, value->>1 AS number FROM jsonb_each($12)) AS late
WHERE deliveries.id = late.id AND deliveries.attempts < late.number;
";

const LEDGER: &str = "
INSERT INTO endpoint_counters (endpoint_id, created, pending, delivered, dead)
SELECT value->>0, value->>1, value->>2, value->>3, value->>4 FROM jsonb_each($5) WHERE true
ON CONFLICT (endpoint_id) DO UPDATE SET created = created + excluded.created, pending = pending + excluded.pending,
    delivered = delivered + excluded.delivered, dead = dead + excluded.dead;
";

/// The same by the days on which deliveries were made: one row a flush, seldom more.
const DAYS: &str = "
INSERT INTO day_counters (day, created, pending, delivered, dead)
SELECT value->>0, value->>1, value->>2, value->>3, value->>4 FROM jsonb_each($15) WHERE true
ON CONFLICT (day) DO UPDATE SET created = created + excluded.created, pending = pending + excluded.pending,
    delivered = delivered + excluded.delivered, dead = dead + excluded.dead;
";

/// The ledger by endpoint where attempts were made: how the latest of them ended goes into the row that is written anyway.
const LEDGER_AND_OUTCOMES: &str = "
INSERT INTO endpoint_counters (endpoint_id, created, pending, delivered, dead, last_success_at, last_failure_at,
    last_failure, consecutive_failures, certificate_expires_at)
SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, value->>6, value->>7, value->>8,
    value->>9
FROM jsonb_each($5) WHERE true
ON CONFLICT (endpoint_id) DO UPDATE SET created = created + excluded.created, pending = pending + excluded.pending,
    delivered = delivered + excluded.delivered, dead = dead + excluded.dead,
    last_success_at = coalesce(excluded.last_success_at, last_success_at),
    last_failure_at = coalesce(excluded.last_failure_at, last_failure_at),
    last_failure = coalesce(excluded.last_failure, last_failure),
    certificate_expires_at = coalesce(excluded.certificate_expires_at, certificate_expires_at),
    consecutive_failures = excluded.consecutive_failures
        + iif(excluded.last_success_at IS NULL, consecutive_failures, 0);
";

/// What a flush holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mix {
    /// Events are accepted.
    pub(super) events: bool,
    /// Attempts are kept.
    pub(super) attempts: bool,
    /// Some of them came too late.
    pub(super) stale: bool,
}

impl Mix {
    /// The statements for it; the same text for the same mix, so that SQLite compiles each once.
    pub(super) fn sql(self) -> Arc<str> {
        static TEXTS: LazyLock<[Arc<str>; 8]> =
            LazyLock::new(|| std::array::from_fn(|index| text(index).into()));
        let index =
            usize::from(self.events) + 2 * usize::from(self.attempts) + 4 * usize::from(self.stale);
        Arc::clone(&TEXTS[index])
    }
}

fn text(index: usize) -> String {
    let mut text = "BEGIN IMMEDIATE;".to_owned();
    for (bit, part) in [(1, EVENTS), (2, ATTEMPTS), (4, STALE)] {
        if index & bit != 0 {
            text.push_str(part);
        }
    }
    let attempts = index & 2 != 0;
    text.push_str(if attempts {
        LEDGER_AND_OUTCOMES
    } else {
        LEDGER
    });
    text.push_str(DAYS);
    text.push_str("COMMIT");
    text
}

/// Events that already have one of the keys: `$1` holds rows of number, audience and key.
pub(crate) const SELECT_KEYS: &str = "SELECT k.value->>0, e.id, e.content_sha256, e.deliveries \
     FROM jsonb_each($1) k CROSS JOIN events e \
     ON e.audience = k.value->>1 AND e.key = k.value->>2 AND e.key IS NOT NULL";

/// Attempts to be kept whose delivery is missing, has moved on, or is a test: `$1` holds rows of place, delivery,
/// number and endpoint.
pub(crate) const SELECT_ODD: &str = "SELECT r.value->>0, d.id IS NULL, \
     coalesce(d.state = 'pending' AND d.attempts = (r.value->>2) - 1, 0), coalesce(d.test, 0) \
     FROM jsonb_each($1) r LEFT JOIN deliveries d ON d.id = r.value->>1 AND d.endpoint_id = r.value->>3 \
     WHERE d.id IS NULL OR d.test OR d.state <> 'pending' OR d.attempts <> (r.value->>2) - 1";
