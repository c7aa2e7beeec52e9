"""A worker's whole chain in one process, with a clock that a test turns: spool or push, inbox, settle,
topic files.

Only the threads and the sandbox's processes of a running worker are missing: documents are parsed and
read by the same jobs, here and now.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import hmac
import json
import os
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from tests.profiles.cities import PORTSMERE
from tests.shell.press import topic
from worker.config.delivery import Push
from worker.config.knowledge import load_knowledge
from worker.config.schema import FeedConfig
from worker.core.domain.document import Document, Entry
from worker.core.domain.errors import FeedError
from worker.core.domain.report import Analysis
from worker.core.sources.entries import Hint
from worker.ingest.poll_spool import poll_spool
from worker.ingest.schedule import FeedState
from worker.ingest.spool import Spool
from worker.observe.metrics import Metrics
from worker.publish.file_publisher import FilePublisher, open_sink
from worker.run.chain import Chain
from worker.run.clock import Now
from worker.run.full_store import FullStore
from worker.run.receiver import Receiver
from worker.sandbox import jobs
from worker.serve.push import routes
from worker.settle import tick
from worker.store import inbox
from worker.store.connect import Binding, Connection, open_reader, open_writer
from worker.store.export import export_articles
from worker.store.inbox import Admission
from worker.store.writer import Writer

KNOWLEDGE = load_knowledge(PORTSMERE)
START = dt.datetime(2031, 5, 8, 15, 0, tzinfo=dt.UTC)
_LIMIT = 10_000_000
_SECRET = "a secret of the agency's"


class _Desk:
    """The jobs of a sandbox, done in this process."""

    async def parse_each(self, documents: tuple[bytes, ...], hint: Hint) -> list[Any]:
        found: list[Any] = []
        for data in documents:
            try:
                found.append(jobs.parse_document(data, hint, KNOWLEDGE))
            except FeedError as error:
                found.append((error.reason, error.detail))
        return found

    async def parse(self, data: bytes, hint: Hint) -> Any:
        return jobs.parse_document(data, hint, KNOWLEDGE)

    async def analyze(self, document: Document, entry: Entry | None = None) -> Analysis:
        return jobs.analyze_document(document, entry, KNOWLEDGE)


class WireDesk:
    """Feeds that are spools, by outlet; ``now`` is the clock."""

    def __init__(self, folder: Path, *outlets: str) -> None:
        self.folder = folder
        self.now = START
        self.outcomes: list[str] = []
        self._files = 0
        self._feeds = {outlet: self._feed(outlet) for outlet in outlets or ("Agency",)}
        self._spools = {}
        for outlet, feed in self._feeds.items():
            if feed.path is not None:
                feed.path.mkdir(parents=True)
                self._spools[outlet] = Spool(feed.path, _LIMIT, 0)
        self._states = {outlet: FeedState(feed.id) for outlet, feed in self._feeds.items()}
        self._open()

    def _feed(self, outlet: str) -> FeedConfig:
        return FeedConfig(id=outlet.lower().replace(" ", "-"), path=self.folder / "spool" / outlet,
                          outlet=outlet, lang="en", interval_s=5)  # fmt: skip

    def send(self, document: str | bytes, outlet: str | None = None) -> None:
        """A file is delivered."""
        self._files += 1
        data = document.encode() if isinstance(document, str) else document
        name = outlet or next(iter(self._feeds))
        path = self._feeds[name].path
        assert path is not None
        file = path / f"{self._files:03}.item"
        file.write_bytes(data)
        os.utime(file, (1, 1))

    def deliver(
        self, *documents: str | bytes, outlet: str | None = None, minutes: float = 1
    ) -> None:
        """Each document is delivered and read in a poll of its own, so many minutes apart."""
        for document in documents:
            self.send(document, outlet)
            self.poll()
            self.now += dt.timedelta(minutes=minutes)

    def wait(self, **much: float) -> None:
        """Time passes, and the worker looks."""
        self.now += dt.timedelta(**much)
        self.poll()

    def poll(self) -> None:
        """One look into each spool, and all work that is due."""
        asyncio.run(self._poll())
        publisher = FilePublisher(self._store, self._sink, self._writer, lambda *_: None)
        publisher.start()
        assert publisher.stop(20)

    def restart(self) -> None:
        """The process ends and another one begins."""
        self.close()
        self._open()
        self._writer.submit(inbox.release_all).result()

    def close(self) -> None:
        """End the writer."""
        self._writer.close()

    def incidents(self, *states: str) -> list[dict[str, Any]]:
        """The latest state of each incident in the topic, oldest first; of these states, if any."""
        latest = {record["key"]: record["value"] for record in topic(self.folder, "incidents.v1")}
        return [value for value in latest.values() if not states or value["state"] in states]

    def incident(self) -> dict[str, Any]:
        """The only incident that a consumer would count."""
        (only,) = self.live()
        return only

    def live(self) -> list[dict[str, Any]]:
        """The incidents that a consumer would count."""
        return self.incidents("active", "provisional", "settled", "closed")

    def reports(self) -> list[dict[str, Any]]:
        """The records of the reports topic."""
        return [record["value"] for record in topic(self.folder, "reports.v1")]

    def killed(self) -> int | None:
        """The deaths of the only incident."""
        return figure(self.incident())

    def exported(self) -> list[str]:
        """The store's articles as lines for ``replay``."""
        conn = open_reader(self._store)
        try:
            return [json.dumps(line) for line in export_articles(conn)]
        finally:
            conn.close()

    def told(self) -> str:
        """All that was ever published, as it stands in the files."""
        files = sorted((self.folder / "topics").glob("*.jsonl"))
        return "".join(file.read_text("utf-8") for file in files)

    def _open(self) -> None:
        self._store = self.folder / "store.db"
        binding = Binding("files", "test", KNOWLEDGE.profile.name)
        self._writer = Writer(open_writer(self._store, binding), _fail)
        self._writer.start()
        self._sink = open_sink(self.folder / "topics", "kabulwire", _LIMIT, self._store)
        nothing: Any = SimpleNamespace()
        self._chain = Chain(
            full=FullStore(self._store, lambda *_: None), writer=self._writer, sandbox=cast("Any", _Desk()), fetcher=nothing,
            robots=nothing, knowledge=KNOWLEDGE, feeds={f.id: f for f in self._feeds.values()},
            metrics=Metrics(),
        )  # fmt: skip

    async def _poll(self) -> None:
        write = self._chain.write
        await self._take_in()
        while works := await write(lambda conn: inbox.take(conn, self.now, 10)):
            for work in works:
                await self._chain.work_off(work, lambda: self.now)
        while await write(lambda conn: tick(conn, self.now, KNOWLEDGE)):
            pass

    async def _take_in(self) -> None:
        """One look into each spool."""
        for outlet, feed in self._feeds.items():
            result = await poll_spool(
                feed, self._states[outlet], self._spools[outlet], cast("Any", _Desk()), self.now
            )
            self._states[outlet] = result.state
            admission = Admission(feed.id, result.entries)
            await self._chain.write(partial(_admit, admission=admission, now=self.now))


class PushDesk(WireDesk):
    """The same with one feed whose documents are pushed, signed, over real HTTP; ``answers`` are the
    statuses.
    """

    def __init__(self, folder: Path) -> None:
        (folder / "secret").write_text(_SECRET, "utf-8")
        self.answers: list[int] = []
        self._sent: list[bytes] = []
        super().__init__(folder)

    def send(self, document: str | bytes, outlet: str | None = None) -> None:
        """A document is to be pushed."""
        self._sent.append(document.encode() if isinstance(document, str) else document)

    def _feed(self, outlet: str) -> FeedConfig:
        push = Push(secret_file=self.folder / "secret")
        return FeedConfig(id=outlet.lower(), push=push, outlet=outlet, lang="en")

    async def _take_in(self) -> None:
        """All that is to be pushed."""
        (feed,) = self._feeds.values()
        conditions = SimpleNamespace(paused=False, stopping=False, feeds={})
        parts: Any = SimpleNamespace(
            feeds=(feed,), states={}, chain=self._chain, work_came=asyncio.Event(),
            config=SimpleNamespace(ingest=SimpleNamespace(max_feed_bytes=_LIMIT)),
            clock=SimpleNamespace(now=lambda: Now(self.now, 0.0)),
            health=SimpleNamespace(conditions=conditions),
            subscriptions=SimpleNamespace(get=lambda _: None),
        )  # fmt: skip
        app = web.Application()
        app.add_routes(routes(Receiver(parts)))
        async with TestClient(TestServer(app)) as client:
            while self._sent:
                body = self._sent.pop(0)
                digest = hmac.new(_SECRET.encode(), body, hashlib.sha256).hexdigest()
                shown = {"X-Hub-Signature-256": f"sha256={digest}"}
                answer = await client.post(f"/push/{feed.id}", data=body, headers=shown)
                self.answers.append(answer.status)


def figure(incident: dict[str, Any], measure: str = "killed") -> int | None:
    """The best figure of an incident."""
    found = incident["casualties"][measure]
    return found["best"] if found else None


def _admit(conn: Connection, admission: Admission, now: dt.datetime) -> inbox.Admitted:
    return inbox.admit(conn, admission, now)


def _fail(error: BaseException) -> None:
    raise error
