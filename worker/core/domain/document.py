"""What there is to read: entries of feeds, documents, and the articles made of them.

Rules
-----
1. Values only: no I/O, no clock, no defaults that hide a decision.
2. Every ``Span`` counts into ``Article.text`` in Unicode code points, and
   ``text[start:end] == quote`` always holds.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from worker.core.domain.vocabulary import EntryStatus, PublishedBasis


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of ``Article.text``: half-open, in Unicode code points."""

    start: int
    end: int
    quote: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One item of a feed, as parsed: what we know before any page is fetched.

    ``id`` is the identity within its feed (guid, link, wire id without version) and never empty.
    ``body`` is set only when the document itself carries the text.
    """

    feed: str
    id: str
    format: str
    version: str | None = None
    title: str | None = None
    summary: str | None = None
    body: str | None = None
    url: str | None = None
    published: dt.datetime | None = None
    updated: dt.datetime | None = None
    lang: str | None = None
    outlet: str | None = None
    status: EntryStatus = "new"
    embargo_until: dt.datetime | None = None
    withdraws: str | None = None
    """Identity of *another* item that this one kills (NITF ``management-doc-idref``)."""
    withdraws_slugline: str | None = None
    """Keyword line of the item that this one kills, when a notice names it by that alone."""
    withdraws_sent: str | None = None
    """When that item was sent, as far as the notice says: the beginning of an instant in UTC
    ("2031-05-08", "2031-05-08T14:30")."""
    urgency: int | None = None
    """1 (flash) to 9, as the agency says."""
    slugline: str | None = None
    """The agency's keyword line: what versions and notices of one story share."""
    story: str | None = None
    """The keyword line without what tells versions and parts apart, folded."""
    headline: str | None = None
    """The words of the title without orders ("UPDATE 2-") and numbers, folded: what versions share."""
    part: int | None = None
    """n ≥ 1: the n-th continuation of a story (take, add), no version of it; 0: a version that stands
    for the story with all its parts (writethru)."""
    continues: str | None = None
    """Of a part: the identity of its story, where the agency's identities tell it."""
    dateline: str | None = None
    byline: str | None = None
    genre: str | None = None
    located: str | None = None
    """The place that the agency files the item under: of the event where it says so, else of origin."""
    provider: str | None = None
    """The agency credited ("AFP"), which need not be the outlet."""
    subjects: tuple[str, ...] = ()
    """Codes: ``medtop:20000055`` (Media Topics), ``subj:16005002`` (the older IPTC set), or the
    agency's own with its prefix."""
    note: str | None = None
    """What the agency tells editors beside the text."""
    content_hash: str = ""
    """Over title, summary, body, status, ``withdraws`` and ``embargo_until``; never over the other
    dates (a new date alone is no update)."""


@dataclass(frozen=True, slots=True)
class Document:
    """What there is to read: a page's HTML, or plain text, and what is known about it.

    ``agency``: the news agency whose text it is, where somebody has said so already.
    ``article_id`` is given by the caller and travels unchanged. ``published`` is the feed's or the
    input's; reading a page may refine it. ``first_seen`` is when this version reached us.
    """

    article_id: str
    version: int = 1
    title: str | None = None
    text: str | None = None
    html: bytes | None = None
    charset: str | None = None
    summary: str | None = None
    outlet: str | None = None
    url: str | None = None
    lang: str | None = None
    published: dt.datetime | None = None
    published_basis: PublishedBasis = "none"
    updated: dt.datetime | None = None
    first_seen: dt.datetime | None = None
    status: EntryStatus = "new"
    agency: str | None = None


@dataclass(frozen=True, slots=True)
class Article:
    """The text we hold of an entry, and when and by whom it was published."""

    article_id: str
    version: int
    title: str | None
    body: str
    text: str
    text_sha256: str
    outlet: str | None
    url: str | None
    lang: str
    published: dt.datetime | None
    published_basis: PublishedBasis
    first_seen: dt.datetime | None
    version_time: dt.datetime | None
    """Orders versions and figures: see ``read.version_time``."""
    status: EntryStatus = "new"
    copy_signature: tuple[int, ...] = ()
    """MinHash of the body; near-equal signatures are copies and count as one source."""
    agency: str | None = None
    """The news agency whose text it is: credited by the wire, in the byline, the dateline or below the
    text, or the outlet itself."""
    partial: bool = False
    """The page showed the beginning only; the rest is behind a wall."""
    maybe_withdrawn: bool = False
    """The page was gone when it was asked again, twice; nobody has said why."""
    page_checked_at: dt.datetime | None = None
    """When ``maybe_withdrawn`` last changed."""

    @property
    def document_time(self) -> dt.datetime | None:
        """The time decisions rest on: ``published``, else ``first_seen``."""
        return self.published or self.first_seen
