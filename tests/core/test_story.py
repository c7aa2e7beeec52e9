"""Keyword lines: what a story is called, which part of it an item is, and which item a notice means."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.profiles.cities import PORTSMERE
from worker.config.knowledge import load_knowledge
from worker.core.domain.document import Entry
from worker.core.sources.entries import Item
from worker.core.sources.story import (
    Known,
    Part,
    completes,
    day_before,
    is_same_headline,
    meant,
    whole,
    with_story,
)

NOTICES = load_knowledge(PORTSMERE).notices
AT = dt.datetime(2031, 5, 8, 14, 0, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


@pytest.mark.parametrize(
    ("line", "story", "part"),
    [
        ("BC-WM--Customs House", "bc wm customs house", None),
        ("BC-WM--Customs House, 2nd Ld", "bc wm customs house", None),
        ("BC-WM--Customs House, 1st Ld-Writethru", "bc wm customs house", 0),
        ("BC-WM--Customs House, 1st Add", "bc wm customs house", 1),
        ("BC-WM--Customs House, 12th Take", "bc wm customs house", 12),
        ("BC-WM--Customs House (Take 2)", "bc wm customs house", 2),
        ("BC-WM--Customs House, KILL", "bc wm customs house", None),
        ("Westmark/explosion/", "westmark explosion", None),
        ("BC-WM--Killing Fields", "bc wm killing fields", None),
        ("BC-WM--Lead Mine", "bc wm lead mine", None),
        ("BC-WM--Takeover, 310", "bc wm takeover", None),
        ("BC-WM--Customs House Victims", "bc wm customs house victims", None),
    ],
)
def test_with_story_reads_a_keyword_line(line: str, story: str, part: int | None) -> None:
    """Versions and parts leave the key as it is; words that only look like them stay in it."""
    assert NOTICES is not None
    item = with_story(Item(slugline=line), NOTICES)

    assert (item.story, item.part) == (story, part)


def test_with_story_takes_a_short_note_for_an_order_and_a_long_one_for_news() -> None:
    """ "2ND TAKE" makes a part; what a note explains of takes makes none."""
    assert NOTICES is not None
    notes = ("2ND TAKE", "Eds: Adds quotes from the 2nd take of this morning's story to the text.")
    parts = [with_story(Item(slugline="Blast", notes=(note,)), NOTICES).part for note in notes]

    assert parts == [2, None]


def known(article_id: str, title: str, hours: float = 0) -> Known:
    """An item seen so many hours after the first."""
    return Known(article_id, title, AT + hours * HOUR, AT + hours * HOUR)


def notice(sent: str | None = None) -> Entry:
    """A notice of two hours later."""
    return Entry("f", "n", "anpa", status="kill", updated=AT + 2 * HOUR, withdraws_sent=sent)


def test_meant_takes_the_item_of_the_hour_and_day_that_are_told() -> None:
    """An hour picks one of a day, a day picks one of several; what nothing fits is none."""
    items = (known("a", "Blast"), known("b", "Fire", 1), known("c", "Flood", -24))
    found = [meant(notice(sent), items, "") for sent in
             ("2031-05-08T15:00", "2031-05-07", "2031-05-08", "2031-05-06", None)]  # fmt: skip
    assert found == ["b", "c", None, None, None]


def test_meant_looks_at_headlines_where_several_are_left() -> None:
    """The one that is repeated; none when both are."""
    items = (known("a", "Blast at quayside kills four"), known("b", "Fire at the old mill"))
    assert meant(notice(), items, "KILL: Blast at quayside kills four") == "a"
    assert meant(notice(), items, "Blast at quayside kills four. Fire at the old mill.") is None
    twins = (known("a", "Bomb kills four in Portsmere"), known("b", "Bomb kills four in Northport"))
    assert meant(notice(), twins, "The story 'Bomb kills four in Northport' is wrong.") == "b"


def test_meant_leaves_an_old_item_with_the_same_line_alone() -> None:
    """Two days ago it was another story, unless the notice names the day."""
    old = (known("a", "Blast", -48),)
    assert meant(notice(), old, "Blast") is None
    assert meant(notice("2031-05-06"), old, "") == "a"


@pytest.mark.parametrize(
    ("title", "same"),
    [
        ("RPT-UPDATE 2-Blast at quayside kills eleven", True),
        ("CORRECTED-Blast at quayside kills at least 3, wounds nine", True),
        ("Blast at quayside", True),
        ("Blast at market kills four", False),
        ("Quayside trade council meets", False),
        ("", False),
    ],
)
def test_is_same_headline_goes_by_all_words_but_numbers(title: str, same: bool) -> None:
    """An order before it and a new figure do not matter; another place does."""
    assert NOTICES is not None
    one, other = (
        with_story(Item(title=text), NOTICES).headline
        for text in ("URGENT-Blast at quayside kills four", title)
    )
    assert is_same_headline(one, other) == same


def test_day_before_is_asked_for_lower_numbers_only() -> None:
    """Number 3 can mean number 157 of yesterday, number 200 cannot."""
    named = "dpa:157:2031-05-08"
    assert day_before(named, "dpa:3:2031-05-08") == "dpa:157:2031-05-07"
    assert day_before(named, "dpa:200:2031-05-08") is None
    assert day_before("urn:newsml:x", "dpa:3:2031-05-08") is None


def test_whole_joins_parts_in_their_order_under_the_title_of_the_lead() -> None:
    """A part sent anew takes the place of itself; a writethru stands alone."""
    parts = (Part(0, "Lead", "one", AT), Part(2, "Take", "three", AT))
    take = Entry("f", "i", "anpa", title="Add", body="two", part=1)
    joined = whole(take, parts)

    assert (joined.title, joined.body) == ("Lead", "one\n\ntwo\n\nthree")
    assert whole(Entry("f", "i", "anpa", body="new", part=0), parts).body == "new"


def test_completes_tells_a_missing_part_from_one_that_a_writethru_ended() -> None:
    """A part that is not here is missing, unless it was sent before the writethru."""
    take = Entry("f", "i", "anpa", body="two", part=1, updated=AT)
    assert completes(take, (Part(0, None, "one", AT + HOUR),))
    assert not completes(take, (Part(0, None, "one", AT + HOUR, whole=True),))
    assert not completes(take, (Part(1, None, "two", AT),))
