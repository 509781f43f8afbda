-- Replays: a frozen selection of deliveries that is put back to work at a chosen pace.
--
-- A plan and the replay that is started of it are one row: `pln_…` and `rpl_…` show the same number. Its items are
-- keyed by delivery, so that their order is the order of acceptance, and released up to `cursor`: an item beyond it has
-- no outcome and waits, or is cancelled with its replay. The counters move in the transaction that moves an item:
-- waiting + open + delivered + failed + skipped + cancelled = total at every instant.
CREATE TABLE replays (
    id             INTEGER PRIMARY KEY NOT NULL,
    selection      TEXT    NOT NULL,
    state          TEXT    NOT NULL CHECK (state IN
        ('planning', 'planned', 'running', 'paused', 'stopped', 'finished', 'cancelled')),
    why            TEXT,
    who            TEXT    NOT NULL,
    note           TEXT,
    rate_requests  INTEGER NOT NULL DEFAULT 0,
    rate_per_ms    INTEGER NOT NULL DEFAULT 0,
    canary         INTEGER NOT NULL DEFAULT 0,
    canary_done    INTEGER NOT NULL DEFAULT 0 CHECK (canary_done IN (0, 1)),
    stop_percent   INTEGER,
    stop_last      INTEGER,
    skip_delivered INTEGER NOT NULL DEFAULT 0 CHECK (skip_delivered IN (0, 1)),
    total          INTEGER NOT NULL DEFAULT 0,
    cursor         INTEGER NOT NULL DEFAULT 0,
    released       INTEGER NOT NULL DEFAULT 0,
    waiting        INTEGER NOT NULL DEFAULT 0,
    open           INTEGER NOT NULL DEFAULT 0,
    untried        INTEGER NOT NULL DEFAULT 0,
    delivered      INTEGER NOT NULL DEFAULT 0,
    failed         INTEGER NOT NULL DEFAULT 0,
    skipped        INTEGER NOT NULL DEFAULT 0,
    cancelled      INTEGER NOT NULL DEFAULT 0,
    tried_well     INTEGER NOT NULL DEFAULT 0,
    tried_badly    INTEGER NOT NULL DEFAULT 0,
    window_from    INTEGER NOT NULL DEFAULT 0,
    flight         TEXT    NOT NULL DEFAULT '{}',
    created_at     INTEGER NOT NULL,
    expires_at     INTEGER,
    started_at     INTEGER,
    ended_at       INTEGER
);
CREATE INDEX replays_live ON replays (state, id)
    WHERE state IN ('planning', 'planned', 'running', 'paused', 'stopped');
CREATE INDEX replays_expiring ON replays (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX replays_ended ON replays (ended_at) WHERE ended_at IS NOT NULL;

-- `planned` is the delivery's stored state when it was frozen; `outcome` is NULL before its turn; `failed_first` says
-- how its first attempt ended, once it has.
CREATE TABLE replay_items (
    replay_id    INTEGER NOT NULL,
    delivery_id  INTEGER NOT NULL,
    planned      TEXT    NOT NULL CHECK (planned IN ('pending', 'delivered', 'dead', 'discarded')),
    outcome      TEXT    CHECK (outcome IN ('open', 'delivered', 'failed', 'skipped')),
    failed_first INTEGER CHECK (failed_first IN (0, 1)),
    PRIMARY KEY (replay_id, delivery_id)
) WITHOUT ROWID;

-- The replay that a delivery was last put to work by: a pending one that has it is an open item of it.
ALTER TABLE deliveries ADD COLUMN replay_id INTEGER;
CREATE INDEX deliveries_replay ON deliveries (replay_id, id) WHERE replay_id IS NOT NULL;
-- The replay that an attempt was made for.
ALTER TABLE attempts ADD COLUMN replay_id INTEGER;
