"""Plays the demonstration: a newsroom, the real worker in a process of its own, and what comes out.

Theory of operation
-------------------
The newsroom is served from this process. The worker is ``python -m worker run`` with its settings
in the environment, exactly as an operator would start it; it knows of the newsroom only through a
feeds file. This process then does what a consumer does: it follows the incident log and prints each
revision. When the last article is out and the log has been quiet for a while, the worker gets
SIGTERM and drains.

The topic files stay, below ``var/demo`` of the working directory.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console

from worker.core.domain.errors import StateError
from worker.core.knowledge.profile import Profile
from worker.demo import show
from worker.demo.newsroom import Newsroom, Schedule, read_schedule
from worker.publish.files.sink import FileSink

PREFIX = "kabulwire"
_START_LIMIT_S = 60.0
_QUIET_S = 5.0
_AFTER_LAST_S = 25.0
_DRAIN_LIMIT_S = 30.0
_POLL_S = 0.2


Source = Callable[[], Sequence[Mapping[str, Any]]]
"""Everything that is in the incident log by now, in order."""


@dataclass(frozen=True, slots=True)
class Broker:
    """Where to publish instead of into files: the worker's settings, and how to read it back."""

    settings: Mapping[str, str]
    read: Source


@dataclass(frozen=True, slots=True)
class DemoFiles:
    """The files of one demonstration."""

    folder: Path

    @property
    def log(self) -> Path:
        """The incident log that the worker appends to."""
        return self.folder / "topics" / f"{PREFIX}.incident-log.v1.jsonl"

    @property
    def incidents(self) -> Path:
        """The compacted topic: the newest state of each incident."""
        return self.folder / "topics" / f"{PREFIX}.incidents.v1.jsonl"

    @property
    def worker_log(self) -> Path:
        """The worker's log, one JSON object a line."""
        return self.folder / "worker.log"


async def play(
    profile: Profile, profile_dir: Path, out: Console, broker: Broker | None = None
) -> Path:
    """Play the whole story and return the path of the compacted incidents file.

    With a ``broker`` the worker publishes there, and the file is written from what was read back.
    Raises ``KnowledgeError`` when the profile has no newsroom, ``StateError`` when the worker ends
    early.
    """
    today = dt.datetime.now(ZoneInfo(profile.zone)).date()
    schedule = read_schedule(profile_dir / "demo", profile.zone, today)
    newsroom, files = Newsroom(schedule), DemoFiles(_folder())
    await newsroom.start()
    try:
        _write_feeds(files, schedule, newsroom)
        environment = _environment(files, profile_dir) | dict(broker.settings if broker else {})
        worker = await _start(files, environment)
        try:
            await _ready(worker, files)
            newsroom.begin()
            _introduce(out, profile, schedule)
            read = broker.read if broker else partial(_lines, files.log)
            changes = _changes(worker, files, read, schedule.length_s)
            records = [record async for record in changes]
        finally:
            await _stop(worker)
    finally:
        await newsroom.stop()
    _print_result(out, files, schedule, newsroom, records, profile.zone)
    return files.incidents


def _folder() -> Path:
    parent = Path("var") / "demo"
    try:
        parent.mkdir(parents=True, exist_ok=True)
    except OSError:
        return Path(tempfile.mkdtemp(prefix="demo-"))
    return Path(tempfile.mkdtemp(prefix=f"{time.strftime('%Y%m%d-%H%M%S')}-", dir=parent))


def _write_feeds(files: DemoFiles, schedule: Schedule, newsroom: Newsroom) -> None:
    blocks = [
        f"[[feed]]\nid = {json.dumps(outlet.id)}\nurl = {json.dumps(newsroom.feed_url(outlet))}\n"
        f"outlet = {json.dumps(outlet.name)}\nlang = {json.dumps(outlet.lang)}\n"
        for outlet in schedule.outlets
    ]
    (files.folder / "feeds.toml").write_text("\n".join(blocks), encoding="utf-8")


def _environment(files: DemoFiles, profile_dir: Path) -> dict[str, str]:
    settings = {
        "PROFILE": profile_dir.resolve(),
        "INSTANCE": "demo",
        "FEEDS__FILE": (files.folder / "feeds.toml").resolve(),
        "INGEST__ALLOW_LOOPBACK": "true",
        "INGEST__MIN_INTERVAL_S": "0.5",
        "INGEST__INTERVAL_S": "0.5",
        "INGEST__HOST_SPACING_S": "0.05",
        "INGEST__TICK_S": "0.5",
        "STORE__PATH": (files.folder / "store.db").resolve(),
        "FILES__DIR": files.log.parent.resolve(),
        "TOPICS__PREFIX": PREFIX,
        "KAFKA__BOOTSTRAP_SERVERS": "",
        "SERVE__PORT": "0",
        "LOG__FORMAT": "json",
        "LOG__LEVEL": "info",
    }
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("KABULWIRE")}
    return inherited | {f"KABULWIRE__{key}": str(value) for key, value in settings.items()}


async def _start(files: DemoFiles, environment: Mapping[str, str]) -> asyncio.subprocess.Process:
    with files.worker_log.open("wb") as log:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "worker", "run", stdout=log, stderr=log, env=environment
        )


async def _ready(worker: asyncio.subprocess.Process, files: DemoFiles) -> None:
    """Wait until the worker says that it polls."""
    limit = time.monotonic() + _START_LIMIT_S
    while not any(line.get("event") == "worker.started" for line in _worker_log_lines(files)):
        if worker.returncode is not None or time.monotonic() > limit:
            tail = files.worker_log.read_text("utf-8", "replace")[-2000:]
            raise StateError(f"the worker did not start:\n{tail}")
        await asyncio.sleep(_POLL_S)


def _introduce(out: Console, profile: Profile, schedule: Schedule) -> None:
    names = ", ".join(outlet.name for outlet in schedule.outlets)
    out.print(f"[bold]{profile.title}[/] - {len(schedule.outlets)} invented outlets: {names}")
    out.print(f"{len(schedule.releases)} articles in about {schedule.length_s:.0f} s.\n")


async def _changes(
    worker: asyncio.subprocess.Process, files: DemoFiles, source: Source, length_s: float
) -> AsyncIterator[Mapping[str, Any]]:
    """Print and yield each revision as it is published, until the story is over."""
    began = quiet_since = time.monotonic()
    read = 0
    while True:
        lines = await asyncio.to_thread(source)
        for record in lines[read:]:
            sys.stdout.write(f"{show.change_line(record)}\n")
            sys.stdout.flush()
            yield record
            quiet_since = time.monotonic()
        read = len(lines)
        passed = time.monotonic() - began
        if passed > length_s + _QUIET_S and time.monotonic() - quiet_since > _QUIET_S:
            return
        if passed > length_s + _AFTER_LAST_S:
            return
        if worker.returncode is not None:
            raise StateError(f"the worker ended early; see {files.worker_log}")
        await asyncio.sleep(_POLL_S)


async def _stop(worker: asyncio.subprocess.Process) -> None:
    if worker.returncode is not None:
        return
    worker.terminate()
    try:
        await asyncio.wait_for(worker.wait(), _DRAIN_LIMIT_S)
    except TimeoutError:
        worker.kill()
        await worker.wait()


def _print_result(
    out: Console,
    files: DemoFiles,
    schedule: Schedule,
    newsroom: Newsroom,
    records: list[Mapping[str, Any]],
    zone: str,
) -> None:
    titles = {
        f"{newsroom.addresses[release.outlet]}/news/{release.slug}": release.title
        for release in schedule.releases
    }
    processed = [
        line for line in _worker_log_lines(files) if line.get("event") == "article.processed"
    ]
    show.closing(out, records, zone)
    show.set_aside(out, processed, titles)
    kept = f"Every revision: {files.log}   " if files.log.exists() else ""
    out.print(f"\n{kept}The worker's log: {files.worker_log}", soft_wrap=True)
    _write_incidents(files, records)


def _write_incidents(files: DemoFiles, records: Sequence[Mapping[str, Any]]) -> None:
    """The newest revision of each incident, as a topic file: ``seq`` rises.

    The worker's own file is compacted as any other, so that a worker can go on with it. What was read
    back from a broker has no ``seq``, and gets its place in what was read.
    """
    if files.incidents.exists():
        FileSink(files.incidents.parent, PREFIX).compact()
        return
    files.incidents.parent.mkdir(exist_ok=True)
    numbered = {r["key"]: {"seq": seq, **r} for seq, r in enumerate(records, 1)}
    kept = sorted(numbered.values(), key=lambda record: int(record["seq"]))
    lines = (f"{json.dumps(record, ensure_ascii=False)}\n" for record in kept)
    files.incidents.write_text("".join(lines), encoding="utf-8")


def _worker_log_lines(files: DemoFiles) -> list[dict[str, Any]]:
    return _lines(files.worker_log)


def _lines(path: Path) -> list[dict[str, Any]]:
    """Complete JSON lines of a file that may still grow; other lines are left out."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return []
    out = []
    for line in text.split("\n")[:-1]:
        try:
            out.append(json.loads(line))
        except ValueError:
            continue
    return [line for line in out if isinstance(line, dict)]
