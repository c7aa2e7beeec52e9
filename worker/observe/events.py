"""The closed set of log events, and what the keys of a line are called elsewhere.

docs/operate.md prints both tables; tests compare them with it, and every event in the code with the
first.
"""

from __future__ import annotations

from worker.observe.article_line import MEANING

EVENTS: dict[str, str] = {
    "worker.started": "The worker is up; `program` (its version), instance, profile, knowledge, `store`, "
    "sink with its `broker` or `folder`, and `prefix` of the topics.",
    "worker.stopping": "A signal asked it to stop, or `once` has made its round; draining began, with so "
    "many polls and articles `in_flight`.",
    "worker.stopped": "It ended; `clean` tells whether everything in flight was finished. When not, it is "
    "a warning with what waits in `inbox` and `outbox` for the next start; nothing is lost.",
    "worker.crashed": "Its own state or code failed; the traceback follows. Of a damaged store "
    "(`reason` `store_damaged`) file and advice stand before it.",
    "worker.alive": "Every ten minutes: articles and incidents since the last such line; what waits in "
    "inbox and outbox, dead letters, failing feeds.",
    "config.loaded": "Settings were read; file and number of feeds.",
    "feed.polled": "A poll ended (debug): outcome, entries, new ones, milliseconds.",
    "feed.failed": (
        "A poll failed: reason, detail, address, when it is tried again (`again`), and what an "
        "operator can do (`advice`) where it is his; "
        "logged at the 1st, 2nd, 4th, 8th … failure in a row."
    ),
    "feed.paced": "A feed is asked at another pace: why (`pace`), `every_s`, and what its server or it "
    "asked for (`asked_s`).",
    "feed.moved": "A feed redirects for good: where to; `adopted`, when it is asked there from now on.",
    "feed.stale": "A feed answers, but has had nothing new for `ingest.stale_s`, and for far longer "
    "than usual.",
    "feed.fresh": "It has news again.",
    "feed.recovered": "A failing feed answers again.",
    "feed.paused": "Polling waits: `reason` is `disk`, `outbox` or `inbox`; which `setting` has which "
    "`limit`, and what an operator can do (`advice`). One line for each reason.",
    "feed.resumed": "Polling goes on: no reason is left.",
    "feed.refused": (
        "A document cannot be read, or was cut off and only its whole items are kept: which (a file "
        "of a spool now lies in `failed`), reason, detail, advice."
    ),
    "feed.restarted": "A server had forgotten our cursor; the feed is read again from its look-back.",
    "push.accepted": "A pushed document is stored (debug): entries, new ones, milliseconds.",
    "push.refused": (
        "A push was refused, or only part of it was kept: status, reason, detail; logged at the 1st, "
        "2nd, 4th, 8th … in a row for this reason. To an `address` that nobody has: once a minute."
    ),
    "websub.subscribed": "A hub confirmed our subscription: hub, topic, until when.",
    "websub.failed": (
        "A subscription does not stand: reason, detail, when it is tried again; until then the feed "
        "is polled; logged at the 1st, 2nd, 4th, 8th … failure in a row."
    ),
    "websub.silent": "A poll found what the hub had not sent; the feed is polled as usual again.",
    "article.processed": f"One article that passed the gate: {MEANING}.",
    "decision.settled": "What a person decided was carried out: `kind` (the command), `decision` (its "
    "id, as in `incidents list --decisions`), incidents and articles that were named, incidents that "
    "`changed`, and those that were `erased`.",
    "article.failed": "An article could not be processed; reason, how often it was tried (`tries`), "
    "and when it is tried again (`again`); without `again` it was given up.",
    "kill.unmatched": "A kill or hold fits no item that is here, or several: what it names. Nothing is "
    "withdrawn; look, and `incidents retract` what was meant.",
    "incident.changed": "An incident got a new revision: incident, revision, kind of change, "
    "its state, whether it is news (`material`), and which properties differ (`fields`).",
    "timer.fired": "Due timers were settled.",
    "publish.failed": "Publishing stopped for now; reason and what an operator can do. A warning for what "
    "may pass by itself, an error for what waits for a person.",
    "publish.recovered": "Publishing goes on.",
    "publish.committed": "A batch was committed (debug): records, milliseconds.",
    "publish.rebuilt": "The producer was thrown away and built anew; reason.",
    "publish.unchecked": "Settings of topics may not be seen (DESCRIBE_CONFIGS); publishing goes on.",
    "publish.set_aside": "A record of the reports or dead-letter topic can never be sent; skipped.",
    "store.diverged": "Store and ledger disagree; ingest waits, what happened is told.",
    "store.restored": "The store was rebuilt from the topics.",
    "sandbox.killed": "A job passed its deadline or memory limit; its process was ended.",
    "store.full": "The store takes nothing: `reason` is `store_full` or `store_busy`, with `path` and advice. "
    "Everything waits and is tried again.",
    "store.writable": "The store takes everything again.",
    "source.failed": (
        "Something outside kept a part of the worker from its work: source, error, seconds until it "
        "is tried again; logged at the 1st, 2nd, 4th, 8th … failure in a row."
    ),
    "request.taken": "A request was taken in: `kind` is `poll`, `retry` or the command of a decision, which "
    "`decision.settled` follows.",
    "serve.listening": "Health, metrics and page can be asked; host and port.",
    "library.logged": "A line of a library: logger, message. What one says of a broker or of a page is "
    "never more than a warning.",
}


OPENTELEMETRY: dict[str, str] = {
    "timestamp": "Timestamp",
    "level": "SeverityText",
    "event": "EventName",
    "service": "service.name (resource)",
    "instance": "service.instance.id (resource)",
    "program": "service.version (resource)",
    "exception[0].exc_type": "exception.type",
    "exception[0].exc_value": "exception.message",
    "exception[0].frames": "exception.stacktrace",
    "url": "url.full",
    "logger": "InstrumentationScope.Name",
    "message": "Body",
    "reason": "error.type",
}
"""What keys of a line are called in OpenTelemetry's logs; all others are attributes ``kabulwire.<key>``."""
