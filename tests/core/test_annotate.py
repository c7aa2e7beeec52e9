"""The one pass over a text: every kind is looked for once, and later stages cut what was found."""

from __future__ import annotations

import collections
import dataclasses
import datetime as dt
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from tests.profiles.cities import PORTSMERE
from worker.config.knowledge import load_knowledge
from worker.core import annotate as package
from worker.core.analyze import analyze
from worker.core.annotate.annotate import Annotated, annotate
from worker.core.annotate.triggers import triggers_in
from worker.core.domain.document import Article, Document
from worker.core.domain.report import Verdict
from worker.core.knowledge.knowledge import Knowledge
from worker.core.lang.normalise import Range
from worker.core.text.prose import compose

KNOWLEDGE = load_knowledge(PORTSMERE)
FRIDAY = dt.datetime(2031, 3, 7, 15, 0, tzinfo=dt.UTC)
PACKAGE = Path(package.__file__).parent
TOLD = """At least six people were killed in Portsmere on Friday when gunmen stormed a bank, officials said.

The blast shook the Ropewalk area at 8.20 am, a day after a mine in Eastmoor wounded two boys.

The Red Tide claimed the attack. In January a bomb near a mosque in the city killed 21 people."""


def annotated(
    text: str,
    published: dt.datetime | None = FRIDAY,
    title: str | None = None,
    lang: str = "en",
    outlet: str | None = None,
) -> Annotated:
    text = f"{title}\n\n{text}" if title else text
    article = Article(
        "a", 1, title, text, text, "", outlet, None, lang, published,
        "feed" if published else "none", None, None,
    )  # fmt: skip
    return annotate(article, compose(title, text, lang), KNOWLEDGE)


def calls_of(document: Document, knowledge: Knowledge = KNOWLEDGE) -> collections.Counter[str]:
    """How often each ``find_…`` of the package ran while a document was analyzed."""
    counted: collections.Counter[str] = collections.Counter()

    def count(frame: FrameType, event: str, _arg: Any) -> None:
        code = frame.f_code
        if event == "call" and code.co_name.startswith("find_"):
            if Path(code.co_filename).parent == PACKAGE:
                counted[code.co_name] += 1

    sys.setprofile(count)
    try:
        analyze(document, None, knowledge)
    finally:
        sys.setprofile(None)
    return counted


def test_analyze_looks_for_each_kind_once() -> None:
    """Whoever wants dates, places or triggers reads what was found; nobody looks a second time."""
    defined = {
        line.split("(")[0].removeprefix("def ")
        for file in PACKAGE.glob("*.py")
        for line in file.read_text("utf-8").splitlines()
        if line.startswith("def find_")
    }
    for published in (FRIDAY, None):
        document = Document("x", text=TOLD, lang="en", published=published)
        assert calls_of(document) == dict.fromkeys(defined, 1)


def test_annotate_counts_dates_from_the_day_that_the_text_speaks_from() -> None:
    """The document's own day; else that of a dateline with its year; else a day that never was."""
    own = annotated("A bomb went off in Portsmere on Thursday.")
    filed = annotated("PORTSMERE, May 8, 2031 (Reuters) - A bomb went off on Tuesday.", None)
    without = annotated("A bomb in Portsmere, two years after 3 May 2029.", None)

    assert own.day == dt.date(2031, 3, 7)
    assert [d.first for d in own.dates] == [dt.date(2031, 3, 6)]
    assert filed.day is None
    assert filed.dates[-1].first == dt.date(2031, 5, 6)
    assert without.reference is not None
    assert without.reference.nominal
    assert (dt.date(2029, 5, 3), dt.date(2029, 5, 3)) in without.certain


def test_annotate_finds_places_only_in_a_language_that_is_not_read() -> None:
    """Without a lexicon there are no words for dates and attacks; names of places need none."""
    found = annotated("Eksplozja w Portsmere w piątek, 7 marca 2031.", lang="pl")

    assert found.lexicon is None
    assert [p.entry.name for p in found.places] == ["Portsmere"]
    assert not (found.dates or found.triggers or found.harm or found.times)


def test_triggers_in_cuts_off_a_determiner_that_stands_before_the_stretch() -> None:
    """ "The army says gunmen attacked": in the clause of the gunmen nothing is definite."""
    found = annotated("The army says gunmen attacked a bank.")
    whole, clause = found.prose.sentences[0], Range(found.prose.text.index("gunmen"), 37)

    assert [t.definite for t in triggers_in(found.triggers, whole)] == [True, True]
    assert [t.definite for t in triggers_in(found.triggers, clause)] == [False, False]


def test_triggers_in_leaves_out_what_only_begins_in_the_stretch() -> None:
    """A word that a stretch cuts in two is not told in it."""
    found = annotated("A suicide bombing shook the bank.")
    first = found.triggers[0]

    assert triggers_in(found.triggers, Range(0, first.end)) == (first,)
    assert triggers_in(found.triggers, Range(0, first.end - 1)) == ()


QUIET = "The council of Portsmere met on Friday to talk about fish, and about the price of ice."
PLACELESS = "Two men were shot dead in a drive-by shooting outside a club on Friday, police said."


@pytest.mark.parametrize("text", [QUIET, PLACELESS])
def test_analyze_drops_what_tells_of_no_attack_or_nowhere(text: str) -> None:
    """Neither words of an attack without a place, nor a place without an attack, make a report."""
    analysis = analyze(Document("x", text=text, lang="en", published=FRIDAY), None, KNOWLEDGE)

    assert analysis.verdict == Verdict("other", 0.0, "drop")
    assert analysis.reports == ()


def test_analyze_looks_for_no_more_once_there_is_nothing_to_report() -> None:
    """Most articles are such: each costs a look at its words, and no dates, groups or figures."""
    quiet = calls_of(Document("x", text=QUIET, lang="en", published=FRIDAY))
    placeless = calls_of(Document("x", text=PLACELESS, lang="en", published=FRIDAY))

    assert set(quiet) == {"find_triggers", "find_harm"}
    assert set(placeless) == {"find_triggers", "find_harm", "find_places"}


@pytest.mark.parametrize(
    "added",
    [
        " It was in Portsmere.",
        " It was in Eastmoor.",
        " Valdran ministers condemned it.",
        " The Red Tide was blamed.",
        " It was in a southern province.",
        " Valdra's parliament will meet.",
    ],
)
def test_annotate_reads_on_where_anything_may_say_where(added: str) -> None:
    """A place here or elsewhere, the country, a group, an unnamed province: all are read."""
    assert annotated(PLACELESS).silent
    assert not annotated(PLACELESS + added).silent


def test_annotate_reads_every_attack_of_an_outlet_of_the_area() -> None:
    """Whoever writes for the city need not say which city."""
    assert not annotated(PLACELESS, outlet="Harbour Courier").silent
    assert annotated(PLACELESS, outlet="Example Wire").silent
    assert annotated(QUIET, outlet="Harbour Courier").silent


def test_annotate_asks_for_no_place_where_the_policy_asks_for_none() -> None:
    """A profile of everywhere reads every attack, and still nothing without one."""
    policy = dataclasses.replace(KNOWLEDGE.profile.policy, require_place=False)
    profile = dataclasses.replace(KNOWLEDGE.profile, policy=policy)
    knowledge = dataclasses.replace(KNOWLEDGE, profile=profile)

    told = calls_of(Document("x", text=PLACELESS, lang="en", published=FRIDAY), knowledge)
    quiet = calls_of(Document("x", text=QUIET, lang="en", published=FRIDAY), knowledge)

    assert "find_dates" in told
    assert "find_dates" not in quiet
