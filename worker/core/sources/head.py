"""The beginning of a document, decoded once: what formats are told apart by.

No format is known here. A format's ``matches`` looks at a ``Head`` and says whether it is its own.

Rules
-----
1. What the server says of the type is not asked: feeds come as ``text/html``, login pages as
   ``application/rss+xml``. The root element and the first keys do not lie.
2. Junk before the root is stepped over (a PHP warning, blank lines, a second byte order mark). What
   is junk only the formats know, so they are shown one element after the other, in the order of the
   document: the first that any of them takes is the root.
3. Comments, processing instructions and an internal DTD hold no elements.
4. One pass over at most 64 KiB, linear whatever stands there.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

Kind = Literal["json", "fragment", "binary", "unknown"]

_WINDOW_BYTES = 65_536
_BINARY_BYTES = 1024
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WIDE = (
    (b"<\x00\x00\x00", "utf-32-le"),
    (b"\x00\x00\x00<", "utf-32-be"),
    (b"<\x00", "utf-16-le"),
    (b"\x00<", "utf-16-be"),
)
_MAGIC = (
    b"%PDF", b"\xff\xd8\xff", b"GIF8", b"\x89PNG", b"RIFF", b"II*\x00", b"MM\x00*", b"PK\x03\x04", b"ID3",
    b"OggS", b"8BPS",
)  # fmt: skip
_DECLARED = re.compile(r"<\?xml\b[^<>]{0,200}?\bencoding\s*=\s*[\"']([\w.:-]{1,40})[\"']")
_INTERNAL = re.compile(r"<!DOCTYPE[^\[>]{0,500}\[", re.IGNORECASE)
_START_TAG = re.compile(
    r"<(?:(?P<prefix>[A-Za-z_][\w.-]*):)?(?P<name>[A-Za-z_][\w.-]*)(?=[\s>/])(?P<attributes>[^<>]*)"
)
_NAMESPACE = re.compile(r"\bxmlns(?::([\w.-]+))?\s*=\s*[\"']([^\"'<>]{0,300})[\"']")
_JSON_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"?|\S', re.DOTALL)
_MAX_KEYS = 200


@dataclass(frozen=True, slots=True)
class Element:
    """A start tag: local name in lower case, and its namespace, "" when it declares none itself."""

    name: str
    namespace: str = ""


@dataclass(frozen=True, slots=True)
class Head:
    """The first 64 KiB of a document.

    ``data``: the bytes. ``text``: the same decoded, by byte order mark, by the width of the first
    ``<``, else as UTF-8 with replacements; without blanks before it. ``encoding``: what a mark or the
    XML declaration says, None when neither says anything. ``kind``: what to call the document when no
    format takes it. ``root``: the element that is asked about; None while formats may look at text
    and bytes alone. ``keys``: the names in the outermost JSON object, as written, in their order; of
    a list, those in its first object.
    """

    data: bytes
    text: str
    encoding: str | None
    kind: Kind
    root: Element | None = None
    keys: tuple[str, ...] = ()


def read_head(data: bytes) -> Head:
    """The head of a document, with no root yet."""
    window = data[:_WINDOW_BYTES]
    decoded, encoding = _decoded(window)
    text = decoded.lstrip("\ufeff \t\r\n\x00")
    if text[:1] in ("{", "["):
        return Head(window, text, encoding, "json", keys=_keys(text))
    if encoding is None and (declared := _DECLARED.match(text)):
        encoding = declared[1].lower()
    return Head(window, text, encoding, _kind(window, text))


def read_roots(head: Head) -> Iterator[Head]:
    """The head once for each element that may be its root, in the order of the document.

    A picture or an archive has none, although XML about it may stand at its beginning.
    """
    if head.data.startswith(_MAGIC):
        return
    seen: set[Element] = set()
    for found in _start_tags(head.text) if head.kind != "json" else ():
        element = Element(found["name"].lower(), _namespace(found))
        if element not in seen:
            seen.add(element)
            yield replace(head, root=element)


def _decoded(window: bytes) -> tuple[str, str | None]:
    for mark, encoding in _BOMS:
        if window.startswith(mark):
            return window[len(mark) :].decode(encoding, "replace"), encoding
    for mark, encoding in _WIDE:
        if window.startswith(mark):
            return window.decode(encoding, "replace"), encoding
    return window.decode("utf-8", "replace"), None


def _kind(window: bytes, text: str) -> Kind:
    if b"\x00" in window[:_BINARY_BYTES] or window.startswith(_MAGIC):
        return "binary"
    return "fragment" if text.startswith("<") else "unknown"


def _start_tags(text: str) -> Iterator[re.Match[str]]:
    """Every start tag, whatever stands between them; one pass."""
    position = text.find("<")
    while position >= 0:
        if text.startswith("<!--", position):
            position = _after(text, "-->", position)
        elif text.startswith("<?", position):
            position = _after(text, "?>", position)
        elif found := _INTERNAL.match(text, position):
            position = _after(text, "]", found.end())
        else:
            if found := _START_TAG.match(text, position):
                yield found
            position += 1
        position = text.find("<", position) if position >= 0 else -1


def _after(text: str, mark: str, position: int) -> int:
    """Behind the next ``mark``; -1 when there is none."""
    found = text.find(mark, position)
    return found + len(mark) if found >= 0 else -1


def _namespace(tag: re.Match[str]) -> str:
    declared = dict(_NAMESPACE.findall(tag["attributes"]))
    return str(declared.get(tag["prefix"] or "", ""))


def _keys(text: str) -> tuple[str, ...]:
    """Names in the first object of a JSON text that may be cut off anywhere."""
    keys: list[str] = []
    depth = outermost = 0
    before = ""
    for token in _JSON_TOKEN.finditer(text):
        mark = token[0]
        depth += (mark in ("{", "[")) - (mark in ("}", "]"))
        if mark == "{" and not outermost:
            outermost = depth
        if depth < outermost or len(keys) == _MAX_KEYS:
            break
        if mark[0] == '"' and depth == outermost and before in ("{", ","):
            keys.append(token[1])
        before = mark
    return tuple(keys)
