"""THE chain: one document in, everything it says out. Pure; the same bytes give the same answer.

read → compose → annotate → (find_segments → classify → extract): what a text mentions is found once,
and the three stages after it read the same ``Annotated``. Whether an attack is already known is not
asked here, so an answer does not depend on the order in which articles arrive.
"""

from __future__ import annotations

from dataclasses import replace

from worker.core.annotate.annotate import annotate
from worker.core.classify.verdict import classify
from worker.core.domain.caps import readable
from worker.core.domain.document import Article, Document, Entry
from worker.core.domain.report import Analysis
from worker.core.extract.extract import extract
from worker.core.knowledge.knowledge import Knowledge
from worker.core.segment.segment import find_segments
from worker.core.sources.article import read
from worker.core.text.prose import compose


def analyze(document: Document, entry: Entry | None, knowledge: Knowledge) -> Analysis:
    """Read a document and report every attack it tells of, with a verdict on the whole.

    ``entry`` is the feed's item when there was one. Raises ``PageError`` when there is no article to read, and nothing else.
    """
    article = read(_completed(document, entry), knowledge)
    article = replace(article, agency=document.agency or _agency(article, entry, knowledge))
    prose = compose(article.title, readable(article.text), article.lang)
    annotated = annotate(article, prose, knowledge)
    segments = find_segments(annotated, knowledge)
    classification = classify(annotated, segments, knowledge)
    reports = extract(annotated, segments, classification, knowledge)
    return Analysis(article, classification.verdict, reports)


def _completed(document: Document, entry: Entry | None) -> Document:
    """What a page does not say of itself, its feed's item may."""
    if entry is None:
        return document
    return replace(
        document,
        title=document.title or entry.title,
        summary=document.summary or entry.summary,
        outlet=document.outlet or entry.outlet,
        url=document.url or entry.url,
        lang=document.lang or entry.lang,
    )


def _agency(article: Article, entry: Entry | None, knowledge: Knowledge) -> str | None:
    """The agency that an article's text, its wire or its byline credits, or that its outlet is.

    The text comes first: what an agency relays of another one is the other's.
    """
    agencies = knowledge.agencies
    agency = agencies.of_text(article.body)
    if agency is None and entry is not None:
        agency = (
            agencies.of_text(f"{entry.dateline} -" if entry.dateline else "")
            or agencies.named(entry.provider)
            or agencies.of_byline(entry.byline)
        )
    return agency or agencies.named(article.outlet)
