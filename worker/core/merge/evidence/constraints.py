"""What a person decided about articles: together, apart, confirmed, retracted.

Rules
-----
1. Constraints name articles, or reports where one article tells of several attacks, so they outlive
   incident ids.
2. A person outranks every weight and veto: ``must`` joins what slots would part.
3. ``cannot`` holds between any two of its articles. The later decision is the last in the list;
   where ``must`` and ``cannot`` name the same pair, the later one holds.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

from worker.core.domain.incident import Constraint, ConstraintKind, FiledReport, article_of


class ConstraintIndex:
    """The constraints of a component, answered report by report."""

    def __init__(self, constraints: Iterable[Constraint]) -> None:
        self._pairs: dict[frozenset[str], ConstraintKind] = {}
        self._single: dict[ConstraintKind, set[str]] = {"confirm": set(), "retract": set()}
        for constraint in constraints:
            if constraint.kind in ("must", "cannot"):
                for pair in combinations(sorted(set(constraint.articles)), 2):
                    self._pairs[frozenset(pair)] = constraint.kind
            else:
                self._single[constraint.kind].update(constraint.articles)
        self._paired = frozenset[str]().union(*self._pairs)

    def cannot(self, a: str, b: str) -> bool:
        """Whether a person said that these two reports are different attacks."""
        if not self._pairs:
            return False
        return any(self._pairs.get(pair) == "cannot" for pair in _named(a, b))

    def named(self, report_id: str) -> bool:
        """Whether a person put this report together with, or apart from, another."""
        return not self._paired.isdisjoint(names(report_id))

    def joined(self) -> list[tuple[str, str]]:
        """The pairs of names (article or report ids) that a person said are one attack."""
        musts = [sorted(pair) for pair, kind in self._pairs.items() if kind == "must"]
        return sorted((pair[0], pair[1]) for pair in musts)

    def acts(self, filed: FiledReport) -> bool:
        """Whether a report may touch incidents.

        The band governs primaries and round-ups; a person may confirm those under review.
        Background and retraction act unless the article is about something else altogether.
        """
        if filed.report.role in ("primary", "roundup"):
            confirmed = not self._single["confirm"].isdisjoint(names(filed.report_id))
            return confirmed or filed.band == "report"
        return filed.label not in ("other", "other_place")

    def retracted(self, report_id: str) -> bool:
        """Whether a person retracted what this report tells of."""
        return not self._single["retract"].isdisjoint(names(report_id))


def names(report_id: str) -> tuple[str, str]:
    """The two names by which a person may mean a report."""
    return report_id, article_of(report_id)


def _named(a: str, b: str) -> Iterable[frozenset[str]]:
    for left in names(a):
        for right in names(b):
            if left != right:
                yield frozenset((left, right))
