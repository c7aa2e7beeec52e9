"""A pool of processes that can be killed. Bytes from outside are parsed there and nowhere else.

Rules
-----
1. A job has a deadline, a limit of processor time and one of memory. Past any of them its process is
   ended and the caller gets ``SandboxKilledError``; other jobs do not notice. The deadline is counted
   here, by the steady clock: pebble counts by the wall clock, and a wall clock set a day ahead ended
   every job under way.
2. Plain values go in and come out. An error of the input comes back as the error it is; a bug of
   ours as ``SandboxKilledError("crashed")`` with its last lines.
3. No process outlives the worker, however that died: a job of 23 s went on after kill -9.

Theory of operation
-------------------
A pool of pebble with the ``forkserver`` method: the server imports parser and core once, a new child
is forked in milliseconds from it, and neither has threads or connections of the worker. The worker
itself imports neither. A child asks
the kernel to be killed with its parent, which is the fork server; the server ends when the worker is
gone, because children close the descriptor by which they would keep it alive.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from concurrent.futures import CancelledError as FutureCancelledError
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from pebble import ProcessExpired, ProcessPool

from worker.core.domain.document import Document, Entry
from worker.core.domain.errors import FeedError, InputError, PageError
from worker.core.domain.report import Analysis
from worker.core.sources.entries import Hint, Parsed
from worker.core.sources.gate import GateDecision
from worker.core.sources.seen import SeenFeed
from worker.sandbox.child import Outcome, prepare_child, run_job
from worker.sandbox.jobs import (
    Page,
    ParsedOrRefused,
    Places,
    analyze_document,
    find_links,
    parse_document,
    parse_each,
    parse_page,
    parse_unseen_of,
    read_site_page,
    read_subscription_list,
    warm_up,
)

if TYPE_CHECKING:
    from worker.core.sources.answer_paths import FeedLinks
    from worker.core.sources.opml import SubscriptionList
    from worker.core.sources.site import Site

KILL_REASONS = frozenset({"deadline", "cpu", "memory", "killed", "crashed"})
_LOOK_S = 0.05
_QUIET = "ignore:resource_tracker:UserWarning"
"""Python's own process that clears up after a worker that was killed says so on its stderr, in plain
text between the lines of the log. It takes its options from here.
"""
_PRELOAD = ("worker.sandbox.child", "worker.sandbox.jobs", "worker.sandbox.warm")
_ERRORS: dict[str, type[InputError]] = {"FeedError": FeedError, "PageError": PageError}


class SandboxKilledError(InputError):
    """A job was ended by force: ``deadline``, ``cpu``, ``memory``, ``killed``, or it ``crashed``."""


class Sandbox:
    """The pool. ``start`` it in the process that uses it, ``stop`` it before leaving.

    ``parse_deadline_s`` and ``analyze_deadline_s`` count from when a process takes the job up, not
    from when it was handed in. ``memory_mb`` is address space. A process is renewed after
    ``max_tasks`` jobs.
    """

    def __init__(
        self,
        profile_path: str | Path,
        max_workers: int = 2,
        *,
        parse_deadline_s: float = 10.0,
        analyze_deadline_s: float = 30.0,
        memory_mb: int = 1024,
        max_tasks: int = 1000,
    ) -> None:
        self._profile = str(profile_path)
        self._max_workers = max_workers
        self._parse_deadline = parse_deadline_s
        self._analyze_deadline = analyze_deadline_s
        self._memory = memory_mb * 1024 * 1024
        self._max_tasks = max_tasks
        self._pool: ProcessPool | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Start the fork server and the processes; back when they are ready."""
        future = await asyncio.to_thread(self._open)
        await asyncio.wrap_future(future)

    async def stop(self) -> None:
        """End all processes, and the jobs in them."""
        await asyncio.to_thread(self._close)

    def _open(self) -> Any:
        """Make the pool; the future is done when a process has answered."""
        if _QUIET not in sys.warnoptions:
            sys.warnoptions.append(_QUIET)
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(list(_PRELOAD))
        os.environ["KABULWIRE_SANDBOX_PROFILE"] = self._profile
        self._pool = ProcessPool(
            max_workers=self._max_workers,
            max_tasks=self._max_tasks,
            initializer=prepare_child,
            initargs=(self._memory,),
            context=context,
        )
        return self._pool.schedule(run_job, args=(warm_up, self._profile, 60.0, ()))

    def _close(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            with contextlib.suppress(RuntimeError):
                pool.stop()  # type: ignore[no-untyped-call]
                pool.join()

    async def parse(self, data: bytes, hint: Hint) -> tuple[Parsed, tuple[GateDecision, ...]]:
        """The entries of a document, and for each whether its page is worth fetching.

        Raises ``FeedError`` and ``SandboxKilledError``.
        """
        found: tuple[Parsed, tuple[GateDecision, ...]] = await self._run(
            parse_document, self._parse_deadline, data, hint
        )
        return found

    async def parse_unseen(
        self, data: bytes, hint: Hint, seen: SeenFeed | None
    ) -> tuple[Parsed, tuple[GateDecision, ...], SeenFeed | None]:
        """The same of what ``seen`` does not know, and what is to be known next time. Raises as
        ``parse`` does, but not for a feed with nothing new.
        """
        found: tuple[Parsed, tuple[GateDecision, ...], SeenFeed | None] = await self._run(
            parse_unseen_of, self._parse_deadline, data, hint, seen
        )
        return found

    async def parse_each(
        self, documents: tuple[bytes, ...], hint: Hint
    ) -> tuple[ParsedOrRefused, ...]:
        """The same for many small documents within the deadline of one. Raises ``SandboxKilledError``,
        which tells nothing of which document it was.
        """
        found: tuple[ParsedOrRefused, ...] = await self._run(
            parse_each, self._parse_deadline, documents, hint
        )
        return found

    async def parse_page(self, data: bytes, hint: Hint, places: Places) -> Page:
        """The entries of one page of an API, and where it leads. Raises as ``parse`` does, but not
        for a page without entries.
        """
        page: Page = await self._run(parse_page, self._parse_deadline, data, hint, places)
        return page

    async def find_links(self, header: str, data: bytes) -> FeedLinks:
        """Hub and topic of a feed, of its ``Link`` header or its document."""
        found: FeedLinks = await self._run(find_links, self._parse_deadline, header, data)
        return found

    async def read_site(self, data: bytes, base: str) -> Site:
        """What a page or feed at ``base`` says of its site. Raises ``SandboxKilledError``."""
        site: Site = await self._run(read_site_page, self._parse_deadline, data, base)
        return site

    async def read_subscriptions(self, data: bytes) -> SubscriptionList:
        """The feeds of a subscription list. Raises ``FeedError`` and ``SandboxKilledError``."""
        found: SubscriptionList = await self._run(
            read_subscription_list, self._parse_deadline, data
        )
        return found

    async def analyze(self, document: Document, entry: Entry | None = None) -> Analysis:
        """All that a document says. Raises ``PageError`` and ``SandboxKilledError``."""
        found: Analysis = await self._run(analyze_document, self._analyze_deadline, document, entry)
        return found

    async def _run(self, job: Callable[..., Any], deadline: float, *args: Any) -> Any:
        try:
            future = self._submit(job, deadline, args)
            outcome: Outcome = await _in_time(future, deadline)
        except TimeoutError:
            raise SandboxKilledError("deadline", f"{deadline:g} s") from None
        except ProcessExpired as expired:
            raise _ended(expired) from None
        except (BrokenProcessPool, FutureCancelledError, RuntimeError) as error:
            raise SandboxKilledError("killed", str(error)[:200]) from None
        if not outcome.error:
            return outcome.value
        raise _ERRORS.get(outcome.error, SandboxKilledError)(outcome.reason, outcome.detail)

    def _submit(self, job: Callable[..., Any], deadline: float, args: tuple[Any, ...]) -> Any:
        """Hand a job in; a pool that broke (a process killed from outside) is built anew once."""
        if self._pool is None:
            raise SandboxKilledError("killed", "the sandbox is not running")
        call = (job, self._profile, deadline, args)
        try:
            return self._pool.schedule(run_job, args=call)
        except RuntimeError:
            self._close()
            self._open()
            return self._pool.schedule(run_job, args=call)


async def _in_time(future: Any, deadline: float) -> Outcome:
    """What a job sends back, at most ``deadline`` s after a process took it up. Raises
    ``TimeoutError``; to cancel a job that runs ends its process.
    """
    told = asyncio.wrap_future(future)
    try:
        while not (future.running() or told.done()):
            await asyncio.wait({told}, timeout=_LOOK_S)
        await asyncio.wait({told}, timeout=deadline)
        if not told.done():
            raise TimeoutError
        outcome: Outcome = told.result()
        return outcome
    finally:
        future.cancel()


def _ended(expired: ProcessExpired) -> SandboxKilledError:
    code = expired.exitcode or 0
    if code == -signal.SIGXCPU:
        return SandboxKilledError("cpu", "limit of processor time")
    return SandboxKilledError("killed", f"exit code {code}")
