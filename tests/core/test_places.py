"""Place names found, and what each says about where an attack was."""

from __future__ import annotations

from pathlib import Path

import pytest

from worker.config.knowledge import load_knowledge
from worker.core.annotate.places import PlaceMention, find_places
from worker.core.text.prose import Prose, compose

KABUL = load_knowledge("kabul")
PORTSMERE = load_knowledge(Path(__file__).parent.parent / "profiles" / "portsmere")


def read(text: str, lang: str = "en") -> tuple[Prose, tuple[PlaceMention, ...]]:
    prose = compose(None, text, lang)
    return prose, find_places(prose, KABUL)


def kinds(text: str, lang: str = "en") -> dict[str, str]:
    prose, mentions = read(text, lang)
    return {prose.text[m.start : m.end]: m.kind for m in mentions}


def ids(text: str, lang: str = "en") -> list[str]:
    return [m.entry.id for m in read(text, lang)[1]]


@pytest.mark.parametrize(
    "name",
    [
        "Pul-e Mahmud Khan", "Pul-i-Mahmoud Khan", "Puli Mahmood Khan", "Pol-e Mahmoud Khan",
        "Pul e Mahmood Khan", "PUL-E MAHMUD KHAN",
    ],
)  # fmt: skip
def test_spellings_of_one_quarter(name: str) -> None:
    """Ezafe, hyphens and vowels of a transliteration vary; the quarter does not."""
    assert ids(f"A bomb went off in {name} on Tuesday.") == ["pul-e-mahmud-khan"]


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("Shar-e-Naw", "shahr-e-naw"),
        ("Shahr-i Naw", "shahr-e-naw"),
        ("Karta-e-Parwan", "karte-parwan"),
        ("Kart-i Parwan", "karte-parwan"),
        ("Qalai Fatullah", "qala-e-fathullah"),
        ("Khairkhana", "khair-khana"),
        ("Dashti Barchi", "dasht-e-barchi"),
        ("Dār-ul-Amān", "darulaman"),
        ("PD-13", "pd-13"),
        ("PD 13", "pd-13"),
        ("the 13th police district", "pd-13"),
        ("the third police district", "pd-3"),
        ("police district 8", "pd-8"),
        ("Jalalabad Road", "jalalabad-road"),
    ],
)
def test_other_names(name: str, place: str) -> None:
    """Quarters, numbered districts and roads, however they are written."""
    assert ids(f"A bomb went off in {name} on Tuesday.") == [place]


def test_longest_name_wins() -> None:
    """A university named after the city is the university; a road to another town is the road."""
    assert ids("Gunmen stormed Kabul University and a house on Jalalabad Road.") == [
        "kabul-university",
        "jalalabad-road",
    ]


def test_possessives_join() -> None:
    """ "Kabul's airport" is the airport."""
    assert ids("Two blasts hit crowds outside Kabul's airport.") == ["kabul-international-airport"]


def test_datelines_direction_and_confusers() -> None:
    """Filed from, south of, told reporters in: the name stands there, the attack does not."""
    assert kinds("KABUL, March 4 (Capital Wire) - A bomb killed two in Ghazni.") == {
        "kabul": "dateline",
        "ghazni": "elsewhere",
    }
    assert kinds("A bomb killed two 30 km south of Kabul on Tuesday.") == {"kabul": "near"}
    assert kinds("He told reporters in Kabul that all was well.") == {"kabul": "confused"}
    assert kinds("Kabul: A bomb killed two.") == {"kabul": "dateline"}
    assert kinds("Kabul River rose by a metre.") == {"kabul": "confused"}


def test_outside_a_building_is_not_outside_the_city() -> None:
    """ "outside Kabul clinic" is in the city; "outside Kabul on Tuesday" is not."""
    assert kinds("A bomb went off outside Kabul clinic.") == {"kabul": "here"}
    assert kinds("A bomb went off outside Kabul on Tuesday.") == {"kabul": "near"}


def test_words_of_small_letters_are_no_names() -> None:
    """The French city is written with a capital; the English word is not."""
    assert kinds("It was a nice day in Kabul.") == {"kabul": "here"}
    assert kinds("It happened in Nice, not in Kabul.") == {"nice": "elsewhere", "kabul": "here"}


def test_upper_case_text_has_names_too() -> None:
    """Where the whole text is in capitals, case says nothing."""
    assert kinds("A BOMB WENT OFF IN KABUL AND IN GHAZNI.") == {
        "kabul": "here",
        "ghazni": "elsewhere",
    }


def test_generic_names_need_a_cue_and_the_city() -> None:
    """Every country has a parliament: it is ours after a locative, in an article about us."""
    assert "parliament" in ids("A rocket landed near parliament in Kabul.")
    assert ids("Parliament debated the budget in Kabul.") == ["kabul"]
    assert ids("A rocket landed near parliament in Oslo.") == []


def test_the_capital_is_the_city_once_the_city_is_named() -> None:
    """ "In the capital" refers back, also to a filing place; alone it could be any."""
    assert ids("KABUL (Capital Wire) — A bomb killed two in the capital.") == ["kabul", "kabul"]
    assert ids("A bomb killed two in the capital.") == []


def test_soft_names_mean_the_city() -> None:
    """ "The Afghan capital" is the city without its name."""
    prose, mentions = read("A bomb killed two in the Afghan capital on Tuesday.")
    assert [(m.entry.id, prose.span(m.start, m.end).quote) for m in mentions] == [
        ("kabul", "the Afghan capital")
    ]


@pytest.mark.parametrize(
    ("lang", "text"),
    [
        ("fa", "انفجار در شهر کابل دو کشته برجای گذاشت"),
        ("ar", "انفجار بكابول في أفغانستان"),
        ("hi", "काबुल में धमाका, अफगानिस्तान"),
        ("zh", "喀布尔发生爆炸"),
        ("ru", "Взрыв прогремел в Кабуле"),
        ("tr", "Afganistan'ın başkenti Kabil'de patlama"),
        ("fi", "Kabulissa räjähti pommi"),
    ],
)
def test_the_city_in_other_scripts(lang: str, text: str) -> None:
    """Clitics, suffixes, case endings and scripts without blanks do not hide the city."""
    assert "kabul" in ids(text, lang)


def test_a_common_word_needs_context() -> None:
    """In Turkish the bare name means acceptance, in Arabic a cable."""
    assert kinds("Kabul edildi.", "tr") == {"kabul": "confused"}
    assert kinds("انقطاع كابل بحري", "ar") == {"کابل": "confused"}


def test_an_invented_city_needs_no_code() -> None:
    """Another profile's names are found by the same rules."""
    prose = compose(None, "A bomb hit Lantern Quay in Portsmère, not Eastmoor.", "en")
    assert [(m.entry.id, m.kind) for m in find_places(prose, PORTSMERE)] == [
        ("lantern-quay", "here"),
        ("portsmere", "here"),
        ("x-eastmoor", "elsewhere"),
    ]


def test_every_listed_spelling_finds_its_own_row() -> None:
    """Each variant of the shipped gazetteer leads to its place, or to a finer one of that name."""
    wrong = []
    for entry in KABUL.profile.places:
        if entry.generic:
            continue
        for variant in entry.variants:
            prose = compose(None, f"Something happened in {variant} .", "en")
            found = [m.entry.id for m in find_places(prose, KABUL)]
            if entry.id not in found:
                wrong.append((entry.id, variant, found))
    assert wrong == []
