-- Runs of failures: since when nothing but failures came of an endpoint's attempts, and what was said about it.
--
-- Steady time, as due times are: a clock that is set disables nobody. `failing_ms` is what counts of the run; silence of
-- more than a day, pauses and time in which the service was down are left out of it. `failing_warned` counts the warnings
-- of this run; `failing_told` is 1 from the first of them on until somebody was told that the endpoint is back.
ALTER TABLE endpoint_counters ADD COLUMN failing_since INTEGER;
ALTER TABLE endpoint_counters ADD COLUMN failing_seen INTEGER;
ALTER TABLE endpoint_counters ADD COLUMN failing_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE endpoint_counters ADD COLUMN failing_warned INTEGER NOT NULL DEFAULT 0;
ALTER TABLE endpoint_counters ADD COLUMN failing_told INTEGER NOT NULL DEFAULT 0;

-- The audit log says what was before and after (JSON objects of the members that changed), how many things were
-- concerned, and what the person who did it had to say.
ALTER TABLE audit ADD COLUMN before TEXT;
ALTER TABLE audit ADD COLUMN after TEXT;
ALTER TABLE audit ADD COLUMN count INTEGER;
ALTER TABLE audit ADD COLUMN note TEXT;
CREATE INDEX audit_who ON audit (who, id);
CREATE INDEX audit_action ON audit (action, id);

-- It is appended to, and that is all: retention alone takes entries, and only those below the edge that it writes down
-- first. An edge is an id, so it tells a time.
CREATE TABLE audit_edge (
    id     INTEGER PRIMARY KEY CHECK (id = 1),
    before INTEGER NOT NULL
);
INSERT INTO audit_edge (id, before) VALUES (1, 0);
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only: an entry cannot be changed');
END;
CREATE TRIGGER audit_is_not_replaced BEFORE INSERT ON audit WHEN EXISTS (SELECT 1 FROM audit WHERE id = NEW.id) BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only: an entry cannot be replaced');
END;
CREATE TRIGGER audit_is_not_taken BEFORE DELETE ON audit
WHEN OLD.id >= (SELECT coalesce(max(before), 0) FROM audit_edge) BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only: only retention takes entries');
END;
