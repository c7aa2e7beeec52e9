"""How long a piece of work waited for hosts to be free, told from what it did itself.

Example: a page that never answers holds its host up for ``ingest.timeout_s``, because a host is asked
one thing at a time. The next page of it is then slow without a fault of its own, and its line in the
log shows that.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_WAITS: ContextVar[list[float] | None] = ContextVar("host_waits", default=None)


@contextmanager
def host_waits() -> Iterator[list[float]]:
    """The seconds of each wait for a host in this task, while the block lasts."""
    waits: list[float] = []
    token = _WAITS.set(waits)
    try:
        yield waits
    finally:
        _WAITS.reset(token)


def note_wait(seconds: float) -> None:
    """A host was waited for; nothing happens where nobody wants to know."""
    waits = _WAITS.get()
    if waits is not None:
        waits.append(seconds)
