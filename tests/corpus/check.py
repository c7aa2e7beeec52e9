"""An answer against what a case expects: what differs, in words, and how much is right, in numbers.

Theory of operation
-------------------
``compare`` turns each expected thing into one ``Finding``: the field, how many things were expected
(0 or 1), how many of them are right, and how many were invented: printed where the case expects
nothing, or something else. A test fails on the words of the findings; a score adds up their numbers.

Rules
-----
1. An answer is the JSON object of one line of ``kabulwire analyze``.
2. A statement is found when measure and value agree and its quote lies on the expected one; its
   other fields are findings of their own (``statements.speaker`` …), so that a score can tell the
   right figure with the wrong speaker from no figure at all. Items of other lists are right or wrong
   as a whole.
3. Names of people and a place given as one word are compared folded: without case, accents and
   signs; one may hold the other ("Karte Naw area" and "Karte Naw"). A city never stands for a
   finer place. Everything else must be equal.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.corpus.expectation import NONE, NOT, Expectation, Listed, ReportExpectation
from tests.corpus.load import Case

Json = Mapping[str, Any]
_COARSE = {"city", "province"}
_FOUND_BY = ("measure", "value", "quote")
"""What makes a printed statement the expected one."""
_PEOPLE = ("speaker",)
_EMPTY: Json = {"statements": []}


@dataclass(frozen=True, slots=True)
class Finding:
    """One expected thing, or one that should not be there. ``difference`` is None when right."""

    field: str
    expected: int
    right: int
    invented: int
    difference: str | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """Sums of one field: expected = right + missed or wrong; printed = right + invented."""

    expected: int = 0
    right: int = 0
    invented: int = 0

    def plus(self, finding: Finding) -> Count:
        return Count(
            self.expected + finding.expected,
            self.right + finding.right,
            self.invented + finding.invented,
        )


def differences(answer: Json, case: Case) -> list[str]:
    """What is not as expected, one sentence each; empty when all is right."""
    return [found.difference for found in compare(answer, case) if found.difference]


def broken_rules(answer: Json, case: Case) -> list[str]:
    """What no article may lead to: a quote that is not verbatim, a label its reports deny.

    A language without verdicts has reports for a person to judge, and the label ``other``.
    """
    reports = answer["reports"]
    quoted = [r for r in answer["verdict"]["reasons"] if "quote" in r]
    for report in reports:
        quoted += report["statements"]
        quoted += [span for spans in report["evidence"].values() for span in spans]
    wrong = [
        f"{one['quote']!r} does not stand at {one['start']} to {one['end']}"
        for one in quoted
        if case.text[one["start"] : one["end"]] != one["quote"]
    ]
    fresh = any(report["role"] in ("primary", "roundup") for report in reports)
    unjudged = any(r["code"] == "lang_unsupported" for r in answer["verdict"]["reasons"])
    if not unjudged and fresh != (answer["verdict"]["label"] == "attack_report"):
        wrong.append(f"label {answer['verdict']['label']}, but a fresh report: {fresh}")
    return wrong


def counts(answer: Json, case: Case) -> dict[str, Count]:
    """Per field: how many things were expected, right, invented."""
    found: dict[str, Count] = {}
    for finding in compare(answer, case):
        found[finding.field] = found.get(finding.field, Count()).plus(finding)
    return found


def compare(answer: Json, case: Case) -> tuple[Finding, ...]:
    """Every expected thing of ``case``, found or not, in the answer of ``kabulwire analyze``."""
    if "error" in answer:
        return (Finding("error", 0, 0, 1, f"error: {answer['error']}"),)
    return tuple(_all(answer, case.expect, case.text))


def _all(answer: Json, expect: Expectation, text: str) -> Iterator[Finding]:
    for key, wanted in expect.verdict.items():
        printed = answer["verdict"].get(key)
        if key == "places":
            yield _equal(key, sorted(wanted), sorted(printed))
        else:
            yield _equal(key, wanted, printed)
    reports = answer["reports"]
    if expect.reports is None:
        yield from _report(reports[0] if reports else _EMPTY, expect.first, text, "")
        return
    roles = ", ".join(report["role"] for report in reports) or "none"
    wanted_number, number = len(expect.reports), len(reports)
    yield Finding(
        "reports", wanted_number, min(number, wanted_number), max(0, number - wanted_number),
        None if number == wanted_number else f"reports: {wanted_number} expected, not {roles}",
    )  # fmt: skip
    for index, one in enumerate(expect.reports):
        report = reports[index] if index < number else _EMPTY
        yield from _report(report, one, text, f"report {index + 1}: " if wanted_number > 1 else "")


def _report(report: Json, expect: ReportExpectation, text: str, prefix: str) -> Iterator[Finding]:
    """Findings of one report; ``prefix`` names it in the sentences."""
    for key, wanted in expect.fields.items():
        for finding in _field(key, wanted, report, text):
            yield _named(finding, prefix)
    for finding in _absences(report, expect, text):
        yield _named(finding, prefix)


def _named(finding: Finding, prefix: str) -> Finding:
    if not (prefix and finding.difference):
        return finding
    return Finding(
        finding.field, finding.expected, finding.right, finding.invented,
        prefix + finding.difference,
    )  # fmt: skip


def _field(key: str, wanted: Any, report: Json, text: str) -> Iterator[Finding]:
    printed = report.get(key)
    if key == "statements":
        yield from _statements(wanted, report["statements"], text)
    elif isinstance(wanted, Listed):
        yield from _list(key, wanted, [_item(key, one) for one in printed or ()])
    elif isinstance(wanted, tuple):
        yield from _types(key, wanted, tuple(printed or ()))
    elif isinstance(wanted, Mapping):
        yield _part(key, wanted, printed)
    else:
        nothing = key == "date" and (printed or {}).get("start") is None
        yield _equal(key, wanted, None if nothing else printed)


def _equal(key: str, wanted: Any, printed: Any) -> Finding:
    """One word or number: equal, absent, or anything else."""
    if _agrees(wanted, printed):
        return Finding(key, int(wanted != NONE), int(wanted != NONE), 0)
    said = "none" if printed is None else _shown(printed)
    return Finding(
        key, int(wanted != NONE), 0, int(printed is not None),
        f"{key}: {_shown(wanted)} expected, not {said}",
    )  # fmt: skip


def _agrees(wanted: Any, printed: Any) -> bool:
    if wanted == NONE:
        return printed is None
    if isinstance(wanted, str) and wanted.startswith(NOT):
        return not _agrees(wanted.removeprefix(NOT), printed)
    return bool(wanted == printed)


def _part(key: str, wanted: Json, printed: Json | None) -> Finding:
    """A table: every named field of it agrees."""
    if printed is not None and not _wrong_fields(wanted, _item(key, printed)):
        return Finding(key, 1, 1, 0)
    said = "none" if printed is None else _shown({k: _item(key, printed).get(k) for k in wanted})
    return Finding(
        key, 1, 0, int(printed is not None), f"{key}: {_shown(wanted)} expected, not {said}"
    )


def _wrong_fields(wanted: Json, printed: Json) -> list[str]:
    return [key for key, value in wanted.items() if not _same(key, value, printed)]


def _same(key: str, value: Any, printed: Json) -> bool:
    if key == "called":
        return _is_called(value, printed)
    if key in _PEOPLE and value != NONE:
        return _holds(value, printed.get(key) or "")
    return _agrees(value, printed.get(key))


def _item(key: str, printed: Any) -> Json:
    """An item of a report in the words of the corpus."""
    if not isinstance(printed, Mapping):
        return {"name": printed}
    if key == "statements":
        return {**printed, "subset": printed["subset_of"] is not None}
    if key == "place":
        names = [printed.get(k) for k in ("name", "neighbourhood", "landmark") if printed.get(k)]
        path = printed.get("path") or [None]
        return {**printed, "id": path[0], "called": " / ".join(dict.fromkeys(names))}
    return printed


def _is_called(name: str, place: Json) -> bool:
    """The place goes by that name; the city does not stand for a street in it."""
    for key in ("name", "neighbourhood", "landmark"):
        printed = place.get(key)
        if printed and _folded(name) in _folded(printed):
            return True
        if printed and place.get("precision") not in _COARSE and _holds(name, printed):
            return True
    return False


def _holds(one: str, two: str) -> bool:
    a, b = _folded(one), _folded(two)
    return bool(a.strip() and b.strip()) and (a in b or b in a)


def _folded(words: str) -> str:
    """Letters, their vowel signs and digits, without case and accents; bounded by blanks."""
    plain = unicodedata.normalize("NFKD", words.casefold())
    kept = (c if unicodedata.category(c)[0] in "LNM" else " " for c in plain)
    return f" {' '.join(''.join(c for c in kept if not unicodedata.combining(c)).split())} "


def _types(key: str, wanted: tuple[str, ...], printed: tuple[str, ...]) -> Iterator[Finding]:
    """Attack types: each counts, and they stand in GTD's order."""
    for name in wanted:
        right = name in printed
        yield Finding(key, 1, int(right), 0, None if right else f"{key}: {name} is missing")
    for name in printed:
        if name not in wanted:
            yield Finding(key, 0, 0, 1, f"{key}: {name} is not expected")
    if sorted(wanted) == sorted(printed) and wanted != printed:
        yield Finding(key, 0, 0, 0, f"{key}: {_shown(wanted)} expected, not {_shown(printed)}")


def _list(key: str, wanted: Listed, printed: list[Json]) -> Iterator[Finding]:
    """Each expected item has one of its own that agrees in every named field."""
    left = list(printed)
    for item in wanted.items:
        match = next((one for one in left if not _wrong_fields(item, one)), None)
        if match is None:
            yield Finding(key, 1, 0, 0, f"{key}: {_shown(item)} is missing{_among(key, printed)}")
        else:
            left.remove(match)
            yield Finding(key, 1, 1, 0)
    if wanted.whole:
        for one in left:
            yield Finding(key, 0, 0, 1, f"{key}: {_brief(key, one)} is not expected")


def _statements(wanted: Listed, printed: list[Json], text: str) -> Iterator[Finding]:
    left = [_item("statements", one) for one in printed]
    for item in wanted.items:
        match = _best_match(item, left, text)
        if match is None:
            words = f"statements: {_shown(item)} is missing{_among('statements', printed)}"
            yield Finding("statements", 1, 0, 0, words)
            continue
        left.remove(match)
        yield Finding("statements", 1, 1, 0)
        for key, value in item.items():
            if key not in _FOUND_BY:
                right = _same(key, value, match)
                said = f"{_shown(match.get(key))} of {match['quote']!r}"
                yield Finding(
                    f"statements.{key}", 1, int(right), int(not right),
                    None if right else f"statements.{key}: {_shown(value)} expected, not {said}",
                )  # fmt: skip
    if wanted.whole:
        for one in left:
            if wanted.repeats and _repeats(one, wanted):
                continue
            words = f"statements: {_brief('statements', one)} is not expected"
            yield Finding("statements", 0, 0, 1, words)


def _repeats(printed: Json, wanted: Listed) -> bool:
    """The same number of the same people once more: in the title, or by another speaker."""
    keys = ("measure", "value")
    return any(all(_agrees(item.get(k, NONE), printed[k]) for k in keys) for item in wanted.items)


def _best_match(item: Json, left: list[Json], text: str) -> Json | None:
    """The statement that is meant: same measure, value and place, then most other fields alike."""
    fit = [one for one in left if _is_meant(item, one, text)]
    return min(fit, key=lambda one: len(_wrong_fields(item, one)), default=None)


def _is_meant(item: Json, printed: Json, text: str) -> bool:
    if any(key in item and not _agrees(item[key], printed[key]) for key in ("measure", "value")):
        return False
    return "quote" not in item or _lies_on(item["quote"], printed, text)


def _lies_on(quote: str, printed: Json, text: str) -> bool:
    """The printed stretch overlaps the words ``quote``, wherever they stand."""
    at = text.find(quote)
    while at >= 0:
        if printed["start"] < at + len(quote) and at < printed["end"]:
            return True
        at = text.find(quote, at + 1)
    return False


def _absences(report: Json, expect: ReportExpectation, text: str) -> Iterator[Finding]:
    absent, statements = expect.absent, report["statements"]
    for quote in absent.quotes:
        yield _kept_out("quotes", quote, [s for s in statements if _lies_on(quote, s, text)])
    for value in absent.values:
        yield _kept_out("values", value, [s for s in statements if s["value"] == value])
    place = _item("place", report.get("place") or {})
    for name in absent.places:
        yield _kept_out("places", name, [place["called"]] if _holds(name, place["called"]) else [])
    groups = {c["group"] for c in report.get("claims", ())}
    groups |= {p["name"] for p in report.get("perpetrators", ())}
    for name in absent.groups:
        yield _kept_out("groups", name, [one for one in sorted(groups) if _holds(name, one)])


def _kept_out(key: str, what: Any, found: list[Any]) -> Finding:
    """A trap avoided is no expected thing; a trap stepped into is an invention."""
    if not found:
        return Finding(f"absent.{key}", 1, 1, 0)
    said = found[0]["quote"] if isinstance(found[0], Mapping) else found[0]
    return Finding(f"absent.{key}", 1, 0, 1, f"absent.{key}: {what!r} was reported: {said!r}")


def _among(key: str, printed: list[Json]) -> str:
    said = "; ".join(_brief(key, one) for one in printed)
    return f" (reported: {said})" if said else " (nothing reported)"


def _brief(key: str, one: Json) -> str:
    if key == "statements":
        names = ("measure", "victim_class", "value", "qualifier", "speaker_id", "status", "quote")
        return _shown({name: one[name] for name in names})
    return _shown({name: value for name, value in one.items() if value is not None})


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{k}: {_shown(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return ", ".join(_shown(one) for one in value) or "none"
    return NONE if value is None else str(value)
