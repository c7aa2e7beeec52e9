"""What is wrong with one ``[[feed]]`` whose values are of the right types, in words for an operator."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from worker.config.delivery import LINK_HEADER, Cursor, Push, read_secret
from worker.config.knowledge import language_names
from worker.config.schema import FeedConfig
from worker.core.domain.errors import ConfigError
from worker.core.text.identify import canonical, is_language_code

_FEED_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_PARAMETER = re.compile(r"[A-Za-z0-9_.\[\]$-]{1,60}")
_PATH = re.compile(r"[\w@:-]+(\.([\w@:-]+|\*))*")
_HEADER = re.compile(r"[A-Za-z0-9-]{1,60}")


def of_feed(feed: FeedConfig, earlier: Sequence[FeedConfig]) -> Iterator[str]:
    """Every problem of a feed that follows ``earlier`` ones."""
    if not _FEED_ID.fullmatch(feed.id):
        yield f"feed id {feed.id!r}: letters, digits, '.', '_' and '-' only"
    if any(other.id == feed.id for other in earlier):
        yield f"feed {feed.id!r} is listed twice"
    if not is_language_code(feed.lang):
        yield f"feed {feed.id!r}: {no_language(feed.lang)}"
    for text in _delivery_problems(feed):
        yield f"feed {feed.id!r}: {text}"
    if feed.url is not None:
        parts = urlsplit(feed.url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            yield f"feed {feed.id!r}: {feed.url!r} is no http or https address"
        if parts.username or parts.password:
            yield f"feed {feed.id!r}: keep the password out of the url; use auth_file"
    for key in ("auth_file", "headers_file"):
        path = getattr(feed, key)
        if feed.enabled and path is not None and not os.access(path, os.R_OK):
            yield f"feed {feed.id!r}: {key} {path} cannot be read"
    if feed.default_tz is not None:
        try:
            ZoneInfo(feed.default_tz)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            yield f"feed {feed.id!r}: unknown time zone {feed.default_tz!r}"


def no_language(lang: str) -> str:
    """What to say of a ``lang`` that is no code: the code that was meant, and those that are read."""
    names = language_names()
    words = lang.casefold().split()
    meant = [code for code, name in names.items() if set(words) & set(name.casefold().split())]
    hint = f" (did you mean {meant[0]!r}?)" if meant else ""
    return (
        f"lang {lang!r} is no language code{hint}; those that are read are {', '.join(names)}, and "
        "any other ISO code, such as 'sv', may stand there too"
    )


def unread(feed: FeedConfig) -> bool:
    """Whether no language pack reads what a feed says its language is."""
    return canonical(feed.lang) not in language_names()


def _delivery_problems(feed: FeedConfig) -> Iterator[str]:
    """What is wrong with how a feed is to reach us, without its name."""
    ways = [name for name in ("url", "path", "push") if getattr(feed, name) is not None]
    if len(ways) != 1:
        yield "needs exactly one of url, path and push" + (
            f", not {' and '.join(ways)}" if ways else ""
        )
    for table, way in (("cursor", "url"), ("websub", "url"), ("spool", "path")):
        if getattr(feed, table) is not None and getattr(feed, way) is None:
            yield f"{table} needs {way}"
    if feed.cursor is not None and feed.websub is not None:
        yield "cursor and websub exclude each other: a hub sends the newest entries, no pages"
    if feed.cursor is not None:
        yield from _cursor_problems(feed.cursor)
    if feed.push is not None:
        yield from _push_problems(feed.push, enabled=feed.enabled)
    for key in ("hub", "topic"):
        address = getattr(feed.websub, key, None)
        if address is not None and urlsplit(address).scheme not in {"http", "https"}:
            yield f"websub.{key} {address!r} is no http or https address"


def _cursor_problems(cursor: Cursor) -> Iterator[str]:
    for key in ("parameter", "page_parameter", "start_parameter"):
        value = getattr(cursor, key)
        if value is not None and not _PARAMETER.fullmatch(value):
            yield f"cursor.{key} {value!r} is no name of a parameter"
    for key in ("next", "at", "items"):
        value = getattr(cursor, key)
        if value is not None and not _PATH.fullmatch(value):
            yield f"cursor.{key} {value!r} is no dotted path such as 'data.next_page'"
    if cursor.kind == "token" and cursor.next is None:
        yield "cursor.next is missing: where a token stands in the answer, or 'link'"
    if cursor.kind == "token" and cursor.at is not None:
        yield "cursor.at is of no use to kind 'token'; name the token's place in next"
    if cursor.kind == "sequence" and cursor.at is None:
        yield "cursor.at is missing: where the numbers stand, such as 'items.*.sequence'"
    if cursor.kind != "token" and cursor.next not in (None, LINK_HEADER):
        if cursor.page_parameter is None:
            yield "cursor.page_parameter is missing: what the next page's token is sent as"


def _push_problems(push: Push, *, enabled: bool) -> Iterator[str]:
    if push.header and not _HEADER.fullmatch(push.header):
        yield f"push.header {push.header!r} is no name of a header"
    if enabled:
        try:
            read_secret(push.secret_file)
        except ConfigError as error:
            yield f"push.secret_file {error}"
