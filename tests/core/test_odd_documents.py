"""Documents in forms that their standards allow and few agencies use: each is read like any other."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from tests.core.odd_documents import BODY, ODD, TITLE
from worker.config.knowledge import load_notices
from worker.core.sources.formats import Hint, parse

SENT = dt.datetime(2031, 5, 8, 14, 30, tzinfo=dt.UTC)
HINT = Hint(feed="wire", received=dt.datetime(2031, 5, 8, 15, tzinfo=dt.UTC))
SHARED = {"title": TITLE, "body": BODY, "published": SENT, "updated": SENT, "status": "new"}
NOTICES = load_notices()


@pytest.mark.parametrize(("name", "document", "more"), ODD.values(), ids=ODD.keys())
def test_parse_reads_an_odd_document(
    name: str, document: str | bytes, more: dict[str, Any]
) -> None:
    """Format, title, paragraphs, moment and what has to be done."""
    data = document if isinstance(document, bytes) else document.encode()
    parsed = parse(data, HINT, notices=NOTICES)
    (entry,) = parsed.entries
    expected = SHARED | more
    assert parsed.problem is None
    assert (entry.format, {key: getattr(entry, key) for key in expected}) == (name, expected)
