"""A press on loopback for whole-worker tests: several feeds, odd pages, and what a consumer sees."""

from __future__ import annotations

import datetime as dt
import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import format_datetime
from html import escape
from pathlib import Path
from typing import Any

from tests import program
from tests.loopback import Answer, Asked, serving
from tests.shell.test_app import Running, environ

YESTERDAY = dt.datetime.now(dt.UTC).replace(microsecond=0) - dt.timedelta(hours=20)
Page = tuple[int, str, bytes]
"""Status, content type and body."""


@dataclass
class Press:
    """Feeds at ``/<outlet>.xml``, their pages below ``/<outlet>/``, and ``odd`` answers by path."""

    base: str
    outlets: dict[str, dict[str, tuple[str, str]]] = field(default_factory=dict)
    """Outlet → slug → title and HTML page."""
    odd: dict[str, Page] = field(default_factory=dict)

    def publish(self, outlet: str, slug: str, title: str, *paragraphs: str) -> None:
        """Show an article, or a new version of it."""
        body = "".join(f"<p>{escape(text)}</p>" for text in paragraphs)
        page = (
            f"<html lang='en'><head><title>{escape(title)}</title></head><body><main><article>"
            f"<h1>{escape(title)}</h1>{body}</article></main></body></html>"
        )
        self.outlets.setdefault(outlet, {})[slug] = (title, page)

    def answer(self, path: str) -> Page:
        """What the press says to a request."""
        if path in self.odd:
            return self.odd[path]
        outlet, _, slug = path.strip("/").partition("/")
        if outlet.removesuffix(".xml") in self.outlets and not slug:
            return 200, "application/rss+xml", self._feed(outlet.removesuffix(".xml")).encode()
        if slug in self.outlets.get(outlet, {}):
            return 200, "text/html", self.outlets[outlet][slug][1].encode()
        return 404, "text/plain", b"no"

    def _feed(self, outlet: str) -> str:
        items = "".join(
            f"<item><title>{escape(title)}</title><link>{self.base}/{outlet}/{slug}</link>"
            f"<guid isPermaLink='false'>{outlet}:{slug}</guid>"
            f"<pubDate>{format_datetime(YESTERDAY)}</pubDate>"
            f"<description>{escape(title)}, the City Guard said.</description></item>"
            for slug, (title, _) in list(self.outlets[outlet].items())
        )
        return f"<rss version='2.0'><channel><title>{outlet}</title>{items}</channel></rss>"


@contextmanager
def printing() -> Iterator[Press]:
    """A press that serves until the block ends."""
    press = Press("")

    def answer(asked: Asked) -> Answer:
        status, kind, data = press.answer(asked.path)
        return status, {"Content-Type": kind}, data

    with serving(answer) as press.base:
        yield press


def bomb(press: Press, outlet: str, dead: str, slug: str = "bomb") -> None:
    """An outlet's article about one bombing, dated and placed."""
    press.publish(
        outlet,
        slug,
        f"Car bomb kills {dead} at Customs House in Portsmere",
        f"A car bomb killed {dead} people outside the Customs House on Lantern Quay in Portsmere "
        f"on {YESTERDAY:%A}, {YESTERDAY:%B} {YESTERDAY.day}, the City Guard said.",
        f"The vehicle exploded at 9 a.m., the guard's spokesman told the {outlet.title()}. "
        "No group claimed responsibility for the attack.",
    )


def shooting(press: Press, outlet: str, town: str, slug: str = "shooting") -> None:
    """An outlet's article about gunmen in a part of town, or in another town."""
    press.publish(
        outlet,
        slug,
        f"Gunmen shoot dead two lawyers in {town}",
        f"Gunmen shot dead two lawyers in {town} on {YESTERDAY:%A} evening, "
        f"{YESTERDAY:%B} {YESTERDAY.day}, the City Guard said.",
        "The attackers fled on a motorbike, an official said. Nobody has been arrested.",
    )


def launch(folder: Path, press: Press, *outlets: str, **more: str) -> Running:
    """Start a worker as an operator does; ``KABULWIRE_CRASH_POINT`` goes in as it is."""
    config = folder / "config"
    config.mkdir(exist_ok=True)
    blocks = [
        f'[[feed]]\nid = "{o}"\nurl = "{press.base}/{o}.xml"\noutlet = "{o.title()}"\nlang = "en"\n'
        for o in outlets
    ]
    (config / "feeds.toml").write_text("\n".join(blocks), "utf-8")
    crash = {key: more.pop(key) for key in list(more) if key == "KABULWIRE_CRASH_POINT"}
    with (folder / "worker.log").open("ab") as out:
        process = program.start(
            "run", "--config", str(config),
            stdout=out, stderr=out, env=environ(folder, **more) | crash, cwd=folder,
        )  # fmt: skip
    return Running(folder, process)


@contextmanager
def at_work(folder: Path, press: Press, *outlets: str, **more: str) -> Iterator[Running]:
    """A launched worker that does not outlive the block."""
    worker = launch(folder, press, *outlets, **more)
    try:
        yield worker
    finally:
        if worker.process.poll() is None:
            worker.process.kill()
            worker.process.wait()


def until(what: Callable[[], object], worker: Running, seconds: float = 60.0) -> bool:
    """Wait for something; False when the worker died first."""
    limit = time.monotonic() + seconds
    while not what():
        if worker.process.poll() is not None:
            return bool(what())
        if time.monotonic() > limit:
            raise AssertionError((worker.folder / "worker.log").read_text("utf-8")[-3000:])
        time.sleep(0.05)
    return True


def topic(folder: Path, name: str) -> list[dict[str, Any]]:
    """Complete lines of a topic, rotated files first."""
    current = folder / "topics" / f"kabulwire.{name}.jsonl"
    whole = re.compile(rf"kabulwire\.{re.escape(name)}\.\d+\.jsonl")
    old = sorted(p for p in current.parent.glob("*.jsonl") if whole.fullmatch(p.name))
    files = [*old, *([current] if current.exists() else [])]
    return [json.loads(line) for p in files for line in p.read_bytes().split(b"\n")[:-1]]


def assert_no_holes(records: list[dict[str, Any]]) -> None:
    """Each incident counts 1, 2, 3 …, and no sequence number comes twice."""
    counted: dict[str, list[int]] = {}
    for record in records:
        counted.setdefault(record["key"], []).append(record["value"]["revision"])
    assert counted, "no revision at all"
    assert all(rs == list(range(1, len(rs) + 1)) for rs in counted.values()), counted
    seqs = [record["seq"] for record in records]
    assert seqs == sorted(set(seqs))
