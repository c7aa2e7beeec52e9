"""Merging from coded facts: which reports come together, in which orders."""

from __future__ import annotations

from typing import Any

from tests.score.marks import Item
from tests.score.merge import clusters, examine_facts, examine_scenario, orders_of
from tests.score.merge_texts import mark_clusters

Facts = dict[str, Any]


def _facts(rid: str, day: int, hour: int = 9, **slots: Any) -> Facts:
    plain = {
        "d": f"2031-03-{day:02}",
        "ty": "suicide",
        "tg": ["stork_convoy"],
        "pl": ["old_saltpan"],
    }
    return {"rid": rid, "pub": f"2031-03-{day:02}T{hour:02}:00", "slots": {**plain, **slots}}


ONE, SAME, OTHER = _facts("a", 4), _facts("b", 4, 11), _facts("c", 9, tg=["heron_school"])


def test_clusters_joins_one_attack_and_parts_two() -> None:
    """Same day, place and target; another day and target."""
    assert clusters([ONE, SAME, OTHER]) == {frozenset("ab"), frozenset("c")}


def test_clusters_does_not_count_a_report_that_is_none() -> None:
    """An anniversary article creates nothing."""
    assert clusters([ONE, {**OTHER, "kind": "nonreport"}]) == {frozenset("a")}


def test_clusters_takes_in_a_late_report() -> None:
    """A report two weeks on is linked to the incident, though it is no member of it."""
    late = {**SAME, "pub": "2031-03-18T09:00"}
    assert clusters([ONE, late]) == {frozenset("ab")}


def test_orders_of_few_are_all_and_of_many_always_the_same() -> None:
    """Six orders of three; a fixed sample of five, each order once."""
    assert len(set(map(str, orders_of([ONE, SAME, OTHER])))) == 6
    many = [{"rid": name} for name in "abcde"]
    sample = ["".join(f["rid"] for f in order) for order in orders_of(many)]
    assert sample == ["abcde", "edcba", "bcdea", "cdeab", "deabc", "eabcd"]


def _fields(gold: Facts) -> dict[str, tuple[float, float]]:
    item = Item("S", "-", [ONE, SAME, OTHER], {"why": "", **gold})
    return {m.field: (m.right, m.missed) for m in examine_scenario(item)}


def test_examine_scenario_counts_orders_and_what_must_be_apart() -> None:
    """Right in all six orders; wrong in all six; and a pair that must not be one, but is."""
    right = _fields({"expect": [["a", "b"], ["c"]], "sep": [["a", "c"]]})
    assert right == {"orders": (6, 0), "scenario": (1, 0), "apart": (1, 0)}
    wrong = _fields({"expect": [["a"], ["b"], ["c"]], "sep": [["a", "b"]]})
    assert wrong == {"orders": (0, 6), "scenario": (0, 1), "apart": (0, 1)}


def test_examine_scenario_may_expect_nothing_but_distance() -> None:
    """Where several outcomes are fair only the pairs are judged."""
    assert _fields({"expect": None, "sep": [["b", "c"]]}) == {"scenario": (1, 0), "apart": (1, 0)}


def test_examine_facts_judges_pairs_of_primary_reports() -> None:
    """a+b is one event and joined; a+d is one event and not joined; c is alone."""
    far = _facts("d", 27, tg=["heron_school"])
    events = {"a": "E1", "b": "E1", "c": "E2", "d": "E1"}
    reports = [{**r, "gold": [[events[r["rid"]], "primary"]]} for r in (ONE, SAME, OTHER, far)]
    marks = list(examine_facts(Item("f", "-", reports, None)))
    assert (sum(m.right for m in marks), sum(m.missed for m in marks)) == (1, 2)
    assert sum(m.invented for m in marks) == 0


def test_mark_clusters_shares_each_article_by_b_cubed() -> None:
    """Two of three of an event together, and one beside another event: precision and recall differ."""
    events = {"a": "bank", "b": "bank", "c": "bank", "d": "mill"}
    home = {"a": frozenset("ab"), "b": frozenset("ab"), "c": frozenset("cd"), "d": frozenset("cd")}
    marks = list(mark_clusters(home, events))
    sums = {
        name: round(sum(m.right for m in marks if m.field == name), 3)
        for name in ("precision", "recall", "apart")
    }
    assert sums == {"precision": 3.0, "recall": 2.667, "apart": 1}
    assert [m.note for m in marks if m.field == "apart" and m.missed] == [
        "one incident: ['bank', 'mill']: ['c', 'd']"
    ]
