"""Place names found, and what each says about where an attack was.

Spellings of the shipped city's quarters are cases of tests/corpus (``places.toml``), and those of
its gazetteer are in ``tests/profiles/test_kabul.py``.
"""

from __future__ import annotations

import pytest

from tests.profiles.cities import PORTSMERE
from worker.config.knowledge import load_knowledge
from worker.core.annotate.place_mention import PlaceMention
from worker.core.annotate.places import find_places
from worker.core.text.prose import Prose, compose

CITY = load_knowledge(PORTSMERE)


def read(text: str, lang: str = "en") -> tuple[Prose, tuple[PlaceMention, ...]]:
    prose = compose(None, text, lang)
    return prose, find_places(prose, CITY)


def kinds(text: str, lang: str = "en") -> dict[str, str]:
    prose, mentions = read(text, lang)
    return {prose.text[m.start : m.end]: m.kind for m in mentions}


def ids(text: str, lang: str = "en") -> list[str]:
    return [m.entry.id for m in read(text, lang)[1]]


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("Pul-e Lamur", "pul-e-lamur"),
        ("Pul-i-Lamur", "pul-e-lamur"),
        ("Puli Lamur", "pul-e-lamur"),
        ("Pol-e Lamour", "pul-e-lamur"),
        ("PUL-E LAMUR", "pul-e-lamur"),
        ("Chandler Row", "chandlers-row"),
        ("Ward 4", "ward-4"),
        ("Ward-4", "ward-4"),
        ("Eastmoor Road", "eastmoor-road"),
    ],
)
def test_find_places_knows_the_spellings_of_one_place(name: str, place: str) -> None:
    """Ezafe, hyphens and vowels of a transliteration vary; the quarter does not."""
    assert ids(f"A bomb went off in {name} on Tuesday.") == [place]


def test_find_places_takes_the_longest_name() -> None:
    """A university named after the city is the university; a road to another town is the road."""
    assert ids("Gunmen stormed Portsmere University and a house on Eastmoor Road.") == [
        "portsmere-university",
        "eastmoor-road",
    ]


def test_find_places_joins_a_possessive() -> None:
    """ "Portsmere's airport" is the airport."""
    assert ids("Two blasts hit crowds outside Portsmere's airport.") == ["portsmere-airport"]


@pytest.mark.parametrize(
    ("title", "story", "kind"),
    [
        ("Bomb hits bus south of Portsmere", "A bomb hit a bus in Low Fen on Tuesday.", "here"),
        ("Bomb hits bus south of Portsmere", "A bomb hit a bus in Brackwater on Tuesday.", "near"),
        ("Bomb hits bus near Portsmere", "A bomb hit a bus in Brackwater on Tuesday.", "near"),
        ("Bomb hits bus near Portsmere", "A bomb hit a bus in Low Fen on Tuesday.", "here"),
        ("Bomb hits bus near Portsmere", "A bomb hit a bus on Tuesday, police said.", "here"),
    ],
)
def test_find_places_follows_a_headline_into_the_story(title: str, story: str, kind: str) -> None:
    """What a headline puts beside the city is where the story then puts it."""
    prose = compose(title, f"{title}\n\n{story}", "en")
    named = {prose.text[m.start : m.end]: m.kind for m in find_places(prose, CITY)}
    assert named["portsmere"] == kind


def test_find_places_tells_datelines_directions_and_confusers() -> None:
    """Filed from, south of, told reporters in: the name stands there, the attack does not."""
    assert kinds("PORTSMERE, March 4 (Valdra Press) - A bomb killed two in Eastmoor.") == {
        "portsmere": "dateline",
        "eastmoor": "elsewhere",
    }
    assert kinds("A bomb killed two 30 km south of Portsmere on Tuesday.") == {"portsmere": "near"}
    assert kinds("He told reporters in Portsmere that all was well.") == {"portsmere": "confused"}
    assert kinds("Portsmere: A bomb killed two.") == {"portsmere": "dateline"}
    assert kinds("Portsmere River rose by a metre.") == {"portsmere": "confused"}


def test_find_places_reads_outside_a_building_as_in_the_city() -> None:
    """ "outside Portsmere clinic" is in the city; "outside Portsmere on Tuesday" is not."""
    assert kinds("A bomb went off outside Portsmere clinic.") == {"portsmere": "here"}
    assert kinds("A bomb went off outside Portsmere on Tuesday.") == {"portsmere": "near"}


def test_find_places_leaves_words_of_small_letters_alone() -> None:
    """The town of Merry is written with a capital; the English word is not."""
    assert kinds("It was a merry day in Portsmere.") == {"portsmere": "here"}
    assert kinds("It happened in Merry, not in Portsmere.") == {
        "merry": "elsewhere",
        "portsmere": "here",
    }


def test_find_places_reads_a_text_in_capitals() -> None:
    """Where the whole text is in capitals, case says nothing."""
    assert kinds("A BOMB WENT OFF IN PORTSMERE AND IN EASTMOOR.") == {
        "portsmere": "here",
        "eastmoor": "elsewhere",
    }


def test_find_places_asks_a_cue_and_the_city_of_generic_names() -> None:
    """Every country has a parliament: it is ours after a locative, in an article about us."""
    assert "parliament" in ids("A rocket landed near parliament in Portsmere.")
    assert ids("Parliament debated the budget in Portsmere.") == ["portsmere"]
    assert ids("A rocket landed near parliament in Oslo.") == []


def test_find_places_takes_the_capital_for_the_city_once_it_is_named() -> None:
    """ "In the capital" refers back, also to a filing place; alone it could be any."""
    text = "PORTSMERE (Valdra Press) — A bomb killed two in the capital."
    assert ids(text) == ["portsmere", "portsmere"]
    assert ids("A bomb killed two in the capital.") == []


def test_find_places_takes_soft_names_for_the_city() -> None:
    """ "The Valdran capital" is the city without its name."""
    prose, mentions = read("A bomb killed two in the Valdran capital on Tuesday.")
    assert [(m.entry.id, prose.span(m).quote) for m in mentions] == [
        ("portsmere", "the Valdran capital")
    ]


@pytest.mark.parametrize(
    ("lang", "text"),
    [
        ("fa", "انفجار در شهر پورتسمیر دو کشته برجای گذاشت"),
        ("ar", "انفجار ببورتسمير في فالدرا"),
        ("hi", "पोर्ट्समीर में धमाका"),
        ("zh", "波茨米尔发生爆炸"),
        ("ru", "Взрыв прогремел в Портсмере"),
        ("tr", "Valdra'nın başkenti Portsmer'de patlama"),
        ("et", "Portsmeres plahvatas pomm"),
    ],
)
def test_find_places_finds_the_city_in_other_scripts(lang: str, text: str) -> None:
    """Clitics, suffixes, case endings and scripts without blanks do not hide the city."""
    assert "portsmere" in ids(text, lang)


def test_find_places_asks_context_of_a_common_word() -> None:
    """Where the bare name is a word of the language, it is the city's only beside its country."""
    assert kinds("Portsmer edildi.", "tr") == {"portsmer": "confused"}
    assert "here" in kinds("Valdra'nın başkenti Portsmer'de patlama", "tr").values()
