"""Reports as nodes, and the evidence between any two of them.

Rules
-----
1. Same slots, same evidence: a pair of slot sets is compared once (``compared``), however many
   reports share them.
2. Two reports of one article were told apart by that article: that counts against one attack, and
   as one contradicting slot.
3. Closed incidents never join each other (they would rewrite the past on a weak hint).
4. A round-up whose tolls are all combined ("seven dead in the two blasts") is *combined*: it tells
   of several attacks, and its place and target are those of one of them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from copy import copy
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Literal

from worker.core.domain.incident import FiledReport, FrozenIncident, article_of
from worker.core.domain.remembered import place_of_new
from worker.core.domain.report import Report
from worker.core.merge.evidence.compared import compared_under
from worker.core.merge.evidence.constraints import ConstraintIndex, names
from worker.core.merge.evidence.copies import Pairs, by_article
from worker.core.merge.evidence.facts import Facts, Gazetteer, facts_of
from worker.core.merge.evidence.pairs import Pair, Weights

NodeKind = Literal["primary", "roundup", "retraction", "background", "frozen"]
Part = Literal["core", "roundup", "retraction", "background"]


@dataclass(frozen=True, slots=True)
class Node:
    """A report, or a closed incident, as merging sees it. ``key`` is its report id."""

    key: str
    kind: NodeKind
    facts: Facts
    at: dt.datetime | None
    combined: bool = False
    article_id: str = field(init=False, compare=False)
    """The article the report stands in (of a closed incident: its own id)."""
    order: tuple[bool, str, str] = field(init=False, compare=False)
    """Earliest published first, then by report id: the one order of this package."""

    def __post_init__(self) -> None:
        """Both are asked for all the time."""
        moment = self.at.astimezone(dt.UTC).isoformat() if self.at and self.at.tzinfo else self.at
        object.__setattr__(self, "article_id", article_of(self.key))
        object.__setattr__(self, "order", (self.at is None, str(moment), self.key))


def _part_of(node: Node) -> Part:
    """The part that a node has in a partition."""
    return "core" if node.kind == "primary" or node.kind == "frozen" else node.kind


def _by_part(nodes: Iterable[Node]) -> dict[Part, tuple[Node, ...]]:
    found: dict[Part, list[Node]] = {}
    for node in sorted(nodes, key=attrgetter("key")):
        found.setdefault(_part_of(node), []).append(node)
    return {part: tuple(nodes) for part, nodes in found.items()}


def nodes_of(reports: Iterable[FiledReport], gazetteer: Gazetteer) -> list[Node]:
    """The nodes of filed reports, in order."""
    return gazetteer.remembered(_node_of).all(reports)


def _node_of(filed: FiledReport, gazetteer: Gazetteer) -> Node:
    return Node(
        key=filed.report_id,
        kind=filed.report.role,
        facts=facts_of(filed, gazetteer),
        at=filed.article.document_time,
        combined=filed.report.role == "roundup" and _is_combined(filed.report),
    )


def _is_combined(report: Report) -> bool:
    """Whether all tolls of a report are of several attacks together. (One of a whole year, beside
    that of the attack, makes it no report of several.)
    """
    scopes = {s.scope for s in report.statements if s.scope in ("incident", "aggregate")}
    return scopes == {"aggregate"}


def frozen_node(frozen: FrozenIncident, like: FiledReport, gazetteer: Gazetteer) -> Node:
    """The node of a closed incident; ``like`` wraps its merged slots as a report."""
    published = [m.published or m.first_seen for m in frozen.members]
    return Node(
        key=frozen.report.report_id,
        kind="frozen",
        facts=facts_of(like, gazetteer),
        at=min((moment for moment in published if moment), default=None),
    )


Sign = tuple[int, Hashable, int]
"""What a node's unit depends on: the number of its facts, its tie, and which node it is."""


class Evidence:
    """The evidence between any two nodes: log-odds, and whether they can be one attack.

    Made anew for each decision; what its slots say of a pair is remembered over decisions.
    """

    def __init__(
        self,
        nodes: Iterable[Node],
        constraint_index: ConstraintIndex,
        copies: Pairs,
        weights: Weights,
    ) -> None:
        """``copies``: the pairs of articles of which one repeats the other's text."""
        self.weights = weights
        self._constraint_index = constraint_index
        self.copied = {name: frozenset(others) for name, others in by_article(copies).items()}
        self._compared = compared_under(weights)
        self.nodes = tuple(nodes)
        self._places = frozenset(map(id, self.nodes))
        """Of its nodes, in memory."""
        self.of_part = _by_part(self.nodes)
        """Its nodes by the part that they have in a partition, in order of key."""
        self.copies = copies
        all_facts = [node.facts for node in self.nodes]
        numbers = self._compared.numbers(all_facts, all_facts)
        self._numbers = dict(zip([node.key for node in self.nodes], numbers, strict=True))
        self._first = {node.article_id: node for node in reversed(self.nodes)}
        """Of each article the first of its nodes."""
        self._several: dict[str, list[Node]] = {}
        """Of each article with several all of them."""
        if len(self._first) < len(self.nodes):
            self._several = _of_one_article(self.nodes)
        self.articles_of_several_news = _with_several_news(self._several)
        """The articles of which several nodes are no mention of the past."""
        self.signs = {node.key: self._sign(node) for node in self.nodes}
        """What a node's unit depends on, by key (``cluster.units``)."""
        self.went_on: tuple[Evidence, AbstractSet[str]] | None = None
        """The evidence that it went on from, and the keys of the nodes of which the sign is new: of
        those that came, and of those that have a copy among these."""

    def is_of(
        self, nodes: Sequence[Node], constraint_index: ConstraintIndex, copies: Pairs
    ) -> bool:
        """Whether it is made of these very things."""
        return (
            copies == self.copies
            and self._constraint_index.says_what(constraint_index)
            and len(nodes) == len(self.nodes)
            and self._places.issuperset(map(id, nodes))
        )

    def with_more(
        self, nodes: Sequence[Node], constraint_index: ConstraintIndex, copies: Pairs
    ) -> Evidence | None:
        """The evidence of these nodes, which are its own and those of new articles that nobody named.

        What was found out about any two of its own stands. None: more than that is new.
        """
        if len(nodes) < len(self.nodes) or not copies >= self.copies:
            return None
        fresh = self._new_among(nodes)
        if len(self.nodes) + len(fresh) != len(nodes):
            return None
        fresh.sort(key=attrgetter("key"))
        if not self.is_current or not self._constraint_index.says_what(constraint_index):
            return None
        if any(n.article_id in self._first or constraint_index.named(n.key) for n in fresh):
            return None
        copied = copies - self.copies
        if any(pair <= self._first.keys() for pair in copied):
            return None
        more: Evidence = copy(self)
        more.nodes, more.copies = tuple(nodes), copies
        more._places = self._places.union(map(id, fresh))
        more.of_part = {**self.of_part}
        for node in fresh:
            others = more.of_part.get(part := _part_of(node), ())
            more.of_part[part] = tuple(sorted((*others, node), key=attrgetter("key")))
        more._first = self._first | {node.article_id: node for node in reversed(fresh)}
        several = _of_one_article(fresh)
        more._several = self._several | several
        more.articles_of_several_news = self.articles_of_several_news | _with_several_news(several)
        more.copied = dict(self.copied)
        for one, other in copied:
            more.copied[one] = more.copied.get(one, _NOBODY) | {other}
            more.copied[other] = more.copied.get(other, _NOBODY) | {one}
        numbers = self._compared.numbers([n.facts for n in fresh], [n.facts for n in nodes])
        more._numbers = self._numbers | dict(zip([n.key for n in fresh], numbers, strict=True))
        changed = [n for name in frozenset[str]().union(*copied) for n in more.of_article(name)]
        signs = {node.key: more._sign(node) for node in (*fresh, *changed)}
        more.signs = self.signs | signs
        self.went_on, more.went_on = None, (self, signs.keys())
        return more

    def _new_among(self, nodes: Sequence[Node]) -> list[Node]:
        """Those of the nodes that it has not."""
        place = place_of_new(self.nodes, tuple(nodes))
        if place is not None:
            return [nodes[place]]
        places = self._places
        return [node for node in nodes if id(node) not in places]

    def _sign(self, node: Node) -> Sign:
        return self._numbers[node.key], self.tie(node), id(node)

    @property
    def is_current(self) -> bool:
        """Whether what it remembers is what the next decision would ask."""
        return self._compared is compared_under(self.weights)

    def number(self, node: Node) -> int:
        """The number of the node's facts: equal facts have one."""
        return self._numbers[node.key]

    def number_of(self, facts: Facts) -> int:
        """The number of facts that are no node's."""
        return self._compared.number(facts)

    def pair(self, a: Node, b: Node) -> Pair:
        """The slots' evidence between two nodes, without article, copy and person."""
        return self._compared.pair(self._numbers[a.key], self._numbers[b.key])

    def pair_of(self, i: int, j: int) -> Pair:
        """The same for two numbers of facts."""
        return self._compared.pair(i, j)

    def pairs_of(self, i: int, others: Sequence[int]) -> list[Pair]:
        """The same for a number with each of others."""
        return self._compared.pairs(i, others)

    @property
    def units(self) -> dict[str, list[object]]:
        """The units of the last decisions, by what they are for (``cluster.units``)."""
        return self._compared.units

    def continues(self, earlier: Evidence) -> bool:
        """Whether what another said of two nodes, this one says as well, if it has them both."""
        return self._compared is earlier._compared and self._constraint_index.says_what(
            earlier._constraint_index
        )

    def near(self, i: int, among: AbstractSet[int]) -> Mapping[int, float]:
        """The numbers that are near the i-th facts, with the weight; of ``among`` none is missing."""
        return self._compared.near(i, among)

    def weight(self, a: Node, b: Node) -> float:
        """Log-odds that two nodes are one attack."""
        total = self.pair(a, b).weight
        if a.article_id == b.article_id:
            return total + self.weights["merge.same_article"]
        if self.copied and b.article_id in self.copied.get(a.article_id, ()):
            return total + self.weights["copy.same"]
        return total

    def agreeing(self, a: Node, b: Node) -> float:
        """Log-odds of what agrees alone: for a report of which each slot is of one attack."""
        return self.pair(a, b).agreeing

    def cannot(self, a: Node, b: Node) -> bool:
        """Whether two nodes can never be one attack."""
        if self._constraint_index.cannot(a.key, b.key) or (
            a.kind == "frozen" and b.kind == "frozen"
        ):
            return True
        pair = self.pair(a, b)
        one_article = a.article_id == b.article_id
        return not pair.possible or (
            one_article and len(pair.contradictions) + 1 >= self.weights["merge.contradictions"]
        )

    def is_by_slots(self, a: Node, b: Node) -> bool:
        """Whether two nodes have what their slots say of them: no article or text in common, no person
        who parted them, and not both are closed.
        """
        if a.article_id == b.article_id or b.article_id in self.copied.get(a.article_id, _NOBODY):
            return False
        both_closed = a.kind == "frozen" and b.kind == "frozen"
        return not both_closed and not self._constraint_index.cannot(a.key, b.key)

    def tie(self, node: Node) -> Hashable:
        """What besides its slots decides with what this node is one: nodes of the same facts and tie
        are interchangeable. None when nothing does.

        Copies of each other are; a frozen incident, one of several reports of an article, or what a
        person named is like no other node. (A mention of the past beside its article's news is no such
        report: it is no part of any attack, and is never held against its own article's.)
        """
        copied = self.copied.get(node.article_id)
        alone = (
            node.kind == "frozen"
            or self._constraint_index.named(node.key)
            or (node.article_id in self._several and (copied or self._is_of_several(node)))
        )
        if alone:
            return node.key, frozenset(copied or ())
        return frozenset((node.article_id, *copied)) if copied else None

    def _is_of_several(self, node: Node) -> bool:
        """Whether its article brings news of several attacks, of which it is one."""
        return node.kind != "background" and node.article_id in self.articles_of_several_news

    def copies_among(self, articles: frozenset[str]) -> tuple[tuple[str, frozenset[str]], ...]:
        """Those of these articles that have copies among them, each with its own."""
        among = [(name, self.copied[name]) for name in sorted(self.copied.keys() & articles)]
        inside = [(n, others if others <= articles else others & articles) for n, others in among]
        return tuple([(name, others) for name, others in inside if others])

    @property
    def plausible(self) -> float:
        """From here on two reports are partners worth naming."""
        return self.weights["merge.plausible"]

    def of_article(self, article_id: str) -> Sequence[Node]:
        """The nodes of an article (or the one of a closed incident)."""
        several = self._several.get(article_id)
        if several is not None:
            return several
        first = self._first.get(article_id)
        return () if first is None else (first,)

    @property
    def articles_of_several(self) -> AbstractSet[str]:
        """The articles that have several nodes."""
        return self._several.keys()

    def related(self, node: Node) -> Iterable[Node]:
        """Nodes for which more than slots speaks: of the same article, or of a copy of it."""
        for article_id in (node.article_id, *self.copied.get(node.article_id, ())):
            yield from self.of_article(article_id)

    def joined(self, nodes: Iterable[Node]) -> list[tuple[Node, Node]]:
        """The pairs that a person put together: with the first article of a group, the report of
        each other one that matches it best.
        """
        groups = self._constraint_index.joined()
        if not groups:
            return []
        by_name: dict[str, list[Node]] = {}
        for node in nodes:
            for name in names(node.key):
                by_name.setdefault(name, []).append(node)
        pairs = []
        for group in groups:
            first, *others = [by_name[name] for name in group if name in by_name] or [[]]
            for other in others:
                options = [(a, b) for a in first for b in other]
                best = min(options, key=lambda p: (-self.weight(*p), p[0].key, p[1].key))
                if best[0].key != best[1].key:
                    pairs.append(best)
        return pairs


_NOBODY: frozenset[str] = frozenset()


def _of_one_article(nodes: Iterable[Node]) -> dict[str, list[Node]]:
    """Article → its nodes, where it has several."""
    held: dict[str, list[Node]] = {}
    for node in nodes:
        held.setdefault(node.article_id, []).append(node)
    return {article_id: found for article_id, found in held.items() if len(found) > 1}


def _with_several_news(several: Mapping[str, Sequence[Node]]) -> frozenset[str]:
    """Those of these articles that bring several pieces of news."""
    return frozenset(
        [
            article_id
            for article_id, nodes in several.items()
            if len([node for node in nodes if node.kind != "background"]) > 1
        ]
    )


def evidence_of(
    nodes: Sequence[Node], constraint_index: ConstraintIndex, copies: Pairs, weights: Weights
) -> Evidence:
    """The evidence between these nodes: that of an earlier question where it was the same, or went on
    from one with fewer.
    """
    kept = compared_under(weights).evidence
    known_ones = [known for known in kept if isinstance(known, Evidence)]
    for known in known_ones:
        if known.is_of(nodes, constraint_index, copies):
            return known
    made = next(
        filter(None, (e.with_more(nodes, constraint_index, copies) for e in known_ones)), None
    )
    if made is None:
        made = Evidence(nodes, constraint_index, copies, weights)
    kept[:] = [made, *kept[: _MOST_KEPT - 1]]
    return made


_MOST_KEPT = 2
