"""Bytes of a page or feed as characters.

Rules
-----
1. A byte order mark decides. What is valid UTF-8 is UTF-8, whatever headers and declarations say.
2. What is UTF-8 but for a few bytes is UTF-8: a bad byte costs one character, not all the others.
3. Else what the document declares holds, then what the header said, then Windows-1252. A charset
   that does not fit (many characters that cannot be) is none.
"""

from __future__ import annotations

import codecs
import re

_HEAD_BYTES = 4096
_DECLARED = re.compile(
    rb"""<\?xml\b[^<>]{0,200}?\bencoding\s*=\s*["']\s*([\w.:-]{2,40})|"""
    rb"""<meta\b[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]{2,40})""",
    re.IGNORECASE,
)
_DECLARATION = re.compile(rb"\s*<\?xml\b[^<>]{0,300}\?>")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BAD = "\ufffd"
_GOOD_FOR_A_BAD = 10
_FEW = 20


def decode(data: bytes, charset: str | None) -> str:
    """The characters of a document. ``charset``: what the header of its answer said."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, "replace").removeprefix("\ufeff")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        declared = _declared(data)
    mostly = data.decode("utf-8", "replace")
    bad = mostly.count(_BAD)
    good = sum(c > "\x7f" for c in mostly) - bad
    named = [name for name in (declared, charset) if name]
    if good >= bad * _GOOD_FOR_A_BAD or (good >= bad and (not named or _is_utf_8(named[0]))):
        return mostly
    for name in named:
        text = None if _is_utf_8(name) else _decoded(data, name)
        if text is not None:
            return text
    return data.decode("cp1252", "replace") if good < bad else mostly


def xml_as_utf_8(data: bytes, charset: str | None) -> bytes:
    """An XML document in UTF-8, without a declaration that says otherwise; other bytes as they are."""
    start = data.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start.startswith(b"<") or b"\x00" in data[:_HEAD_BYTES]:
        return data
    text = decode(data, charset).encode("utf-8", "replace")
    declaration = _DECLARATION.match(text)
    return text[declaration.end() :] if declaration else text


def _declared(data: bytes) -> str | None:
    found = _DECLARED.search(data[:_HEAD_BYTES])
    return (found[1] or found[2]).decode("ascii", "replace") if found else None


def _is_utf_8(name: str) -> bool:
    return name.lower().replace("_", "-") in ("utf-8", "utf8")


def _decoded(data: bytes, name: str) -> str | None:
    """The text in the named encoding; None when it is none of text, or does not fit at all."""
    try:
        found = codecs.lookup(name.strip("\"' ")).name
        if found in ("iso8859-1", "ascii"):
            found = "cp1252"
        text = data.decode(found, "replace")
    except (LookupError, ValueError, TypeError, AttributeError):
        return None
    return text if text.count(_BAD) * _FEW <= len(text) else None
