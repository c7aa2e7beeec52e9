"""``kabulwire feeds import list.opml``: a feed reader's list as blocks for ``feeds.toml``.

Prints a ``[[feed]]`` block for each feed; on stderr what was left out, and why.

Exit codes: 0, 65 no such list, or one too large, 66 no such file, 78 settings or feeds.

Rules
-----
1. Nothing is written and nothing is fetched: blocks go to stdout, what was left out to stderr. The
   operator looks through them before a worker polls strangers.
2. An ``id`` comes from the address alone, so a list that is imported again, in another order or with
   other titles, gives the same ids; the store knows entries by them.
3. What is printed passes ``check`` behind the feeds that are configured: those are left out.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from worker.cli.exit_codes import EX_DATAERR, EX_NOINPUT
from worker.cli.options import ConfigOption
from worker.cli.streams import put, refuse

if TYPE_CHECKING:
    from worker.config.load import Loaded
    from worker.config.schema import FeedConfig
    from worker.core.sources.opml import Subscription, SubscriptionList

MAX_BYTES = 2_000_000
_TITLE_CHARS, _URL_CHARS, _SHOWN_CHARS = 200, 2000, 200


@dataclass(frozen=True, slots=True)
class Block:
    """A feed as it will stand in ``feeds.toml``; ``category`` becomes a comment."""

    id: str
    url: str
    outlet: str
    lang: str
    category: str

    def __str__(self) -> str:
        keys = ("id", "url", "outlet", "lang")
        # A JSON string of text without control characters is a TOML string.
        rows = [f"{key} = {json.dumps(getattr(self, key), ensure_ascii=False)}" for key in keys]
        return "\n".join(["[[feed]]", *rows, *([f"# {self.category}"] if self.category else [])])


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
    try:
        found = _parsed(_bytes_of(file), loaded)
    except InputError as error:
        refuse(f"{file}: {error}", EX_DATAERR)
    blocks, left_out = _choose(found, loaded.feeds, _plain(lang))
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
    places = {_place(feed.url): feed.id for feed in configured if feed.url}
    ids = {feed.id for feed in configured}
    blocks: list[Block] = []
    left_out = [f"{_shown(url)}: a list of its own, not followed" for url in found.lists]
    for subscription in found.feeds:
        if problem := _problem(subscription.url):
            left_out.append(f"{_shown(subscription.url)}: {problem}")
            continue
        block = _block(subscription, lang)
        place = _place(block.url)
        known = places.get(place) or (block.id if block.id in ids else None)
        if known is not None:
            left_out.append(f"{_shown(block.url)}: there already, as {known}")
            continue
        places[place] = block.id
        ids.add(block.id)
        blocks.append(block)
    return blocks, left_out


def _problem(url: str) -> str | None:
    """Why an address cannot be polled."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        return str(error)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return "no http or https address"
    if len(url) > _URL_CHARS or "".join(_plain(url).split()) != url:
        return "too long, or with blanks or invisible characters"
    if parts.username or parts.password:
        return "keep the password out of the url; use auth_file"
    return None


def _block(found: Subscription, lang: str) -> Block:
    host = urlsplit(found.url).hostname or ""
    title = _plain(found.title)[:_TITLE_CHARS] or host
    category = " / ".join(filter(None, map(_plain, found.category)))[:_TITLE_CHARS]
    return Block(_id(host, _place(found.url)), found.url, title, lang, category)


def _id(host: str, place: str) -> str:
    """``post-example-3f2a1c``: the host, for people, and a hash of the address."""
    words = re.sub(r"[^a-z0-9]+", "-", host.removeprefix("www.")).strip("-")[:50].strip("-")
    return f"{words or 'feed'}-{hashlib.sha256(place.encode()).hexdigest()[:6]}"


def _place(url: str) -> str:
    """What two spellings of one feed's address share: not the scheme, not a last slash."""
    parts = urlsplit(url)
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.netloc.lower()}{parts.path.rstrip('/')}{query}"


def _plain(text: str) -> str:
    """On one line, without what nobody can see."""
    from worker.core.text.markup import clean

    return " ".join(clean(text).split())


def _shown(url: str) -> str:
    return _plain(url)[:_SHOWN_CHARS]
