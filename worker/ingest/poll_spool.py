"""One look into a spool: take what is complete, parse it, and say what was in it.

Rules
-----
1. Nothing is stored here. The state names the files whose entries travel with it; whoever stores both
   calls ``Spool.clear`` with it, and the next look does so again, in case nobody did.
2. A look ends at ``MOST`` files, ``_BYTES`` or ``_ENTRIES``; what was taken beyond waits in ``.taken``.
3. A document that cannot be read is set aside with its reason and harms no other. A sandbox that was
   ended from outside says nothing about the document, which is read again.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from dataclasses import dataclass, field, replace

from worker.config.schema import FeedConfig
from worker.core.domain.errors import FeedError
from worker.ingest.results import GatedEntry, PollResult, Refused, hint_for
from worker.ingest.schedule import FeedState
from worker.ingest.spool import DeliveredFile, Spool, reason_of
from worker.sandbox.pool import Sandbox, SandboxKilledError

_EVERY_S = 5.0
"""Seconds between two looks into a spool that sets no interval."""
_BYTES = 32_000_000
_ENTRIES = 2_000


@dataclass(slots=True)
class _Look:
    """What a look has found so far."""

    entries: list[GatedEntry] = field(default_factory=list)
    read: list[tuple[str, str]] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    read_bytes: int = 0

    @property
    def full(self) -> bool:
        return self.read_bytes >= _BYTES or len(self.entries) >= _ENTRIES


async def poll_spool(
    feed: FeedConfig, state: FeedState, spool: Spool, sandbox: Sandbox, now: dt.datetime
) -> PollResult:
    """Documents that a spool holds now; those of the stored state are moved away first."""
    wait_s = _EVERY_S if feed.interval_s is None else feed.interval_s
    again = replace(state, next_at=now + dt.timedelta(seconds=wait_s), last_attempt=now,
                    reason="interval")  # fmt: skip
    look = _Look()
    try:
        await asyncio.to_thread(spool.clear, state.spool_read)
        names = await asyncio.to_thread(spool.take, now)
        for name in names:
            if (file := await asyncio.to_thread(spool.read, name, now)) is not None:
                await _parse(look, file, feed, sandbox, now)
            if look.full:
                break
    except OSError as error:
        reason = reason_of(error)
        lost = replace(again, failures=state.failures + 1, last_reason=reason)
        detail = f"{error.strerror}: {error.filename2 or error.filename}"
        return PollResult(lost, (), "failed", reason, detail=detail)
    more = bool(look.read) and (spool.waiting > 0 or len(look.read) < len(names))
    if more:
        again = replace(again, next_at=now, reason="more")
    done = replace(again, failures=0, last_success=now, last_reason="", spool_read=tuple(look.read))
    return PollResult(
        done,
        tuple(look.entries),
        "entries" if look.entries else "unchanged",
        more=more,
        documents=len(look.read),
        refused=tuple(look.refused),
        waiting=spool.waiting,
    )


async def _parse(
    look: _Look, file: DeliveredFile, feed: FeedConfig, sandbox: Sandbox, now: dt.datetime
) -> None:
    """Add what one file holds, or why it holds nothing."""
    refused = Refused(file.name, file.refused, file.detail)
    if not file.refused:
        look.read_bytes += len(file.data)
        try:
            parsed, gates = await sandbox.parse(file.data, hint_for(feed, None, now))
            look.entries.extend(zip(parsed.entries, gates, strict=True))
        except FeedError as error:
            refused = Refused(file.name, error.reason, error.detail)
        except SandboxKilledError as error:
            if error.reason == "killed":
                return
            refused = Refused(file.name, f"parse_{error.reason}", error.detail)
    if refused.reason:
        look.refused.append(refused)
    look.read.append((file.name, _told(refused)))


def _told(refused: Refused) -> str:
    """Reason and detail of a refused file as they are written beside it, "" of one that was read."""
    told = f"{refused.reason}: {refused.detail}" if refused.detail else refused.reason
    return told.encode("utf-8", "replace").decode()
