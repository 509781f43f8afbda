-- Causes: failures that are the same but for their numbers, ids and addresses, counted as they come. Test traffic is left
-- out.
--
-- `id` is 48 bits of the digest of what makes a cause, so that it is the same in every yard. A delivery keeps the cause
-- of its latest failure; NULL is in no index, so what succeeds at once costs nothing.
CREATE TABLE causes (
    id         INTEGER PRIMARY KEY NOT NULL,
    class      TEXT    NOT NULL,
    status     INTEGER,
    message    TEXT    NOT NULL,
    failures   INTEGER NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen  INTEGER NOT NULL
);
CREATE INDEX causes_last_seen ON causes (last_seen);
CREATE TABLE cause_minutes (
    minute   INTEGER NOT NULL,
    cause_id INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    PRIMARY KEY (minute, cause_id)
) WITHOUT ROWID;
CREATE TABLE cause_endpoints (
    cause_id    INTEGER NOT NULL,
    endpoint_id INTEGER NOT NULL,
    failures    INTEGER NOT NULL,
    last_seen   INTEGER NOT NULL,
    PRIMARY KEY (cause_id, endpoint_id)
) WITHOUT ROWID;

ALTER TABLE deliveries ADD COLUMN last_cause INTEGER;
CREATE INDEX deliveries_cause ON deliveries (last_cause) WHERE last_cause IS NOT NULL;
CREATE INDEX deliveries_dead_cause ON deliveries (last_cause) WHERE state = 'dead' AND last_cause IS NOT NULL;
