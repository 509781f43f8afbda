-- Breakers: what an endpoint wants different from the service's settings (JSON text), and since when its breaker is open.
--
-- While it is open the endpoint's hold clock runs, whatever its status: time behind it counts against no window.
ALTER TABLE endpoints ADD COLUMN breaker TEXT;
ALTER TABLE endpoints ADD COLUMN breaker_open_since INTEGER;
