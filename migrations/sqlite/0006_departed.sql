-- What is deleted, revoked or expired goes in the end, and the ledger keeps what it counted.
--
-- An endpoint's row goes after its last delivery. What its counters held is added up here: pending is none of it.
ALTER TABLE totals ADD COLUMN gone_created INTEGER NOT NULL DEFAULT 0;
ALTER TABLE totals ADD COLUMN gone_delivered INTEGER NOT NULL DEFAULT 0;
ALTER TABLE totals ADD COLUMN gone_dead INTEGER NOT NULL DEFAULT 0;
ALTER TABLE totals ADD COLUMN gone_discarded INTEGER NOT NULL DEFAULT 0;

CREATE INDEX tokens_revoked ON tokens (revoked_at) WHERE revoked_at IS NOT NULL;
CREATE INDEX tokens_expires ON tokens (expires_at) WHERE expires_at IS NOT NULL;

-- To take one endpoint, SQLite would look through all deliveries for one that refers to it: no index has them by
-- endpoint, and none shall (0001). The counters say exactly whether there is one, so the deliveries' reference to
-- endpoints is dropped. It is a matter of the table's text, not of its rows: this is the way that SQLite documents for
-- taking a constraint away. <https://sqlite.org/lang_altertable.html>
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, 'endpoint_id       INTEGER NOT NULL REFERENCES endpoints (id)',
    'endpoint_id       INTEGER NOT NULL')
WHERE type = 'table' AND name = 'deliveries';
PRAGMA writable_schema = RESET;
