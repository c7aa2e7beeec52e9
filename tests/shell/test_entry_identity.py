"""One story under ids that change with every answer, and entries that never rest."""

from __future__ import annotations

import datetime as dt
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from worker.core.domain.document import Entry
from worker.core.domain.vocabulary import EntryStatus
from worker.core.sources.gate import GateDecision
from worker.store import inbox
from worker.store.connect import Binding, open_writer, transaction
from worker.store.inbox import Admission, Admitted

NOW = dt.datetime(2031, 3, 4, 6, 0, tzinfo=dt.UTC)
OPEN = GateDecision(open=True, reason="place")
TITLE = "Car bomb kills six at the Customs House in Portsmere"


@pytest.fixture
def conn(tmp_path: Path) -> sqlite3.Connection:
    """An empty store."""
    return open_writer(tmp_path / "store.db", Binding("files", "test", "portsmere"))


def entry(identity: str, **fields: Any) -> Entry:
    base: dict[str, Any] = {
        "feed": "wire", "format": "rss", "url": f"https://wire.example/{identity}", "outlet": "Wire",
        "title": TITLE, "content_hash": "h1",
    }  # fmt: skip
    return Entry(id=identity, **(base | fields))


def admit(conn: sqlite3.Connection, minutes: float, *entries: Entry) -> Admitted:
    """A poll that many minutes after the first one."""
    moment = NOW + dt.timedelta(minutes=minutes)
    with transaction(conn):
        return inbox.admit(conn, Admission("wire", tuple((e, OPEN) for e in entries)), moment)


def articles(conn: sqlite3.Connection) -> int:
    return int(conn.execute("SELECT count(DISTINCT article_id) FROM entry").fetchone()[0])


def test_admit_knows_a_story_whose_id_and_address_change_with_every_answer(
    conn: sqlite3.Connection,
) -> None:
    """Twenty polls, twenty ids and addresses, the same words: one article, read once."""
    queued = [admit(conn, 5 * n, entry(f"a?ts={n}")).queued for n in range(20)]
    assert queued == [1] + [0] * 19
    assert articles(conn) == 1


@pytest.mark.parametrize(
    ("minutes", "other"),
    [
        (0, {}),  # of one document: two items are two
        (5, {"content_hash": "h2"}),  # other words
        (5, {"feed": "ticker"}),  # another feed
        (5, {"title": "Breaking news"}),  # too few words to know a story by
        (5, {"version": "2"}),  # a wire says itself what is a version of what
        (60 * 73, {}),  # long ago
    ],
)  # fmt: skip
def test_admit_keeps_apart_what_may_be_two_stories(
    minutes: float, other: dict[str, Any], conn: sqlite3.Connection
) -> None:
    """The same words are the same story only in one feed, from poll to poll, for three days."""
    title = {"title": other["title"]} if "title" in other else {}
    if minutes:
        admit(conn, 0, entry("one", **title))
        admit(conn, minutes, entry("two", **other))
    else:
        admit(conn, 0, entry("one"), entry("two"))
    assert articles(conn) == 2


def test_admit_counts_an_endless_changer_24_times_and_then_once_in_six_hours(
    conn: sqlite3.Connection,
) -> None:
    """Two servers with two versions, asked by turns every five minutes for a day."""
    changed = [admit(conn, 5 * n, entry("one", content_hash=f"h{n % 2}")).changed
               for n in range(12 * 24 + 1)]  # fmt: skip
    assert sum(changed[:25]) == 24
    assert 24 < sum(changed) <= 24 + 4


@pytest.mark.parametrize("status", ["kill", "correction", "hold"])
def test_admit_never_holds_back_what_an_agency_orders(
    status: EntryStatus, conn: sqlite3.Connection
) -> None:
    """However often an entry has changed, a kill reaches its article."""
    for n in range(40):
        admit(conn, n, entry("one", content_hash=f"h{n}"))
    assert admit(conn, 41, entry("one", content_hash="last", status=status)).queued == 1
