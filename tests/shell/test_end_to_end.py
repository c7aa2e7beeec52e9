"""From feeds on loopback to topic files, through a worker in a process of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.shell.press import (
    Press,
    assert_no_holes,
    at_work,
    bomb,
    launch,
    printing,
    shooting,
    topic,
    until,
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]
LOG = "incident-log.v1"


@pytest.fixture
def press() -> Iterator[Press]:
    """A press of this test alone."""
    with printing() as press:
        yield press


def latest(folder: Path) -> dict[str, dict[str, Any]]:
    """The newest snapshot of each incident that still stands."""
    newest = {record["key"]: record["value"] for record in topic(folder, "incidents.v1")}
    gone = ("superseded", "retracted")
    return {key: value for key, value in newest.items() if value["state"] not in gone}


def processed(worker: Any) -> list[dict[str, Any]]:
    """The canonical line of each article so far."""
    found: list[dict[str, Any]] = worker.told("article.processed")
    return found


def test_run_merges_outlets_on_one_attack_and_keeps_attacks_apart(
    press: Press, tmp_path: Path
) -> None:
    """Two outlets on one bombing are one incident, a shooting is another, one in another town none;
    a changed page is a new version and a new revision; SIGTERM drains with 0."""
    bomb(press, "ledger", "six")
    bomb(press, "gazette", "eight")
    shooting(press, "gazette", "the Ropewalk area of Portsmere")
    shooting(press, "ledger", "Eastmoor", "eastmoor")
    press.publish("ledger", "fees", "Council in Portsmere debates fees", "It met for an hour.")
    with at_work(tmp_path, press, "ledger", "gazette") as worker:
        assert until(lambda: len(processed(worker)) >= 4, worker)
        assert until(lambda: len(latest(tmp_path)) == 2, worker)
        bomb(press, "gazette", "nine")
        assert until(lambda: any(line["version"] == 2 for line in processed(worker)), worker)
        assert worker.stop() == 0
    assert_no_holes(topic(tmp_path, LOG))
    found = sorted(latest(tmp_path).values(), key=lambda value: -value["reports_total"])
    assert [value["reports_total"] for value in found] == [2, 1]
    assert [value["casualties"]["killed"]["best"] for value in found] == [9, 2]
    assert {report["outlet"] for report in found[0]["reports"]} == {"Ledger", "Gazette"}
    linked = {report["url"] for value in found for report in value["reports"]}
    assert not any("eastmoor" in url or "fees" in url for url in linked)
    told = {line["url"]: line["outcome"] for line in processed(worker)}
    assert told[f"{press.base}/ledger/eastmoor"] == "set_aside"
    reports = [(r["value"]["url"], r["value"]["version"]) for r in topic(tmp_path, "reports.v1")]
    assert (f"{press.base}/gazette/bomb", 1) in reports
    assert (f"{press.base}/gazette/bomb", 2) in reports
    assert len(reports) == len(set(reports))
    (beat,) = topic(tmp_path, "heartbeat.v1")
    assert (beat["key"], beat["value"]["feeds_ok"]) == ("worker-1", 2)
    both = (topic(tmp_path, name) for name in (LOG, "incidents.v1"))
    ids, states = ([(r["key"], r["value"]["revision"]) for r in records] for records in both)
    assert ids == states


def test_run_stopped_in_the_middle_of_work_does_the_rest_once(press: Press, tmp_path: Path) -> None:
    """SIGTERM while many articles wait: 0, and the next start works off each of them once."""
    slugs = [f"n{number}" for number in range(60)]
    for slug in slugs:
        shooting(press, "ledger", "the Ropewalk area of Portsmere", slug)
    with at_work(tmp_path, press, "ledger") as worker:
        assert until(lambda: len(processed(worker)) >= 3, worker)
        assert worker.stop() == 0
    before = len(processed(worker))
    assert before < len(slugs), "it was not stopped in the middle"
    with at_work(tmp_path, press, "ledger") as worker:
        assert until(lambda: len(processed(worker)) >= len(slugs), worker)
        assert worker.stop() == 0
    settled = [(line["article_id"], line["version"]) for line in processed(worker)]
    assert len(settled) == len(set(settled)) == len(slugs)
    urls = [record["value"]["url"] for record in topic(tmp_path, "reports.v1")]
    assert sorted(urls) == sorted(f"{press.base}/ledger/{slug}" for slug in slugs)
    assert_no_holes(topic(tmp_path, LOG))


def test_run_lets_bad_feeds_and_bad_pages_harm_nobody(press: Press, tmp_path: Path) -> None:
    """A feed that is a web page, one that fails, and pages that are none: one line each, exit 0,
    the good outlet's attack is out, and for a page that is none its headline stands in."""
    title = "Gunmen kill guard in Portsmere blast"
    for slug in ("gone", "picture", "failing"):
        press.publish("broken", slug, f"{title} {slug}", "Never seen.")
    wall = b"<html><head><title>Not found</title></head><body><h1>Page not found</h1></body></html>"
    press.odd = {
        "/webpage.xml": (200, "text/html", wall),
        "/down.xml": (500, "text/plain", b"no"),
        "/broken/gone": (200, "text/html", wall),
        "/broken/picture": (200, "application/pdf", b"%PDF-1.4 \x00\x01"),
        "/broken/failing": (500, "text/html", b"no"),
    }
    bomb(press, "ledger", "six")
    with at_work(tmp_path, press, "broken", "webpage", "down", "ledger") as worker:
        assert until(lambda: latest(tmp_path), worker)
        assert until(
            lambda: len({line["feed"] for line in worker.told("feed.failed")}) == 2, worker
        )
        assert until(
            lambda: len(processed(worker)) + len(worker.told("article.failed")) >= 4, worker
        )
        assert worker.stop() == 0
    first = [line for line in worker.told("feed.failed") if line["failures"] == 1]
    assert sorted(line["feed"] for line in first) == ["down", "webpage"]
    assert all(line["reason"] for line in first)
    lines = [*processed(worker), *worker.told("article.failed")]
    told = sorted(line["url"] for line in lines if line["feed"] == "broken")
    assert told == sorted(f"{press.base}/broken/{slug}" for slug in ("gone", "picture", "failing"))
    (later,) = (line for line in lines if line["url"] == f"{press.base}/broken/failing")
    assert (later["reason"], "again" in later) == ("http_5xx", True)
    assert not worker.told("worker.crashed")
    outcomes = {line["url"]: line["outcome"] for line in processed(worker)}
    assert outcomes[f"{press.base}/broken/gone"] == "reported"
    assert outcomes[f"{press.base}/broken/picture"] == "reported"
    tolls = {
        report["url"]: value["casualties"]["killed"]
        for value in latest(tmp_path).values()
        for report in value["reports"]
    }
    assert tolls[f"{press.base}/ledger/bomb"]["best"] == 6
    assert f"{press.base}/broken/failing" not in tolls


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("kabulwire.toml", "[ingest]\nmin_intervall_s = 3\n", "kabulwire.toml:2"),
        ("kabulwire.toml", "[ingest\n", "kabulwire.toml:1"),
        ("feeds.toml", '[[feed]]\nid = "a"\n\n[[feed]]\nid = "b"\nurl = 7\n', "feeds.toml:"),
    ],
)
def test_run_does_not_start_on_a_bad_configuration(
    name: str, text: str, told: str, press: Press, tmp_path: Path
) -> None:
    """Exit 78, with file and line, and no store is made."""
    bomb(press, "ledger", "six")
    config = tmp_path / "config"
    config.mkdir()
    worker = launch(tmp_path, press, "ledger", **spoilt(config, name, text))
    assert worker.process.wait(60) == 78
    talk = (tmp_path / "worker.log").read_text("utf-8")
    assert told in talk
    assert "Traceback" not in talk
    assert not (tmp_path / "store.db").exists()


def spoilt(config: Path, name: str, text: str) -> dict[str, str]:
    """Settings under which the worker reads this file; ``launch`` writes its own feeds.toml."""
    if name == "feeds.toml":
        (config / "others").mkdir()
        (config / "others" / name).write_text(text, "utf-8")
        return {"FEEDS__FILE": str(config / "others" / name)}
    (config / name).write_text(text, "utf-8")
    return {}
