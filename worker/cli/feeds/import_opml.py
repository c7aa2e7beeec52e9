"""``kabulwire feeds import list.opml``: a feed reader's list as blocks for ``feeds.toml``.

Prints a ``[[feed]]`` block for each feed; on stderr what was left out, and why.

Exit codes: 0, 65 no such list, or one too large, 66 no such file, 78 settings or feeds.

Rules
-----
1. Nothing is written and nothing is fetched: blocks go to stdout, what was left out to stderr. The
   operator looks through them before a worker polls strangers.
2. A list that is imported again, in another order or with other titles, gives the same ids.
3. What is printed passes ``check`` behind the feeds that are configured: those are left out.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli.exit_codes import EX_DATAERR, EX_NOINPUT
from worker.cli.feed_block import (
    TITLE_CHARS,
    Block,
    block_of,
    on_one_line,
    place_of,
    problem_of,
    refuse_no_language,
    shown,
)
from worker.cli.options import ConfigOption
from worker.cli.streams import put, refuse

if TYPE_CHECKING:
    from worker.config.load import Loaded
    from worker.config.schema import FeedConfig
    from worker.core.sources.opml import Subscription, SubscriptionList

MAX_BYTES = 2_000_000


def import_opml(
    file: Annotated[str, typer.Argument(help="An OPML file; - is stdin.")],
    config: ConfigOption = None,
    lang: Annotated[str, typer.Option(help="The language of these feeds.")] = "en",
) -> None:
    """A feed reader's list (OPML) as [[feed]] blocks for feeds.toml; those you have are left out."""
    import os

    from worker.config.load import load
    from worker.core.domain.errors import InputError

    loaded = load(config, os.environ)
    refuse_no_language(lang)
    try:
        found = _parsed(_bytes_of(file), loaded)
    except InputError as error:
        refuse(f"{file}: {error}", EX_DATAERR)
    blocks, left_out = _choose(found, loaded.feeds, on_one_line(lang))
    if blocks:
        put("\n\n".join(map(str, blocks)))
    for text in left_out:
        print(f"kabulwire: left out {text}", file=sys.stderr)
    print(f"kabulwire: {len(blocks)} feeds, {len(left_out)} left out", file=sys.stderr)


def _bytes_of(name: str) -> bytes:
    """The file, if it is no larger than a list can be."""
    try:
        with sys.stdin.buffer if name == "-" else Path(name).open("rb") as source:
            data = source.read(MAX_BYTES + 1)
    except OSError as error:
        refuse(f"{name}: {error.strerror}", EX_NOINPUT)
    if len(data) > MAX_BYTES:
        refuse(f"{name}: larger than {MAX_BYTES:,} bytes", EX_DATAERR)
    return data


def _parsed(data: bytes, loaded: Loaded) -> SubscriptionList:
    """The list, read in the sandbox. Raises ``InputError``."""
    from worker.cli.sandboxed import SandboxedReader
    from worker.config.knowledge import load_knowledge, profile_dir

    profile = loaded.config.profile
    knowledge = load_knowledge(profile, loaded.folder)
    with SandboxedReader(profile_dir(profile, loaded.folder), knowledge) as reader:
        return reader.read_subscriptions(data)


def _choose(
    found: SubscriptionList, configured: Iterable[FeedConfig], lang: str
) -> tuple[list[Block], list[str]]:
    """Blocks of the feeds that can be added, and what was left out, with the reason."""
    places = {place_of(feed.url): feed.id for feed in configured if feed.url}
    ids = {feed.id for feed in configured}
    blocks: list[Block] = []
    left_out = [f"{shown(url)}: a list of its own, not followed" for url in found.lists]
    for subscription in found.feeds:
        if problem := problem_of(subscription.url):
            left_out.append(f"{shown(subscription.url)}: {problem}")
            continue
        block = _block(subscription, lang)
        place = place_of(block.url)
        known = places.get(place) or (block.id if block.id in ids else None)
        if known is not None:
            left_out.append(f"{shown(block.url)}: there already, as {known}")
            continue
        places[place] = block.id
        ids.add(block.id)
        blocks.append(block)
    return blocks, left_out


def _block(found: Subscription, lang: str) -> Block:
    category = " / ".join(filter(None, map(on_one_line, found.category)))[:TITLE_CHARS]
    return block_of(found.url, found.title, lang, category)
