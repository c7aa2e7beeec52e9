"""Sentences, zones, captions and datelines of invented articles."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.core.text.prose import LEAD_SENTENCES, Prose, compose


def read(body: str, title: str | None = None, lang: str = "en") -> Prose:
    return compose(title, f"{title}\n\n{body}" if title else body, lang)


def zones(prose: Prose) -> list[str]:
    return [s.zone for s in prose.sentences]


@pytest.mark.parametrize(
    "text",
    [
        "Police said: three died in the fire.",
        "Blast in the capital: 5 dead, officials say.",
        "At least 11 people were killed (AP) on Monday.",
        "A bomb - the third this week - went off near a school.",
        "Two people died (one of them a child) when a wall fell.",
        "The minister - a former general - resigned.",
        "Taliban: we did it.",
        "POLICE REPORTED THAT THREE MEN DIED.",
        "US officials said a drone had crashed.",
        "Adler, Birch, NATO: what comes next?",
    ],
)
def test_compose_takes_no_clause_for_a_dateline(text: str) -> None:
    """A colon, a dash or a bracket near the start does not make words a filing place."""
    prose = read(text)
    assert prose.datelines == ()
    assert prose.of(prose.sentences[0]) == prose.text


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("PORTSMERE, March 4 (Valdra Press) - A bomb killed two.", "a bomb killed two."),
        ("PORTSMERE, Dec 25 — An attack ended.", "an attack ended."),
        ("Portsmere (VP) Two men died.", "two men died."),
        ("Portsmere, March 4, VP - A bomber struck.", "a bomber struck."),
        ("Portsmere, March 4, VP: Two men died.", "two men died."),
        ("Portsmere, Valdra -- A car bomb went off.", "a car bomb went off."),
        ("Portsmere [Valdra]: The group has claimed it.", "the group has claimed it."),
        ("Portsmere, Valdra | VP | Gunmen opened fire.", "gunmen opened fire."),
        ("PORTSMERE A gunman opened fire.", "a gunman opened fire."),
        ("SAN AMARO, 3 JAN 31 -- [TEXT] THE ARMY SAID SO.", "[text] the army said so."),
        ("PORTSMERE/EASTMOOR (Valdra Press) — “We ran,” she said.", '"we ran," she said.'),
    ],
)
def test_compose_cuts_off_the_filing_place(text: str, rest: str) -> None:
    """Place, date and agency at the head of a story are a dateline and no part of its words."""
    prose = read(text)
    assert len(prose.datelines) == 1
    assert prose.of(prose.sentences[0]) == rest


@pytest.mark.parametrize(
    "place",
    [
        "काबुल, 14 सितंबर (भाषा)",
        "काबुल, सात जनवरी (एपी)",
        "काबुल, एएनआइ।",
        "काबुल [रायटर/एएफपी]।",
        "काबुल।",
    ],
)
def test_compose_cuts_off_a_filing_place_in_devanagari(place: str) -> None:
    """A month has vowel signs, a day may be a word, and a full stop may end the filing place."""
    prose = compose(None, f"{place} गजनी में एक बम फटा। दो लोग मारे गए।", "hi")
    assert len(prose.datelines) == 1
    assert prose.of(prose.sentences[0]).strip() == "गजनी में एक बम फटा।"


def test_compose_takes_no_short_sentence_for_a_filing_place() -> None:
    """Two words with a full stop are a sentence."""
    prose = compose(None, "धमाका हुआ। दो लोग मारे गए।", "hi")
    assert prose.datelines == ()


def test_compose_finds_datelines_of_later_items() -> None:
    """A page of briefs has a filing place at the head of each item."""
    prose = read(
        "PORTSMERE (VP) — A bomb killed two.\n\nThe mayor spoke.\n\nEASTMOOR (VP) — Rain fell.\n"
    )
    assert [prose.of(line).strip() for line in prose.datelines] == [
        "portsmere (vp) -",
        "eastmoor (vp) -",
    ]


def test_compose_takes_both_prints_of_a_caption_for_captions() -> None:
    """The second copy carries the agency's name; neither is the lead of the story."""
    prose = read(
        "Guards close the road after a blast in Portsmere on March 4, 2031.\n"
        "Guards close the road after a blast in Portsmere on March 4, 2031. (Reuters)\n\n"
        "A bomb killed two people on Tuesday.\n\nNo group has claimed it."
    )
    assert [prose.of(s)[:6] for s in prose.sentences if s.zone == "caption"][:2] == ["guards"] * 2
    assert prose.of(next(s for s in prose.sentences if s.zone == "lead")).startswith("a bomb")


def test_compose_takes_no_story_for_a_caption_by_its_agency() -> None:
    """A short item that closes with its agency is the story itself."""
    assert zones(read("A bomb killed two people in Portsmere on Tuesday (AFP)")) == ["lead"]


@pytest.mark.parametrize(
    "line",
    ["Photo: Valdra Press", "File photo shows the square.", "The bridge. [File: A Name/AFP]"],
)
def test_compose_takes_a_credited_or_labelled_line_for_a_caption(line: str) -> None:
    """A picture's credit or label marks its line."""
    prose = read(f"{line}\n\nA bomb killed two people on Tuesday.")
    assert prose.sentences[0].zone == "caption"


def test_compose_gives_title_lead_and_body_their_zones() -> None:
    """Title, then three lead sentences, then body, whatever the paragraphs."""
    prose = read("One died. Two fled.\n\nThree hid. Four came. Five left.", "Attack kills one")
    assert zones(prose) == ["title"] + ["lead"] * LEAD_SENTENCES + ["body"] * 2


def test_compose_ends_no_sentence_at_an_abbreviation() -> None:
    """ "U.S. Gen. Smith" and "8.55 a.m. local" are inside one sentence."""
    prose = read("The U.S. envoy met Gen. Ard at 8.55 a.m. local time. He left.")
    assert len(prose.sentences) == 2


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("یک نفر کشته شد؟ دو نفر زخمی شدند.", 2),
        ("एक की मौत। दो घायल।", 2),
        ("三人死亡。两人受伤。", 2),
    ],
)
def test_compose_ends_sentences_of_other_scripts(text: str, count: int) -> None:
    """Full stops and question marks of other scripts end sentences too."""
    assert len(read(text, lang="xx").sentences) == count


@given(
    st.text(alphabet=st.sampled_from("AB ab.,:-–(\n)?!۔12’\u00a0é"), max_size=120),
    st.one_of(st.none(), st.text(alphabet="Ab :.", min_size=1, max_size=20)),
)
def test_compose_gives_sentences_in_order_inside_the_text(body: str, title: str | None) -> None:
    """Sentences never overlap, never cross a line and every position finds its own."""
    prose = read(body, title)
    last = 0
    for sentence in prose.sentences:
        assert last <= sentence.start < sentence.end <= len(prose.text)
        assert "\n" not in prose.of(sentence)
        assert prose.sentence_at(sentence.start) == sentence
        last = sentence.end
    for line in prose.datelines:
        assert 0 <= line.start < line.end <= len(prose.text)


def test_compose_takes_a_name_in_two_scripts_for_no_filing_place() -> None:
    """The Latin spelling in brackets is no agency's name."""
    assert compose(None, "首都波茨米尔(Portsmere)4日发生爆炸。", "zh").datelines == ()
    assert compose(None, "PORTSMERE (AP) A bomb went off.", "en").datelines != ()
