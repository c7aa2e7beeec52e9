"""The contract of segments: kinds, ranges, dates. Articles with several attacks are in tests/corpus."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from tests.profiles.cities import PORTSMERE
from worker.config.knowledge import load_knowledge
from worker.core.annotate.annotate import annotate
from worker.core.domain.document import Article
from worker.core.segment.segment import Segment, find_segments, segment_at
from worker.core.text.prose import Prose, compose

KNOWLEDGE = load_knowledge(PORTSMERE)
WEDNESDAY = dt.datetime(2021, 3, 10, 15, 0, tzinfo=dt.UTC)


def read(
    body: str, title: str | None = None, published: dt.datetime | None = WEDNESDAY
) -> tuple[Prose, tuple[Segment, ...]]:
    text = f"{title}\n\n{body}" if title else body
    article = Article(
        "a", 1, title, body, text, "", None, None, "en", published,
        "feed" if published else "none", None, None,
    )  # fmt: skip
    prose = compose(title, text, "en")
    return prose, find_segments(annotate(article, prose, KNOWLEDGE), KNOWLEDGE)


def kinds(segments: tuple[Segment, ...]) -> list[str]:
    return [s.kind for s in segments]


def words(prose: Prose, segment: Segment) -> str:
    return " ".join(prose.of(at) for at in segment.ranges)


def the(segments: tuple[Segment, ...], kind: str) -> Segment:
    (found,) = (s for s in segments if s.kind == kind)
    return found


def test_find_segments_cuts_a_background_clause_out_of_its_sentence() -> None:
    """ "The blast came two weeks after gunmen …" belongs to the main attack up to "after"."""
    prose, segments = read(
        "A car bomb killed six people in Portsmere on Wednesday.\n\n"
        "The blast came just over two weeks after gunmen raided a bank in the city, killing nine."
    )

    main, background = the(segments, "main"), the(segments, "background")
    assert words(prose, main).endswith("the blast came just over two weeks after")
    assert words(prose, background).strip().startswith("gunmen raided a bank")
    assert (background.date.start, background.date.end) == (
        dt.date(2021, 2, 20),
        dt.date(2021, 2, 24),
    )
    assert main.date.start == main.date.end == dt.date(2021, 3, 10)


def test_find_segments_adds_an_attack_told_again_to_its_segment() -> None:
    """Later paragraphs that come back to "the attack" add to the segment, they make none."""
    prose, segments = read(
        "Gunmen attacked a bank in Portsmere on Wednesday, killing four people.\n\n"
        "Shopkeepers closed their doors.\n\n"
        "The attack began when a bomb exploded at the gate, a police spokesman said.\n\n"
        "Two of the dead were guards."
    )

    assert kinds(segments) == ["main"]
    assert "two of the dead" in words(prose, segments[0])


def test_find_segments_makes_counted_attacks_an_aggregate() -> None:
    """ "Several attacks this year, the last of which …": one aggregate, one earlier attack."""
    prose, segments = read(
        "A blast wounded eight people in Portsmere on Wednesday.\n\n"
        "The city has been hit with several attacks so far this year, the last of which occurred"
        " a month ago when a magnetic bomb on a van left three dead."
    )

    assert kinds(segments) == ["main", "aggregate", "background"]
    assert "three dead" not in words(prose, the(segments, "aggregate"))
    assert "three dead" in words(prose, the(segments, "background"))


def test_find_segments_keeps_totals_and_threats_apart() -> None:
    """Attacks that killed hundreds and vows to attack are kept apart from the main attack."""
    prose, segments = read(
        "A suicide bomber killed five people in Portsmere on Wednesday.\n\n"
        "Officials have failed to stop attacks that have killed hundreds of people.\n\n"
        "The militants vowed to attack more offices in spring."
    )

    assert kinds(segments) == ["main", "aggregate", "threat"]
    assert "hundreds" not in words(prose, segments[0])


def test_find_segments_gives_brief_items_a_date_and_a_place() -> None:
    """A round-up tells several attacks for their own sake, some in other provinces."""
    _, segments = read(
        "A roadside bomb struck a police vehicle in the Lantern Quay area of Portsmere on Wednesday,"
        " wounding two officers.\n\n"
        "In a separate incident, gunmen shot dead a prosecutor in the Ropewalk area of the"
        " capital.\n\n"
        "In Eastmoor, four soldiers were killed in an attack on an outpost overnight."
    )

    assert kinds(segments) == ["main", "item", "item"]
    assert [s.places[0].entry.id for s in segments] == ["lantern-quay", "ropewalk", "x-eastmoor"]
    assert segments[2].date.start == dt.date(2021, 3, 9)


def test_find_segments_parts_two_sites_and_their_sum() -> None:
    """ "Two bombings killed five", each told at its own place: the sum belongs to no one site."""
    prose, segments = read(
        "Two separate bombings killed five people in Portsmere on Wednesday.\n\n"
        "The first blast hit a minibus in Lantern Quay, killing three. The second explosion"
        " targeted a checkpoint in Chandlers Row, killing two policemen."
    )

    assert sorted(kinds(segments)) == ["aggregate", "item", "main"]
    assert "killing three" in words(prose, the(segments, "main"))
    assert "two policemen" in words(prose, the(segments, "item"))
    assert "five" in words(prose, the(segments, "aggregate"))


def test_find_segments_marks_what_is_taken_back() -> None:
    """ "A gas cylinder, not an attack" takes the attack back; "not an accident" does not."""
    _, taken_back = read(
        "The explosion that killed three people in Portsmere on Tuesday was caused by a gas cylinder"
        " and was not an attack, police said."
    )
    _, upheld = read("The explosion in Portsmere on Tuesday was not an accident, police said.")

    assert the(taken_back, "main").retraction
    assert not any(s.retraction for s in upheld)


def test_find_segments_takes_a_foiled_plot_for_a_threat() -> None:
    """What never happened is no attack, though every word of one is there."""
    _, segments = read(
        "Agents foiled a suicide attack in Portsmere on Wednesday, arresting two men who planned to"
        " blow up a wedding hall.",
        "Agents foil suicide attack in Portsmere",
    )

    assert set(kinds(segments)) == {"threat"}


def test_find_segments_cuts_an_undated_text() -> None:
    """Without any publication time nothing is dated, yet "a week after" still parts two attacks."""
    prose, segments = read(
        "PORTSMERE, March 10 - A bomb hidden in a van killed thirty people on Tuesday.\n\n"
        "The bombing came a week after an assault on a hotel in which twelve people died.",
        published=None,
    )

    main, background = the(segments, "main"), the(segments, "background")
    assert (main.date.start, main.date.precision) == (None, "unknown")
    assert background.date.start is None
    assert "twelve" in words(prose, background)


def test_find_segments_finds_none_in_trade_talks() -> None:
    """Trade talks are cut into nothing."""
    _, segments = read("Ministers met in Portsmere on Wednesday to talk about trade and wheat.")

    assert segments == ()


PIECES = st.lists(
    st.sampled_from([
        "A bomb killed five people in Portsmere on Wednesday.",
        "The blast came a day after gunmen shot a judge.",
        "In Eastmoor, a mine wounded two boys.",
        "Officials have failed to stop attacks that have killed hundreds.",
        "That attack was never claimed.",
        "Prices rose in March.",
        "In 2015 a truck bomb killed ten people here.",
        "“We heard shots,” said a baker.",
        "Militants vowed to attack again.",
    ]),
    min_size=1,
    max_size=12,
)  # fmt: skip


@given(PIECES, st.sampled_from(["\n\n", " ", "\n"]))
def test_find_segments_gives_a_character_to_one_segment_at_most(
    pieces: list[str], joint: str
) -> None:
    """Ranges are inside the text, in order, never shared; indices follow the anchors."""
    prose, segments = read(joint.join(pieces))
    owned: set[int] = set()
    for index, segment in enumerate(segments):
        assert segment.index == index
        starts = [at.start for at in segment.ranges]
        assert starts == sorted(starts)
        for at in segment.ranges:
            assert 0 <= at.start < at.end <= len(prose.text)
            assert not owned & set(range(at.start, at.end))
            owned |= set(range(at.start, at.end))
        assert segment_at(segments, segment.anchor.start) is segment
        assert set(segment.sentences) == {
            s.index for s in prose.sentences if any(at.overlaps(s) for at in segment.ranges)
        }
    anchors = [(s.anchor.start, s.anchor.end) for s in segments]
    assert anchors == sorted(anchors)


def test_find_segments_makes_the_count_of_a_year_an_aggregate() -> None:
    """ "1,600 civilians were killed last year" is a statistic, however many died."""
    _, segments = read(
        "A bomb killed four people in Portsmere on Wednesday.\n\n"
        "The United Nations says 1,600 civilians were killed in the first half of last year. More"
        " than 2,000 people have been killed in the city since 2016."
    )

    assert kinds(segments) == ["main", "aggregate", "aggregate"]


def test_find_segments_sets_the_sum_over_two_cities_aside() -> None:
    """ "Bombs in two cities killed twelve", then each alone: the sum is set aside."""
    prose, segments = read(
        "Bomb attacks in Portsmere and the eastern city of Eastmoor killed at least 12 people on"
        " Wednesday, officials said.\n\n"
        "In Portsmere, a sticky bomb killed four soldiers.\n\n"
        "In Eastmoor, a suicide bomber killed eight people.",
        "At least 12 dead as bombs hit Portsmere and Eastmoor",
    )

    assert kinds(segments) == ["aggregate", "main", "item"]
    assert "four soldiers" in words(prose, segments[1])
    assert segments[1].date.start == dt.date(2021, 3, 10)
