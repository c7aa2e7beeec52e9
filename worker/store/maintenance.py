"""Keeping a store healthy for months: checks and retention.

Rules
-----
1. Retention deletes what no decision and no publisher needs: superseded versions, published
   messages, what was given up long ago. Ids, founding counts and incidents stay for ever.
2. The newest published outbox row is never deleted. (Store and ledger know each other by a note in
   ``meta`` besides; a person reads the row.)
3. A store that is damaged or contradicts itself is a ``StateError``: going on would publish it.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from worker.store.connect import fold_log, open_reader
from worker.store.store_error import DAMAGED_ADVICE, DamagedStoreError
from worker.store.times import stamp

KEEP_ARTICLES = dt.timedelta(days=90)
KEEP_MESSAGES = dt.timedelta(days=7)
KEEP_ENTRIES = dt.timedelta(days=120)
KEEP_PARTS = dt.timedelta(days=7)
_SHOWN = 20
_RETENTION = {
    """DELETE FROM outbox WHERE published != 0 AND created < ? AND seq <
       (SELECT max(seq) FROM outbox WHERE published = 1)""": KEEP_MESSAGES,
    "DELETE FROM article WHERE current = 0 AND settled_at < ?": KEEP_ARTICLES,
    """DELETE FROM article WHERE settled_at < ? AND article_id NOT IN
       (SELECT article_id FROM report) AND article_id NOT IN
       (SELECT article_id FROM member)""": KEEP_ARTICLES,
    "DELETE FROM entry WHERE gate_open = 0 AND changed_at < ?": KEEP_ENTRIES,
    "DELETE FROM part WHERE kept_at < ?": KEEP_PARTS,
    "DELETE FROM dead_letter WHERE buried_at < ?": KEEP_ARTICLES,
}


def examine(path: Path) -> None:
    """Look a store through on a connection of its own. Raises ``DamagedStoreError``: what is wrong."""
    conn = open_reader(path)
    try:
        problems = check(conn)
    finally:
        conn.close()
    if problems:
        told = "; ".join(problems[:5])
        raise DamagedStoreError(f"store {path} is damaged: {told}; {DAMAGED_ADVICE}")


def check(conn: sqlite3.Connection) -> list[str]:
    """What is wrong with a store; an empty list when nothing is. What was found before the store could
    be read no further stands in front.
    """
    problems: dict[str, None] = {}
    try:
        for told in _damages(conn):
            problems[told] = None
        is_readable = not problems
        problems |= dict.fromkeys(_contradictions(conn))
    except sqlite3.DatabaseError as error:
        is_readable = False
        problems[str(error)] = None
    return [*problems, *(() if is_readable else _tables(conn))]


def _tables(conn: sqlite3.Connection) -> Iterator[str]:
    """Of a store that cannot be read to its end: which tables can, and what is wrong with the others."""
    whole = []
    for name in _table_names(conn):
        try:
            (told,) = conn.execute(f'PRAGMA integrity_check("{name}")').fetchone()
        except sqlite3.DatabaseError as error:
            told = str(error)
        if told == "ok":
            whole.append(name)
        else:
            yield f"table {name}: {next(_without_head(told), told)}"
    yield f"tables that are whole: {', '.join(whole) or 'none'}"


def _table_names(conn: sqlite3.Connection) -> list[str]:
    try:
        found = [row[1] for row in conn.execute("PRAGMA table_list") if row[2] == "table"]
    except sqlite3.DatabaseError:
        return []
    return sorted(name for name in found if not name.startswith("sqlite_"))


def _damages(conn: sqlite3.Connection) -> Iterator[str]:
    for (told,) in conn.execute(f"PRAGMA quick_check({_SHOWN})"):
        yield from (line for line in _without_head(told) if line != "ok")


def _without_head(told: object) -> Iterator[str]:
    """The lines of what SQLite found, without the one that only names the database."""
    return (line for line in str(told).splitlines() if not line.startswith("***"))


def _contradictions(conn: sqlite3.Connection) -> list[str]:
    holes = conn.execute(
        "SELECT incident_id, revision FROM incident WHERE revision < 1 "
        "OR revision IS NOT json_extract(record, '$.snapshot.revision')"
    ).fetchall()
    problems = [f"incident {row[0]}: revision {row[1]} is not that of its record" for row in holes]
    strays = conn.execute(
        "SELECT member.incident_id, report_id FROM member LEFT JOIN incident USING (incident_id) "
        "WHERE incident.incident_id IS NULL"
    ).fetchall()
    problems += [f"report {row[1]} is a member of unknown incident {row[0]}" for row in strays]
    twice = conn.execute(
        "SELECT article_id FROM article WHERE current = 1 GROUP BY article_id HAVING count(*) > 1"
    ).fetchall()
    problems += [f"article {row[0]} has two versions that stand" for row in twice]
    return problems


def retain(conn: sqlite3.Connection, now: dt.datetime) -> int:
    """Delete what is older than it need be; returns how many rows went."""
    return sum(
        conn.execute(query, (stamp(now - keep),)).rowcount for query, keep in _RETENTION.items()
    )


def compact(path: Path) -> tuple[int, int]:
    """Give free pages back to the disk; returns the bytes of the file before and after.

    Needs the store to itself (``connect.exclusive``), and room for a copy.
    """
    conn = sqlite3.connect(path, isolation_level=None)
    try:
        fold_log(conn)
        before = path.stat().st_size
        conn.execute("VACUUM")
        fold_log(conn)
    finally:
        conn.close()
    return before, path.stat().st_size
