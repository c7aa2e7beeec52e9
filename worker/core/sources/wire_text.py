"""What the text formats of news agencies share: decoding, months, paragraphs.

They are older than Unicode and than XML: lines of 69 characters, paragraphs told by an indent or an
empty line, control characters that some relays drop.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata

from worker.core.text.charset import decode

_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_MONTHS = {
    "jan": 1, "feb": 2, "fev": 2, "mar": 3, "mrz": 3, "maa": 3, "apr": 4, "avr": 4, "abr": 4, "may": 5,
    "mai": 5, "mei": 5, "mag": 5, "jun": 6, "giu": 6, "jul": 7, "lug": 7, "jui": 7, "aug": 8, "aou": 8,
    "ago": 8, "sep": 9, "set": 9, "oct": 10, "okt": 10, "ott": 10, "nov": 11, "dec": 12, "dez": 12,
    "dic": 12, "ene": 1, "gen": 1,
}  # fmt: skip
"""By three letters; "juin" and "juillet" are told apart by the fourth."""


def lines_of(data: bytes) -> str:
    """The characters of a document of plain text. Line ends become LF."""
    return decode(data, None).replace("\r\n", "\n").replace("\r", "\n")


def month_of(name: str) -> int | None:
    """The number of a month by the beginning of its name, whatever the language of the agency."""
    plain = unicodedata.normalize("NFD", name.lower()).encode("ascii", "ignore").decode()
    return 6 if plain.startswith("juin") else _MONTHS.get(plain[:3])


def without_controls(text: str) -> str:
    """The text without control characters but line ends and tabs."""
    return _CONTROLS.sub("", text)


def paragraphs_of(text: str) -> str | None:
    """Paragraphs divided by an empty line: one begins after an empty line or at an indent."""
    text = without_controls(text)
    parts = re.split(r"\n[ \t\xa0]*\n|\n(?=[ \t\xa0]{2,}\S)|\n(?=\t)", text)
    return "\n\n".join(filter(None, (" ".join(part.split()) for part in parts))) or None


def numbered_id(agency: str, number: str, day: dt.datetime) -> str:
    """The identity of what an agency sent under a number: numbers begin anew each day."""
    return f"{agency.lower()}:{int(number)}:{day.astimezone(dt.UTC):%Y-%m-%d}"
