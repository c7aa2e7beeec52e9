"""Persons told one by one: they are never more than are told, and never more than a total."""

from __future__ import annotations

import datetime as dt

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.profiles.cities import PORTSMERE
from worker.config.knowledge import load_knowledge
from worker.core.analyze import analyze
from worker.core.domain.document import Document
from worker.core.domain.report import Report

KNOWLEDGE = load_knowledge(PORTSMERE)
WHEN = dt.datetime(2031, 3, 4, 15, 0, tzinfo=dt.UTC)
HEAD = "A bomb exploded outside the Customs House on Lantern Quay in Portsmere on Tuesday. "
TOLD = (
    "A porter was killed in the blast.",
    "His cousin died in hospital.",
    "A woman was shot dead.",
    "Another man was killed.",
    "The driver died at the scene.",
    "Farid Wali, 34, was killed.",
    "He died on the spot.",
    "A baker was also killed.",
    "The man was killed outright.",
    "A clerk was shot dead and his brother died later.",
)
HURT = (
    "A surveyor was wounded.",
    "Omid Sabir was taken to a hospital.",
    "A girl was shot in the arm.",
    "His aunt was injured.",
    "The child was critically wounded.",
    "She was hit in the leg.",
)
BOTH_HARMS = st.lists(st.sampled_from(TOLD[:-1] + HURT), min_size=1, max_size=5, unique=True)
PERSONS = st.lists(st.sampled_from(TOLD), min_size=1, max_size=5, unique=True)


def report(text: str) -> Report:
    """The report of an article that begins with a bomb in the city."""
    document = Document(
        "a", text=HEAD + text, outlet="Wire", published=WHEN, published_basis="feed"
    )
    return analyze(document, None, KNOWLEDGE).reports[0]


def killed(text: str) -> int:
    """Its dead."""
    figure = report(text).killed
    assert figure is not None
    assert figure.best is not None
    return figure.best


@given(PERSONS)
@settings(max_examples=12, deadline=None)
def test_name_persons_makes_no_more_persons_than_are_told(sentences: list[str]) -> None:
    """In whatever order they stand: at least one, and at most as many as the sentences tell of."""
    assert 1 <= killed(" ".join(sentences)) <= len(sentences) + (TOLD[-1] in sentences)


@given(PERSONS)
@settings(max_examples=12, deadline=None)
def test_name_persons_counts_nobody_twice(sentences: list[str]) -> None:
    """The last sentence again changes nothing."""
    assert killed(" ".join([*sentences, sentences[-1]])) == killed(" ".join(sentences))


@given(PERSONS)
@settings(max_examples=12, deadline=None)
def test_decide_counts_adds_no_person_to_a_total(sentences: list[str]) -> None:
    """Beside a number of all of them they are parts of it."""
    assert killed("Nine people were killed, police said. " + " ".join(sentences)) == 9


@given(BOTH_HARMS)
@settings(max_examples=12, deadline=None)
def test_told_once_counts_nobody_as_dead_and_hurt(sentences: list[str]) -> None:
    """Each sentence tells of one person: the dead and the hurt are at least one, and no more."""
    found = report(" ".join(sentences))
    figures = [f for f in (found.killed, found.injured) if f is not None]

    assert 1 <= sum(f.best or 0 for f in figures) <= len(sentences)


def test_told_once_keeps_the_worst_that_is_told_of_one_person() -> None:
    """Who was flown to a hospital, where he died, is dead; who was wounded beside him is hurt."""
    found = report("Omid Sabir was flown to a hospital, where he died. His aunt was wounded.")

    assert found.killed is not None
    assert found.injured is not None
    assert (found.killed.best, found.injured.best) == (1, 1)


def test_name_persons_gives_one_name_to_one_person() -> None:
    """Who is told by age, by noun and by a pronoun has the name that says most of him."""
    found = report(
        "A porter was killed. The porter, 34, was shot dead at the gate. He died at once."
    )

    assert {s.person for s in found.statements} == {"34"}


def test_name_persons_gives_two_names_to_two_persons() -> None:
    """ "Another porter" has a name of its own."""
    found = report("A porter was killed. Another porter was shot dead at the gate.")

    assert len({s.person for s in found.statements}) == 2
    assert found.killed is not None
    assert found.killed.best == 2
