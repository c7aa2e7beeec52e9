"""A page as bytes: what it says of itself, and the text of its article (``article`` rules 1 and 2)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lxml import etree
from lxml.html import HtmlElement
from trafilatura.utils import load_html

from worker.core.domain.document import Document
from worker.core.domain.errors import PageError
from worker.core.knowledge.knowledge import Knowledge
from worker.core.sources.page_body import extract_body
from worker.core.sources.page_facts import PageFacts, find_facts
from worker.core.sources.page_refusals import STUB_CHARS, admit
from worker.core.text.charset import decode
from worker.core.text.markup import text_of

MAX_PAGE_CHARS = 6_000_000


@dataclass(frozen=True, slots=True)
class Page:
    """What a page is read as. ``document``: completed by what the page says of itself."""

    document: Document
    body: str
    lang: str | None
    partial: bool


def read_page(document: Document, html: bytes, knowledge: Knowledge) -> Page:
    """The article of a page. Raises ``PageError`` with a reason of ``page_refusals``."""
    tree = _tree(decode(html, document.charset))
    facts = find_facts(tree, knowledge.profile.zone, document.url, document.first_seen)
    known = _with_facts(document, facts)
    admitted = admit(document, _body(tree, known, facts), facts, knowledge)
    return Page(known, admitted.body, document.lang or facts.lang, admitted.partial)


def _tree(text: str) -> HtmlElement:
    if not text.strip():
        raise PageError("unreadable", "empty page")
    if len(text) > MAX_PAGE_CHARS:
        raise PageError("unreadable", f"{len(text)} characters")
    try:
        tree = load_html(text.replace("\x00", ""))
    except (etree.LxmlError, ValueError) as error:
        raise PageError("unreadable", str(error)[:200]) from error
    if tree is None:
        raise PageError("unreadable", "no HTML")
    return tree


def _with_facts(document: Document, facts: PageFacts) -> Document:
    """The document, completed by its page where it knows nothing itself."""
    updated = document.updated or facts.updated
    if document.published is None and facts.published is not None:
        document = replace(document, published=facts.published, published_basis=facts.basis)
    return replace(
        document,
        title=document.title or facts.title,
        outlet=document.outlet or facts.site,
        url=document.url or facts.canonical,
        updated=updated,
    )


def _body(tree: HtmlElement, document: Document, facts: PageFacts) -> str:
    """The text of the page; what its JSON-LD holds, where the page itself shows hardly any."""
    descriptions = (document.summary or "", *facts.descriptions)
    body = extract_body(tree, (document.title, facts.title), descriptions)
    declared = text_of(facts.article_body or "")
    if len(body) < STUB_CHARS // 2 and len(declared) > 2 * len(body):
        return declared
    return body
