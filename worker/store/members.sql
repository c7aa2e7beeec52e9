-- Version 7: a member of an incident is a row. In the record of the incident they were two thirds of what
-- was written again with each report that came.
ALTER TABLE member ADD COLUMN record TEXT;  -- the Member; NULL: it was one once

INSERT OR REPLACE INTO member (incident_id, report_id, article_id, former, since, record)
SELECT member.incident_id, member.report_id, member.article_id, 0, member.since, told.value
FROM incident CROSS JOIN json_each(incident.record, '$.members') AS told
CROSS JOIN member ON member.incident_id = incident.incident_id
AND member.report_id = json_extract(told.value, '$.report_id');

UPDATE incident SET record = json_set(record, '$.members', json_array());
