"""Documents that are known and not read: named here, so that a refusal says what came instead.

A login page, a subscription list, what agencies deliver beside news, and the formats that nobody has
written a module for yet. A new module takes its lines out of here, or stands before this one in the
table.
"""

from __future__ import annotations

from typing import NoReturn

from worker.core.domain.errors import FeedError
from worker.core.sources.entries import Hint
from worker.core.sources.head import Head

_NAMES = {
    "sitemapindex": "sitemap index", "html": "html", "head": "html", "body": "html", "opml": "opml",
    "svg": "picture", "newsitem": "newsml-g2", "packageitem": "newsml-g2", "newsmessage": "newsml-g2",
    "newsml": "newsml-1", "nitf": "nitf", "conceptitem": "concept", "knowledgeitem": "concept",
    "planningitem": "planning", "catalogitem": "catalogue", "catalogref": "catalogue",
}  # fmt: skip
_BESIDE_NEWS = frozenset({"concept", "planning", "catalogue"})


def matches(head: Head) -> str | None:
    """What the document is."""
    return _NAMES.get(head.root.name) if head.root else None


def read(_data: bytes, head: Head, _hint: Hint) -> NoReturn:
    """Raises ``FeedError``: not_a_news_item for what comes beside news, else not_a_feed."""
    name = matches(head)
    raise FeedError(
        "not_a_news_item" if name in _BESIDE_NEWS else "not_a_feed", f"looks like {name}"
    )
