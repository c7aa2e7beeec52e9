"""Every case of the corpus: those that must pass, and limits that stand. A file of it is a test.

A failure names each case that fails, with what differs. A file is read when its test runs: which
files there are is known from their names, and of what kind one is from a line of it.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import get_args

import pytest

from tests.corpus.answers import answer_to
from tests.corpus.check import broken_rules, differences
from tests.corpus.load import CORPUS, Case, load_cases, load_file
from tests.together import failures
from worker.core.domain.vocabulary import WhyDerived

FILES = sorted(CORPUS.glob("*/*.toml"))
MUST = [path for path in FILES if re.search(r"(?m)^must = true$", path.read_text("utf-8"))]
OPEN = [path for path in FILES if path.stem == "open"]


def name_of(path: Path) -> str:
    """As the names of its cases begin."""
    return path.relative_to(CORPUS).with_suffix("").as_posix()


@cache
def all_cases() -> tuple[Case, ...]:
    """The whole corpus, for who asks more of it than that it is read rightly."""
    return load_cases()


def judge(case: Case) -> None:
    """All that a case names is in the answer, exactly; what it forbids is not. Every quote is verbatim."""
    answer = answer_to(case)
    found = broken_rules(answer, case) + differences(answer, case)
    if found:
        pytest.fail("\n".join([*found, f"why: {case.why}", "", case.text]))


def judge_open(case: Case) -> None:
    """A limit that is written down is still one; a case that passes moves to those that must."""
    answer = answer_to(case)
    if not broken_rules(answer, case) + differences(answer, case):
        pytest.fail("this case passes: move it")


@pytest.mark.parametrize("path", MUST, ids=name_of)
def test_analyze_finds_what_the_cases_expect(path: Path) -> None:
    """Every case of a file that must pass."""
    told = failures(load_file(path), judge, lambda case: case.id)
    assert not told, told


@pytest.mark.parametrize("path", OPEN, ids=name_of)
def test_analyze_does_not_yet_find_what_open_cases_expect(path: Path) -> None:
    """Every case of a file of limits."""
    told = failures(load_file(path), judge_open, lambda case: case.id)
    assert not told, told


def test_every_case_that_must_pass_or_is_open_is_judged() -> None:
    """A file is of the kind that its lines are taken for, and the whole corpus can be read."""
    must = {case.file for case in all_cases() if case.must}
    assert {f"{name_of(path)}.toml" for path in MUST} == must
    assert {f"{name_of(path)}.toml" for path in OPEN} == {
        case.file for case in all_cases() if "/open:" in case.id
    }


def test_every_reason_why_a_figure_is_derived_has_a_case() -> None:
    """A reason that no article shows is one that nobody would miss."""
    firsts = [case.expect.first.fields for case in all_cases() if case.must]
    listed = [
        row for fields in firsts if "statements" in fields for row in fields["statements"].items
    ]
    assert {row.get("why_derived") for row in listed} >= set(get_args(WhyDerived))
