-- Replays pass over what an endpoint cannot take now: items of a paused or disabled endpoint, or of one that has as many
-- under way as it may have, wait for it and hold nobody else up.
--
-- `deferred_for` is the endpoint of an item that the cursor has passed over; such an item has no outcome, and counts as
-- waiting. `deferred` counts them.
ALTER TABLE replays ADD COLUMN deferred INTEGER NOT NULL DEFAULT 0;
ALTER TABLE replay_items ADD COLUMN deferred_for INTEGER;
CREATE INDEX replay_items_deferred ON replay_items (replay_id, deferred_for, delivery_id)
    WHERE deferred_for IS NOT NULL;
-- What is under way, by endpoint.
CREATE INDEX deliveries_replay_open ON deliveries (replay_id, endpoint_id)
    WHERE state = 'pending' AND replay_id IS NOT NULL;
-- First attempts that failed as probes behind an open breaker: `tried_badly` has them as well.
ALTER TABLE replays ADD COLUMN probed_badly INTEGER NOT NULL DEFAULT 0;
