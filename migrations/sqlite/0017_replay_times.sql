-- When things happened to a replay's items: how far it was at an instant that is past.
--
-- `released_at` is when an item was put to work, `tried_at` when its first attempt was recorded, `ended_at` when it got an
-- outcome that is not `open`; one that was left out at its turn has only the last. `items_timed` says of a replay that
-- this is known of all its items; of those that an older version began it is not.
ALTER TABLE replay_items ADD COLUMN released_at INTEGER;
ALTER TABLE replay_items ADD COLUMN tried_at INTEGER;
ALTER TABLE replay_items ADD COLUMN ended_at INTEGER;
ALTER TABLE replays ADD COLUMN items_timed INTEGER NOT NULL DEFAULT 0 CHECK (items_timed IN (0, 1));
