"""What an answer of an API says beside its items: values at a dotted path, links by relation.

``data.next_page`` is that key of a JSON object; ``items.*.sequence`` that key of each of a list. In
XML the parts are names of elements without their prefix, below the root or from it: ``meta.next``;
``link.@href`` is an attribute. Strangers wrote the bytes, so call this where it can be killed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from lxml import etree

from worker.core.sources.hardened_xml import hardened_parser

_VALUES = 10_000
_VALUE_CHARS = 4_000
_HEADER_CHARS = 20_000
_LINK = re.compile(r"<([^<>]{1,4000})>((?:\s*;\s*[\w!*-]+\s*(?:=\s*(?:\"[^\"]*\"|[^\s;,\"]*))?)*)")
_REL = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|([^\s;,\"]+))", re.IGNORECASE)
_HUB, _SELF = "hub", "self"


@dataclass(frozen=True, slots=True)
class FeedLinks:
    """The hubs that distribute a feed, and the address under which they know it."""

    hubs: tuple[str, ...] = ()
    topic: str | None = None


def values_at(data: bytes, path: str) -> tuple[str, ...]:
    """Texts and numbers at ``path``, in the document's order; none when there are none, or no JSON
    and no XML is found.
    """
    found = (_text(value) for value in _found(data, path))
    return tuple(islice((text for text in found if text is not None), _VALUES))


def documents_at(data: bytes, path: str) -> tuple[bytes, ...]:
    """The documents that an answer holds at ``path``, each as bytes of its own: JSON objects, XML
    elements, or texts that are documents themselves. A list is each of its members.
    """
    found = chain.from_iterable(v if isinstance(v, list) else [v] for v in _found(data, path))
    return tuple(islice((_document(value) for value in found), _VALUES))


def links_in_header(header: str) -> Iterator[tuple[str, str]]:
    """Relation and target of each link of a ``Link`` header (RFC 8288); relations in lower case."""
    for target, parameters in _LINK.findall(header[:_HEADER_CHARS]):
        if rel := _REL.search(parameters):
            for name in (rel[1] or rel[2] or "").lower().split():
                yield name, target.strip()


def feed_links(header: str, data: bytes) -> FeedLinks:
    """Hub and self of a feed: of its ``Link`` header, else of the feed itself (WebSub, section 4)."""
    found = _links(links_in_header(header))
    return found if found.hubs else _links(_links_in_feed(data))


def _links(pairs: Iterable[tuple[str, str]]) -> FeedLinks:
    pairs = list(pairs)
    hubs = dict.fromkeys(target for rel, target in pairs if rel == _HUB)
    return FeedLinks(tuple(hubs), next((target for rel, target in pairs if rel == _SELF), None))


def _links_in_feed(data: bytes) -> Iterator[tuple[str, str]]:
    tree = _tree(data)
    if isinstance(tree, Mapping):
        for hub in tree.get("hubs") or ():
            if isinstance(hub, Mapping) and isinstance(hub.get("url"), str):
                yield _HUB, hub["url"]
        if isinstance(tree.get("feed_url"), str):
            yield _SELF, tree["feed_url"]
    elif tree is not None and not isinstance(tree, list):
        above = [tree, *(child for child in tree if _local(child) == "channel")]
        for child in (link for place in above for link in place if _local(link) == "link"):
            href = (child.get("href") or "").strip()
            if href:
                yield from ((rel, href) for rel in (child.get("rel") or "").lower().split())


def _found(data: bytes, path: str) -> Iterator[Any]:
    tree, parts = _tree(data), path.split(".")
    if tree is None:
        return iter(())
    if not isinstance(tree, etree._Element):  # noqa: SLF001 - the only name of the type
        return _in_json(tree, parts)
    return _in_xml([tree], parts[1:] if _local(tree) == parts[0] else parts)


def _tree(data: bytes) -> Any:
    """A JSON value, the root of an XML document, or None."""
    start = data[:200].lstrip(b"\xef\xbb\xbf \t\r\n")
    try:
        if start[:1] in (b"{", b"["):
            return json.loads(data.decode(json.detect_encoding(data), "replace"))
        return etree.fromstring(data.lstrip(), hardened_parser())
    except (ValueError, RecursionError, etree.XMLSyntaxError):
        return None


def _in_json(value: Any, parts: list[str]) -> Iterator[Any]:
    if not parts:
        yield value
    elif parts[0] == "*":
        for item in value if isinstance(value, list) else ():
            yield from _in_json(item, parts[1:])
    elif isinstance(value, Mapping) and parts[0] in value:
        yield from _in_json(value[parts[0]], parts[1:])
    elif isinstance(value, list) and parts[0].isdecimal() and int(parts[0]) < len(value):
        yield from _in_json(value[int(parts[0])], parts[1:])


def _in_xml(elements: Iterable[Any], parts: list[str]) -> Iterator[Any]:
    for number, part in enumerate(parts):
        if part.startswith("@"):
            yield from (element.get(part[1:]) for element in elements)
            return
        rest = parts[number + 1 :]
        below = (child for element in elements for child in element
                 if part == "*" or _local(child) == part)  # fmt: skip
        yield from _in_xml(below, rest)
        return
    yield from elements


def _document(value: Any) -> bytes:
    if isinstance(value, str):
        return value.encode("utf-8", "replace")
    if isinstance(value, etree._Element):  # noqa: SLF001
        return bytes(etree.tostring(value, encoding="utf-8", with_tail=False))
    return json.dumps(value).encode()


def _local(element: Any) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _text(value: Any) -> str | None:
    if isinstance(value, etree._Element):  # noqa: SLF001
        value = value.text
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = str(value).strip()
    return text if 0 < len(text) <= _VALUE_CHARS and text.isprintable() else None
