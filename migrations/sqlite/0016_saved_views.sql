-- Saved views: filters with a name, used as `@name` in other filters. `filter` is the text as it was typed; a name is
-- resolved when a filter is read, so changing a view changes what its name means from then on.
CREATE TABLE saved_views (
    name       TEXT    PRIMARY KEY NOT NULL,
    filter     TEXT    NOT NULL,
    who        TEXT    NOT NULL,
    updated_at INTEGER NOT NULL
) WITHOUT ROWID;
