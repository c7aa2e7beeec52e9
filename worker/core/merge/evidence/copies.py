"""Which articles repeat the text of another: one wire story on ten sites is one source.

Rules
-----
1. Same text, or signatures (MinHash of the body) that agree in most places, within three days.
2. Of a set of copies the earliest published is the source; ties go by article id.
3. Texts of two news agencies are no copies of one another, however alike they are: unless they are
   the same to the letter.
4. Copies say nothing new: they never count as sources of their own. They may still carry a
   figure of their own (an updated desk copy), so only what repeats the source is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from worker.core.domain.incident import ArticleRef
from worker.core.domain.moments import aware

_BAND = 4
"""Places per band: at 80 % agreement a pair meets in one of 32 bands with P > .9999."""


Pairs = frozenset[frozenset[str]]


def find_pairs(articles: Iterable[ArticleRef], weights: Mapping[str, float]) -> Pairs:
    """The pairs of articles of which one repeats the other's text."""
    by_id = {article.article_id: article for article in articles}
    index = CopyIndex()
    for article in by_id.values():
        index.add(article)
    return index.pairs(by_id.values(), weights)


class CopyIndex:
    """Articles by their texts and the bands of their signatures. Each pair is compared once."""

    def __init__(self) -> None:
        self._articles: dict[str, ArticleRef] = {}
        self._buckets: dict[object, set[str]] = {}
        self._copies: dict[str, set[str]] = {}
        self._weights: Mapping[str, float] | None = None

    def add(self, article: ArticleRef) -> None:
        """Take an article in; a later version takes the place of an earlier one."""
        if self._articles.get(article.article_id) == article:
            return
        self.discard(article.article_id)
        self._articles[article.article_id] = article
        for bucket in _buckets(article):
            self._buckets.setdefault(bucket, set()).add(article.article_id)

    def discard(self, article_id: str) -> None:
        """Forget an article."""
        article = self._articles.pop(article_id, None)
        if article is None:
            return
        for bucket in _buckets(article):
            held = self._buckets[bucket]
            held.discard(article_id)
            if not held:
                del self._buckets[bucket]
        for other in self._copies.pop(article_id, ()):
            self._copies.get(other, set()).discard(article_id)

    def pairs(self, articles: Iterable[ArticleRef], weights: Mapping[str, float]) -> Pairs:
        """The pairs among these articles, which are taken in if they are not here yet."""
        if self._weights != weights:
            self._weights = weights
            self._copies.clear()
        names = []
        for article in articles:
            names.append(article.article_id)
            if self._articles.get(article.article_id) is not article:
                self.add(article)
        asked = set(names)
        return frozenset(
            frozenset((name, other))
            for name in names
            for other in self._copies_of(name, weights) & asked
        )

    def _copies_of(self, name: str, weights: Mapping[str, float]) -> set[str]:
        found = self._copies.get(name)
        if found is None:
            candidates = set[str]().union(
                *(self._buckets[bucket] for bucket in _buckets(self._articles[name]))
            )
            candidates.discard(name)
            found = {other for other in candidates if self._repeats(name, other, weights)}
            self._copies[name] = found
            for other in found & self._copies.keys():
                self._copies[other].add(name)
        return found

    def _repeats(self, a: str, b: str, weights: Mapping[str, float]) -> bool:
        first, second = sorted((self._articles[a], self._articles[b]), key=_order)
        return _repeats(first, second, weights)


def _buckets(article: ArticleRef) -> Iterator[object]:
    """What two articles must share one of to be compared: the text, or a band of the signature."""
    yield article.text_sha256
    signature = article.copy_signature
    for start in range(0, len(signature) - _BAND + 1, _BAND):
        yield start, signature[start : start + _BAND]


def sources(articles: Iterable[ArticleRef], pairs: Pairs) -> dict[str, ArticleRef]:
    """Copy → the article whose text it repeats: of all that hang together the earliest.

    Asked for the members of one incident, so that it does not depend on who else was looked at.
    """
    paired = frozenset[str]().union(*pairs)
    ordered = sorted(
        {a.article_id: a for a in articles if a.article_id in paired}.values(), key=_order
    )
    rank = {article.article_id: k for k, article in enumerate(ordered)}
    parent = list(range(len(ordered)))
    for pair in pairs:
        known = [rank[article_id] for article_id in pair if article_id in rank]
        if len(known) == 2:
            _unite(parent, *known)
    roots = ((k, _root(parent, k)) for k in range(len(ordered)))
    return {ordered[k].article_id: ordered[root] for k, root in roots if root != k}


def outlet_key(article: ArticleRef) -> str:
    """The outlet, case-folded; an article without one stands for itself."""
    return " ".join((article.outlet or f"#{article.article_id}").casefold().split())


def _order(article: ArticleRef) -> tuple[bool, float, str]:
    moment = article.document_time
    if moment is None:
        return True, 0.0, article.article_id
    return False, aware(moment).timestamp(), article.article_id


def _repeats(a: ArticleRef, b: ArticleRef, weights: Mapping[str, float]) -> bool:
    first, second = _order(a), _order(b)
    if second[1] - first[1] > weights["copy.hours"] * 3600:
        return False
    if a.text_sha256 and a.text_sha256 == b.text_sha256:
        return True
    if a.agency and b.agency and a.agency != b.agency:
        return False
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
