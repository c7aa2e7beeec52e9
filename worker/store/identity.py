"""Which article an entry belongs to: the same one over feeds, versions and tracking parameters.

Rules
-----
1. ``article_id`` = hash(outlet, canonical URL) at first sight, else the entry's own id.
2. Later entries bind to it by guid (their ``entry_id``) or by URL. So one URL in two feeds of an
   outlet is one article; the same URL at two outlets is two.
"""

from __future__ import annotations

import base64
import hashlib
import sqlite3

from courlan import clean_url, normalize_url

from worker.core.domain.document import Entry


def entry_id_of(entry: Entry) -> str:
    """Hash of feed and identity."""
    return f"e-{_digest(entry.feed, entry.id)}"


def canonical_url(url: str | None) -> str | None:
    """A URL without fragment, tracking parameters and needless differences; None when it is none."""
    if not url:
        return None
    try:
        cleaned = clean_url(url)
        return normalize_url(cleaned, strict=False) if cleaned else None
    except (ValueError, TypeError):
        return None


def article_id_of(conn: sqlite3.Connection, entry: Entry, entry_id: str) -> tuple[str, bool]:
    """The article of an entry seen for the first time, and whether it is known already."""
    url = canonical_url(entry.url)
    if url is None:
        return entry_id, False
    bound = conn.execute(
        "SELECT article_id FROM entry WHERE outlet IS ? AND url = ? LIMIT 1", (entry.outlet, url)
    ).fetchone()
    if bound is not None:
        return str(bound["article_id"]), True
    return f"a-{_digest(entry.outlet or '', url)}", False


def _digest(*parts: str) -> str:
    raw = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).digest()
    return base64.b32encode(raw[:15]).decode().lower()
