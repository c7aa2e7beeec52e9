"""Analyses as JSON: the line that ``analyze`` prints for each input.

``Report`` and ``Statement`` are printed as they are, under their own names; a verdict's reasons are
flattened, and one without a place in the text has no quote, start and end.
"""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from worker.core.domain.canonical import encode, plain
from worker.core.domain.document import Article
from worker.core.domain.report import Analysis, Reason, Report, Verdict

_REPORTS: TypeAdapter[tuple[Report, ...]] = TypeAdapter(tuple[Report, ...])
_ANY: TypeAdapter[Any] = TypeAdapter(Any)


def answer(given_id: Any, analysis: Analysis, *, read: bool = False) -> dict[str, Any]:
    """The answer for one document; ``read`` adds what was read from its page."""
    found: dict[str, Any] = {
        "id": given_id,
        "verdict": plain(verdict(analysis.verdict), _ANY),
        "reports": plain(analysis.reports, _REPORTS),
    }
    if read:
        found["article"] = article(analysis.article)
    return found


def verdict(value: Verdict) -> dict[str, Any]:
    """Label, probability, band and reasons."""
    return {
        "label": value.label,
        "probability": value.probability,
        "band": value.band,
        "reasons": [_reason(reason) for reason in value.reasons],
        "places": list(value.places),
    }


def article(value: Article) -> dict[str, Any]:
    """What ``--read`` shows of a page: here ``text`` is the body."""
    return {
        "title": value.title,
        "text": value.body,
        "published": value.published.isoformat() if value.published else None,
        "lang": value.lang,
    }


def line(record: Any) -> str:
    """One line of JSON, in whatever script it is written."""
    return encode(record).decode("utf-8")


def _reason(reason: Reason) -> dict[str, Any]:
    found: dict[str, Any] = {"code": reason.code, "weight": reason.weight}
    if reason.span is not None:
        span = reason.span
        found |= {"quote": span.quote, "start": span.start, "end": span.end}
    return found
