"""From an entry to the document that is read: the page it links to, or the text it carries.

Rules
-----
1. An entry that carries its text needs no page. A kill or hold needs neither.
2. Pages are fetched only where robots.txt allows it; one GET, no second try here.
3. What is no HTML (PDF, pictures, audio) is refused before anything parses it.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace

from worker.core.domain.document import Document, Entry
from worker.core.domain.errors import FetchError
from worker.ingest.fetch import Fetcher, Response, Validators
from worker.ingest.robots import Robots

_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{2,30})", re.IGNORECASE)
_TEXT_TYPES = ("text/", "application/xhtml", "application/xml", "application/octet-stream")
_NOT_TEXT = (
    b"%PDF",
    b"\xff\xd8\xff",
    b"\x89PNG",
    b"GIF8",
    b"PK\x03\x04",
    b"RIFF",
    b"\x1aE\xdf\xa3",
)


async def fetch_page(
    entry: Entry,
    fetcher: Fetcher,
    robots: Robots | None,
    now: dt.datetime,
    *,
    article_id: str = "",
    version: int = 1,
    proxy: str | None = None,
) -> Document:
    """The document of an entry. ``robots`` None: the publisher agreed, its robots.txt is not asked.

    ``article_id`` and ``version`` are the caller's; without them it is the entry's identity. Raises
    ``FetchError``.
    """
    document = document_of(entry, now, article_id=article_id, version=version)
    if document.text is not None or entry.url is None:
        return document
    answer = await ask_page(entry.url, fetcher, robots, now, proxy=proxy)
    return with_page(document, answer)


async def ask_page(
    url: str,
    fetcher: Fetcher,
    robots: Robots | None,
    now: dt.datetime,
    *,
    proxy: str | None = None,
    validators: Validators | None = None,
) -> Response:
    """The page at ``url`` as it was sent, or "not modified" (304, only if ``validators`` are given).

    ``robots`` as for ``fetch_page``. Raises ``FetchError``.
    """
    if robots is not None:
        await robots.check(url, now)
    answer = await fetcher.get(url, purpose="page", proxy=proxy, validators=validators)
    content_type = answer.headers.get("content-type", "")
    if answer.status != 304 and not _is_html(content_type, answer.body):
        raise FetchError("not_html", content_type[:60])
    return answer


def with_page(document: Document, answer: Response) -> Document:
    """A document with the page that was sent for it."""
    charset = _CHARSET.search(answer.headers.get("content-type", ""))
    return replace(document, html=answer.body, charset=charset.group(1) if charset else None)


def document_of(
    entry: Entry, now: dt.datetime, *, article_id: str = "", version: int = 1
) -> Document:
    """What the entry says by itself: its text, else its summary. The last resort for a lost page.

    ``text`` is None when there is a page to be fetched instead.
    """
    wanted = entry.body is None and entry.url is not None and entry.status not in ("kill", "hold")
    return Document(
        article_id=article_id or entry.id,
        version=version,
        title=entry.title,
        text=None if wanted else entry.body or entry.summary or "",
        summary=entry.summary,
        outlet=entry.outlet,
        url=entry.url,
        lang=entry.lang,
        published=entry.published,
        published_basis="feed" if entry.published else "none",
        updated=entry.updated,
        first_seen=now,
        status=entry.status,
    )


def _is_html(content_type: str, body: bytes) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    if body[:4].startswith(_NOT_TEXT) or b"\x00\x00\x00\x00" in body[:512]:
        return False
    return not kind or kind.startswith(_TEXT_TYPES)
