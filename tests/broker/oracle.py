"""What consumers saw against what the store said: lost, doubled, out of order, with holes."""

from __future__ import annotations

import itertools
import sqlite3
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from worker.config import Kafka
from worker.core.contract.message import INCIDENT_LOG, INCIDENTS, REPORTS
from worker.publish.kafka import Fetched, ends_of, partitions, read_to_end, reader

TOPICS = (INCIDENT_LOG, INCIDENTS, REPORTS)


@dataclass(frozen=True)
class Judgement:
    """Counts over all topics; all but ``rows`` must be 0."""

    rows: int
    lost: int
    doubled: int
    reordered: int
    holes: int
    foreign: int
    altered: int

    @property
    def clean(self) -> bool:
        return not any(
            (self.lost, self.doubled, self.reordered, self.holes, self.foreign, self.altered)
        )


def read_committed(bootstrap: str, topic: str, timeout_s: float = 60) -> list[Fetched]:
    """All committed records of a topic, by an ordinary kafka-python consumer."""
    with reader(Kafka(bootstrap_servers=bootstrap)) as consumer:
        spots = partitions(consumer, topic)
        consumer.assign(spots)
        consumer.seek_to_beginning(*spots)
        return list(
            read_to_end(
                consumer,
                ends_of(Kafka(bootstrap_servers=bootstrap), spots),
                time.monotonic() + timeout_s,
            )
        )


def outbox_rows(store: Path) -> list[sqlite3.Row]:
    conn = sqlite3.connect(f"file:{store}?mode=ro", uri=True, timeout=20)
    conn.row_factory = sqlite3.Row
    rows = conn.execute("SELECT * FROM outbox ORDER BY seq").fetchall()
    conn.close()
    return rows


def judge(store: Path, bootstrap: str, prefix: str) -> Judgement:
    """Compare every row of the outbox with every committed record."""
    rows = [row for row in outbox_rows(store) if row["topic"] in TOPICS]
    counts: Counter[str] = Counter(rows=len(rows))
    for topic in TOPICS:
        said = {row["ce_id"]: row for row in rows if row["topic"] == topic}
        heard = read_committed(bootstrap, f"{prefix}.{topic}")
        counts += compare(said, heard)
    names = ("rows", "lost", "doubled", "reordered", "holes", "foreign", "altered")
    return Judgement(**{name: counts[name] for name in names})


def compare(said: dict[str, Any], heard: list[Fetched]) -> Counter[str]:
    seen = Counter(record.headers["ce_id"] for record in heard)
    revisions: dict[str, list[int]] = defaultdict(list)
    for record in heard:
        if "kw_revision" in record.headers:
            revisions[record.key].append(int(record.headers["kw_revision"]))
    return Counter(
        lost=len(set(said) - set(seen)),
        doubled=sum(seen.values()) - len(seen),
        foreign=len(set(seen) - set(said)),
        reordered=sum(a > b for r in revisions.values() for a, b in itertools.pairwise(r)),
        holes=sum(sorted(set(r)) != list(range(1, len(set(r)) + 1)) for r in revisions.values()),
        altered=sum(
            record.headers["ce_id"] in said
            and said[record.headers["ce_id"]]["value"] != record.value
            for record in heard
        ),
    )
