"""``kabulwire feeds add https://ledger.example``: finds a site's feed, tries it, prints its block.

Takes the address of a feed or of any page of a site. The page is asked which feeds it names, else the
usual places are looked at, at most ten addresses in all; the first that answers with entries is taken.
The ``[[feed]]`` block goes to stdout for you to append to ``feeds.toml`` (nothing is written); stderr
says what was asked, and other feeds that the site has. Language and name are those of the feed, unless
``--lang`` and ``--outlet`` say otherwise.

Exit codes: 0, 65 no feed there, or it is configured already, 69 the site does not answer, 78 settings.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urljoin

import typer

from worker.cli.exit_codes import EX_DATAERR, EX_UNAVAILABLE
from worker.cli.feed_block import (
    block_of,
    on_one_line,
    place_of,
    problem_of,
    refuse_no_language,
    shown,
)
from worker.cli.options import ConfigOption
from worker.cli.streams import put, refuse
from worker.core.domain.counted import counted

if TYPE_CHECKING:
    from worker.config.load import Loaded
    from worker.core.sources.entries import Parsed
    from worker.core.sources.site import Site
    from worker.ingest.fetch import Fetcher
    from worker.sandbox.pool import Sandbox

_USUAL = ("/feed/", "/rss.xml", "/rss", "/feed.xml", "/atom.xml", "/news-sitemap.xml")
_NAMED = 9


@dataclass(frozen=True, slots=True)
class _Answer:
    """What is at an address: a feed, or else a page of a site. ``url``: where it is for good."""

    url: str
    parsed: Parsed | None
    to_read: int
    site: Site


def add_feed(
    url: Annotated[str, typer.Argument(help="Address of a site or of its feed.")],
    config: ConfigOption = None,
    lang: Annotated[str | None, typer.Option(help="Its language; else as the feed says.")] = None,
    outlet: Annotated[str | None, typer.Option(help="Its name; else as the feed says.")] = None,
) -> None:
    """Find the feed of a site, try it, and print the [[feed]] block to append to feeds.toml."""
    import os

    from worker.config.load import load
    from worker.core.domain.errors import FetchError

    loaded = load(config, os.environ)
    refuse_no_language(lang)
    url = url if "://" in url else f"https://{url}"
    if problem := problem_of(url):
        refuse(f"{shown(url)}: {problem}", EX_DATAERR)
    try:
        found = asyncio.run(_find(url, loaded))
    except FetchError as error:
        from worker.run.poll_log import ADVICE, PASSES

        refuse(f"{shown(url)}: {error}; {ADVICE.get(error.reason, PASSES)}", EX_UNAVAILABLE)
    if found is None or found.parsed is None:
        refuse(f"{shown(url)}: no feed is named there or at the usual places", EX_DATAERR)
    places = {place_of(feed.url): feed.id for feed in loaded.feeds if feed.url}
    if known := places.get(place_of(found.url)):
        refuse(f"{shown(found.url)}: there already, as {known}", EX_DATAERR)
    name = outlet or found.site.name or ""
    put(str(block_of(found.url, name, on_one_line(lang or _language(found.parsed)))))
    _say(
        f"{found.parsed.format}, {counted(len(found.parsed.entries), 'entry', 'entries')}, {found.to_read} to be read"
    )


async def _find(url: str, loaded: Loaded) -> _Answer | None:
    """The feed at ``url``, or of the site that it is a page of. Raises ``FetchError`` of ``url``."""
    from worker.cli.feed_trial import opened
    from worker.core.domain.errors import FetchError

    async with AsyncExitStack() as stack:
        fetcher, sandbox = await opened(stack, loaded)
        first = await _look(url, fetcher, sandbox)
        if first.parsed is not None:
            return first
        candidates = iter(dict.fromkeys(_candidates(first)))
        for candidate in candidates:
            try:
                answer = await _look(candidate, fetcher, sandbox)
            except FetchError as error:
                _say(f"{shown(candidate)}: {error}")
                continue
            if answer.parsed is None:
                _say(f"{shown(candidate)}: no feed with entries")
                continue
            for other in candidates if first.site.feeds else ():
                _say(f"also there: {shown(other)}")
            return answer
    return None


def _candidates(page: _Answer) -> Iterator[str]:
    if page.site.feeds:
        yield from page.site.feeds[:_NAMED]
    else:
        yield from (urljoin(page.url, path) for path in _USUAL)


async def _look(url: str, fetcher: Fetcher, sandbox: Sandbox) -> _Answer:
    """What is at an address. Raises ``FetchError``."""
    from worker.core.domain.errors import FeedError
    from worker.core.sources.entries import Hint
    from worker.core.sources.site import Site
    from worker.sandbox.pool import SandboxKilledError

    response = await fetcher.get(url)
    kind = response.headers.get("content-type")
    now = dt.datetime.now(dt.UTC)
    hint = Hint(url=url, content_type=kind, received=now, base=response.url)
    try:
        site = await sandbox.read_site(response.body, response.url)
    except SandboxKilledError:
        site = Site()
    address = response.moved_to or url
    try:
        parsed, gates = await sandbox.parse(response.body, hint)
    except (FeedError, SandboxKilledError):
        return _Answer(address, None, 0, site)
    return _Answer(address, parsed, sum(gate.open for gate in gates), site)


def _language(parsed: Parsed) -> str:
    """The language of most entries, without its country; English when none says any."""
    from worker.core.text.identify import is_language_code

    named = (entry.lang or "" for entry in parsed.entries)
    said = Counter(lang.partition("-")[0] for lang in named if is_language_code(lang))
    return said.most_common(1)[0][0] if said else "en"


def _say(text: str) -> None:
    print(f"kabulwire: {text}", file=sys.stderr)
