"""A store that was lost, restored or replaced is brought up to what consumers have already seen.

Theory of operation
-------------------
The topics hold what was promised: the incidents topic the newest state of each incident, the log all
its members over time, the reports topic the slots of every article. From them the store gets its
incidents (id, revision, state, links, members, founding count) and its reports back, so that a later
article finds the old incident instead of minting a second one, and the next revision is the topic's
plus one.

Rules
-----
1. Read to the high watermark: a record behind somebody's open transaction counts as well.
2. Only records of our own profile count; workers of other profiles may share the topics.
3. What is read becomes the store's state in one transaction (``rebuild``). A crash in between starts
   it anew.
4. A null value erases its key: what was told of it before is not taken, and a store that still holds
   it gives it up. The log keeps old revisions for a year, while compaction forgets the null after a
   day. So an incident that the log has and the incidents topic has not is not taken either: both
   are written in one transaction. Only where the incidents topic holds nothing of our profile was
   it lost as a whole, and the log speaks for it.
5. A person's decision to erase is kept for ever. What it names is not there, whatever else is told.
"""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from worker.config.schema import Config
from worker.core.contract.message import (
    DEAD_LETTERS,
    DECISIONS,
    INCIDENT_LOG,
    INCIDENTS,
    REPORTS,
)
from worker.core.contract.records import (
    ARTICLE_RECORD,
    DECISION,
    ArticleRecord,
    DecisionRecord,
)
from worker.core.domain.errors import PublishError
from worker.core.domain.snapshot import SNAPSHOT, Snapshot
from worker.core.knowledge.knowledge import Knowledge
from worker.publish.kafka.client import Fetched, ends_of, explain, partitions, read_to_end, reader

READ_S = 600.0
_TOPICS = (INCIDENT_LOG, INCIDENTS, REPORTS, DECISIONS, DEAD_LETTERS)
"""In the order in which they are read: the log before the topic that says what still stands."""


@dataclass(slots=True)
class Published:
    """What the topics say: newest snapshot and members over time of each incident, newest record of
    each article, ids of the records that are there.
    """

    snapshots: dict[str, Snapshot] = field(default_factory=dict)
    once_members: dict[str, set[str]] = field(default_factory=dict)
    first_seen: dict[str, dt.datetime] = field(default_factory=dict)
    articles: dict[str, ArticleRecord] = field(default_factory=dict)
    ce_ids: set[str] = field(default_factory=set)
    erased: set[str] = field(default_factory=set)
    """Incidents and articles that stand no more: a null value was written under their key, or a
    person's decision names them.
    """
    decisions: dict[str, DecisionRecord] = field(default_factory=dict)


def is_empty(config: Config, knowledge: Knowledge | None, timeout_s: float) -> bool:
    """Whether the incidents topic holds nothing of our profile. Raises ``PublishError``."""
    wanted = None if knowledge is None else knowledge.profile.name
    return not any(
        wanted is None or json.loads(record.value).get("profile") == wanted
        for record in _records(config, (INCIDENTS,), timeout_s)
        if record.value
    )


def read(config: Config, profile: str, timeout_s: float = READ_S) -> Published:
    """Read the topics to their end. Raises ``PublishError``."""
    return collect(_records(config, _TOPICS, timeout_s), profile)


def collect(records: Iterable[Fetched], profile: str) -> Published:
    """What records of these topics say, those of other profiles left out."""
    found, latest = Published(), set[str]()
    for record in records:
        topic = next(name for name in _TOPICS if record.topic.endswith(f".{name}"))
        if not record.value:
            found.ce_ids.add(record.headers.get("ce_id", ""))
            _erase(found, topic, record.key)
            latest -= {record.key} if topic == INCIDENTS else set()
            continue
        if topic != DEAD_LETTERS and json.loads(record.value).get("profile") != profile:
            continue
        found.ce_ids.add(record.headers.get("ce_id", ""))
        if topic == REPORTS:
            told = ARTICLE_RECORD.validate_json(record.value)
            found.erased.discard(told.article_id)
            if _is_newer(told, found.articles.get(told.article_id)):
                found.articles[told.article_id] = told
        elif topic == DECISIONS:
            _take_decision(found, DECISION.validate_json(record.value))
        elif topic != DEAD_LETTERS:
            _take_snapshot(found, SNAPSHOT.validate_json(record.value))
            latest |= {record.key} if topic == INCIDENTS else set()
    for name in set(found.snapshots) - latest if latest else ():
        _forget(found, name)
    for decision in found.decisions.values():
        if decision.kind == "erase":
            for name in (*decision.articles, *decision.incidents):
                _erase(found, DECISIONS, name)
    return found


def _take_decision(found: Published, told: DecisionRecord) -> None:
    """A decision; once taken back it stays so."""
    held = found.decisions.get(told.decision_id)
    if held is None or held.undone_at is None:
        found.decisions[told.decision_id] = told


def _erase(found: Published, topic: str, key: str) -> None:
    """A null under a key: what was told of it until now stands no more."""
    if topic == DEAD_LETTERS:
        return
    found.erased.add(key)
    found.articles.pop(key, None)
    _forget(found, key)


def _forget(found: Published, incident_id: str) -> None:
    found.snapshots.pop(incident_id, None)
    found.once_members.pop(incident_id, None)
    found.first_seen.pop(incident_id, None)


def _take_snapshot(found: Published, snapshot: Snapshot) -> None:
    name = snapshot.incident_id
    found.erased.discard(name)
    held = found.snapshots.get(name)
    if held is None or snapshot.revision >= held.revision:
        found.snapshots[name] = snapshot
    found.first_seen[name] = min(found.first_seen.get(name, snapshot.as_of), snapshot.as_of)
    found.once_members.setdefault(name, set()).update(m.report_id for m in snapshot.reports)


def _is_newer(told: ArticleRecord, held: ArticleRecord | None) -> bool:
    return held is None or (told.version, told.as_of) >= (held.version, held.as_of)


def _records(config: Config, names: Iterable[str], timeout_s: float) -> Iterable[Fetched]:
    """All records of these topics, one topic after the other."""
    deadline = time.monotonic() + timeout_s
    try:
        with reader(config.kafka) as consumer:
            for name in names:
                spots = partitions(consumer, f"{config.topics.prefix}.{name}")
                consumer.assign(spots)
                consumer.seek_to_beginning(*spots)
                yield from read_to_end(consumer, ends_of(config.kafka, spots), deadline)
    except PublishError:
        raise
    except ValueError as error:
        raise PublishError(
            "topic_unreadable", str(error)[:300], "Something else writes to our topics."
        ) from error
    except Exception as error:
        raise explain(error, "READ") from error
