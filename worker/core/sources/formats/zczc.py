"""Telegrams between ``ZCZC`` and ``NNNN``: AAP and many older agencies.

::

    ZCZC AAP
    #Blast_BC1                  lines that begin with a sign: slug (#), headline ($ or ^), place (: or @),
    $Blast at quayside          codes (* or +)
    :(PORTSMERE)
    *16000000
    A bomb …                    the text
    NNNN

The signs are each agency's own. A line without a sign ends them. Lines end with CR, LF or both.
There is no date and no number, so the content is the identity.
"""

from __future__ import annotations

import re

from worker.core.sources.entries import Found, Hint, Item
from worker.core.sources.head import Head
from worker.core.sources.wire_text import lines_of, paragraphs_of, without_controls
from worker.core.sources.wire_xml import iptc_code, unique

_BEGIN = re.compile(r"[\x00-\x20\x7f\ufeff]{0,40}ZCZC\b[^\n\r]{0,80}", re.IGNORECASE)
_END = re.compile(r"^[ \t]*(?:NNNN|nnnn)[ \t]*$", re.MULTILINE)
_SIGNED = re.compile(r"[%#$:&*@=^+]")
_ROUTING = re.compile(r"[A-Z]{2}(?: [A-Z]{2,8}(?:\([^)]{1,8}\))?){1,8}$")
_CODE = re.compile(r"[*+](\d{8})\b")
_DATELINE = re.compile(r"[A-Z][^\n.]{2,60}? - ")


def matches(head: Head) -> str | None:
    """By the word that begins a telegram."""
    return "zczc" if head.kind != "json" and _BEGIN.match(head.text) else None


def read(data: bytes, _head: Head, _hint: Hint) -> Found:
    """One item."""
    text = lines_of(data)
    begin = _BEGIN.match(text)
    text = text[begin.end() if begin else 0 :]
    end = _END.search(text)
    lines = (text[: end.start()] if end else text).split("\n")
    signed, rest = _divided(lines)
    title = next(filter(None, (_after(signed, sign) for sign in "^$:#")), None)
    body = paragraphs_of("\n".join(rest))
    codes = (found[1] for line in signed if (found := _CODE.match(line)))
    dateline = _DATELINE.match(body or "")
    opening = (body or "").partition("\n\n")[0]
    item = Item(
        title=title or (opening if len(opening) < 200 else None),
        body=body,
        slugline=_after(signed, "#"),
        dateline=dateline[0].rstrip(" -") if dateline else None,
        located=_after(signed, "@") or _bracketed(signed),
        provider=next(iter((begin[0].split() if begin else [])[1:2]), None),
        subjects=unique(map(iptc_code, codes)),
        plain=True,
    )
    return Found([item])


def _divided(lines: list[str]) -> tuple[list[str], list[str]]:
    """Lines with a sign, and the others; a line of routing codes is neither."""
    signed: list[str] = []
    for count, raw in enumerate(lines):
        line = without_controls(raw)
        if _SIGNED.match(line):
            signed.append(line)
        elif line.strip() and not _ROUTING.match(line.strip()):
            plus = signed and signed[-1].startswith("+") and re.match(r"\+\d{8}(\S)", signed[-1])
            return signed, [*([signed[-1][9:]] if plus else []), *lines[count:]]
    return signed, []


def _bracketed(signed: list[str]) -> str | None:
    """The place in ``:(PORTSMERE)``; other lines with a colon are titles."""
    return next(
        (line[2:-1] for line in map(str.rstrip, signed) if line[:2] == ":(" and line[-1] == ")"),
        None,
    )


def _after(signed: list[str], sign: str) -> str | None:
    """The longest text behind a sign; a single letter is a code."""
    texts = [line[1:].strip() for line in signed if line.startswith(sign) and line[1:2] != "("]
    longest = max(texts, key=len, default="")
    return longest if len(longest) > 2 else None
