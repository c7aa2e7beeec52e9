"""Subscriptions at hubs: what a feed names, how a subscription changes, and a worker at a real hub."""

from __future__ import annotations

import datetime as dt
import json
import socket
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.shell.deliveries import FRONT, identities, send, working
from tests.shell.hub import Hub, hub, sign
from tests.shell.test_app import Running
from worker.config.delivery import WebSub
from worker.core.sources.answer_paths import FeedLinks, feed_links
from worker.ingest import websub
from worker.ingest.websub import Subscription

NOW = dt.datetime(2031, 5, 8, 12, tzinfo=dt.UTC)
HUB, TOPIC = "https://hub.example/", "https://wire.example/feed"
LONG_S = 120.0


@pytest.mark.parametrize(
    ("header", "body", "found"),
    [
        (f'<{HUB}>; rel="hub", <{TOPIC}>; rel="self"', b"", FeedLinks((HUB,), TOPIC)),
        (f"<{HUB}>;rel=hub,<https://b.example/>; title=\"x, y\"; rel='x hub'", b"",
         FeedLinks((HUB,))),
        (f'<{HUB}>; rel="prev hub", <{TOPIC}>; type="a"; rel="self canonical"',
         b"<feed xmlns='http://www.w3.org/2005/Atom'><link rel='hub' href='https://no.example'/></feed>",
         FeedLinks((HUB,), TOPIC)),
        ("", f"<rss version='2.0' xmlns:atom='http://www.w3.org/2005/Atom'><channel><link>x</link>"
             f"<atom:link rel='hub' href='{HUB}'/><atom:link rel='self' href='{TOPIC}'/>"
             f"</channel></rss>".encode(), FeedLinks((HUB,), TOPIC)),
        ("", f"<feed xmlns='http://www.w3.org/2005/Atom'><link rel='hub' href='{HUB}'/>"
             f"<link rel='hub' href='https://b.example/'/><link rel='self' href='{TOPIC}'/>"
             f"<entry><link rel='hub' href='https://no.example'/></entry></feed>".encode(),
         FeedLinks((HUB, "https://b.example/"), TOPIC)),
        ("", json.dumps({"feed_url": TOPIC, "hubs": [{"type": "WebSub", "url": HUB}, 7]}).encode(),
         FeedLinks((HUB,), TOPIC)),
        ("<<>;;,", b"<rss", FeedLinks()),
        ("", b"[1, 2]", FeedLinks()),
    ],
)  # fmt: skip
def test_feed_links_finds_hub_and_topic(header: str, body: bytes, found: FeedLinks) -> None:
    """Link headers first, then the feed: Atom, RSS with Atom's links, JSON Feed; an entry's link is
    not the feed's."""
    assert feed_links(header, body) == found


def subscription() -> Subscription:
    links = FeedLinks((HUB, "https://b.example/"), TOPIC)
    made = websub.discovered("wire", links, None, lambda n: "x" * n)
    assert made is not None
    return made


def grant(sub: Subscription, lease_s: int) -> Subscription:
    query = {"hub.mode": "subscribe", "hub.topic": TOPIC, "hub.challenge": "c",
             "hub.lease_seconds": str(lease_s)}  # fmt: skip
    granted = websub.verified(sub, query, 600, NOW)
    assert granted is not None
    return granted


def test_discovered_keeps_what_stands_and_begins_anew_where_a_feed_moved() -> None:
    """The same links, or none any more, change nothing; another hub or topic is another subscription
    with another token."""
    old = subscription()
    same = FeedLinks(old.hubs, old.topic)
    assert websub.discovered("wire", same, old, str) is old
    assert websub.discovered("wire", FeedLinks(), old, str) is old
    assert websub.discovered("wire", FeedLinks(), None, str) is None
    moved = websub.discovered("wire", FeedLinks((HUB,), TOPIC + "/2"), old, lambda _: "other")
    assert moved is not None and (moved.token, moved.lease_end) == ("other", None)


def test_links_of_prefers_the_settings_and_takes_web_addresses_only() -> None:
    """Configured hub and topic count before what a feed says; other schemes are none."""
    found = FeedLinks(("file:///etc/passwd", "/hub", HUB), "ftp://x/")
    links = websub.links_of(WebSub(), "https://wire.example/feed", found)
    assert links == FeedLinks(("https://wire.example/hub", HUB), "https://wire.example/feed")
    assert websub.links_of(WebSub(hub=HUB, topic=TOPIC), "https://x.example/", found) == FeedLinks(
        (HUB,), TOPIC
    )


def test_verified_confirms_only_what_we_asked_for() -> None:
    """Another topic, another mode, no challenge: not ours. Without a lease it is the one asked for."""
    sub = replace(subscription(), asked_at=NOW, failures=3, reason="timeout")
    right = {"hub.mode": "subscribe", "hub.topic": TOPIC, "hub.challenge": "c"}
    for wrong in (
        {"hub.topic": HUB}, {"hub.mode": "unsubscribe"}, {"hub.mode": "denied"},
        {"hub.challenge": ""}, {"hub.challenge": "c" * 5000},
    ):  # fmt: skip
        assert websub.verified(sub, right | wrong, 600, NOW) is None
    granted = websub.verified(sub, right, 600, NOW)
    assert granted is not None
    assert granted.lease_end == NOW + dt.timedelta(seconds=600)
    assert (granted.asked_at, granted.failures, granted.reason) == (None, 0, "")


def test_due_is_before_a_lease_ends() -> None:
    """At once; a minute for the hub to verify; a fifth of the lease before its end, at most a day."""
    sub = subscription()
    assert sub.due() is None
    asked = replace(sub, asked_at=NOW)
    assert asked.due() == NOW + dt.timedelta(seconds=60)
    assert grant(asked, 1000).due() == NOW + dt.timedelta(seconds=800)
    assert grant(asked, 30 * 86_400).due() == NOW + dt.timedelta(days=29)


def test_failed_waits_longer_and_turns_to_the_next_hub() -> None:
    """One, two, four minutes; what stands goes on standing; a denial ends it, for a day."""
    sub = grant(subscription(), 3600)
    waits, hubs = [], []
    for _ in range(3):
        sub = websub.failed(sub, "timeout", NOW)
        assert sub.retry_at is not None
        waits.append((sub.retry_at - NOW).total_seconds())
        hubs.append(sub.hub)
    assert waits == [60, 120, 240]
    assert hubs == ["https://b.example/", HUB, "https://b.example/"]
    assert sub.stands(NOW)
    denied = websub.denied(sub, "no room", NOW)
    assert not denied.stands(NOW)
    assert (denied.reason, denied.due()) == ("denied: no room", NOW + dt.timedelta(days=1))


def test_delivers_only_what_has_delivered() -> None:
    """Confirmed is not enough; a push makes it so, until the lease ends or a poll finds more."""
    sub = grant(subscription(), 600)
    assert not sub.delivers(NOW)
    pushed = replace(sub, delivered_at=NOW)
    assert pushed.delivers(NOW)
    assert not pushed.delivers(NOW + dt.timedelta(seconds=601))
    assert not replace(pushed, silent=True).delivers(NOW)


def free_port() -> int:
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        return int(line.getsockname()[1])


@pytest.fixture
def running_hub() -> Iterator[Hub]:
    with hub() as running:
        yield running


class World:
    """A worker on one feed with a hub; its address is the same in each of its lives."""

    def __init__(self, folder: Path, running: Hub, **settings: str) -> None:
        self.folder = folder
        port = free_port()
        table = ", ".join(f"{key} = {value}" for key, value in settings.items())
        self.feeds = (f'[[feed]]\nid = "wire"\nurl = "{running.topic}"\n{FRONT}'
                      f"websub = {{{table}}}\n")  # fmt: skip
        self.environ = {"SERVE__PORT": str(port), "SERVE__PUBLIC_URL": f"http://127.0.0.1:{port}/"}

    def working(self) -> AbstractContextManager[Running]:
        """A life of the worker."""
        return working(self.folder, self.feeds, **self.environ)


def subscribed(worker: Running, running: Hub) -> None:
    """Wait until the hub has confirmed our request."""
    worker.wait_for(lambda: worker.told("websub.subscribed"), LONG_S)
    worker.wait_for(lambda: running.subscribers)


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("odd", ["plain", "moved", "at_once"])
def test_run_subscribes_and_stores_what_the_hub_sends(
    odd: str, running_hub: Hub, tmp_path: Path
) -> None:
    """Discovery, verification, distribution with every method; a wrong signature stores nothing; while
    the hub delivers nothing is polled; a hub that moved (307) or verifies at once is understood."""
    running_hub.moved, running_hub.at_once = odd == "moved", odd == "at_once"
    running_hub.items.append(("first", "Council meets"))
    with World(tmp_path, running_hub).working() as worker:
        subscribed(worker, running_hub)
        (one,) = running_hub.subscribers.values()
        running_hub.publish(("second", "Council meets again"))
        worker.wait_for(lambda: identities(tmp_path) == ["first", "second"])
        time.sleep(0.7)  # a poll under way may still end
        polls = len(running_hub.polls)
        for method in ("sha1", "sha384", "sha512"):
            running_hub.items.append((method, "Council meets"))
            assert [a.status for a in running_hub.distribute(method)] == [200]
        body = running_hub.feed().replace(b"second", b"forged")
        wrong = {
            "none": {}, "other body": sign(running_hub.feed(), one.secret, "sha256"),
            "other secret": sign(body, "guess", "sha256"), "md5": sign(body, one.secret, "md5"),
        }  # fmt: skip
        answers = {
            what: send(one.callback, body, running_hub.envelope() | header).status
            for what, header in wrong.items()
        }
        assert answers == {"none": 401, "other body": 403, "other secret": 403, "md5": 403}
        mode = {"mode": "unsubscribe", "topic": one.topic, "challenge": "c"}
        assert running_hub.ask(one.callback, **mode).status == 404
        assert running_hub.ask(one.callback + "x", **mode | {"mode": "subscribe"}).status == 404
        assert send(one.callback + "x", body, sign(body, one.secret, "sha256")).status == 410
        time.sleep(1.5)
        assert len(running_hub.polls) == polls, "a feed whose hub delivers is polled seldom"
        status = json.loads(worker.get("/status")[1])["feeds"][0]
        assert status["position"].startswith("hub delivers, lease until ")
        assert one.secret not in json.dumps(status)
        assert worker.stop() == 0
    assert identities(tmp_path) == ["first", "second", "sha1", "sha384", "sha512"]
    assert running_hub.faults == []
    log = (tmp_path / "worker.log").read_text("utf-8")
    assert one.secret not in log and one.callback not in log


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_run_renews_a_lease_and_keeps_it_over_a_restart(running_hub: Hub, tmp_path: Path) -> None:
    """A feed that was polled before and has not changed finds its hub. A short lease is renewed before
    its end under the same callback and secret; killed and started again the worker takes the hub's next
    push without asking for anything."""
    running_hub.lease_s = 5
    running_hub.items.append(("first", "Council meets"))
    world = World(tmp_path, running_hub)
    plain = world.feeds.replace("websub = {}\n", "")
    with working(tmp_path, plain, **world.environ) as worker:
        worker.wait_for(lambda: identities(tmp_path) == ["first"], LONG_S)
        assert worker.stop() == 0
    with world.working() as worker:
        subscribed(worker, running_hub)
        (one,) = running_hub.subscribers.values()
        worker.wait_for(lambda: len(running_hub.requests) >= 3, 60)
        assert {form["hub.callback"] for form in running_hub.requests} == {one.callback}
        assert {form["hub.secret"] for form in running_hub.requests} == {one.secret}
        assert time.monotonic() < running_hub.subscribers[one.callback].ends
        running_hub.lease_s = 3600
        worker.wait_for(lambda: running_hub.subscribers[one.callback].lease_s == 3600, 60)
        worker.wait_for(  # what the worker has not kept yet, it asks for again after a kill
            lambda: len(worker.told("websub.subscribed")) >= len(running_hub.requests)
        )
        running_hub.publish(("pushed", "Council meets"))
        worker.wait_for(lambda: "pushed" in identities(tmp_path))
        worker.process.kill()
        worker.process.wait()
    time.sleep(0.7)  # what was on its way when it was killed may still arrive
    asked, polls = len(running_hub.requests), len(running_hub.polls)
    with world.working() as worker:
        worker.wait_for(lambda: len(worker.told("worker.started")) > 2, LONG_S)
        running_hub.publish(("later", "Council meets"))
        worker.wait_for(lambda: "later" in identities(tmp_path))
        assert len(running_hub.requests) == asked
        outrun = worker.told("websub.silent")  # a poll met the item before its push did
        assert outrun or len(running_hub.polls) <= polls + 1
        assert worker.stop() == 0
    assert running_hub.faults == []


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_run_polls_as_usual_again_when_a_hub_is_silent(running_hub: Hub, tmp_path: Path) -> None:
    """What the hub does not send the next poll finds; then the feed is polled as often as any other,
    until the hub sends again."""
    running_hub.items.append(("first", "Council meets"))
    with World(tmp_path, running_hub, poll_s="2").working() as worker:
        subscribed(worker, running_hub)
        running_hub.publish(("pushed", "Council meets"))
        worker.wait_for(lambda: "pushed" in identities(tmp_path))
        running_hub.publish(("missed", "Council meets"), lost=True)
        worker.wait_for(lambda: "missed" in identities(tmp_path))
        worker.wait_for(lambda: worker.told("websub.silent"))
        polls = len(running_hub.polls)
        worker.wait_for(lambda: len(running_hub.polls) >= polls + 6)
        running_hub.publish(("again", "Council meets"))
        worker.wait_for(lambda: "again" in identities(tmp_path))
        status = json.loads(worker.get("/status")[1])["feeds"][0]
        assert status["position"].startswith("hub delivers")
        assert worker.stop() == 0


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("trouble", ["fails", "denies"])
def test_run_polls_where_the_hub_does_not_serve_us(
    trouble: str, running_hub: Hub, tmp_path: Path
) -> None:
    """A hub that fails or denies: told with its reason, and the feed is polled all the same."""
    running_hub.status = 500 if trouble == "fails" else 202
    running_hub.denies = "" if trouble == "fails" else "no room for you"
    running_hub.items.append(("first", "Council meets"))
    with World(tmp_path, running_hub).working() as worker:
        worker.wait_for(lambda: worker.told("websub.failed"), LONG_S)
        (line,) = worker.told("websub.failed")
        assert line["reason"] == ("http_5xx" if trouble == "fails" else "denied: no room for you")
        assert line["again"]
        running_hub.publish(("polled", "Council meets"))
        worker.wait_for(lambda: "polled" in identities(tmp_path))
        position = json.loads(worker.get("/status")[1])["feeds"][0]["position"]
        assert position.startswith(f"hub: {line['reason']}, again 20")
        assert worker.stop() == 0
