"""What SQLite itself says of a store: known without opening one, so that a command may begin soon."""

from __future__ import annotations

import sqlite3

from worker.core.domain.errors import StateError

StoreError = sqlite3.DatabaseError
"""As far as it is nothing of ours: damaged, locked, full."""
DAMAGED_ADVICE = (
    "put a backup in its place, or with Kafka start with no store at all; see 'The store is damaged' "
    "in docs/operate.md"
)


class DamagedStoreError(StateError):
    """A store that was looked through and is not whole; the message names its file."""


def is_damaged(error: BaseException) -> bool:
    """Whether the file of the store is what is wrong, whoever met it."""
    code = getattr(error, "sqlite_errorname", "") or ""
    return isinstance(error, DamagedStoreError) or code.startswith(
        ("SQLITE_CORRUPT", "SQLITE_NOTADB")
    )
