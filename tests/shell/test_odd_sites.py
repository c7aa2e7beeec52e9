"""What an operator sees of sites with moods: ten days of a worker that asks four of them by ``once``.

One turns programs away, one moves for good, one renames every id on the second day, one is down for a
weekend. The clock of each run is set; nobody's news is lost, and nobody's is told twice.
"""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests import program
from tests.shell.press import assert_no_holes, topic
from tests.shell.test_app import environ

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

FRIDAY = dt.datetime(2031, 3, 7, 12, 0, tzinfo=dt.UTC)
SET_CLOCK = (
    "import datetime as dt, time_machine\n"
    "time_machine.travel(dt.datetime.fromisoformat({moment!r}), tick=True).start()"
)
FEEDS = ("barrier", "mover", "namer", "sleeper")


@dataclass
class Sites:
    """Four outlets on loopback: stories by outlet, and each one's mood."""

    base: str
    day: int = 0
    stories: dict[str, list[tuple[str, str, str, dt.datetime]]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def tell(self, outlet: str, slug: str, title: str, text: str, day: float = 0) -> None:
        """Publish a story on that day after Friday noon."""
        moment = FRIDAY + dt.timedelta(days=day, hours=-3)
        self.stories.setdefault(outlet, []).append((slug, title, text, moment))

    def answer(self, path: str) -> tuple[int, str, str]:
        """Status, type (or where to), and body."""
        self.asked.append(path)
        outlet, _, slug = path.strip("/").partition("/")
        if outlet == "barrier":
            return 403, "text/plain", "no robots"
        if outlet == "sleeper" and self.day in (1, 2):
            return 503, "text/plain", "back on Monday"
        if path == "/mover/feed":
            return 301, f"{self.base}/mover/new-feed", ""
        if slug in ("feed", "new-feed"):
            return 200, "application/rss+xml", self._feed(outlet)
        for name, title, text, _ in self.stories.get(outlet, ()):
            if slug == name:
                paragraphs = "".join(f"<p>{part}</p>" for part in text.split("\n"))
                return 200, "text/html", (
                    f"<html lang='en'><head><title>{title}</title></head><body><main><article>"
                    f"<h1>{title}</h1>{paragraphs}</article></main></body></html>"
                )  # fmt: skip
        return 404, "text/plain", "no"

    def _feed(self, outlet: str) -> str:
        renamed = "v2-" if outlet == "namer" and self.day >= 1 else ""
        items = "".join(
            f"<item><title>{title}</title><link>{self.base}/{outlet}/{slug}</link>"
            f"<guid isPermaLink='false'>{renamed}{slug}</guid>"
            f"<pubDate>{format_datetime(moment)}</pubDate>"
            f"<description>{title}, the City Guard said.</description></item>"
            for slug, title, _, moment in self.stories[outlet]
        )
        return f"<rss version='2.0'><channel><title>{outlet}</title>{items}</channel></rss>"


@pytest.fixture
def sites() -> Iterator[Sites]:
    """The four, serving until the test ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, kind, text = four.answer(self.path)
            data = text.encode()
            self.send_response(status)
            self.send_header("Location" if status == 301 else "Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    four = Sites(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield four
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass
class Desk:
    """The operator's side: one worker's folder, a run a day, and what it says."""

    folder: Path
    sites: Sites

    def round(self, day: int) -> list[dict[str, Any]]:
        """``kabulwire once`` on that day; its log."""
        self.sites.day = day
        self.sites.asked.clear()
        done = self.run(day, "once")
        print(f"day {day}:", done.stderr, sep="\n")
        return [json.loads(line) for line in done.stderr.splitlines()]

    def listed(self, day: int) -> dict[str, dict[str, Any]]:
        """``feeds list`` by feed."""
        rows = map(json.loads, self.run(day, "feeds", "list", "--json").stdout.splitlines())
        return {row["id"]: row for row in rows}

    def run(self, day: int, *words: str) -> subprocess.CompletedProcess[str]:
        moment = (FRIDAY + dt.timedelta(days=day)).isoformat()
        return program.run(
            *words, "-c", str(self.folder / "config"), cwd=self.folder, timeout=120,
            env=environ(self.folder, INGEST__RECHECK_S=""),
            before=SET_CLOCK.format(moment=moment),
        )  # fmt: skip


@pytest.fixture
def desk(tmp_path: Path, sites: Sites) -> Desk:
    """A worker's settings with the four feeds; nothing has run."""
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "feeds.toml").write_text(
        "\n".join(
            f'[[feed]]\nid = "{name}"\nurl = "{sites.base}/{name}/feed"\n'
            f'outlet = "{name.title()}"\nlang = "en"\n'
            for name in FEEDS
        ),
        "utf-8",
    )
    return Desk(tmp_path, sites)


def bombing(site: str, on: str) -> tuple[str, str]:
    """Title and text of one outlet's story about one attack."""
    return (
        f"Car bomb kills six at {site} in Portsmere",
        (
            f"A car bomb killed six people at {site} in Portsmere on {on}, the City Guard said.\n"
            "The vehicle exploded at 9 a.m., the guard's spokesman said. No group claimed "
            "responsibility for the attack."
        ),
    )


def events(log: list[dict[str, Any]], name: str, feed: str) -> list[dict[str, Any]]:
    """Lines of one event about one feed."""
    return [line for line in log if line["event"] == name and line.get("feed") == feed]


def test_once_through_ten_days_of_odd_sites_loses_and_doubles_nothing(
    desk: Desk, sites: Sites
) -> None:
    """403: told, with what to do, and asked every hour at most. Moved: told on the first day, adopted
    after a week, then asked there alone. Renamed ids: nothing new. Down for a weekend: told once, and
    what was published meanwhile is read on Monday. Of the first answers what is older than two days
    is not read, and the rest is no news."""
    sites.tell("mover", "quay", *bombing("the Customs House on Lantern Quay", "Friday"))
    sites.tell("namer", "gate", *bombing("the Ropewalk", "Friday"))
    sites.tell("namer", "fees", "Portsmere debates fees", "The council met for an hour.")
    sites.tell("sleeper", "older", *bombing("the Ropewalk", "Monday"), day=-4)
    sites.tell("sleeper", "calm", "Portsmere sees calm", "It was a calm day on the quay.")

    friday = desk.round(0)
    (barred,) = events(friday, "feed.failed", "barrier")
    assert (barred["reason"], "ingest.user_agent" in barred["advice"]) == ("http_403", True)
    (moved,) = events(friday, "feed.moved", "mover")
    assert (moved["to"], moved["adopted"]) == (f"{sites.base}/mover/new-feed", False)
    assert (events(friday, "feed.polled", "sleeper")[0]["old"]) == 1
    assert "/sleeper/older" not in sites.asked
    listed = desk.listed(0)
    assert listed["barrier"]["last_reason"] == "http_403"
    assert listed["mover"]["pace"].endswith(f"moves to {sites.base}/mover/new-feed")

    saturday = desk.round(1)
    assert events(saturday, "feed.polled", "namer")[0]["queued"] == 0
    (down,) = events(saturday, "feed.failed", "sleeper")
    assert (down["reason"], down["failures"]) == ("http_5xx", 1)
    assert len(events(desk.round(2), "feed.failed", "sleeper")) == 1
    assert (desk.listed(2)["sleeper"]["failures"]) == 2

    sites.tell("sleeper", "pier", *bombing("the Old Pier", "Sunday"), day=2)
    monday = desk.round(3)
    assert events(monday, "feed.recovered", "sleeper")[0]["after"] == 2
    assert events(monday, "feed.polled", "sleeper")[0]["queued"] == 1

    (adopted,) = events(desk.round(8), "feed.moved", "mover")
    assert (adopted["adopted"], "url of this feed" in adopted["advice"]) == (True, True)
    sites.tell("mover", "late", "Portsmere sees rain", "It rained for an hour on the quay.", day=9)
    last = desk.round(9)
    assert "/mover/feed" not in sites.asked
    assert events(last, "feed.polled", "mover")[0]["queued"] == 1
    assert events(last, "feed.failed", "barrier") == []  # the 6th failure in a row: told at the 8th

    changes = topic(desk.folder, "incident-log.v1")
    assert_no_holes(changes)
    made = [c["value"]["change"] for c in changes if c["value"]["change"]["kind"] == "created"]
    assert [change["backfill"] for change in made] == [True, True, False]
    reports = [record["value"] for record in topic(desk.folder, "reports.v1")]
    # Of what tells no attack one article in a hundred is told too, by its id, and so by the port.
    told = Counter(
        report["url"].rpartition("/")[2]
        for report in reports
        if report["verdict"]["label"] == "attack_report"
    )
    assert told == {"quay": 1, "gate": 1, "pier": 1}
