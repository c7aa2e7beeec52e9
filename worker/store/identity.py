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

from courlan import clean_url, normalize_url

from worker.core.domain.document import Entry


def entry_id_of(entry: Entry) -> str:
    """Hash of feed and identity."""
    return entry_id_from(entry.feed, entry.id)


def entry_id_from(feed: str, identity: str) -> str:
    """The same for an entry that another one names."""
    return f"e-{_digest(feed, identity)}"


def canonical_url(url: str | None) -> str | None:
    """A URL without fragment, tracking parameters and needless differences; None when it is none."""
    if not url:
        return None
    try:
        cleaned = clean_url(url)
        return normalize_url(cleaned, strict=False) if cleaned else None
    except (ValueError, TypeError):
        return None


def article_id_from(outlet: str | None, url: str) -> str:
    """The article that an outlet has at a canonical URL."""
    return f"a-{_digest(outlet or '', url)}"


def _digest(*parts: str) -> str:
    raw = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).digest()
    return base64.b32encode(raw[:15]).decode().lower()
