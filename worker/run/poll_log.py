"""What a poll is told of: metrics, log lines, and what an operator can do about a failure.

Rules
-----
1. A failing feed is logged at the 1st, 2nd, 4th, 8th … failure in a row, and once when it is back.
2. A change of the pace, a move and a silence are logged once each, when they begin (and end).
"""

from __future__ import annotations

import datetime as dt

from worker.config.schema import FeedConfig
from worker.ingest.results import PollResult
from worker.ingest.schedule import FeedState, is_stale
from worker.observe import log
from worker.observe.metrics import Metrics
from worker.store.inbox import Admitted

ADVICE = {
    "spool_readonly": "let the worker move files in the spool's folder; nothing is read before",
    "spool_full": "free space on the spool's disk; nothing is lost meanwhile",
    "spool_missing": "make the folder, or mount it; see path of this feed",
    "cursor_foreign": "the answer sends us to another server; see cursor.next of this feed",
    "too_many": "ask for smaller pages in url of this feed",
    "too_large": "it is larger than ingest.max_feed_bytes: ask for fewer entries in url of this feed, or"
    " raise the limit",
    "empty": "nothing is in it, not one byte; see url or path of this feed",
    "not_a_feed": "the address answers with something else; see url of this feed",
    "not_a_news_item": "it is none of the forms that are read (docs/wires.md); see url, path and kind of"
    " this feed",
    "no_entries": "its form is known, but no entry is in it; see url, path and kind of this feed",
    "parse_error": "it is broken where it cannot be mended: tell its publisher",
    "bad_encoding": "the site packs its answers in a way that it does not say: tell its publisher",
    "truncated": "it ended too early; if it stays so, tell its publisher",
    "not_html": "the address answers with no page",
    "http_401": "see auth_file or headers_file of this feed",
    "http_403": "the site turns programs away: ask its publisher, say in ingest.user_agent how to"
    " reach you, or see auth_file and headers_file of this feed",
    "challenge": "the site wants a browser: ask its publisher to let us in, or take another feed",
    "http_404": "see url of this feed, and whether its site names another feed",
    "http_410": "the feed is gone for good; it is asked once a day. Take another, or drop it",
    "http_4xx": "the site refuses what it is asked; see url of this feed",
    "robots_disallowed": "the site's robots.txt keeps programs away: ask its publisher",
    "redirect_loop": "the address sends on in circles; see url of this feed",
    "redirect_limit": "the address sends on too often; see url of this feed",
    "redirect_invalid": "the address sends on to no address; see url of this feed",
    "dns": "see url of this feed, and whether this machine can resolve names",
    "tls": "the certificate is not accepted; the address may have moved",
    "blocked_address": "the address is an inner one; see ingest.allow_hosts, for this machine"
    " ingest.allow_loopback",
    "blocked_url": "only http and https are asked, at the usual ports; for others see ingest.allow_hosts,"
    " for this machine ingest.allow_loopback",
}
"""What an operator can do about a failure, by its reason, where it is more than to wait. docs/operate.md
prints the table.
"""

PASSES = "this often passes by itself: ask again in a while; a worker does"
"""Said of any other failure of a request to a person who waits for its answer."""

_DECLARED = ("hint", "hint_capped", "quiet", "burst", "interval")


def tell_poll(
    feed: FeedConfig,
    before: FeedState,
    result: PollResult,
    admitted: Admitted,
    took_s: float,
    metrics: Metrics,
) -> None:
    """Metrics and log lines of one poll, whatever it brought."""
    metrics.polls.labels(feed.id, result.outcome).inc()
    metrics.poll_duration.observe(took_s)
    for kind in ("new", "changed", "seen"):
        left_out = result.known if kind == "seen" else 0
        metrics.items.labels(feed.id, kind).inc(getattr(admitted, kind) + left_out)
    if admitted.new or admitted.changed:
        metrics.last_item.labels(feed.id).set_to_current_time()
    after, failures = result.state, result.state.failures
    told = log.get(feed=feed.id)
    if failures == 0:
        metrics.last_success.labels(feed.id).set_to_current_time()
        if before.failures:
            told.info("feed.recovered", after=before.failures)
    elif failures & (failures - 1) == 0:  # the 1st, 2nd, 4th, 8th … in a row
        told.warning("feed.failed", reason=result.reason, failures=failures,
                     address=feed.url or str(feed.path), **_more(result))  # fmt: skip
    changed = after.reason != before.reason and after.reason in _DECLARED
    if changed and before.reason in _PACED and feed.path is None:  # nobody asks a spool to wait
        told.info("feed.paced", pace=after.reason, every_s=_rounded(after.every_s),
                  asked_s=_rounded(after.asked_s))  # fmt: skip
    told.debug("feed.polled", outcome=result.outcome, problem=result.problem,
               new=admitted.new, changed=admitted.changed, queued=admitted.queued,
               old=sum(gate.reason == "old" for _, gate in result.entries) or None,
               documents=result.documents or None, waiting=result.waiting or None,
               pace=after.reason, every_s=_rounded(after.every_s), ms=round(took_s * 1000))  # fmt: skip


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)


_PACED = frozenset({"", *_DECLARED})
"""Reasons of a wait between which ``feed.paced`` tells: failures have lines of their own."""


def tell_move(feed: FeedConfig, before: FeedState, after: FeedState) -> None:
    """A feed that moves for good, at the first sight of it and when the new place is taken."""
    told = log.get(feed=feed.id)
    if after.adopted != before.adopted:
        if after.adopted is not None:
            told.warning("feed.moved", to=after.adopted, adopted=True,
                         advice="put this address into url of this feed")  # fmt: skip
        else:
            told.warning("feed.moved", to=feed.url, adopted=False,
                         advice="the new place failed; the configured one is asked again")  # fmt: skip
    elif after.moved_to is not None and after.moved_to != before.moved_to:
        told.warning("feed.moved", to=after.moved_to, adopted=False,
                     advice="put this address into url of this feed")  # fmt: skip


def tell_silence(
    feed: FeedConfig, was_stale: bool | None, state: FeedState, stale_s: float,
    now: dt.datetime, metrics: Metrics,
) -> bool:  # fmt: skip
    """Whether the feed answers without anything new; told when that begins and ends.

    ``was_stale``: what this said the last time, None at the first.
    """
    stale = is_stale(state, stale_s, now)
    metrics.stale.labels(feed.id).set(stale)
    if stale and not was_stale:
        log.get(feed=feed.id).warning(
            "feed.stale", newest=state.newest,
            advice="it answers, but with nothing new: look whether its site has another feed",
        )  # fmt: skip
    elif was_stale and not stale:
        log.get(feed=feed.id).info("feed.fresh", newest=state.newest)
    return stale


def tell_delivery(feed: FeedConfig, result: PollResult, metrics: Metrics) -> None:
    """What only spools and cursors have to tell."""
    told = log.get(feed=feed.id)
    if feed.path is not None:
        read = result.documents - len(result.refused)
        metrics.spool_files.labels(feed.id, "read").inc(read)
        metrics.spool_files.labels(feed.id, "refused").inc(len(result.refused))
        metrics.spool_waiting.labels(feed.id).set(result.waiting)
    for refused in result.refused:
        more = {"detail": refused.detail, "advice": ADVICE.get(refused.reason)}
        told.warning("feed.refused", document=refused.name, reason=refused.reason,
                     **{key: text for key, text in more.items() if text})  # fmt: skip
    if result.restarted:
        metrics.cursor_restarts.labels(feed.id).inc()
        told.warning("feed.restarted", detail=result.detail)


def _more(result: PollResult) -> dict[str, str | dt.datetime | None]:
    """Detail of a failure, when the next try is and why then, what an operator can do about it."""
    state = result.state
    told: dict[str, str | dt.datetime | None] = {"pace": state.reason, "again": state.next_at}
    advice = ADVICE.get(result.reason, "")
    return told | {k: v for k, v in (("detail", result.detail), ("advice", advice)) if v}
