"""What Prometheus can ask: names, units and labels of every series.

Rules
-----
1. One prefix, base units, ``_total`` for counters. Names are an interface: none is renamed.
2. Labels are bounded: feeds (``feed_series``), outcomes and reasons from closed sets; never an
   address or an id.
3. What an alert rests on is there from the first scrape. A counter that is born at 1 never
   increases, so its labels are made at the start; a gauge says what the store knows
   (``worker.run.health``), not only what this process has seen.
4. A ``Metrics`` belongs to one worker (its own registry), so two in one process do not mix.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.exposition import choose_encoder
from prometheus_client.gc_collector import GCCollector
from prometheus_client.process_collector import ProcessCollector

from worker.observe.feed_series import FeedCounter, FeedGauge, FeedLabels, Fold

_QUICK = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_LATENCY = (1, 5, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600)
KILLS = ("deadline", "cpu", "memory", "killed", "crashed")
"""Why a job of the sandbox is ended by force."""
GIVEN_UP = (
    *KILLS, "unreadable", "too_short", "stub", "other_text", "redirect", "home_page", "paywall",
    "login", "challenge", "consent", "maintenance", "soft_404", "no_text", "bad_correction",
)  # fmt: skip
"""Why work is given up; a test finds every reason in the code and compares."""


class Metrics:
    """All series of a worker; attributes are named like the series without prefix and unit."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call] # a third of all lines, and no rule asks for them
        self.registry = CollectorRegistry()
        self.feed_labels = FeedLabels()
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self._feeds()
        self._deliveries()
        self._articles()
        self._publishing()

    def _feeds(self) -> None:
        self.polls = self._by_feed("feed_polls", "Polls, by outcome.", "outcome")
        self.poll_duration = self._histogram("feed_poll_duration_seconds", "One poll.", _QUICK)
        self.last_success = self._feed_gauge(
            "feed_last_success_timestamp_seconds", "When the feed last answered; 0 = never.", max
        )
        self.last_item = self._feed_gauge(
            "feed_last_item_timestamp_seconds", "When it last had something new; 0 = never.", max
        )
        self.items = self._by_feed("feed_items", "Entries: new, changed or seen.", "kind")
        self.feeds = self._gauge(
            "feeds", "Feeds, by how the last poll ended: answering, failing, unasked.", "state"
        )
        self.stale = self._feed_gauge(
            "feed_stale", "1 while a feed answers without anything new for long.", max
        )
        self.polling_paused = self._gauge("polling_paused", "1 while a high-water mark is passed.")

    def _deliveries(self) -> None:
        self.spool_files = self._by_feed(
            "spool_files", "Files of a spool, by outcome: read or refused.", "outcome"
        )
        self.spool_waiting = self._feed_gauge(
            "spool_waiting_files", "Files of a spool that are ready and not taken yet.", sum
        )
        self.cursor_restarts = self._by_feed(
            "feed_cursor_restarts", "Cursors that their server had forgotten."
        )
        self.pushes = self._by_feed(
            "push_requests", "Documents pushed to us, by outcome.", "outcome"
        )
        self.lease_end = self._feed_gauge(
            "websub_lease_end_timestamp_seconds", "When a subscription ends; 0 = none.", min
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
        for reason in GIVEN_UP:
            self.dead_letters.labels(reason)
        for reason in KILLS:
            self.killed_jobs.labels(reason)
        self.dead_letter_rows = self._gauge(
            "dead_letter_rows", "Given up, and not brought back yet."
        )
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
        for result in ("committed", "failed"):
            self.transactions.labels(result)
        self.rebuilds = self._counter("kafka_producer_rebuilds", "Producers replaced.", "reason")
        self.sink_up = self._gauge("sink_up", "1 while the last attempt to publish went through.")
        self.diverged = self._counter("store_diverged", "Store and ledger disagreed at start.")
        self.diverged_at = self._gauge(
            "store_diverged_timestamp_seconds", "When they last disagreed; 0 = not since the start."
        )
        self.ready = self._gauge("ready", "1 while /readyz says yes.")
        self.loop_lag = self._gauge("loop_lag_seconds", "How late the event loop last woke up.")
        self.disk_free = self._gauge("disk_free_bytes", "Free on the store's disk.")
        self.started = self._gauge("start_timestamp_seconds", "When the worker started.")
        self.started.set(time.time())

    def info(self, labels: Mapping[str, str]) -> None:
        """Publish version, instance, profile and knowledge as ``kabulwire_build_info``."""
        Gauge(
            "kabulwire_build_info",
            "What runs: version, instance, profile, knowledge, as labels.",
            list(labels),
            registry=self.registry,
        ).labels(**labels).set(1)

    def render(self, accept: str = "") -> tuple[bytes, str]:
        """All series in the form that the header ``Accept`` asks for, and its content type."""
        encode, content_type = choose_encoder(accept)
        return encode(self.registry), content_type

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter("kabulwire_" + name, text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge("kabulwire_" + name, text, labels, registry=self.registry)

    def _by_feed(self, name: str, text: str, *labels: str) -> FeedCounter:
        return FeedCounter(self._counter(name, text, "feed", *labels), self.feed_labels)

    def _feed_gauge(self, name: str, text: str, fold: Fold) -> FeedGauge:
        return FeedGauge(self._gauge(name, text, "feed"), self.feed_labels, fold)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...]) -> Histogram:
        return Histogram("kabulwire_" + name, text, buckets=buckets, registry=self.registry)
