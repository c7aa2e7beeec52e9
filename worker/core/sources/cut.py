"""A feed's bytes cut into what stands around its items and the items themselves, without reading them.

Rules
-----
1. Only what is certain is cut: RSS, Atom and news sitemaps whose items stand one behind the other with
   nothing but blanks between them and nothing but end tags and comments behind them; JSON Feeds. Of
   anything else, ``cut_feed`` says None, and the feed is read as a whole.
2. A mark inside a comment, a CDATA section or an instruction is none. A document type is not certain.
3. An item must mean the same whatever stands before it. feedparser lets ``xml:base`` and namespaces
   of an item reach into the next: with either, nothing is cut. The namespace of XHTML is harmless.
4. The frame is what must not change: all around the items but the channel's dates and, of RSS 1.0, the
   list of the items. How the document is to be read belongs to it as well.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from worker.core.sources.entries import MAX_ENTRIES, Hint
from worker.core.text.charset import xml_as_utf_8

_ROOT = re.compile(
    rb"(?:\s|<!--(?:(?!--).){0,2000}-->|<\?[^<>]{0,500}\?>)*<([A-Za-z:]{1,20})(?=[\s>])", re.DOTALL
)
_NAMES = {b"rss": b"item", b"rdf:RDF": b"item", b"feed": b"entry", b"urlset": b"url"}
_DECLARED = re.compile(rb"""<\?xml\b[^<>]{0,200}?\bencoding\s*=\s*["']\s*([\w.:-]{2,40})""")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{2,30})", re.IGNORECASE)
_ATTRIBUTES = re.compile(rb"(?:\s+[\w:.-]{1,60}\s*=\s*(?:\"[^\"<]*\"|'[^'<]*'))*\s*>")
_TAIL = re.compile(rb"(?:\s|</[\w:.-]{1,40}\s*>|<!--(?:(?!--).){0,5000}-->)+", re.DOTALL)
_ENDS = ((b"<![CDATA[", b"]]>"), (b"<!--", b"-->"), (b"<?", b"?>"))
_XHTML = b'xmlns="http://www.w3.org/1999/xhtml"'
_XMLNS = re.compile(rb"xmlns")
_REACHES_ON = (
    (re.compile(rb"base"), re.compile(rb"\bbase\s*=")),
    (re.compile(rb"svg"), re.compile(rb"[<:]svg\b")),
)
"""A word, and what it must stand in. To look for the bare word is cheap, and mostly there is none."""
_CHANGES = re.compile(
    rb"<(lastBuildDate|pubDate|updated|modified|dc:date)>[\w ,.:+-]{0,60}</\1>|"
    rb"<items>\s*<rdf:Seq>(?:\s*<rdf:li\b[^<>]{0,2000}/>)*\s*</rdf:Seq>\s*</items>"
)


@dataclass(frozen=True, slots=True)
class Cut:
    """``frame``: digest of what stands around the items. ``items``: the bytes of each, in the order of
    the document. ``joined``: a document of the same kind with these items alone.
    """

    frame: bytes
    items: tuple[bytes, ...]
    joined: Callable[[Iterable[bytes]], bytes]


def digest(*parts: bytes) -> bytes:
    """16 bytes by which texts are known again."""
    made = hashlib.blake2b(digest_size=16)
    for part in parts:
        made.update(b"%d:" % len(part))
        made.update(part)
    return made.digest()


def cut_feed(data: bytes, hint: Hint) -> Cut | None:
    """The items of a feed, or None when it is not certain where they begin and end."""
    if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        return _cut_json(data, hint)
    charset = _CHARSET.search(hint.content_type or "")
    text = xml_as_utf_8(data, charset[1] if charset else None)
    root = _ROOT.match(text)
    name = _NAMES.get(root[1]) if root else None
    if name is None or (name == b"url" and not _is_utf_8(data, text)):
        return None
    stretches = _stretches(text, name)
    if not stretches or len(stretches) > MAX_ENTRIES:
        return None
    head, tail = text[: stretches[0].start], text[stretches[-1].stop :]
    if _may_reach_on(text[len(head) :]) or not _TAIL.fullmatch(tail):
        return None

    def joined(items: Iterable[bytes]) -> bytes:
        return b"\n".join((head, *items, tail))

    frame = digest(_CHANGES.sub(b"", head), _way_to_read(hint))
    return Cut(frame, tuple(text[one] for one in stretches), joined)


def _stretches(text: bytes, name: bytes) -> list[slice]:
    """Where the items begin and end; none when anything is not as it should be."""
    mark = re.compile(rb"<(?:!\[CDATA\[|!--|\?|!|(/?)" + name + rb"(?=[\s/>]))")
    items: list[slice] = []
    begin = -1
    found = mark.search(text)
    while found is not None:
        if found[1] is None:
            end = _behind(text, found[0], found.end())
        elif found[1]:
            end = text.find(b">", found.end()) + 1
            if begin < 0 or text[found.end() : end].strip() != b">":
                return []
            items.append(slice(begin, end))
            begin = -1
        else:
            tag = _ATTRIBUTES.match(text, found.end())
            if (
                tag is None
                or begin >= 0
                or (items and text[items[-1].stop : found.start()].strip())
            ):
                return []
            begin, end = found.start(), tag.end()
        if end <= 0:
            return []
        found = mark.search(text, end)
    return items if begin < 0 else []


def _behind(text: bytes, mark: bytes, position: int) -> int:
    """Behind a comment, CDATA section or instruction that begins with ``mark``; 0: it is none, or
    does not end.
    """
    end = dict(_ENDS).get(mark)
    found = text.find(end, position) if end else -1
    return found + len(end) if end and found >= 0 else 0


def _may_reach_on(text: bytes) -> bool:
    """Whether an item may have to do with those behind it."""
    if _XMLNS.search(text) and text.count(b"xmlns") != text.count(_XHTML):
        return True
    return any(word.search(text) and sign.search(text) for word, sign in _REACHES_ON)


def _is_utf_8(data: bytes, text: bytes) -> bool:
    """Whether a document says the encoding that it has: a sitemap's reader believes it."""
    declared = _DECLARED.match(data.lstrip())
    named = declared[1].lower() if declared else b"utf-8"
    return named in (b"utf-8", b"utf8") and data.strip().endswith(text.strip())


def _way_to_read(hint: Hint) -> bytes:
    said = (hint.feed, hint.url, hint.base, hint.content_type, hint.kind, hint.default_tz)
    return repr((said, hint.lang, hint.outlet, hint.full_text)).encode("utf-8", "replace")


def _cut_json(data: bytes, hint: Hint) -> Cut | None:
    """The items of a JSON Feed, each as it is written anew."""
    try:
        feed = json.loads(data.decode(json.detect_encoding(data)))
    except (ValueError, RecursionError):
        return None
    items = feed.get("items")
    if not isinstance(items, list) or not 0 < len(items) <= MAX_ENTRIES:
        return None
    if not all(isinstance(item, dict) for item in items):
        return None

    def joined(some: Iterable[bytes]) -> bytes:
        # The list is the last key: what a feed is known by stands before it.
        rest = {key: value for key, value in feed.items() if key != "items"}
        begin = json.dumps(rest)[:-1].encode() + (b", " if rest else b"")
        return begin + b'"items": [' + b", ".join(some) + b"]}"

    frame = digest(joined(()), _way_to_read(hint))
    return Cut(frame, tuple(json.dumps(item).encode() for item in items), joined)
