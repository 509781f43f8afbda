-- How long attempts took, as sketches to take quantiles of, and how often deliveries were tried: by minute and
-- endpoint, endpoint 0 for all together; test traffic is left out. A minute has several parts, one for each time that
-- the service wrote down what it had gathered in memory: they are added when read.
CREATE TABLE attempt_sketches (
    minute      INTEGER NOT NULL,
    endpoint_id INTEGER NOT NULL,
    part        INTEGER NOT NULL,
    retries     INTEGER NOT NULL,
    ended       INTEGER NOT NULL,
    sketch      BLOB    NOT NULL,
    PRIMARY KEY (minute, endpoint_id, part)
) WITHOUT ROWID;
