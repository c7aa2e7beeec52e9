"""A ``[[feed]]`` block for ``feeds.toml``: its id, its text, and whether its feed is there already.

Rules
-----
1. An ``id`` comes from the address alone, so the same feed gets the same id whoever names it, however
   often; the store knows entries by it.
2. What is printed passes ``check`` behind the feeds that are configured.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from worker.cli.exit_codes import EX_USAGE
from worker.cli.streams import refuse

TITLE_CHARS, _URL_CHARS, _SHOWN_CHARS = 200, 2000, 200


@dataclass(frozen=True, slots=True)
class Block:
    """A feed as it will stand in ``feeds.toml``; ``note`` becomes a comment."""

    id: str
    url: str
    outlet: str
    lang: str
    note: str = ""

    def __str__(self) -> str:
        keys = ("id", "url", "outlet", "lang")
        # A JSON string of text without control characters is a TOML string.
        rows = [f"{key} = {json.dumps(getattr(self, key), ensure_ascii=False)}" for key in keys]
        return "\n".join(["[[feed]]", *rows, *([f"# {self.note}"] if self.note else [])])


def block_of(url: str, title: str, lang: str, note: str = "") -> Block:
    """The block of the feed at ``url``; without a title its outlet is the host."""
    host = urlsplit(url).hostname or ""
    outlet = on_one_line(title)[:TITLE_CHARS] or host
    return Block(_id(host, place_of(url)), url, outlet, lang, note)


def refuse_no_language(lang: str | None) -> None:
    """Leave with exit code 2 when ``--lang`` names no language by its code."""
    from worker.config.feed_problems import no_language
    from worker.core.text.identify import is_language_code

    if lang is not None and not is_language_code(lang):
        refuse(f"--{no_language(lang)}", EX_USAGE)


def problem_of(url: str) -> str | None:
    """Why an address cannot be polled; None when it can."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        return str(error)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return "no http or https address"
    if len(url) > _URL_CHARS or "".join(on_one_line(url).split()) != url:
        return "too long, or with blanks or invisible characters"
    if parts.username or parts.password:
        return "keep the password out of the url; use auth_file"
    return None


def place_of(url: str) -> str:
    """What two spellings of one feed's address share: not the scheme, not a last slash."""
    parts = urlsplit(url)
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.netloc.lower()}{parts.path.rstrip('/')}{query}"


def on_one_line(text: str) -> str:
    """The text without breaks, and without what nobody can see."""
    from worker.core.text.markup import clean

    return " ".join(clean(text).split())


def shown(url: str) -> str:
    """An address as a message prints it."""
    return on_one_line(url)[:_SHOWN_CHARS]


def _id(host: str, place: str) -> str:
    """``post-example-3f2a1c``: the host, for people, and a hash of the address."""
    words = re.sub(r"[^a-z0-9]+", "-", host.removeprefix("www.")).strip("-")[:50].strip("-")
    return f"{words or 'feed'}-{hashlib.sha256(place.encode()).hexdigest()[:6]}"
