-- Which ends of receivers' certificates have been warned of, so that a restart warns of nothing twice. A certificate is
-- known by its end: a receiver with two of them behind one name shows now this one, now that one.
CREATE TABLE certificate_warnings (
    endpoint_id INTEGER NOT NULL REFERENCES endpoints (id),
    expires_at  INTEGER NOT NULL,
    days        INTEGER NOT NULL CHECK (days IN (21, 7, 1, 0)),
    warned_at   INTEGER NOT NULL,
    PRIMARY KEY (endpoint_id, expires_at)
) WITHOUT ROWID;
