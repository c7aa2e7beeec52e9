"""Keeps the incidents in a SQLite table, through restarts, and never twice or half.

    pip install confluent-kafka
    python incident_table.py localhost:9092 kabulwire.incidents.v1 incidents.db [--once]

Rows and offsets change in one transaction, so whatever is killed, the table and the place to go on
are of one moment. Offsets in the broker (consumer groups) are not used. `--once` ends where the
topic ends now; without it the table is kept up to date until Ctrl-C.

    sqlite3 incidents.db 'SELECT * FROM standing ORDER BY date'
    sqlite3 incidents.db 'SELECT * FROM monthly'
"""

import argparse
import json
import sqlite3
import sys

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition

TABLES = """
CREATE TABLE IF NOT EXISTS incident (
  incident_id   TEXT PRIMARY KEY,
  revision      INTEGER NOT NULL,
  state         TEXT NOT NULL,
  superseded_by TEXT,
  date          TEXT,
  place         TEXT,
  killed        INTEGER,           -- best; NULL is "not reported" or "no number", never zero
  corroborated  INTEGER NOT NULL,  -- 1: enough sources stand behind it
  snapshot      TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS position (
  topic     TEXT NOT NULL,
  partition INTEGER NOT NULL,
  next      INTEGER NOT NULL,
  PRIMARY KEY (topic, partition)
);
-- What counts in a total: confirmed attacks, closed or not.
-- Leave out `corroborated` if you count unconfirmed attacks, too.
CREATE VIEW IF NOT EXISTS standing AS
  SELECT * FROM incident
  WHERE corroborated AND state IN ('active', 'settled', 'closed');
-- Totals a month. `killed` is at least so many: of `unknown` attacks nobody gave a number.
CREATE VIEW IF NOT EXISTS monthly AS
  SELECT substr(date, 1, 7) AS month, count(*) AS attacks, sum(killed) AS killed,
         count(*) FILTER (WHERE killed IS NULL) AS unknown
  FROM standing GROUP BY month;
-- Any id that was ever announced → the one that stands for it now. A chain may be of several hops.
CREATE VIEW IF NOT EXISTS survivor AS
  WITH RECURSIVE chain (incident_id, now, hops) AS (
    SELECT incident_id, incident_id, 0 FROM incident
    UNION ALL
    SELECT chain.incident_id, held.superseded_by, hops + 1
    FROM chain JOIN incident AS held ON held.incident_id = chain.now
    WHERE held.superseded_by IS NOT NULL AND hops < 100
  )
  SELECT incident_id, now, max(hops) AS hops FROM chain GROUP BY incident_id;
"""


def take(table: sqlite3.Connection, key: str, value: bytes | None) -> None:
    """One record: a row that is newer than the one held, or the end of it."""
    if value is None:  # erased for legal reasons
        table.execute("DELETE FROM incident WHERE incident_id = ?", (key,))
        return
    snapshot = json.loads(value)
    killed = snapshot["casualties"]["killed"]
    table.execute(
        "INSERT INTO incident VALUES (?,?,?,?,?,?,?,?,?) ON CONFLICT (incident_id) DO UPDATE SET "
        "revision = excluded.revision, state = excluded.state, "
        "superseded_by = excluded.superseded_by, date = excluded.date, place = excluded.place, "
        "killed = excluded.killed, corroborated = excluded.corroborated, snapshot = excluded.snapshot "
        "WHERE excluded.revision > incident.revision",
        (
            key,
            snapshot["revision"],
            snapshot["state"],
            snapshot["superseded_by"],
            snapshot["date"]["start"],
            snapshot["place"] and snapshot["place"]["name"],
            killed and killed["best"],
            snapshot["corroborated"],
            value.decode("utf-8"),
        ),
    )


def follow(consumer: Consumer, table: sqlite3.Connection, topic: str, *, once: bool) -> None:
    """Read from where the table stands."""
    known = dict(table.execute("SELECT partition, next FROM position WHERE topic = ?", (topic,)))
    there = consumer.list_topics(topic, timeout=30).topics[topic]
    if there.error is not None:
        raise KafkaException(there.error)
    reading = set(there.partitions)
    places = [TopicPartition(topic, n, known.get(n, OFFSET_BEGINNING)) for n in sorted(reading)]
    consumer.assign(places)
    while reading or not once:
        batch = consumer.consume(500, timeout=1.0)
        with table:  # one transaction: rows and offsets
            for message in batch:
                if message.error() is not None:
                    if message.error().code() != KafkaError._PARTITION_EOF:  # noqa: SLF001 - so it is named
                        raise KafkaException(message.error())
                    reading.discard(message.partition())
                    continue
                take(table, message.key().decode("utf-8"), message.value())
                table.execute(
                    "INSERT OR REPLACE INTO position VALUES (?,?,?)",
                    (topic, message.partition(), message.offset() + 1),
                )


def main() -> None:
    """Open both ends and go."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bootstrap")
    parser.add_argument("topic")
    parser.add_argument("database")
    parser.add_argument("--once", action="store_true", help="end where the topic ends now")
    given = parser.parse_args()
    table = sqlite3.connect(given.database)
    table.executescript(TABLES)
    consumer = Consumer(
        {
            "bootstrap.servers": given.bootstrap,
            "group.id": "incident-table",  # the client wants one; nothing is committed to it
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            "auto.offset.reset": "earliest",  # a topic that was made anew begins at 0
            "enable.partition.eof": True,
        }
    )
    try:
        follow(consumer, table, given.topic, once=given.once)
    except KeyboardInterrupt:
        sys.exit(0)
    finally:
        consumer.close()
        table.close()


if __name__ == "__main__":
    main()
