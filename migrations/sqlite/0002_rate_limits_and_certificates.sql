-- Rate limits: an endpoint's own one such as '60 per 1m', and what a lane reads of the past when it starts.
--
-- `held_back` of an attempt is NULL where no limit was in force, else whether the limit made it wait. The index is
-- partial: endpoints without a limit pay nothing for it.
ALTER TABLE endpoints ADD COLUMN rate_limit TEXT;
ALTER TABLE attempts ADD COLUMN held_back INTEGER CHECK (held_back IN (0, 1));
CREATE INDEX attempts_limited ON attempts (endpoint_id, started_at) WHERE held_back IS NOT NULL;
ALTER TABLE minute_stats ADD COLUMN held_back INTEGER NOT NULL DEFAULT 0;

-- Certificates: when the one that the receiver showed runs out; of the endpoint, the one seen last.
ALTER TABLE attempts ADD COLUMN certificate_expires_at INTEGER;
ALTER TABLE endpoint_counters ADD COLUMN certificate_expires_at INTEGER;
