"""Which articles repeat the text of another: one wire story on ten sites is one source.

Rules
-----
1. Same text, or signatures (MinHash of the body) that agree in most places, within three days.
2. Of a set of copies the earliest published is the source; ties go by article id.
3. Copies say nothing new: they never count as sources of their own. They may still carry a
   figure of their own (an updated desk copy), so only what repeats the source is left out.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations

from worker.core.incident import ArticleRef

_BAND = 4
"""Places per band: at 80 % agreement a pair meets in one of 32 bands with P > .9999."""


def find_copies(articles: Iterable[ArticleRef], weights: Mapping[str, float]) -> dict[str, str]:
    """Article → the article whose text it repeats, for copies only."""
    by_id = {article.article_id: article for article in articles}
    ordered = sorted(by_id.values(), key=_order)
    rank = {article.article_id: k for k, article in enumerate(ordered)}
    parent = list(range(len(ordered)))
    for a, b in sorted(_candidates(ordered, rank)):
        if _repeats(ordered[a], ordered[b], weights):
            _unite(parent, a, b)
    roots = ((k, _root(parent, k)) for k in range(len(ordered)))
    return {ordered[k].article_id: ordered[root].article_id for k, root in roots if root != k}


def count_sources(articles: Sequence[ArticleRef], copies: Mapping[str, str]) -> int:
    """Independent sources: outlets, with copies counted for the outlet of their source."""
    outlets = {a.article_id: outlet_key(a) for a in articles}
    return len(
        {outlets.get(copies.get(a.article_id, a.article_id), outlet_key(a)) for a in articles}
    )


def outlet_key(article: ArticleRef) -> str:
    """The outlet, case-folded; an article without one stands for itself."""
    return " ".join((article.outlet or f"#{article.article_id}").casefold().split())


def _order(article: ArticleRef) -> tuple[bool, float, str]:
    moment = article.document_time
    if moment is None:
        return True, 0.0, article.article_id
    aware = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    return False, aware.timestamp(), article.article_id


def _candidates(
    ordered: Sequence[ArticleRef], rank: Mapping[str, int]
) -> Iterator[tuple[int, int]]:
    """Pairs that share a text or a band of their signatures, each once."""
    buckets: dict[object, list[int]] = defaultdict(list)
    for article in ordered:
        k = rank[article.article_id]
        buckets["text", article.text_sha256].append(k)
        signature = article.copy_signature
        for start in range(0, len(signature) - _BAND + 1, _BAND):
            buckets[start, signature[start : start + _BAND]].append(k)
    pairs: set[tuple[int, int]] = set()
    for members in buckets.values():
        pairs.update(combinations(members, 2))
    return iter(pairs)


def _repeats(a: ArticleRef, b: ArticleRef, weights: Mapping[str, float]) -> bool:
    first, second = _order(a), _order(b)
    if second[1] - first[1] > weights["copy.hours"] * 3600:
        return False
    if a.text_sha256 and a.text_sha256 == b.text_sha256:
        return True
    size = len(a.copy_signature)
    if not size or size != len(b.copy_signature):
        return False
    same = sum(x == y for x, y in zip(a.copy_signature, b.copy_signature, strict=True))
    return same / size >= weights["copy.jaccard"]


def _root(parent: list[int], k: int) -> int:
    while parent[k] != k:
        parent[k] = parent[parent[k]]
        k = parent[k]
    return k


def _unite(parent: list[int], a: int, b: int) -> None:
    a, b = _root(parent, a), _root(parent, b)
    parent[max(a, b)] = min(a, b)
