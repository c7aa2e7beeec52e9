"""A subscription at a hub (WebSub, W3C Recommendation of 23 January 2018), as a value that changes.

::

    discovered ──ask──► asked ──the hub verifies──► standing until lease_end ──ask again before──► …
                          └─ no answer, a refusal ─► asked again later; the feed is polled meanwhile

Rules
-----
1. A feed whose hub delivers is polled seldom (``websub.poll_s``), but it is. It counts as delivering
   from the first push on, while the lease lasts, and until a poll finds what no push had brought.
2. The callback's address holds a token that nobody can guess, and each subscription a secret of its
   own; both are kept over renewals and restarts, so a push under way is never turned away.
3. A lease is renewed when a fifth of it is left, a day before its end at the latest.
4. A hub that fails is asked again after a minute, then two, four …, at most a day; the next hub that
   the feed names is asked then. One that refused (``denied``) is asked again after a day.
"""

from __future__ import annotations

import datetime as dt
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urljoin, urlsplit

from pydantic import SecretStr

from worker.config.delivery import WebSub
from worker.core.sources.answer_paths import FeedLinks
from worker.ingest.signature import HUB_HEADER, HUB_METHODS, Access

VERIFY_S = 60.0
"""How long a hub that took our request may take to verify it."""
_FIRST_RETRY_S, _LONGEST_RETRY_S = 60.0, 86_400.0
_LONGEST_LEASE_S = 31_536_000
_MARGIN, _LONGEST_MARGIN_S = 0.2, 86_400.0
_CHALLENGE_CHARS = 4_000
TOKEN_BYTES = 24


@dataclass(frozen=True, slots=True)
class Subscription:
    """What is known of a feed's subscription. Instants are aware, in UTC.

    ``asked_at``: a request was taken, or is being made, and is not verified yet. ``lease_end``: until
    when the hub delivers. ``delivered_at``: the last push that was stored. ``silent``: a poll has found
    what no push brought. ``failures``: in a row; ``retry_at``: not before then.
    """

    feed: str
    hubs: tuple[str, ...]
    topic: str
    token: str
    secret: str = field(repr=False)
    asked_at: dt.datetime | None = None
    lease_s: float = 0.0
    lease_end: dt.datetime | None = None
    delivered_at: dt.datetime | None = None
    silent: bool = False
    failures: int = 0
    retry_at: dt.datetime | None = None
    reason: str = ""

    @property
    def hub(self) -> str:
        """The hub whose turn it is."""
        return self.hubs[self.failures % len(self.hubs)]

    @property
    def access(self) -> Access:
        """What the hub has to show with a push."""
        return Access(HUB_HEADER, SecretStr(self.secret), HUB_METHODS)

    def has_token(self, token: str) -> bool:
        """Whether this is the token of its callback."""
        return hmac.compare_digest(token.encode("utf-8", "replace"), self.token.encode())

    def stands(self, now: dt.datetime) -> bool:
        """Whether the hub has confirmed it, and its lease lasts."""
        return self.lease_end is not None and now < self.lease_end

    def delivers(self, now: dt.datetime) -> bool:
        """Whether its pushes can be relied on, so that the feed is polled seldom (rule 1)."""
        return self.stands(now) and self.delivered_at is not None and not self.silent

    def due(self) -> dt.datetime | None:
        """When to do something about it; None: at once."""
        if self.asked_at is not None:
            return self.asked_at + dt.timedelta(seconds=VERIFY_S)
        if self.retry_at is not None:
            return self.retry_at
        if self.lease_end is None:
            return None
        margin = min(self.lease_s * _MARGIN, _LONGEST_MARGIN_S)
        return self.lease_end - dt.timedelta(seconds=margin)


def links_of(settings: WebSub, url: str, found: FeedLinks) -> FeedLinks:
    """Hubs and topic of a feed: as configured, else as found; addresses other than http(s) are none."""
    hubs = (settings.hub,) if settings.hub else found.hubs
    joined = tuple(urljoin(url, hub) for hub in hubs)
    topic = urljoin(url, settings.topic or found.topic or url)
    return FeedLinks(
        tuple(hub for hub in joined if urlsplit(hub).scheme in {"http", "https"}),
        topic if urlsplit(topic).scheme in {"http", "https"} else url,
    )


def discovered(
    feed: str, links: FeedLinks, old: Subscription | None, secret: Callable[[int], str]
) -> Subscription | None:
    """The subscription to keep when a feed names these links. ``secret(n)``: n random bytes as text.

    A feed that names no hub (any more) keeps what stands; one that moved gets a new subscription.
    """
    if not links.hubs or links.topic is None:
        return old
    if old is not None and (old.hubs, old.topic) == (links.hubs, links.topic):
        return old
    return Subscription(feed, links.hubs, links.topic, secret(TOKEN_BYTES), secret(TOKEN_BYTES))


def request_form(sub: Subscription, callback: str, lease_s: int) -> dict[str, str]:
    """What the hub is asked (section 5.1)."""
    return {
        "hub.mode": "subscribe",
        "hub.topic": sub.topic,
        "hub.callback": callback,
        "hub.lease_seconds": str(lease_s),
        "hub.secret": sub.secret,
    }


def failed(
    sub: Subscription, reason: str, now: dt.datetime, wait_s: float | None = None
) -> Subscription:
    """The request came to nothing; what stands goes on standing. ``wait_s``: as the hub asked."""
    doubled = min(_FIRST_RETRY_S * 2.0 ** min(sub.failures, 20), _LONGEST_RETRY_S)
    wait = dt.timedelta(seconds=max(doubled, min(wait_s or 0.0, _LONGEST_RETRY_S)))
    return replace(
        sub, asked_at=None, failures=sub.failures + 1, retry_at=now + wait, reason=reason
    )


def denied(sub: Subscription, reason: str, now: dt.datetime) -> Subscription:
    """The hub will not deliver, or not any longer (section 5.2)."""
    lost = failed(sub, "denied", now, _LONGEST_RETRY_S)
    return replace(lost, lease_end=None, reason=f"denied: {reason}" if reason else "denied")


def verified(
    sub: Subscription, query: Mapping[str, str], asked_lease_s: int, now: dt.datetime
) -> Subscription | None:
    """The subscription that a hub's verification of intent confirms; None: we do not want that.

    ``query``: the fields of the hub's GET (section 5.3).
    """
    challenge = query.get("hub.challenge", "")
    if query.get("hub.mode") != "subscribe" or query.get("hub.topic") != sub.topic:
        return None
    if not 0 < len(challenge) <= _CHALLENGE_CHARS:
        return None
    text = query.get("hub.lease_seconds", "")
    granted = int(text) if text.isascii() and text.isdecimal() and len(text) < 12 else 0
    lease_s = min(granted or asked_lease_s, _LONGEST_LEASE_S)
    return replace(
        sub,
        asked_at=None,
        lease_s=float(lease_s),
        lease_end=now + dt.timedelta(seconds=lease_s),
        failures=0,
        retry_at=None,
        reason="",
    )
