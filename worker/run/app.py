"""A worker, wired and kept alive: the only module that makes threads, processes and tasks.

Theory of operation
-------------------
The *loop* does HTTP and timers: one scheduler serves whatever is due (``worker.run.scheduler``; the
table of its sources is ``worker.run.due_work``). A *writer* thread owns the only writing connection
to the store; what must be durable is a function submitted to it. A *publisher* thread owns the sink.
A *sandbox* of processes parses what strangers wrote. The tasks live in one TaskGroup: if a part
fails in a way that it cannot mend itself, the group ends and the process with it (exit 70); the
store is never in doubt.

Draining: a signal sets ``Stop.asked``. The scheduler lets polls and articles in flight end and
begins no new ones; then the outbox is tried; whatever is left when the grace ends stays in inbox and
outbox, where the next start finds it. A second signal ends the process at once.
"""

from __future__ import annotations

import asyncio
import errno
import json
import os
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from aiohttp import web

from worker import __version__
from worker.collector import calm_collector
from worker.config.knowledge import load_knowledge, profile_dir
from worker.config.load import Loaded
from worker.config.schema import FeedConfig
from worker.core.domain.errors import BusyError, ConfigError, NoRoomError
from worker.core.knowledge.knowledge import Knowledge
from worker.ingest.fetch import Fetcher
from worker.ingest.robots import Robots
from worker.observe import log
from worker.observe.metrics import Metrics
from worker.publish.drain import NEEDS_A_PERSON, Drain
from worker.publish.file_publisher import FilePublisher, open_sink
from worker.run import due_work
from worker.run.chain import Chain
from worker.run.clock import SystemClock
from worker.run.full_store import FullStore
from worker.run.health import Health
from worker.run.parts import Parts
from worker.run.receiver import Receiver
from worker.run.scheduler import Scheduler
from worker.run.signals import EX_TEMPFAIL, Stop
from worker.run.subscriptions import Subscriptions
from worker.sandbox.pool import Sandbox
from worker.serve.push import routes
from worker.serve.run_file import run_file
from worker.serve.web import StatusSource, build, build_page
from worker.store import feeds as feed_table
from worker.store import inbox, queries
from worker.store.connect import Binding, exclusive, open_reader, open_writer
from worker.store.store_error import DAMAGED_ADVICE, is_damaged
from worker.store.subscriptions import load_subscriptions
from worker.store.writer import Writer

EX_OK, EX_UNAVAILABLE, EX_SOFTWARE = 0, 69, 70
_ONCE_LIMIT_S = 900.0
_COMMAND_S = 3.0
_EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 - compared with, not bound
_LEVELS = {
    "publish.committed": "debug",
    "publish.recovered": "info",
    "publish.rebuilt": "info",
    "store.diverged": "error",
    "store.full": "error",
    "store.restored": "warning",
}
"""How loud a publisher's event is; "warning" when it is not listed."""
_Fatal = Callable[[BaseException], None]


def run(loaded: Loaded, *, once: bool = False, only: frozenset[str] = frozenset()) -> int:
    """Run a worker until it is told to stop, or once; returns the exit code.

    Raises ``ConfigError`` and ``KnowledgeError`` when it cannot start.
    """
    config = loaded.config
    log.configure(config.log.format, config.log.level, instance=config.instance)
    knowledge = load_knowledge(loaded.config.profile, loaded.folder)
    calm_collector()
    feeds = [feed for feed in loaded.feeds if (feed.id in only if only else feed.enabled)]
    code = EX_SOFTWARE
    with exclusive(loaded.config.store.path, _COMMAND_S):
        try:
            code = asyncio.run(_live(loaded, knowledge, feeds, once=once))
        except* (ConfigError, NoRoomError, BusyError) as group:
            raise group.exceptions[0] from None
        except* OSError as group:
            full = group.exceptions[0]
            if isinstance(full, OSError) and full.errno == errno.ENOSPC:
                raise NoRoomError(f"no room on the disk: {full}; free some, start again") from None
            raise
        except* Exception as group:  # noqa: BLE001 - the last word before the end
            for error in group.exceptions:
                keys = _of_damage(error, config.store.path)
                log.get().error("worker.crashed", exc_info=error, **keys)
    return code


def _of_damage(error: BaseException, store: Path) -> dict[str, str]:
    """What a person needs to know of a store that is not whole; nothing of any other error."""
    if not is_damaged(error):
        return {}
    return {"reason": "store_damaged", "store": str(store), "advice": DAMAGED_ADVICE}


async def _live(
    loaded: Loaded, knowledge: Knowledge, feeds: list[FeedConfig], *, once: bool
) -> int:
    """One worker's life; returns the exit code."""
    stop = Stop()
    stop.listen()
    idle = {} if feeds else {"note": "no feed is enabled: nothing is polled"}
    log.get().info("config.loaded", folder=str(loaded.folder), feeds=len(feeds), **idle)
    async with open_worker(loaded, knowledge, feeds, stop, once=once) as worker:
        code = await worker.live()
        left = {} if code == EX_OK else await worker.left()
    if left:
        log.get().warning("worker.stopped", clean=False, **left)
    else:
        log.get().info("worker.stopped", clean=True)
    return EX_UNAVAILABLE if once and code != EX_OK else code


class Failure:
    """What the writer or the publisher met and cannot mend: it ends the process."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._met: asyncio.Future[None] = self._loop.create_future()

    def report(self, error: BaseException) -> None:
        """Say so; may be called from any thread."""
        self._loop.call_soon_threadsafe(self._note, error)

    async def wait(self) -> None:
        """Wait for ever, or raise what was reported first."""
        await self._met

    def _note(self, error: BaseException) -> None:
        if not self._met.done():
            self._met.set_exception(error)


class Worker:
    """One worker whose parts are open; ``live`` runs it, once."""

    def __init__(self, parts: Parts, scheduler: Scheduler, failure: Failure) -> None:
        self._parts = parts
        self._scheduler = scheduler
        self._failure = failure

    async def live(self) -> int:
        """Serve what is due until asked to stop, then drain; returns the exit code."""
        parts = self._parts
        async with asyncio.TaskGroup() as group:
            serving = self._scheduler.run(group.create_task, forgiving=not parts.once)
            tasks = [group.create_task(serving), group.create_task(self._failure.wait())]
            log.get().info("worker.started", **self._introduction())
            await (self._until_done() if parts.once else parts.stop.asked.wait())
            code = await self._drain()
            self._scheduler.cancel()
            for task in tasks:
                task.cancel()
        return code

    async def left(self) -> dict[str, object]:
        """What waits in the store when not all was drained, in words for who reads the log."""
        parts = self._parts
        waiting = await parts.health.measure(parts.clock.now().wall)
        advice = "Nothing is lost: what waits is in the store, and the next start goes on with it."
        return {"inbox": waiting.inbox, "outbox": waiting.outbox, "advice": advice}

    def _introduction(self) -> dict[str, object]:
        knowledge, config = self._parts.chain.knowledge, self._parts.config
        broker = config.kafka.bootstrap_servers
        return {
            "program": __version__,
            "instance": config.instance,
            "profile": knowledge.profile.name,
            "knowledge": knowledge.digest,
            "sink": self._parts.health.sink,
            **({"broker": broker} if broker else {"folder": str(config.files.dir)}),
            "prefix": config.topics.prefix,
            "store": str(config.store.path),
            "feeds": len(self._parts.feeds),
        }

    async def _until_done(self) -> None:
        """``once``: every feed polled, nothing due, nothing in flight; or nothing may be settled,
        because no ledger was ever read and the broker does not answer.
        """
        parts = self._parts
        ended = time.monotonic() + _ONCE_LIMIT_S
        while not parts.stop.asked.is_set() and time.monotonic() < ended:
            if all(feed.id in parts.polled for feed in parts.pulled):
                waiting = await parts.health.measure(parts.clock.now().wall)
                idle = not waiting.inbox_due and not parts.in_flight
                if idle or (parts.publisher.problem and not parts.publisher.may_settle):
                    break
            await asyncio.sleep(0.1)
        parts.stop.ask()

    async def _drain(self) -> int:
        """Let work end and the outbox empty, within the grace; returns the exit code."""
        parts = self._parts
        parts.health.conditions.stopping = True
        deadline = time.monotonic() + parts.config.run.grace_s
        log.get().info("worker.stopping", in_flight=self._scheduler.under_way())
        ended = await self._scheduler.drain(parts.config.run.grace_s)
        left = max(0.5, deadline - time.monotonic())
        emptied = await asyncio.to_thread(parts.publisher.stop, left)
        return EX_OK if emptied and ended else EX_TEMPFAIL


@asynccontextmanager
async def open_worker(
    loaded: Loaded, knowledge: Knowledge, feeds: list[FeedConfig], stop: Stop, *, once: bool
) -> AsyncIterator[Worker]:
    """Store, sink, sandbox, network and status page, in this order; closed in the opposite one.

    Raises ``ConfigError`` when one of them cannot be opened, ``BusyError`` for a port in use.
    """
    config, metrics, failure = loaded.config, Metrics(), Failure()
    async with AsyncExitStack() as stack:
        sink = "kafka" if config.kafka.bootstrap_servers else "files"
        binding = Binding(sink, config.instance, knowledge.profile.name)
        writer = Writer(open_writer(config.store.path, binding), failure.report)
        writer.start()
        stack.callback(writer.close)
        publisher = _new_publisher(loaded, knowledge, metrics, writer, failure.report)
        threads = {
            "writer": lambda: writer.beat if writer.is_alive() else None,
            "publisher": lambda: publisher.beat if publisher.is_alive() else None,
        }
        conn = open_reader(config.store.path)
        stack.callback(conn.close)
        reader = stack.enter_context(ThreadPoolExecutor(1, thread_name_prefix="reader"))
        health = Health(config, knowledge, feeds, metrics, conn, reader, threads)
        chain = await _open_chain(stack, loaded, knowledge, feeds, writer, health, metrics)
        await chain.write(inbox.release_all)
        states = await health.read(feed_table.load_states)
        health.begin(states, await health.read(queries.last_items))
        hubs, clock = await health.read(load_subscriptions), SystemClock()
        publisher.start()
        parts = Parts(
            config=config,
            feeds=tuple(feeds),
            states=states,
            chain=chain,
            health=health,
            subscriptions=Subscriptions(feeds, hubs, chain, clock, config.serve.public_url),
            publisher=publisher,
            clock=clock,
            stop=stop,
            once=once,
        )
        await _open_doors(stack, parts)
        scheduler = Scheduler(due_work.work(parts), due_work.upkeep(parts), parts.clock)
        yield Worker(parts, scheduler, failure)


async def _open_chain(
    stack: AsyncExitStack,
    loaded: Loaded,
    knowledge: Knowledge,
    feeds: list[FeedConfig],
    writer: Writer,
    health: Health,
    metrics: Metrics,
) -> Chain:
    """Sandbox and network, and the chain that works with them."""
    config = loaded.config
    sandbox = Sandbox(
        profile_dir(config.profile, loaded.folder),
        config.sandbox.workers,
        parse_deadline_s=config.sandbox.parse_deadline_s,
        analyze_deadline_s=config.sandbox.analyze_deadline_s,
        memory_mb=config.sandbox.memory_mb,
    )
    await sandbox.start()
    stack.push_async_callback(sandbox.stop)
    fetcher = await stack.enter_async_context(Fetcher(config.ingest))
    return Chain(
        full=FullStore(config.store.path, health.conditions.set_problem),
        writer=writer,
        sandbox=sandbox,
        fetcher=fetcher,
        robots=Robots(fetcher),
        knowledge=knowledge,
        feeds={feed.id: feed for feed in feeds},
        metrics=metrics,
    )


def _new_publisher(
    loaded: Loaded, knowledge: Knowledge, metrics: Metrics, writer: Writer, on_fatal: _Fatal
) -> Drain:
    config = loaded.config
    if config.kafka.bootstrap_servers:
        from worker.publish.kafka_publisher import KafkaPublisher

        return KafkaPublisher(
            config, writer, _told, knowledge=knowledge, metrics=metrics, on_fatal=on_fatal
        )
    store, files = config.store.path, config.files
    sink = open_sink(files.dir, config.topics.prefix, files.rotate_mb * 1_000_000, store)
    return FilePublisher(store, sink, writer, _told)


def _told(event: str, keys: dict[str, object]) -> None:
    """A publisher thread has something to say. An absent broker may come back by itself."""
    level = _LEVELS.get(event, "warning")
    if event == "publish.failed" and keys.get("reason") in NEEDS_A_PERSON:
        level = "error"
    getattr(log.get(), level)(event, **keys)


async def _open_doors(stack: AsyncExitStack, parts: Parts) -> None:
    """Open health, metrics, page and what is pushed, and say beside the store where they are."""
    config, health = parts.config, parts.health
    source = StatusSource(health.live, health.conditions.ready, health.status, parts.chain.metrics)
    pushed = any(feed.push or feed.websub for feed in parts.feeds) and not parts.once
    own_port, page_port = config.serve.port, config.serve.page_port
    doors = [(build(source, routes(Receiver(parts)) if pushed else ()), "serve.port", own_port)]
    if page_port:
        doors.append((build_page(source), "serve.page_port", page_port))
    ports = []
    for application, setting, port in doors:
        runner = web.AppRunner(
            application,
            access_log=None,
            shutdown_timeout=2.0,
            lingering_time=1.0,
            auto_decompress=False,  # a signature is over the bytes as sent; we unpack with a limit
        )
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        try:
            await web.TCPSite(runner, config.serve.host, port).start()
        except OSError as error:
            raise _deaf(config.serve.host, port, setting, error) from error
        ports.append(int(runner.addresses[0][1]))
    log.get().info("serve.listening", host=config.serve.host, port=ports[0])
    beside = run_file(config.store.path)
    own = "127.0.0.1" if config.serve.host in _EVERYWHERE else config.serve.host
    told = {"pid": os.getpid(), "livez": f"http://{own}:{ports[0]}/livez"}
    beside.write_text(json.dumps(told), "utf-8")
    stack.callback(beside.unlink, missing_ok=True)


def _deaf(host: str, port: int, setting: str, error: OSError) -> ConfigError | BusyError:
    """Why nobody can reach us: a port that is held may be let go, an address that is not ours is wrong."""
    if error.errno == errno.EADDRINUSE:
        return BusyError(f"serve: {host}:{port} is in use; end who holds it, or set {setting}")
    why = os.strerror(error.errno) if error.errno else error.strerror
    return ConfigError(f"serve: cannot listen on {host}:{port}: {why}; see serve.host, {setting}")
