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
1. The topic wins: an incident whose newest published revision is as high as the store's becomes that
   of the topic. What the store alone knows (a later revision, an incident nobody saw) is published
   as one revision, the topic's plus one, of kind ``resync``.
2. Waiting rows of the incident topics are discarded, for they count from a history that is not the
   topic's. Reports and dead letters that wait are kept, with new ``seq`` above the ledger's.
3. One transaction; done twice it changes nothing. A crash in between starts it anew.
4. Only records of our own profile count; workers of other profiles may share the topics.
"""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from worker.config import Config
from worker.core.contract.canonical import digest
from worker.core.contract.message import (
    HEARTBEATS,
    INCIDENT_LOG,
    INCIDENTS,
    REPORTS,
    messages,
)
from worker.core.contract.records import ARTICLE_RECORD, ArticleRecord, PublishedReport
from worker.core.contract.snapshot import SNAPSHOT, Snapshot
from worker.core.errors import PublishError
from worker.core.incident import Change, Changes, Incident, TimerSet, article_of
from worker.core.knowledge import Knowledge
from worker.core.merge.freeze import freeze
from worker.core.merge.identity import mint
from worker.core.merge.life import due_after
from worker.core.merge.revise import content_of
from worker.core.model import Analysis, Article, Report
from worker.publish.kafka import Fetched, explain, partitions, read_to_end, reader
from worker.store import articles, incidents, outbox
from worker.store.times import stamp
from worker.store.writer import Writer

READ_S = 600.0
_MOST_FOUNDED = 50
_INCIDENT_TOPICS = (INCIDENTS, INCIDENT_LOG)


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


def is_empty(config: Config, knowledge: Knowledge | None, timeout_s: float) -> bool:
    """Whether the incidents topic holds nothing of our profile. Raises ``PublishError``."""
    wanted = None if knowledge is None else knowledge.profile.name
    return not any(
        wanted is None or json.loads(record.value).get("profile") == wanted
        for record in _records(config, (INCIDENTS,), timeout_s)
    )


def restore(
    config: Config, writer: Writer, knowledge: Knowledge, ledger_seq: int
) -> dict[str, Any]:
    """Read the topics, rebuild the store; returns counts for the log. Raises ``PublishError``."""
    published = read(config, knowledge.profile.name)
    now = dt.datetime.now(dt.UTC)
    return writer.submit(lambda conn: rebuild(conn, published, ledger_seq, now, knowledge)).result()


def read(config: Config, profile: str, timeout_s: float = READ_S) -> Published:
    """Read all three topics to their end."""
    found = Published()
    for record in _records(config, (INCIDENT_LOG, INCIDENTS, REPORTS), timeout_s):
        if json.loads(record.value).get("profile") != profile:
            continue
        found.ce_ids.add(record.headers.get("ce_id", ""))
        if record.topic.endswith(f".{REPORTS}"):
            told = ARTICLE_RECORD.validate_json(record.value)
            if _is_newer(told, found.articles.get(told.article_id)):
                found.articles[told.article_id] = told
        else:
            _take_snapshot(found, SNAPSHOT.validate_json(record.value))
    return found


def _take_snapshot(found: Published, snapshot: Snapshot) -> None:
    name = snapshot.incident_id
    held = found.snapshots.get(name)
    if held is None or snapshot.revision >= held.revision:
        found.snapshots[name] = snapshot
    found.first_seen[name] = min(found.first_seen.get(name, snapshot.as_of), snapshot.as_of)
    found.once_members.setdefault(name, set()).update(m.report_id for m in snapshot.reports)


def _is_newer(told: ArticleRecord, held: ArticleRecord | None) -> bool:
    return held is None or (told.version, told.as_of) >= (held.version, held.as_of)


def _records(config: Config, names: Iterable[str], timeout_s: float) -> Iterable[Fetched]:
    """Records with a value, of these topics, one topic after the other."""
    deadline = time.monotonic() + timeout_s
    try:
        with reader(config.kafka) as consumer:
            for name in names:
                spots = partitions(consumer, f"{config.topics.prefix}.{name}")
                consumer.assign(spots)
                consumer.seek_to_beginning(*spots)
                for record in read_to_end(consumer, spots, deadline):
                    if record.value:
                        yield record
    except PublishError:
        raise
    except ValueError as error:
        raise PublishError(
            "topic_unreadable", str(error)[:300], "Something else writes to our topics."
        ) from error
    except Exception as error:
        raise explain(error, "READ") from error


def rebuild(
    conn: sqlite3.Connection,
    published: Published,
    ledger_seq: int,
    now: dt.datetime,
    knowledge: Knowledge,
) -> dict[str, Any]:
    """Bring the store to what was published. Runs on the writer, in its transaction."""
    settle_id = outbox.next_settle_id(conn)
    _set_outbox_aside(conn, published.ce_ids, ledger_seq)
    taken = _take_articles(conn, published, settle_id, now, knowledge)
    ordinal = _ordinals(conn)
    restored = resynced = 0
    for name in sorted(published.snapshots, key=lambda n: (published.first_seen[n], n)):
        local = incidents.load(conn, name)
        incident = _incident(published, name, local, ordinal, knowledge)
        if local is None or local.revision <= incident.revision:
            _store(conn, incident, now)
            restored += 1
        elif local.content_hash == incident.content_hash:
            _store(conn, replace(local, snapshot=incident.snapshot), now)
        else:
            resynced += _resync(conn, local, incident.revision + 1, settle_id, now, knowledge)
    for local in _unseen(conn, published.snapshots):
        resynced += _resync(conn, local, 1, settle_id, now, knowledge)
    return {"incidents": restored, "articles": taken, "resynced": resynced}


def _set_outbox_aside(conn: sqlite3.Connection, ce_ids: set[str], ledger_seq: int) -> None:
    """Waiting incident rows out; other waiting rows behind a ``seq`` that the ledger never saw."""
    kept = conn.execute(
        "SELECT settle_id, topic, key, headers, value, ce_id, row_hash, created FROM outbox "
        "WHERE published = 0 AND topic NOT IN (?, ?, ?) ORDER BY seq",
        (*_INCIDENT_TOPICS, HEARTBEATS),
    ).fetchall()
    conn.execute("DELETE FROM outbox WHERE published = 0")
    conn.execute("INSERT INTO sqlite_sequence (name, seq) SELECT 'outbox', 0 WHERE NOT EXISTS "
                 "(SELECT 1 FROM sqlite_sequence WHERE name = 'outbox')")  # fmt: skip
    conn.execute(
        "UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = 'outbox'", (ledger_seq,)
    )
    conn.executemany(
        "INSERT INTO outbox (settle_id, topic, key, headers, value, ce_id, row_hash, created) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [tuple(row) for row in kept if row["ce_id"] not in ce_ids],
    )


def _take_articles(
    conn: sqlite3.Connection,
    published: Published,
    settle_id: int,
    now: dt.datetime,
    knowledge: Knowledge,
) -> int:
    """Versions that the store does not have, or only older ones of."""
    taken = 0
    for record in published.articles.values():
        standing = articles.standing(conn, record.article_id)
        if standing is not None and standing.article.version >= record.version:
            continue
        analysis = Analysis(_article(record), record.verdict, tuple(map(_report, record.reports)))
        articles.replace_version(
            conn, analysis, settle_id, now, told_at=None, published_record=True
        )
        articles.file_reports(conn, analysis, knowledge)
        taken += 1
    return taken


def _article(record: ArticleRecord) -> Article:
    """The article without its text, which is in no topic."""
    names = (
        "article_id", "version", "title", "text_sha256", "outlet", "url", "lang", "published",
        "published_basis", "first_seen", "version_time", "status", "copy_signature",
    )  # fmt: skip
    return Article(body="", text="", **{name: getattr(record, name) for name in names})


def _report(told: PublishedReport) -> Report:
    """The report alone, without where it belonged."""
    return Report(**{part.name: getattr(told, part.name) for part in fields(Report)})


def _incident(
    published: Published,
    name: str,
    local: Incident | None,
    ordinal: Callable[[Incident | None], int],
    knowledge: Knowledge,
) -> Incident:
    """The stored state that belongs to the newest published snapshot."""
    snapshot = published.snapshots[name]
    members = () if snapshot.state == "superseded" else snapshot.reports  # the survivor has them
    once = published.once_members[name] - {member.report_id for member in members}
    held = {article_of(report_id) for report_id in published.once_members[name]}
    founder, n = _founder(snapshot, sorted(held))
    used = [s for s in snapshot.casualties.statements if s.status == "used"]
    closed = snapshot.state == "closed"
    due = due_after(snapshot.state, None, snapshot.as_of, knowledge.merge_weights, moved=True)
    return Incident(
        snapshot=snapshot,
        content_hash=digest(content_of(snapshot)),
        founding_article=founder,
        founding_n=n,
        ordinal=ordinal(local),
        members=members,
        former=tuple(sorted(once)),
        frozen=freeze(snapshot, members, used) if closed else None,
        settle_at=due.settle_at,
        close_at=due.close_at,
    )


def _founder(snapshot: Snapshot, held: list[str]) -> tuple[str, int]:
    """Which article founded it as its n-th: the id is made of just that."""
    for n in range(_MOST_FOUNDED):
        for article_id in held:
            if mint(snapshot.profile, article_id, n) == snapshot.incident_id:
                return article_id, n
    return snapshot.incident_id, 0  # its founder left before the log begins


def _ordinals(conn: sqlite3.Connection) -> Callable[[Incident | None], int]:
    """Local incidents keep theirs; the others follow in the order in which they were announced."""
    newest = int(conn.execute("SELECT count(*) FROM founded").fetchone()[0])

    def ordinal(local: Incident | None) -> int:
        nonlocal newest
        if local is not None:
            return local.ordinal
        newest += 1
        return newest

    return ordinal


def _store(conn: sqlite3.Connection, incident: Incident, now: dt.datetime) -> None:
    timers = (
        TimerSet(incident.incident_id, "settle", incident.settle_at),
        TimerSet(incident.incident_id, "close", incident.close_at),
    )
    incidents.carry_out(conn, Changes(kept=(incident,), timers=timers), now)


def _resync(
    conn: sqlite3.Connection,
    local: Incident,
    revision: int,
    settle_id: int,
    now: dt.datetime,
    knowledge: Knowledge,
) -> int:
    """Publish what only the store knows, as the revision that follows the topic's."""
    note = replace(
        local.snapshot.change,
        kind="resync",
        material=True,
        change_id=digest([local.incident_id, revision, stamp(now)])[:32],
    )
    snapshot = replace(local.snapshot, revision=revision, as_of=now, change=note)
    incident = replace(local, snapshot=snapshot)
    _store(conn, incident, now)
    return min(1, outbox.append(conn, settle_id, messages(Change(incident), now, knowledge), now))


def _unseen(conn: sqlite3.Connection, seen: Mapping[str, Snapshot]) -> list[Incident]:
    rows = conn.execute("SELECT incident_id FROM incident ORDER BY incident_id").fetchall()
    found = (incidents.load(conn, row["incident_id"]) for row in rows)
    return [i for i in found if i is not None and i.incident_id not in seen]
