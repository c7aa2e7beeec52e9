"""Every case of the corpus, one test each: those that must pass, and limits that stand."""

from __future__ import annotations

from typing import get_args

import pytest

from tests.corpus.answers import answer_to
from tests.corpus.check import broken_rules, differences
from tests.corpus.load import Case, load_cases
from worker.core.domain.vocabulary import WhyDerived

CASES = load_cases()
MUST = [case for case in CASES if case.must]
OPEN = [case for case in CASES if "/open:" in case.id]


@pytest.mark.parametrize("case", MUST, ids=lambda case: case.id)
def test_analyze_finds_what_the_case_expects(case: Case) -> None:
    """All that a case names is in the answer, exactly; what it forbids is not. Every quote is verbatim."""
    answer = answer_to(case)
    found = broken_rules(answer, case) + differences(answer, case)
    if found:
        pytest.fail("\n".join([*found, f"why: {case.why}", "", case.text]), pytrace=False)


@pytest.mark.parametrize("case", OPEN, ids=lambda case: case.id)
def test_analyze_does_not_yet_find_what_an_open_case_expects(case: Case) -> None:
    """A limit that is written down is still one; a case that passes moves to those that must."""
    answer = answer_to(case)
    assert broken_rules(answer, case) + differences(answer, case), "this case passes: move it"


def test_every_reason_why_a_figure_is_derived_has_a_case() -> None:
    """A reason that no article shows is one that nobody would miss."""
    firsts = [case.expect.first.fields for case in MUST]
    listed = [
        row for fields in firsts if "statements" in fields for row in fields["statements"].items
    ]
    assert {row.get("why_derived") for row in listed} >= set(get_args(WhyDerived))
