"""What a log line looks like, and which events there are.

Rules
-----
1. An event is ``noun.verb`` from ``events.EVENTS``; everything variable is a key, never part of the name.
2. One canonical line per piece of work: ``article.processed`` for each article that passed the gate.
3. Warnings heal by themselves and are said once per change of state; errors need a person. So no line
   of a library that only speaks of a broker or of a page is an error.
4. No secret is ever printed: user info and tokens in addresses, passwords, and the local variables
   of a traceback (structlog shows them by default: a broker's password would be among them).
5. What strangers wrote (titles, addresses, messages of libraries) stands in values, cut to 500
   characters. On a terminal its control characters are escaped as well.
6. An instant is UTC, in the form of the line's own ``timestamp``.
7. A JSON line says whose it is: ``service`` and ``instance``. ``events.OPENTELEMETRY`` names its keys for
   collectors that want that vocabulary.

Lines go to stderr: stdout belongs to the data that commands print.
"""

from __future__ import annotations

import datetime as dt
import io
import logging
import os
import re
import sys
import time
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any, TextIO

import structlog
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import EventDict, WrappedLogger

SERVICE = "kabulwire"

_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
_LIMIT = 500
_USERINFO = re.compile(r"(?<=://)[^/@\s:]+:[^/@\s]+(?=@)")
_QUERY = re.compile(
    r"(?i)([?&](?:[a-z_-]*(?:token|secret|password|passwd|pwd|signature|session)[a-z_-]*"
    r"|(?:[a-z]+[_-])*(?:api|access|auth)?(?:key|sig|auth))=)[^&#\s\"']+"
)
_ASSIGNED = re.compile(
    r"(?i)([\w-]*(?:password|passwd|secret|token|api_?key|signature)[\w-]*[\"']?=[\"']?)[^\s\"',;&)]+"
)
_CREDENTIALS = re.compile(
    r"\b(Bearer|Basic)\s+(?=\S*[^a-z\s])[\w.~+/=-]{6,}"
    r"|((?i:authorization)[\"']?[:=]\s*[\"']?(?:\w+\s+)?)[^\s\"',;]+"
)
_CALLBACK = re.compile(r"(?<=/websub/)([^/\s]+/)[^/\s?\"']+")
_SECRET_KEY = re.compile(r"(?i)password|passwd|secret|token|authorization|cookie|api_?key")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_NOISY = ("kafka", "aiohttp", "trafilatura", "htmldate", "courlan", "asyncio", "pebble")
_OF_STRANGERS = ("kafka", "trafilatura", "htmldate", "courlan")
"""They call an error what a broker or a page does; what it means for us is a line of ours."""
_PER_MINUTE = 20


def configure(
    form: str = "auto",
    level: str = "info",
    stream: TextIO | None = None,
    *,
    instance: str = "",
) -> None:
    """Send all lines, ours and those of libraries, to ``stream`` (stderr) in one form.

    ``form``: "json", "console", or "auto" = console on a terminal. ``level``: debug … error.
    ``instance``: the worker's, for every JSON line.
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
        processors=[
            *shared,
            *([] if console or not instance else [_Sender(instance)]),
            *_renderers(console=console, colors=_wants_color(out)),
        ],
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
        if key not in {"event", "exc_info"}:
            event[key] = _redacted(key, value)
    return event


def _redacted(key: str, value: Any) -> Any:
    """The same value without secrets, however deep they lie."""
    if value is not None and _SECRET_KEY.search(key):
        return "********"
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, bytes):
        return clean(value.decode("utf-8", "replace"))
    if isinstance(value, Mapping):
        return {str(name): _redacted(str(name), inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_redacted("", inner) for inner in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, dt.datetime) and value.tzinfo is not None:
        return value.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return clean(str(value))


def clean(text: str) -> str:
    """``text`` without secrets, at most 500 characters."""
    text = _without_secrets(text)
    return text if len(text) <= _LIMIT else text[:_LIMIT] + "…"


def _without_secrets(text: str) -> str:
    """User info and tokens of addresses, credentials of a header, ``password=…`` are masked."""
    text = _USERINFO.sub("********", text)
    text = _QUERY.sub(r"\1********", text)
    text = _CREDENTIALS.sub(lambda found: f"{found[1] or found[2]} ********", text)
    text = _ASSIGNED.sub(r"\1********", text)
    return _CALLBACK.sub(r"\1********", text)


def printable(text: str) -> str:
    """``text`` with control and direction characters spelled out, safe for any terminal."""
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def _renderers(*, console: bool, colors: bool) -> list[Any]:
    if console:
        return [
            _escape,
            structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=_write_traceback),
        ]
    transformer = ExceptionDictTransformer(show_locals=False, max_frames=30)
    return [
        structlog.processors.ExceptionRenderer(transformer),
        _redact_traceback,
        _lead,
        structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
    ]


class _Sender:
    """Says on each line whose it is; a line's own keys of these names stay."""

    def __init__(self, instance: str) -> None:
        self._instance = instance

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event.setdefault("service", SERVICE)
        event.setdefault("instance", self._instance)
        return event


def _write_traceback(stream: TextIO, error: Any) -> None:
    """As Python prints it, without secrets in the messages and control characters in the lines."""
    buffer = io.StringIO()
    structlog.dev.plain_traceback(buffer, error)
    stream.write(
        "\n".join(printable(line) for line in _without_secrets(buffer.getvalue()).split("\n"))
    )


def _wants_color(out: TextIO) -> bool:
    """A terminal that can, and a person who did not say otherwise (no-color.org)."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return out.isatty() and not plain


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
            if method == "error" and record.name.split(".")[0] in _OF_STRANGERS:
                method = "warning"
            getattr(structlog.get_logger(), method)("library.logged", **keys)
        except Exception:  # noqa: BLE001 - a log line must never end the program
            self.handleError(record)
