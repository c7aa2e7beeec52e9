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

from worker.core.domain.document import Article, Document
from worker.core.knowledge.knowledge import Knowledge
from worker.core.text.identify import identify
from worker.core.text.signature import copy_signature


def read(document: Document, knowledge: Knowledge) -> Article:
    """The article of a document.

    Raises ``PageError`` with a reason of ``page_refusals``, for pages only: a plain text is taken as
    it is, a title alone too.
    """
    if document.html is None:
        return _article(document, document.text or "", document.lang)
    # Imported for pages only: their parsers take 0.2 s that plain text need not wait for.
    from worker.core.sources.page import read_page  # noqa: PLC0415

    page = read_page(document, document.html, knowledge)
    return replace(_article(page.document, page.body, page.lang), partial=page.partial)


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
