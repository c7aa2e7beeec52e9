"""Documents that are known and not read: named here, so that a refusal says what came instead.

A login page, a subscription list, and what agencies deliver beside news: concepts, catalogues, plans,
packages of links, parts of a document, results. A new module stands before this one in the table.
The header and the body of an envelope (SOAP) are not those of a page: what it holds comes next.
"""

from __future__ import annotations

import re
from typing import NoReturn

from worker.core.domain.errors import FeedError
from worker.core.sources.entries import Hint
from worker.core.sources.head import Head

_NAMES = {
    "html": "html", "head": "html", "body": "html", "opml": "opml", "svg": "picture",
    "conceptitem": "concept", "knowledgeitem": "concept", "conceptset": "concept",
    "planningitem": "planning", "newscoverageset": "planning", "newscoverage": "planning",
    "catalogitem": "catalogue", "catalogref": "catalogue", "catalog": "catalogue",
    "topicset": "catalogue", "groupset": "package", "contentmeta": "fragment",
    "contentset": "fragment", "itemmeta": "fragment", "newscomponent": "fragment",
    "sports-content": "results", "fixture_list": "results",
}  # fmt: skip
_BESIDE_NEWS = frozenset({"concept", "planning", "catalogue", "package", "fragment", "results"})


_ENVELOPE = re.compile(r"<(?:[\w.-]{1,40}:)?Envelope[\s>]")
_ENVELOPE_CHARS = 2000


def matches(head: Head) -> str | None:
    """What the document is."""
    if head.root is None:
        return None
    if head.root.name in ("head", "body") and _ENVELOPE.search(head.text, 0, _ENVELOPE_CHARS):
        return None
    return _NAMES.get(head.root.name)


def read(_data: bytes, head: Head, _hint: Hint) -> NoReturn:
    """Raises ``FeedError``: not_a_news_item for what comes beside news, else not_a_feed."""
    name = matches(head)
    raise FeedError(
        "not_a_news_item" if name in _BESIDE_NEWS else "not_a_feed", f"looks like {name}"
    )
