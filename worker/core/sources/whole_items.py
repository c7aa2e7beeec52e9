"""The items of a document of XML, also of one that ends too early: those that are whole.

Rules
-----
1. A document that can be read as a whole is. Only when it cannot, because it was cut off or is broken
   somewhere, the items that ended before that place are taken, and the problem is ``truncated``.
2. An item whose end tag did not come is none: half of one may lack half of its figures.
3. Nothing is mended here, and a document with entities of its own is not looked at: ``read_tree`` has
   tried all that loses nothing.
"""

from __future__ import annotations

import contextlib

from lxml import etree

from worker.core.domain.errors import FeedError
from worker.core.sources.entries import bounded
from worker.core.sources.hardened_xml import hardened_puller
from worker.core.sources.wire_xml import Node, read_tree, within


def read_items(data: bytes, name: str) -> tuple[Node, list[Node], str | None]:
    """The root, the elements of this name, and ``too_many`` or ``truncated`` when there are more.

    Raises ``FeedError`` (parse_error) when the document cannot be read and no item of it is whole.
    """
    try:
        root = read_tree(data)
    except FeedError:
        whole = _whole(data, name)
        if not whole:
            raise
        return whole[0].getroottree().getroot(), bounded(whole)[0], "truncated"
    return root, *bounded(within(root, name))


def _whole(data: bytes, name: str) -> list[Node]:
    """The elements of this name that ended before the document did, or before its fault."""
    if b"<!ENTITY" in data:
        return []
    puller = hardened_puller(f"{{*}}{name}")
    with contextlib.suppress(etree.XMLSyntaxError):
        puller.feed(data.lstrip(b" \t\r\n\x00"))
    found: list[Node] = []
    with contextlib.suppress(etree.XMLSyntaxError):
        found.extend(element for _, element in puller.read_events())
    return found
