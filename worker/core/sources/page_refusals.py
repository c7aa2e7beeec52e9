"""Is this page the article? What stands in its place is refused by name.

Rules
-----
1. The feed's own words tell: a page that shares nothing with its headline and summary is not the
   article (``kinship``), however well written it is; nor is one that shares only what every report
   of an attack says (``page_identity``).
2. A notice is known by its words (``page_*`` in the language packs) only where the page shares less
   than half of the headline: an article about cookies, captchas or paywalls shares more.
3. A page that calls itself the outlet's first page, or the front of a section, and is not titled as
   the article is no article, even where it lists the headline: beside it stand those of other
   attacks.
4. Free text of a page behind a wall is read when it says more than the feed's words did. The notice
   itself goes, and the article is marked ``partial``. A wall that wants no money but an account
   (``login``) is often up for some visits only; one that speaks of both is a paywall.

Reasons: ``redirect`` (its detail is the address that the page sends on to), ``challenge``,
``consent``, ``maintenance``, ``soft_404``, ``home_page``, ``paywall``, ``login``, ``stub``,
``other_text``, ``too_short``, ``unreadable``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from worker.core.domain.document import Document
from worker.core.domain.errors import PageError
from worker.core.knowledge.knowledge import Knowledge
from worker.core.lang.lexicon import Lexicon
from worker.core.lang.normalise import plain
from worker.core.sources.kinship import share_found
from worker.core.sources.page_facts import PageFacts
from worker.core.sources.page_identity import TITLE_WORDS, identity_share, names_article
from worker.core.text.identify import identify
from worker.core.text.markup import text_of

STUB_CHARS = 700
"""A body shorter than this may be the notice of a paywall or of a missing page."""
_NOTICE_CHARS = 3000
"""Consent pages are longer, but not much."""
_LEAST_BODY_CHARS = 30
_LEAST_FREE_CHARS = 100
_NOTICE_LINE_CHARS = 300
_LEAST_SHARE = 0.17
_HALF = 0.5
_SOON_S = 60
_REFRESH = re.compile(
    r"(?is)\s*(\d{1,4})(?:\.\d*)?\s*[;,]\s*(?:url\s*=)?\s*[\"']?\s*([^\"'\s>]{1,2000})"
)
_NOTICES = (
    ("page_challenge", "challenge"),
    ("page_consent", "consent"),
    ("page_maintenance", "maintenance"),
    ("page_gone", "soft_404"),
)
WALLS = ("paywall", "login")
"""What a notice in place of the text may want: money, or an account."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """The text of a page that is the article; ``partial``: the rest of it is behind a wall."""

    body: str
    partial: bool = False


def admit(document: Document, body: str, facts: PageFacts, knowledge: Knowledge) -> Admitted:
    """The body of a page that is the article of ``document``, whose words are the feed's.

    Raises ``PageError`` with one of the reasons above.
    """
    said = "\n".join(filter(None, (document.title, text_of(document.summary or ""))))
    share = share_found(said, body)
    head = f"{document.title or ''}\n{facts.title or ''}\n{body}"
    lang = identify(head, document.lang or facts.lang)
    says = _Notices(knowledge, lang)
    doubtful = len(body) < STUB_CHARS if share is None else share < _HALF
    if doubtful:
        _refuse_notices(document, head, body, facts, says)
    if _is_home(document, facts, doubtful=doubtful):
        raise PageError("home_page", (facts.title or "")[:100])
    if not body:
        raise PageError("unreadable", "no text found")
    if len(body) < _LEAST_BODY_CHARS:
        raise PageError("too_short", f"{len(body)} characters")
    admitted = _outside_wall(body, said, facts, says)
    if share is not None and share < _LEAST_SHARE:
        raise PageError("other_text", f"shares {share:.0%} of the headline's words")
    told = identity_share(document, said, body, facts, knowledge, lang)
    if told is not None:
        raise PageError("other_text", f"shares {told:.0%} of what tells the article from others")
    if _repeats(admitted.body, document.summary or ""):
        raise PageError("stub", "says less than the summary")
    return admitted


@dataclass(frozen=True, slots=True)
class _Notices:
    """Whether a notice stands in a text, in its own words or in English, as many sites have it."""

    knowledge: Knowledge
    lang: str

    def __call__(self, category: str, text: str) -> bool:
        words = plain(text)
        return any(phrases.first(category, words) for phrases in self._lexicons())

    def without(self, category: str, text: str) -> str:
        """The normalised text without these notices."""
        words = plain(text)
        for pattern in (phrases.pattern(category) for phrases in self._lexicons()):
            words = pattern.sub(" ", words) if pattern is not None else words
        return words

    def _lexicons(self) -> Iterator[Lexicon]:
        packs = (self.knowledge.language(code) for code in dict.fromkeys((self.lang, "en")))
        return (pack.phrases for pack in packs if pack is not None)


def _refuse_notices(
    document: Document, head: str, body: str, facts: PageFacts, says: _Notices
) -> None:
    """Raise for a page that sends on, tests its visitor, asks, or regrets."""
    target = _sends_on(facts, document.url)
    if target is not None and len(body) < STUB_CHARS:
        raise PageError("redirect", target)
    if len(body) < _NOTICE_CHARS:
        for category, reason in _NOTICES:
            if says(category, head):
                raise PageError(reason, (facts.title or "")[:100])


def _is_home(document: Document, facts: PageFacts, *, doubtful: bool) -> bool:
    """Whether a page that was not asked for as a front page says that it is, by address and title.

    Some sites name the home page's address in every article; those have titles of their own. Where a
    title has too few words to compare, it is a front page only if its text is ``doubtful`` too.
    """
    if not document.url or not _is_front(facts.canonical, document.url):
        return False
    share = share_found(document.title or "", facts.title or "", fewest=TITLE_WORDS)
    return doubtful if share is None else share < _HALF


def _sends_on(facts: PageFacts, url: str | None) -> str | None:
    """The address that a page loads by itself within a minute, when that is another one."""
    found = _REFRESH.match(facts.refresh or "")
    if found is None or int(found[1]) > _SOON_S:
        return None
    try:
        target = urljoin(url or "", found[2])
        named = urlsplit(target).scheme in ("http", "https")
    except ValueError:
        return None
    return target if named and target != url else None


def _is_front(named: str | None, asked: str) -> bool:
    """Whether a page names the home page or a section as its address, where another was asked for."""
    if _is_root(named):
        return not _is_root(asked)
    return bool(_host(named)) and names_article(asked) and not names_article(named)


def _is_root(url: str | None) -> bool:
    return bool(_host(url)) and urlsplit(url or "")[2:4] in (("", ""), ("/", ""))


def _host(url: str | None) -> str:
    try:
        return urlsplit(url or "").netloc
    except ValueError:
        return ""


def _outside_wall(body: str, said: str, facts: PageFacts, says: _Notices) -> Admitted:
    """What of a walled page may be read. Raises ``PageError`` (paywall, login)."""
    wall = _wall(body, says) or (WALLS[0] if facts.free is False else None)
    if len(body) >= STUB_CHARS or wall is None:
        return Admitted(body)
    lines = [line for line in body.split("\n") if not _is_notice(line, says)]
    free = "\n".join(lines).strip()
    if len(free) < _LEAST_FREE_CHARS or _repeats(free, said):
        raise PageError(wall, f"{len(free)} characters are free")
    return Admitted(free, partial=True)


def _wall(text: str, says: _Notices) -> str | None:
    """What a notice in the text wants of its reader, if one stands there."""
    if says("page_paywall", says.without("page_login", text)):
        return WALLS[0]
    return WALLS[1] if says("page_login", text) else None


def _is_notice(line: str, says: _Notices) -> bool:
    return len(line) < _NOTICE_LINE_CHARS and _wall(line, says) is not None


def _repeats(text: str, known: str) -> bool:
    """Whether all of a text stands in what is known already, and that is longer."""
    words, others = " ".join(plain(text).split()), " ".join(plain(text_of(known)).split())
    return len(words) < len(others) and words.rstrip(" .…") in others
