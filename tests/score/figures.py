"""How many: the two figures of a report, and every statement with who said it.

Rules
-----
1. ``killed`` and ``injured`` are exact: least and most as the gold has them, and no figure where
   none is printed; 0 is not "not reported". An item without any report is wrong: not reading is not
   the same as reading that nothing is reported. A gold figure without a least number is unsure.
2. A gold figure of the attack is *carried* when a report that is no background has a statement of
   the same measure and value, on either side: the gold lists dead attackers among its figures. Parts
   of a total may be carried and need not be.
3. ``figures`` is the F1 of that: what a report *uses* and the gold does not have for this attack is
   invented, dead attackers apart, and so is a total that the gold itself has added up of its parts
   ("KIA: 1 ANP, 2 LN" is three, too). Which of it is background stands apart in ``figures.kept_out``,
   and what stands nowhere in the gold in ``figures.printed``.
4. A speaker is right when the wordings name one institution or share a telling word; the outlet's
   own voice is right when the program names nobody. A figure that is not carried has no speaker:
   it is missed, so that reading more can never lower this score.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.score.front_door import Answer, full_text, main_report
from tests.score.marks import Mark, check
from tests.score.names import fold, group_key, institution_keys

Statement = dict[str, Any]
Key = tuple[str, int | None]
_COUNTED = ("killed", "injured", "casualties")
_NARRATOR = "outlet_narrator"
_ATTACKERS = ("perpetrator", "perpetrators")
_EMPTY_WORDS = frozenset(
    [
        "a",
        "an",
        "the",
        "of",
        "for",
        "and",
        "in",
        "at",
        "to",
        "spokesman",
        "spokesperson",
        "official",
        "officials",
        "source",
        "sources",
        "senior",
        "kabul",
        "afghan",
        "afghanistan",
    ]
)
_TYPES = (
    ("police", ("police",)),
    ("government_interior", ("interior",)),
    ("government_health", ("health", "doctors", "medical")),
    ("government_defence", ("defence", "defense")),
    ("government_foreign", ("foreign ministry", "ministry of foreign")),
    ("hospital", ("hospital", "emergency")),
    ("armed_group", ("taliban", "iskp", "islamic state", "front")),
    ("witness", ("witness", "resident", "neighbour", "survivor")),
)
"""Kinds of speakers by English words, for gold that names in English who speaks in Dari."""


def mark_totals(gold: dict[str, Any], found: Answer) -> Iterator[Mark]:
    """``killed``, ``injured`` and both, of the main report."""
    report = main_report(found)
    sure: list[bool] = []
    for measure in ("killed", "injured"):
        wanted = gold[measure]
        if wanted is not None and wanted["min"] is None:
            continue
        right = report is not None and _bounds(report[measure]) == _gold_bounds(wanted)
        got = _bounds(report[measure]) if report else "no report"
        sure.append(right)
        yield check(measure, right, f"wanted {_gold_bounds(wanted)}, found {got}")
    if len(sure) == 2:
        yield check("both", all(sure), "see killed and injured")


def totals_of(gold: dict[str, Any]) -> frozenset[Key]:
    """The gold's exact numbers of dead and of wounded, which its statements may have in parts only."""
    bounds = {measure: _gold_bounds(gold[measure]) for measure in ("killed", "injured")}
    return frozenset((m, b[0]) for m, b in bounds.items() if b is not None and b[0] == b[1])


def _gold_bounds(figure: dict[str, Any] | None) -> tuple[int | None, int | None] | None:
    return None if figure is None else (figure["min"], figure["max"])


def _bounds(figure: dict[str, Any] | None) -> tuple[int | None, int | None] | None:
    """Least and most; a lower bound alone has no most, whatever is its best."""
    return None if figure is None else (
        figure["low"], None if figure["open_upper"] else figure["high"]
    )  # fmt: skip


def mark_statements(
    gold: list[Statement], found: Answer, totals: frozenset[Key] = frozenset()
) -> Iterator[Mark]:
    """Figures carried, leaked, invented; and the speakers of those carried. ``totals``: the gold's sums."""
    counted = [s for s in gold if s["measure"] in _COUNTED]
    own = {_gold_key(s) for s in counted if s["scope"] == "incident"}
    wanted = {_gold_key(s) for s in counted if s["scope"] == "incident" and not s["is_subset"]}
    other = {_gold_key(s) for s in counted if s["scope"] != "incident"} - own
    told = list(_told(found))
    carried = {_key(s) for s in told if s["scope"] == "incident" and s["status"] != "background"}
    used = {_key(s) for s in told if s["status"] == "used" and not _is_of_attackers(s)}
    leaked, made_up = used & other - totals, used - own - other - totals
    notes = [("missed", wanted - carried), ("background", leaked), ("not in gold", made_up)]
    said = "; ".join(f"{name}: {_shown(keys)}" for name, keys in notes if keys)
    right = len(wanted & carried)
    yield Mark("figures", right, len(wanted) - right, len(leaked | made_up), said)
    if other:
        kept = len(other - leaked)
        yield Mark("figures.kept_out", kept, len(leaked), note=f"used: {_shown(leaked)}")
    if used:
        note = f"not in gold: {_shown(made_up)}"
        yield Mark("figures.printed", len(used - made_up), len(made_up), note=note)
    text = full_text(found) if told else ""
    for statement in counted:
        if statement["scope"] == "incident" and not statement["is_subset"]:
            yield from _mark_speaker(statement, told, text)


def _told(found: Answer) -> Iterator[Statement]:
    for report in found.get("reports") or ():
        if report["role"] in ("primary", "roundup"):
            yield from (s for s in report["statements"] if s["measure"] in _COUNTED)


def _is_of_attackers(statement: Statement) -> bool:
    return statement["victim_class"] in _ATTACKERS


def _gold_key(statement: Statement) -> Key:
    value = statement["value"]
    return statement["measure"], value if isinstance(value, int) else None


def _key(statement: Statement) -> Key:
    return statement["measure"], statement["value"]


def _shown(keys: set[Key]) -> str:
    ordered = sorted(keys, key=lambda key: (key[0], key[1] or 0))
    return ", ".join(f"{m} {'?' if v is None else v}" for m, v in ordered)


def _mark_speaker(gold: Statement, told: list[Statement], text: str) -> Iterator[Mark]:
    same = [s for s in told if _key(s) == _gold_key(gold)]
    spans = list(_places_of(gold["quote"], text))
    there = [s for s in same if any(a < s["end"] and s["start"] < b for a, b in spans)]
    right = any(_same_speaker(gold["speaker"], s) for s in there)
    names = ", ".join(sorted({s["speaker"] or "the outlet" for s in there})) or "no such figure"
    yield check("speakers", right, f"wanted {gold['speaker'] or 'the outlet'}, found {names}")


def _places_of(quote: str, text: str) -> Iterator[tuple[int, int]]:
    at = text.find(quote)
    while at >= 0:
        yield at, at + len(quote)
        at = text.find(quote, at + 1)


def _same_speaker(gold: str | None, found: Statement) -> bool:
    if gold in (None, "outlet"):
        return bool(found["speaker_type"] == _NARRATOR)
    if found["speaker"] is None:
        return False
    assert gold is not None
    return (
        bool(institution_keys(gold) & institution_keys(found["speaker"]))
        or found["speaker_id"] in institution_keys(gold)
        or group_key(gold) == group_key(found["speaker"])
        or found["speaker_type"] in _kinds(gold)
        or bool(_telling(gold) & _telling(found["speaker"]))
    )


def _kinds(words: str) -> set[str]:
    text = fold(words)
    return {kind for kind, signs in _TYPES if any(sign in text for sign in signs)}


def _telling(words: str) -> set[str]:
    return set(fold(words).split()) - _EMPTY_WORDS
