r"""The head of an article: lead and standfirst put back, the title and what is said twice taken out.

Rules
-----
1. A lead that extraction lost is put back when the page's description, or the feed's summary, shows
   that it is missing. Leads hold place, day and toll.
2. So is a standfirst. It stands below the headline, before any other heading, and is the page's
   description, or its element is named as standfirsts are ("standfirst", "sub-title", "excerpt").
   There it may lack a full stop; elsewhere a line without one may be the slogan of the outlet.
3. The title is no paragraph, and a standfirst that the lead repeats stands once.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator

from lxml.html import HtmlElement

from worker.core.sources.page_elements import HEADINGS, SENTENCE_END, holds_blocks, text_in
from worker.core.text.markup import text_of

_WORD = re.compile(r"\w+")
_CUT_OFF = re.compile(r"(?:\.{2,}|…)[\])]*$")
_STANDFIRST = re.compile(
    r"(?i)stand-?first|sub-?(?:title|head)|\b(?:dek|deck|excerpt|intro|lead|summary)(?:\b|_)"
)
_NO_STANDFIRST = re.compile(r"(?i)caption|image|media|photo|gallery|premium|paywall|subscri")
_LEAD_WORDS = 8
_LEAD_CHARS = 1200
_STANDFIRST_CHARS = 600
_BETWEEN = 80
"""So many elements (by-line, picture, buttons) may stand between a headline and its standfirst."""
_AROUND = 4
_SILENT = frozenset({"a", "button", "figcaption", "figure", "nav", "script", "style"})
_PARAGRAPH_CHARS = 80
_FIRST_LINES = 5
_SHORTEST_COPY_CHARS = 60


def without_titles(body: str, titles: Iterable[str | None]) -> str:
    """The text without the headline among its first lines."""
    wanted = [words for title in titles if (words := _words(title or ""))]
    lines = body.split("\n")
    if len(lines) < 2:
        return body
    kept = [line for k, line in enumerate(lines) if k >= _FIRST_LINES or _words(line) not in wanted]
    return "\n".join(kept).lstrip("\n") or body


def without_copies(body: str) -> str:
    """The text without a paragraph at its head that the next ones repeat, word for word."""
    lines = body.split("\n")
    keys = [" ".join(_words(line)) for line in lines]
    copied = [
        k for k, key in enumerate(keys[:_FIRST_LINES])
        if len(key) >= _SHORTEST_COPY_CHARS
        and any(other.startswith(key) for other in keys[k + 1 : k + 4])
    ]  # fmt: skip
    return "\n".join(line for k, line in enumerate(lines) if k not in copied)


def rescue_lead(body: str, tree: HtmlElement, descriptions: Iterable[str]) -> str:
    """``body`` with the first lead or standfirst of the page before it that is missing from it."""
    words = _words(body)
    if not words:
        return body
    present = " ".join(words)
    for lead in _leads(tree, descriptions):
        if " ".join(_words(lead)[:_LEAD_WORDS]) not in present:
            return f"{lead}\n{body}"
    return body


def _leads(tree: HtmlElement, descriptions: Iterable[str]) -> Iterator[str]:
    """What may be the lead: what a description begins with, then what is named as a standfirst."""
    heads = dict.fromkeys(tuple(_words(text_of(t))[:_LEAD_WORDS]) for t in descriptions)
    below = list(_below_headline(tree))
    for head in heads:
        text = _element_text(tree, head) if len(head) == _LEAD_WORDS else None
        if text and not _CUT_OFF.search(text):
            if SENTENCE_END.search(text) or any(text_in(element) == text for element in below):
                yield text
    yield from filter(None, map(_standfirst, below))


def _element_text(tree: HtmlElement, head: tuple[str, ...]) -> str | None:
    """The first paragraph of the page whose text begins with these words."""
    for element in tree.iter("p", "h2", "h3", "div", "span", "strong", "b", "li"):
        if len(element) >= 20:
            continue
        text = text_in(element)
        most = _LEAD_CHARS // 2 if holds_blocks(element) else _LEAD_CHARS
        if len(text) <= most and tuple(_words(text[:400])[:_LEAD_WORDS]) == head:
            return text
    return None


def _below_headline(tree: HtmlElement) -> Iterator[HtmlElement]:
    """The elements behind the one headline of a page, up to the next heading or first paragraph."""
    headlines = list(tree.iter("h1"))
    if len(headlines) != 1:
        return
    for element in headlines[0].xpath(f"following::*[position() <= {_BETWEEN}]"):
        yield element
        if element.tag in HEADINGS:
            return
        if element.tag == "p" and len(text_in(element)) >= _PARAGRAPH_CHARS:
            return


def _standfirst(element: HtmlElement) -> str | None:
    """The text of an element that is named as a standfirst is, in no picture and no paywall."""
    around = (element, *itertools.islice(element.iterancestors(), _AROUND))
    if not _STANDFIRST.search(_name(element)) or any(
        map(_NO_STANDFIRST.search, map(_name, around))
    ):
        return None
    if element.tag in _SILENT or sum(1 for _ in element.iter("p", "script", "style")) > 1:
        return None
    text = text_in(element)
    linked = sum(len(text_in(link)) for link in element.iter("a"))
    if len(text) > _STANDFIRST_CHARS or 2 * linked > len(text):
        return None
    return text if len(_words(text)) >= _LEAD_WORDS and not _CUT_OFF.search(text) else None


def _name(element: HtmlElement) -> str:
    return f"{element.get('class') or ''} {element.get('id') or ''}"


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())
