"""Strangers' bytes are parsed in processes that can be killed: feeds, subscription lists, pages.

Rules
-----
1. A job has a deadline, a limit of processor time and one of memory. Past any of them its process is
   ended and the caller gets ``SandboxKilledError``; other jobs do not notice.
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
import ctypes
import multiprocessing
import os
import resource
import signal
import sys
from collections.abc import Callable
from concurrent.futures import CancelledError as FutureCancelledError
from concurrent.futures import TimeoutError as FutureTimeoutError
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import forkserver
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from pebble import ProcessExpired, ProcessPool

from worker.config.knowledge import load_knowledge
from worker.core.domain.document import Document, Entry
from worker.core.domain.errors import FeedError, InputError, PageError
from worker.core.domain.report import Analysis
from worker.core.knowledge.knowledge import Knowledge
from worker.core.sources.entries import Hint, Parsed
from worker.core.sources.gate import GateDecision, decide

if TYPE_CHECKING:
    from worker.core.sources.opml import SubscriptionList

KILL_REASONS = frozenset({"deadline", "cpu", "memory", "killed", "crashed"})
_PR_SET_PDEATHSIG = 1
_CPU_SLACK_S = 2
_PRELOAD = ("worker.sandbox.pool", "worker.sandbox.warm")
_ERRORS: dict[str, type[InputError]] = {"FeedError": FeedError, "PageError": PageError}


class SandboxKilledError(InputError):
    """A job was ended by force: ``deadline``, ``cpu``, ``memory``, ``killed``, or it ``crashed``."""


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What a job sends back: a value, or the name and reason of an error."""

    value: Any = None
    error: str = ""
    reason: str = ""
    detail: str = ""


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
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(list(_PRELOAD))
        os.environ["KABULWIRE_SANDBOX_PROFILE"] = self._profile
        self._pool = ProcessPool(
            max_workers=self._max_workers,
            max_tasks=self._max_tasks,
            initializer=_prepare_child,
            initargs=(self._memory,),
            context=context,
        )
        return self._pool.schedule(_guarded, args=(_nothing, self._profile, 60.0, ()))

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
            _parse_job, self._parse_deadline, data, hint
        )
        return found

    async def read_subscriptions(self, data: bytes) -> SubscriptionList:
        """The feeds of a subscription list. Raises ``FeedError`` and ``SandboxKilledError``."""
        found: SubscriptionList = await self._run(_subscriptions_job, self._parse_deadline, data)
        return found

    async def analyze(self, document: Document, entry: Entry | None = None) -> Analysis:
        """All that a document says. Raises ``PageError`` and ``SandboxKilledError``."""
        found: Analysis = await self._run(_analyze_job, self._analyze_deadline, document, entry)
        return found

    async def _run(self, job: Callable[..., Any], deadline: float, *args: Any) -> Any:
        try:
            future = self._submit(job, deadline, args)
            outcome: _Outcome = await asyncio.wrap_future(future)
        except (FutureTimeoutError, TimeoutError):
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
            return self._pool.schedule(_guarded, args=call, timeout=deadline)
        except RuntimeError:
            self._close()
            self._open()
            return self._pool.schedule(_guarded, args=call, timeout=deadline)


def _ended(expired: ProcessExpired) -> SandboxKilledError:
    code = expired.exitcode or 0
    if code == -signal.SIGXCPU:
        return SandboxKilledError("cpu", "limit of processor time")
    return SandboxKilledError("killed", f"exit code {code}")


def _prepare_child(memory: int) -> None:
    """In a new child: die with the parent, at once on SIGTERM, and hold no more than allowed."""
    parent = os.getppid()
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        _let_server_go()
    if os.getppid() != parent:
        os._exit(1)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard != resource.RLIM_INFINITY:
        memory = min(memory, hard)
    resource.setrlimit(resource.RLIMIT_AS, (memory, hard))


def _let_server_go() -> None:
    """Close this child's end of the pipe that keeps the fork server alive.

    Every child inherits it, so that children of its own could be forked; here there are none.
    """
    server = getattr(forkserver, "_forkserver", None)
    alive = getattr(server, "_forkserver_alive_fd", None)
    if isinstance(alive, int):
        with contextlib.suppress(OSError):
            os.close(alive)
        vars(server)["_forkserver_alive_fd"] = None


def _guarded(
    job: Callable[..., Any], profile: str, deadline: float, args: tuple[Any, ...]
) -> _Outcome:
    """In the child: one job under its limit of processor time; errors as values."""
    _limit_cpu(deadline)
    try:
        return _Outcome(job(*args, load_knowledge(profile)))
    except InputError as error:
        return _Outcome(None, type(error).__name__, error.reason, error.detail)
    except MemoryError:
        return _Outcome(None, "SandboxKilledError", "memory", "limit of memory")
    except Exception as error:  # noqa: BLE001 - a bug costs one job
        return _Outcome(None, "SandboxKilledError", "crashed", _place_of(error))
    finally:
        _limit_cpu(None)


def _limit_cpu(deadline: float | None) -> None:
    """Soft limit on processor time: what was used so far and the deadline; None lifts it.

    The kernel ends the process at the soft limit (SIGXCPU), even inside a regular expression.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    if deadline is None:
        resource.setrlimit(resource.RLIMIT_CPU, (hard, hard))
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime + deadline) + _CPU_SLACK_S
    if hard != resource.RLIM_INFINITY:
        soft = min(soft, hard)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def _place_of(error: Exception) -> str:
    """Type and message of an error, and the line of ours that it came from; no locals."""
    where, trace = "", error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if f"{os.sep}worker{os.sep}" in code.co_filename:
            where = f" at {Path(code.co_filename).name}:{trace.tb_lineno} in {code.co_name}"
        trace = trace.tb_next
    return f"{type(error).__name__}: {str(error)[:200]}{where}"


def _nothing(_knowledge: Knowledge) -> None:
    """The first job of a process: what it has to read, it reads now."""


def _parse_job(
    data: bytes, hint: Hint, knowledge: Knowledge
) -> tuple[Parsed, tuple[GateDecision, ...]]:
    from worker.core.sources.formats import parse

    parsed = parse(data, hint)
    gate = knowledge.profile.gate
    return parsed, tuple(decide(entry, gate) for entry in parsed.entries)


def _subscriptions_job(data: bytes, _knowledge: Knowledge) -> SubscriptionList:
    from worker.core.sources.opml import read_subscriptions

    return read_subscriptions(data)


def _analyze_job(document: Document, entry: Entry | None, knowledge: Knowledge) -> Analysis:
    from worker.core.analyze import analyze

    return analyze(document, entry, knowledge)
