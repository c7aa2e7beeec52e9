"""Which statements of the store read a whole table, and why each of them may."""

from __future__ import annotations

import ast
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from worker.store.connect import Binding, open_writer

STORE = Path(__file__).resolve().parents[2] / "worker" / "store"
STATEMENT = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|REPLACE|WITH)\b")
OLDEST_FIRST = "INDEX outbox_waiting"
"""This index holds the rows that wait and no other: to go through it is to read what was asked."""

WHOLE = {
    # for each settle
    'SELECT record FROM "constraint" WHERE settle_id >= ?':
        "each decision needs what people ever decided: a few hundred rows, 1 ms for 1,000",
    "SELECT report_id, version FROM json_each(?)":
        "the names that it was given, each looked up in an index",
    "SELECT DISTINCT name.value AS name, incident_id FROM json_each(?1)":
        "the names that it was given, each looked up in an index",
    "SELECT article_id, n FROM json_each(?)":
        "the names that it was given, each looked up in an index",
    'SELECT 1 FROM "constraint", json_each(record':
        "what people had erased, among what they ever decided: a few hundred rows",
    # for each tick: gauges and high-water marks
    "SELECT (SELECT count(*) FROM inbox WHERE kind != 'recheck') AS inbox":
        "the high-water mark keeps the inbox short",
    # for each look at the page, each heartbeat, and when a person asks
    "SELECT (SELECT count(*) FROM article WHERE current = 1)":
        "counts for people; 230 ms for 50,000 articles on the reader's thread, once in a heartbeat",
    "SELECT record, changed_at FROM incident ORDER BY changed_at DESC":
        "goes along the index of changes and ends after `limit` rows",
    "SELECT article_id, version, outlet, url, label, band, settled_at":
        "goes along the index of settles and ends after `limit` standing rows",
    "SELECT buried_at, reason, attempts, article_id, detail":
        "dead letters: what was given up in 90 days",
    "SELECT feed_id, next_at, state FROM feed": "all feeds are wanted; once at start, and for the page",
    "SELECT feed_id, record FROM subscription": "as many as feeds have hubs; at start, and for the page",
    "SELECT 1 FROM sqlite_master WHERE name = 'subscription'": "SQLite's own table: a row for each table",
    "SELECT key, value FROM meta": "a dozen rows",
    # at start, by hand, or once an hour
    "SELECT feed_id, max(changed_at) AS at FROM entry":
        "when each feed last had news, once at start; 0.9 s for 500,000 entries",
    "SELECT count(*) FROM meta": "a dozen rows: is this a store at all?",
    "SELECT * FROM dead_letter WHERE retried_at IS NULL": "`retry`, by hand",
    "DELETE FROM dead_letter WHERE buried_at < ?": "retention, once an hour; few rows",
    "SELECT settle_id, settled_at, record, wire_version AS told_at": "`store export`: all is wanted",
    "SELECT record FROM incident ORDER BY incident_id": "rebuild and republish: all are wanted",
    "SELECT incident_id, revision FROM incident WHERE revision < 1": "`store check`, once a day",
    "SELECT member.incident_id, report_id FROM member": "`store check`, once a day",
    "SELECT article_id FROM article WHERE current = 1 GROUP BY": "`store check`, once a day",
    # when a person decides
    'SELECT constraint_id, record, made_at, undone_at FROM "constraint" ORDER BY':
        "what people ever decided: a few hundred rows",
    "DELETE FROM report WHERE article_id IN": "the names that it was given, each looked up",
    "DELETE FROM article WHERE article_id IN": "the names that it was given, each looked up",
    "DELETE FROM part WHERE article_id IN": "the names that it was given, each looked up",
    "DELETE FROM dead_letter WHERE article_id IN": "the names that it was given, each looked up",
    "UPDATE entry SET title = NULL, headline = NULL WHERE article_id IN": "the names that it was given",
    "DELETE FROM timer WHERE incident_id IN": "the names that it was given, each looked up",
    "DELETE FROM member WHERE incident_id IN": "the names that it was given, each looked up",
    "DELETE FROM incident WHERE incident_id IN": "the names that it was given, each looked up",
    "DELETE FROM outbox WHERE key IN": "messages of a week, once for an erasure",
    "SELECT DISTINCT article_id FROM article WHERE published_record = 1": "once for an erasure",
    "SELECT incident_id FROM incident WHERE superseded_by = ?": "once for an erasure",
    # when a publisher begins a session, or a store changes its sink
    "SELECT EXISTS (SELECT 1 FROM outbox WHERE published = 1":
        "ends at the first published row, and those are the oldest",
    "SELECT max(settle_id) AS newest FROM outbox WHERE published = 1":
        "rebuild, once in the life of most stores; rows of a week",
    "SELECT article_id FROM article WHERE current = 1 AND published_record = 1":
        "rebuild of a store that was away; wanted is nearly all, in this order",
    "DELETE FROM outbox WHERE published != 0": "a store that changes its sink; nearly all rows go",
    "INSERT INTO sqlite_sequence": "SQLite's own table: one row for each table that counts",
    "UPDATE sqlite_sequence": "SQLite's own table: one row for each table that counts",
}  # fmt: skip
"""How a statement begins → why it may read a whole table or index."""


def statements() -> Iterator[str]:
    """Every statement in the store's modules, blanks folded."""
    for path in sorted(STORE.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                if STATEMENT.match(node.value):
                    yield " ".join(node.value.split())


def reads_whole(conn: sqlite3.Connection, statement: str) -> bool:
    """Whether SQLite would read a whole table for it. (A SEARCH that names no index reads all too:
    for the largest of a column without one.)
    """
    numbered = len(set(re.findall(r"\?\d", statement)))
    values = [None] * (numbered or statement.count("?"))
    plan = [row["detail"] for row in conn.execute(f"EXPLAIN QUERY PLAN {statement}", values)]
    return any(
        step.startswith("SCAN") or (step.startswith("SEARCH") and "USING" not in step)
        for step in plan
        if OLDEST_FIRST not in step and step != "SCAN CONSTANT ROW"
    )


@pytest.fixture
def conn(tmp_path: Path) -> sqlite3.Connection:
    """An empty store."""
    return open_writer(tmp_path / "store.db", Binding("files", "test", "portsmere"))


def test_statements_read_a_whole_table_only_where_it_is_argued_for(
    conn: sqlite3.Connection,
) -> None:
    """Every other statement finds its rows by an index, and no argument outlives its statement."""
    whole = {text for text in statements() if reads_whole(conn, text)}
    argued = {text: [start for start in WHOLE if text.startswith(start)] for text in whole}
    assert [text for text, starts in argued.items() if not starts] == []
    assert set(WHOLE) - {start for starts in argued.values() for start in starts} == set()


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT report_id, version FROM report WHERE date_lo BETWEEN",
        "SELECT incident_id FROM incident WHERE frozen = 1 AND date_lo BETWEEN",
    ],
)
def test_what_is_looked_up_by_days_stands_in_the_index(
    conn: sqlite3.Connection, statement: str
) -> None:
    """Hundreds of rows of a busy week, each of a page of its own in the table."""
    whole = next(text for text in statements() if text.startswith(statement))
    rows = conn.execute(f"EXPLAIN QUERY PLAN {whole}", [None] * 3)
    plan = [row["detail"] for row in rows if "_dates" in row["detail"]]
    assert len(plan) == 1
    assert "COVERING INDEX" in plan[0]


def test_statements_are_found_for_every_table(conn: sqlite3.Connection) -> None:
    """None hides from the test above: each table is read and written by statements that it saw."""
    seen = " ".join(statements()).replace('"', "")
    tables = {row["name"] for row in conn.execute("SELECT name FROM sqlite_schema "
              "WHERE type = 'table' AND name NOT LIKE 'sqlite%'")}  # fmt: skip
    assert len(tables) == 15
    assert {table for table in tables if f"INTO {table} " not in seen} == set()
    assert {table for table in tables if f"FROM {table}" not in seen} == set()


@pytest.mark.parametrize(
    ("statement", "whole"),
    [
        ("SELECT * FROM inbox WHERE article_id = ?", False),
        ("SELECT * FROM inbox WHERE last_reason = ?", True),
        ("SELECT max(settle_id) FROM outbox", True),
        ("UPDATE outbox SET published = 1 WHERE created < ?", True),
        ("SELECT * FROM outbox WHERE published = 0 ORDER BY seq", False),
    ],
)
def test_reads_whole_tells_an_index_from_none(
    conn: sqlite3.Connection, statement: str, whole: bool
) -> None:
    """Columns with an index, without one, and with the index of what waits."""
    assert reads_whole(conn, statement) is whole


def test_statements_are_not_put_together_from_parts() -> None:
    """Except PRAGMAs, which take no parameters, and migrations: so all are seen as they are sent."""
    built = [
        f"{path.name}:{node.lineno}"
        for path in sorted(STORE.glob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.JoinedStr)
        for part in node.values
        if isinstance(part, ast.Constant) and STATEMENT.match(str(part.value))
    ]
    assert built == []
