-- Sketches of whole days, of all endpoints together: what is asked of weeks and months is not added up of minutes, and
-- outlives them. `day` is milliseconds of its beginning in UTC. A day is written once, when nothing counts in it any more.
CREATE TABLE day_sketches (
    day     INTEGER PRIMARY KEY NOT NULL,
    retries INTEGER NOT NULL,
    ended   INTEGER NOT NULL,
    sketch  BLOB    NOT NULL
);
