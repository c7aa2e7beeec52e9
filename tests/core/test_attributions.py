"""Attributions: which words a speaker governs, who he is, and whose a group in power is."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.profiles.cities import PORTSMERE
from worker.config.knowledge import load_knowledge
from worker.core.annotate.attributions import Attributions, find_attributions
from worker.core.annotate.counts import CountMention, find_counts
from worker.core.annotate.cut_text import cut_text
from worker.core.annotate.speakers import Speaker, find_speaker_names
from worker.core.text.prose import Prose, compose

KNOWLEDGE = load_knowledge(PORTSMERE)
BEFORE, AFTER = dt.date(2030, 5, 31), dt.date(2030, 6, 1)
"""The Harbour League holds power from the later day."""


def read(
    body: str, day: dt.date = AFTER, lang: str = "en", title: str | None = None
) -> tuple[Prose, Attributions, tuple[CountMention, ...]]:
    """A text with its attributions and counts."""
    prose = compose(title, f"{title}\n\n{body}" if title else body, lang)
    text = cut_text(prose, KNOWLEDGE.languages[lang])
    counts = find_counts(text)
    names = find_speaker_names(prose, KNOWLEDGE.profile, day)
    return prose, find_attributions(text, "Wire", names, counts), counts


def speakers(body: str, day: dt.date = AFTER, lang: str = "en") -> list[tuple[int | None, str]]:
    """Each figure with the id of who is quoted for it; "" for the outlet."""
    prose, found, counts = read(body, day, lang)
    quoted = [(c.value, found.speaker_at(prose, c.number.start)) for c in counts]
    return [(value, speaker.id if speaker else "") for value, speaker in quoted]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("Police said 5 people died.", [(5, "wire/police")]),
        ("5 people died, police said on Monday.", [(5, "wire/police")]),
        ("Where 5 people died, police said 2 people were wounded.", [(5, ""), (2, "wire/police")]),
        ("5 people died, police said, and 2 were wounded.", [(5, "wire/police"), (2, "wire/police")]),
        ("Police said 5 people died, but 7 people were killed.", [(5, "wire/police"), (7, "")]),
        ("Police said 5 people died while 2 were wounded.", [(5, "wire/police"), (2, "wire/police")]),
        (
            "Police said 5 people died while doctors said 7 people died.",
            [(5, "wire/police"), (7, "wire/hospital")],
        ),
        ("Police told a doctor 5 people died.", [(5, "wire/police")]),
        ("Red Tide claimed responsibility for a blast that killed 5 people.", [(5, "")]),
        ("The mayor said shells fired by the army killed 5 people.", [(5, "wire/government_unspecified")]),
        ("Petra Lunn said 5 people died. Lunn said 2 people were wounded.", [(5, "health-ministry"), (2, "health-ministry")]),
    ],
)  # fmt: skip
def test_speaker_at_tells_whose_words_a_figure_is(
    body: str, expected: list[tuple[int | None, str]]
) -> None:
    """The verb's message is its speaker's, up to the next speaker or turn; the rest is the outlet's."""
    assert speakers(body) == expected


def test_speaker_at_gives_a_quotation_to_who_is_quoted_in_it() -> None:
    """Also what stands in the sentence before; not what follows the closing mark."""
    body = '"5 people died. It is bad," a doctor said. 7 people were wounded.'
    assert speakers(body) == [(5, "wire/hospital"), (7, "")]


def test_find_attributions_takes_an_unnamed_official_for_the_one_introduced_next() -> None:
    """A single official becomes the person by name; several officials stay what they are."""
    named = "District chief Arlo Venn said the road was closed."
    _, one, _ = read(f"5 people died, an official said. {named}")
    _, several, _ = read(f"5 people died, officials said. {named} The mayor said it was over.")
    assert "Arlo Venn" in str(one.found[0].speaker.name)
    police = "Police chief Arlo Venn said the road was closed."
    _, several, _ = read(f"5 people died, officials said. {police}")
    assert several.found[0].speaker.name == "officials"


def test_find_attributions_forgets_the_speaker_of_the_title() -> None:
    """ "He" of the first sentence is nobody of the headline."""
    _, found, _ = read("He said 5 people died.", title="Police: 5 people dead")
    assert [a.sentence for a in found.found] == [0]


@pytest.mark.parametrize(
    ("day", "kind", "party"),
    [(BEFORE, "armed_group", True), (AFTER, "government_unspecified", False)],
)
def test_find_speaker_names_knows_who_holds_power(day: dt.date, kind: str, party: bool) -> None:
    """From that day on the group speaks as the authorities do."""
    prose = compose(None, "The Harbour League said 5 people died.", "en")
    speaker: Speaker = find_speaker_names(prose, KNOWLEDGE.profile, day)[0].speaker
    assert (speaker.id, speaker.type, speaker.perpetrator_party) == (
        "actor:harbour-league",
        kind,
        party,
    )


@pytest.mark.parametrize(("ruling", "victims"), [(False, "perpetrator"), (True, "security_forces")])
def test_find_counts_takes_people_of_a_group_in_power_for_security_forces(
    ruling: bool, victims: str
) -> None:
    """ "Two Harbour League fighters": attackers, until the group is the state."""
    prose = compose(None, "Two Harbour League fighters were killed.", "en")
    named = find_speaker_names(prose, KNOWLEDGE.profile, AFTER)
    text = cut_text(prose, KNOWLEDGE.languages["en"])
    counts = find_counts(text, named, named if ruling else ())
    assert [(c.value, c.victim_class) for c in counts] == [(2, victims)]


def test_find_attributions_needs_a_figure() -> None:
    """A text that counts nobody is not asked who says it."""
    assert read("Police said the road was closed.")[1].found == ()


def test_denier_in_tells_who_denies_something() -> None:
    """Who only denies is quoted for nothing, and is kept: a denial of an attack is his."""
    prose = compose(None, "Police denied that a bomb had gone off. The mayor was away.", "en")
    text = cut_text(prose, KNOWLEDGE.languages["en"])
    found = find_attributions(text, "Wire", (), (), takes_back=True)
    first, second = prose.sentences
    assert found.speaker_at(prose, first.end - 2) is None
    assert (denier := found.denier_in(first)) is not None
    assert denier.id == "wire/police"
    assert found.denier_in(second) is None
