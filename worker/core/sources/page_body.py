r"""The text of a page's article: what is no part of it cut out first, then trafilatura.

Rules
-----
1. The extraction is trafilatura's with its second opinion, without comments, metadata and
   process-wide deduplication (that one eats the second copy of an agency story, and every later
   version).
2. What only leads to other pages is cut out (``page_teasers``).
3. A table that holds paragraphs is layout, not data. A list directly in the body is text.
4. The entries of a live blog are told newest first, by their own times: so they mostly are printed,
   and so figures are read.
5. A body that is printed in parts, with advertisements between them, is one: extraction takes the
   first container only. Parts are named alike, stand under one headline, and no heading stands
   between them; the texts of other articles, further down, have headings of their own.
6. Lead, standfirst and title are put right last (``page_lead``).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from typing import Any

import trafilatura
from lxml import etree
from lxml.html import HtmlElement

from worker.core.domain.errors import PageError
from worker.core.sources.instant import read_news_instant
from worker.core.sources.page_elements import HEADINGS, text_in
from worker.core.sources.page_lead import rescue_lead, without_copies, without_titles
from worker.core.sources.page_teasers import cut_teasers
from worker.core.text.markup import clean

_LAYOUT_CHARS = 300
_FEWEST_ENTRIES = 3
_LISTED_CHARS = 40
_PART = re.compile(r"(?i)(?:article|story|entry|post|news|text|content)[-_]*(?:body|text|content)")
_PARAGRAPH_CHARS = 80


def extract_body(
    tree: HtmlElement, titles: Iterable[str | None], descriptions: Iterable[str]
) -> str:
    """The text of the article in a page; "" when there is none. Changes the tree.

    ``titles``: the headline as feed and page print it. ``descriptions``: what page and feed say the
    article is about, best first. Raises ``PageError`` (unreadable).
    """
    _unwrap_layout_tables(tree)
    _mend_loose_lists(tree)
    _turn_live_blogs(tree)
    _join_parts(tree)
    cut_teasers(tree)
    body = without_titles(without_copies(_extracted(tree)), titles)
    return rescue_lead(body, tree, descriptions)


def _extracted(tree: HtmlElement) -> str:
    try:
        found: Any = trafilatura.bare_extraction(
            tree, fast=False, include_comments=False, with_metadata=False, deduplicate=False
        )
    except (etree.LxmlError, ValueError, RecursionError, AttributeError, TypeError) as error:
        raise PageError("unreadable", f"{type(error).__name__}: {str(error)[:200]}") from error
    return clean(found.text or "") if found is not None else ""


def _unwrap_layout_tables(tree: HtmlElement) -> None:
    for table in list(tree.iter("table")):
        cells = [cell for cell in table.iter("td", "th") if cell.find(".//table") is None]
        if any(len(text_in(cell)) > _LAYOUT_CHARS for cell in cells):
            for part in table.iter("table", "tbody", "thead", "tr", "td", "th"):
                part.tag = "div"


def _mend_loose_lists(tree: HtmlElement) -> None:
    """Make paragraphs of the items of a list that stands beside the headline, in no article."""
    body = tree if tree.tag == "body" else tree.find(".//body")
    for found in list(body) if body is not None else ():
        if found.tag not in ("ul", "ol") or len(text_in(found)) < _LISTED_CHARS:
            continue
        if len(_linked_text(found)) < len(text_in(found)) / 2:
            found.tag = "div"
            for item in found.iterchildren("li"):
                item.tag = "p"


def _linked_text(element: HtmlElement) -> str:
    """What of an element's text stands in links."""
    if element.tag == "a":
        return text_in(element)
    return " ".join(text_in(link) for link in element.iter("a") if link.get("href"))


def _join_parts(tree: HtmlElement) -> None:
    """Move the later parts of a body into the first."""
    first: dict[str, HtmlElement] = {}
    for element in list(tree.iter(*HEADINGS, "div", "section")):
        if any(part in element.iterancestors() for part in first.values()):
            continue
        name, paragraphs = _part_name(element), _long_paragraphs(element)
        if element.tag in HEADINGS:
            first.clear()
        elif name in first and paragraphs:
            _append(first[name], element)
        elif name and paragraphs > 1:
            first[name] = element


def _append(first: HtmlElement, part: HtmlElement) -> None:
    """Move a part to the end of the first; of two side by side, what stands between them too."""
    if part.getparent() is first.getparent():
        first.extend(list(itertools.takewhile(lambda e: e is not part, first.itersiblings())))
    first.extend(list(part))


def _part_name(element: HtmlElement) -> str:
    """How the container of a body is called, in the words that all parts share; "" for others."""
    name = _PART.search(element.get("class") or element.get("itemprop") or "")
    return name[0].casefold() if name else ""


def _long_paragraphs(element: HtmlElement) -> int:
    return sum(len(text_in(p)) >= _PARAGRAPH_CHARS for p in element.iterchildren("p"))


# -------------------------------------------------------------------------------- live blogs


def _turn_live_blogs(tree: HtmlElement) -> None:
    """Reverse runs of entries whose own times go up."""
    parents: dict[HtmlElement, list[HtmlElement]] = {}
    for stamp in tree.iter("time"):
        entry = _entry_of(stamp)
        if entry is not None and (parent := entry.getparent()) is not None:
            children = parents.setdefault(parent, [])
            if entry not in children[-1:]:
                children.append(entry)
    for parent, entries in parents.items():
        if len(entries) >= _FEWEST_ENTRIES and _goes_up(entries):
            places = [parent.index(entry) for entry in entries]
            for place, entry in zip(places, reversed(entries), strict=True):
                parent.insert(place, entry)


def _entry_of(stamp: HtmlElement) -> HtmlElement | None:
    """The outermost element around a time that is one of several of its tag, with times of theirs."""
    element: HtmlElement | None = stamp
    while element is not None and (parent := element.getparent()) is not None:
        alike = [c for c in parent if c.tag == element.tag and c.tag != "time"]
        timed = [c for c in alike if c.find(".//time") is not None]
        if len(timed) >= _FEWEST_ENTRIES:
            return element
        element = parent
    return None


def _goes_up(entries: list[HtmlElement]) -> bool:
    """Whether every entry has a time, and each is later than the one before."""
    stamps = [next(entry.iter("time"), None) for entry in entries]
    moments = [
        None if s is None else read_news_instant(s.get("datetime") or text_in(s)) for s in stamps
    ]
    known = [moment for moment in moments if moment is not None]
    pairs = list(itertools.pairwise(known))
    return len(known) == len(entries) and all(a <= b for a, b in pairs) and known[0] < known[-1]
