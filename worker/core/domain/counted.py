"""A number and what is counted, as a person says it."""

from __future__ import annotations


def counted(number: int, one: str, many: str = "") -> str:
    """``1 report``, ``2 reports``; ``many`` where the plural is another one."""
    return f"{number} {one if number == 1 else many or one + 's'}"
