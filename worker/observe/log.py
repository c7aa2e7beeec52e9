"""What a log line looks like, and which events there are.

Rules
-----
1. An event is ``noun.verb`` from ``EVENTS``; everything variable is a key, never part of the name.
2. One canonical line per piece of work: ``article.processed`` for each article that passed the gate.
3. Warnings heal by themselves and are said once per change of state; errors need a person.
4. No secret is ever printed: user info and tokens in addresses, passwords, and the local variables
   of a traceback (structlog shows them by default: a broker's password would be among them).
5. What strangers wrote (titles, addresses, messages of libraries) stands in values, cut to 500
   characters. On a terminal its control characters are escaped as well.

Lines go to stderr: stdout belongs to the data that commands print.
"""

from __future__ import annotations

import logging
import re
import sys
import time
from collections.abc import Callable, MutableMapping
from typing import Any, TextIO

import structlog
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import EventDict, WrappedLogger

EVENTS: dict[str, str] = {
    "worker.started": "The worker is up; version, instance, profile, sink, knowledge.",
    "worker.stopping": "A signal asked it to stop; draining began.",
    "worker.stopped": "It ended; `clean` tells whether everything in flight was finished.",
    "worker.crashed": "Its own state or code failed; the traceback follows.",
    "worker.alive": "Every ten minutes: articles and incidents since the last such line; what waits in inbox and outbox, dead letters, failing feeds.",
    "config.loaded": "Settings were read; file and number of feeds.",
    "feed.polled": "A poll ended (debug): outcome, entries, new ones, milliseconds.",
    "feed.failed": (
        "A poll failed: reason, detail, and what an operator can do (`advice`) where it is his; "
        "logged at the 1st, 2nd, 4th, 8th … failure in a row."
    ),
    "feed.paced": "A feed is asked at another pace: why (`pace`), `every_s`, and what its server or it "
    "asked for (`asked_s`).",
    "feed.moved": "A feed redirects for good: where to; `adopted`, when it is asked there from now on.",
    "feed.stale": "A feed answers, but has had nothing new for `ingest.stale_s`, and for far longer "
    "than usual.",
    "feed.fresh": "It has news again.",
    "feed.recovered": "A failing feed answers again.",
    "feed.paused": (
        "Polling waits: inbox or outbox is above its high-water mark, "
        "or the disk (`free_mb`) is almost full."
    ),
    "feed.resumed": "Polling goes on.",
    "feed.refused": (
        "A document cannot be read: which (a file of a spool now lies in `failed`), reason, detail."
    ),
    "feed.restarted": "A server had forgotten our cursor; the feed is read again from its look-back.",
    "push.accepted": "A pushed document is stored (debug): entries, new ones, milliseconds.",
    "push.refused": (
        "A push was refused: status and reason; logged at the 1st, 2nd, 4th, 8th … in a row."
    ),
    "websub.subscribed": "A hub confirmed our subscription: hub, topic, until when.",
    "websub.failed": (
        "A subscription does not stand: reason, detail, when it is tried again; until then the feed "
        "is polled; logged at the 1st, 2nd, 4th, 8th … failure in a row."
    ),
    "websub.silent": "A poll found what the hub had not sent; the feed is polled as usual again.",
    "article.processed": "One article that passed the gate: article_id, version, outcome, "
    "incident, revision; `page`, if one was wanted: `read`, `partial`, or why the feed's own words "
    "were read instead, and `page_again`, when it will be asked for once more; `text_cut`, if its "
    "text was too long: characters that were not read.",
    "article.failed": "An article could not be processed; reason, and whether it is tried again.",
    "kill.unmatched": (
        "A kill or hold fits no item that is here, or several: what it names. Nothing is withdrawn; "
        "look, and `incidents retract` what was meant."
    ),
    "incident.changed": "An incident got a new revision: incident, revision, kind of change.",
    "timer.fired": "Due timers were settled.",
    "publish.failed": "Publishing stopped for now; reason and what an operator can do.",
    "publish.recovered": "Publishing goes on.",
    "publish.committed": "A batch was committed (debug): records, milliseconds.",
    "publish.rebuilt": "The producer was thrown away and built anew; reason.",
    "publish.unchecked": "Settings of topics may not be seen (DESCRIBE_CONFIGS); publishing goes on.",
    "publish.set_aside": "A record of the reports or dead-letter topic can never be sent; skipped.",
    "store.diverged": "Store and ledger disagree; ingest waits, what happened is told.",
    "store.restored": "The store was rebuilt from the topics.",
    "sandbox.killed": "A job passed its deadline or memory limit; its process was ended.",
    "store.full": "No room to write; everything waits and is tried again.",
    "source.failed": (
        "Something outside kept a part of the worker from its work: source, error, seconds until it "
        "is tried again; logged at the 1st, 2nd, 4th, 8th … failure in a row."
    ),
    "request.taken": "A correction, or dead letters to be tried again, were taken in.",
    "serve.listening": "Health, metrics and page can be asked; host and port.",
    "library.logged": "A line of a library: logger, message.",
}
"""The closed set of events; a test finds every event in the code and compares."""

_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
_LIMIT = 500
_USERINFO = re.compile(r"(?<=://)[^/@\s:]+:[^/@\s]+(?=@)")
_QUERY = re.compile(
    r"(?i)([?&](?:[a-z_-]*(?:token|key|secret|password|passwd|pwd|signature|sig|auth|apikey|session)"
    r"[a-z_-]*)=)[^&#\s\"']+"
)
_SECRET_KEY = re.compile(r"(?i)password|passwd|secret|token|authorization|cookie|api_?key")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_NOISY = ("kafka", "aiohttp", "trafilatura", "htmldate", "courlan", "asyncio", "pebble")
_PER_MINUTE = 20


def configure(form: str = "auto", level: str = "info", stream: TextIO | None = None) -> None:
    """Send all lines, ours and those of libraries, to ``stream`` (stderr) in one form.

    ``form``: "json", "console", or "auto" = console on a terminal. ``level``: debug … error.
    """
    out = stream or sys.stderr
    console = form == "console" or (form == "auto" and out.isatty())
    shared: list[Callable[[WrappedLogger, str, EventDict], Any]] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="timestamp"),
        redact,
    ]
    structlog.configure(
        processors=[*shared, *_renderers(console=console, colors=out.isatty())],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.WriteLoggerFactory(file=out),
        cache_logger_on_first_use=False,
    )
    handler = _Bridge(_PER_MINUTE)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(_LEVELS[level], logging.INFO))
    for name in _NOISY:
        logging.getLogger(name).setLevel(max(_LEVELS[level], logging.WARNING))
    logging.captureWarnings(capture=True)


def get(**bound: Any) -> Any:
    """A logger, with keys bound to every line it writes."""
    return structlog.get_logger(**bound)


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Cut secrets out of keys and values, and long values to 500 characters."""
    for key, value in event.items():
        if key != "event" and _SECRET_KEY.search(key):
            event[key] = "********"
        elif isinstance(value, str):
            event[key] = clean(value)
    return event


def clean(text: str) -> str:
    """``text`` without user info and tokens of addresses, at most 500 characters."""
    text = _USERINFO.sub("********", text)
    text = _QUERY.sub(r"\1********", text)
    return text if len(text) <= _LIMIT else text[:_LIMIT] + "…"


def printable(text: str) -> str:
    """``text`` with control and direction characters spelled out, safe for any terminal."""
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def _renderers(*, console: bool, colors: bool) -> list[Any]:
    if console:
        return [
            _escape,
            structlog.dev.ConsoleRenderer(
                colors=colors, exception_formatter=structlog.dev.plain_traceback
            ),
        ]
    transformer = ExceptionDictTransformer(show_locals=False, max_frames=30)
    return [
        structlog.processors.ExceptionRenderer(transformer),
        _redact_traceback,
        _lead,
        structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
    ]


def _escape(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """A feed's title may hold escape sequences; a terminal must not obey them."""
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = printable(value)
    return event


def _redact_traceback(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Messages of exceptions carry addresses too."""
    for entry in event.get("exception") or ():
        if isinstance(entry, MutableMapping) and "exc_value" in entry:
            entry["exc_value"] = clean(str(entry["exc_value"]))
    return event


def _lead(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Time, level and event first: a person scans the left edge."""
    first = {key: event.pop(key) for key in ("timestamp", "level", "event") if key in event}
    return {**first, **event}


class _Bridge(logging.Handler):
    """Lines of libraries as ``library.logged``, at most ``per_minute`` of one logger."""

    def __init__(self, per_minute: int) -> None:
        super().__init__()
        self._per_minute = per_minute
        self._window: dict[str, tuple[float, int]] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Log one line, or count it when its logger has said too much."""
        since, count = self._window.get(record.name, (0.0, 0))
        moment = time.monotonic()
        dropped = 0
        if moment - since > 60:
            dropped, since, count = max(0, count - self._per_minute), moment, 0
        self._window[record.name] = (since, count + 1)
        if count >= self._per_minute:
            return
        try:
            keys: dict[str, Any] = {"logger": record.name, "message": record.getMessage()}
            if dropped:
                keys["dropped"] = dropped
            if record.exc_info and record.exc_info[0]:
                keys["error"] = f"{record.exc_info[0].__name__}: {record.exc_info[1]}"
            method = record.levelname.lower()
            method = method if method in _LEVELS else "error"
            getattr(structlog.get_logger(), method)("library.logged", **keys)
        except Exception:  # noqa: BLE001 - a log line must never end the program
            self.handleError(record)
