"""The contract of statements: verbatim quotes, ids, times. Wordings are cases of tests/corpus."""

from __future__ import annotations

import datetime as dt

from tests.profiles.cities import PORTSMERE
from worker.config.knowledge import load_knowledge
from worker.core.analyze import analyze
from worker.core.domain.document import Document
from worker.core.domain.report import Report

KNOWLEDGE = load_knowledge(PORTSMERE)
WHEN = dt.datetime(2031, 3, 4, 15, 0, tzinfo=dt.UTC)
HEAD = "A bomb exploded outside the Customs House on Lantern Quay in Portsmere on Tuesday. "


def report(text: str) -> Report:
    """The first report of an article that begins with a bomb in the city."""
    document = Document(
        "a", text=HEAD + text, outlet="Wire", published=WHEN, published_basis="feed"
    )
    return analyze(document, None, KNOWLEDGE).reports[0]


def test_find_statements_quotes_the_text_as_it_stands() -> None:
    """Spans are verbatim, over no-break spaces and curly quotes, and hold their number."""
    text = (
        "At\u00a0least six people were killed and “nearly a\u00a0dozen” were hurt, police said. "
        "Doctors at the Portsmere Infirmary said they had received 15\u00a0wounded."
    )
    found = report(text)
    body = HEAD + text

    assert {s.value for s in found.statements} == {6, 12, 15}
    for statement in found.statements:
        assert body[statement.start : statement.end] == statement.quote
        assert any(word in statement.quote.lower() for word in ("six", "dozen", "15"))


def test_find_statements_gives_ids_that_are_unique_and_point_at_each_other() -> None:
    """Within a report ids are unique, and every subset names one of them."""
    found = report(
        "Police said 12 people were killed, including three children, and 30 were wounded, five of "
        "them women. The blast killed two soldiers and a policeman at the gate."
    )
    ids = [s.id for s in found.statements]

    assert len(ids) == len(set(ids))
    parents = {s.subset_of for s in found.statements} - {None}
    assert parents
    assert parents <= set(ids)


def test_find_statements_names_both_sides_of_one_clause_apart() -> None:
    """Victims and attackers of one clause have the same quote, and ids and parts of their own."""
    found = report(
        "Five guests, two guards and three gunmen were killed. Twelve people, including two "
        "attackers, were killed or wounded, the ministry said."
    )
    ids = [s.id for s in found.statements]
    assert len(ids) == len(set(ids))
    guests, gunmen = ({s.id for s in found.statements if s.value == n} for n in (7, 3))
    assert len(guests) == len(gunmen) == 1
    assert {s.subset_of for s in found.statements if s.value == 5} == guests


def test_find_statements_makes_parts_subsets_of_their_whole() -> None:
    """Two classes under one verb are one printed figure, and both parts name it as their whole."""
    found = report("The blast killed two policemen and three civilians.")
    whole = next(s for s in found.statements if s.victim_class == "unspecified")

    assert {s.subset_of for s in found.statements if s is not whole} == {whole.id}


def test_find_statements_carries_the_time_of_the_version() -> None:
    """Figures are ordered by when their article's version was made."""
    first = report("Six people were killed.").statements[0]

    assert first.said_at == WHEN
