"""What training says of itself: counted on held-out articles, the same each time."""

from __future__ import annotations

import itertools

from worker.core.training.assessment import (
    by_fold,
    calibration,
    confusion,
    describe,
    interval,
    learning_curve,
    mistakes,
    outlets_left_out,
)
from worker.core.training.regression import Example, train

PRIOR = {"bias": -1.0, "attack": 2.0, "funeral": -1.0}
SETTINGS = {"training.strength": 1.0, "training.free_strength": 0.02}


def labelled() -> list[Example]:
    """Thirty attacks and thirty funerals, from two outlets."""
    rows = []
    for n in range(30):
        outlet = "Gull" if n % 2 else "Heron"
        rows.append(Example(True, ({"attack": 1.0},), f"p{n}", id=f"a{n}", outlet=outlet))
        rows.append(Example(False, ({"funeral": 1.0},), f"n{n}", id=f"f{n}", outlet=outlet))
    return rows


def test_confusion_counts_right_invented_and_missed() -> None:
    """One of each: precision, recall and F1 are one half."""
    rows = [Example(y, (), str(n)) for n, y in enumerate((True, False, True))]
    found = confusion(rows, [0.9, 0.9, 0.1])
    assert (found.right, found.invented, found.missed) == (1, 1, 1)
    assert found.precision == found.recall == found.f1 == 0.5


def test_interval_holds_the_score_and_is_the_same_each_time() -> None:
    """Drawn again by group, with a fixed seed."""
    rows = [Example(n % 2 == 0, (), f"g{n // 4}") for n in range(40)]
    called = [0.9 if n % 2 == 0 or n % 5 == 0 else 0.1 for n in range(40)]
    low, high = interval(rows, called)
    assert low < confusion(rows, called).f1 < high
    assert interval(rows, called) == (low, high)
    assert interval([], []) == (0.0, 0.0)


def test_interval_of_one_group_has_no_width() -> None:
    """Articles on one attack are one draw."""
    rows = [Example(True, (), "g"), Example(False, (), "g")]
    assert interval(rows, [0.9, 0.9]) == (2 / 3, 2 / 3)


def test_calibration_sets_what_was_called_beside_what_is() -> None:
    """Two of four at 0.55 are reports: called .55, share one half."""
    rows = [Example(n % 2 == 0, (), str(n)) for n in range(4)]
    (found,) = calibration(rows, [0.55] * 4)
    assert (found.count, found.share) == (4, 0.5)
    assert abs(found.called - 0.55) < 1e-9


def test_mistakes_name_the_terms_that_weighed_most() -> None:
    """The surest mistake comes first, with its reasons."""
    rows = [
        Example(False, ({"attack": 1.0, "funeral": 1.0},), "a", id="one"),
        Example(True, (), "b", id="two"),
    ]
    found = list(mistakes(rows, [0.6, 0.0], PRIOR))
    assert [m.example.id for m in found] == ["two", "one"]
    assert found[1].terms == (("attack", 2.0), ("funeral", -1.0))


def test_learning_curve_judges_what_it_was_not_fitted_to() -> None:
    """Each step is fitted to more and judged on less."""
    steps = list(learning_curve(labelled(), PRIOR, 1.0, 0.02))
    counts = [count for _, count, _ in steps]
    judged = [part.right + part.missed for _, _, part in steps]
    assert len(counts) > 1
    assert counts == sorted(counts)
    assert judged == sorted(judged, reverse=True)
    assert all(judged) and judged[0] < 30


def test_outlets_left_out_are_those_with_articles_enough() -> None:
    """An outlet of a few articles says nothing."""
    rows = [*labelled(), Example(True, ({"attack": 1.0},), "x", outlet="Tern")]
    lines = {"lead": (1.0, 0.0)}
    assert [name for name, _, _ in outlets_left_out(rows, PRIOR, lines, 1.0, 0.02)] == [
        "Gull",
        "Heron",
    ]


def test_describe_prints_every_part() -> None:
    """Interval, folds, curve, calibration, outlets and mistakes."""
    rows = labelled()
    found = train(rows, PRIOR, 1.0, 0.02)
    text = "\n".join(describe(rows, found, PRIOR, SETTINGS))
    for part in (
        "held out: P 1.000",
        "by fold",
        "learning curve",
        "calibration",
        "outlets",
        "wrong",
    ):
        assert part in text
    assert len(by_fold(rows, found)) == len({p for p, _ in itertools.groupby(range(5))})
