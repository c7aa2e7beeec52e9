"""The project's own corpus, ``tests/corpus``: every expected thing of every case, field by field.

What differs is found by the corpus's own comparison, the one its tests use. Cases that must pass
are in it too, so a score here is that of the whole corpus. Cases that people could well judge
otherwise are left out. ``cases`` are those in which nothing differs.

Its floors count what is right: whoever adds a case that is not read yet must not fall below them.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.score.front_door import analyzed
from tests.score.marks import Item, Mark, check

Case = Any
"""A case of the corpus. Its module is imported late: a checkout may lack it, which is told."""


def load(_data: Path) -> list[Item]:
    """All cases that are not disputable, by id: a case itself does not travel between processes."""
    return [Item(case.id, case.lang, None, None) for case in _cases().values()]


def examine(item: Item) -> Iterator[Mark]:
    """The marks of a case."""
    yield from mark_case(_cases()[item.id])


def mark_case(case: Case) -> Iterator[Mark]:
    """One mark per finding of the corpus's comparison, and one for the case as a whole."""
    found = analyzed(dict(case.fields), case.profile)
    findings = import_module("tests.corpus.check").compare(found, case)
    wrong = [finding.difference for finding in findings if finding.difference]
    yield check("cases", not wrong, "; ".join(wrong))
    for finding in findings:
        missed = finding.expected - finding.right
        note = finding.difference or ""
        yield Mark(finding.field, finding.right, missed, finding.invented, note)


@lru_cache(maxsize=1)
def _cases() -> dict[str, Case]:
    cases = import_module("tests.corpus.load").load_cases()
    return {case.id: case for case in cases if not case.disputable}
