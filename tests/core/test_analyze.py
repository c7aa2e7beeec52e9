"""The contract of the pure chain: report ids, errors, invariants. Its readings are in tests/corpus."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.profiles.cities import PORTSMERE
from worker.config.knowledge import load_knowledge
from worker.core.analyze import analyze
from worker.core.domain.document import Document, Entry
from worker.core.domain.errors import PageError
from worker.core.domain.report import Analysis

KNOWLEDGE = load_knowledge(PORTSMERE)
WEDNESDAY = dt.datetime(2021, 3, 10, 15, 0, tzinfo=dt.UTC)
TITLE = "Portsmere bank stormed after car bomb, six dead"
BODY = """At least six people were killed and 14 wounded in Portsmere on Wednesday when gunmen stormed a \
bank after a car bomb exploded at its entrance, officials said.

The blast shook the Ropewalk area at around 8.20 am, interior ministry spokesman Tobias Renn said, \
adding that fighting was still going on.

The Red Tide claimed the attack in a statement.

The assault comes just over two weeks after a suicide bomber killed 21 people near a mosque in the \
west of the city, an attack claimed by the Ash Column.

Officials have struggled to stop attacks that have killed hundreds of people this year."""
SIEGE = (TITLE, BODY)


def told(title: str | None, text: str, published: dt.datetime | None = WEDNESDAY) -> Analysis:
    document = Document(
        "x", title=title, text=text, lang="en", outlet="Example Wire", published=published,
        published_basis="feed" if published else "none", first_seen=published,
    )  # fmt: skip
    return analyze(document, None, KNOWLEDGE)


def test_analyze_counts_report_ids_by_the_text_and_orders_reports_by_prominence() -> None:
    """``#k`` follows the text; the list begins with what the article is about."""
    analysis = told(
        "Rockets land near Portsmere palace",
        "A week after a bomb killed nine people at a Portsmere market, three rockets landed near the"
        " presidential palace in Portsmere on Wednesday, wounding two guards, police said.",
    )

    assert analysis.reports[0].role == "primary"
    assert {r.report_id for r in analysis.reports} == {
        f"x#{k}" for k in range(1, len(analysis.reports) + 1)
    }


def test_analyze_raises_a_page_error_on_a_page_without_words() -> None:
    """What cannot be read raises the one error that the shell knows how to handle."""
    with pytest.raises(PageError):
        analyze(Document("x", html=b"<html><body></body></html>"), None, KNOWLEDGE)


def test_analyze_takes_from_the_entry_what_the_document_does_not_say() -> None:
    """Title and outlet of the feed's item stand in for those that the page lacks."""
    document = Document("x", text=SIEGE[1], lang="en", published=WEDNESDAY, published_basis="feed")
    entry = Entry("feed", "1", "rss", title=SIEGE[0], outlet="Example Wire")
    analysis = analyze(document, entry, KNOWLEDGE)

    assert analysis.article.title == SIEGE[0]
    assert analysis.article.outlet == "Example Wire"


PIECES = st.lists(
    st.sampled_from([
        *SIEGE[1].split("\n\n"),
        "Police said it was a gas cylinder and not an attack.",
        "In Eastmoor, a mine killed two boys.",
        "Photo\u00a0taken on March 10, 2021. (Reuters)",
        "Ministers met to talk about trade.",
        "“We saw six bodies,” said a baker.",
    ]),
    min_size=1,
    max_size=8,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(PIECES, st.sampled_from(["\n\n", " ", "\r\n"]), st.booleans(), st.booleans())
def test_analyze_keeps_its_invariants_on_any_article(
    pieces: list[str], joint: str, titled: bool, dated: bool
) -> None:
    """Label and roles agree, every span is verbatim, and the same bytes give the same answer."""
    title = SIEGE[0] if titled else None
    analysis = told(title, joint.join(pieces), WEDNESDAY if dated else None)
    text = analysis.article.text

    fresh = {"primary", "roundup"} & {r.role for r in analysis.reports}
    assert (analysis.verdict.label == "attack_report") == bool(fresh)
    for report in analysis.reports:
        spans = [s for found in report.evidence.values() for s in found]
        spans += [r.span for r in analysis.verdict.reasons if r.span is not None]
        for span in spans:
            assert text[span.start : span.end] == span.quote
        for statement in report.statements:
            assert text[statement.start : statement.end] == statement.quote
    again = told(title, joint.join(pieces), WEDNESDAY if dated else None)
    assert dataclasses.asdict(again) == dataclasses.asdict(analysis)
