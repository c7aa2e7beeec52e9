"""Series that a feed has of its own, and what becomes of them when feeds are many.

    kabulwire_feed_polls_total{feed="ledger",outcome="entries"}       up to 500 feeds
    kabulwire_feed_polls_total{feed="ledger.example",outcome=…}       above: one for each host
    kabulwire_feed_polls_total{feed="hosts-017",outcome=…}            above 500 hosts: 200 groups

A worker with 10,000 feeds would otherwise answer each scrape with 9 MB. Counters of a group add up;
a gauge of a group is folded from those of its feeds: the newest success, the sum of waiting files.
"""

from __future__ import annotations

import time
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from prometheus_client import Counter, Gauge

LIMIT = 500
_GROUPS = 200

Fold = Callable[[Iterable[float]], float]


class FeedLabels:
    """The value of the label ``feed``, for each feed."""

    def __init__(self) -> None:
        self._of: dict[str, str] = {}

    def assign(self, hosts: Mapping[str, str]) -> None:
        """Choose labels for the feeds of a worker: feed id → host."""
        by_host = dict(hosts)
        by_group = {feed: _group(host) for feed, host in hosts.items()}
        ways: tuple[dict[str, str], ...] = ({feed: feed for feed in hosts}, by_host)
        self._of = next((way for way in ways if len(set(way.values())) <= LIMIT), by_group)

    def of(self, feed: str) -> str:
        """The label of one feed; its own id when nothing was assigned."""
        return self._of.get(feed, feed)


def _group(host: str) -> str:
    return f"hosts-{zlib.crc32(host.encode()) % _GROUPS:03}"


class FeedCounter:
    """A counter whose first label is the feed."""

    def __init__(self, counter: Counter, labels: FeedLabels) -> None:
        self._counter = counter
        self._labels = labels

    def labels(self, feed: str, *more: str) -> Counter:
        """The counter of a feed, or of its group."""
        return self._counter.labels(self._labels.of(feed), *more)


class FeedGauge:
    """A gauge whose only label is the feed. ``fold`` makes one value of those of a group."""

    def __init__(self, gauge: Gauge, labels: FeedLabels, fold: Fold) -> None:
        self._gauge = gauge
        self._labels = labels
        self._fold = fold
        self._values: defaultdict[str, dict[str, float]] = defaultdict(dict)

    def labels(self, feed: str) -> _OneFeed:
        """The gauge of a feed; what is set goes into its group."""
        return _OneFeed(self, feed)

    def set(self, feed: str, value: float) -> None:
        """Note the value of a feed."""
        label = self._labels.of(feed)
        values = self._values[label]
        values[feed] = value
        self._gauge.labels(label).set(self._fold(values.values()))


class _OneFeed:
    def __init__(self, gauge: FeedGauge, feed: str) -> None:
        self._gauge = gauge
        self._feed = feed

    def set(self, value: float) -> None:
        self._gauge.set(self._feed, value)

    def set_to_current_time(self) -> None:
        self._gauge.set(self._feed, time.time())
