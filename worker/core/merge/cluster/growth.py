"""A cell with one more member, of which all others stand as they stood.

Rules
-----
1. Only the plain case is answered: all other nodes are the same ones, the new one is of the core and of
   an article that was not there, nobody is late, withdrawn or a retraction. ``grow`` says None to all
   others; then the members are sorted out anew.
2. A copy changes whose text it is for those that it hangs together with, and for nobody else. Where it
   changes that for an earlier member, the plain case is over.
"""

from __future__ import annotations

from dataclasses import dataclass

from worker.core.domain.incident import ArticleRef
from worker.core.domain.remembered import place_of_new
from worker.core.merge.cluster.follow_ups import Times, both, nobody_is_late, times_of
from worker.core.merge.cluster.membership import (
    BY_ARTICLE,
    Cluster,
    Membership,
    agencies_of,
    member_of,
)
from worker.core.merge.cluster.merge_input import MergeInput
from worker.core.merge.cluster.partition import Cell, are_the_same
from worker.core.merge.evidence.copies import sources
from worker.core.merge.evidence.nodes import Node

Copies = tuple[tuple[str, frozenset[str]], ...]
"""The articles of a cell that have copies in it, each with its own."""


@dataclass(frozen=True, slots=True)
class Sorted:
    """The members of a cell, and what they were sorted out by."""

    cluster: Cluster
    copies: Copies
    times: Times


def grow(before: Sorted, cell: Cell, copies: Copies, merge_input: MergeInput) -> Sorted | None:
    """The members of a cell that has one node more than an earlier one; None: more than that is new."""
    fresh = _fresh(before.cluster, cell)
    if fresh is None or _without(fresh.article_id, copies) != before.copies:
        return None
    member = _member(fresh, before.cluster, dict(copies), merge_input)
    if member is None:
        return None
    times = both(before.times, times_of([member], merge_input.gazetteer))
    if not nobody_is_late(times, merge_input):
        return None
    return Sorted(before.cluster.with_more(cell, member), copies, times)


def _fresh(before: Cluster, cell: Cell) -> Node | None:
    """The one node that is new in a cell, if all else stands and is plain."""
    old, new = before.cell.core, cell.core
    if before.retracted or before.follow_ups or before.withdrawn:
        return None
    place = place_of_new(old, new)
    if place is None or not are_the_same(before.cell.attached, cell.attached):
        return None
    ends = before.members[-1].filed.report.role  # retractions stand at the end
    fresh = new[place]
    if ends == "retraction" or fresh.kind != "primary" or fresh.article_id in before.cell.articles:
        return None
    return fresh


def _without(article_id: str, copies: Copies) -> Copies:
    """The copies, as if an article were not there."""
    own = {name for known, others in copies if known == article_id for name in others}
    if not own:
        return copies
    left = [
        (name, others - {article_id} if name in own else others)
        for name, others in copies
        if name != article_id
    ]
    return tuple((name, others) for name, others in left if others)


def _member(
    fresh: Node, before: Cluster, copies: dict[str, frozenset[str]], merge_input: MergeInput
) -> Membership | None:
    """The new member; None, if it changes for an earlier one whose text that is."""
    group = _hanging_together(fresh.article_id, copies)
    articles = [_article(name, merge_input) for name in sorted(group)]
    found = sources(articles, copies)
    agencies = agencies_of(articles, found)
    for member in [m for name in group for m in BY_ARTICLE.of(before).get(name, ())]:
        name = member.filed.article.article_id
        if member.source != found.get(name) or member.agency != agencies.get(name):
            return None
    name = fresh.article_id
    return member_of(
        merge_input.filed[fresh.key], "certain", None, found.get(name), agencies.get(name)
    )


def _hanging_together(article_id: str, copies: dict[str, frozenset[str]]) -> set[str]:
    """An article and those whose text is its own, by whatever way round."""
    found, waiting = {article_id}, [article_id]
    while waiting:
        fresh = copies.get(waiting.pop(), frozenset()) - found
        found |= fresh
        waiting += fresh
    return found


def _article(article_id: str, merge_input: MergeInput) -> ArticleRef:
    return merge_input.filed[merge_input.evidence.of_article(article_id)[0].key].article
