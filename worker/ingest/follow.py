"""Reads the documents that an index lists (news sitemaps); the index itself holds no entries.

Rules
-----
1. Only what stands on the index's own host, and not further: an index in an index is not followed.
2. One document that fails costs its entries alone; when all of them fail, the poll fails.
3. They are fetched one after another, by the same guarded way as the feed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from urllib.parse import urlsplit

from worker.core.domain.document import Entry
from worker.core.domain.errors import FeedError, FetchError, InputError
from worker.core.sources.entries import Hint, Parsed
from worker.core.sources.gate import GateDecision
from worker.ingest.fetch import Response
from worker.sandbox.pool import Sandbox


async def read_listed(
    index: Parsed, hint: Hint, get: Callable[[str], Awaitable[Response]], sandbox: Sandbox
) -> tuple[Parsed, tuple[GateDecision, ...]]:
    """The index with the entries of what it lists, and the gate's decision for each.

    Raises ``FetchError`` or ``FeedError`` of the first document when none can be read.
    """
    entries: dict[str, Entry] = {}
    gates: dict[str, GateDecision] = {}
    problems: list[str | None] = []
    failed: list[InputError] = []
    for address in index.follow:
        if not same_site(address, hint.url):
            failed.append(FeedError("not_a_feed", "an index that lists another host's documents"))
            continue
        try:
            response = await get(address)
            parsed, decided = await sandbox.parse(response.body, replace(hint, url=address))
        except (FetchError, FeedError) as error:
            if error.reason != "no_entries":
                failed.append(error)
            continue
        problems.append(parsed.problem)
        for entry, gate in zip(parsed.entries, decided, strict=True):
            entries.setdefault(entry.id, entry)
            gates.setdefault(entry.id, gate)
    if len(failed) == len(index.follow):
        raise failed[0]
    problem = next(filter(None, problems), None)
    read = replace(index, entries=tuple(entries.values()), problem=problem)
    return read, tuple(gates[entry.id] for entry in read.entries)


def same_site(address: str, other: str | None) -> bool:
    """Whether two addresses are of one host, "www." aside."""
    hosts = ((urlsplit(one or "").hostname or "").removeprefix("www.") for one in (address, other))
    first, second = hosts
    return first == second
