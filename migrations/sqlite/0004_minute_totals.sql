-- What happened in a minute, all endpoints together: totals of a day must not read a row for each endpoint and minute.
CREATE TABLE minute_totals (
    minute          INTEGER PRIMARY KEY NOT NULL,
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
    held_back       INTEGER NOT NULL DEFAULT 0
);
INSERT INTO minute_totals
SELECT minute, sum(attempts), sum(successes), sum(latency_us), sum(failed_dns), sum(failed_connect), sum(failed_tls),
    sum(failed_timeout), sum(failed_protocol), sum(failed_status), sum(failed_body), sum(failed_blocked),
    sum(failed_internal), sum(held_back)
FROM minute_stats GROUP BY minute;

-- The few that are not active: what is pending for them is held or discarded, for all others a total is enough.
CREATE INDEX endpoints_inactive ON endpoints (status) WHERE status <> 'active';
