"""Figures: what is exact, what is carried, what leaks, who said it."""

from __future__ import annotations

import pytest

from tests.score.answers import Made, answer, figure, gold, report, told
from tests.score.figures import mark_statements, mark_totals, totals_of
from tests.score.marks import Mark


def _totals(killed: Made | None, found: Made) -> dict[str, bool]:
    marks = mark_totals({"killed": killed, "injured": None}, found)
    return {mark.field: mark.right == 1 for mark in marks}


@pytest.mark.parametrize(
    ("wanted", "printed", "right"),
    [
        ((5, 5), figure(5), True),
        ((5, 5), figure(6), False),
        ((5, 5), figure(5, 7), False),
        ((5, None), figure(5, open_upper=True), True),
        ((5, None), figure(5), False),
        ((5, 5), figure(5, open_upper=True), False),
        ((0, 0), None, False),
        ((0, 0), figure(0), True),
    ],
)
def test_mark_totals_wants_least_and_most(
    wanted: tuple[int, int | None], printed: Made | None, right: bool
) -> None:
    """Both bounds; a lower bound has no most; 0 is not "not reported"."""
    least, most = wanted
    found = _totals({"min": least, "max": most}, answer(report(killed=printed)))
    assert found == {"killed": right, "injured": True, "both": right}


def test_mark_totals_wants_null_where_nothing_is_printed() -> None:
    """A figure that nobody printed is wrong, 0 too."""
    assert _totals(None, answer(report()))["killed"]
    assert not _totals(None, answer(report(killed=figure(0))))["killed"]
    assert not _totals(None, answer(report(killed=figure(3))))["both"]


def test_mark_totals_gives_nothing_for_not_reading() -> None:
    """Without any report even a null is wrong: the article was not read."""
    assert _totals(None, answer()) == {"killed": False, "injured": False, "both": False}


def test_mark_totals_leaves_out_what_the_gold_does_not_know() -> None:
    """A wording without a least number is unsure, and so is the pair of both."""
    assert _totals({"min": None, "max": None}, answer(report())) == {"injured": True}


def test_mark_totals_judges_the_main_report() -> None:
    """Background first or last: the figures are those of the report that is none."""
    old = report(role="background", killed=figure(90))
    found = answer(old, report(killed=figure(5)))
    assert _totals({"min": 5, "max": 5}, found)["killed"]


def _marks(wanted: list[Made], *reports: Made, text: str = "") -> dict[str, Mark]:
    return {m.field: m for m in mark_statements(wanted, answer(*reports, text=text))}


def _sums(mark: Mark) -> tuple[float, float, float]:
    return mark.right, mark.missed, mark.invented


def test_mark_statements_finds_measure_and_value() -> None:
    """Five dead are carried; nine wounded are not ten."""
    wanted = [gold("killed", 5), gold("injured", 9)]
    found = _marks(wanted, report(statements=[told("killed", 5), told("injured", 10)]))
    assert _sums(found["figures"]) == (1, 1, 1)
    assert found["figures"].note == "missed: injured 9; not in gold: injured 10"
    assert _sums(found["figures.printed"]) == (1, 1, 0)


def test_mark_statements_calls_used_background_a_leak() -> None:
    """The 90 of another attack: kept out while it is marked so, a leak when used."""
    wanted = [gold("killed", 5), gold("killed", 90, scope="background")]
    old = told("killed", 90, scope="background", status="background")
    kept = _marks(wanted, report(statements=[told("killed", 5), old]))
    assert (_sums(kept["figures"]), _sums(kept["figures.kept_out"])) == ((1, 0, 0), (1, 0, 0))
    leaked = _marks(wanted, report(statements=[told("killed", 5), told("killed", 90)]))
    assert (_sums(leaked["figures"]), _sums(leaked["figures.kept_out"])) == ((1, 0, 1), (0, 1, 0))


def test_mark_statements_does_not_count_a_background_report() -> None:
    """What stands in a background report is not carried."""
    found = _marks([gold("killed", 5)], report(role="background", statements=[told("killed", 5)]))
    assert _sums(found["figures"]) == (0, 1, 0)


def test_mark_statements_needs_no_part_of_a_total_and_forgives_it() -> None:
    """Three children of five dead: neither wanted nor invented."""
    wanted = [gold("killed", 5), gold("killed", 3, is_subset=True)]
    assert _sums(_marks(wanted, report(statements=[told("killed", 5)]))["figures"]) == (1, 0, 0)
    both = report(statements=[told("killed", 5), told("killed", 3)])
    assert _sums(_marks(wanted, both)["figures"]) == (1, 0, 0)


def test_mark_statements_takes_the_total_of_the_gold_for_no_invention() -> None:
    """The gold lists one and two, and three in all: three is its own number, and four is none."""
    parts = [gold("killed", 1), gold("killed", 2)]
    found = answer(report(statements=[told("killed", 3)]))
    total = totals_of({"killed": {"min": 3, "max": 3}, "injured": None})
    marks = {m.field: m for m in mark_statements(parts, found, total)}
    assert _sums(marks["figures"]) == (0, 2, 0)
    open_total = totals_of({"killed": {"min": 3, "max": None}, "injured": None})
    marks = {m.field: m for m in mark_statements(parts, found, open_total)}
    assert _sums(marks["figures"]) == (0, 2, 1)


def test_mark_statements_carries_what_was_superseded() -> None:
    """The morning's four stand in the report though six are used."""
    wanted = [gold("killed", 4), gold("killed", 6)]
    both = report(statements=[told("killed", 4, status="superseded"), told("killed", 6)])
    assert _sums(_marks(wanted, both)["figures"]) == (2, 0, 0)


def test_mark_statements_leaves_attackers_out() -> None:
    """Dead attackers are no victims that nobody printed; where the gold lists them they are carried."""
    attackers = told("killed", 3, victim_class="perpetrator")
    both = report(statements=[told("killed", 5), attackers])
    assert _sums(_marks([gold("killed", 5)], both)["figures"]) == (1, 0, 0)
    assert _sums(_marks([gold("killed", 5), gold("killed", 3)], both)["figures"]) == (2, 0, 0)


TEXT = "Five died, the health ministry said. Five died, wrote the paper."


@pytest.mark.parametrize(
    ("speaker", "printed", "right"),
    [
        (
            "Health Ministry, Rahimzai",
            {"speaker": "the health ministry", "speaker_type": "x"},
            True,
        ),
        ("Health Ministry, Rahimzai", {"speaker": "police", "speaker_type": "police"}, False),
        ("Portsmere police", {"speaker": "a commander", "speaker_type": "police"}, True),
        ("Portsmere police", {}, False),
        (None, {}, True),
        ("outlet", {}, True),
        ("outlet", {"speaker": "police", "speaker_type": "police"}, False),
    ],
)
def test_mark_statements_compares_speakers(speaker: str | None, printed: Made, right: bool) -> None:
    """An institution, a kind of speaker or a shared word; nobody where the outlet speaks."""
    wanted = [gold("killed", 5, speaker=speaker, quote="Five died, the")]
    found = report(statements=[told("killed", 5, start=0, end=9, **printed)])
    mark = _marks(wanted, found, text=TEXT)["speakers"]
    assert _sums(mark) == (int(right), int(not right), 0)


def test_mark_statements_judges_the_speaker_of_the_same_words() -> None:
    """The same number elsewhere is not this statement, and what is not carried has no speaker."""
    wanted = [gold("killed", 5, speaker="Portsmere police", quote="Five died, the")]
    police = {"speaker": "police", "speaker_type": "police"}
    for start, right in ((0, 1), (37, 0)):
        there = report(statements=[told("killed", 5, start=start, end=start + 9, **police)])
        assert _marks(wanted, there, text=TEXT)["speakers"].right == right
    assert _sums(_marks(wanted, report())["speakers"]) == (0, 1, 0)
