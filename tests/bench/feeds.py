"""What a changed feed costs, next to what feedparser alone needs for all of it.

::

    PYTHONPATH=. python tests/bench/feeds.py [ENTRIES]

For feeds with one new entry among 50: milliseconds of processor time for what a poll does with the
answer (cut, read, gate), for reading the same feed as a whole, and for feedparser on the whole feed; then
how many times feedparser's the first is. A script, no test: times depend on the machine.
"""

from __future__ import annotations

import datetime as dt
import io
import sys
from functools import partial

import feedparser

from tests.bench.cost import cost_ms
from tests.profiles.cities import PORTSMERE
from worker.config.knowledge import load_knowledge
from worker.core.knowledge.knowledge import Knowledge
from worker.core.sources.entries import Hint
from worker.core.sources.seen import SeenFeed
from worker.sandbox.jobs import parse_unseen_of

_SPACES = 'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
_HINT = Hint(feed="bench", received=dt.datetime(2031, 5, 9, tzinfo=dt.UTC))


def rss(first: int, entries: int, chars: int) -> bytes:
    """A feed as WordPress writes it; items ``first`` to ``first + entries``, each with ``chars`` of text."""
    more = ("The council talked about lamps and roads of the harbour. " * (chars // 57 + 1))[:chars]
    items = "".join(
        f"<item><title>Council meets about lamp {k}</title><link>https://post.example/{k}</link>"
        f'<guid isPermaLink="false">https://post.example/?p={k}</guid><dc:creator><![CDATA[A. Writer]]>'
        f"</dc:creator><pubDate>Thu, 08 May 2031 {k % 24:02}:10:00 +0000</pubDate><category>"
        f"<![CDATA[News]]></category><description><![CDATA[<p>Lamp {k}. {more[:300]}</p>]]></description>"
        f"<content:encoded><![CDATA[<p>{more}</p>]]></content:encoded></item>\n"
        for k in range(first, first + entries)
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" {_SPACES}><channel><title>Post</title>'
        f"<link>https://post.example</link><lastBuildDate>Thu, 08 May 2031 {first % 24:02}:11:00 +0000"
        f"</lastBuildDate>{items}</channel></rss>"
    ).encode()


def bare(data: bytes) -> object:
    """feedparser on the whole feed, with what costs most switched off."""
    return feedparser.parse(io.BytesIO(data), sanitize_html=False, resolve_relative_uris=False)


def poll(data: bytes, seen: SeenFeed | None, knowledge: Knowledge) -> SeenFeed | None:
    return parse_unseen_of(data, _HINT, seen, knowledge)[2]


def main(entries: int) -> None:
    """Measure feeds of short and of long entries, and print the table."""
    knowledge = load_knowledge(PORTSMERE)
    print(f"{entries} entries, one new\n   chars   poll ms  whole ms  feedparser ms      ×")
    for chars in (100, 400, 2000, 8000):
        seen = poll(rss(0, entries, chars), None, knowledge)
        data = rss(1, entries, chars)
        one, whole = (cost_ms(partial(poll, data, known, knowledge)) for known in (seen, None))
        parser = cost_ms(partial(bare, data))
        print(f"{chars:8} {one:9.2f} {whole:9.2f} {parser:14.2f} {one / parser:6.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50)
