"""Workers whose feeds come in other ways than by polling, and what is in their stores."""

from __future__ import annotations

import json
import sqlite3
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests import program
from tests.shell.test_app import Running, environ

FRONT = 'outlet = "Wire"\nlang = "en"\n'


@contextmanager
def working(folder: Path, feeds: str, **more: str) -> Iterator[Running]:
    """A worker with these ``[[feed]]`` blocks that does not outlive the block."""
    config = folder / "config"
    config.mkdir(exist_ok=True)
    (config / "feeds.toml").write_text(feeds, "utf-8")
    crash = {key: more.pop(key) for key in list(more) if key == "KABULWIRE_CRASH_POINT"}
    with (folder / "worker.log").open("ab") as out:
        process = program.start(
            "run", "--config", str(config),
            stdout=out, stderr=out, env=environ(folder, **more) | crash, cwd=folder,
        )  # fmt: skip
    try:
        yield Running(folder, process)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def rss(*items: tuple[str, str]) -> bytes:
    """A feed of these items: guid and title."""
    text = "".join(
        f"<item><title>{title}</title><guid isPermaLink='false'>{guid}</guid></item>"
        for guid, title in items
    )
    return f"<rss version='2.0'><channel><title>Wire</title>{text}</channel></rss>".encode()


def identities(folder: Path) -> list[str]:
    """The identity of each entry in the store, sorted; none before there is a store."""
    if not (folder / "store.db").exists():
        return []
    with closing(sqlite3.connect(folder / "store.db", timeout=10)) as conn:
        try:
            return sorted(row[0] for row in conn.execute("SELECT identity FROM entry"))
        except sqlite3.OperationalError:
            return []


@dataclass
class Reply:
    """An answer of the worker."""

    status: int
    body: str
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


def address(worker: Running, path: str) -> str:
    """Where a path of a running worker is."""
    told = json.loads((worker.folder / "store.db.run").read_text("utf-8"))
    return str(told["livez"]).replace("/livez", path)


def send(url: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Reply:
    """A GET, or a POST of ``body``, to a worker."""
    request = urllib.request.Request(url, data=body, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return Reply(answer.status, answer.read().decode(), dict(answer.headers))
    except urllib.error.HTTPError as error:
        return Reply(error.code, error.read().decode(), dict(error.headers))
