"""The whole pure chain, through its front door. Articles and attacks are invented."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.config.knowledge import load_knowledge
from worker.core.analyze import analyze
from worker.core.domain.document import Document, Entry
from worker.core.domain.errors import PageError
from worker.core.domain.report import Analysis, Report

KNOWLEDGE = load_knowledge("kabul")
WEDNESDAY = dt.datetime(2021, 3, 10, 15, 0, tzinfo=dt.timezone(dt.timedelta(hours=4, minutes=30)))
TITLE = "Kabul bank stormed after car bomb, six dead"
BODY = """At least six people were killed and 14 wounded in Kabul on Wednesday when gunmen stormed a \
bank after a car bomb exploded at its entrance, officials said.

The blast shook the Karte Naw area at around 8.20 am, interior ministry spokesman Tariq Arian said, \
adding that fighting was still going on.

The Taliban claimed the attack in a statement.

The assault comes just over two weeks after a suicide bomber killed 21 people near a mosque in the \
west of the city, an attack claimed by the Islamic State group.

Officials have struggled to stop attacks that have killed hundreds of people this year."""
SIEGE = (TITLE, BODY)


def told(title: str | None, text: str, published: dt.datetime | None = WEDNESDAY) -> Analysis:
    document = Document(
        "x", title=title, text=text, lang="en", outlet="Example Wire", published=published,
        published_basis="feed" if published else "none", first_seen=published,
    )  # fmt: skip
    return analyze(document, None, KNOWLEDGE)


def by_role(analysis: Analysis, role: str) -> list[Report]:
    return [r for r in analysis.reports if r.role == role]


def test_main_attack_comes_first_with_its_own_slots() -> None:
    """The primary report holds nothing of the mosque, the other group, or the earlier toll."""
    analysis = told(*SIEGE)
    primary = analysis.reports[0]

    assert analysis.verdict.label == "attack_report"
    assert primary.role == "primary"
    assert primary.date.start == primary.date.end == dt.date(2021, 3, 10)
    assert primary.time == "08:20"
    assert primary.attack_types == ("bombing_explosion", "armed_assault")
    assert primary.suicide is None
    assert primary.place is not None
    assert primary.place.neighbourhood == "Karte Naw"
    assert [c.group for c in primary.claims] == ["Taliban"]
    assert [p.name for p in primary.perpetrators] == ["Taliban"]
    assert primary.incident_status == "ongoing"
    assert primary.targets[0].type == "business"


def test_background_attack_is_a_stub_with_its_own_date_toll_and_group() -> None:
    """The earlier attack is a report of its own, so the link to a known incident can be made."""
    analysis = told(*SIEGE)
    (stub,) = by_role(analysis, "background")

    assert stub.date.start == dt.date(2021, 2, 20)
    assert stub.suicide == "yes"
    assert [c.group for c in stub.claims] == ["Islamic State Khorasan"]
    assert stub.killed is not None
    assert stub.killed.best == 21


def test_no_background_figure_reaches_the_main_attack() -> None:
    """21 dead two weeks ago and hundreds this year are not among today's six."""
    primary = told(*SIEGE).reports[0]

    assert primary.killed is not None
    assert primary.injured is not None
    assert (primary.killed.low, primary.killed.best) == (6, 6)
    assert primary.injured.best == 14
    used = {s.value for s in primary.statements if s.status == "used"}
    assert used == {6, 14}


def test_report_ids_count_the_text_and_reports_stand_by_prominence() -> None:
    """``#k`` follows the text; the list begins with what the article is about."""
    analysis = told(
        "Rockets land near Kabul palace",
        "A week after a bomb killed nine people at a Kabul market, three rockets landed near the"
        " presidential palace in Kabul on Wednesday, wounding two guards, police said.",
    )

    assert analysis.reports[0].role == "primary"
    assert {r.report_id for r in analysis.reports} == {
        f"x#{k}" for k in range(1, len(analysis.reports) + 1)
    }


def test_attack_elsewhere_makes_no_report() -> None:
    """A bombing in another province is read and named in the verdict, but not reported."""
    analysis = told(
        "Bomb kills four in Herat",
        "A roadside bomb killed four people in the western province of Herat on Wednesday.",
    )

    assert analysis.verdict.label == "other_place"
    assert analysis.reports == ()


def test_page_without_words_is_a_page_error() -> None:
    """What cannot be read raises the one error that the shell knows how to handle."""
    with pytest.raises(PageError):
        analyze(Document("x", html=b"<html><body></body></html>"), None, KNOWLEDGE)


def test_entry_completes_what_the_document_does_not_say() -> None:
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
        "In Kandahar, a mine killed two boys.",
        "Photo\u00a0taken on March 10, 2021. (Reuters)",
        "Ministers met to talk about trade.",
        "“We saw six bodies,” said a baker.",
    ]),
    min_size=1,
    max_size=8,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(PIECES, st.sampled_from(["\n\n", " ", "\r\n"]), st.booleans(), st.booleans())
def test_invariants_of_any_article(
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
