"""What a person decided about articles: together, apart, confirmed, retracted.

Rules
-----
1. Constraints name articles, or reports where one article tells of several attacks, so they outlive
   incident ids. A closed incident is also meant by its id, for its reports may be gone.
2. A person outranks every weight and veto: ``must`` and ``pin`` join what slots would part.
3. ``cannot`` holds between any two of its articles, ``apart`` between the first and each other one.
   The later decision is the last in the list; where two name the same pair, the later one holds:
   what is put apart leaves those that it was put together with, the first named first.

Case that taught us: of two incidents only the founding articles were put together, and a report that
fitted the one and not the other was left over as a third incident, with the toll.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import combinations

from worker.core.domain.incident import Constraint, ConstraintKind, FiledReport, article_of
from worker.core.domain.remembered import Remembered
from worker.core.merge.evidence.facts import MOST_REPORTS


class ConstraintIndex:
    """The constraints of a component, answered report by report."""

    def __init__(self, constraints: Iterable[Constraint]) -> None:
        self._apart: set[frozenset[str]] = set()
        self._together: list[tuple[str, ...]] = []
        self._single: dict[ConstraintKind, set[str]] = {"confirm": set(), "retract": set()}
        for constraint in constraints:
            if constraint.kind in ("must", "pin"):
                self._join(tuple(dict.fromkeys((*constraint.articles, *constraint.incidents))))
            elif constraint.kind == "cannot":
                articles = sorted(set(constraint.articles))
                self._part(articles, [frozenset(pair) for pair in combinations(articles, 2)])
            elif constraint.kind == "apart":
                first, *others = constraint.articles
                self._part(constraint.articles, [frozenset((first, name)) for name in others])
            elif constraint.kind in self._single:
                self._single[constraint.kind].update((*constraint.articles, *constraint.incidents))
        self._named = frozenset[str]().union(*self._apart, *self._together)

    def _join(self, joined: tuple[str, ...]) -> None:
        whole = set(joined)
        self._apart = {pair for pair in self._apart if not pair <= whole}
        self._together.append(joined)

    def _part(self, order: Sequence[str], pairs: Iterable[frozenset[str]]) -> None:
        """Put pairs apart. Of each pair that is together, the one named first leaves."""
        for pair in pairs:
            self._apart.add(pair)
            leaving = min(pair, key=order.index)
            self._together = [
                tuple(name for name in group if name != leaving or not pair <= set(group))
                for group in self._together
            ]

    def says_what(self, other: ConstraintIndex) -> bool:
        """Whether both join and part the same."""
        return (self._apart, self._together) == (other._apart, other._together)

    def cannot(self, a: str, b: str) -> bool:
        """Whether a person said that these two reports are different attacks."""
        if not self._apart:
            return False
        return any(pair in self._apart for pair in _pairs(a, b))

    def parts(self, held: set[str]) -> bool:
        """Whether a person put two of these names apart."""
        return any(pair <= held for pair in self._apart)

    def named(self, report_id: str) -> bool:
        """Whether a person put this report together with, or apart from, another."""
        return bool(self._named) and not self._named.isdisjoint(names(report_id))

    def joined(self) -> list[tuple[str, ...]]:
        """The groups of names (of articles, reports, closed incidents) that are one attack each."""
        return [group for group in self._together if len(group) > 1]

    def acting(
        self, reports: Sequence[FiledReport], also: Collection[str] = ()
    ) -> list[FiledReport]:
        """The reports that may touch incidents, and those of the articles in ``also``.

        The band governs primaries and round-ups; a person may confirm those under review.
        Background and retraction act unless the article is about something else altogether.
        """
        told = _ACTS.all(reports)
        if all(told):
            return list(reports)
        return [
            filed
            for filed, acts in zip(reports, told, strict=True)
            if acts or filed.article.article_id in also or self._is_confirmed(filed)
        ]

    def _is_confirmed(self, filed: FiledReport) -> bool:
        confirmed = self._single["confirm"]
        if not confirmed or filed.report.role not in _NEWS:
            return False
        return not confirmed.isdisjoint(names(filed.report_id))

    @property
    def retracts(self) -> bool:
        """Whether a person retracted anything."""
        return bool(self._single["retract"])

    def retracted(self, report_id: str) -> bool:
        """Whether a person retracted what this report tells of."""
        retracted = self._single["retract"]
        return bool(retracted) and not retracted.isdisjoint(names(report_id))


def names(report_id: str) -> tuple[str, str]:
    """The two names by which a person may mean a report."""
    return report_id, article_of(report_id)


def _acts(filed: FiledReport) -> bool:
    """Whether a report acts without a person's word."""
    if filed.report.role in _NEWS:
        return filed.band == "report"
    return filed.label not in ("other", "other_place")


_NEWS = ("primary", "roundup")
_ACTS = Remembered(_acts, MOST_REPORTS)


def _pairs(a: str, b: str) -> Iterable[frozenset[str]]:
    for left in names(a):
        for right in names(b):
            if left != right:
                yield frozenset((left, right))
