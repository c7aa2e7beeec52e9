"""NewsML-G2 (https://iptc.org/standards/newsml-g2/): Reuters, dpa, APA, ANSA, AP, STT and others.

::

    <newsMessage><itemSet><newsItem guid="…" version="3">
      <itemMeta> class, provider, versionCreated, pubStatus, embargoed, signal, edNote
      <contentMeta> urgency, headline, slugline, dateline, by, located, subject, language
      <contentSet> <inlineXML> XHTML or NITF, or <inlineData> text, or <remoteContent> a file

Rules
-----
1. Every ``newsItem`` of a message is an item. Packages (lists of links), concepts, catalogues and
   planning items are passed over; a document with nothing else is no news.
2. A text's body stands in the document. A picture, graphic or video has its description for a body.
3. ``pubStatus`` and the signals say what has to be done; the gravest counts. Without any an item is
   usable.
4. Several renditions of one content (XHTML and NITF) are one body: the longest. A list of events or
   a table of results in a language of its own is none.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

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
    code,
    from_base64,
    has_markup,
    lang_of,
    line,
    local,
    newsml_id,
    nitf_text,
    number,
    paragraphs,
    plain_paragraphs,
    qcode,
    spaced,
    unique,
    within,
)
from worker.core.text.markup import text_of

_ROOTS = frozenset({"newsitem", "packageitem", "newsmessage"})
_BESIDE_NEWS = ("packageItem", "conceptItem", "knowledgeItem", "planningItem", "catalogItem")
_TEXTS = frozenset({"nitf", "html", "body", "div", "p", "section", "article"})
_OF_NEWSML_1 = re.compile(r"<(?:[\w.-]{1,40}:)?NewsItem[\s>]")
_FRONT_CHARS = 4000
"""Within which an item that is the whole document begins."""
_Fields = Mapping[str, Sequence[Node]]


def matches(head: Head) -> str | None:
    """By the root, whatever its namespace; ``NewsItem`` with a capital is of NewsML 1."""
    if head.root is None or head.root.name not in _ROOTS:
        return None
    other = head.root.name == "newsitem" and _OF_NEWSML_1.search(head.text, 0, _FRONT_CHARS)
    return None if other else "newsml-g2"


def read(data: bytes, _head: Head, hint: Hint) -> Found:
    """The news items. Raises ``FeedError`` (parse_error, not_a_news_item, no_entries)."""
    root, nodes, problem = read_items(data, "newsItem")
    items = [_item(node, hint) for node in nodes]
    if not items:
        beside = next(within(root, *_BESIDE_NEWS), None)
        if beside is not None:
            raise FeedError("not_a_news_item", f"looks like {local(beside)}")
        raise FeedError("no_entries", "a newsml-g2 document without items")
    return Found(items, problem)


def _item(node: Node, hint: Hint) -> Item:
    meta, content = _fields(child(node, "itemMeta")), _fields(child(node, "contentMeta"))
    version = attribute(node, "version")
    contents = child(node, "contentSet")
    body, described = _body(contents), _description(content)
    titled = _headlines(content) or _lines(meta, "title") or _lines(content, "slugline")
    created = read_news_instant(_line(meta, "versionCreated"), hint.default_tz)
    first = read_news_instant(_line(meta, "firstCreated"), hint.default_tz)
    embargo = meta["embargoed"]
    until = read_news_instant(_line(meta, "embargoed"), hint.default_tz)
    codes = [qcode(n) for n in (*meta["pubStatus"], *meta["signal"])]
    undated = "embargo" if embargo and until is None else None
    texts = code(_first(meta, "itemClass")) == "text" and contents is not None
    return Item(
        guid=newsml_id(attribute(node, "guid"), version),
        version=version,
        title=titled[0] if titled else None,
        summary=described if body or texts else None,
        body=body or (None if texts else described),
        published=first or created,
        updated=created,
        lang=lang_of(node) or attribute(_first(content, "language"), "tag"),
        status=status_of(*codes, undated),
        embargo_until=until,
        urgency=number(_line(content, "urgency")),
        slugline=_line(content, "slugline"),
        dateline=_line(content, "dateline"),
        byline=spaced(_first(content, "by")),
        genre=_named(_first(content, "genre")),
        located=_place(content["located"]),
        provider=_provider(content, meta),
        subjects=unique(map(qcode, content["subject"])),
        notes=_lines(meta, "edNote"),
        plain=True,
    )


def _fields(node: Node | None) -> _Fields:
    found: defaultdict[str, list[Node]] = defaultdict(list)
    for one in node if node is not None else ():
        found[local(one)].append(one)
    return found


def _first(fields: _Fields, name: str) -> Node | None:
    return fields[name][0] if fields[name] else None


def _line(fields: _Fields, name: str) -> str | None:
    return line(_first(fields, name))


def _lines(fields: _Fields, name: str) -> tuple[str, ...]:
    return unique(map(line, fields[name]))


def _headlines(content: _Fields) -> tuple[str, ...]:
    """The headlines, those first that no role makes a lesser one."""
    roles = [(code(node, "role") or "main", node) for node in content["headline"]]
    return unique(line(node) for role, node in sorted(roles, key=lambda one: "main" not in one[0]))


def _description(content: _Fields) -> str | None:
    """The caption, else the longest description."""
    captions = [d for d in content["description"] if code(d, "role") == "caption"]
    found = [plain_paragraphs(line(d)) or "" for d in captions or content["description"]]
    return max(found, key=len, default=None) or None


def _body(contents: Node | None) -> str | None:
    found = [_inline_xml(n) or "" for n in children(contents, "inlineXML")]
    found += [_inline_data(n) or "" for n in children(contents, "inlineData")]
    return max(found, key=len, default=None) or None


def _inline_xml(node: Node) -> str | None:
    first = next((one for one in node if local(one)), None)
    if first is None:
        return _text(node.text, "html" in (attribute(node, "contenttype") or ""))
    if local(first).lower() not in _TEXTS:
        return None
    if local(first) == "nitf":
        return nitf_text(first)
    body = child(first, "body") if local(first) == "html" else None
    return paragraphs(body if body is not None else node)


def _inline_data(node: Node) -> str | None:
    kind = attribute(node, "contenttype") or "text/plain"
    if not kind.startswith(("text/", "application/xhtml", "application/xml")):
        return None
    text = line(node) if attribute(node, "encoding") else "".join(node.itertext())
    return _text(from_base64(text or "", attribute(node, "encoding")), "html" in kind)


def _text(text: str | None, html: bool) -> str | None:
    """Text that is no tree: plain, or HTML that was escaped."""
    if text and (html or has_markup(text)):
        return text_of(text) or None
    return plain_paragraphs(text)


def _named(node: Node | None) -> str | None:
    """The name of a concept, else its code."""
    return line(child(node, "name")) or attribute(node, "literal") or code(node)


def _place(located: Sequence[Node]) -> str | None:
    """The narrowest and the widest name: "Portsmere, Westmark"."""
    if not located:
        return None
    first = located[0]
    wider = [line(child(b, "name")) for b in children(first, "broader")]
    return ", ".join(unique([_named(first), *wider[-1:]])) or None


def _provider(content: _Fields, meta: _Fields) -> str | None:
    credited = _line(content, "creditline") or _named(_first(content, "infoSource"))
    return credited or _named(_first(meta, "provider"))
