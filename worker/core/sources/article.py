r"""A page, or plain text, becomes the article that everything else reads.

Rules
-----
1. ``text`` is ``title + "\n\n" + body``, verbatim: spans count into it. A title is the entry's,
   else the page's; an empty one is none.
2. The body of a page is what ``page_body`` finds in it, unless the page is no article: then it is
   refused by name (``page_refusals``), and never replaces the feed's words or an earlier version.

The publication instant is the feed's, else the page's (``page_facts``), with its basis.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import replace

from lxml import etree
from lxml.html import HtmlElement
from trafilatura.utils import load_html

from worker.core.domain.document import Article, Document
from worker.core.domain.errors import PageError
from worker.core.knowledge.knowledge import Knowledge
from worker.core.sources.page_body import extract_body
from worker.core.sources.page_facts import PageFacts, find_facts
from worker.core.sources.page_refusals import STUB_CHARS, admit
from worker.core.text.charset import decode
from worker.core.text.identify import identify
from worker.core.text.markup import text_of
from worker.core.text.signature import copy_signature

MAX_PAGE_CHARS = 6_000_000


def read(document: Document, knowledge: Knowledge) -> Article:
    """The article of a document.

    Raises ``PageError`` with a reason of ``page_refusals``, for pages only: a plain text is taken as
    it is, a title alone too.
    """
    if document.html is None:
        return _article(document, document.text or "", document.lang)
    tree = _tree(decode(document.html, document.charset))
    facts = find_facts(tree, knowledge.profile.zone, document.url, document.first_seen)
    known = _with_facts(document, facts)
    admitted = admit(document, _body(tree, known, facts), facts, knowledge)
    article = _article(known, admitted.body, document.lang or facts.lang)
    return replace(article, partial=admitted.partial)


def version_time(document: Document) -> dt.datetime | None:
    """When a version was made: its update if later than its publication, else its first sighting.

    The first version is as old as its publication; later ones without a time of their own are as
    old as the moment they reached us. It orders versions, and figures within them.
    """
    published, updated = document.published, document.updated
    if updated is not None and (published is None or updated > published):
        return updated
    if document.version >= 2 and document.first_seen is not None:
        return document.first_seen
    return published or document.first_seen


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


def _article(document: Document, body: str, declared_lang: str | None) -> Article:
    title = document.title or None
    text = f"{title}\n\n{body}" if title else body
    basis = document.published_basis
    if document.published is None:
        basis = "first_seen" if document.first_seen is not None else "none"
    return Article(
        article_id=document.article_id,
        version=document.version,
        title=title,
        body=body,
        text=text,
        text_sha256=hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest(),
        outlet=document.outlet,
        url=document.url,
        lang=identify(text, declared_lang),
        published=document.published,
        published_basis=basis,
        first_seen=document.first_seen,
        version_time=version_time(document),
        status=document.status,
        copy_signature=copy_signature(body),
    )
