"""The canonical line of an article, ``article.processed``: its keys, and what each of them tells.

The row of the table of events (``events``) is made of the fields, so a key that nobody told cannot be
logged.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any


def _always(meaning: str) -> Any:
    """A key that every line has, also with null."""
    return field(metadata={"meaning": meaning, "always": True})


def _if_any(meaning: str) -> Any:
    """A key that a line has where there is something to tell."""
    return field(default=None, metadata={"meaning": meaning, "always": False})


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleLine:
    """What is logged of one version of an article, in the order of the line."""

    article_id: str = _always("which article")
    version: int = _always("which version of it")
    feed: str | None = _always("where it came from")
    url: str | None = _always("its address there")
    outcome: str = _always("what became of it")
    incident: str | None = _always("the incident that it is part of, or was")
    revision: int | None = _always("at which revision that incident is now")
    total_ms: int = _always("milliseconds of work")
    label: str | None = _if_any("what it was taken for")
    band: str | None = _if_any("how sure that is")
    score: float | None = _if_any("the probability behind it")
    report: str | None = _if_any("the report that a kill or hold took back")
    text_cut: int | None = _if_any("of a text too long, the characters that were not read")
    page: str | None = _if_any(
        "if one was wanted: `read`, `partial`, or why the feed's own words were read instead"
    )
    wait_ms: int | None = _if_any("of `total_ms`, those until its host was free")
    page_again: str | None = _if_any("when the page will be asked for once more")

    def keys(self) -> dict[str, Any]:
        """The keys of the line."""
        told = {f.name: (getattr(self, f.name), f.metadata["always"]) for f in fields(self)}
        return {key: value for key, (value, always) in told.items() if always or value is not None}


MEANING = "; ".join(f"`{f.name}`, {f.metadata['meaning']}" for f in fields(ArticleLine))
"""The keys, each with its meaning."""
