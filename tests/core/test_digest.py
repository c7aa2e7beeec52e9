"""A bulletin is judged, placed and dated by the paragraph that tells its attack."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.profiles.cities import PORTSMERE
from worker.config.knowledge import load_knowledge
from worker.core.analyze import analyze
from worker.core.domain.document import Document
from worker.core.domain.report import Report, Verdict

CITY = load_knowledge(PORTSMERE)
TUESDAY = dt.datetime(2031, 3, 4, 15, 0, tzinfo=dt.UTC)
STABBED = "In Portsmere a man with a knife stabbed two clerks at a bank on Monday evening. One of them died."
RIVER = "The river has gone down, and the ferry runs again from Wednesday."
QUINCES = "Quinces are cheap this year, growers say."


def judged(title: str, *paragraphs: str) -> tuple[Verdict, tuple[Report, ...]]:
    """The verdict and the reports of an article of one Tuesday."""
    text = "\n\n".join(paragraphs)
    found = analyze(
        Document(article_id="a", title=title, text=text, lang="en", published=TUESDAY), None, CITY
    )
    return found.verdict, found.reports


@pytest.mark.parametrize(
    "title", ["Evening bulletin", "River falls; clerks stabbed; quinces cheap", "World in brief"]
)
def test_verdict_is_of_the_paragraph_where_a_headline_announces_many_matters(title: str) -> None:
    """By its top the bulletin is about a river."""
    verdict, reports = judged(title, RIVER, STABBED, QUINCES)
    assert verdict.label == "attack_report"
    assert [report.role for report in reports] == ["roundup"]


def test_verdict_is_of_the_paragraph_where_the_opening_announces_many_matters() -> None:
    """A letter to readers need not say so in its headline."""
    verdict, _ = judged("Rain at last", "Dear readers, it rained.", STABBED, QUINCES)
    assert verdict.label == "attack_report"


def test_date_of_a_bulletin_is_that_of_its_paragraph() -> None:
    """The river's Wednesday and today's prices are nobody's attack."""
    _, reports = judged("Evening bulletin", "Today is market day.", STABBED, QUINCES)
    assert reports[0].date.start == dt.date(2031, 3, 3)


@pytest.mark.parametrize(
    "paragraph",
    [
        "In Farwater a man with a knife stabbed two clerks at a bank on Monday evening.",
        "In Portsmere the trial of a man who stabbed two clerks last year began on Monday.",
        "In Portsmere two clerks of a bank won the lottery on Monday.",
    ],
)
def test_verdict_of_a_bulletin_without_an_attack_here_is_none(paragraph: str) -> None:
    """A paragraph elsewhere, about a trial, or about luck makes no report."""
    verdict, _ = judged("Evening bulletin", RIVER, paragraph, QUINCES)
    assert verdict.label != "attack_report"


def test_verdict_of_an_article_on_one_matter_stays_that_of_its_top() -> None:
    """ "Dear" and "bulletin" further down announce nothing."""
    verdict, _ = judged(
        "Ferry runs again", RIVER, QUINCES, "A bulletin board in Portsmere says that it is dear."
    )
    assert verdict.label != "attack_report"
