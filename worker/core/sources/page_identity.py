"""Is this page the article that its feed announced, or another one, perhaps of another attack?

Rules
-----
1. What identifies an article are the words that few others have: names, quarters, what was hit. Each
   word of the feed's headline and summary weighs the less, the more ordinary it is in news of attacks
   (``lang.ordinary``); the watched city and its country are the most ordinary of all. A quarter of
   that weight has to be in the page, and more of it where the page has none of the words that the
   language pack does not know at all. A toll is no part of it: a true update brings a newer one.
2. A page that is titled as the article is, is it, however its text was rewritten; a title of nothing
   but ordinary words ("Blast in the capital kills 8") has to be the very same. So is one that was
   published at the very minute of the feed's entry, or whose own address is the one that was asked for
   and tells in words what it is about, while it shares anything.
3. A page that says it was published days before or after the article was (an address that is used
   again, an archive that a dead one leads to) has to show more: half of the weight, or the title.
4. Where headline and summary hold nothing but ordinary words, nothing can be told: the page counts.
"""

from __future__ import annotations

import datetime as dt
import itertools
import math
import re
from collections.abc import Callable
from functools import lru_cache
from urllib.parse import unquote, urlsplit

from worker.core.domain.document import Document
from worker.core.knowledge.knowledge import Knowledge
from worker.core.knowledge.profile import PlaceEntry
from worker.core.lang.normalise import plain
from worker.core.lang.ordinary import beginnings
from worker.core.sources.kinship import share_found
from worker.core.sources.page_facts import PageFacts

TITLE_WORDS = 3
"""With fewer words than these a headline cannot be compared to another."""
_LEAST_SHARE, _LEAST_OF_FAR = 0.25, 0.5
_LEAST_OF_TITLE = 0.17
"""Of a headline without a summary, which may be all that was rewritten."""
_LEAST_OF_KNOWN = 0.1
_LEAST_WITHOUT_NAMES, _NAMES = 0.4, 2
_LEAST_WEIGHT = 2.0
_SAME_TITLE, _SAME_TITLE_OF_FAR = 0.5, 0.8
_LEAST_TITLE_WEIGHT = 1.0
_FAR, _MINUTE = dt.timedelta(days=3), dt.timedelta(minutes=1)
_MOST_ORDINARY = 60
_SLUG_WORDS, _SLUG_CHARS = 3, 20
_WORDS = re.compile(r"[^\W\d_]+")


def identity_share(
    document: Document, said: str, body: str, facts: PageFacts, knowledge: Knowledge, lang: str
) -> float | None:
    """How much of what identifies the article is in a page that cannot be it, else None.

    ``said``: headline and summary of the feed. ``lang``: the language of the page.
    """
    far = _is_far(document, facts)
    weigh = _weigher(knowledge, lang)
    if _is_titled(document, facts, weigh, _SAME_TITLE_OF_FAR if far else _SAME_TITLE):
        return None
    text = f"{facts.title or ''}\n{body}"
    share = share_found(said, text, weigh, _LEAST_WEIGHT)
    if share is None:
        return None
    names = share_found(said, text, lambda stem: float(weigh(stem) == 1.0), _NAMES)
    return share if share < _least(document, facts, far=far, named=names != 0) else None


def _is_titled(
    document: Document, facts: PageFacts, weigh: Callable[[str], float], least: float
) -> bool:
    """Whether a page has the article's headline, or so much of what identifies it."""
    wanted, own = plain(document.title or ""), plain(facts.title or "")
    share = share_found(wanted, own, weigh, _LEAST_TITLE_WEIGHT)
    return (bool(wanted) and wanted == own) or (share is not None and share >= least)


def _least(document: Document, facts: PageFacts, *, far: bool, named: bool) -> float:
    """How much of what identifies the article has to be in the page.

    ``named``: one of its rarest words is, or it has hardly any.
    """
    if far:
        return _LEAST_OF_FAR
    if _is_of_the_minute(document, facts) or _is_at_its_address(document.url, facts.canonical):
        return _LEAST_OF_KNOWN
    if not document.summary:
        return _LEAST_OF_TITLE
    return _LEAST_SHARE if named else _LEAST_WITHOUT_NAMES


def names_article(url: str | None) -> bool:
    """Whether the last part of an address can be the name of one article: several words, or digits."""
    try:
        parts = urlsplit(url or "")
    except ValueError:
        return False
    last = unquote(parts.path).rstrip("/").rpartition("/")[2]
    if any(c.isdigit() for c in last + parts.query):
        return True
    return len(_WORDS.findall(last)) >= _SLUG_WORDS or len(last) >= _SLUG_CHARS


def _is_far(document: Document, facts: PageFacts) -> bool:
    """Whether all that the page says of its own time lies days away from what the feed says."""
    told = [moment for moment in (document.published, document.updated) if moment is not None]
    own = [moment for moment in (facts.published, facts.updated) if moment is not None]
    if document.published is None or facts.published is None:
        return False
    return all(abs(one - other) > _FAR for one in told for other in own)


def _is_of_the_minute(document: Document, facts: PageFacts) -> bool:
    """Whether page and feed name one minute of publication, not just one day."""
    told, own = document.published, facts.published
    if told is None or own is None or document.published_basis != "feed":
        return False
    return abs(told - own) < _MINUTE and (own.minute, own.second) != (0, 0)


def _is_at_its_address(url: str | None, canonical: str | None) -> bool:
    """Whether a page names the address that was asked for, and that one tells in words what it is."""
    asked, own = _path(url), _path(canonical)
    words = _WORDS.findall(asked.rpartition("/")[2])
    return asked == own and len(words) >= _SLUG_WORDS


def _path(url: str | None) -> str:
    try:
        return unquote(urlsplit(url or "").path).rstrip("/").casefold()
    except ValueError:
        return ""


def _weigher(knowledge: Knowledge, lang: str) -> Callable[[str], float]:
    """What the beginning of a word weighs in the news of the watched area, 1 at the most."""
    pack = knowledge.language(lang)
    counted = pack.ordinary if pack is not None else {}
    soft = knowledge.profile.soft_names.values()
    here = _words_of_area(knowledge.profile.places, tuple(itertools.chain.from_iterable(soft)))

    def weigh(stem: str) -> float:
        forms = _MOST_ORDINARY if stem in here else counted.get(stem, 0)
        return 1 / math.sqrt(1 + forms)

    return weigh


@lru_cache(maxsize=8)
def _words_of_area(places: tuple[PlaceEntry, ...], soft_names: tuple[str, ...]) -> frozenset[str]:
    """The names of the watched city and its country, which all that is read of it holds."""
    whole = [place for place in places if place.kind in ("city", "province")]
    names = (name for place in whole for name in (place.name, *place.variants))
    return beginnings(plain(" ".join([*names, *soft_names])))
