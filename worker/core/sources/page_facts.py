"""What a page says of itself: title, publication instant, description, language, paywall.

Rules
-----
1. JSON-LD first, then meta elements, then ``<time>``; a time of day beats a bare date. Of several
   objects in JSON-LD the one that names this page (by address or headline) speaks for it; one that
   names another page, as widgets of related stories do, never. A clock without a zone has that of
   the same clock elsewhere on the page ("18:11" in JSON-LD, "18:11+02:00" in a meta element).
2. The description of a page is not trusted as text; it only helps to find a lost lead.
3. One pass, linear in the page: trafilatura's own is quadratic on live blogs (1 s on a real page of
   428 updates, 16 s on one four times as long).
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lxml.html import HtmlElement

from worker.core.domain.vocabulary import PublishedBasis
from worker.core.sources.instant import read_news_instant
from worker.core.text.markup import one_line

_ARTICLE = re.compile(r"(?i)(?:article|report|posting|liveblog|newsitem|analysis|opinion|review)")
_JSON_DATE = re.compile(r'"datePublished"\s*:\s*"([^"]{8,40})"')
_JUNK = re.compile(r"^\s*(?:<!--|//\s*<!\[CDATA\[|<!\[CDATA\[)|(?:-->|//\s*\]\]>|\]\]>)?\s*;?\s*$")
_CLOCK = re.compile(r"\d[T ]\d{1,2}:?\d\d|\d{1,2}:\d\d")
_PUBLISHED = (
    "article:published_time", "article:published:time", "og:article:published_time", "og:published_time", "datepublished",
    "parsely-pub-date", "sailthru.date", "cxenseparse:recs:publishtime", "article.published",
    "dcterms.created", "dc.date.issued", "dcterms.date", "dc.date", "publishdate", "publish-date",
    "pubdate", "publication_date", "date", "last-published", "rbpubdate", "published_at",
)  # fmt: skip
_UPDATED = (
    "article:modified_time",
    "article:modified:time",
    "og:updated_time",
    "datemodified",
    "dcterms.modified",
    "lastmod",
)
_SCHEME = re.compile(r"^(?:https?:)?//(?:www\.|m\.|amp\.)?")
_FAR = "Pacific/Kiritimati"
"""A zone in which a time reads otherwise than elsewhere, unless its own zone is printed with it."""
_NAMED = 2
_SHARED = 0.6
_LARGEST_JSON = 2_000_000
_MOST_NODES = 5_000


@dataclass(frozen=True, slots=True)
class PageFacts:
    """``basis`` tells where ``published`` comes from: jsonld or meta, else none."""

    title: str | None = None
    published: dt.datetime | None = None
    basis: PublishedBasis = "none"
    updated: dt.datetime | None = None
    lang: str | None = None
    site: str | None = None
    canonical: str | None = None
    descriptions: tuple[str, ...] = ()
    article_body: str | None = None
    free: bool | None = None
    """False when the page declares itself behind a paywall, None when it says nothing."""
    refresh: str | None = None
    """What ``<meta http-equiv="refresh">`` says: seconds, and the address that is loaded then."""


@dataclass(slots=True)
class _Linked:
    """The parts of JSON-LD that are about this article."""

    nodes: list[Mapping[str, Any]] = field(default_factory=list)
    loose_dates: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Clock:
    """How the dates of this page are read: where it is at home, and when it came to us."""

    zone: str
    arrived: dt.datetime | None


def find_facts(
    tree: HtmlElement, zone: str, url: str | None = None, arrived: dt.datetime | None = None
) -> PageFacts:
    """The facts of a parsed page; times without an offset are local in ``zone``.

    ``url``: where it was found. ``arrived``: when it came; tells day from month ("05/11/2026").
    """
    meta = _meta(tree)
    canonical = _canonical(tree, meta)
    linked = _own(_linked(tree), tree, meta, {_bare(u) for u in (canonical, url) if u})
    clock = _Clock(zone, arrived)
    published, basis = _published(tree, meta, linked, clock)
    return PageFacts(
        title=_title(tree, meta, linked),
        published=published,
        basis=basis,
        updated=_first_instant([*_values(linked, "dateModified"), *_pick(meta, _UPDATED)], clock),
        lang=_lang(tree, meta, linked),
        site=_first([*meta.get("og:site_name", ()), *meta.get("application-name", ())]),
        canonical=canonical,
        descriptions=_descriptions(meta, linked),
        article_body=max(_values(linked, "articleBody"), key=len, default=None),
        free=_free(linked),
        refresh=next(iter(meta.get("refresh", ())), None),
    )


def _meta(tree: HtmlElement) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for element in tree.iter("meta"):
        content = (element.get("content") or "").strip()
        names = {element.get(key) for key in ("property", "name", "itemprop", "http-equiv")}
        for name in names:
            if name and content:
                found.setdefault(name.strip().lower(), []).append(content)
    return found


def _linked(tree: HtmlElement) -> _Linked:
    linked = _Linked()
    for script in tree.iter("script"):
        if "ld+json" not in (script.get("type") or "").lower():
            continue
        text = (script.text or "")[:_LARGEST_JSON]
        try:
            data = json.loads(_JUNK.sub("", text), strict=False)
        except (ValueError, RecursionError):
            linked.loose_dates.extend(_JSON_DATE.findall(text)[:1])
            continue
        nodes = [n for n in _nodes(data) if _ARTICLE.search(_types(n))]
        linked.nodes.extend(nodes)
    return linked


def _own(
    linked: _Linked, tree: HtmlElement, meta: Mapping[str, list[str]], addresses: set[str]
) -> _Linked:
    """The objects that are about this page; those that name it by address or headline first."""
    headings = [*meta.get("og:title", ()), *(_text(e) for e in tree.iter("h1", "title"))][:5]
    titles = [words for heading in headings if (words := _words(heading))]
    ranked = [(_kinship(node, titles, addresses), node) for node in linked.nodes]
    best = max((rank for rank, _ in ranked), default=0)
    least = best if best == _NAMED else 0
    kept = [(rank, node) for rank, node in ranked if rank >= least]
    kept.sort(key=lambda found: (-found[0], "datePublished" not in found[1]))
    return _Linked([node for _, node in kept], linked.loose_dates)


def _kinship(node: Mapping[str, Any], titles: list[frozenset[str]], addresses: set[str]) -> int:
    """2: the object names this page; 1: it says nothing of that; 0: unclear; -1: names another."""
    named = {_bare(u) for u in _addresses(node)}
    headline = _words(str(node.get("headline") or node.get("name") or ""))
    if named & addresses or any(_alike(headline, title) for title in titles):
        return _NAMED
    if not named and not headline:
        return 1
    return -1 if headline and titles else 0


def _addresses(node: Mapping[str, Any]) -> Iterator[str]:
    for key in ("url", "@id", "mainEntityOfPage"):
        value = node.get(key)
        value = value.get("@id") or value.get("url") if isinstance(value, dict) else value
        if isinstance(value, str) and "/" in value:
            yield value


def _bare(url: str) -> str:
    """An address without what differs between two spellings of it."""
    bare = _SCHEME.sub("", url.strip().casefold()).partition("#")[0].partition("?")[0]
    return bare.rstrip("/")


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text.casefold()))


def _alike(one: frozenset[str], two: frozenset[str]) -> bool:
    """Most words of the shorter headline are in the longer one."""
    return bool(one and two) and len(one & two) >= _SHARED * min(len(one), len(two))


def _text(element: HtmlElement) -> str:
    return " ".join("".join(element.itertext()).split())


def _nodes(data: Any) -> Iterator[Mapping[str, Any]]:
    """All objects of JSON-LD, outermost first; updates of a live blog are not entered."""
    queue, seen = [data], 0
    while queue and seen < _MOST_NODES:
        value = queue.pop(0)
        seen += 1
        if isinstance(value, dict):
            yield value
            inner = (value.get(k) for k in ("@graph", "mainEntity", "mainEntityOfPage", "hasPart"))
            queue.extend(v for v in inner if isinstance(v, dict | list))
        elif isinstance(value, list):
            queue.extend(value[:100])


def _types(node: Mapping[str, Any]) -> str:
    kind = node.get("@type")
    return " ".join(map(str, kind)) if isinstance(kind, list) else str(kind or "")


def _values(linked: _Linked, key: str) -> list[str]:
    values = (node.get(key) for node in linked.nodes)
    return [v.strip() for v in values if isinstance(v, str) and v.strip()]


def _pick(meta: Mapping[str, list[str]], names: Iterable[str]) -> list[str]:
    return [value for name in names for value in meta.get(name, ())]


def _published(
    tree: HtmlElement, meta: Mapping[str, list[str]], linked: _Linked, clock: _Clock
) -> tuple[dt.datetime | None, PublishedBasis]:
    sources: list[tuple[PublishedBasis, list[str]]] = [
        ("jsonld", [*_values(linked, "datePublished"), *linked.loose_dates]),
        ("meta", _pick(meta, _PUBLISHED)),
        ("meta", list(_times(tree))),
    ]
    for with_clock in (True, False):
        for basis, values in sources:
            chosen = [v for v in values if bool(_CLOCK.search(v)) is with_clock]
            found = _first_instant(chosen, clock)
            if found is not None:
                printed = [value for _, others in sources for value in others]
                return _zoned(found, printed, clock) if with_clock else found, basis
    return None, "none"


def _zoned(found: dt.datetime, printed: Iterable[str], clock: _Clock) -> dt.datetime:
    """The same, or where no zone was printed with it, what shows its clock and has a zone of its own."""
    here, there = (
        [read_news_instant(value, zone, clock.arrived) for value in printed]
        for zone in (clock.zone, _FAR)
    )
    own = [one for one, other in zip(here, there, strict=True) if one is not None and one == other]
    return found if found in own else next((m for m in own if _wall(m) == _wall(found)), found)


def _wall(moment: dt.datetime) -> dt.datetime:
    """What a clock on the wall shows, to the minute."""
    return moment.replace(tzinfo=None, second=0, microsecond=0)


def _times(tree: HtmlElement) -> Iterator[str]:
    """Of ``<time>`` elements and marked ones: those of publication first, then document order."""
    marked: list[str] = []
    plain: list[str] = []
    for element in tree.iter("time", "span", "abbr", "p", "div"):
        kind = (element.get("itemprop") or "").lower()
        if element.tag != "time" and kind != "datepublished":
            continue
        value = (element.get("datetime") or element.get("content") or _text(element)[:99]).strip()
        label = f"{kind} {element.get('class', '')}".lower()
        if value:
            ours = "publish" in label or "pubdate" in element.attrib
            (marked if ours else plain).append(value)
    yield from marked
    yield from plain[:1]


def _first_instant(values: Iterable[str], clock: _Clock) -> dt.datetime | None:
    found = (read_news_instant(value, clock.zone, clock.arrived) for value in values)
    return next((moment for moment in found if moment is not None), None)


def _first(values: Iterable[str]) -> str | None:
    lines = (one_line(value) for value in values)
    return next((line for line in lines if line), None)


def _title(tree: HtmlElement, meta: Mapping[str, list[str]], linked: _Linked) -> str | None:
    site = _first(meta.get("og:site_name", ()))
    headings = [" ".join(h.itertext()) for h in tree.iter("h1")][:3]
    plain = [t.text or "" for t in tree.iter("title")][:1]
    title = _first([*_values(linked, "headline"), *meta.get("og:title", ()), *headings, *plain])
    if title is None:
        return None
    printed = (one_line(heading) for heading in headings)
    short = (h for h in printed if h and title.startswith(f"{h} | "))
    return next(short, None) or _without_site(title, site)


def _without_site(title: str, site: str | None) -> str:
    """The title without the outlet's name that search engines are given behind it."""
    if not site:
        return title
    head, mark, tail = title.rpartition(
        next((m for m in (" | ", " - ", " – ", " — ") if m in title), "\0")
    )
    return head.strip() if mark and tail.strip().casefold() == site.casefold() else title


def _lang(tree: HtmlElement, meta: Mapping[str, list[str]], linked: _Linked) -> str | None:
    root = tree.getroottree().getroot()
    said = (root.get("lang"), *_values(linked, "inLanguage"), *meta.get("og:locale", ()))
    return next((v.strip().replace("_", "-").lower()[:35] for v in said if v and v.strip()), None)


def _canonical(tree: HtmlElement, meta: Mapping[str, list[str]]) -> str | None:
    for link in tree.iter("link"):
        if (link.get("rel") or "").lower() == "canonical" and link.get("href"):
            return str(link.get("href")).strip()
    return next(iter(meta.get("og:url", ())), None)


def _descriptions(meta: Mapping[str, list[str]], linked: _Linked) -> tuple[str, ...]:
    values = [*_pick(meta, ("og:description", "description")), *_values(linked, "description")]
    return tuple(dict.fromkeys(line for v in values if (line := one_line(v))))


def _free(linked: _Linked) -> bool | None:
    said = [node["isAccessibleForFree"] for node in linked.nodes if "isAccessibleForFree" in node]
    if not said:
        return None
    return all(str(value).strip().lower() not in ("false", "0") for value in said)
