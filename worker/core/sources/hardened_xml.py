"""One way to build a tree from strangers' XML: no entities, no network, no DTD, no huge text."""

from __future__ import annotations

from lxml import etree

_HARD = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
}


def hardened_parser(*, recover: bool = False) -> etree.XMLParser:
    """A parser for one document. Comments and processing instructions are left out of the tree.

    ``recover`` is for documents whose only fault is a prefix that nobody declared.
    """
    return etree.XMLParser(**_HARD, recover=recover)


def hardened_puller(tag: str) -> etree.XMLPullParser:
    """A parser that tells of each element with this tag when it has ended."""
    return etree.XMLPullParser(("end",), tag=tag, **_HARD)
