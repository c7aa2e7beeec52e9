"""What the modules that read a page's tree all ask of one element."""

from __future__ import annotations

import re

from lxml.html import HtmlElement

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
SENTENCE_END = re.compile(r"""[.!?。！？।۔]["'”’»)]*$""")
_BLOCKS = frozenset(
    {"p", "li", "ul", "ol", "div", "table", "section", "article", "h1", "h2", "h3", "h4", "figure",
     "form", "aside", "header", "footer", "main", "nav", "blockquote"}
)  # fmt: skip


def text_in(element: HtmlElement) -> str:
    """All text of an element on one line, without blanks at its ends."""
    return " ".join("".join(element.itertext()).split())


def holds_blocks(element: HtmlElement) -> bool:
    """Whether paragraphs, boxes or lists stand in an element, not words alone."""
    return any(child.tag in _BLOCKS for child in element.iterdescendants())


def leads_away(link: HtmlElement) -> bool:
    """Whether a link leads to another page, not to a place in this one or to a program."""
    href = (link.get("href") or "").strip()
    return bool(href) and not href.startswith(("#", "javascript:", "mailto:", "tel:"))
