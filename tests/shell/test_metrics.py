"""What a monitor sees: alerts that fire, series that are there from the first scrape, bounded labels."""

from __future__ import annotations

import ast
import datetime as dt
import json
import shutil
import subprocess
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import yaml

from worker.config.delivery import Push
from worker.config.schema import Config, FeedConfig
from worker.core.sources import page_refusals
from worker.observe.metrics import GIVEN_UP, KILLS, Metrics
from worker.run.health import Conditions, Health
from worker.run.standing import Standing
from worker.sandbox.pool import KILL_REASONS
from worker.store.connect import Connection

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "deploy" / "prometheus"
NOON = dt.datetime(2031, 3, 4, 12, 1, tzinfo=dt.UTC)


def feed(name: str, host: str = "l.example") -> FeedConfig:
    return FeedConfig(id=name, url=f"https://{host}/{name}", outlet="L", lang="en")


def health_of(feeds: list[FeedConfig], metrics: Metrics) -> Health:
    knowledge: Any = SimpleNamespace(profile=SimpleNamespace(name="anywhere"), digest="d")
    conn = cast("Connection", None)
    config = Config(profile="anywhere")
    return Health(config, knowledge, feeds, metrics, conn, cast("ThreadPoolExecutor", None), {})


def record(failures: int = 0, reason: str = "", at: dt.datetime | None = NOON) -> str:
    """A feed's state as the store has it, as far as health reads it."""
    last = at.isoformat() if at else None
    return json.dumps({"failures": failures, "last_reason": reason, "last_success": last})


def shown(metrics: Metrics, *starts: str) -> list[str]:
    lines = metrics.render()[0].decode().splitlines()
    return [line for line in lines if line.startswith(tuple(starts))]


def test_alerts_fire_on_what_they_are_for() -> None:
    """Each rule is shown to fire; promtool (Debian's ``prometheus``) agrees with every line."""
    rules = yaml.safe_load((RULES / "alerts.yml").read_text("utf-8"))["groups"][0]["rules"]
    tests = yaml.safe_load((RULES / "alerts_test.yml").read_text("utf-8"))["tests"]
    fired = {
        one["alertname"] for test in tests for one in test["alert_rule_test"] if one["exp_alerts"]
    }
    assert fired == {rule["alert"] for rule in rules}
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed (Debian: prometheus); the rules were not run")
    done = subprocess.run(
        [promtool, "test", "rules", "alerts_test.yml"],
        cwd=RULES, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_metrics_of_feeds_begin_with_what_the_store_knows() -> None:
    """Before the first poll: the last answer of a feed that answered, 0 for one that never did."""
    metrics, feeds = Metrics(), [feed("a"), feed("b")]
    pushed = FeedConfig(id="p", push=Push(secret_file=Path("t")), outlet="L", lang="en")
    health = health_of([*feeds, pushed], metrics)
    health.begin({"a": record(3, "dns"), "b": record(1, "http_503", None)}, {"a": NOON})
    stamp = NOON.timestamp()
    last = dict(line.rsplit(" ", 1) for line in shown(metrics, "kabulwire_feed_last_"))
    assert {name: float(value) for name, value in last.items()} == {
        'kabulwire_feed_last_success_timestamp_seconds{feed="a"}': stamp,
        'kabulwire_feed_last_success_timestamp_seconds{feed="b"}': 0,
        'kabulwire_feed_last_item_timestamp_seconds{feed="a"}': stamp,
        'kabulwire_feed_last_item_timestamp_seconds{feed="b"}': 0,
        'kabulwire_feed_last_item_timestamp_seconds{feed="p"}': 0,
    }
    assert shown(metrics, "kabulwire_feeds{") == [
        'kabulwire_feeds{state="answering"} 0.0',
        'kabulwire_feeds{state="failing"} 2.0',
        'kabulwire_feeds{state="unasked"} 1.0',
    ]


def test_counters_that_alerts_rest_on_begin_at_zero() -> None:
    """A counter born at 1 never increases: every reason of a dead letter is there from the start."""
    metrics = Metrics()
    letters = shown(metrics, "kabulwire_dead_letters_total{")
    assert letters == [f'kabulwire_dead_letters_total{{reason="{name}"}} 0.0' for name in GIVEN_UP]
    assert len(shown(metrics, "kabulwire_sandbox_kills_total{")) == len(KILLS)
    assert shown(metrics, "kabulwire_store_diverged_timestamp") == [
        "kabulwire_store_diverged_timestamp_seconds 0.0"
    ]


def test_every_reason_of_a_dead_letter_in_the_code_has_its_counter() -> None:
    """Pages that cannot be read, corrections that cannot be made, jobs that were ended."""
    assert set(KILLS) == KILL_REASONS
    raised = {*page_refusals.WALLS, *(reason for _, reason in page_refusals._NOTICES)}
    for path in sorted((ROOT / "worker").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                named = node.func.id == "PageError" or (
                    node.func.id == "InputError" and path.name in {"settle.py", "decisions.py"}
                )
                if named and node.args and isinstance(node.args[0], ast.Constant):
                    raised.add(node.args[0].value)
    assert raised | set(KILLS) == set(GIVEN_UP)


def labels(metrics: Metrics, series: str) -> Counter[str]:
    return Counter(
        line.split('feed="')[1].split('"')[0] for line in shown(metrics, f"kabulwire_{series}{{")
    )


def test_series_of_feeds_go_by_host_when_feeds_are_many() -> None:
    """500 feeds have their own; 501 share those of their host; of 10,000 hosts there are 200 groups."""
    for count, hosts, expected in ((500, 500, 500), (501, 7, 7), (10_000, 10_000, 200)):
        metrics = Metrics()
        feeds = [feed(f"f{n}", f"h{n % hosts}.example") for n in range(count)]
        health_of(feeds, metrics).begin({f"f{n}": record() for n in range(count)}, {})
        for one in feeds:
            metrics.polls.labels(one.id, "entries").inc()
        assert len(labels(metrics, "feed_polls_total")) == expected
        polls = shown(metrics, "kabulwire_feed_polls_total{")
        assert sum(float(line.rsplit(" ", 1)[1]) for line in polls) == count
        assert len(labels(metrics, "feed_last_success_timestamp_seconds")) == expected


def test_gauges_of_a_group_are_folded_from_its_feeds() -> None:
    """The newest success of a host, and the sum of what waits in its spools."""
    metrics = Metrics()
    metrics.feed_labels.assign({f"f{n}": "one.example" for n in range(501)})
    for name, last, waiting in (("f1", 100, 3), ("f2", 300, 0), ("f3", 200, 4)):
        metrics.last_success.labels(name).set(last)
        metrics.spool_waiting.labels(name).set(waiting)
    metrics.spool_waiting.labels("f1").set(1)
    assert shown(metrics, "kabulwire_feed_last_success") == [
        'kabulwire_feed_last_success_timestamp_seconds{feed="one.example"} 300.0'
    ]
    assert shown(metrics, "kabulwire_spool_waiting") == [
        'kabulwire_spool_waiting_files{feed="one.example"} 5.0'
    ]


def test_metrics_of_ten_thousand_feeds_are_small() -> None:
    """A scrape stays below a quarter of a megabyte."""
    metrics = Metrics()
    feeds = [feed(f"f{n}", f"h{n}.example") for n in range(10_000)]
    health_of(feeds, metrics).begin({}, {})
    for one in feeds:
        for outcome in ("entries", "not_modified", "failed"):
            metrics.polls.labels(one.id, outcome).inc()
        for kind in ("new", "changed", "seen"):
            metrics.items.labels(one.id, kind).inc()
    body, _ = metrics.render()
    assert len(body) < 250_000


def test_metrics_are_given_as_openmetrics_to_who_asks() -> None:
    """The form follows Accept; without it the text format that everybody reads."""
    metrics = Metrics()
    text, plain = metrics.render()
    opened, typed = metrics.render("application/openmetrics-text; version=1.0.0")
    assert plain.startswith("text/plain")
    assert typed.startswith("application/openmetrics-text; version=1.0.0")
    assert (opened.endswith(b"# EOF\n"), text.endswith(b"# EOF\n")) == (True, False)


def test_readiness_tells_what_the_store_knows_of_failing_feeds() -> None:
    """Started anew: how many fail, why, and when one last answered, before anything is asked."""
    feeds = [feed(f"f{n}") for n in range(20)]
    health = health_of(feeds, Metrics())
    health.begin({f"f{n}": record(5, "dns" if n else "http_403") for n in range(20)}, {})
    (problem,) = health.conditions.ready().problems
    assert problem == (
        "20 of 20 feeds fail: dns (19), http_403 (1); last answer 2031-03-04 12:01 UTC"
    )
    health.conditions.feeds["f3"] = Standing(last_success=NOON)
    told = health.conditions.ready()
    assert told.problems == ()
    assert told.notes[0].startswith("19 of 20 feeds fail: dns (18), http_403 (1)")


def test_readiness_waits_for_a_first_answer_only_where_none_is_known() -> None:
    """A new worker is not ready; one whose feeds answered before its restart is, and says so at once."""
    ready = [
        conditions.ready().problems
        for conditions in (
            Conditions(),
            Conditions(feeds={"a": Standing()}),
            Conditions(feeds={"a": Standing(), "b": Standing(1, "dns")}),
            Conditions(feeds={"a": Standing(), "b": Standing(last_success=NOON)}),
            Conditions(feeds={"a": Standing()}, waits_for_pushes=True),
        )
    ]
    assert ready == [
        ("no feed is enabled",),
        ("no feed has answered yet",),
        ("no feed has answered yet",),
        (),
        (),
    ]
