"""Headers of an answer that are not believed before they were looked at: validators, times, links."""

from __future__ import annotations

import datetime as dt
import email.utils
from collections.abc import Mapping

from multidict import CIMultiDictProxy

RETRY_AFTER_CAP_S = 86_400.0
_VALIDATOR_CHARS = 1024


def usable_validator(value: str | None) -> bool:
    """Whether a validator can be sent back: some servers send control characters (then no later
    request could be made) or bytes that are no text.
    """
    return (
        value is not None
        and 0 < len(value) <= _VALIDATOR_CHARS
        and all(" " <= c <= "\u00ff" and not "\x7f" <= c <= "\x9f" for c in value)
    )


def retry_after(headers: Mapping[str, str], now: dt.datetime | None = None) -> float | None:
    """Seconds that ``Retry-After`` asks for, at most a day; None when it says nothing readable.

    A date is taken relative to the server's own ``Date``, so that a wrong clock does no harm.
    """
    value = (headers.get("Retry-After") or headers.get("retry-after") or "").strip()
    if value.isdigit():
        return min(float(value[:12]), RETRY_AFTER_CAP_S)
    moment = http_date(value)
    since = http_date(headers.get("Date") or headers.get("date") or "") or now
    if moment is None or since is None:
        return None
    seconds = (moment - since).total_seconds()
    return min(seconds, RETRY_AFTER_CAP_S) if seconds > 0 else None


def http_date(value: str) -> dt.datetime | None:
    """A date of HTTP, or None."""
    try:
        found = email.utils.parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)


def link_header(headers: CIMultiDictProxy[str]) -> dict[str, str]:
    """All ``Link`` headers as one, under ``link``; nothing when there are none."""
    found = headers.getall("Link", [])
    return {"link": ", ".join(found)} if found else {}
