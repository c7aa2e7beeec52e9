"""``kabulwire feeds export > feeds.opml``: the configured feeds as a list that feed readers take.

Prints OPML, an ``<outline>`` for each feed with an address, under its country where it has one; what has
none (a spool, a push) is named on stderr. ``feeds import`` reads it back. Files with secrets are not
in it. ``--enabled`` leaves out feeds that are not asked.

Exit codes: 0, 78 settings or feeds.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli.options import ConfigOption
from worker.cli.streams import put

if TYPE_CHECKING:
    from collections.abc import Iterable

    from worker.config.schema import FeedConfig


def export_feeds(
    config: ConfigOption = None,
    *,
    enabled: Annotated[bool, typer.Option("--enabled", help="Only feeds that are asked.")] = False,
) -> None:
    """The feeds as OPML, for a feed reader or another worker."""
    import os

    from worker.config.load import load

    loaded = load(config, os.environ)
    wanted = [feed for feed in loaded.feeds if feed.enabled or not enabled]
    put(_opml(feed for feed in wanted if feed.url))
    for feed in wanted:
        if not feed.url:
            print(f"kabulwire: left out {feed.id}: it has no address", file=sys.stderr)


def _opml(feeds: Iterable[FeedConfig]) -> str:
    from xml.etree import ElementTree as ET

    root = ET.Element("opml", version="2.0")
    ET.SubElement(ET.SubElement(root, "head"), "title").text = "Feeds of kabulwire"
    body = ET.SubElement(root, "body")
    groups: dict[str, ET.Element] = {}
    for feed in feeds:
        above = body
        if feed.country:
            if feed.country not in groups:
                groups[feed.country] = ET.SubElement(body, "outline", text=feed.country)
            above = groups[feed.country]
        ET.SubElement(
            above, "outline",
            {"type": "rss", "text": feed.outlet, "xmlUrl": feed.url or "", "language": feed.lang},
        )  # fmt: skip
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode")
