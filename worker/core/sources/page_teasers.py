r"""What on a page only leads to other pages is cut out: teasers, cards, and the labels above them.

Rules
-----
1. A block that is only a link to another page is no paragraph, whatever stands before the link
   ("READ MORE: Blast kills 44"); nor is a list of such, nor the short label above them. A link that
   stands among paragraphs, not in one, is such a block; so is a line of a paragraph.
2. A *card* is a small box whose picture and whose headline lead to the same page, or one of several
   boxes that each have a link for a headline. What else stands in it, mostly the first sentence of
   that page, is told by that page. A picture of the article itself leads nowhere, or to a larger one.
3. Nothing is cut when it is most of the page: then links are how this page is made.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from lxml.html import HtmlElement

from worker.core.sources.page_elements import (
    HEADINGS,
    SENTENCE_END,
    holds_blocks,
    leads_away,
    text_in,
)

_BLOCKS = ("p", "li", "h2", "h3", "h4", "h5", "h6", "div", "blockquote", "td", "aside")
_PARAGRAPHS = ("p", "blockquote")
_LABELS = ("p", "h2", "h3", "h4", "h5", "h6", "div", "span", "strong", "b")
_LABEL_CHARS = 32
_LABEL_WORDS = 5
_LABEL_ENDS = frozenset({":", "|", "»", "→", ">", "–", "-", "："})
_TEASER_CHARS = 12
"""A link with less text than this ("here", "@unama") names something; it tells no other story."""
_FEWEST_TEASERS = 3
_ITEM_CHARS = 300
_CARD_CHARS = 450
_CARD_ELEMENTS = 60
_CARD_LEVELS = 6
"""So far above its picture a card begins. Of a page of a thousand pictures not all is searched for each."""


def cut_teasers(tree: HtmlElement) -> None:
    """Take what leads to other pages out of the tree, unless most of it does."""
    cut = [block for block in tree.iter(*_BLOCKS) if _is_teaser(block)]
    cut += [found for found in tree.iter("ul", "ol") if _is_list_of_teasers(found)]
    cut += [link for link in tree.iter("a") if _stands_among_paragraphs(link)]
    cut += [*_cards(tree), *_headed_cards(tree)]
    _cut_lines(tree)
    lost = {paragraph for block in cut for paragraph in block.iter(*_PARAGRAPHS)}
    whole = sum(len(text_in(p)) for p in tree.iter("p"))
    if 2 * sum(map(len, map(text_in, lost))) > whole:
        return
    for block in cut:
        _drop_with_label(block)


def _is_teaser(block: HtmlElement) -> bool:
    """Whether a block is a link to another page and at most a few words around it."""
    if holds_blocks(block):
        return False
    links = [a for a in block.iter("a") if leads_away(a)]
    linked = " ".join(text_in(link) for link in links)
    if not _tells(linked):
        return False
    whole = text_in(block)
    around = len(whole) - len(linked)
    if around <= 3:
        return True
    before = whole[: whole.find(text_in(links[0])[:40])].strip()
    labelled = before[-1:] in _LABEL_ENDS or len(linked) > 2 * around
    return around <= _LABEL_CHARS and labelled and not SENTENCE_END.search(whole[-around:])


def _is_list_of_teasers(found: HtmlElement) -> bool:
    """A list each of whose items begins with the headline of another page."""
    items = [item for item in found.iterchildren("li") if text_in(item)]
    return len(items) >= _FEWEST_TEASERS and all(map(_begins_with_link, items))


def _begins_with_link(item: HtmlElement) -> bool:
    link = next((a for a in item.iter("a") if leads_away(a) and text_in(a)), None)
    if link is None:
        return False
    headline, whole = text_in(link), text_in(item)
    return (
        len(headline) >= _TEASER_CHARS and whole.startswith(headline) and len(whole) < _ITEM_CHARS
    )


def _stands_among_paragraphs(link: HtmlElement) -> bool:
    """Whether a link is a block of its own: paragraphs beside it, and no loose words."""
    parent, before = link.getparent(), link.getprevious()
    if parent is None or not leads_away(link) or len(text_in(link)) < _TEASER_CHARS:
        return False
    words = (link.tail, parent.text if before is None else before.tail)
    beside = [element.tag for element in (before, link.getnext()) if element is not None]
    return "p" in beside and not any((text or "").strip() for text in words)


def _cards(tree: HtmlElement) -> Iterator[HtmlElement]:
    """The smallest boxes that hold a picture and a headline with one address of another page."""
    for picture in tree.iter("a"):
        if text_in(picture) or picture.find(".//img") is None or not leads_away(picture):
            continue
        for box in itertools.islice(picture.iterancestors(), _CARD_LEVELS):
            if not _is_small(box):
                break
            if any(_is_headline_of(link, picture) for link in box.iter("a")):
                yield box
                break


def _is_small(box: HtmlElement) -> bool:
    few = sum(1 for _ in itertools.islice(box.iter(), _CARD_ELEMENTS + 1)) <= _CARD_ELEMENTS
    return few and len(text_in(box)) <= _CARD_CHARS


def _is_headline_of(link: HtmlElement, picture: HtmlElement) -> bool:
    return link.get("href") == picture.get("href") and len(text_in(link)) >= _TEASER_CHARS


def _headed_cards(tree: HtmlElement) -> Iterator[HtmlElement]:
    """Boxes beside each other, each with a headline that is a link to another page, and few words."""
    for heading in tree.iter(*HEADINGS):
        box = heading.getparent()
        if box is not None and _is_headed_card(box):
            beside = itertools.chain(box.itersiblings(), box.itersiblings(preceding=True))
            if any(map(_is_headed_card, beside)):
                yield box


def _is_headed_card(box: HtmlElement) -> bool:
    headings = list(box.iter(*HEADINGS)) if _is_small(box) else []
    return len(headings) == 1 and _is_teaser(headings[0])


def _cut_lines(tree: HtmlElement) -> None:
    """Cut lines of paragraphs out that are a link with at most a label before it."""
    for line_break in [br for p in tree.iter(*_PARAGRAPHS) for br in p.iter("br")]:
        link = line_break.getnext()
        label = (line_break.tail or "").strip()
        if link is not None and _is_line(link, label):
            line_break.tail = None
            _drop(link)


def _is_line(link: HtmlElement, label: str) -> bool:
    """Whether a link behind ``label`` is a teaser that fills its line ("<br>READ MORE: …<br>")."""
    after, text = link.getnext(), text_in(link)
    ends = not (link.tail or "").strip() and (after is None or after.tag == "br")
    labelled = not label or (len(label) <= _LABEL_CHARS and label[-1] in _LABEL_ENDS)
    return link.tag == "a" and leads_away(link) and ends and labelled and _tells(text)


def _tells(text: str) -> bool:
    """Whether the words of a link can be a headline, not a name or an address."""
    return len(text) >= _TEASER_CHARS and not text.startswith(("http", "www."))


def _is_label(block: HtmlElement) -> bool:
    """A few words that end no sentence, above teasers: "DON'T MISS", "Leggi anche"."""
    if block.tag not in _LABELS:
        return False
    text = text_in(block)
    short = len(text) <= _LABEL_CHARS and len(text.split()) <= _LABEL_WORDS
    return bool(text) and short and not re.search(r"[.!?]$", text.rstrip("."))


def _drop_with_label(block: HtmlElement) -> None:
    """Take a block out, the label above it, and the list that has nothing else in it."""
    label, parent = block.getprevious(), block.getparent()
    if label is not None and _is_label(label):
        _drop(label)
    _drop(block)
    if parent is not None and parent.tag in ("ul", "ol") and not text_in(parent):
        _drop_with_label(parent)


def _drop(element: HtmlElement) -> None:
    """Take an element out; what stands behind it stays."""
    if element.getparent() is not None:
        element.drop_tree()
