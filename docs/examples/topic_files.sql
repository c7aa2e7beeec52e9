-- Victims a month, from topic files. Run it where the files are:
--
--     cd var/topics && duckdb < topic_files.sql
--
-- The pattern takes rotated files too (kabulwire.incident-log.v1.000000000042.jsonl). Numbers of
-- `seq` rise over all of them, and a row of the log that is not the newest of its key is the past.
WITH newest AS (
  SELECT key, arg_max(value, seq) AS value
  FROM read_json(
    'kabulwire.incident-log.v1*.jsonl',
    format = 'newline_delimited',
    columns = {seq: 'BIGINT', key: 'VARCHAR', value: 'JSON'}
  )
  GROUP BY key
)
SELECT
  (value ->> '$.date.start')[:7] AS month,
  count(*) AS attacks,
  sum((value ->> '$.casualties.killed.best')::INTEGER) AS killed,
  count(*) FILTER (value ->> '$.casualties.killed.best' IS NULL) AS killed_not_known
FROM newest
WHERE (value ->> '$.corroborated')::BOOLEAN
  AND value ->> '$.state' IN ('active', 'settled', 'closed')
GROUP BY month
ORDER BY month;
