"""What the text formats of news agencies share: decoding, paragraphs, identities.

They are older than Unicode and than XML: lines of 69 characters, paragraphs told by an indent or an
empty line, control characters that some relays drop.
"""

from __future__ import annotations

import datetime as dt
import re

from worker.core.text.charset import decode

_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def lines_of(data: bytes) -> str:
    """The characters of a document of plain text. Line ends become LF."""
    return decode(data, None).replace("\r\n", "\n").replace("\r", "\n")


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
