"""Log lines: closed set of events, no secrets, no locals, libraries through the same door."""

from __future__ import annotations

import ast
import datetime as dt
import io
import json
import logging
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, cast

import pytest
import structlog

from worker.observe import log
from worker.observe.article_line import ArticleLine
from worker.observe.events import EVENTS

ROOT = Path(__file__).resolve().parents[2]
EVENT = re.compile(r"[a-z]+\.[a-z_]+")
LEVELS = {"debug", "info", "warning", "error", "critical", "exception"}


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Everything logged, as JSON; the root logger is put back afterwards."""
    root, client = logging.getLogger(), logging.getLogger("kafka")
    before, level = root.handlers[:], root.level
    gate, propagate = client.handlers[:], client.propagate
    client.handlers[:], client.propagate = [], True  # a publisher in this process may have gated it
    out = io.StringIO()
    log.configure("json", "debug", out)
    yield out
    root.handlers[:] = before
    client.handlers[:], client.propagate = gate, propagate
    root.setLevel(level)
    structlog.reset_defaults()
    logging.captureWarnings(capture=False)


def read(out: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def events_in_code() -> dict[str, str]:
    """Event name → where, of every call like ``log.info("a.b", …)`` in the program."""
    found = {}
    for path in sorted((ROOT / "worker").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in {*LEVELS, "_tell"}
                and node.args
                and isinstance(node.args[0], ast.Constant)
                and isinstance(node.args[0].value, str)
                and ast.unparse(node.func) != "re.error"
                and (node.func.attr in LEVELS or EVENT.fullmatch(node.args[0].value))
            ):
                found[node.args[0].value] = f"{path.relative_to(ROOT)}:{node.lineno}"
    return found


def words_in_code() -> set[str]:
    """Every string of the program that is no docstring, but for the table itself."""
    return {
        node.value
        for path in sorted((ROOT / "worker").rglob("*.py"))
        if path.name != "events.py"
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def test_log_has_every_event_of_the_code_in_its_table() -> None:
    """No log line has a name that operators cannot look up."""
    unknown = {name: at for name, at in events_in_code().items() if name not in EVENTS}
    assert unknown == {}


def test_log_has_no_event_that_is_never_told() -> None:
    """Each row of the table is the name of a line that the program can write."""
    assert set(EVENTS) - words_in_code() == set()


LINE = {
    "article_id": "a", "version": 1, "feed": None, "url": None, "outcome": "reported",
    "incident": None, "revision": None, "total_ms": 7,
}  # fmt: skip


def test_an_article_line_leaves_out_what_there_is_nothing_to_tell_of() -> None:
    """What every line has stands there with null, too; the rest only where it says something."""
    assert ArticleLine(**LINE).keys() == LINE
    assert ArticleLine(**LINE, wait_ms=0, page="read").keys() == LINE | {
        "page": "read",
        "wait_ms": 0,
    }


def test_every_key_of_an_article_line_is_told_in_the_table() -> None:
    """Each has a meaning of its own, and the line is written from nothing else."""
    for told in fields(ArticleLine):
        assert f"`{told.name}`, {told.metadata['meaning']}" in EVENTS["article.processed"]
    written = [
        ast.unparse(node)
        for path in sorted((ROOT / "worker").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and [a.value for a in node.args if isinstance(a, ast.Constant)] == ["article.processed"]
    ]
    assert written == ["log.get().info('article.processed', **line.keys())"]


def test_log_line_says_whose_it_is(lines: io.StringIO) -> None:
    """Service and instance stand on each JSON line, ours and a library's; on a terminal they do not."""
    log.configure("json", "info", lines, instance="worker-7")
    log.get().info("feed.resumed")
    logging.getLogger("aiohttp.client").error("no answer")
    assert [(line["service"], line["instance"]) for line in read(lines)] == (
        [("kabulwire", "worker-7")] * 2
    )
    log.configure("console", "info", lines, instance="worker-7")
    log.get().info("feed.paused")
    assert "worker-7" not in lines.getvalue().splitlines()[-1]


def test_log_writes_instants_in_one_form(lines: io.StringIO) -> None:
    """UTC, as the line's own timestamp, whatever zone they were given in."""
    kabul = dt.timezone(dt.timedelta(hours=4.5))
    log.get().warning("feed.failed", again=dt.datetime(2031, 3, 4, 13, 30, tzinfo=kabul))
    (line,) = read(lines)
    assert line["again"] == "2031-03-04T09:00:00.000000Z"
    assert len(str(line["timestamp"])) == len(line["again"])


PLANTED = {
    "address": "https://me:hush@l.example/feed",
    "query": "GET https://l.example/rss?page=2&api_key=hush&x=1 failed",
    "header": "answered 401 to Authorization: Bearer hush-hush-hush",
    "basic": "proxy said no to Basic aHVzaDpodXNo/hush",
    "assigned": "KafkaProducer(sasl_plain_username='wire', sasl_plain_password='hush')",
    "callback": "https://wire.example/websub/ledger/hush?hub.mode=subscribe",
    "nested": {
        "headers": {"Authorization": "hush", "Accept": "text/html"},
        "list": ["?token=hush"],
    },
    "bytes": b"https://me:hush@l.example/",
    "error": ValueError("https://me:hush@l.example/"),
    "sasl_password": "hush",
    "x_api_key": ["hush"],
}


@pytest.mark.parametrize("form", ["json", "console"])
def test_log_never_prints_a_planted_secret(form: str, lines: io.StringIO) -> None:
    """In keys, values, values of values, messages of libraries and of exceptions, in both forms."""
    log.configure(form, "debug", lines)
    log.get().warning("feed.failed", **PLANTED)
    for value in PLANTED.values():
        if isinstance(value, str) and value != "hush":
            logging.getLogger("aiohttp.client").warning("%s", value)
            try:
                raise ValueError(value)  # noqa: TRY301
            except ValueError:
                log.get().exception("worker.crashed")
    told = lines.getvalue()
    assert "hush" not in told
    for kept in ("l.example/feed", "page=2", "x=1", "wire.example/websub/ledger/", "text/html"):
        assert kept in told


def test_log_leaves_alone_what_is_no_secret(lines: io.StringIO) -> None:
    """Names of settings, paths of files and words about tokens are what an operator needs to read."""
    told = {
        "detail": "kafka.sasl_password_file: /run/secrets/kafka: No such file or directory",
        "advice": "the token is over; ask for basic rights, see ?page=2&keyword=attack",
        "after": 3,
        "clean": True,
        "because": None,
    }
    log.get().info("worker.stopped", **told)
    (line,) = read(lines)
    assert {key: line[key] for key in told} == told


def test_log_line_carries_time_level_and_keys(lines: io.StringIO) -> None:
    """A line is one JSON object with event, level, UTC timestamp and the keys it was given."""
    log.get(feed="one").info("feed.polled", entries=3)
    (line,) = read(lines)
    assert str(line.pop("timestamp")).endswith("Z")
    assert line == {"event": "feed.polled", "level": "info", "feed": "one", "entries": 3}


def test_log_cuts_out_secrets_of_addresses_and_keys(lines: io.StringIO) -> None:
    """User info, tokens in queries and values of secret keys never reach a line."""
    log.get().warning(
        "feed.failed",
        url="https://me:hush@feeds.example/rss?api_key=hush&page=2&access_token=hush",
        sasl_password="hush",
        detail="GET https://x.example/?sig=hush failed",
    )
    (line,) = read(lines)
    assert "hush" not in json.dumps(line)
    assert line["url"] == (
        "https://********@feeds.example/rss?api_key=********&page=2&access_token=********"
    )


def test_log_shows_no_local_variables_in_a_traceback(lines: io.StringIO) -> None:
    """The frames of a crash are told without the values in them, and its message is cleaned."""

    def connect(hidden: str) -> None:
        raise ValueError("no answer from https://me:hush@broker.example"[: 100 + len(hidden)])

    try:
        connect("local-value")
    except ValueError:
        log.get().exception("worker.crashed")
    text = lines.getvalue()
    assert "local-value" not in text
    assert "hush" not in text
    (line,) = read(lines)
    (entry,) = cast("list[dict[str, Any]]", line["exception"])
    assert entry["exc_type"] == "ValueError"
    assert all("locals" not in frame for frame in entry["frames"])


def test_log_lets_lines_of_libraries_through_but_no_flood(lines: io.StringIO) -> None:
    """A library's line is `library.logged`; one logger gets at most twenty a minute."""
    for number in range(200):
        logging.getLogger("kafka.conn").warning("broker %s", number)
    logging.getLogger("kafka.conn").info("chatter")
    logging.getLogger("aiohttp.client").error("at https://me:hush@a.example")
    found = read(lines)
    assert {line["event"] for line in found} == {"library.logged"}
    assert sum(line["logger"] == "kafka.conn" for line in found) == 20
    assert found[0]["message"] == "broker 0"
    assert "hush" not in lines.getvalue()


def test_log_calls_nothing_an_error_that_a_broker_or_a_page_did(lines: io.StringIO) -> None:
    """An error wakes somebody; what it means for us is a line of ours. A defect of ours stays one."""
    for name in ("kafka.net.manager", "trafilatura.core", "aiohttp.server", "asyncio"):
        logging.getLogger(name).error("Connection lost")
    found = {line["logger"]: line["level"] for line in read(lines)}
    assert found == {
        "kafka.net.manager": "warning",
        "trafilatura.core": "warning",
        "aiohttp.server": "error",
        "asyncio": "error",
    }


def test_log_cuts_and_escapes_what_strangers_wrote_on_a_terminal(lines: io.StringIO) -> None:
    """A title cannot move a terminal's cursor, and no value is longer than 500 characters."""
    log.configure("console", "info", lines)
    log.get().info("article.processed", title="\x1b[2J\u202eevil" + "x" * 2000)
    assert "\x1b[2J" not in lines.getvalue()
    assert "\u202e" not in lines.getvalue()
    assert "evilxxx" in lines.getvalue()
    assert len(lines.getvalue()) < 900


def test_log_shows_no_local_variables_in_a_traceback_on_a_terminal(lines: io.StringIO) -> None:
    """A person reads where it failed, not which password was at hand."""
    log.configure("console", "info", lines)

    def connect(password: str) -> None:
        raise ValueError(f"refused after {len(password)} letters")

    try:
        connect("local" + "-value")
    except ValueError:
        log.get().exception("worker.crashed")
    assert "ValueError: refused after 11 letters" in lines.getvalue()
    assert "local-value" not in lines.getvalue()


def test_log_counts_a_library_anew_each_minute(
    lines: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a minute a logger may speak again, and its first line tells how many were dropped."""
    clock = [1000.0]
    monkeypatch.setattr("worker.observe.log.time.monotonic", lambda: clock[0])
    library = logging.getLogger("kafka.conn")
    for moment, count in ((1000.0, 50), (1060.0, 1), (1060.1, 25), (1200.0, 1)):
        clock[0] = moment
        for number in range(count):
            library.warning("%s at %s", number, moment)
    told = [(str(line["message"]).split(" at ")[1], line.get("dropped")) for line in read(lines)]
    assert told == [
        *[("1000.0", None)] * 20,
        ("1060.1", 31),
        *[("1060.1", None)] * 19,
        ("1200.0", 5),
    ]


def test_log_stays_one_line_of_json_whatever_is_logged(lines: io.StringIO) -> None:
    """Line breaks in values stay inside the JSON string."""
    log.get().info("article.failed", reason="a\nb\u2028c")
    assert len(lines.getvalue().rstrip("\n").split("\n")) == 1
