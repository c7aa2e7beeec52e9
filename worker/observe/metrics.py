"""What Prometheus can ask: names, units and labels of every series.

Rules
-----
1. One prefix, base units, ``_total`` for counters. Names are an interface: none is renamed.
2. Labels are bounded: feed ids, outcomes and reasons from closed sets; never an address or an id.
3. A ``Metrics`` belongs to one worker (its own registry), so two in one process do not mix.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.gc_collector import GCCollector
from prometheus_client.process_collector import ProcessCollector

_QUICK = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_LATENCY = (1, 5, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600)


class Metrics:
    """All series of a worker; attributes are named like the series without prefix and unit."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self._feeds()
        self._deliveries()
        self._articles()
        self._publishing()

    def _feeds(self) -> None:
        self.polls = self._counter("feed_polls", "Polls, by outcome.", "feed", "outcome")
        self.poll_duration = self._histogram("feed_poll_duration_seconds", "One poll.", _QUICK)
        self.last_success = self._gauge(
            "feed_last_success_timestamp_seconds", "When the feed last answered.", "feed"
        )
        self.last_item = self._gauge(
            "feed_last_item_timestamp_seconds", "When it last had something new.", "feed"
        )
        self.stale = self._gauge(
            "feed_stale", "1 while a feed answers without anything new for long.", "feed"
        )
        self.items = self._counter("feed_items", "Entries: new, changed or seen.", "feed", "kind")
        self.polling_paused = self._gauge("polling_paused", "1 while a high-water mark is passed.")

    def _deliveries(self) -> None:
        self.spool_files = self._counter(
            "spool_files", "Files of a spool, by outcome: read or refused.", "feed", "outcome"
        )
        self.spool_waiting = self._gauge(
            "spool_waiting_files", "Files of a spool that are ready and not taken yet.", "feed"
        )
        self.cursor_restarts = self._counter(
            "feed_cursor_restarts", "Cursors that their server had forgotten.", "feed"
        )
        self.pushes = self._counter(
            "push_requests", "Documents pushed to us, by outcome.", "feed", "outcome"
        )
        self.lease_end = self._gauge(
            "websub_lease_end_timestamp_seconds", "When a subscription ends; 0 = none.", "feed"
        )

    def _articles(self) -> None:
        self.articles = self._counter("articles", "Articles worked on, by outcome.", "outcome")
        self.decisions = self._counter("classifier_decisions", "Verdicts.", "label", "band")
        self.score = self._histogram(
            "classifier_score",
            "Probability of a fresh attack here.",
            tuple(n / 10 for n in range(1, 10)),
        )
        self.analyze_duration = self._histogram("analyze_duration_seconds", "One article.", _QUICK)
        self.page_fetches = self._counter("article_fetch", "Pages fetched, by outcome.", "outcome")
        self.rechecks = self._counter(
            "article_recheck", "Pages of reports asked again, by what became of them.", "outcome"
        )
        self.changes = self._counter("incident_revisions", "Revisions of incidents.", "kind")
        self.dead_letters = self._counter("dead_letters", "Given up, by reason.", "reason")
        self.killed_jobs = self._counter("sandbox_kills", "Jobs ended by force.", "reason")
        self.inbox_rows = self._gauge("inbox_rows", "Work waiting on disk.")
        self.inbox_oldest = self._gauge("inbox_oldest_age_seconds", "Age of the oldest due work.")
        self.ingest_latency = self._histogram(
            "ingest_latency_seconds", "First seen to settled.", _LATENCY
        )
        self.publish_latency = self._histogram(
            "publish_latency_seconds", "Published by the source to settled here.", _LATENCY
        )

    def _publishing(self) -> None:
        self.outbox_rows = self._gauge("outbox_rows", "Messages waiting for the sink.")
        self.outbox_oldest = self._gauge("outbox_oldest_age_seconds", "Age of the oldest of them.")
        self.transactions = self._counter("kafka_transactions", "By result.", "result")
        self.transaction_duration = self._histogram(
            "kafka_transaction_duration_seconds", "One transaction.", _QUICK
        )
        self.rebuilds = self._counter("kafka_producer_rebuilds", "Producers replaced.", "reason")
        self.sink_up = self._gauge("sink_up", "1 while the last attempt to publish went through.")
        self.diverged = self._counter("store_diverged", "Store and ledger disagreed at start.")
        self.loop_lag = self._gauge("loop_lag_seconds", "How late the event loop last woke up.")
        self.disk_free = self._gauge("disk_free_bytes", "Free on the store's disk.")
        self.started = self._gauge("start_timestamp_seconds", "When the worker started.")
        self.started.set(time.time())

    def info(self, labels: Mapping[str, str]) -> None:
        """Publish version, instance, profile and knowledge as ``kabulwire_build_info``."""
        Gauge("kabulwire_build_info", "What runs.", list(labels), registry=self.registry).labels(
            **labels
        ).set(1)

    def render(self) -> bytes:
        """All series in the text format of Prometheus."""
        return generate_latest(self.registry)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter("kabulwire_" + name, text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge("kabulwire_" + name, text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...]) -> Histogram:
        return Histogram("kabulwire_" + name, text, buckets=buckets, registry=self.registry)
