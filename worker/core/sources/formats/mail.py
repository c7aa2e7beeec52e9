"""E-mail (RFC 5322) with one item: agencies and press offices still send it.

The identity is the ``Message-ID``, the title the subject, the body the plain text, else the HTML one.
Attachments are not read. A body that is a JSON object with a headline and a text (Superdesk's form) is
read as such; in a plain text, lines as ``Headline: …`` at its beginning are taken out.
"""

from __future__ import annotations

import email.policy
import json
import re
from collections.abc import Mapping
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesParser
from email.utils import parseaddr
from html import escape
from typing import Any

from worker.core.domain.errors import FeedError
from worker.core.sources.entries import Found, Hint, Item
from worker.core.sources.head import Head
from worker.core.sources.instant import read_news_instant
from worker.core.sources.wire_json import text
from worker.core.text.markup import clean

_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9-]{1,40}:[ \t]")
_KNOWN = re.compile(
    r"^(?:From|Subject|Date|Message-ID|MIME-Version|Return-Path|To):", re.MULTILINE | re.IGNORECASE
)
_SIGNATURE = re.compile(r"^-- ?$", re.MULTILINE)
_LABELLED = re.compile(
    r"(?P<name>Headline|Abstract|Slugline|Byline|Dateline|Priority):[ \t]*(?P<value>[^\n]*)\n",
    re.IGNORECASE,
)
_FIELDS = ("headline", "abstract", "slugline", "byline", "dateline")
_PARTS, _FIELD_CHARS = 50, 2000


def matches(head: Head) -> str | None:
    """By header fields before the first empty line, four of those that every mail has."""
    if head.kind == "json" or not _FIELD.match(head.text):
        return None
    fields = re.split(r"\r?\n\r?\n", head.text, maxsplit=1)[0]
    return "mail" if len({found[0].lower() for found in _KNOWN.finditer(fields)}) >= 4 else None


def read(data: bytes, _head: Head, hint: Hint) -> Found:
    """The one item. Raises ``FeedError`` (no_entries) for a mail without a text."""
    message = BytesParser(policy=email.policy.compat32).parsebytes(
        data.lstrip(b"\xef\xbb\xbf \t\r\n\x00")
    )
    plain, html = _texts(message)
    if not plain and not html and not message.get("subject"):
        raise FeedError("no_entries", "a mail without a text")
    told, plain = _told(plain)
    plain = _SIGNATURE.split(plain, maxsplit=1)[0].strip()
    sent = read_news_instant(_field(message, "date"), hint.default_tz)
    return Found([
        Item(
            guid=_field(message, "message-id"),
            title=escape(told.get("headline") or _field(message, "subject") or ""),
            summary=told.get("abstract"),
            body="".join(f"<p>{p}</p>" for p in _paragraphs(plain)) or html,
            published=sent,
            updated=sent,
            lang=_field(message, "content-language"),
            slugline=told.get("slugline"),
            byline=told.get("byline"),
            dateline=told.get("dateline"),
            provider=parseaddr(_field(message, "from") or "")[0] or None,
        )
    ])  # fmt: skip


def _field(message: Message, name: str) -> str | None:
    """A header field, decoded."""
    raw = str(message.get(name) or "")[:_FIELD_CHARS]
    try:
        value = str(make_header(decode_header(raw)))
    except (HeaderParseError, ValueError, LookupError):
        value = raw
    return " ".join(clean(value).split()) or None


def _texts(message: Message) -> tuple[str, str]:
    """The first plain and the first HTML text that are no attachments."""
    found = {"text/plain": "", "text/html": ""}
    for count, part in enumerate(message.walk()):
        kind = part.get_content_type()
        if count == _PARTS or kind not in found or part.get_content_disposition() == "attachment":
            continue
        payload = part.get_payload(decode=True)
        if isinstance(payload, bytes) and not found[kind]:
            found[kind] = _decoded(payload, part.get_content_charset())
    return found["text/plain"].replace("\r\n", "\n"), found["text/html"]


def _decoded(payload: bytes, charset: str | None) -> str:
    for encoding in (charset or "utf-8", "utf-8"):
        try:
            return payload.decode(encoding)
        except (LookupError, UnicodeError):
            continue
    return payload.decode("cp1252", "replace")


def _told(plain: str) -> tuple[Mapping[str, str | None], str]:
    """Fields that the text itself names, and the text without them."""
    if plain.lstrip().startswith("{"):
        try:
            raw = json.loads(" ".join(plain.split()))
        except (ValueError, RecursionError):
            raw = None
        if isinstance(raw, dict):
            lower = {str(key).lower(): _one(value) for key, value in raw.items()}
            words = text(lower, "body", "body_text", "body_html", "text") or ""
            return {name: text(lower, name) for name in _FIELDS}, words
    fields = {
        found["name"].lower(): found["value"].strip() or None
        for found in _LABELLED.finditer(plain[:2000])
    }
    return fields, _LABELLED.sub("", plain[:2000]) + plain[2000:]


def _one(value: Any) -> Any:
    """Superdesk's form wraps each value into a list."""
    return value[0] if isinstance(value, list) and value else value


def _paragraphs(plain: str) -> list[str]:
    return [escape(part) for part in re.split(r"\n[ \t]*\n", plain) if part.strip()]
