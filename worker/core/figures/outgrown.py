"""Numbers that others know better: left out of what is judged, as ``superseded``.

Rules
-----
1. An outlet's own number goes where somebody says since that there are at least more.
2. So does one of "the authorities" that is less than an international organisation has counted.
3. So does a hospital's of which an office has counted twice as many later on: a hospital knows whom it
   received, and an office had its number, too. Within one article words decide (``extract/toll``).
4. An outlet's own "at least" goes where a named office has counted more since: it left room for that.
5. A number goes that a later toll names as the one which it replaces (``Statement.replaces``).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from itertools import accumulate

from worker.core.domain.report import Statement
from worker.core.figures.bounds import OUTLET, PRECISION, RECEIVED, VAGUE
from worker.core.figures.said_again import Statuses, key_of, moment_of

OF_ALL = frozenset({"unspecified", RECEIVED, "perpetrator"})
"""Classes that hold everybody of a side, as far as their speaker knows."""
_VERIFIER = "international_organisation"
_AUTHORITIES = frozenset({"government_unspecified"})
"""Authorities by that word alone, whose lower numbers give way to verified ones."""
_HOSPITAL = "hospital"
_OFFICES = frozenset({
    "government_defence", "government_health", "government_interior", "government_unspecified", "police",
    "security_forces",
})  # fmt: skip
"""Who counts the whole: what hospitals, witnesses and other states tell comes to them."""
_MUCH_MORE = 2


def without_replaced(usable: list[Statement], statuses: Statuses) -> list[Statement]:
    """Without the numbers that a later toll names as those which it takes the place of.

    ("Police lowered the toll to five from eight": every eight of before is gone, whoever gave it. Who
    gives it again later does not agree.)
    """
    since: dict[int, list[Statement]] = {}
    for newer in usable:
        if newer.replaces is not None and is_whole(newer):
            since.setdefault(newer.replaces, []).append(newer)
    kept = []
    for statement in usable:
        later = since.get(statement.value, []) if statement.value is not None else []
        told_by = max(map(moment_of, later), default=None)
        if told_by is not None and is_whole(statement) and moment_of(statement) < told_by:
            statuses[key_of(statement)] = "superseded"
        else:
            kept.append(statement)
    return kept


def without_outgrown(usable: list[Statement], statuses: Statuses) -> list[Statement]:
    """Without numbers that less is known by than by others.

    The outlets' own that are less than somebody says there are at least ("at least five were killed,
    police said. A reporter saw four bodies"), and their "at least" beside more that a named office has
    counted; authorities' that are less than an international
    organisation has counted, which verifies each death; a hospital's where an office has counted twice
    as many since: it knew what the hospital knew.
    """
    floors = [s for s in usable if s.high is None and s.speaker_type != OUTLET and is_whole(s)]
    floors = [s for s in floors if PRECISION[s.qualifier] < VAGUE]
    verified = [s for s in usable if s.speaker_type == _VERIFIER and _is_counted(s)]
    offices = [s for s in usable if s.speaker_type in _OFFICES and _is_counted(s)]
    told, counted = _most_since(floors), _most_since(verified)
    known = _most_since([s for s in offices if s.high is not None and not s.anonymous])
    overview = _most_since(offices, later=True)
    kept = []
    for statement in usable:
        beyond, most = 0, statement.high or 0
        if statement.high is not None and statement.speaker_type == OUTLET:
            beyond = told(statement)
        elif statement.speaker_type == OUTLET and _is_counted(statement):
            beyond, most = known(statement), statement.low or 0
        elif statement.high is not None and statement.speaker_type in _AUTHORITIES:
            beyond = counted(statement)
        elif most and statement.speaker_type == _HOSPITAL and _is_counted(statement):
            beyond, most = overview(statement), _MUCH_MORE * most - 1
        if beyond > most:
            statuses[key_of(statement)] = "superseded"
        else:
            kept.append(statement)
    return kept


def is_whole(statement: Statement) -> bool:
    """Whether a figure counts all of its side, and not a class of people or a person."""
    return statement.victim_class in OF_ALL and statement.person is None


def _is_counted(statement: Statement) -> bool:
    received = statement.victim_class == RECEIVED
    return is_whole(statement) and not received and PRECISION[statement.qualifier] < VAGUE


def _most_since(floors: Iterable[Statement], *, later: bool = False) -> Callable[[Statement], int]:
    """The largest lower bound of those told no earlier than a statement (or ``later``); 0 for none."""
    ordered = sorted(floors, key=moment_of, reverse=True)
    moments = [moment_of(s) for s in reversed(ordered)]
    most = list(accumulate((s.low or 0 for s in ordered), max))
    place = bisect_right if later else bisect_left

    def since(statement: Statement) -> int:
        told = len(moments) - place(moments, moment_of(statement))
        return most[told - 1] if told else 0

    return since
