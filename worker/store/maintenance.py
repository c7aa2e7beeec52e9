"""Keeping a store healthy for months: checks, retention, and room to breathe on a full disk.

Rules
-----
1. On a full disk even deleting fails (the log needs room), so a ballast file stands beside the store
   and is removed first. It is made again when there is room.
2. Retention deletes what no decision and no publisher needs: superseded versions and published
   messages. Ids, founding counts and incidents stay for ever.
3. The newest published outbox row is never deleted.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
import sqlite3
from pathlib import Path

from worker.store.times import stamp

KEEP_ARTICLES = dt.timedelta(days=90)
KEEP_MESSAGES = dt.timedelta(days=7)
KEEP_ENTRIES = dt.timedelta(days=120)
_RETENTION = {
    """DELETE FROM outbox WHERE published != 0 AND created < ? AND seq <
       (SELECT max(seq) FROM outbox WHERE published = 1)""": KEEP_MESSAGES,
    "DELETE FROM article WHERE current = 0 AND settled_at < ?": KEEP_ARTICLES,
    """DELETE FROM article WHERE settled_at < ? AND article_id NOT IN
       (SELECT article_id FROM report) AND article_id NOT IN
       (SELECT article_id FROM member)""": KEEP_ARTICLES,
    "DELETE FROM entry WHERE gate_open = 0 AND changed_at < ?": KEEP_ENTRIES,
}
BALLAST_BYTES = 4 * 1024 * 1024


def check(conn: sqlite3.Connection) -> list[str]:
    """What is wrong with a store; an empty list when nothing is."""
    problems = [str(row[0]) for row in conn.execute("PRAGMA quick_check") if row[0] != "ok"]
    holes = conn.execute(
        "SELECT incident_id, revision FROM incident WHERE revision < 1 "
        "OR revision IS NOT json_extract(record, '$.snapshot.revision')"
    ).fetchall()
    problems += [f"incident {row[0]}: revision {row[1]} is not that of its record" for row in holes]
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


def compact(conn: sqlite3.Connection) -> None:
    """Give free pages back to the disk. Needs the store to itself, and room for a copy."""
    conn.execute("VACUUM")


def free_bytes(path: Path) -> int:
    """Free space on the disk of the store."""
    return shutil.disk_usage(path.parent).free


def lay_ballast(path: Path) -> bool:
    """Make the ballast file if there is room for it; True when it is there."""
    ballast = _ballast(path)
    if ballast.exists():
        return True
    if free_bytes(path) < 2 * BALLAST_BYTES:
        return False
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, BALLAST_BYTES)
    return True


def drop_ballast(path: Path) -> bool:
    """Free the ballast's space; True when there was any."""
    ballast = _ballast(path)
    if not ballast.exists():
        return False
    ballast.unlink()
    return True


def _ballast(path: Path) -> Path:
    return path.with_name(path.name + ".ballast")
