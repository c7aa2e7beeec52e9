"""``replay``: a file of articles by the clock of its own times, through the real store and sink.

Rules
-----
1. The clock of a line is its ``first_seen``, else ``published``; a line with neither takes that of
   the line before it (first: 1970) and has no publication time.
2. Lines are taken in the order of (time, article id, version); timers that fall due between two
   lines fire between them, none fires after the last.
3. A known id is a new version; its ``repeat`` is not read again, as in a worker. The same input gives
   the same bytes.

The store is the same one, in a temporary file without fsync; nothing here decides anything.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from worker.core import analyze as chain
from worker.core.domain.document import Document, Entry
from worker.core.domain.errors import PageError
from worker.core.domain.report import Analysis
from worker.core.knowledge.knowledge import Knowledge
from worker.core.sources.jsonl import read_line
from worker.decisions import correct
from worker.publish.files.sink import FileSink
from worker.settle import Settled, bury, settle, tick, withdraw
from worker.store import inbox, outbox
from worker.store.articles import standing
from worker.store.connect import Binding, Connection, open_writer, transaction

Analyze = Callable[[Document, Entry | None, Knowledge], Analysis]
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_TOPICS = ("incidents.v1", "incident-log.v1")
_AT_ONCE = 200
_DRAINED_EVERY = 50
"""Lines of which the messages are written together: each time both files are brought to the disk."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many lines were settled, and the numbers of those that could not be read.

    ``incidents`` and ``revisions``: how many were written.
    """

    settled: int
    unread: int
    problems: tuple[str, ...] = ()
    incidents: int = 0
    revisions: int = 0


@dataclass(frozen=True, slots=True)
class _Timed:
    """One line with its place in time. ``correction``: a person's decision instead of a document."""

    clock: dt.datetime
    document: Document
    explicit_version: bool
    correction: Mapping[str, Any] | None = None


def replay(
    lines: Iterable[str | bytes],
    out: Path,
    knowledge: Knowledge,
    analyze: Analyze = chain.analyze,
) -> Outcome:
    """Replay ``lines`` and write both incident topics to ``out``; see the module's rules."""
    timed, problems = _read(lines, knowledge.profile.zone)
    out.mkdir(parents=True, exist_ok=True)
    for topic in _TOPICS:
        (out / f"{topic}.jsonl").write_bytes(b"")
    sink = FileSink(out, "")
    binding = Binding("files", "replay", knowledge.profile.name)
    with tempfile.TemporaryDirectory(prefix="kabulwire-replay-") as folder:
        conn = open_writer(Path(folder) / "replay.db", binding, durable=False)
        try:
            for number, item in enumerate(timed):
                # A person's decision may erase what waits; what was said before it stays said.
                if number % _DRAINED_EVERY == 0 or item.correction is not None:
                    _drain(conn, sink)
                _step(conn, item, knowledge, analyze)
            _drain(conn, sink)
        finally:
            conn.close()
    kept = sink.compact()
    with (out / f"{_TOPICS[1]}.jsonl").open("rb") as log:
        revisions = sum(1 for _ in log)
    return Outcome(len(timed), len(problems), tuple(problems), kept, revisions)


def _read(lines: Iterable[str | bytes], zone: str) -> tuple[list[_Timed], list[str]]:
    timed: list[_Timed] = []
    problems: list[str] = []
    clock = EPOCH
    for number, text in enumerate(lines, 1):
        if not text.strip():
            continue
        line = read_line(text, number, zone)
        fields = line.fields or {}
        correction = fields.get("correction")
        document = line.document
        if isinstance(correction, dict):
            document = document or Document(article_id=str(fields.get("id", f"line-{number}")))
        if document is None:
            problems.append(f"line {number}: {line.error}")
            continue
        clock = _clock(document, fields, clock, zone)
        timed.append(
            _Timed(
                clock,
                replace(document, first_seen=document.first_seen or clock),
                isinstance(fields.get("version"), int),
                correction if isinstance(correction, dict) else None,
            )
        )
    timed.sort(key=lambda t: (t.clock, t.document.article_id, t.document.version))
    return timed, problems


def _clock(
    document: Document, fields: Mapping[str, Any], before: dt.datetime, zone: str
) -> dt.datetime:
    from worker.core.sources.instant import read_instant

    exported = read_instant(fields.get("settled_at"), zone)
    return (exported or document.first_seen or document.published or before).astimezone(dt.UTC)


def _step(conn: Connection, item: _Timed, knowledge: Knowledge, analyze: Analyze) -> Settled | None:
    """Timers up to this line, then the line itself: admitted, taken, analyzed, settled."""
    with transaction(conn):
        while tick(conn, item.clock, knowledge):
            pass
        repeats = item.document.status == "repeat"
        if repeats and standing(conn, item.document.article_id) is not None:
            return None
        if item.correction is not None:
            inbox.admit_correction(
                conn, item.document.article_id, dict(item.correction), item.clock
            )
        else:
            inbox.admit_document(conn, item.document, item.clock)
        work = inbox.take(conn, item.clock, 1)[0]
    if item.correction is not None:
        with transaction(conn):
            return correct(conn, work, item.clock, knowledge)
    version = item.document.version if item.explicit_version else work.version
    document = replace(item.document, version=version)
    if document.status in ("kill", "hold"):
        with transaction(conn):
            return withdraw(conn, work, item.clock, knowledge)
    try:
        analysis = analyze(document, None, knowledge)
    except PageError as error:
        with transaction(conn):
            bury(conn, work, error.reason, error.detail, item.clock, knowledge)
        return None
    with transaction(conn):
        return settle(conn, work, analysis, item.clock, knowledge)


def _drain(conn: Connection, sink: FileSink) -> None:
    for rows in _batches(conn):
        sink.write([row for row in rows if row.topic in _TOPICS])
        with transaction(conn):
            outbox.mark_rows(conn, [row.seq for row in rows])


def _batches(conn: Connection) -> Iterator[list[outbox.OutboxRow]]:
    while rows := outbox.waiting(conn, _AT_ONCE):
        yield rows
