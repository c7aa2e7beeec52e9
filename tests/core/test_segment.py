"""Which stretches of an article tell of which attack. All articles and attacks are invented."""

from __future__ import annotations

import datetime as dt
import textwrap

from hypothesis import given
from hypothesis import strategies as st

from worker.config.knowledge import load_knowledge
from worker.core.domain.document import Article
from worker.core.segment.segment import Segment, find_segments, segment_at
from worker.core.text.prose import Prose, compose

KNOWLEDGE = load_knowledge("kabul")
WEDNESDAY = dt.datetime(2021, 3, 10, 15, 0, tzinfo=dt.timezone(dt.timedelta(hours=4, minutes=30)))


def read(
    body: str, title: str | None = None, published: dt.datetime | None = WEDNESDAY
) -> tuple[Prose, tuple[Segment, ...]]:
    text = f"{title}\n\n{body}" if title else body
    article = Article(
        "a", 1, title, body, text, "", None, None, "en", published,
        "feed" if published else "none", None, None,
    )  # fmt: skip
    prose = compose(title, text, "en")
    return prose, find_segments(article, prose, KNOWLEDGE)


def kinds(segments: tuple[Segment, ...]) -> list[str]:
    return [s.kind for s in segments]


def words(prose: Prose, segment: Segment) -> str:
    return " ".join(prose.text[a:b] for a, b in segment.ranges)


def the(segments: tuple[Segment, ...], kind: str) -> Segment:
    (found,) = (s for s in segments if s.kind == kind)
    return found


def test_background_clause_is_cut_out_of_the_sentence_about_the_main_attack() -> None:
    """ "The blast came two weeks after gunmen …" belongs to the main attack up to "after"."""
    prose, segments = read(
        "A car bomb killed six people in Kabul on Wednesday.\n\n"
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


def test_same_attack_told_again_stays_one_segment() -> None:
    """Later paragraphs that come back to "the attack" add to the segment, they make none."""
    prose, segments = read(
        "Gunmen attacked a bank in Kabul on Wednesday, killing four people.\n\n"
        "Shopkeepers closed their doors.\n\n"
        "The attack began when a bomb exploded at the gate, a police spokesman said.\n\n"
        "Two of the dead were guards."
    )

    assert kinds(segments) == ["main"]
    assert "two of the dead" in words(prose, segments[0])


def test_counted_attacks_are_an_aggregate_and_the_last_of_them_background() -> None:
    """ "Several attacks this year, the last of which …": one aggregate, one earlier attack."""
    prose, segments = read(
        "A blast wounded eight people in Kabul on Wednesday.\n\n"
        "The city has been hit with several attacks so far this year, the last of which occurred"
        " a month ago when a magnetic bomb on a van left three dead."
    )

    assert kinds(segments) == ["main", "aggregate", "background"]
    assert "three dead" not in words(prose, the(segments, "aggregate"))
    assert "three dead" in words(prose, the(segments, "background"))


def test_totals_and_threats_are_no_attack_of_their_own() -> None:
    """Attacks that killed hundreds and vows to attack are kept apart from the main attack."""
    prose, segments = read(
        "A suicide bomber killed five people in Kabul on Wednesday.\n\n"
        "Officials have failed to stop attacks that have killed hundreds of people.\n\n"
        "The militants vowed to attack more offices in spring."
    )

    assert kinds(segments) == ["main", "aggregate", "threat"]
    assert "hundreds" not in words(prose, segments[0])


def test_attack_opened_by_a_subordinate_clause_is_not_dated_by_it() -> None:
    """ "After a bomber killed twenty on Monday, gunmen struck on Wednesday": Wednesday is main."""
    prose, segments = read(
        "After a bomber killed twenty people on Monday, gunmen attacked a mosque in Kabul on"
        " Wednesday."
    )

    assert the(segments, "main").date.start == dt.date(2021, 3, 10)
    assert "twenty" in words(prose, the(segments, "background"))


def test_brief_items_are_segments_with_date_and_place() -> None:
    """A round-up tells several attacks for their own sake, some in other provinces."""
    _, segments = read(
        "A roadside bomb struck a police vehicle in the Karte Naw area of Kabul on Wednesday,"
        " wounding two officers.\n\n"
        "In a separate incident, gunmen shot dead a prosecutor in the Khair Khana area of the"
        " capital.\n\n"
        "In Kandahar, four soldiers were killed in an attack on an outpost overnight."
    )

    assert kinds(segments) == ["main", "item", "item"]
    assert [s.places[0].entry.id for s in segments] == ["karte-naw", "khair-khana", "x-kandahar"]
    assert segments[2].date.start == dt.date(2021, 3, 9)


def test_two_sites_in_the_city_are_two_attacks_and_their_sum_is_neither() -> None:
    """ "Two bombings killed five", each told at its own place: the sum belongs to no one site."""
    prose, segments = read(
        "Two separate bombings killed five people in Kabul on Wednesday.\n\n"
        "The first blast hit a minibus in Dasht-e-Barchi, killing three. The second explosion"
        " targeted a checkpoint in Karte Parwan, killing two policemen."
    )

    assert sorted(kinds(segments)) == ["aggregate", "item", "main"]
    assert "killing three" in words(prose, the(segments, "main"))
    assert "two policemen" in words(prose, the(segments, "item"))
    assert "five" in words(prose, the(segments, "aggregate"))


def test_second_blast_at_the_same_scene_is_the_same_attack() -> None:
    """A second bomb aimed at rescuers is one continuous operation with the first."""
    _, segments = read(
        "A bomb exploded outside a school in Dasht-e-Barchi, Kabul, on Wednesday.\n\n"
        "A second explosion followed minutes later as rescuers arrived, killing two medics."
    )

    assert kinds(segments) == ["main"]


def test_retraction_names_what_it_was_instead() -> None:
    """ "A gas cylinder, not an attack" takes the attack back; "not an accident" does not."""
    _, taken_back = read(
        "The explosion that killed three people in Kabul on Tuesday was caused by a gas cylinder"
        " and was not an attack, police said."
    )
    _, upheld = read("The explosion in Kabul on Tuesday was not an accident, police said.")

    assert the(taken_back, "main").retraction
    assert not any(s.retraction for s in upheld)


def test_foiled_plot_is_a_threat() -> None:
    """What never happened is no attack, though every word of one is there."""
    _, segments = read(
        "Agents foiled a suicide attack in Kabul on Wednesday, arresting two men who planned to"
        " blow up a wedding hall.",
        "Agents foil suicide attack in Kabul",
    )

    assert set(kinds(segments)) == {"threat"}


def test_death_in_hospital_is_dated_by_the_attack() -> None:
    """A victim who dies on Wednesday was wounded on the day of the bombing, not on Wednesday."""
    _, segments = read(
        "A driver wounded in a bombing in Kabul died of his injuries on Wednesday.\n\n"
        "Three people were killed when a bomb exploded on Friday.",
        "Driver wounded in Kabul bombing dies",
    )

    assert the(segments, "main").date.start == dt.date(2021, 3, 5)


def test_claim_says_yesterday_by_a_day_earlier() -> None:
    """The day of the statement is the speaker's; "a day earlier" is the attack's."""
    _, segments = read(
        "The group said on Wednesday it carried out a suicide bombing at a mosque in Kabul a day"
        " earlier that killed ten worshippers."
    )

    assert the(segments, "main").date.start == dt.date(2021, 3, 9)


def test_weekday_in_the_capital_of_another_time_zone_is_local() -> None:
    """23:00 UTC on Tuesday is Wednesday in the watched city; "Wednesday" is that very day."""
    late = dt.datetime(2021, 3, 9, 23, 0, tzinfo=dt.UTC)
    _, segments = read("A bomb killed two people in Kabul on Wednesday.", published=late)

    assert the(segments, "main").date.start == dt.date(2021, 3, 10)


def test_undated_text_is_still_cut() -> None:
    """Without any publication time nothing is dated, yet "a week after" still parts two attacks."""
    prose, segments = read(
        "KABUL, March 10 - A bomb hidden in a van killed thirty people on Tuesday.\n\n"
        "The bombing came a week after an assault on a hotel in which twelve people died.",
        published=None,
    )

    main, background = the(segments, "main"), the(segments, "background")
    assert (main.date.start, main.date.precision) == (None, "unknown")
    assert background.date.start is None
    assert "twelve" in words(prose, background)


def test_caption_dates_an_article_without_a_time() -> None:
    """A photo caption with a full date stands in for the missing publication time."""
    _, segments = read(
        "Guards fired at attackers in Kabul on Wednesday after a bomb killed two people.\n\n"
        "Smoke over the city on March 10, 2021. (Reuters)",
        published=None,
    )

    assert the(segments, "main").date.start == dt.date(2021, 3, 10)


def test_attack_that_goes_by_a_known_name_has_a_known_date() -> None:
    """The profile dates an earlier attack that the article only names."""
    _, segments = read(
        "A bomb killed four people in Kabul on Wednesday.\n\n"
        "Residents recalled similar attacks such as the German embassy bombing, in which a truck"
        " bomb killed many."
    )

    assert the(segments, "background").date.start == dt.date(2017, 5, 31)


def test_hard_wrapped_lines_are_read_as_paragraphs() -> None:
    """A wire that breaks its lines at seventy characters says the same as one that does not."""
    body = (
        "A roadside bomb killed four police officers who were driving through the old part of"
        " Kabul on Wednesday, and the attack was claimed by nobody in the first hours after it."
        " The blast came two weeks after gunmen raided a bank in the city, killing nine people"
        " and wounding many others who had come to draw their wages on that day."
    )
    wrapped = textwrap.fill(body, 70)

    prose, segments = read(body)
    broken, again = read(wrapped)
    assert [words(prose, s) for s in segments] == [words(broken, s) for s in again]
    assert len(segments) == 2


def test_article_without_an_attack_has_no_segment() -> None:
    """Trade talks are cut into nothing."""
    _, segments = read("Ministers met in Kabul on Wednesday to talk about trade and wheat.")

    assert segments == ()


PIECES = st.lists(
    st.sampled_from([
        "A bomb killed five people in Kabul on Wednesday.",
        "The blast came a day after gunmen shot a judge.",
        "In Herat, a mine wounded two boys.",
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
def test_a_character_belongs_to_one_segment_at_most(pieces: list[str], joint: str) -> None:
    """Ranges are inside the text, in order, never shared; indices follow the anchors."""
    prose, segments = read(joint.join(pieces))
    owned: set[int] = set()
    for index, segment in enumerate(segments):
        assert segment.index == index
        assert segment.ranges == tuple(sorted(segment.ranges))
        for start, end in segment.ranges:
            assert 0 <= start < end <= len(prose.text)
            assert not owned & set(range(start, end))
            owned |= set(range(start, end))
        assert segment_at(segments, segment.anchor[0]) is segment
        assert set(segment.sentences) == {
            s.index
            for s in prose.sentences
            if any(a < s.end and s.start < b for a, b in segment.ranges)
        }
    assert [s.anchor for s in segments] == sorted(s.anchor for s in segments)


def test_count_of_a_year_is_no_attack() -> None:
    """ "1,600 civilians were killed last year" is a statistic, however many died."""
    _, segments = read(
        "A bomb killed four people in Kabul on Wednesday.\n\n"
        "The United Nations says 1,600 civilians were killed in the first half of last year. More"
        " than 2,000 people have been killed in the city since 2016."
    )

    assert kinds(segments) == ["main", "aggregate", "aggregate"]


def test_attack_of_the_day_before_is_another_one() -> None:
    """ "On Tuesday, a bomb killed two" is told apart, "began late on Tuesday" is not."""
    _, apart = read(
        "A bomb killed four people in Kabul on Wednesday.\n\nPolice sealed off the street.\n\n"
        "Nobody claimed it.\n\nOn Tuesday, a magnetic bomb killed two doctors in the city."
    )
    _, same = read(
        "Gunmen stormed a guest house in Kabul late on Tuesday and fought until Wednesday.\n\n"
        "Police sealed off the street.\n\nNobody claimed it.\n\n"
        "The attack began on Tuesday when a bomb went off at the gate."
    )

    assert kinds(apart) == ["main", "background"]
    assert the(apart, "background").date.start == dt.date(2021, 3, 9)
    assert kinds(same) == ["main"]


def test_sum_over_two_cities_belongs_to_neither() -> None:
    """ "Bombs in two cities killed twelve", then each alone: the sum is set aside."""
    prose, segments = read(
        "Bomb attacks in Kabul and the eastern city of Jalalabad killed at least 12 people on"
        " Wednesday, officials said.\n\n"
        "In Kabul, a sticky bomb killed four soldiers.\n\n"
        "In Jalalabad, a suicide bomber killed eight people.",
        "At least 12 dead as bombs hit Kabul and Jalalabad",
    )

    assert kinds(segments) == ["aggregate", "main", "item"]
    assert "four soldiers" in words(prose, segments[1])
    assert segments[1].date.start == dt.date(2021, 3, 10)
