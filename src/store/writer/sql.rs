//! The statements of a flush: one INSERT for each mix of work, which a trigger takes apart.
//!
//! Each statement costs a hop to sqlx's worker thread and back, and inside a transaction SQLite also keeps a journal
//! for each alone. So the writer's connection has a temporary view for each mix, whose trigger holds all statements:
//! a flush is one row inserted into the view, one call, and a transaction by itself. `jsonb_each` hands rows on
//! without parsing each again (SQLite 3.51). The view's columns are [`COLUMNS`]. Places in a row are written as paths
//! (`'$[3]'`): of a bare number SQLite makes such a text again for each value it reads.

use sqlx::{AssertSqlSafe, SqliteConnection};

use super::super::error::StoreError;

/// What a flush brings, in the order in which it is bound: events, the bytes that rows refer to, deliveries, attempts,
/// the ledger by endpoint, minutes of endpoints, now, its minute, events accepted, the clock offset, moves of
/// deliveries, deliveries whose attempts came too late, totals of minutes, accepted events that are no tests, the
/// ledger by day, causes of failures, and those by endpoint, items of replays that were tried or ended, and how their
/// replays count.
const COLUMNS: [&str; 19] = [
    "events",
    "heap",
    "deliveries",
    "attempts",
    "endpoints",
    "minutes",
    "now",
    "minute",
    "accepted",
    "clock_offset",
    "moves",
    "late",
    "minute_totals",
    "real",
    "days",
    "causes",
    "cause_endpoints",
    "replay_items",
    "replays",
];

/// The values at these places of a row.
macro_rules! places {
    ($first:literal $(, $place:literal)*) => {
        concat!("value->>'$[", $first, "]'" $(, ", value->>'$[", $place, "]'")*)
    };
}

/// These columns grow by what the row brings.
macro_rules! sums {
    ($first:literal $(, $column:literal)*) => {
        concat!($first, " = ", $first, " + excluded.", $first $(, ", ", $column, " = ", $column, " + excluded.", $column)*)
    };
}

/// The same of a minute in which something went wrong.
macro_rules! sums_of_trouble {
    () => {
        sums!(
            "attempts",
            "successes",
            "latency_us",
            "failed_dns",
            "failed_connect",
            "failed_tls",
            "failed_timeout",
            "failed_protocol",
            "failed_status",
            "failed_body",
            "failed_blocked",
            "failed_internal",
            "held_back"
        )
    };
}

const EVENTS: &str = concat!("
INSERT INTO events (id, audience, key, content_sha256, event_type, occurred_at, accepted_at, test, deliveries,
    attributes, data)
SELECT ", places!(0, 1, 2), ", substr(NEW.heap, value->>'$[3]', value->>'$[4]'), value->>'$[5]', value->>'$[6]', NEW.now, value->>'$[7]',
    value->>'$[8]', substr(NEW.heap, value->>'$[9]', value->>'$[10]'), substr(NEW.heap, value->>'$[11]', value->>'$[12]')
FROM jsonb_each(NEW.events);
INSERT INTO deliveries (id, event_id, endpoint_id, event_type, test, held_before_ms, state, attempts,
    budget_attempts, budget_started_at, created_at, updated_at)
SELECT ", places!(0, 1, 2, 3, 4, 5), ", 'pending', 0, 0, NEW.now + NEW.clock_offset, NEW.now, NEW.now
FROM jsonb_each(NEW.deliveries);
INSERT INTO minute_events (minute, accepted) SELECT NEW.minute, NEW.real WHERE NEW.real > 0
    ON CONFLICT (minute) DO UPDATE SET accepted = accepted + excluded.accepted;
UPDATE totals SET events = events + NEW.accepted WHERE id = 1;
");

const ATTEMPTS: &str = concat!("
INSERT INTO attempts (id, delivery_id, event_id, endpoint_id, number, started_at, url, signatures, secret_ids,
    revision, body_sha256, remote_address, dns_us, connect_us, tls_us, first_byte_us, body_us, total_us, reused,
    status, truncated, failure_class, failure_text, response_headers, response_body,
    held_back, certificate_expires_at, replay_id)
SELECT ", places!(0, 1, 2, 3, 4, 5, 6, 7, 8), ",
    substr(NEW.heap, value->>'$[9]', 32), substr(NEW.heap, 32 + (value->>'$[9]'), 32), ", places!(10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21), ",
    substr(NEW.heap, value->>'$[22]', value->>'$[23]'), substr(NEW.heap, value->>'$[24]', value->>'$[25]'),
    ", places!(26, 27, 28), "
FROM jsonb_each(NEW.attempts);
UPDATE deliveries SET state = change.state, reason = change.reason, attempts = change.number,
    budget_attempts = budget_attempts + change.spent, next_attempt_at = change.next_attempt_at, last_at = change.last_at,
    last_status = change.last_status, last_class = change.last_class, last_latency_us = change.last_latency_us,
    last_cause = change.last_cause, updated_at = NEW.now
FROM (SELECT value->>'$[0]' AS id, value->>'$[1]' AS number, value->>'$[2]' AS state, value->>'$[3]' AS reason,
        value->>'$[4]' AS next_attempt_at, value->>'$[5]' AS last_at, value->>'$[6]' AS last_status, value->>'$[7]' AS last_class,
        value->>'$[8]' AS last_latency_us, value->>'$[9]' AS spent, value->>'$[10]' AS last_cause
    FROM jsonb_each(NEW.moves)) AS change
WHERE deliveries.id = change.id AND deliveries.state = 'pending' AND deliveries.attempts = change.number - 1;
INSERT INTO minute_totals (minute, attempts, successes, latency_us, failed_dns, failed_connect,
    failed_tls, failed_timeout, failed_protocol, failed_status, failed_body, failed_blocked, failed_internal,
    held_back)
SELECT ", places!(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13), "
FROM jsonb_each(NEW.minute_totals) WHERE true
ON CONFLICT (minute) DO UPDATE SET ", sums_of_trouble!(), ";
");

/// Statistics of minutes by endpoint, where all went well.
const MINUTES: &str = concat!(
    "
INSERT INTO minute_stats (minute, endpoint_id, attempts, successes, latency_us)
SELECT ",
    places!(0, 1, 2, 3, 4),
    "
FROM jsonb_each(NEW.minutes) WHERE true
ON CONFLICT (minute, endpoint_id) DO UPDATE SET ",
    sums!("attempts", "successes", "latency_us"),
    ";
"
);

/// The same where something did not: what an endpoint failed for costs more than all the rest of its row.
const MINUTES_OF_TROUBLE: &str = concat!("
INSERT INTO minute_stats (minute, endpoint_id, attempts, successes, latency_us, failed_dns, failed_connect,
    failed_tls, failed_timeout, failed_protocol, failed_status, failed_body, failed_blocked, failed_internal,
    held_back)
SELECT ", places!(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14), "
FROM jsonb_each(NEW.minutes) WHERE true
ON CONFLICT (minute, endpoint_id) DO UPDATE SET ", sums_of_trouble!(), ";
");

/// Attempts that came too late move nothing, but the delivery's numbers must not be given twice.
const STALE: &str = "
UPDATE deliveries SET attempts = late.number
FROM (SELECT value->>'$[0]' AS id, value->>'$[1]' AS number FROM jsonb_each(NEW.late)) AS late
WHERE deliveries.id = late.id AND deliveries.attempts < late.number;
";

/// Items of replays whose delivery was tried the first time or came to an end.
const REPLAYS: &str = "
UPDATE replay_items SET outcome = coalesce(item.outcome, replay_items.outcome),
    failed_first = coalesce(item.failed_first, replay_items.failed_first),
    tried_at = iif(item.failed_first IS NULL, replay_items.tried_at, NEW.now),
    ended_at = iif(item.outcome IS NULL, replay_items.ended_at, NEW.now)
FROM (SELECT value->>'$[0]' AS delivery_id, value->>'$[1]' AS replay_id, value->>'$[2]' AS outcome, value->>'$[3]' AS failed_first
    FROM jsonb_each(NEW.replay_items)) AS item
WHERE replay_items.replay_id = item.replay_id AND replay_items.delivery_id = item.delivery_id;
UPDATE replays SET open = open - one.ended, untried = untried - one.tried,
    delivered = replays.delivered + one.delivered, failed = replays.failed + one.failed,
    tried_well = tried_well + one.well, tried_badly = tried_badly + one.badly,
    probed_badly = probed_badly + one.probes
FROM (SELECT value->>'$[0]' AS id, value->>'$[1]' AS ended, value->>'$[2]' AS tried, value->>'$[3]' AS delivered, value->>'$[4]' AS failed,
        value->>'$[5]' AS well, value->>'$[6]' AS badly, value->>'$[7]' AS probes
    FROM jsonb_each(NEW.replays)) AS one
WHERE replays.id = one.id;
";

const LEDGER: &str = concat!(
    "
INSERT INTO endpoint_counters (endpoint_id, created, pending, delivered, dead)
SELECT ",
    places!(0, 1, 2, 3, 4),
    " FROM jsonb_each(NEW.endpoints) WHERE true
ON CONFLICT (endpoint_id) DO UPDATE SET ",
    sums!("created", "pending", "delivered", "dead"),
    ";
"
);

/// The same by the days on which deliveries were made: one row a flush, seldom more.
const DAYS: &str = concat!(
    "
INSERT INTO day_counters (day, created, pending, delivered, dead)
SELECT ",
    places!(0, 1, 2, 3, 4),
    " FROM jsonb_each(NEW.days) WHERE true
ON CONFLICT (day) DO UPDATE SET ",
    sums!("created", "pending", "delivered", "dead"),
    ";
"
);

/// The ledger by endpoint where attempts were made and all went well, now and before: how the latest of them ended goes
/// into the row that is written anyway.
const LEDGER_AND_SUCCESSES: &str = concat!("
INSERT INTO endpoint_counters (endpoint_id, created, pending, delivered, dead, last_success_at, certificate_expires_at)
SELECT ", places!(0, 1, 2, 3, 4, 5, 6), "
FROM jsonb_each(NEW.endpoints) WHERE true
ON CONFLICT (endpoint_id) DO UPDATE SET ", sums!("created", "pending", "delivered", "dead"), ",
    last_success_at = coalesce(excluded.last_success_at, last_success_at),
    certificate_expires_at = coalesce(excluded.certificate_expires_at, certificate_expires_at),
    consecutive_failures = iif(excluded.last_success_at IS NULL, consecutive_failures, 0);
");

/// The same where something did not.
const LEDGER_AND_OUTCOMES: &str = concat!("
INSERT INTO endpoint_counters (endpoint_id, created, pending, delivered, dead, last_success_at,
    certificate_expires_at, last_failure_at, last_failure, consecutive_failures, failing_since, failing_seen, failing_ms)
SELECT ", places!(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12), "
FROM jsonb_each(NEW.endpoints) WHERE true
ON CONFLICT (endpoint_id) DO UPDATE SET ", sums!("created", "pending", "delivered", "dead"), ",
    last_success_at = coalesce(excluded.last_success_at, last_success_at),
    last_failure_at = coalesce(excluded.last_failure_at, last_failure_at),
    last_failure = coalesce(excluded.last_failure, last_failure),
    certificate_expires_at = coalesce(excluded.certificate_expires_at, certificate_expires_at),
    failing_since = excluded.failing_since, failing_seen = excluded.failing_seen, failing_ms = excluded.failing_ms,
    failing_warned = iif(excluded.failing_since IS NULL OR excluded.failing_since IS NOT failing_since, 0, failing_warned),
    consecutive_failures = excluded.consecutive_failures
        + iif(excluded.last_success_at IS NULL, consecutive_failures, 0);
");

/// Failures by cause; the minute is that of the flush.
const FAILURES: &str = concat!(
    "
INSERT INTO causes (id, class, status, message, failures, first_seen, last_seen)
SELECT ",
    places!(0, 1, 2, 3, 4, 5, 6),
    " FROM jsonb_each(NEW.causes) WHERE true
ON CONFLICT (id) DO UPDATE SET failures = failures + excluded.failures,
    last_seen = max(last_seen, excluded.last_seen);
INSERT INTO cause_minutes (minute, cause_id, failures)
SELECT NEW.minute, value->>'$[0]', value->>'$[4]' FROM jsonb_each(NEW.causes) WHERE true
ON CONFLICT (minute, cause_id) DO UPDATE SET failures = failures + excluded.failures;
INSERT INTO cause_endpoints (cause_id, endpoint_id, failures, last_seen)
SELECT ",
    places!(0, 1, 2, 3),
    " FROM jsonb_each(NEW.cause_endpoints) WHERE true
ON CONFLICT (cause_id, endpoint_id) DO UPDATE SET failures = failures + excluded.failures,
    last_seen = max(last_seen, excluded.last_seen);
"
);

/// What a flush holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mix {
    /// Events are accepted.
    pub(super) events: bool,
    /// Attempts are kept.
    pub(super) attempts: bool,
    /// Some of them came too late.
    pub(super) stale: bool,
    /// Something is to be noted of them besides successes: failures and their causes, and waits.
    pub(super) trouble: bool,
    /// Some of them are of replays.
    pub(super) replays: bool,
}

impl Mix {
    /// The statement for it: it binds what [`COLUMNS`] name.
    pub(super) const fn sql(self) -> &'static str {
        SQL[self.index()]
    }

    const fn index(self) -> usize {
        let attempts = 2 * self.attempts as usize + 4 * self.stale as usize;
        let rest = 8 * self.trouble as usize + 16 * self.replays as usize;
        self.events as usize + attempts + rest
    }
}

macro_rules! inserts {
    ($($mix:literal),+) => {
        [$(concat!(
            "INSERT INTO flush_", $mix,
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)"
        )),+]
    };
}

/// By mix: 1 for events, 2 for attempts, 4 for late ones, 8 for trouble, 16 for replays.
const SQL: [&str; 32] = inserts!(
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25,
    26, 27, 28, 29, 30, 31
);

/// The mixes that ordinary work needs: events, attempts, both, and the last two with trouble. Their views are there
/// from the start, so that a disk that fills up later finds them.
const ORDINARY: [usize; 5] = [1, 2, 3, 10, 11];

/// The views that the writer's connection has, a bit for each mix. Each costs memory and time to make, and many mixes
/// never come.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Views(u32);

impl Views {
    /// Gives the connection the views that ordinary flushes need.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub(crate) async fn prepare(connection: &mut SqliteConnection) -> Result<Self, StoreError> {
        let mut views = Self::default();
        for mix in ORDINARY {
            views.make(connection, mix).await?;
        }
        Ok(views)
    }

    /// Gives the connection the view that [`Mix::sql`] inserts into, unless it has it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Full`].
    pub(super) async fn ensure(
        &mut self,
        connection: &mut SqliteConnection,
        mix: Mix,
    ) -> Result<(), StoreError> {
        self.make(connection, mix.index()).await
    }

    async fn make(
        &mut self,
        connection: &mut SqliteConnection,
        mix: usize,
    ) -> Result<(), StoreError> {
        if self.0 & (1 << mix) == 0 {
            sqlx::raw_sql(AssertSqlSafe(view(mix)))
                .execute(connection)
                .await?;
            self.0 |= 1 << mix;
        }
        Ok(())
    }
}

fn view(mix: usize) -> String {
    let columns = COLUMNS.map(|name| format!("NULL AS {name}")).join(", ");
    let mut text = format!(
        "CREATE TEMP VIEW IF NOT EXISTS flush_{mix} AS SELECT {columns};\n\
         CREATE TEMP TRIGGER IF NOT EXISTS flush_{mix}_taken INSTEAD OF INSERT ON flush_{mix} BEGIN\n"
    );
    for (bit, part) in [
        (1, EVENTS),
        (2, ATTEMPTS),
        (4, STALE),
        (8, FAILURES),
        (16, REPLAYS),
    ] {
        if mix & bit != 0 {
            text.push_str(part);
        }
    }
    let of_endpoints: &[&str] = match (mix & 2 != 0, mix & 8 != 0) {
        (false, _) => &[LEDGER],
        (true, false) => &[MINUTES, LEDGER_AND_SUCCESSES],
        (true, true) => &[MINUTES_OF_TROUBLE, LEDGER_AND_OUTCOMES],
    };
    text.extend(of_endpoints.iter().copied());
    text.push_str(DAYS);
    text.push_str("END");
    text
}

/// Events that already have one of the keys: `$1` holds rows of number, audience and key.
pub(crate) const SELECT_KEYS: &str = "SELECT k.value->>'$[0]', e.id, e.content_sha256, e.deliveries \
     FROM jsonb_each($1) k CROSS JOIN events e \
     ON e.audience = k.value->>'$[1]' AND e.key = k.value->>'$[2]' AND e.key IS NOT NULL";

/// Attempts to be kept whose delivery is missing, has moved on, is a test, an item of a replay, or of an operational
/// event: `$1` holds rows of place, delivery, number and endpoint.
pub(crate) const SELECT_ODD: &str = "SELECT r.value->>'$[0]', d.id IS NULL, \
     coalesce(d.state = 'pending' AND d.attempts = (r.value->>'$[2]') - 1, 0), coalesce(d.test, 0), \
     d.replay_id, coalesce((SELECT i.failed_first IS NULL FROM replay_items i \
     WHERE i.replay_id = d.replay_id AND i.delivery_id = d.id), 0), \
     coalesce(d.event_type >= 'hookyard.' AND d.event_type < 'hookyard/', 0) \
     FROM jsonb_each($1) r LEFT JOIN deliveries d ON d.id = r.value->>'$[1]' AND d.endpoint_id = r.value->>'$[3]' \
     WHERE d.id IS NULL OR d.test OR d.state <> 'pending' OR d.attempts <> (r.value->>'$[2]') - 1 \
     OR d.replay_id IS NOT NULL OR (d.event_type >= 'hookyard.' AND d.event_type < 'hookyard/')";
