"""The ``meta`` table: a few facts of the store itself, each a text under a key.

``store_id``, ``sink``, ``instance`` and ``profile`` say whose it is, ``settles`` counts settlings,
``ledger_read``, ``ledger_mark`` and ``destination`` say how far Kafka has it, ``written.<topic>`` how
far the file of a topic does.
"""

from __future__ import annotations

import sqlite3

_WRITTEN = "written."


def read_meta(conn: sqlite3.Connection, key: str) -> str | None:
    """A value, or None."""
    row = conn.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return None if row is None else str(row["value"])


def read_all(conn: sqlite3.Connection) -> dict[str, str]:
    """Every value, in the order of the keys."""
    rows = conn.execute("SELECT key, value FROM meta ORDER BY key")
    return {row["key"]: row["value"] for row in rows}


def write_meta(conn: sqlite3.Connection, key: str, value: str) -> None:
    """Set a value."""
    conn.execute(
        "INSERT INTO meta (key, value) VALUES (?, ?) "
        "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        (key, value),
    )


def forget(conn: sqlite3.Connection, *keys: str) -> None:
    """Delete values; those that are not there are no error."""
    conn.executemany("DELETE FROM meta WHERE key = ?", [(key,) for key in keys])


def read_written(conn: sqlite3.Connection) -> dict[str, int]:
    """Topic → the last ``seq`` that the store knows to be in its file."""
    return {
        key.removeprefix(_WRITTEN): int(value)
        for key, value in read_all(conn).items()
        if key.startswith(_WRITTEN)
    }


def note_written(conn: sqlite3.Connection, topic: str, seq: int) -> None:
    """The file of a topic is written up to ``seq``."""
    write_meta(conn, f"{_WRITTEN}{topic}", str(seq))


def forget_written(conn: sqlite3.Connection) -> None:
    """No file of any topic is known any more."""
    forget(conn, *(f"{_WRITTEN}{topic}" for topic in read_written(conn)))
