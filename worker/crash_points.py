"""Named crash points: where a test may end the process as ``kill -9`` would.

``KABULWIRE_CRASH_POINT=name`` ends the process at the first passing of that point, ``name:3`` at the
third. Unset, a point costs one comparison. There is no way to crash by input: only by environment.
"""

from __future__ import annotations

import os

POINTS = (
    "admit.before_commit",
    "admit.after_commit",
    "spool.after_take",
    "spool.after_clear",
    "settle.before_commit",
    "settle.after_commit",
    "tick.before_commit",
    "tick.after_commit",
    "files.torn_line",
    "files.after_write",
    "files.after_sync",
    "files.rotating",
    "publish.before_send",
    "publish.before_commit",
    "publish.after_commit",
)
_NAME, _, _COUNT = os.environ.get("KABULWIRE_CRASH_POINT", "").partition(":")
_left = int(_COUNT or 1)


def point(name: str) -> None:
    """End the process here, without any clean-up, when the environment asks for it."""
    global _left  # noqa: PLW0603 - counts passings in this process alone
    if name != _NAME:
        return
    _left -= 1
    if _left <= 0:
        os._exit(137)


def armed(name: str) -> bool:
    """Whether this passing of a point ends the process (for points that need a half-done piece of
    work to die in). A passing that does not is counted.
    """
    global _left  # noqa: PLW0603 - counts passings in this process alone
    if name != _NAME:
        return False
    if _left > 1:
        _left -= 1
        return False
    return True
