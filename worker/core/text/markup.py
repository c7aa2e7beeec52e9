"""HTML fragments as plain text, and strings from outside made safe to keep.

Rules
-----
1. A block is a paragraph, ``<br>`` a line break; scripts, styles and pictures are nothing.
2. What a reader cannot see is cut: control characters, bidirectional overrides, halves of surrogate
   pairs. Joiners stay, because Persian and Hindi are spelled with them.
3. Text without a tag or an entity comes back as it was, but for rule 2.
"""

from __future__ import annotations

import re
from html import unescape

from lxml import etree, html

_MARKUP = re.compile(r"<[a-zA-Z/!?]|&(?:#\d+|#[xX][0-9a-fA-F]+|[a-zA-Z]\w*);")
_TAG = re.compile(r"<[^<>]*>")
_UNSAFE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff"
    "\ud800-\udfff]"
)
_MARKS = re.compile(
    "([\u0300-\u036f\u0483-\u0489\u20d0-\u20ff]{6})[\u0300-\u036f\u0483-\u0489\u20d0-\u20ff]+"
)
_BLOCKS = frozenset(
    {"address", "article", "aside", "blockquote", "dd", "div", "dl", "dt", "figcaption", "figure",
     "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p",
     "pre", "section", "table", "td", "th", "tr", "ul"}
)  # fmt: skip
_NOTHING = frozenset(
    {"script", "style", "noscript", "iframe", "object", "embed", "svg", "head", "template", "form"}
)
_PARSER_LIMIT = 2_000_000
_PARAGRAPHS = re.compile(r"[ \t]*\n\s*\n\s*")
_BLANKS = re.compile(r"[ \t\r\f\v]+")


def clean(text: str) -> str:
    """``text`` without characters that nobody can see and that may harm; nothing else changes."""
    if not text.replace("\n", " ").isprintable():  # nearly every text is, and this is cheap
        text = _UNSAFE.sub("", text)
    return text if text.isascii() else _MARKS.sub(r"\1", text)


def one_line(text: str) -> str:
    """``text_of`` on one line: for titles and names."""
    return " ".join(text_of(text).split())


def text_of(fragment: str) -> str:
    """The text of an HTML fragment: paragraphs divided by an empty line."""
    fragment = clean(fragment)
    if not _MARKUP.search(fragment):
        return fragment.strip()
    if len(fragment) > _PARSER_LIMIT:
        return _tidy(unescape(_TAG.sub(" ", fragment[:_PARSER_LIMIT])))
    try:
        root = html.fragment_fromstring(fragment, create_parent="div")
    except (etree.LxmlError, ValueError, AssertionError):
        return _tidy(unescape(_TAG.sub(" ", fragment)))
    out: list[str] = []
    _collect(root, out)
    # libxml2 drops what lies deeper than 256 elements; the words are still wanted.
    return _tidy(clean("".join(out))) or _tidy(unescape(_TAG.sub(" ", fragment)))


def _collect(root: html.HtmlElement, out: list[str]) -> None:
    """Append the text of ``root``; a loop, because depth is chosen by strangers."""
    skipped = 0
    for event, node in etree.iterwalk(root, events=("start", "end", "comment", "pi")):
        tag = node.tag if isinstance(node.tag, str) else ""
        if event == "start":
            skipped += tag in _NOTHING
            _break(tag, out)
            if not skipped:
                out.append(node.text or "")
        else:
            skipped -= event == "end" and tag in _NOTHING
            if event == "end" and tag != "br":
                _break(tag, out)
            if not skipped and node is not root:
                out.append(node.tail or "")


def _break(tag: str, out: list[str]) -> None:
    if tag in _BLOCKS:
        out.append("\n\n")
    elif tag == "br":
        out.append("\n")


def _tidy(text: str) -> str:
    lines = _BLANKS.sub(" ", text)
    return _PARAGRAPHS.sub("\n\n", lines).replace(" \n", "\n").replace("\n ", "\n").strip()
