-- The ledger by day: where the deliveries stand that were made on each day of UTC, test traffic included.
--
-- A delivery's day is the day that its id tells, so that whoever moves it knows the day without reading a row. `day` is
-- milliseconds of its beginning; day 0 holds what retention had taken before days were counted. Pending are held ones
-- too: what an endpoint's pause makes of them is not written down anywhere.
CREATE TABLE day_counters (
    day               INTEGER PRIMARY KEY NOT NULL,
    created           INTEGER NOT NULL DEFAULT 0,
    pending           INTEGER NOT NULL DEFAULT 0,
    delivered         INTEGER NOT NULL DEFAULT 0,
    dead              INTEGER NOT NULL DEFAULT 0,
    discarded         INTEGER NOT NULL DEFAULT 0,
    removed_delivered INTEGER NOT NULL DEFAULT 0,
    removed_dead      INTEGER NOT NULL DEFAULT 0,
    removed_discarded INTEGER NOT NULL DEFAULT 0
);
INSERT INTO day_counters (day, created, pending, delivered, dead, discarded)
SELECT ((id >> 22) + 1704067200000) / 86400000 * 86400000, count(*), sum(state = 'pending'), sum(state = 'delivered'),
    sum(state = 'dead'), sum(state = 'discarded')
FROM deliveries GROUP BY 1;
INSERT INTO day_counters (day, created, delivered, dead, discarded, removed_delivered, removed_dead, removed_discarded)
SELECT 0, delivered + dead + discarded, delivered, dead, discarded, delivered, dead, discarded
FROM (SELECT coalesce(sum(removed_delivered), 0) + gone_delivered AS delivered,
        coalesce(sum(removed_dead), 0) + gone_dead AS dead,
        coalesce(sum(removed_discarded), 0) + gone_discarded AS discarded
    FROM totals LEFT JOIN endpoint_counters WHERE totals.id = 1)
WHERE delivered + dead + discarded > 0;
