"""A component that new reports join without a look at the rest of it.

Rules
-----
1. What hangs together is known, and of all that was looked at beside it the different facts. A report
   that is near something inside and near nothing outside belongs to it, and brings nothing else along.
2. Components that were plain each are plain together: who is near one of them was looked at from there.
3. Only the plain case is answered: reports of a new article that nobody named, none of them a
   combined round-up, copies of inside articles at most; what it mentions of the past is near no news
   outside, and comes along with its news. ``with_more`` says None to all others, and where the component
   itself is not plain (``component.connect``): then all is looked at again.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import TypeVar

from worker.core.domain.incident import FiledReport, article_of
from worker.core.knowledge.knowledge import Knowledge
from worker.core.merge.evidence.constraints import ConstraintIndex
from worker.core.merge.evidence.facts import gazetteer_of
from worker.core.merge.evidence.nodes import Evidence, Node, nodes_of

_K = TypeVar("_K")


@dataclass(frozen=True, slots=True)
class Around:
    """What was looked at: numbers of facts (``Evidence.number``) and articles."""

    evidence: Evidence
    constraint_index: ConstraintIndex
    inside: frozenset[int]
    """Of what hangs together, but for what leads no further (background, closed incidents)."""
    outside: frozenset[int]
    """Of all else, but for mentions of the past."""
    mentions_outside: frozenset[int]
    """They come along with news, and are nothing to other mentions."""
    articles_inside: frozenset[str]
    articles_outside: frozenset[str]
    """(One of which only a mention hangs together is inside and outside.)"""
    articles_with_news: frozenset[str]
    """Of those inside the ones that have more there than what leads no further."""


def around(
    nodes: Iterable[Node],
    found: AbstractSet[str],
    leaves: AbstractSet[str],
    evidence: Evidence,
    constraint_index: ConstraintIndex,
) -> Around:
    """``found``: the keys of the nodes that hang together; ``leaves``: of those that lead no further."""
    inside = [node for node in nodes if node.key in found]
    outside = [node for node in nodes if node.key not in found]
    return Around(
        evidence=evidence,
        constraint_index=constraint_index,
        inside=frozenset([evidence.number(node) for node in inside if node.key not in leaves]),
        outside=_numbers_of_news(outside, evidence),
        mentions_outside=_numbers_of_mentions(outside, evidence),
        articles_inside=frozenset([node.article_id for node in inside]),
        articles_outside=frozenset([node.article_id for node in outside]),
        articles_with_news=frozenset([n.article_id for n in inside if n.key not in leaves]),
    )


def _numbers_of_news(nodes: Iterable[Node], evidence: Evidence) -> frozenset[int]:
    return frozenset([evidence.number_of(n.facts) for n in nodes if n.kind != "background"])


def _numbers_of_mentions(nodes: Iterable[Node], evidence: Evidence) -> frozenset[int]:
    return frozenset([evidence.number_of(n.facts) for n in nodes if n.kind == "background"])


@dataclass(frozen=True, slots=True)
class Connected:
    """What hangs together: reports in order of id, and the incidents concerned in order of theirs.

    ``around``: None where it is not plain.
    """

    kept: tuple[FiledReport, ...]
    concerned: tuple[str, ...]
    around: Around | None

    @property
    def articles(self) -> AbstractSet[str]:
        """The articles of what hangs together, where it is plain."""
        return self.around.articles_inside if self.around is not None else frozenset()

    @property
    def articles_with_news(self) -> AbstractSet[str]:
        """Those that no other component has, where it is plain."""
        return self.around.articles_with_news if self.around is not None else frozenset()

    def keeps(self, report_id: str) -> bool:
        """Whether a report hangs together with the others; where it is plain."""
        if article_of(report_id) not in self.articles:
            return False
        place = bisect_left(self.kept, report_id, key=attrgetter("report_id"))
        return place < len(self.kept) and self.kept[place].report_id == report_id

    def beside(self, others: Sequence[FiledReport], knowledge: Knowledge) -> Connected:
        """The same, with reports looked at beside it that are of other components.

        One that might still belong to it (a mention, a combined round-up) leaves nothing plain.
        """
        known = self.around
        if known is None or not others:
            return self
        acting = known.constraint_index.acting(others)
        nodes = nodes_of(acting, gazetteer_of(knowledge))
        numbers = [known.evidence.number_of(node.facts) for node in nodes]
        looked_at = known.inside | known.outside | known.mentions_outside
        near = (known.evidence.near(number, looked_at).keys() for number in numbers)
        if any(n.combined for n in nodes) or not all(known.inside.isdisjoint(n) for n in near):
            return replace(self, around=None)
        more = replace(
            known,
            outside=known.outside | _numbers_of_news(nodes, known.evidence),
            mentions_outside=known.mentions_outside | _numbers_of_mentions(nodes, known.evidence),
            articles_outside=known.articles_outside.union([node.article_id for node in nodes]),
        )
        return replace(self, around=more)

    def is_near(self, fresh: Sequence[FiledReport], knowledge: Knowledge) -> bool:
        """Whether something inside is near one of these reports; where it is plain."""
        known = self.around
        if known is None or not known.evidence.is_current:
            return False
        nodes = nodes_of(fresh, gazetteer_of(knowledge))
        numbers = [known.evidence.number_of(node.facts) for node in nodes]
        near = (known.evidence.near(number, known.inside).keys() for number in numbers)
        return not all(known.inside.isdisjoint(n) for n in near)

    def together_with(self, other: Connected) -> Connected:
        """This and another component, of which nothing was near the other, as one; both are plain."""
        one, two = self.around, other.around
        if one is None or two is None:
            return replace(self, around=None)
        looked_at = Around(
            evidence=one.evidence,
            constraint_index=one.constraint_index,
            inside=one.inside | two.inside,
            outside=_outside_of_both(one.inside, one.outside, two.inside, two.outside),
            mentions_outside=_outside_of_both(
                one.inside, one.mentions_outside, two.inside, two.mentions_outside
            ),
            articles_inside=one.articles_inside | two.articles_inside,
            articles_outside=_outside_of_both(
                one.articles_inside, one.articles_outside, two.articles_inside, two.articles_outside
            ),
            articles_with_news=one.articles_with_news | two.articles_with_news,
        )
        every = {filed.report_id: filed for filed in (*self.kept, *other.kept)}
        kept = [every[report_id] for report_id in sorted(every)]
        concerned = sorted({*self.concerned, *other.concerned})
        return Connected(tuple(kept), tuple(concerned), looked_at)

    def with_more(
        self, fresh: Sequence[FiledReport], copied: AbstractSet[str], knowledge: Knowledge
    ) -> Connected | None:
        """The same with the reports of a new article, if they join it alone and plainly.

        ``copied``: the articles looked at that repeat its text, or whose text it repeats.
        """
        known = self.around
        if known is None or not known.evidence.is_current:
            return None
        nodes = nodes_of(fresh, gazetteer_of(knowledge))
        index = known.constraint_index
        if len(index.acting(fresh)) < len(fresh) or not copied.isdisjoint(known.articles_outside):
            return None
        if any(node.combined or index.named(node.key) for node in nodes):
            return None
        mentions = [node for node in nodes if node.kind == "background"]
        if mentions and not any(node.kind in ("primary", "roundup") for node in nodes):
            return None
        numbers = []
        looked_at = known.inside | known.outside | known.mentions_outside
        for node in nodes:
            number = known.evidence.number_of(node.facts)
            near = known.evidence.near(number, looked_at).keys()
            if not near.isdisjoint(known.outside):
                return None
            if node.kind == "background":
                continue
            if near.isdisjoint(known.inside) or not near.isdisjoint(known.mentions_outside):
                return None
            numbers.append(number)
        kept = list(self.kept)
        for filed in fresh:
            insort(kept, filed, key=attrgetter("report_id"))
        inside = known.inside.union(numbers)
        article_ids = [node.article_id for node in nodes]
        more = replace(
            known,
            inside=inside,
            articles_inside=known.articles_inside.union(article_ids),
            articles_with_news=known.articles_with_news.union(article_ids),
        )
        return Connected(tuple(kept), self.concerned, more)


def _outside_of_both(
    inside: frozenset[_K],
    outside: frozenset[_K],
    other_inside: frozenset[_K],
    other_outside: frozenset[_K],
) -> frozenset[_K]:
    """What is outside of two components together. What is inside of one and outside of both has the
    same facts (or the same article) as something that is of neither.
    """
    return (outside - other_inside) | (other_outside - inside) | (outside & other_outside)
