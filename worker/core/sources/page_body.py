r"""The text of a page's article: what is no part of it cut out first, then trafilatura.

Rules
-----
1. The extraction is trafilatura's with its second opinion, without comments, metadata and
   process-wide deduplication (that one eats the second copy of an agency story, and every later
   version).
2. A block that is only a link to another page is no paragraph, whatever stands before the link
   ("READ MORE: Blast kills 44"); nor is a list of such, nor the short label above them.
3. A table that holds paragraphs is layout, not data. A list directly in the body is text.
4. The entries of a live blog are told newest first, by their own times: so they mostly are printed,
   and so figures are read.
5. A lead that extraction lost is put back when the page's description, or the feed's summary, shows
   that it is missing. Leads hold place, day and toll.
6. The title is no paragraph, and a standfirst that the lead repeats stands once.

Nothing of 2 is cut when it is most of the page: then links are how this page is made.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from typing import Any

import trafilatura
from lxml import etree
from lxml.html import HtmlElement

from worker.core.domain.errors import PageError
from worker.core.sources.instant import read_news_instant
from worker.core.text.markup import clean, text_of

_WORD = re.compile(r"\w+")
_SENTENCE_END = re.compile(r"""[.!?。！？।۔]["'”’»)]*$""")
_CUT_OFF = re.compile(r"(?:\.{2,}|…)[\])]*$")
_LEAD_WORDS = 8
_LEAD_CHARS = 1200
_BLOCKS = ("p", "li", "h2", "h3", "h4", "h5", "h6", "div", "blockquote", "td", "aside")
_HOLDS_BLOCKS = frozenset(
    {"p", "li", "ul", "ol", "div", "table", "section", "article", "h1", "h2", "h3", "h4", "figure",
     "form", "aside", "header", "footer", "main", "nav", "blockquote"}
)  # fmt: skip
_LABEL_CHARS = 32
_LABEL_WORDS = 5
_TEASER_CHARS = 12
"""A link with less text than this ("here", "@unama") names something; it tells no other story."""
_LAYOUT_CHARS = 300
_LEAST_ENTRIES = 3
_LISTED_CHARS = 40
_SHORTEST_COPY_CHARS = 60


def extract_body(
    tree: HtmlElement, titles: Iterable[str | None], descriptions: Iterable[str]
) -> str:
    """The text of the article in a page; "" when there is none. Changes the tree.

    ``titles``: the headline as feed and page print it. ``descriptions``: what page and feed say the article is about, best first. Raises ``PageError``
    (unreadable).
    """
    _unwrap_layout_tables(tree)
    _mend_loose_lists(tree)
    _turn_live_blogs(tree)
    _cut_links_to_others(tree)
    body = _without_titles(_without_copies(_extracted(tree)), titles)
    return rescue_lead(body, _lead_candidates(tree, descriptions))


def _extracted(tree: HtmlElement) -> str:
    try:
        found: Any = trafilatura.bare_extraction(
            tree, fast=False, include_comments=False, with_metadata=False, deduplicate=False
        )
    except (etree.LxmlError, ValueError, RecursionError, AttributeError, TypeError) as error:
        raise PageError("unreadable", f"{type(error).__name__}: {str(error)[:200]}") from error
    return clean(found.text or "") if found is not None else ""


def _text(element: HtmlElement) -> str:
    return " ".join("".join(element.itertext()).split())


def _unwrap_layout_tables(tree: HtmlElement) -> None:
    for table in list(tree.iter("table")):
        cells = [cell for cell in table.iter("td", "th") if cell.find(".//table") is None]
        if any(len(_text(cell)) > _LAYOUT_CHARS for cell in cells):
            for part in table.iter("table", "tbody", "thead", "tr", "td", "th"):
                part.tag = "div"


def _mend_loose_lists(tree: HtmlElement) -> None:
    """Make paragraphs of the items of a list that stands beside the headline, in no article."""
    body = tree if tree.tag == "body" else tree.find(".//body")
    for found in list(body) if body is not None else ():
        if found.tag not in ("ul", "ol") or len(_text(found)) < _LISTED_CHARS:
            continue
        if len(_linked_text(found)) < len(_text(found)) / 2:
            found.tag = "div"
            for item in found.iterchildren("li"):
                item.tag = "p"


def _linked_text(element: HtmlElement) -> str:
    """What of an element's text stands in links."""
    if element.tag == "a":
        return _text(element)
    return " ".join(_text(link) for link in element.iter("a") if link.get("href"))


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
        if len(entries) >= _LEAST_ENTRIES and _goes_up(entries):
            places = [parent.index(entry) for entry in entries]
            for place, entry in zip(places, reversed(entries), strict=True):
                parent.insert(place, entry)


def _entry_of(stamp: HtmlElement) -> HtmlElement | None:
    """The outermost element around a time that is one of several of its tag, with times of theirs."""
    element: HtmlElement | None = stamp
    while element is not None and (parent := element.getparent()) is not None:
        alike = [c for c in parent if c.tag == element.tag and c.tag != "time"]
        timed = [c for c in alike if c.find(".//time") is not None]
        if len(timed) >= _LEAST_ENTRIES:
            return element
        element = parent
    return None


def _goes_up(entries: list[HtmlElement]) -> bool:
    """Whether every entry has a time, and each is later than the one before."""
    stamps = [next(entry.iter("time"), None) for entry in entries]
    moments = [
        None if s is None else read_news_instant(s.get("datetime") or _text(s)) for s in stamps
    ]
    known = [moment for moment in moments if moment is not None]
    pairs = list(itertools.pairwise(known))
    return len(known) == len(entries) and all(a <= b for a, b in pairs) and known[0] < known[-1]


# -------------------------------------------------------------------------------- links to others


def _cut_links_to_others(tree: HtmlElement) -> None:
    cut = [block for block in tree.iter(*_BLOCKS) if _is_teaser(block)]
    cut += [found for found in tree.iter("ul", "ol") if _is_list_of_teasers(found)]
    lost = sum(len(_text(block)) for block in cut if block.tag in ("p", "blockquote"))
    whole = sum(len(_text(p)) for p in tree.iter("p"))
    if 2 * lost > whole:
        return
    for block in cut:
        _drop_with_label(block)


def _is_teaser(block: HtmlElement) -> bool:
    """Whether a block is a link to another page and at most a few words around it."""
    if any(child.tag in _HOLDS_BLOCKS for child in block.iterdescendants()):
        return False
    links = [a for a in block.iter("a") if _leads_away(a)]
    linked = " ".join(_text(link) for link in links)
    if len(linked) < _TEASER_CHARS or linked.startswith(("http", "www.")):
        return False
    whole = _text(block)
    around = len(whole) - len(linked)
    if around <= 3:
        return True
    before = whole[: whole.find(_text(links[0])[:40])].strip()
    labelled = before.endswith((":", "|", "»", "→", "–", "-", "：")) or len(linked) > 2 * around
    return around <= _LABEL_CHARS and labelled and not _SENTENCE_END.search(whole[-around:])


def _leads_away(link: HtmlElement) -> bool:
    href = (link.get("href") or "").strip()
    return bool(href) and not href.startswith(("#", "javascript:", "mailto:", "tel:"))


def _is_list_of_teasers(found: HtmlElement) -> bool:
    """A list each of whose items begins with the headline of another page."""
    items = [item for item in found.iterchildren("li") if _text(item)]
    return len(items) >= _LEAST_ENTRIES and all(map(_begins_with_link, items))


def _begins_with_link(item: HtmlElement) -> bool:
    link = next((a for a in item.iter("a") if _leads_away(a) and _text(a)), None)
    if link is None:
        return False
    headline, whole = _text(link), _text(item)
    return len(headline) >= _TEASER_CHARS and whole.startswith(headline) and len(whole) < 300


def _is_label(block: HtmlElement) -> bool:
    """A few words that end no sentence, above teasers: "DON'T MISS", "Leggi anche"."""
    if block.tag not in ("p", "h2", "h3", "h4", "h5", "h6", "div", "span", "strong", "b"):
        return False
    text = _text(block)
    short = len(text) <= _LABEL_CHARS and len(text.split()) <= _LABEL_WORDS
    return bool(text) and short and not re.search(r"[.!?]$", text.rstrip("."))


def _drop_with_label(block: HtmlElement) -> None:
    """Take a block out, the label above it, and the list that has nothing else in it."""
    label, parent = block.getprevious(), block.getparent()
    if label is not None and _is_label(label):
        _drop(label)
    _drop(block)
    if parent is not None and parent.tag in ("ul", "ol") and not _text(parent):
        _drop_with_label(parent)


def _drop(element: HtmlElement) -> None:
    """Take an element out; what stands behind it stays."""
    if element.getparent() is not None:
        element.drop_tree()


# -------------------------------------------------------------------------------- title and lead


def _without_titles(body: str, titles: Iterable[str | None]) -> str:
    """The text without the headline among its first lines."""
    wanted = [words for title in titles if (words := _words(title or ""))]
    lines = body.split("\n")
    if len(lines) < 2:
        return body
    kept = [line for k, line in enumerate(lines) if k >= _LABEL_WORDS or _words(line) not in wanted]
    return "\n".join(kept).lstrip("\n") or body


def _without_copies(body: str) -> str:
    """The text without a paragraph at its head that the next ones repeat, word for word."""
    lines = body.split("\n")
    keys = [" ".join(_words(line)) for line in lines]
    copied = [
        k for k, key in enumerate(keys[:_LABEL_WORDS])
        if len(key) >= _SHORTEST_COPY_CHARS
        and any(other.startswith(key) for other in keys[k + 1 : k + 4])
    ]  # fmt: skip
    return "\n".join(line for k, line in enumerate(lines) if k not in copied)


def _lead_candidates(tree: HtmlElement, descriptions: Iterable[str]) -> Iterator[str]:
    """What may be the lead: elements of the page that a description or summary begins with."""
    heads = dict.fromkeys(tuple(_words(text_of(t))[:_LEAD_WORDS]) for t in descriptions)
    for head in heads:
        text = _element_text(tree, head) if len(head) == _LEAD_WORDS else None
        if text:
            yield text


def _element_text(tree: HtmlElement, head: tuple[str, ...]) -> str | None:
    """The first paragraph of the page whose text begins with these words."""
    for element in tree.iter("p", "h2", "h3", "div", "span", "strong", "b", "li"):
        if len(element) >= 20:
            continue
        text = _text(element)
        holds_blocks = any(c.tag in _HOLDS_BLOCKS for c in element.iterdescendants())
        if (
            len(text) <= (_LEAD_CHARS if not holds_blocks else _LEAD_CHARS // 2)
            and tuple(_words(text[:400])[:_LEAD_WORDS]) == head
        ):
            return text
    return None


def rescue_lead(body: str, candidates: Iterable[str]) -> str:
    """``body`` with the first candidate before it that is a whole sentence and missing from it."""
    words = _words(body)
    if not words:
        return body
    present = " ".join(words)
    for candidate in candidates:
        lead = candidate.strip()
        if _CUT_OFF.search(lead) or not _SENTENCE_END.search(lead):
            continue
        if " ".join(_words(lead)[:_LEAD_WORDS]) not in present:
            return f"{lead}\n{body}"
    return body


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())
