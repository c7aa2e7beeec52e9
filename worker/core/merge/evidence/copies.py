"""Which articles repeat the text of another: one wire story on ten sites is one source.

Rules
-----
1. Same text, or signatures (MinHash of the body) that agree in most places, or say that the one text
   stands in the other (cut to its lead, or with paragraphs of another's own below) and is another
   outlet's, within three days.
2. Of a set of copies the earliest published is the source; ties go by article id.
3. Texts of two news agencies are no copies of one another, however alike they are: unless they are
   the same to the letter.
4. Copies say nothing new: they never count as sources of their own. They may still carry a
   figure of their own (an updated desk copy), so only what repeats the source is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from worker.core.domain.incident import ArticleRef
from worker.core.domain.moments import aware
from worker.core.domain.remembered import Remembered
from worker.core.text.signature import own_places

_FEWEST_SHARED = 5
"""So many equal places at least say that a text stands in another: a phrase or two stand anywhere."""


Pair = frozenset[str]
Pairs = frozenset[Pair]


def find_pairs(articles: Iterable[ArticleRef], weights: Mapping[str, float]) -> Pairs:
    """The pairs of articles of which one repeats the other's text."""
    by_id = {article.article_id: article for article in articles}
    index = CopyIndex()
    for article in by_id.values():
        index.add(article)
    return index.pairs(by_id.values(), weights)


_Order = tuple[bool, float, str]


@dataclass(slots=True)
class _Text:
    """What is compared of an article."""

    article: ArticleRef
    order: _Order = field(init=False)
    signature: NDArray[np.int64] = field(init=False)
    own: NDArray[np.bool_] = field(init=False)
    """Which places of the signature are not borrowed."""
    outlet: str = field(init=False)

    def __post_init__(self) -> None:
        """Both are asked for with each article that shares a band."""
        self.order = _order(self.article)
        self.signature = np.array(self.article.copy_signature, dtype=np.int64)
        self.own = np.array(own_places(self.article.copy_signature), dtype=np.bool_)
        self.outlet = outlet_key(self.article)


class CopyIndex:
    """Articles by their texts and some places of their signatures. Each pair is compared once."""

    def __init__(self) -> None:
        self._texts: dict[str, _Text] = {}
        self._buckets: dict[object, set[str]] = {}
        self._copies: dict[str, set[str]] = {}
        self._pairs: dict[str, dict[str, Pair]] = {}
        """The pairs that were told, by both articles: each is one value."""
        self._weights: Mapping[str, float] | None = None
        self._last: Pairs = frozenset()
        """What was answered last: asked for the same pairs again, it is the same value."""

    def add(self, article: ArticleRef) -> None:
        """Take an article in; a later version takes the place of an earlier one."""
        known = self._texts.get(article.article_id)
        if known is not None and known.article == article:
            return
        self.discard(article.article_id)
        self._texts[article.article_id] = _Text(article)
        for bucket in _buckets(article):
            self._buckets.setdefault(bucket, set()).add(article.article_id)

    def discard(self, article_id: str) -> None:
        """Forget an article."""
        text = self._texts.pop(article_id, None)
        if text is None:
            return
        alike: set[str] = set()
        for bucket in _buckets(text.article):
            held = self._buckets[bucket]
            held.discard(article_id)
            alike |= held
            if not held:
                del self._buckets[bucket]
        self._copies.pop(article_id, None)
        self._pairs.pop(article_id, None)
        for other in alike:  # it may never have been asked about, and they have
            self._copies.get(other, set()).discard(article_id)
            self._pairs.get(other, {}).pop(article_id, None)

    def pairs(self, articles: Iterable[ArticleRef], weights: Mapping[str, float]) -> Pairs:
        """The pairs among these articles, which are taken in if they are not here yet."""
        self._compare_under(weights)
        known = self._texts
        asked = {article.article_id: article for article in articles}
        for name, article in asked.items():
            if name not in known or known[name].article is not article:
                self.add(article)
        for name in asked.keys() - self._copies.keys():
            self._copies_of(name, weights)
        found: set[Pair] = set()
        for name in [name for name in asked if self._copies[name]]:
            pairs, copies = self._pairs.setdefault(name, {}), self._copies[name]
            for other in copies - pairs.keys():
                pair = self._pairs.get(other, {}).get(name) or frozenset((name, other))
                pairs[other] = pair
            found.update([pairs[other] for other in copies if other in asked])
        if found != self._last:
            self._last = frozenset(found)
        return self._last

    def copies_of(self, article: ArticleRef, weights: Mapping[str, float]) -> AbstractSet[str]:
        """All articles that are here and repeat the text of one, or whose text it repeats."""
        self._compare_under(weights)
        self.add(article)
        return self._copies_of(article.article_id, weights)

    def _compare_under(self, weights: Mapping[str, float]) -> None:
        """Other weights: every pair is compared anew."""
        if self._weights != weights:
            self._weights = weights
            self._copies.clear()

    def _copies_of(self, name: str, weights: Mapping[str, float]) -> set[str]:
        found = self._copies.get(name)
        if found is None:
            candidates = set[str]().union(
                *(self._buckets[bucket] for bucket in _buckets(self._texts[name].article))
            )
            candidates.discard(name)
            texts = self._texts
            found = _repeating(texts[name], [texts[other] for other in candidates], weights)
            self._copies[name] = found
            for other in found & self._copies.keys():
                self._copies[other].add(name)
        return found


def _buckets(article: ArticleRef) -> Iterator[object]:
    """What two articles must share one of to be compared: the text, or a place of the signature.

    Half of the places do, by their value: two texts of which one stands in the other share many.
    """
    yield article.text_sha256
    for place in enumerate(article.copy_signature):
        if place[1] % 2 == 0:
            yield place


def among(pairs: Pairs, articles: AbstractSet[str]) -> Pairs:
    """The pairs of which both are among these articles; the same value, when that is all of them."""
    kept = frozenset(pair for pair in pairs if pair <= articles)
    return pairs if len(kept) == len(pairs) else kept


def by_article(pairs: Pairs) -> Mapping[str, AbstractSet[str]]:
    """Article → those that repeat its text, or whose text it repeats."""
    return _BY_ARTICLE.of(pairs)


def _by_article(pairs: Pairs) -> dict[str, set[str]]:
    copied: dict[str, set[str]] = {}
    for one, other in pairs:
        copied.setdefault(one, set()).add(other)
        copied.setdefault(other, set()).add(one)
    return copied


_BY_ARTICLE = Remembered(_by_article, 8)


def sources(
    articles: Iterable[ArticleRef], copied: Mapping[str, AbstractSet[str]]
) -> dict[str, ArticleRef]:
    """Copy → the article whose text it repeats: of all that hang together the earliest.

    ``copied``: the pairs by article. Asked for the members of one incident, so that it does not depend
    on who else was looked at.
    """
    by_id = {a.article_id: a for a in articles if a.article_id in copied}
    left = set(by_id)
    found: dict[str, ArticleRef] = {}
    for source in sorted(by_id.values(), key=_order):
        waiting = {source.article_id} & left
        while waiting:
            left -= waiting
            found.update(dict.fromkeys(waiting, source))
            waiting = left.intersection(set[str]().union(*(copied[name] for name in waiting)))
    return {name: source for name, source in found.items() if name != source.article_id}


def outlet_key(article: ArticleRef) -> str:
    """The outlet, case-folded; an article without one stands for itself."""
    return " ".join((article.outlet or f"#{article.article_id}").casefold().split())


def _order(article: ArticleRef) -> _Order:
    moment = article.document_time
    if moment is None:
        return True, 0.0, article.article_id
    return False, aware(moment).timestamp(), article.article_id


def _repeating(one: _Text, others: Iterable[_Text], weights: Mapping[str, float]) -> set[str]:
    """The articles among others that repeat one's text, or whose text it repeats."""
    hours, found, compared = weights["copy.hours"], set[str](), []
    a, size = one.article, len(one.signature)
    for other in others:
        first, second = min(one.order, other.order), max(one.order, other.order)
        if second[1] - first[1] > hours * 3600:
            continue
        b = other.article
        if a.text_sha256 and a.text_sha256 == b.text_sha256:
            found.add(b.article_id)
        elif not (a.agency and b.agency and a.agency != b.agency) and size == len(other.signature):
            compared.append(other)
    if compared and size:
        alike = np.flatnonzero(_are_copies(one, compared, weights)).tolist()
        found.update(compared[k].article.article_id for k in alike)
    return found


def _are_copies(
    one: _Text, others: Sequence[_Text], weights: Mapping[str, float]
) -> NDArray[np.bool_]:
    """Of each of the others, whether most of both texts is the same, or one stands in the other.

    Of two texts of one outlet the latter says nothing: they have their last paragraphs in common, on
    what went before in the city, whatever they tell of above.
    """
    signatures = np.stack([other.signature for other in others])
    own = np.stack([other.own for other in others])
    equal = signatures == one.signature
    shared = np.count_nonzero(equal & own & one.own, axis=1)
    missing = np.minimum(
        np.count_nonzero(one.own & (~own | (one.signature < signatures)), axis=1),
        np.count_nonzero(own & (~one.own | (signatures < one.signature)), axis=1),
    )
    within = shared >= weights["copy.within"] * (shared + missing)
    same = np.count_nonzero(equal, axis=1) >= weights["copy.jaccard"] * len(one.signature)
    foreign = np.array([other.outlet != one.outlet for other in others])
    found: NDArray[np.bool_] = same | (within & foreign & (shared >= _FEWEST_SHARED))
    return found
