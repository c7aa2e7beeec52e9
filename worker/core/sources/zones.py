"""Names and offsets of time zones as dates print them: "EST", "GMT+0430", "Asia/Tehran", "+04:30".

Rules
-----
1. A name of RFC 822 means what that says, "CST" too. Other names have one meaning in the news that
   reaches us, or they are not in the table: "AST" is of Arabia or of the Atlantic, so it is unknown.
2. A name that the caller's own zone goes by on that day is that zone's: "IST" is of Israel in a feed
   whose zone is Asia/Jerusalem.
3. "ET" and its kind mean standard or summer time, as the day has it.
"""

from __future__ import annotations

import datetime as dt
import re
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_MINUTES = {
    "UT": 0, "UTC": 0, "GMT": 0, "Z": 0, "WET": 0, "WEST": 60, "BST": 60, "CET": 60, "CEST": 120,
    "MET": 60, "MEST": 120, "MEZ": 60, "MESZ": 120, "EET": 120, "EEST": 180, "MSK": 180, "TRT": 180,
    "NST": -210, "NDT": -150, "ADT": -180, "EST": -300, "EDT": -240, "CST": -360, "CDT": -300,
    "MST": -420, "MDT": -360, "PST": -480, "PDT": -420, "AKST": -540, "AKDT": -480, "HST": -600,
    "IRST": 210, "IRDT": 270, "GST": 240, "AFT": 270, "PKT": 300, "UZT": 300, "TJT": 300, "TMT": 300,
    "IST": 330, "NPT": 345, "BDT": 360, "BDST": 360, "KGT": 360, "MMT": 390, "ICT": 420, "WIB": 420,
    "WITA": 480, "WIT": 540, "SGT": 480, "MYT": 480, "HKT": 480, "PHT": 480, "AWST": 480, "JST": 540,
    "KST": 540, "ACST": 570, "ACDT": 630, "AEST": 600, "AEDT": 660, "NZST": 720, "NZDT": 780,
    "WAT": 60, "CAT": 120, "SAST": 120, "EAT": 180, "BRT": -180, "ART": -180,
}  # fmt: skip
_BY_DAY = {
    "ET": "America/New_York", "CT": "America/Chicago", "MT": "America/Denver",
    "PT": "America/Los_Angeles",
}  # fmt: skip
MONTH_FIRST = frozenset(
    {"EST", "EDT", "ET", "CDT", "CT", "MDT", "MT", "PST", "PDT", "PT", "AKST", "AKDT", "HST"}
)
"""Names printed by those who write the month before the day."""
_OFFSET = re.compile(
    r"(?:GMT|UTC?|Z)?\s?([+\-−–])(\d{1,2})(?::?([0-5]\d))?(?::?00)?", re.IGNORECASE
)
_LONGEST = dt.timedelta(hours=14)


def find_zone(name: str | None) -> dt.tzinfo | None:
    """The zone of an IANA name; None when there is none of that name."""
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def read_zone(printed: str, moment: dt.datetime, own: str | None) -> dt.tzinfo | None:
    """The zone that is printed behind ``moment``, a time without one; None when it is not known.

    ``own``: the IANA name of the caller's zone.
    """
    printed = printed.strip()
    if found := _OFFSET.fullmatch(printed):
        return _offset(*found.groups())
    if "/" in printed:
        return find_zone(printed)
    name = printed.upper()
    mine = find_zone(own)
    if mine is not None and moment.replace(tzinfo=mine).tzname() == name:
        return mine
    if name in _BY_DAY:
        return find_zone(_BY_DAY[name])
    minutes = _MINUTES.get(name)
    return None if minutes is None else dt.timezone(dt.timedelta(minutes=minutes))


def _offset(sign: str, hours: str, minutes: str | None) -> dt.tzinfo | None:
    size = dt.timedelta(hours=int(hours), minutes=int(minutes or 0))
    if size > _LONGEST:
        return None
    return dt.timezone(size if sign == "+" else -size)
