"""One page for ``explain``, fetched as the worker would: guarded, limited, robots.txt respected."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
from typing import Any

from worker.config.load import load_settings
from worker.config.schema import Ingest
from worker.core.domain.document import Document, Entry
from worker.core.sources.instant import read_instant
from worker.ingest.fetch import Fetcher
from worker.ingest.fetch_page import fetch_page
from worker.ingest.robots import Robots


def get_page(url: str, fields: dict[str, Any], zone: str, config: str | None) -> Document:
    """The document at ``url``; what ``fields`` say of it stands in for what the page does not.

    Raises ``FetchError``.
    """
    entry = Entry(
        feed="explain",
        id=url,
        format="page",
        url=url,
        title=fields.get("title"),
        outlet=fields.get("outlet"),
        published=read_instant(fields.get("published"), zone),
    )
    return asyncio.run(_get(entry, load_settings(config, os.environ).config.ingest))


async def _get(entry: Entry, settings: Ingest) -> Document:
    async with Fetcher(settings) as fetcher:
        return await fetch_page(entry, fetcher, Robots(fetcher), dt.datetime.now(dt.UTC))
