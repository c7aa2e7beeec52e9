"""Answers of the program made by hand, for the tests of what is counted."""

from __future__ import annotations

from typing import Any

Made = dict[str, Any]


def report(**slots: Any) -> Made:
    """A report that says nothing but what is given."""
    empty: Made = {
        "role": "primary",
        "date": {"start": None, "end": None},
        "time": None,
        "place": None,
        "attack_types": [],
        "weapons": [],
        "targets": [],
        "perpetrators": [],
        "claims": [],
        "killed": None,
        "injured": None,
        "statements": [],
        "evidence": {},
    }
    return {**empty, **slots}


def answer(*reports: Made, label: str = "attack_report", text: str = "", title: str = "") -> Made:
    """An answer of ``analyze --read`` with these reports."""
    return {
        "id": "a",
        "verdict": {"label": label, "probability": 0.9, "reasons": []},
        "reports": list(reports),
        "article": {"title": title or None, "text": text, "published": None},
    }


def figure(low: int, high: int | None = None, *, open_upper: bool = False) -> Made:
    """A figure; exact when only one number is given."""
    top = low if high is None else high
    return {"low": low, "best": low, "high": top, "open_upper": open_upper}


def told(measure: str, value: int | None, **other: Any) -> Made:
    """A statement that a report uses, in the outlet's own voice."""
    plain: Made = {
        "measure": measure,
        "value": value,
        "victim_class": "unspecified",
        "scope": "incident",
        "status": "used",
        "speaker": None,
        "speaker_id": "outlet:x",
        "speaker_type": "outlet_narrator",
        "quote": "",
        "start": 0,
        "end": 0,
    }
    return {**plain, **other}


def gold(measure: str, value: int | None, **other: Any) -> Made:
    """A statement of the gold."""
    plain: Made = {
        "measure": measure,
        "value": value,
        "scope": "incident",
        "is_subset": False,
        "speaker": None,
        "quote": "",
    }
    return {**plain, **other}
