"""A real worker, started as an operator starts it, against a small newsroom on loopback."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests import program
from tests.loopback import Answer, Asked, serving
from worker import __version__

ROOT = Path(__file__).resolve().parents[2]
CITY = ROOT / "tests" / "profiles" / "portsmere"
pytestmark = pytest.mark.slow


class Newsroom:
    """One outlet on loopback: a feed that lists ``pages``, and the pages."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.pages: dict[str, tuple[str, str]] = {}
        """Path → title and HTML body."""
        self.failing = False
        self.asked: list[str] = []

    def publish(self, slug: str, title: str, *paragraphs: str) -> None:
        body = "".join(f"<p>{text}</p>" for text in paragraphs)
        page = (
            f"<html lang='en'><head><title>{title}</title></head><body><main><article>"
            f"<h1>{title}</h1>{body}</article></main></body></html>"
        )
        self.pages[f"/news/{slug}"] = (title, page)

    def feed(self) -> str:
        stamp = time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime())
        items = "".join(
            f"<item><title>{title}</title><link>{self.base}{path}</link><guid>{path}</guid>"
            f"<pubDate>{stamp}</pubDate><description>{title}, police said.</description></item>"
            for path, (title, _) in self.pages.items()
        )
        return f"<rss version='2.0'><channel><title>Ledger</title>{items}</channel></rss>"

    def answer(self, path: str) -> tuple[int, str, str]:
        self.asked.append(path)
        if self.failing:
            return 503, "text/plain", "busy"
        if path == "/feed.xml":
            return 200, "application/rss+xml", self.feed()
        if path in self.pages:
            return 200, "text/html", self.pages[path][1]
        return 404, "text/plain", "no"


@pytest.fixture
def newsroom() -> Iterator[Newsroom]:
    room = Newsroom("")

    def answer(asked: Asked) -> Answer:
        status, kind, text = room.answer(asked.path)
        return status, {"Content-Type": f"{kind}; charset=utf-8"}, text.encode()

    with serving(answer) as room.base:
        yield room


class Running:
    """A worker process, its log and its topic files."""

    def __init__(self, folder: Path, process: program.Process) -> None:
        self.folder = folder
        self.process = process

    def told(self, event: str = "") -> list[dict[str, Any]]:
        lines = (self.folder / "worker.log").read_text("utf-8").splitlines()
        found = [json.loads(line) for line in lines if line.startswith("{")]
        return [line for line in found if not event or line["event"] == event]

    def topic(self, name: str) -> list[dict[str, Any]]:
        path = self.folder / "topics" / f"kabulwire.{name}.jsonl"
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()]

    def get(self, path: str) -> tuple[int, str]:
        told = json.loads((self.folder / "store.db.run").read_text("utf-8"))
        request = urllib.request.Request(told["livez"].replace("/livez", path))
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def wait_for(self, what: Callable[[], object], seconds: float = 30.0) -> None:
        limit = time.monotonic() + seconds
        while not what():
            if self.process.poll() is not None or time.monotonic() > limit:
                raise AssertionError((self.folder / "worker.log").read_text("utf-8")[-3000:])
            time.sleep(0.1)

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(40)


def environ(folder: Path, **more: str) -> dict[str, str]:
    settings = {
        "PROFILE": str(CITY), "INGEST__ALLOW_LOOPBACK": "true", "INGEST__MIN_INTERVAL_S": "0.3",
        "INGEST__INTERVAL_S": "0.3", "INGEST__HOST_SPACING_S": "0.01", "INGEST__TICK_S": "0.2",
        "STORE__PATH": str(folder / "store.db"), "FILES__DIR": str(folder / "topics"),
        "SERVE__PORT": "0", "LOG__FORMAT": "json", "LOG__LEVEL": "debug", **more,
    }  # fmt: skip
    clean = {key: value for key, value in os.environ.items() if not key.startswith("KABULWIRE")}
    named = {f"KABULWIRE__{key}": value for key, value in settings.items()}
    return clean | {"PYTHONPATH": str(ROOT)} | named


def configured(folder: Path, url: str) -> Path:
    config = folder / "config"
    config.mkdir(exist_ok=True)
    (config / "feeds.toml").write_text(
        f'[[feed]]\nid = "ledger"\nurl = "{url}"\noutlet = "Ledger"\nlang = "en"\n', "utf-8"
    )
    return config


@contextmanager
def running(folder: Path, url: str, **more: str) -> Iterator[Running]:
    """A started worker with one feed; killed at the end if a test left it running."""
    with started(folder, configured(folder, url), **more) as worker:
        yield worker


@contextmanager
def started(folder: Path, config: Path, **more: str) -> Iterator[Running]:
    """A started worker on the settings in ``config``."""
    with (folder / "worker.log").open("ab") as out:
        process = program.start(
            "run", "--config", str(config),
            stdout=out, stderr=out, env=environ(folder, **more), cwd=folder,
        )  # fmt: skip
    worker = Running(folder, process)
    try:
        worker.wait_for(lambda: worker.told("worker.started"), 60)
        yield worker
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def attack(room: Newsroom, slug: str = "quay-blast", dead: str = "six") -> None:
    room.publish(
        slug,
        f"Car bomb kills {dead} in Portsmere",
        f"A car bomb killed {dead} people in Portsmere on {time.strftime('%A')}, police said.",
        "The vehicle exploded outside the Customs House in Lantern Quay at 9 a.m., the "
        "interior ministry said in a statement. No group claimed responsibility for the attack.",
        "Ambulances took the wounded to two hospitals, a witness said. Roads were closed for hours.",
    )


def test_run_tells_how_much_of_a_text_was_too_long_to_be_read(
    tmp_path: Path, newsroom: Newsroom
) -> None:
    """A page of a book's length is read up to the limit, and the log counts what was left out."""
    attack(newsroom)
    pages = [f"On page {n} the sea was calm and grey. " * 30 for n in range(180)]
    newsroom.publish("book", "Blast: a novel", *pages)
    with running(tmp_path, f"{newsroom.base}/feed.xml") as worker:
        worker.wait_for(lambda: len(worker.told("article.processed")) == 2, 60)
        lines = worker.told("article.processed")
    cut = [line["text_cut"] for line in lines if "text_cut" in line]
    assert len(cut) == 1
    assert 0 < cut[0] < 30_000


def test_run_makes_an_incident_of_an_article_and_a_revision_of_a_changed_one(
    tmp_path: Path, newsroom: Newsroom
) -> None:
    """Feed → page → verdict → incident → topic file; a changed article makes the next revision."""
    newsroom.publish(
        "budget", "Council debates harbour budget", "The council met on Monday to talk about fees."
    )
    attack(newsroom)
    with running(tmp_path, f"{newsroom.base}/feed.xml") as worker:
        worker.wait_for(lambda: worker.told("article.processed"))
        (begun,) = worker.told("worker.started")  # `version` is an article's, in every line
        assert (begun["program"], "version" in begun) == (__version__, False)
        assert begun["folder"] == str(tmp_path / "topics")
        (line,) = worker.told("article.processed")
        assert {"article_id", "version", "outcome", "incident", "revision"} <= set(line)
        assert 0 <= line["wait_ms"] <= line["total_ms"]
        assert (line["outcome"], line["version"], line["revision"]) == ("reported", 1, 1)
        worker.wait_for((tmp_path / "topics" / "kabulwire.incident-log.v1.jsonl").exists)
        newsroom.pages.clear()
        attack(newsroom, dead="nine")
        worker.wait_for(lambda: len(worker.told("article.processed")) == 2)
        assert worker.told("article.processed")[1]["version"] == 2
        assert worker.stop() == 0
    log = worker.topic("incident-log.v1")
    revisions = [record["value"]["revision"] for record in log]
    assert revisions == list(range(1, len(log) + 1))
    assert {record["key"] for record in log} == {line["incident"]}
    assert worker.topic("heartbeat.v1")[0]["value"]["feeds_ok"] == 1


def test_run_tells_what_people_decided_and_takes_it_for_no_version_of_an_article(
    tmp_path: Path, newsroom: Newsroom
) -> None:
    """A line of its own names decision, kind and incidents; the next version is the second one."""
    attack(newsroom)
    with running(tmp_path, f"{newsroom.base}/feed.xml") as worker:
        worker.wait_for(lambda: worker.told("article.processed"))
        incident = worker.told("article.processed")[0]["incident"]
        _ask(tmp_path, "incidents", "retract", incident)
        listed = json.loads(_ask(tmp_path, "incidents", "list", "--decisions", "--json"))
        _ask(tmp_path, "incidents", "undo", listed["decision_id"])
        newsroom.pages.clear()
        attack(newsroom, dead="nine")
        worker.wait_for(lambda: len(worker.told("article.processed")) == 2)
        _ask(tmp_path, "incidents", "erase", incident, "--yes")
        assert worker.stop() == 0
    assert [line["version"] for line in worker.told("article.processed")] == [1, 2]
    retracted, undone, erased = worker.told("decision.settled")
    assert (retracted["kind"], undone["kind"], erased["kind"]) == ("retract", "undo", "erase")
    assert retracted["decision"] == undone["decision"] == listed["decision_id"]
    assert retracted["incidents"] == retracted["changed"] == [incident]
    assert (erased["erased"], erased["changed"]) == ([incident], [])
    assert [line["kind"] for line in worker.told("request.taken")] == ["retract", "undo", "erase"]


def test_run_says_which_limit_it_is_that_pauses_polling(tmp_path: Path, newsroom: Newsroom) -> None:
    """Reason, setting, limit, folder and what to do, in the log and at /readyz."""
    most = str(10**9)
    with running(tmp_path, f"{newsroom.base}/feed.xml", STORE__MIN_FREE_MB=most) as worker:
        worker.wait_for(lambda: worker.told("feed.paused"))
        status, text = worker.get("/readyz")
        assert worker.stop() == 0
    (paused,) = worker.told("feed.paused")
    assert (paused["reason"], paused["setting"], paused["limit"]) == (
        "disk", "store.min_free_mb", 10**9,
    )  # fmt: skip
    assert (paused["folder"], paused["free_mb"] > 0) == (str(tmp_path), True)
    assert paused["advice"].startswith("free some space there")
    assert status == 503
    assert f"free at {tmp_path}, fewer than store.min_free_mb ({most}): free some space" in text


def test_run_that_was_killed_leaves_nothing_but_lines_of_its_log(
    tmp_path: Path, newsroom: Newsroom
) -> None:
    """What outlives it for a moment says nothing in words of its own between the JSON."""
    attack(newsroom)
    config = configured(tmp_path, f"{newsroom.base}/feed.xml")
    process = subprocess.Popen(
        [sys.executable, "-m", "worker", "run", "--config", str(config)],
        env=environ(tmp_path), cwd=tmp_path, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr is not None
    lines = []
    for line in process.stderr:
        lines.append(line)
        if '"article.processed"' in line:
            process.kill()  # the rest ends when the last process that holds the stream has
    process.wait()
    assert len(lines) > 2
    assert [line for line in lines if not line.startswith("{")] == []


def test_run_is_ready_once_a_feed_answered_and_healthy_agrees(
    tmp_path: Path, newsroom: Newsroom
) -> None:
    """Alive from the start, ready once a feed answered; `healthy` agrees, and notices the end."""
    newsroom.failing = True
    with running(tmp_path, f"{newsroom.base}/feed.xml") as worker:
        worker.wait_for(lambda: worker.told("feed.failed"))
        assert worker.get("/livez")[0] == 200
        status, text = worker.get("/readyz")
        assert status == 503
        assert "1 of 1 feeds fail: http_5xx; last answer never" in text
        newsroom.failing = False
        worker.wait_for(lambda: worker.get("/readyz")[0] == 200)
        assert worker.get("/status")[0] == worker.get("/")[0] == 200
        assert 'kabulwire_feed_polls_total{feed="ledger"' in worker.get("/metrics")[1]
        assert _healthy(tmp_path) == 0
        assert worker.stop() == 0
    assert _healthy(tmp_path) == 1
    assert not (tmp_path / "store.db.run").exists()


def test_run_knows_at_a_start_what_the_store_knows_of_its_feeds(
    tmp_path: Path, newsroom: Newsroom
) -> None:
    """Failing feeds fail after a restart, before anything is asked: readiness, metrics and page say so."""
    url = f"{newsroom.base}/feed.xml"
    with running(tmp_path, url) as worker:
        worker.wait_for(lambda: worker.get("/readyz")[0] == 200)
        newsroom.failing = True
        worker.wait_for(lambda: worker.told("feed.failed"))
        failed = worker.told("feed.failed")[0]
        assert worker.stop() == 0
    assert (failed["address"], failed["reason"]) == (url, "http_5xx")
    assert failed["again"]
    assert {(line["service"], line["instance"]) for line in worker.told()} == {
        ("kabulwire", "worker-1")
    }
    asked = len(newsroom.asked)
    slow = {"INGEST__INTERVAL_S": "3600", "INGEST__MIN_INTERVAL_S": "3600"}
    (tmp_path / "worker.log").unlink()
    with running(tmp_path, url, **slow, INGEST__MAX_INTERVAL_S="3600") as worker:
        status, text = worker.get("/readyz")
        metrics = worker.get("/metrics")[1]
        page = worker.get("/")[1]
        known = len(newsroom.asked) - asked
    if known == 0:  # else a poll was due already, and says the same
        assert (status, "1 of 1 feeds fail: http_5xx; last answer 20" in text) == (503, True)
    assert "kabulwire_ready 0.0" in metrics
    assert 'kabulwire_feeds{state="failing"} 1.0' in metrics
    last = re.search(r'last_success_timestamp_seconds\{feed="ledger"\} ([\d.e+]+)', metrics)
    assert last
    assert float(last[1]) > time.time() - 600
    assert "1 of 1 feeds fail" in page


def test_run_leaves_with_75_when_its_port_is_in_use(tmp_path: Path, newsroom: Newsroom) -> None:
    """The address is named; whoever holds it may let go, so a start later may do."""
    port = newsroom.base.rsplit(":", 1)[1]
    config = configured(tmp_path, f"{newsroom.base}/feed.xml")
    done = program.run(
        "run", "--config", str(config), env=environ(tmp_path, SERVE__PORT=port), cwd=tmp_path
    )
    assert done.returncode == 75
    assert done.stderr.splitlines()[-1] == (
        f"kabulwire: serve: 127.0.0.1:{port} is in use; end who holds it, or set serve.port"
    )


def test_run_leaves_with_75_when_the_port_of_its_page_is_in_use(
    tmp_path: Path, newsroom: Newsroom
) -> None:
    """Of two ports the one that is held is named, with its own setting."""
    port = newsroom.base.rsplit(":", 1)[1]
    config = configured(tmp_path, f"{newsroom.base}/feed.xml")
    given = environ(tmp_path, SERVE__PAGE_PORT=port)
    done = program.run("run", "--config", str(config), env=given, cwd=tmp_path)
    assert done.returncode == 75
    assert done.stderr.splitlines()[-1] == (
        f"kabulwire: serve: 127.0.0.1:{port} is in use; end who holds it, or set serve.page_port"
    )


def _healthy(folder: Path) -> int:
    command = [sys.executable, "-m", "worker", "healthy"]
    return subprocess.run(command, env=environ(folder), capture_output=True, check=False).returncode


def test_run_after_a_kill_loses_and_doubles_nothing(tmp_path: Path, newsroom: Newsroom) -> None:
    """kill -9 after an incident, then a new start: revisions go on without hole or repetition."""
    attack(newsroom)
    url = f"{newsroom.base}/feed.xml"
    with running(tmp_path, url) as worker:
        worker.wait_for(lambda: worker.told("article.processed"))
        worker.stop(signal.SIGKILL)
    newsroom.pages.clear()
    attack(newsroom, dead="nine")
    with running(tmp_path, url) as worker:
        worker.wait_for(lambda: len(worker.told("article.processed")) == 2)
        assert worker.stop() == 0
    log = worker.topic("incident-log.v1")
    revisions = [record["value"]["revision"] for record in log]
    assert revisions == list(range(1, len(log) + 1))
    assert len({record["key"] for record in log}) == 1
    assert len({record["headers"]["ce_id"] for record in log}) == len(log)


def test_run_waits_for_a_folder_of_topics_that_is_gone_and_starts_on_no_other(
    tmp_path: Path, newsroom: Newsroom
) -> None:
    """It is to be put back, and a move into its place still does: nothing is made there meanwhile."""
    attack(newsroom)
    url, topics, away = f"{newsroom.base}/feed.xml", tmp_path / "topics", tmp_path / "away"
    with running(tmp_path, url) as worker:
        worker.wait_for(lambda: worker.told("publish.committed"))
        topics.rename(away)
        newsroom.pages.clear()
        attack(newsroom, dead="nine")
        worker.wait_for(lambda: worker.told("publish.failed"))
        (failed,) = worker.told("publish.failed")
        assert failed["advice"].startswith(
            "Put the folder of files.dir back as it was, or mount it;"
        )
        away.rename(topics)
        worker.wait_for(lambda: worker.told("publish.recovered"))
        assert worker.stop() == 0
    topics.rename(away)
    done = program.run("run", "--config", str(tmp_path / "config"), env=environ(tmp_path))
    assert (done.returncode, topics.exists()) == (78, False)
    assert f"files.dir: {topics} is missing, but store" in done.stderr.splitlines()[-1]
    away.rename(topics)
    done = program.run("once", "--config", str(tmp_path / "config"), env=environ(tmp_path))
    assert done.returncode == 0
    log = worker.topic("incident-log.v1")
    assert [record["value"]["revision"] for record in log] == list(range(1, len(log) + 1))


def test_run_of_a_new_store_says_that_it_waits_for_the_broker(
    tmp_path: Path, newsroom: Newsroom
) -> None:
    """Nothing is settled before the ledger was read: readiness notes it, the log says it, and a stop
    tells how much waits for the next start."""
    attack(newsroom)
    away = {"KAFKA__BOOTSTRAP_SERVERS": "127.0.0.1:1", "PUBLISH__DEADLINE_S": "1"}
    with running(tmp_path, f"{newsroom.base}/feed.xml", **away, RUN__GRACE_S="1") as worker:
        worker.wait_for(lambda: worker.told("publish.failed"), 90)
        waits = "A new store waits for the broker before it settles its first article."
        assert worker.told("publish.failed")[0]["advice"].endswith(waits)
        worker.wait_for(lambda: waits in json.loads(worker.get("/readyz")[1])["notes"])
        assert worker.get("/readyz")[0] == 200
        assert worker.stop() == 75
    (stopped,) = worker.told("worker.stopped")
    assert (stopped["level"], stopped["clean"], stopped["inbox"] > 0) == ("warning", False, True)
    assert stopped["advice"].startswith("Nothing is lost")
    assert not worker.told("article.processed")


def test_once_refuses_a_store_that_is_in_use(tmp_path: Path, newsroom: Newsroom) -> None:
    """The store has one writer: a second process says so and leaves with 78."""
    with running(tmp_path, f"{newsroom.base}/feed.xml") as worker:
        done = program.run("once", "--config", str(tmp_path / "config"), env=environ(tmp_path))
        assert done.returncode == 78
        assert f"in use by process {worker.process.pid}" in done.stderr
        assert worker.stop() == 0


def test_once_polls_works_publishes_and_leaves(tmp_path: Path, newsroom: Newsroom) -> None:
    """`once` ends by itself with everything published; a store of another sink is refused."""
    attack(newsroom)
    config = configured(tmp_path, f"{newsroom.base}/feed.xml")
    command = ("once", "--config", str(config))
    done = program.run(*command, env=environ(tmp_path))
    assert done.returncode == 0, done.stderr
    lines = (tmp_path / "topics" / "kabulwire.incidents.v1.jsonl").read_text("utf-8").splitlines()
    assert json.loads(lines[-1])["value"]["place"] is not None
    other = program.run(*command, env=environ(tmp_path, KAFKA__BOOTSTRAP_SERVERS="127.0.0.1:9"))
    assert other.returncode == 78
    assert "belongs to sink 'files'" in other.stderr


def test_commands_read_the_store_of_a_running_worker(tmp_path: Path, newsroom: Newsroom) -> None:
    """incidents, feeds and store can be asked while the worker runs, and `tail` follows it."""
    attack(newsroom)
    with running(tmp_path, f"{newsroom.base}/feed.xml") as worker:
        worker.wait_for((tmp_path / "topics" / "kabulwire.incident-log.v1.jsonl").exists)
        (incident,) = map(json.loads, _ask(tmp_path, "incidents", "list", "--json").splitlines())
        shown = json.loads(_ask(tmp_path, "incidents", "show", incident["incident_id"]))
        (feed,) = map(json.loads, _ask(tmp_path, "feeds", "list", "--json").splitlines())
        facts = json.loads(_ask(tmp_path, "store", "info", "--json"))
        told = _ask(tmp_path, "tail", "--from-beginning", "--no-follow")
        assert _ask(tmp_path, "store", "check") == "the store is whole\n"
        assert shown["incident_id"] == incident["incident_id"]
        assert (feed["id"], feed["failures"]) == ("ledger", 0)
        assert (facts["profile"], facts["incidents"]) == ("portsmere", 1)
        assert f"incident {incident['incident_id']} revision 1" in told
        one = incident["incident_id"]
        assert "is not in" in _refused(tmp_path, "incidents", "split", one, "a-nobody")
        assert "given twice" in _refused(tmp_path, "incidents", "merge", one, one)
        assert "no article" in _refused(tmp_path, "incidents", "confirm", "a-nobody")
        assert worker.stop() == 0


def _ask(folder: Path, *arguments: str) -> str:
    done = _command(folder, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _refused(folder: Path, *arguments: str) -> str:
    done = _command(folder, *arguments)
    assert done.returncode == 65, done.stderr
    return done.stderr


def _command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return program.run(*arguments, "--config", str(folder / "config"), env=environ(folder))
