"""Event words: what the rules tag, and what places, dates and armed groups put beside them."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.profiles.cities import PORTSMERE
from worker.config.knowledge import load_knowledge
from worker.core.annotate.cut_text import LONGEST_TOKENS, cut_text
from worker.core.annotate.dates import find_dates
from worker.core.annotate.events import EventSentence, find_events
from worker.core.annotate.places import find_places
from worker.core.lang.normalise import Range
from worker.core.text.prose import compose

KNOWLEDGE = load_knowledge(PORTSMERE)
WEDNESDAY = dt.date(2031, 3, 12)
UNDATED = dt.date(2100, 1, 1)
"""What dates of an undated text are counted from."""


def read(
    body: str,
    title: str | None = None,
    lang: str = "en",
    day: dt.date | None = WEDNESDAY,
    group: str | None = None,
) -> tuple[EventSentence, ...]:
    """The event words of an article; ``group`` is where an armed group is named."""
    prose = compose(title, f"{title}\n\n{body}" if title else body, lang)
    start = prose.text.find(group.lower()) if group else 0
    groups = (Range(start, start + len(group)),) if group else ()
    places = find_places(prose, KNOWLEDGE)
    dates = find_dates(prose, KNOWLEDGE).seen_from(day or UNDATED)
    return find_events(cut_text(prose, KNOWLEDGE.languages[lang]), places, dates, groups, day)


def tags(
    word: str, body: str, day: dt.date | None = WEDNESDAY, group: str | None = None
) -> set[str]:
    """The tags of the first token that begins with a word."""
    sentences = read(body, day=day, group=group)
    found = (t for s in sentences for t in s.tokens if t.word.startswith(word))
    return set(next(found).tags)


@pytest.mark.parametrize(
    ("body", "word", "expected"),
    [
        ("A bomb exploded in Ropewalk.", "ropewalk", {"HERE"}),
        ("A bomb exploded in Brackwater.", "brackwater", {"AWAY"}),
        ("A bomb exploded 30 km from Portsmere.", "portsmere", {"AWAY"}),
        ("BRACKWATER (AP) — A bomb exploded in Ropewalk.", "a", set()),
        ("A bomb exploded in the Portsmere river.", "portsmere", set()),
        ("Two American soldiers were killed in Ropewalk.", "american", set()),
    ],
)
def test_find_events_marks_places(body: str, word: str, expected: set[str]) -> None:
    """Inside is here; elsewhere, and near the area, is away; filing places and confusers are neither."""
    assert tags(word, body) & {"HERE", "AWAY"} == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("A bomb exploded in the eastern province.", True),
        ("A bomb exploded in eastern Portsmere.", False),
        ("A bomb exploded in Portsmere's eastern Ward 4.", False),
    ],
)
def test_find_events_takes_a_side_of_the_area_for_no_other_place(
    body: str, *, expected: bool
) -> None:
    """ "Eastern" beside a place of the area is a part of it."""
    assert ("AWAY" in tags("eastern", body)) is expected


@pytest.mark.parametrize(
    ("body", "word", "expected"),
    [
        ("A bomb exploded on Tuesday.", "tuesday", {"FRESH"}),
        ("A bomb exploded on 10 March 2031.", "10", {"FRESH"}),
        ("A bomb exploded on 10 March 2031.", "2031", {"FRESH"}),
        ("A bomb exploded on 2 March.", "2", {"OLD"}),
        ("A bomb exploded in 2019.", "2019", {"OLD"}),
        ("A bomb exploded on 8 March.", "8", set()),
        ("A bomb exploded last night.", "last", {"FRESH"}),
        ("A bomb exploded on Thursday.", "thursday", set()),
    ],
)
def test_find_events_marks_dates(body: str, word: str, expected: set[str]) -> None:
    """Days around publication are fresh, those long before are old, those between are neither."""
    assert tags(word, body) & {"FRESH", "OLD"} == expected


def test_find_events_without_a_day_goes_by_the_wording() -> None:
    """An undated text: a weekday is fresh, a year is old, a day of some month may be either."""
    assert "FRESH" in tags("monday", "A bomb exploded on Monday.", day=None)
    assert "OLD" in tags("2019", "A bomb exploded in 2019.", day=None)
    assert tags("15", "A bomb exploded on August 15.", day=None) & {"FRESH", "OLD"} == set()
    assert "OLD" not in tags("after", "A day after the bomb, shops opened.", day=None)


def test_find_events_takes_an_armed_group_for_an_attacker() -> None:
    """No pack lists groups: that Red Tide kills is the profile's knowledge."""
    body = "Red Tide killed a judge."

    assert "REAL_EVENT" in tags("killed", body, group="red tide")
    assert "REAL_EVENT" not in tags("killed", body)


def test_find_events_numbers_the_sentences_of_the_body() -> None:
    """Title and caption have no number; the body counts from 0."""
    body = "A bomb exploded.\n\nFile photo: a street.\n\nTwo died. Police came."

    assert [(s.zone, s.body_number) for s in read(body, "Bomb in Ropewalk")] == [
        ("title", -1),
        ("lead", 0),
        ("caption", -1),
        ("lead", 1),
        ("lead", 2),
    ]


@given(
    words=st.lists(st.sampled_from(["attack", "in", "Portsmere", "killed", ",", "five", "Monday"]))
)
def test_find_events_loses_no_token_and_no_order(words: list[str]) -> None:
    """Runs are in order, lie in the text, and are no longer than the limit."""
    sentences = read(" ".join(words * 8))

    tokens = [t for s in sentences for t in s.tokens]
    assert all(one.end <= two.start for one, two in pairwise(tokens))
    assert all(len(s.tokens) <= LONGEST_TOKENS and s.start < s.end for s in sentences)
    assert all(s.tokens[s.token_at(t.start)] == t for s in sentences for t in s.tokens)
