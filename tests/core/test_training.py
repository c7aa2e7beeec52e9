"""Learning from labels stays near what is known and never turns a sign."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.core.training.regression import (
    Example,
    average_precision,
    best_score,
    fit,
    platt,
    report,
    train,
)

PRIOR = {"bias": -1.0, "attack": 2.0, "funeral": -1.0}


def example(positive: bool, group: str, **values: float) -> Example:
    return Example(positive, (values,), group)


def test_fit_without_examples_moves_nothing() -> None:
    """No data, no opinion."""
    assert fit([], PRIOR) == PRIOR


def test_fit_moves_weights_towards_the_data() -> None:
    """A feature that stands in every negative loses, one in every positive gains."""
    data = [example(True, f"p{i}", attack=1) for i in range(30)]
    data += [example(False, f"n{i}", attack=1, funeral=1) for i in range(30)]
    weights = fit(data, PRIOR)
    assert weights["funeral"] < PRIOR["funeral"]
    assert weights["attack"] > PRIOR["attack"]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 2), st.integers(0, 2)), max_size=30))
def test_fit_lets_no_weight_cross_zero(rows: list[tuple[bool, int, int]]) -> None:
    """Whatever the labels say, evidence against never becomes evidence for."""
    data = [example(y, str(i), attack=a, funeral=f) for i, (y, a, f) in enumerate(rows)]
    weights = fit(data, PRIOR)
    assert weights["attack"] >= 0
    assert weights["funeral"] <= 0


def test_fit_moves_less_from_a_stronger_prior() -> None:
    """The strength is how hard old weights hold on."""
    data = [example(False, f"n{i}", attack=1) for i in range(20)]
    soft, hard = fit(data, PRIOR, 1.0), fit(data, PRIOR, 100.0)
    assert soft["attack"] < hard["attack"] < PRIOR["attack"]


def test_best_score_is_that_of_the_best_segment() -> None:
    """Two segments, one score: the higher."""
    both = Example(True, ({"funeral": 1.0}, {"attack": 1.0}), "a")
    assert best_score(both, PRIOR) == 1.0
    assert best_score(Example(True, (), "a"), PRIOR) < -10


def test_train_judges_itself_on_what_it_did_not_see() -> None:
    """Folds are by group; the outcome says whether new weights may replace the old."""
    data = [example(True, f"p{i}", attack=1) for i in range(25)]
    data += [example(False, f"n{i}", funeral=1) for i in range(25)]
    outcome = train(data, PRIOR)
    assert outcome.before == outcome.after == 1.0
    assert outcome.better
    assert [slope > 0 for slope, _ in outcome.lines.values()] == [True]
    assert {name for name, _, _ in report(outcome, PRIOR)} <= set(PRIOR)


def test_train_refuses_one_kind_of_label() -> None:
    """Only positives: refused, not fitted."""
    with pytest.raises(ValueError, match="both kinds"):
        train([example(True, "a", attack=1)], PRIOR)


def test_platt_maps_scores_to_frequencies() -> None:
    """Half positive at 0, all at 4, none at -4: the line passes near one half at 0."""
    scores = [-4.0] * 20 + [0.0] * 20 + [4.0] * 20
    labels = [False] * 20 + [True, False] * 10 + [True] * 20
    slope, offset = platt(scores, labels)
    assert slope > 0.5
    assert abs(offset) < 0.2


def test_average_precision_of_perfect_second_and_none() -> None:
    """Perfect ranking 1; a single positive in second place one half; none 0."""
    assert average_precision([3, 2, 1], [True, True, False]) == 1.0
    assert average_precision([3, 2], [False, True]) == 0.5
    assert average_precision([3], [False]) == 0.0
