"""NewsML 1.0 to 1.2 (https://iptc.org/standards/newsml-1/): AFP, Belga, ANA, TASS, Kyodo, EFE.

::

    <NewsML><NewsItem>
      <Identification><NewsIdentifier> ProviderId, DateId, NewsItemId, RevisionId, PublicIdentifier
      <NewsManagement> NewsItemType, FirstCreated, ThisRevisionCreated, Status, Urgency
      <NewsComponent> NewsLines, AdministrativeMetadata, DescriptiveMetadata
        <NewsComponent><Role FormalName="Main"/> <ContentItem><DataContent> text, XHTML or NITF

Rules
-----
1. The identity is the urn without its revision. Where there is none, provider, day and item id. Belga
   prints one ``PublicIdentifier`` for all its items, TASS none: there the ``Duid`` stands in.
2. Components are a tree and differ from agency to agency. A text is what no role makes something else:
   the longest, with the lead before it. Captions are the body of what has no text.
3. The most urgent items have an empty ``HeadLine``: the first paragraph is the title then.
4. Items that are lists of topics or of links to other items are no news.
5. ``Urgency`` is an attribute or a text (TASS); dates come without a zone (Belga).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from lxml import etree

from worker.core.domain.errors import FeedError
from worker.core.sources.entries import Found, Hint, Item
from worker.core.sources.head import Head
from worker.core.sources.instant import read_news_instant
from worker.core.sources.whole_items import read_items
from worker.core.sources.wire_status import status_of
from worker.core.sources.wire_xml import (
    Node,
    attribute,
    child,
    children,
    from_base64,
    has_markup,
    iptc_code,
    lang_of,
    line,
    local,
    newsml_id,
    nitf_text,
    number,
    paragraphs,
    plain_paragraphs,
    unique,
    within,
    without_revision,
)
from worker.core.text.markup import text_of

_NO_TEXT_MEDIA = ("photo", "audio", "video", "image", "picture", "graphic", "animation")
_NO_TEXT_TYPES = ("image/", "audio/", "video/", "application/pdf", "text/css")
_LEADS = frozenset({"lead", "short", "abstract", "summary"})
_CAPTIONS = frozenset({"caption", "photo caption", "description"})
_BESIDE = frozenset({"title", "headline", "subheadline", "contact", "stylesheet", "quote", "logo",
                     "quicklook", "thumbnail", "highdef", "preview", "sound", "source", "copyright"})  # fmt: skip
_SUBJECTS = ("Subject", "SubjectMatter", "SubjectDetail", "SubjectQualifier")
_TITLE_CHARS = 200
_Told: TypeAlias = defaultdict[str, list[Node]]


@dataclass(frozen=True, slots=True)
class _Text:
    """One text of an item, and the role of the component that holds it, in lower case."""

    role: str
    text: str
    content: Node


def matches(head: Head) -> str | None:
    """By the root: the document, or one item alone that is none of NewsML-G2."""
    return "newsml-1" if head.root and head.root.name in ("newsml", "newsitem") else None


def read(data: bytes, _head: Head, hint: Hint) -> Found:
    """The news items. Raises ``FeedError`` (parse_error, no_entries)."""
    _, nodes, problem = read_items(data, "NewsItem")
    beside = [node for node in nodes if _is_beside_news(node)]
    if beside and len(beside) == len(nodes):
        raise FeedError("not_a_news_item", "looks like a catalogue or a package")
    items = [_item(node, hint) for node in nodes if node not in beside]
    if not items:
        raise FeedError("no_entries", "a newsml-1 document without items")
    return Found(items, problem)


def _item(node: Node, hint: Hint) -> Item:
    managed = child(node, "NewsManagement")
    first, revised = (
        _moment(managed, name, hint) for name in ("FirstCreated", "ThisRevisionCreated")
    )
    texts = list(_texts(node))
    main = _main(texts)
    body = _body(texts, main)
    told = _around(node, main)
    orders = children(managed, "Status", "NewsItemType", "Instruction")
    status = status_of(*map(_formal, orders))
    return Item(
        guid=_identity(node, first),
        version=line(next(within(node, "RevisionId"), None)),
        title=_title(node, told, texts, body),
        body=body,
        published=first or revised,
        updated=revised,
        lang=_lang(node, main),
        status=status,
        embargo_until=_release(managed, hint),
        withdraws=_withdrawn(managed) if status == "kill" else None,
        urgency=_urgency(node, managed),
        slugline=_slugline(node, told),
        dateline=_first(told, "DateLine"),
        byline=_first(told, "ByLine"),
        genre=_formal(next(_all(told, "Genre"), None)),
        located=_located(told),
        provider=_provider(node, told),
        subjects=unique(map(_subject, _all(told, *_SUBJECTS))),
        notes=_notes(told, managed),
        plain=True,
    )


def _is_beside_news(node: Node) -> bool:
    """A list of topics, or of links to other items."""
    if child(node, "TopicSet") is not None:
        return True
    links = next(within(node, "NewsItemRef"), None) is not None
    return links and next(within(node, "DataContent"), None) is None


def _formal(node: Node | None) -> str | None:
    return attribute(node, "FormalName")


def _around(node: Node, main: _Text | None) -> _Told:
    """What is said of the main text, by name: by its components, the innermost first."""
    above = (
        main.content.iterancestors("{*}NewsComponent") if main else children(node, "NewsComponent")
    )
    told: _Told = defaultdict(list)
    for component in above:
        for part in component:
            if local(part) not in ("NewsComponent", "ContentItem"):
                for one in part.iter(etree.Element):
                    told[local(one)].append(one)
    return told


def _all(told: _Told, *names: str) -> Iterator[Node]:
    return (found for name in names for found in told[name])


def _first(told: _Told, *names: str) -> str | None:
    return next(filter(None, map(line, _all(told, *names))), None)


def _moment(node: Node | None, name: str, hint: Hint) -> dt.datetime | None:
    return read_news_instant(line(child(node, name)), hint.default_tz)


def _identity(node: Node, first: dt.datetime | None) -> str | None:
    known = child(node, "Identification", "NewsIdentifier")
    revision, public = line(child(known, "RevisionId")), line(child(known, "PublicIdentifier"))
    provider, day, item = (line(child(known, n)) for n in ("ProviderId", "DateId", "NewsItemId"))
    urn = newsml_id(public, revision)
    if urn and urn.startswith("urn:newsml:") and urn.count(":") >= 4:
        return _dated(urn, day, first)
    if item and len(item) > 2:
        return _dated(f"urn:newsml:{provider or ''}:{(day or '')[:8]}:{item}", day, first)
    duid = next((d for c in within(node, "NewsComponent") if (d := attribute(c, "Duid"))), None)
    return f"{provider or ''}:{duid}" if duid and len(duid) > 5 else None


def _dated(urn: str, day: str | None, first: dt.datetime | None) -> str:
    """The urn with the day of the first version: Belga's ``DateId`` is the time of the revision."""
    if day is None or len(day) <= 8 or first is None:
        return urn
    return urn.replace(f":{day[:8]}:", f":{first:%Y%m%d}:", 1)


def _texts(node: Node) -> Iterator[_Text]:
    for content in within(node, "ContentItem"):
        media = (_formal(child(content, "MediaType")) or "").lower()
        mime = (_formal(child(content, "MimeType")) or "").lower()
        text = _text(content, mime)
        if text and not mime.startswith(_NO_TEXT_TYPES):
            caption = media.startswith(_NO_TEXT_MEDIA)
            yield _Text("caption" if caption else _role(content), text, content)


def _role(content: Node) -> str:
    """The role of the nearest component that has one, up to the item."""
    for above in content.iterancestors("{*}NewsComponent"):
        role = child(above, "Role")
        if role is not None:
            return (_formal(role) or "").lower()
    return ""


def _text(content: Node, mime: str) -> str | None:
    data = next(within(content, "DataContent"), None)
    if data is None:
        return None
    inner = next((one for one in data if local(one) not in ("", "media")), None)
    if inner is not None and local(inner) == "nitf":
        return nitf_text(inner)
    if inner is not None:
        html = child(inner, "body") if local(inner).lower() == "html" else None
        return paragraphs(html if html is not None else data)
    if len(data):
        return line(next(within(data, "media-caption"), None))
    encoding = child(content, "Encoding")
    text = from_base64(data.text or "", attribute(encoding, "Notation"))
    if text and (mime.endswith("html") or has_markup(text)):
        return text_of(text) or None
    return plain_paragraphs(text)


def _main(texts: list[_Text]) -> _Text | None:
    """The longest of the texts that no role makes something else; a lead or caption without one."""
    for kind in (_BESIDE | _CAPTIONS | _LEADS, _BESIDE | _CAPTIONS, _BESIDE):
        found = [text for text in texts if text.role not in kind]
        if found:
            return max(found, key=lambda t: len(t.text))
    return None


def _body(texts: list[_Text], main: _Text | None) -> str | None:
    if main is None or main.role in _LEADS | _CAPTIONS:
        return main.text if main else None
    lead = next((t.text for t in texts if t.role in _LEADS), None)
    return f"{lead}\n\n{main.text}" if lead and lead not in main.text else main.text


def _title(node: Node, told: _Told, texts: list[_Text], body: str | None) -> str | None:
    names = ("HeadLine", "Headline")
    title = _first(told, *names) or next(
        (t.text for t in texts if t.role in ("title", "headline")), None
    )
    if title is None and not any(t.role in _CAPTIONS for t in texts):
        title = next(filter(None, map(line, within(node, *names, "hl1"))), None)
    opening = (body or "").partition("\n\n")[0]
    label = line(child(node, "Identification", "NameLabel"))
    return title or (opening if 0 < len(opening) <= _TITLE_CHARS else None) or label


def _lang(node: Node, main: _Text | None) -> str | None:
    above = main.content.iterancestors("{*}NewsComponent", "{*}NewsItem") if main else (node,)
    tagged = next(filter(None, map(lang_of, above)), None)
    return tagged or next(filter(None, map(_formal, within(node, "Language"))), None)


def _release(managed: Node | None, hint: Hint) -> dt.datetime | None:
    """When an embargoed item becomes usable: ``StatusWillChange``."""
    change = child(managed, "StatusWillChange")
    if status_of(_formal(child(managed, "Status"))) not in ("embargo", "hold"):
        return None
    return _moment(change, "DateAndTime", hint)


def _withdrawn(managed: Node | None) -> str | None:
    """Another item that is named as the one killed; mere company ("AssociatedWith") is not."""
    for other in children(managed, "AssociatedWith", "DerivedFrom"):
        if status_of(_formal(other)) == "kill":
            return without_revision(attribute(other, "NewsItem"))
    return None


def _urgency(node: Node, managed: Node | None) -> int | None:
    urgency = child(managed, "Urgency")
    found = number(_formal(urgency)) or number(line(urgency))
    priority = next((p for p in node.itersiblings("{*}NewsEnvelope", preceding=True)), None)
    return found or number(_formal(child(priority, "Priority")))


def _slugline(node: Node, told: _Told) -> str | None:
    label = line(child(node, "Identification", "NameLabel"))
    keywords = unique(map(line, _all(told, "KeywordLine")))
    return _first(told, "SlugLine") or label or ", ".join(keywords) or None


def _located(told: _Told) -> str | None:
    """Of the event, where a location says so; else the first."""
    places = list(_all(told, "Location"))
    events = [p for p in places if (attribute(p, "HowPresent") or "").lower() == "event"]
    for place in (*events, *places):
        known = {_formal(p): attribute(p, "Value") for p in within(place, "Property")}
        found = unique(known.get(name) for name in ("City", "Area", "CountryArea", "Country"))
        if found:
            return ", ".join(found)
    return None


def _provider(node: Node, told: _Told) -> str | None:
    parties = (_formal(next(within(n, "Party"), None)) for n in _all(told, "Provider", "Source"))
    named = _first(told, "CreditLine") or next(filter(None, parties), None)
    return named or line(child(node, "Identification", "NewsIdentifier", "ProviderId"))


def _subject(node: Node) -> str | None:
    return iptc_code(_formal(node) or "") or None


def _notes(told: _Told, managed: Node | None) -> tuple[str, ...]:
    orders = [_formal(n) for n in children(managed, "Instruction")]
    lines = [line(child(n, "NewsLineText")) for n in _all(told, "NewsLine")]
    return unique((*orders, *lines, *map(line, _all(told, "Comment"))))
