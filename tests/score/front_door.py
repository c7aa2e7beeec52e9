"""The only way into the program: what ``kabulwire analyze`` prints, without its processes.

A line goes in as on the command line; the JSON object of the answer comes out. In process,
because thousands of articles are read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from worker.cli.answers import answer
from worker.config.knowledge import load_knowledge
from worker.core.analyze import analyze
from worker.core.domain.document import Document
from worker.core.knowledge.knowledge import Knowledge
from worker.core.sources.jsonl import document_of

__all__ = ["Answer", "Knowledge", "load_knowledge"]
Answer = dict[str, Any]

ANYWHERE = "anywhere"
_city = "kabul"


def city() -> str:
    """The profile of the city that the labelled data are about."""
    return _city


def use_city(profile: str) -> None:
    """Measure with another profile, in this process. The tests of this tool invent their city."""
    global _city
    _city = profile


def analyzed(line: dict[str, Any], profile: str) -> Answer:
    """The answer of ``analyze --read`` for one input line; ``error`` when there is none."""
    knowledge = load_knowledge(profile)
    return _answered(line["id"], document_of(line, 1, knowledge.profile.zone), knowledge)


def read_page(name: str, html: bytes, url: str, profile: str) -> Answer:
    """The answer of ``analyze --read`` for the bytes of a page."""
    knowledge = load_knowledge(profile)
    return _answered(name, Document(article_id=name, html=html, url=url), knowledge)


def _answered(name: str, document: Document, knowledge: Knowledge) -> Answer:
    """The answer, or the error that the command line would print in its place.

    An article that breaks the program is one wrong item, as it is one dead letter of a worker; the
    rest of the set is measured.
    """
    try:
        return answer(name, analyze(document, None, knowledge), read=True)
    except Exception as error:  # noqa: BLE001 - around the pure call
        return {"id": name, "error": f"{type(error).__name__}: {error}"}


def main_report(found: Answer) -> dict[str, Any] | None:
    """The report an article is about: the first that is no background, else the first of all."""
    reports: list[dict[str, Any]] = found.get("reports") or []
    main = (r for r in reports if r["role"] in ("primary", "roundup"))
    return next(main, reports[0] if reports else None)


def full_text(found: Answer) -> str:
    """The text that spans count into."""
    article = found["article"]
    return "\n\n".join(part for part in (article["title"], article["text"]) if part)


@dataclass(frozen=True, slots=True)
class Named:
    """An entry of the city's profile with all its names."""

    id: str
    kind: str
    names: tuple[str, ...]


def named_places() -> Iterator[Named]:
    """Every place of the city's profile."""
    for row in load_knowledge(city()).profile.places:
        yield Named(row.id, row.kind, (row.name, *row.variants))


def named_actors() -> Iterator[Named]:
    """Every armed group and state."""
    for row in load_knowledge(city()).profile.actors:
        yield Named(row.id, row.actor_class, (row.name, *row.variants))


def named_institutions() -> Iterator[Named]:
    """Everybody whom outlets quote, with the people who speak for them."""
    for row in load_knowledge(city()).profile.institutions:
        yield Named(row.id, row.speaker_type, (row.name, *row.variants, *row.people))
