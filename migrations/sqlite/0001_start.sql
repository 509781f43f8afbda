-- Everything the first release keeps.
--
-- Portable where it costs nothing: ids and UTC milliseconds are 64-bit integers, states are words held by a CHECK,
-- payloads are bytes, JSON is text that SQL never looks into. Ids rise with time and are the row's own key, so that
-- inserts append. Indexes on the way of an event are partial: one over all deliveries of an endpoint would cost four
-- fifths of the accept rate at 500,000 rows.

-- Single values: the check of the sealing key, the clock offset, facts the service wants to find again.
CREATE TABLE meta (
    key   TEXT PRIMARY KEY NOT NULL,
    value BLOB NOT NULL
) WITHOUT ROWID;

-- What an event is published once as. `audience` is '' for none, a tenant's name, or '*'.
-- `data` becomes NULL when retention drops the payload; the key then still answers publishers who repeat a call.
CREATE TABLE events (
    id             INTEGER PRIMARY KEY NOT NULL,
    audience       TEXT    NOT NULL,
    key            TEXT,
    content_sha256 BLOB,
    event_type     TEXT    NOT NULL,
    occurred_at    INTEGER NOT NULL,
    accepted_at    INTEGER NOT NULL,
    test           INTEGER NOT NULL CHECK (test IN (0, 1)),
    deliveries     INTEGER NOT NULL CHECK (deliveries >= 0),
    attributes     BLOB,
    data           BLOB,
    CHECK ((key IS NULL) = (content_sha256 IS NULL))
);
CREATE UNIQUE INDEX events_key ON events (audience, key) WHERE key IS NOT NULL;

-- A subscriber's registered URL. Lists and maps are JSON text; `secrets` holds sealed bytes as hex.
CREATE TABLE endpoints (
    id              INTEGER PRIMARY KEY NOT NULL,
    tenant          TEXT,
    name            TEXT,
    url             TEXT    NOT NULL,
    contract        TEXT    NOT NULL,
    event_types     TEXT    NOT NULL,
    headers         TEXT    NOT NULL,
    metadata        TEXT    NOT NULL,
    ordered         INTEGER NOT NULL CHECK (ordered IN (0, 1)),
    concurrency     INTEGER,
    retry           TEXT,
    timeout_ms      INTEGER,
    test_mode       INTEGER NOT NULL CHECK (test_mode IN (0, 1)),
    status          TEXT    NOT NULL CHECK (status IN ('active', 'paused', 'disabled', 'deleted')),
    paused_until    INTEGER,
    pause_reason    TEXT,
    disabled_reason TEXT CHECK (disabled_reason IN ('operator', 'owner', 'gone', 'failing')),
    hold_total_ms   INTEGER NOT NULL,
    hold_since      INTEGER,
    secrets         TEXT    NOT NULL,
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    version         INTEGER NOT NULL,
    CHECK ((status = 'disabled') = (disabled_reason IS NOT NULL))
);

-- One event on its way to one endpoint. *Held* is not stored: it is what pending is called while the endpoint is
-- paused or disabled. `budget_started_at` and `next_attempt_at` are steady time: the wall clock plus meta's clock
-- offset, so that a clock that is set moves no row. `note` says why a dead one is undeliverable.
CREATE TABLE deliveries (
    id                INTEGER PRIMARY KEY NOT NULL,
    event_id          INTEGER NOT NULL REFERENCES events (id),
    endpoint_id       INTEGER NOT NULL REFERENCES endpoints (id),
    event_type        TEXT    NOT NULL,
    test              INTEGER NOT NULL CHECK (test IN (0, 1)),
    state             TEXT    NOT NULL CHECK (state IN ('pending', 'delivered', 'dead', 'discarded')),
    reason            TEXT,
    attempts          INTEGER NOT NULL,
    budget_attempts   INTEGER NOT NULL,
    budget_started_at INTEGER NOT NULL,
    held_before_ms    INTEGER NOT NULL,
    next_attempt_at   INTEGER,
    last_at           INTEGER,
    last_status       INTEGER,
    last_class        TEXT,
    last_latency_us   INTEGER,
    created_at        INTEGER NOT NULL,
    updated_at        INTEGER NOT NULL,
    note              TEXT,
    CHECK ((state IN ('dead', 'discarded')) = (reason IS NOT NULL))
);
-- Never tried: what a lane takes up in the order of acceptance.
CREATE INDEX deliveries_fresh ON deliveries (endpoint_id, id)
    WHERE state = 'pending' AND next_attempt_at IS NULL;
-- Tried and scheduled again, or replayed.
CREATE INDEX deliveries_due ON deliveries (endpoint_id, next_attempt_at, id)
    WHERE state = 'pending' AND next_attempt_at IS NOT NULL;
CREATE INDEX deliveries_dead ON deliveries (endpoint_id, id) WHERE state = 'dead';
CREATE INDEX deliveries_event ON deliveries (event_id);

-- One HTTP request made for a delivery, with all that came back. Response headers are bytes: they may hold any.
-- Two rows of a delivery share a number only where a request was in flight when its delivery was discarded.
CREATE TABLE attempts (
    id               INTEGER PRIMARY KEY NOT NULL,
    delivery_id      INTEGER NOT NULL REFERENCES deliveries (id),
    event_id         INTEGER NOT NULL,
    endpoint_id      INTEGER NOT NULL,
    number           INTEGER NOT NULL CHECK (number >= 1),
    started_at       INTEGER NOT NULL,
    revision         BLOB    NOT NULL CHECK (length(revision) = 32),
    url              TEXT    NOT NULL,
    signatures       TEXT    NOT NULL,
    secret_ids       TEXT    NOT NULL,
    body_sha256      BLOB    NOT NULL CHECK (length(body_sha256) = 32),
    remote_address   TEXT,
    dns_us           INTEGER,
    connect_us       INTEGER,
    tls_us           INTEGER,
    first_byte_us    INTEGER,
    body_us          INTEGER,
    total_us         INTEGER NOT NULL,
    reused           INTEGER NOT NULL CHECK (reused IN (0, 1)),
    status           INTEGER,
    response_headers BLOB,
    response_body    BLOB,
    truncated        INTEGER NOT NULL CHECK (truncated IN (0, 1)),
    failure_class    TEXT,
    failure_text     TEXT,
    CHECK ((failure_class IS NULL) = (failure_text IS NULL))
);
CREATE INDEX attempts_delivery ON attempts (delivery_id);

-- The ledger: every delivery ever made, kept in the transaction that changes it. The removed ones are those whose
-- rows retention took, so that rows = counter - removed can be checked at any time. Beside it, in the row that a flush
-- writes anyway: how the latest attempts ended, test traffic left out.
CREATE TABLE endpoint_counters (
    endpoint_id       INTEGER PRIMARY KEY NOT NULL REFERENCES endpoints (id),
    created           INTEGER NOT NULL DEFAULT 0,
    pending           INTEGER NOT NULL DEFAULT 0,
    delivered         INTEGER NOT NULL DEFAULT 0,
    dead              INTEGER NOT NULL DEFAULT 0,
    discarded         INTEGER NOT NULL DEFAULT 0,
    removed_delivered INTEGER NOT NULL DEFAULT 0,
    removed_dead      INTEGER NOT NULL DEFAULT 0,
    removed_discarded INTEGER NOT NULL DEFAULT 0,
    last_success_at   INTEGER,
    last_failure_at   INTEGER,
    last_failure      TEXT,
    consecutive_failures INTEGER NOT NULL DEFAULT 0
);

-- What happened in a minute, by endpoint; test traffic is left out. `minute` is milliseconds of its beginning.
CREATE TABLE minute_stats (
    minute          INTEGER NOT NULL,
    endpoint_id     INTEGER NOT NULL,
    attempts        INTEGER NOT NULL DEFAULT 0,
    successes       INTEGER NOT NULL DEFAULT 0,
    latency_us      INTEGER NOT NULL DEFAULT 0,
    failed_dns      INTEGER NOT NULL DEFAULT 0,
    failed_connect  INTEGER NOT NULL DEFAULT 0,
    failed_tls      INTEGER NOT NULL DEFAULT 0,
    failed_timeout  INTEGER NOT NULL DEFAULT 0,
    failed_protocol INTEGER NOT NULL DEFAULT 0,
    failed_status   INTEGER NOT NULL DEFAULT 0,
    failed_body     INTEGER NOT NULL DEFAULT 0,
    failed_blocked  INTEGER NOT NULL DEFAULT 0,
    failed_internal INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (minute, endpoint_id)
) WITHOUT ROWID;

-- Events accepted in a minute, test events included.
CREATE TABLE minute_events (
    minute   INTEGER PRIMARY KEY NOT NULL,
    accepted INTEGER NOT NULL
);

-- The one row of totals that no other table gives without a scan.
CREATE TABLE totals (
    id     INTEGER PRIMARY KEY CHECK (id = 1),
    events INTEGER NOT NULL
);
INSERT INTO totals (id, events) VALUES (1, 0);

-- Access tokens: only the SHA-256 of the value is kept.
CREATE TABLE tokens (
    id         INTEGER PRIMARY KEY NOT NULL,
    name       TEXT    NOT NULL,
    sha256     BLOB    NOT NULL UNIQUE CHECK (length(sha256) = 32),
    prefix     TEXT    NOT NULL,
    role       TEXT    NOT NULL CHECK (role IN ('publisher', 'consumer', 'viewer', 'operator', 'admin')),
    tenant     TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER
);

-- The canonical text of every contract revision that an attempt was rendered under.
CREATE TABLE contract_revisions (
    revision   BLOB PRIMARY KEY NOT NULL CHECK (length(revision) = 32),
    name       TEXT NOT NULL,
    text       TEXT NOT NULL,
    first_seen INTEGER NOT NULL
) WITHOUT ROWID;

-- Who changed what: written in the transaction of the change.
CREATE TABLE audit (
    id         INTEGER PRIMARY KEY NOT NULL,
    at         INTEGER NOT NULL,
    who        TEXT    NOT NULL,
    via        TEXT    NOT NULL CHECK (via IN ('socket', 'tcp', 'internal')),
    came_from  TEXT,
    action     TEXT    NOT NULL,
    subject    TEXT,
    detail     TEXT
);
CREATE INDEX audit_subject ON audit (subject, id) WHERE subject IS NOT NULL;
