"""Where we are in a feed that hands out pages: what to ask for, and where an answer leads.

Rules
-----
1. A state is a value. It moves only with the entries of the page that it was read from, and whoever
   stores them stores both at once: a page may come twice, none is left out.
2. A *walk* is a run of pages that belong together. An instant or a number moves at the end of its
   walk: pages may be sorted either way, and a walk that broke off is begun again from its beginning.
3. A page that leads to itself, or holds nothing, is the last one: servers hand out a token for ever.
4. An instant is never later than now: one date in the future would hide all that comes before it.
5. An address for the next page must be of the feed's own origin: our credentials go with it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from worker.config.delivery import LINK_HEADER, Cursor
from worker.core.domain.document import Entry
from worker.core.domain.errors import FetchError
from worker.core.sources.answer_paths import links_in_header
from worker.core.sources.instant import read_instant

FORGOTTEN = frozenset({"http_410", "http_400"})
"""What a server answers to a cursor that it does not know any more."""
_ADDRESS = re.compile(r"https?://|[/?]")
_NUMBER = re.compile(r"-?\d{1,30}")


@dataclass(frozen=True, slots=True)
class CursorState:
    """How far a feed was read. ``value``: token, instant (ISO) or number of the walk under way.

    ``page``: token or address of the walk's next page. ``ahead``: the greatest instant or number seen
    in this walk. ``walked``: pages since the last pause.
    """

    value: str | None = None
    page: str | None = None
    ahead: str | None = None
    walked: int = 0


@dataclass(frozen=True, slots=True)
class Leads:
    """What an answer says of what comes next: the next page, and the values found at ``cursor.at``."""

    next: str | None = None
    at: tuple[str, ...] = ()


def next_in_header(cursor: Cursor, link: str) -> str | None:
    """The next page as the Link header names it, where the feed's settings say that it does."""
    if cursor.next != LINK_HEADER:
        return None
    return next((target for rel, target in links_in_header(link) if rel == "next"), None)


def begun(cursor: Cursor, state: CursorState | None, now: dt.datetime) -> CursorState:
    """The state to ask with: the stored one, else the beginning of the look-back."""
    if state is not None:
        return state
    if cursor.kind == "since":
        return CursorState((now - dt.timedelta(seconds=cursor.look_back_s)).isoformat())
    return CursorState()


def page_address(url: str, cursor: Cursor, state: CursorState, now: dt.datetime) -> str:
    """The address of the page to ask for. Raises ``FetchError`` (cursor_foreign)."""
    page = state.page if cursor.kind != "token" else state.value
    if page is not None and _ADDRESS.match(page):
        return _of_same_origin(url, page)
    fields: dict[str, str] = {}
    if cursor.kind == "token":
        fields = {cursor.parameter: page} if page is not None else _start(cursor, now)
    elif cursor.kind == "since":
        since = dt.datetime.fromisoformat(state.value or now.isoformat())
        overlap = dt.timedelta(seconds=cursor.overlap_s)
        fields = {cursor.parameter: _printed(since - overlap, cursor)}
    elif state.value is not None:
        fields = {cursor.parameter: state.value}
    else:
        fields = _start(cursor, now) or {cursor.parameter: "0"}
    if cursor.kind != "token" and page is not None:
        fields[cursor.page_parameter or cursor.parameter] = page
    return _with_fields(url, fields)


def moved(
    cursor: Cursor, state: CursorState, leads: Leads, entries: Iterable[Entry], now: dt.datetime
) -> tuple[CursorState, bool]:
    """The state after a page that was understood, and whether there is more to be had at once."""
    entries = tuple(entries)
    walked = state.walked + 1
    if cursor.kind == "token":
        value = leads.next or state.value
        after, more = replace(state, value=value), bool(entries) and value != state.value
    else:
        ahead = _greatest(cursor, state, leads, entries, now)
        more = bool(entries) and leads.next is not None and leads.next != state.page
        if more:
            after = replace(state, page=leads.next, ahead=ahead)
        else:
            after = CursorState(ahead)
            numbered = cursor.kind == "sequence" and leads.next is None and state.page is None
            more = numbered and bool(entries) and ahead != state.value
    if walked >= cursor.pages:
        more = False
    return replace(after, walked=walked if more else 0), more


def after_loss(state: CursorState) -> CursorState | None:
    """What is left when the server does not know our page: the walk's beginning, else nothing."""
    return CursorState(state.value) if state.page is not None else None


def _greatest(
    cursor: Cursor, state: CursorState, leads: Leads, entries: Iterable[Entry], now: dt.datetime
) -> str | None:
    if cursor.kind == "sequence":
        numbers = [int(text) for text in (*leads.at, state.value, state.ahead)
                   if text is not None and _NUMBER.fullmatch(text)]  # fmt: skip
        return str(max(numbers)) if numbers else state.value
    if cursor.at is not None:
        found = [moment for text in leads.at if (moment := read_instant(text))]
    else:
        found = [moment for e in entries if (moment := e.updated or e.published)]
    known = [dt.datetime.fromisoformat(text) for text in (state.value, state.ahead) if text]
    return max([*known, *(min(moment, now) for moment in found)], default=now).isoformat()


def _start(cursor: Cursor, now: dt.datetime) -> dict[str, str]:
    """What is sent where there is no cursor yet."""
    if cursor.start_parameter is None:
        return {}
    start = now - dt.timedelta(seconds=cursor.look_back_s)
    return {cursor.start_parameter: _printed(start, cursor)}


def _printed(moment: dt.datetime, cursor: Cursor) -> str:
    if cursor.time_format == "epoch":
        return str(int(moment.timestamp()))
    if cursor.time_format == "epoch_ms":
        return str(int(moment.timestamp() * 1000))
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _with_fields(url: str, fields: dict[str, str]) -> str:
    """``url`` with these fields in its query, in place of those of the same names."""
    parts = urlsplit(url)
    kept = [(k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if k not in fields]
    return urlunsplit(parts._replace(query=urlencode([*kept, *fields.items()])))


def _of_same_origin(url: str, page: str) -> str:
    try:
        target = urljoin(url, page)
        here, there = urlsplit(url), urlsplit(target)
        same = (here.scheme, here.hostname, here.port) == (there.scheme, there.hostname, there.port)
    except ValueError as error:
        raise FetchError("cursor_foreign", "no valid address") from error
    if not same or there.username:
        raise FetchError("cursor_foreign", f"the next page is at {there.hostname}")
    return target
