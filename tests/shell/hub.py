"""A publisher and its hub on loopback, strict after the W3C Recommendation "WebSub" of 23 January 2018.

What a subscriber does wrong is kept in ``faults``; what a hub may do is a knob. Section numbers are
those of the text.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.loopback import Answer, Asked, serving
from tests.shell.deliveries import Reply, rss, send

_FIELDS = {"hub.mode", "hub.topic", "hub.callback", "hub.lease_seconds", "hub.secret"}


@dataclass(frozen=True)
class Subscriber:
    """A subscription that was verified. ``ends``: on the steady clock."""

    topic: str
    callback: str
    secret: str
    lease_s: int
    ends: float


@dataclass
class Hub:
    """A topic at ``/feed.xml`` that names its hub in Link headers, and the hub at ``/hub``."""

    base: str
    items: list[tuple[str, str]] = field(default_factory=list)
    subscribers: dict[str, Subscriber] = field(default_factory=dict)
    """By callback."""
    faults: list[str] = field(default_factory=list)
    polls: list[float] = field(default_factory=list)
    requests: list[dict[str, str]] = field(default_factory=list)
    lease_s: int = 3600
    status: int = 202
    moved: bool = False
    """The hub has moved for the time being: 307 (section 5.1)."""
    verifies: bool = True
    at_once: bool = False
    """Verify before the request is answered."""
    denies: str = ""

    @property
    def topic(self) -> str:
        return f"{self.base}/feed.xml"

    @property
    def links(self) -> str:
        return f'<{self.base}/hub>; rel="hub", <{self.topic}>; rel="self"'

    def take(self, form: dict[str, str], kind: str) -> int:
        """A request to the hub (5.1); returns the status."""
        self.requests.append(form)
        self._judge(form, kind)
        if self.status >= 300:
            return self.status
        act = self._deny if self.denies else self._verify if self.verifies else None
        if act is not None:
            thread = threading.Thread(target=act, args=(form,), daemon=True)
            thread.start()
            if self.at_once:
                thread.join(20)
        return self.status

    def _judge(self, form: dict[str, str], kind: str) -> None:
        if kind.split(";")[0] != "application/x-www-form-urlencoded":
            self.faults.append(f"5.1: content type {kind}")
        if unknown := form.keys() - _FIELDS:
            self.faults.append(f"5.1: unknown fields {unknown}")
        if form.get("hub.mode") not in {"subscribe", "unsubscribe"}:
            self.faults.append(f"5.1: mode {form.get('hub.mode')}")
        if form.get("hub.topic") != self.topic:
            self.faults.append(f"5.1: topic {form.get('hub.topic')}")
        if urlsplit(form.get("hub.callback", "")).scheme not in {"http", "https"}:
            self.faults.append("5.1: no callback")
        if not re.fullmatch(r"[1-9]\d*", form.get("hub.lease_seconds", "1")):
            self.faults.append(f"5.1: lease {form.get('hub.lease_seconds')}")
        if not 16 <= len(form.get("hub.secret", "").encode()) < 200:
            self.faults.append(
                "5.1: the secret is too short to be random, or longer than 199 bytes"
            )

    def ask(self, callback: str, **fields: str) -> Reply:
        """A GET to a callback, with these fields added to its query (5.3)."""
        query = urlencode({f"hub.{name}": value for name, value in fields.items()})
        return send(f"{callback}{'&' if urlsplit(callback).query else '?'}{query}")

    def _verify(self, form: dict[str, str]) -> None:
        challenge, lease_s = secrets.token_urlsafe(20), self.lease_s  # as a test may change it
        answer = self.ask(
            form["hub.callback"], mode=form["hub.mode"], topic=form["hub.topic"],
            challenge=challenge, lease_seconds=str(lease_s),
        )  # fmt: skip
        if not 200 <= answer.status < 300 or answer.body != challenge:
            self.faults.append(f"5.3: {answer.status} {answer.body!r} to our challenge")
            return
        one = Subscriber(form["hub.topic"], form["hub.callback"], form["hub.secret"], lease_s,
                         time.monotonic() + lease_s)  # fmt: skip
        self.subscribers[one.callback] = one

    def _deny(self, form: dict[str, str]) -> None:
        self.ask(form["hub.callback"], mode="denied", topic=form["hub.topic"], reason=self.denies)

    def feed(self) -> bytes:
        return rss(*self.items)

    def publish(self, *items: tuple[str, str], lost: bool = False) -> None:
        """New items of the topic; ``lost``: the hub does not send them."""
        self.items += items
        if not lost:
            self.distribute()

    def distribute(self, method: str = "sha256") -> list[Reply]:
        """Send the topic's content to all whose lease lasts (7, 7.1)."""
        body = self.feed()
        return [
            send(one.callback, body, {**self.envelope(), **sign(body, one.secret, method)})
            for one in list(self.subscribers.values())
            if time.monotonic() < one.ends
        ]

    def envelope(self) -> dict[str, str]:
        return {"Content-Type": "application/rss+xml", "Link": self.links}


def sign(body: bytes, secret: str, method: str) -> dict[str, str]:
    """The header of an authenticated distribution (7.1)."""
    made = hmac.new(secret.encode(), body, getattr(hashlib, method)).hexdigest()
    return {"X-Hub-Signature": f"{method}={made}"}


@contextmanager
def hub() -> Iterator[Hub]:
    """A hub that works until the block ends."""
    running = Hub("")

    def answer(asked: Asked) -> Answer:
        if asked.method == "GET":
            running.polls.append(time.monotonic())
            kind = {"Content-Type": "application/rss+xml"}
            return 200, {"Link": running.links, **kind}, running.feed()
        if running.moved and asked.path == "/hub":
            return 307, {"Location": f"{running.base}/hub-elsewhere"}, b""
        form = dict(parse_qsl(asked.body.decode(), strict_parsing=True))
        return running.take(form, asked.headers["Content-Type"]), {}, b"taken\n"

    with serving(answer) as running.base:
        yield running
