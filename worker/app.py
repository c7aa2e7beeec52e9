"""A worker, wired and kept alive: the only module that makes threads, processes and tasks.

Theory of operation
-------------------
The *loop* does HTTP and timers. A *writer* thread owns the only writing connection to the store;
what must be durable is a function submitted to it. A *publisher* thread owns the sink. A *sandbox*
of processes parses what strangers wrote. The tasks live in one TaskGroup: if a part fails in a way
that it cannot mend itself, the group ends and the process with it (exit 70); the store is never in
doubt.

Draining: a signal sets ``Stop.asked``. Pollers and the dispatcher finish what they hold and take
nothing new; then the outbox is tried; whatever is left when the grace ends stays in inbox and
outbox, where the next start finds it. A second signal ends the process at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import errno
import json
import os
import time
from contextlib import AsyncExitStack
from functools import partial

from aiohttp import web

from worker import __version__, crash_points, spool
from worker.chain import Chain, tell_changes
from worker.config.knowledge import load_knowledge, profile_dir
from worker.config.load import Loaded
from worker.config.schema import FeedConfig
from worker.core.contract.message import heartbeat_record
from worker.core.contract.records import Heartbeat
from worker.core.domain.errors import ConfigError, NoRoomError
from worker.core.knowledge.knowledge import Knowledge
from worker.desk import Desk
from worker.ingest.fetch import Fetcher
from worker.ingest.robots import Robots
from worker.observe import log
from worker.observe.metrics import Metrics
from worker.polling import Poller, Stop, now
from worker.publish.drain import Drain
from worker.publish.file_publisher import FilePublisher, open_sink
from worker.sandbox.pool import Sandbox
from worker.serve.facts import store_facts
from worker.serve.run_file import run_file
from worker.serve.web import Face, build, build_page
from worker.settle import tick
from worker.store import disk_space, inbox, maintenance, outbox
from worker.store import feeds as feed_table
from worker.store.connect import Binding, exclusive, open_reader, open_writer
from worker.store.inbox import Work
from worker.store.times import instant
from worker.store.writer import Writer

EX_OK, EX_UNAVAILABLE, EX_SOFTWARE, EX_TEMPFAIL = 0, 69, 70, 75
_ONCE_LIMIT_S = 900.0
_BEAT_S = 1.0
_COMMAND_S = 3.0
_EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 - compared with, not bound
_ALIVE_S = 600.0
_LEVELS = {
    "publish.committed": "debug",
    "publish.recovered": "info",
    "publish.rebuilt": "info",
    "store.diverged": "error",
    "store.restored": "warning",
}
"""How loud a publisher's event is; "warning" when it is not listed."""
_RETAIN_S, _EXAMINE_HOURS = 3600.0, 24


def run(loaded: Loaded, *, once: bool = False, only: frozenset[str] = frozenset()) -> int:
    """Run a worker until it is told to stop, or once; returns the exit code.

    Raises ``ConfigError`` and ``KnowledgeError`` when it cannot start.
    """
    log.configure(loaded.config.log.format, loaded.config.log.level)
    knowledge = load_knowledge(loaded.config.profile, loaded.folder)
    feeds = [feed for feed in loaded.feeds if (feed.id in only if only else feed.enabled)]
    code = EX_SOFTWARE
    with exclusive(loaded.config.store.path, _COMMAND_S):
        try:
            code = asyncio.run(_Worker(loaded, knowledge, feeds).live(once=once))
        except* (ConfigError, NoRoomError) as group:
            raise group.exceptions[0] from None
        except* OSError as group:
            full = group.exceptions[0]
            if isinstance(full, OSError) and full.errno == errno.ENOSPC:
                raise NoRoomError(f"no room on the disk: {full}; free some, start again") from None
            raise
        except* Exception as group:  # noqa: BLE001 - the last word before the end
            for error in group.exceptions:
                log.get().critical("worker.crashed", exc_info=error)
    return code


class _Worker:
    """One worker's life."""

    def __init__(self, loaded: Loaded, knowledge: Knowledge, feeds: list[FeedConfig]) -> None:
        self._loaded = loaded
        self._config = loaded.config
        self._knowledge = knowledge
        self._feeds = feeds
        self._metrics = Metrics()
        self._work_came = asyncio.Event()
        self._stop = Stop(self._work_came)
        self._in_flight: set[int] = set()

    async def live(self, *, once: bool) -> int:
        """Start everything, run, stop everything; returns the exit code."""
        self._stop.listen()
        idle = {} if self._feeds else {"note": "no feed is enabled: nothing is polled"}
        folder = str(self._loaded.folder)
        log.get().info("config.loaded", folder=folder, feeds=len(self._feeds), **idle)
        async with AsyncExitStack() as stack:
            await self._start(stack)
            async with asyncio.TaskGroup() as group:
                aside = [
                    group.create_task(self._beat()),
                    group.create_task(self._keep_time()),
                    group.create_task(self._keep_watch()),
                    group.create_task(self._keep_house()),
                    group.create_task(self._failure()),
                ]
                polls = [
                    group.create_task(self._poller.keep_asking(feed, once=once))
                    for feed in self._feeds
                ]
                work = [*polls, group.create_task(self._dispatch())]
                log.get().info("worker.started", **self._introduction())
                await (self._until_done(polls) if once else self._stop.asked.wait())
                code = await self._drain(work)
                for task in (*aside, *work):
                    task.cancel()
        log.get().info("worker.stopped", clean=code == EX_OK)
        return EX_UNAVAILABLE if once and code != EX_OK else code

    async def _failure(self) -> None:
        await self._failed

    def _introduction(self) -> dict[str, object]:
        return {
            "version": __version__,
            "instance": self._config.instance,
            "profile": self._knowledge.profile.name,
            "knowledge": self._knowledge.digest,
            "sink": self._desk.sink,
            "feeds": len(self._feeds),
        }

    async def _start(self, stack: AsyncExitStack) -> None:
        """Store, sandbox, network, sink and face, in this order; closed in the opposite one."""
        config = self._config
        loop = asyncio.get_running_loop()
        self._loop, self._failed = loop, loop.create_future()
        path = config.store.path
        sink = "kafka" if config.kafka.bootstrap_servers else "files"
        conn = open_writer(path, Binding(sink, config.instance, self._knowledge.profile.name))
        self._writer = Writer(conn, self._report_failure)
        self._writer.start()
        stack.callback(self._writer.close)
        desk = Desk(self._loaded, self._knowledge, self._feeds, open_reader(path), self._metrics)
        self._desk = desk
        stack.callback(desk.close)
        sandbox = Sandbox(
            profile_dir(config.profile, self._loaded.folder),
            config.sandbox.workers,
            parse_deadline_s=config.sandbox.parse_deadline_s,
            analyze_deadline_s=config.sandbox.analyze_deadline_s,
            memory_mb=config.sandbox.memory_mb,
        )
        await sandbox.start()
        stack.push_async_callback(sandbox.stop)
        fetcher = await stack.enter_async_context(Fetcher(config.ingest))
        self._chain = Chain(
            store=path,
            writer=self._writer,
            sandbox=sandbox,
            fetcher=fetcher,
            robots=Robots(fetcher),
            knowledge=self._knowledge,
            feeds={feed.id: feed for feed in self._feeds},
            metrics=self._metrics,
            say=desk.pulse.set_problem,
        )
        await self._chain.write(inbox.release_all)
        states = await desk.read(feed_table.load_states)
        self._poller = Poller(config, self._chain, desk.pulse, states, self._stop, self._work_came)
        self._publisher = self._new_publisher()
        self._publisher.start()
        desk.threads["writer"] = lambda: self._writer.beat if self._writer.is_alive() else None
        desk.threads["publisher"] = lambda: (
            self._publisher.beat if self._publisher.is_alive() else None
        )
        await self._serve(stack)

    def _new_publisher(self) -> Drain:
        config = self._config
        if config.kafka.bootstrap_servers:
            from worker.publish.kafka_publisher import KafkaPublisher

            return KafkaPublisher(
                config,
                self._writer,
                self._told,
                knowledge=self._knowledge,
                metrics=self._metrics,
                on_fatal=self._report_failure,
            )
        store, files = config.store.path, config.files
        sink = open_sink(files.dir, config.topics.prefix, files.rotate_mb * 1_000_000, store)
        return FilePublisher(store, sink, self._writer, self._told)

    async def _serve(self, stack: AsyncExitStack) -> None:
        """Open health, metrics and page, and say beside the store where they are."""
        config, desk = self._config, self._desk
        face = Face(desk.live, desk.pulse.ready, desk.status, self._metrics)
        doors = [(build(face), config.serve.port)]
        if config.serve.page_port:
            doors.append((build_page(face), config.serve.page_port))
        ports = []
        for application, port in doors:
            runner = web.AppRunner(application, access_log=None, shutdown_timeout=2.0)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            try:
                await web.TCPSite(runner, config.serve.host, port).start()
            except OSError as error:
                raise ConfigError(f"serve: cannot listen on {port}: {error.strerror}") from error
            ports.append(int(runner.addresses[0][1]))
        log.get().info("serve.listening", host=config.serve.host, port=ports[0])
        beside = run_file(config.store.path)
        own = "127.0.0.1" if config.serve.host in _EVERYWHERE else config.serve.host
        told = {"pid": os.getpid(), "livez": f"http://{own}:{ports[0]}/livez"}
        beside.write_text(json.dumps(told), "utf-8")
        stack.callback(beside.unlink, missing_ok=True)

    async def _dispatch(self) -> None:
        """Hand out due work, at most ``articles_in_flight`` at a time, until asked to stop."""
        slots = self._config.ingest.articles_in_flight
        async with asyncio.TaskGroup() as group:
            while not self._stop.asked.is_set():
                self._work_came.clear()
                free = slots - len(self._in_flight) if self._may_settle() else 0
                claimed = await self._claim(free) if free > 0 else []
                for work in claimed:
                    self._in_flight.add(work.inbox_id)
                    group.create_task(self._work_off(work))
                if not claimed:
                    await self._wait_for_work()

    def _may_settle(self) -> bool:
        """Not before a ledger was read once: after a lost store incidents must be known again."""
        return self._publisher.may_settle

    async def _claim(self, limit: int) -> list[Work]:
        moment = now()
        return await self._chain.write(lambda conn: inbox.claim(conn, moment, limit))

    async def _work_off(self, work: Work) -> None:
        try:
            await self._chain.work_off(work, now)
        finally:
            self._in_flight.discard(work.inbox_id)
            self._work_came.set()
            self._publisher.wake()

    async def _wait_for_work(self) -> None:
        """Until something came or ended, or the next tick."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._work_came.wait(), self._config.ingest.tick_s)

    async def _beat(self) -> None:
        """Notice how late the loop wakes up."""
        while True:
            asked = time.monotonic()
            await asyncio.sleep(_BEAT_S)
            self._desk.pulse.beat = time.monotonic()
            self._metrics.loop_lag.set(max(0.0, self._desk.pulse.beat - asked - _BEAT_S))

    async def _keep_time(self) -> None:
        """Timers, heartbeat record and what people asked for, every ``ingest.tick_s``.

        It waits while the disk is full, as everything does that writes.
        """
        last_beat = last_alive = float("-inf")
        while True:
            moment = now()
            if self._may_settle():
                await self._fire_timers(moment)
            if time.monotonic() - last_beat >= self._config.publish.heartbeat_s:
                last_beat = time.monotonic()
                await self._send_heartbeat(moment)
            if time.monotonic() - last_alive >= _ALIVE_S:
                last_alive = time.monotonic()
                await self._say_alive()
            await self._take_requests(moment)
            self._publisher.wake()
            await asyncio.sleep(self._config.ingest.tick_s)

    async def _keep_watch(self) -> None:
        """Gauges, high-water marks and readiness: reads only, so a full disk does not stop it."""
        while True:
            await self._watch(now())
            await asyncio.sleep(self._config.ingest.tick_s)

    async def _keep_house(self) -> None:
        """Every hour: forget what is old, see to the ballast. Every day: is the store whole?"""
        path, hours = self._config.store.path, 0
        while True:
            if hours % _EXAMINE_HOURS == 0:
                await asyncio.to_thread(maintenance.examine, path)
            await self._chain.write(lambda conn: maintenance.retain(conn, now()))
            disk_space.lay_ballast(path)
            hours += 1
            await asyncio.sleep(_RETAIN_S)

    async def _fire_timers(self, moment: dt.datetime) -> None:
        revised = await self._chain.write(lambda conn: tick(conn, moment, self._knowledge))
        crash_points.point("tick.after_commit")
        if revised:
            log.get().info("timer.fired", revisions=len(revised))
            tell_changes(revised, self._metrics)

    async def _take_requests(self, moment: dt.datetime) -> None:
        """What people asked for by command: corrections, dead letters to be tried again."""
        for path, request in await asyncio.to_thread(list, spool.waiting(self._config.store.path)):
            queued = await self._chain.write(partial(spool.admit, request=request, now=moment))
            path.unlink(missing_ok=True)
            log.get().info("request.taken", queued=queued)
            self._work_came.set()

    async def _watch(self, moment: dt.datetime) -> None:
        was_paused = self._desk.pulse.paused
        waiting = await self._desk.measure(moment)
        trouble = self._publisher.problem
        self._metrics.sink_up.set(trouble is None)
        needs_person = trouble is not None and self._publisher.needs_person()
        told = f"{trouble}. {trouble.advice}".strip() if trouble else ""
        note, problem = f"publishing has stopped: {told}", f"publishing waits for a person: {told}"
        self._desk.pulse.set_note("sink", note if trouble and not needs_person else "")
        self._desk.pulse.set_problem("sink", problem if needs_person else "")
        if self._desk.pulse.paused != was_paused:
            event = "feed.resumed" if was_paused else "feed.paused"
            free_mb = waiting.free_bytes // 1_000_000
            log.get().warning(event, inbox=waiting.inbox, outbox=waiting.outbox, free_mb=free_mb)

    async def _send_heartbeat(self, moment: dt.datetime) -> None:
        failing = len(self._poller.failing)
        facts = await self._desk.read(store_facts)
        beat = Heartbeat(
            instance=self._config.instance,
            profile=self._knowledge.profile.name,
            as_of=moment,
            newest_article=instant(facts["last_article"]) if facts["last_article"] else None,
            feeds_ok=len(self._feeds) - failing,
            feeds_failing=failing,
            version=__version__,
            knowledge=self._knowledge.digest,
        )
        message = heartbeat_record(beat, self._knowledge)
        await self._chain.write(lambda conn: outbox.replace_heartbeat(conn, message, moment))

    async def _say_alive(self) -> None:
        facts = await self._desk.read(store_facts)
        keys = ("articles", "incidents", "inbox", "outbox", "dead_letters")
        log.get().info(
            "worker.alive", failing=len(self._poller.failing), **{k: facts[k] for k in keys}
        )

    async def _until_done(self, polls: list[asyncio.Task[None]]) -> None:
        """``once``: every feed polled, nothing due, nothing in flight; or nothing may be settled,
        because no ledger was ever read and the broker does not answer.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_ONCE_LIMIT_S):
                if polls:
                    await asyncio.wait(polls)
                while not self._stop.asked.is_set():
                    waiting = await self._desk.measure(now())
                    idle = not waiting.inbox_due and not self._in_flight
                    if idle or (self._publisher.problem and not self._may_settle()):
                        break
                    await asyncio.sleep(0.1)
        self._stop.ask()

    async def _drain(self, work: list[asyncio.Task[None]]) -> int:
        """Let work end and the outbox empty, within the grace; returns the exit code."""
        self._desk.pulse.stopping = True
        deadline = time.monotonic() + self._config.run.grace_s
        log.get().info("worker.stopping", in_flight=len(self._in_flight))
        _, unfinished = await asyncio.wait(work, timeout=self._config.run.grace_s)
        left = max(0.5, deadline - time.monotonic())
        emptied = await asyncio.to_thread(self._publisher.stop, left)
        return EX_OK if emptied and not unfinished else EX_TEMPFAIL

    def _told(self, event: str, keys: dict[str, object]) -> None:
        """A publisher thread has something to say."""
        level = _LEVELS.get(event, "warning")
        getattr(log.get(), level)(event, **keys)

    def _report_failure(self, error: BaseException) -> None:
        """The writer or the publisher met what it cannot mend."""
        self._loop.call_soon_threadsafe(self._note_failure, error)

    def _note_failure(self, error: BaseException) -> None:
        if not self._failed.done():
            self._failed.set_exception(error)
