"""The shipped Kabul profile, and nothing else: what an analyst's edit of it must keep true.

This file, the corpus, the documents' example and the demonstration (``tests/shell/test_demo.py``) are
all that reads ``config/profiles/kabul`` in tests. A red test here means: look at the row that was
changed. How names, groups and dates are found at all is tested on an invented city, ``portsmere``.
"""

from __future__ import annotations

import datetime as dt
import json
import os
from pathlib import Path

import pytest

from tests import program
from worker.config.knowledge import load_knowledge, profile_dir
from worker.config.load import load_feeds
from worker.core.annotate.places import find_places
from worker.core.lang import lexicon
from worker.core.lang.normalise import plain
from worker.core.text.prose import compose
from worker.demo.newsroom import read_schedule

ROOT = Path(__file__).resolve().parents[2]
KABUL = load_knowledge("kabul")
PLACES = {place.id: place for place in KABUL.profile.places}
LEXICONS = sorted(Path(lexicon.__file__).parent.rglob("*.toml"))


def kinds(text: str, lang: str = "en") -> dict[str, str]:
    """Place id → what its mention says of where an attack was."""
    return {m.entry.id: m.kind for m in find_places(compose(None, text, lang), KABUL)}


def test_profile_loads_and_its_digest_is_stable() -> None:
    """No file of it has a mistake, and the same files have the same digest."""
    assert KABUL.profile.name == "kabul"
    assert load_knowledge("kabul").digest == KABUL.digest


def test_places_form_a_tree() -> None:
    """Going up from any place ends; a ring of parents would hang every comparison of places."""
    for place in PLACES.values():
        seen = set()
        while place.parent is not None:
            assert place.id not in seen
            seen.add(place.id)
            place = PLACES[place.parent]


def test_places_hold_the_city_and_each_of_its_police_districts() -> None:
    """PD 1 to PD 22 are rows of their own inside the city, whose number is that of their name."""
    districts = {
        p.police_district: p
        for p in PLACES.values()
        if p.parent == "kabul" and p.kind == "district"
    }
    assert {n: p.id for n, p in districts.items()} == {n: f"pd-{n}" for n in range(1, 23)}


def test_find_places_finds_every_listed_spelling() -> None:
    """Each variant of the gazetteer leads to its place; generic names need a context and are left
    out."""
    wrong = []
    for place in PLACES.values():
        for variant in () if place.generic else place.variants:
            found = kinds(f"Something happened in {variant} .")
            if place.id not in found:
                wrong.append((place.id, variant, sorted(found)))
    assert wrong == []


@pytest.mark.parametrize(
    ("spelling", "place"),
    [
        ("Shahr-i Naw", "shahr-e-naw"),
        ("Karta-e-Parwan", "karte-parwan"),
        ("Qalai Fatullah", "qala-e-fathullah"),
        ("Dashti Barchi", "dasht-e-barchi"),
        ("Puli Mahmood Khan", "pul-e-mahmud-khan"),
        ("the 13th police district", "pd-13"),
        ("Kabul University", "kabul-university"),
        ("Kabul's airport", "kabul-international-airport"),
    ],
)
def test_find_places_finds_spellings_of_the_press(spelling: str, place: str) -> None:
    """Names as outlets print them, listed or near enough to a listed one."""
    assert list(kinds(f"A bomb went off in {spelling} on Tuesday.")) == [place]


@pytest.mark.parametrize(
    ("lang", "text"),
    [
        ("fa", "انفجار در شهر کابل دو کشته برجای گذاشت"),
        ("ar", "انفجار بكابول في أفغانستان"),
        ("hi", "काबुल में धमाका, अफगानिस्तान"),
        ("zh", "喀布尔发生爆炸"),
        ("ru", "Взрыв прогремел в Кабуле"),
        ("tr", "Afganistan'ın başkenti Kabil'de patlama"),
        ("en", "A bomb killed two in the Afghan capital on Tuesday."),
        ("es", "Una bomba mató a dos en la capital afgana"),
    ],
)
def test_find_places_finds_the_city_in_each_script(lang: str, text: str) -> None:
    """By its name in the scripts of the feeds, and by the phrases that mean it."""
    assert kinds(text, lang) == {"kabul": "here"}


@pytest.mark.parametrize(
    ("lang", "text", "kind"),
    [
        ("en", "Kabul River rose by a metre.", "confused"),
        ("en", "He told reporters in Kabul that all was well.", "confused"),
        ("en", "The government in Kabul denied it.", "confused"),
        ("en", "A bomb killed two 30 km south of Kabul on Tuesday.", "near"),
        ("en", "A bomb went off outside Kabul on Tuesday.", "near"),
        ("en", "A bomb went off outside Kabul clinic.", "here"),
        ("tr", "Kabul edildi.", "confused"),
        ("tr", "Afganistan'da saldırı: Kabul sarsıldı.", "here"),
    ],
)
def test_confusers_tell_the_city_from_what_only_holds_its_name(
    lang: str, text: str, kind: str
) -> None:
    """A river, a government, a filing place, a Turkish word, a distance; and a clinic in the city."""
    assert kinds(text, lang)["kabul"] == kind


def test_confusers_know_the_arabic_word_for_cable() -> None:
    """The letters are a name of the city, the phrase is an undersea cable."""
    assert set(kinds("انقطاع كابل بحري", "ar").values()) == {"confused"}


def test_known_attacks_name_a_place_a_day_and_a_source() -> None:
    """Each past attack lies in a place of the watched area, and its date has a source."""
    assert KABUL.profile.known
    for attack in KABUL.profile.known:
        assert attack.place is not None, attack.id
        assert PLACES[attack.place].kind != "elsewhere", attack.id
        assert attack.names, attack.id
        assert attack.source, attack.id


def test_actors_and_institutions_have_ids_of_their_own() -> None:
    """Two rows with one id would be one speaker; a name of two groups would credit the wrong one."""
    ids = [row.id for row in (*KABUL.profile.actors, *KABUL.profile.institutions)]
    names = [
        plain(name) for actor in KABUL.profile.actors for name in set(map(plain, actor.variants))
    ]
    assert sorted({i for i in ids if ids.count(i) > 1}) == []
    assert sorted({n for n in names if names.count(n) > 1}) == []


@pytest.mark.parametrize("path", LEXICONS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_lexicons_name_no_place_and_no_group_of_this_profile(path: Path) -> None:
    """What is true of one city only lives in its profile; a common word is marked ``generic``.

    ("IS" and "EI" are names in capitals only, and in small letters words.)
    """
    words = set(plain(path.read_text("utf-8")).replace('"', " ").split())
    local = {
        plain(variant)
        for place in PLACES.values()
        if place.kind in ("city", "neighbourhood") and not place.generic
        for variant in place.variants
    }
    groups = {
        plain(variant)
        for actor in KABUL.profile.actors
        if actor.actor_class == "non_state_armed_group"
        for variant in actor.variants
        if variant not in ("IS", "EI")
    }
    assert sorted(words & (local | groups)) == []


def test_check_holds_every_example() -> None:
    """`kabulwire check` runs the profile's examples, and each gets the verdict it names."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("KABULWIRE")}
    env = clean | {"PYTHONPATH": str(ROOT)}
    done = program.run("check", "--profile", "kabul", "--json", env=env)
    findings = [json.loads(line) for line in done.stdout.splitlines()]
    assert [found for found in findings if found["problems"]] == []
    assert sum(found["what"].startswith("example") for found in findings) >= 5
    assert done.returncode == 0


def test_every_outlet_of_the_shipped_feeds_has_a_trust() -> None:
    """At least forty feeds, each with outlet and language; nobody's trust is left to chance."""
    feeds = load_feeds(ROOT / "config" / "feeds.toml")
    trust = load_knowledge("kabul").profile.outlet_trust
    assert len(feeds) >= 40
    assert [feed.id for feed in feeds if feed.outlet not in trust or not feed.lang] == []
    assert set(trust.values()) <= {"wire", "local", "national", "aggregator"}


def test_demonstration_is_a_story_of_this_profile() -> None:
    """The newsroom's file is read with the profile's zone, and names the city it is played in."""
    schedule = read_schedule(profile_dir("kabul") / "demo", KABUL.profile.zone, dt.date(2031, 3, 4))
    assert any("kabul" in kinds(release.body) for release in schedule.releases)
