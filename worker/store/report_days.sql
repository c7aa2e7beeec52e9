-- Version 3: what a decision looks up costs the same in a store of three years.

-- Days are looked up between two bounds; the few windows that are longer have an index of their own.
ALTER TABLE report ADD COLUMN is_long INTEGER NOT NULL DEFAULT 0;
UPDATE report SET is_long = 1 WHERE julianday(date_hi) - julianday(date_lo) > 31;
CREATE INDEX report_long ON report (date_hi) WHERE is_long = 1;

ALTER TABLE incident ADD COLUMN is_long INTEGER NOT NULL DEFAULT 0;
UPDATE incident SET is_long = 1 WHERE julianday(date_hi) - julianday(date_lo) > 31;
CREATE INDEX incident_long ON incident (date_hi) WHERE is_long = 1;

-- How many rows `founded` has: the number of the next incident, counted once and then kept.
INSERT OR REPLACE INTO meta (key, value) SELECT 'founded', count(*) FROM founded;
