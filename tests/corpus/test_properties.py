"""What must hold of every fresh report in the corpus, whatever its words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.corpus.answers import answer_to
from tests.corpus.load import CORPUS, Case, load_file

FRESH = load_file(CORPUS / "en" / "verdict-fresh.toml")
TITLED = [case for case in FRESH if case.fields["title"] and case.fields["text"]]
TIMELESS = [case for case in FRESH if "stands-without-time" in case.tags]


def name_of(case: Case) -> str:
    return case.name


@pytest.mark.parametrize("case", TITLED, ids=name_of)
def test_analyze_judges_alike_without_the_title(case: Case) -> None:
    """A verdict does not hang on the title."""
    answer = answer_to(replace(case, fields={**case.fields, "title": None}))
    assert answer["verdict"]["label"] == "attack_report"


@pytest.mark.parametrize("case", TIMELESS, ids=name_of)
def test_analyze_judges_alike_without_a_publication_time(case: Case) -> None:
    """Without a publication time no age counts for or against."""
    answer = answer_to(replace(case, fields={**case.fields, "published": None}))
    assert answer["verdict"]["label"] == "attack_report"
    assert not [r for r in answer["verdict"]["reasons"] if r["code"].startswith("age.")]


@pytest.mark.parametrize("case", FRESH, ids=name_of)
def test_analyze_gives_the_same_answer_twice(case: Case) -> None:
    """Pure: no state is kept between two readings."""
    assert answer_to(case) == answer_to(case)
