"""One look into a spool: take what is complete, parse it, and say what was in it.

Rules
-----
1. Nothing is stored here. The state names the files whose entries travel with it; whoever stores both
   calls ``Spool.clear`` with it, and the next look does so again, in case nobody did.
2. A look ends at ``MOST`` files, ``_BYTES`` or ``_ENTRIES``; what was taken beyond waits in ``.taken``.
3. A document that cannot be read is set aside with its reason and harms no other. So is one that was
   cut off, or has too many items: its whole items are kept, and a person sees that there were more.
   A sandbox that was ended from outside says nothing about the document, which is read again.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import deque
from dataclasses import dataclass, field, replace

from worker.config.schema import FeedConfig
from worker.core.sources.entries import Hint, Parsed
from worker.ingest.results import GatedEntry, PollResult, Refused, hint_for, loss_of
from worker.ingest.schedule import FeedState
from worker.ingest.spool import DeliveredFile, Spool, reason_of
from worker.sandbox.jobs import ParsedOrRefused
from worker.sandbox.pool import Sandbox, SandboxKilledError

_EVERY_S = 5.0
"""Seconds between two looks into a spool that sets no interval."""
_BYTES = 32_000_000
_ENTRIES = 2_000
_JOB_FILES, _JOB_BYTES = 50, 1_000_000
"""Of one job in the sandbox: handing one over takes 50 ms, parsing a small document two."""


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

    def note(self, file: DeliveredFile, found: ParsedOrRefused) -> None:
        """Keep what a file holds, or why it holds nothing."""
        parsed, gates = found
        if isinstance(parsed, Parsed):
            self.entries.extend(zip(parsed.entries, gates, strict=True))  # type: ignore[arg-type]
            loss = loss_of(parsed.problem, len(parsed.entries))
            if not loss:
                self.read.append((file.name, ""))
                return
            refused = Refused(file.name, parsed.problem or "", loss)
        else:
            refused = Refused(file.name, parsed, str(gates))
        self.refused.append(refused)
        self.read.append((file.name, _told(refused)))


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
        left = deque(names)
        while left and not look.full:
            files = await asyncio.to_thread(_batch, spool, left, now)
            await _parse(look, files, hint_for(feed, None, now), sandbox)
    except OSError as error:
        reason = reason_of(error)
        lost = replace(again, failures=state.failures + 1, last_reason=reason)
        detail = f"{error.strerror}: {error.filename2 or error.filename}"
        return PollResult(lost, (), "failed", reason, detail=detail)
    more = bool(look.read) and (spool.waiting > 0 or len(look.read) < len(names))
    if more:
        again = replace(again, next_at=now, reason="more")
    done = replace(again, failures=0, last_success=now, last_reason="", spool_read=tuple(look.read),
                   spool_at=now if look.read else state.spool_at)  # fmt: skip
    return PollResult(
        done,
        tuple(look.entries),
        "entries" if look.entries else "unchanged",
        more=more,
        documents=len(look.read),
        refused=tuple(look.refused),
        waiting=spool.waiting,
    )


def _batch(spool: Spool, left: deque[str], now: dt.datetime) -> list[DeliveredFile]:
    """The next files, as many as fit into one job; one that is still written to is left out."""
    files: list[DeliveredFile] = []
    size = 0
    while left and size < _JOB_BYTES and len(files) < _JOB_FILES:
        if (file := spool.read(left.popleft(), now)) is not None:
            files.append(file)
            size += len(file.data)
    return files


async def _parse(look: _Look, files: list[DeliveredFile], hint: Hint, sandbox: Sandbox) -> None:
    """Add what some files hold: all in one job, or one by one when that was ended by force."""
    for file in files:
        if file.refused:
            look.note(file, (file.refused, file.detail))
    whole = [file for file in files if not file.refused]
    if not whole:
        return
    look.read_bytes += sum(len(file.data) for file in whole)
    try:
        together = await sandbox.parse_each(tuple(file.data for file in whole), hint)
    except SandboxKilledError as error:
        if error.reason == "killed":
            return
        if len(whole) == 1:
            look.note(whole[0], (f"parse_{error.reason}", error.detail))
            return
        for file in whole:
            await _parse(look, [file], hint, sandbox)
        return
    for file, found in zip(whole, together, strict=True):
        look.note(file, found)


def _told(refused: Refused) -> str:
    """Reason and detail of a refused file, as they are written beside it."""
    told = f"{refused.reason}: {refused.detail}" if refused.detail else refused.reason
    return told.encode("utf-8", "replace").decode()
