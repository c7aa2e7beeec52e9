-- Version 8: what is looked up by days stands in the index itself. Each report of a week was a look into
-- the table besides, of a page each.
DROP INDEX report_dates;
CREATE INDEX report_dates ON report (date_lo, date_hi, report_id, version);

DROP INDEX incident_dates;
CREATE INDEX incident_dates ON incident (date_lo, date_hi, frozen, incident_id);
