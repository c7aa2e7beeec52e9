"""One attack told in many languages: what is known by id agrees, what is only named is silent."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.profiles.cities import PORTSMERE
from tests.stories.tell import article_of, report_of
from tests.stories.world import World
from worker.config.knowledge import load_knowledge
from worker.core import lang as languages
from worker.core.domain.incident import ArticleRef, FiledReport, FrozenIncident, from_json, to_json
from worker.core.domain.report import Claim, Place, Report
from worker.core.lang.categories import read_categories
from worker.core.lang.lexicon import build
from worker.core.lang.names import without_parts
from worker.core.merge.cluster.component import as_filed
from worker.core.merge.evidence.facts import Facts, Gazetteer, facts_of
from worker.core.merge.evidence.pairs import Pair, compare

KNOWLEDGE = load_knowledge(PORTSMERE)
GAZETTEER = Gazetteer(KNOWLEDGE)
DAY = dt.date(2031, 3, 4)
AT = dt.datetime(2031, 3, 4, 9, 0, tzinfo=dt.UTC)
SCHOOL = "educational_institution/school_university_educational_building"
POLICE = "police/police_building"
TOLD_IN = {
    "en": "Anglers College",
    "fa": "کالج ماهیگیران",
    "ar": "كلية الصيادين",
    "es": "Colegio de Pescadores",
    "tr": "Balıkçılar Koleji'ne",
    "hi": "मछुआरा महाविद्यालय",
}
"""One thing that the profile does not list, as six outlets name it."""
Slots = dict[str, object]


def _filed(lang: str, slots: Slots, **more: object) -> FiledReport:
    article = article_of(f"{lang}-1", {"at": AT, "lang": lang}, KNOWLEDGE)
    report = replace(report_of(article, 1, {"date": DAY, **slots}, KNOWLEDGE), **more)  # type: ignore[arg-type]
    return FiledReport(report, ArticleRef.of(article), "report")


def _facts(lang: str, slots: Slots, **more: object) -> Facts:
    return facts_of(_filed(lang, slots, **more), GAZETTEER)


def _targets(a: tuple[str, str], b: tuple[str, str]) -> Pair:
    one, two = (_facts(lang, {"target": [name]}) for lang, name in (a, b))
    return compare(one, two, KNOWLEDGE.merge_weights)


def _code(pair: Pair, slot: str) -> str | None:
    return next((code for code, _ in pair.terms if code.startswith(slot)), None)


@pytest.mark.parametrize(
    ("a", "b", "code"),
    [
        (("en", f"{SCHOOL}: Anglers College"), ("es", f"{SCHOOL}: Colegio de Pescadores"), "same_kind"),
        (("en", f"{SCHOOL}: Anglers College"), ("hi", f"{SCHOOL}: मछुआरा महाविद्यालय"), "same_kind"),
        (("en", f"{SCHOOL}: Anglers College"), ("fa", f"{POLICE}: قرارگاه نهم"), "other_type"),
        (("en", "ngo/x: Harbour Aid"), ("es", "ngo/x: Harbour Aid"), "same"),
        (("en", "ngo/x: Harbour Aid"), ("tr", "ngo/x: Harbour Aid'in"), "same"),
        (("en", "unknown: something"), ("es", f"{POLICE}: Comisaría Novena"), None),
        (("en", "ngo/: Harbour Aid"), ("es", "ngo/: Ayuda del Puerto"), None),
    ],
)  # fmt: skip
def test_compare_lets_names_of_two_languages_agree_and_not_contradict(
    a: tuple[str, str], b: tuple[str, str], code: str | None
) -> None:
    """Other words are no other thing; what kind of thing it is counts a little."""
    for pair in (_targets(a, b), _targets(b, a)):
        assert _code(pair, "target") == (f"target.{code}" if code else None)
        assert not pair.contradictions


@pytest.mark.parametrize(
    ("lang", "a", "b", "code"),
    [
        ("en", f"{SCHOOL}: Anglers College", f"{POLICE}: Ninth Station", "differ"),
        ("es", f"{SCHOOL}: Colegio de Pescadores", f"{POLICE}: Comisaría Novena", "differ"),
        ("es", f"{SCHOOL}: colegio de Pescadores", f"{POLICE}: Comisaría Novena", "other"),
        ("fa", f"{SCHOOL}: کالج ماهیگیران", f"{POLICE}: قرارگاه نهم", "differ"),
        ("hi", f"{SCHOOL}: मछुआरा महाविद्यालय", f"{POLICE}: नौवां थाना", "other"),
        ("ar", f"{SCHOOL}: كلية الصيادين", f"{SCHOOL}: كلية الصيادين", "alike"),
    ],
)
def test_compare_contradicts_within_one_language(lang: str, a: str, b: str, code: str) -> None:
    """Where words can be compared, two things are two: in every script, as far as it shows names."""
    pair = _targets((lang, a), (lang, b))
    assert _code(pair, "target") == f"target.{code}"
    assert pair.contradictions == (("target",) if code != "alike" else ())


def test_compare_knows_a_name_without_capitals_by_the_words_beyond_its_kind() -> None:
    """With words for kinds of things in Dari: two more words are a name, one or none is not."""
    listed = Path(languages.__file__).with_name("phrases.toml").read_text("utf-8")
    kinds = {"lang": "fa", "tables": {"target_type": {"کالج": SCHOOL, "قرارگاه پولیس": POLICE}}}
    categories = read_categories(tomllib.loads(listed), "phrases.toml")
    pack = replace(
        KNOWLEDGE.languages["fa"], phrases=build(kinds, "fa", categories, complete=False)
    )
    gazetteer = Gazetteer(replace(KNOWLEDGE, languages={"fa": pack}))

    def code(a: str, b: str) -> str | None:
        one, two = (facts_of(_filed("fa", {"target": [name]}), gazetteer) for name in (a, b))
        return _code(compare(one, two, KNOWLEDGE.merge_weights), "target")

    college, station = f"{SCHOOL}: کالج ماهیگیران نو", f"{POLICE}: قرارگاه پولیس ساحل شرقی"
    assert code(college, station) == "target.differ"
    assert code(college, college) == "target.same"
    assert code(college, f"{POLICE}: قرارگاه پولیس") == "target.other"
    assert code(f"{POLICE}: قرارگاه پولیس", f"{POLICE}: قرارگاه پولیس") == "target.alike"
    assert code(f"{SCHOOL}: کالج دخترانه", f"{SCHOOL}: کالج دخترانه") == "target.alike"


def test_compare_takes_names_in_two_scripts_of_one_language_for_two_wordings() -> None:
    """An English page that prints a name in Dari does not contradict one that translates it."""
    pair = _targets(("en", f"{SCHOOL}: Anglers College"), ("en", f"{SCHOOL}: کالج ماهیگیران"))
    assert not pair.contradictions


@pytest.mark.parametrize(
    ("a", "b", "code"),
    [
        (("en", "Portsmere University"), ("fa", "دانشگاه پورتسمیر"), "same"),
        (("en", "the Portsmere University compound"), ("fa", "دانشگاه پورتسمیر"), "same"),
        (("en", "Portsmere University bus"), ("fa", "دانشگاه پورتسمیر"), "related"),
        (("en", "Pilgrim Gate"), ("es", "Portsmere Airport"), "related"),
        (("en", "Interior Ministry"), ("fa", "وزارت داخله"), "related"),
        (("en", "Customs House"), ("fa", "دانشگاه پورتسمیر"), "differ"),
        (("en", "Customs House"), ("en", "Portsmere University"), "differ"),
    ],
)
def test_compare_knows_what_the_profile_lists_in_any_script(
    a: tuple[str, str], b: tuple[str, str], code: str
) -> None:
    """A spelling of the profile is an id: it agrees, and contradicts, across languages."""
    pair = _targets((a[0], f"business/x: {a[1]}"), (b[0], f"business/x: {b[1]}"))
    assert _code(pair, "target") == f"target.{code}"


def test_compare_takes_vowel_signs_for_no_gaps_between_words() -> None:
    """The words "मछली" and "महल" share their first letter, which is no word in common."""
    pair = _targets(("hi", f"{SCHOOL}: मछली मण्डी"), ("hi", f"{SCHOOL}: महल मार्ग"))
    assert _code(pair, "target") == "target.differ"


@pytest.mark.parametrize(
    ("a", "b", "code"),
    [
        (("en", "Stormhaven"), ("en", "Millbrook"), "place.differ"),
        (("es", "Puerto Bravo"), ("es", "Molino"), "place.differ"),
        (("en", "Stormhaven"), ("es", "Puerto Bravo"), None),
        (("en", "Stormhaven"), ("und", "Millbrook"), None),
        (("en", "Málvora"), ("es", "Malvora"), "place.same_area"),
        (("fa", "ملوره كبیر"), ("ar", "ملورة كبير"), "place.same_area"),
    ],
)
def test_compare_takes_towns_of_two_languages_for_two_wordings(
    a: tuple[str, str], b: tuple[str, str], code: str | None
) -> None:
    """Without a gazetteer row a town is its folded name, and another name only in its language."""
    one, two = (_facts(lang, {}, place=Place(name)) for lang, name in (a, b))
    assert _code(compare(one, two, KNOWLEDGE.merge_weights), "place") == code


def test_compare_takes_victims_by_folded_name_in_any_language() -> None:
    """Accents and Arabic letter variants make no other person; another name says nothing."""

    def code(a: tuple[str, str], b: tuple[str, str]) -> str | None:
        one, two = (_facts(lang, {}, victims=(name,)) for lang, name in (a, b))
        return _code(compare(one, two, KNOWLEDGE.merge_weights), "victims")

    assert code(("es", "Tomás  Renán"), ("en", "Tomas Renan")) == "victims.same"
    assert code(("fa", "علی کریمی"), ("ar", "علي كريمي")) == "victims.same"
    assert code(("en", "Tomas Renan"), ("fa", "علی کریمی")) is None
    assert code(("en", "Laila"), ("en", "Laila")) is None  # kin told by one name: many have it


def test_a_person_named_with_and_without_a_title_stands_once() -> None:
    """The fuller name stays; two people who share a name stay two."""
    assert without_parts(["Haji Tomas Renan", "Tomas Renan"]) == ("Haji Tomas Renan",)
    assert without_parts(["Tomas Renan", "Renan Tomas", "Tomas R"]) == (
        "Tomas Renan",
        "Renan Tomas",
        "Tomas R",
    )


def test_compare_takes_claims_of_unlisted_groups_in_two_languages_for_two_wordings() -> None:
    """A group of the profile has one name; any other has one in each language."""

    def code(a: tuple[str, str], b: tuple[str, str]) -> str | None:
        one, two = (_facts(lang, {}, claims=(Claim(name, "yes"),)) for lang, name in (a, b))
        return _code(compare(one, two, KNOWLEDGE.merge_weights), "claim")

    listed = [actor.name for actor in KNOWLEDGE.profile.actors[:2]]
    assert code(("en", "Night Watch"), ("es", "Guardia Nocturna")) is None
    assert code(("en", "Night Watch"), ("en", "Day Watch")) == "claim.differ"
    assert code(("en", listed[0]), ("es", listed[1])) == "claim.differ"
    assert code(("en", listed[0]), ("es", listed[0])) == "claim.same"


def _world(told: Sequence[tuple[str, Slots]]) -> World:
    """What comes of reports that arrive in this order, the n-th an hour after the one before."""
    world = World(KNOWLEDGE)
    for name, slots in told:
        lang = name.split("-")[0]
        article = article_of(name, {"at": AT, "lang": lang}, KNOWLEDGE)
        world.arrive(article, (report_of(article, 1, slots, KNOWLEDGE),), AT)
    return world


def _cells(world: World) -> set[frozenset[str]]:
    return {frozenset(m.article_id for m in i.members) for i in world.live()}


SIX: list[tuple[str, Slots]] = [
    (f"{lang}-1", {"date": DAY, "place": place, "target": [f"{SCHOOL}: {name}"], "killed": 4})
    for (lang, name), place in zip(
        TOLD_IN.items(),
        ("ward-6", "old-saltpan", "ward-6", "ward-6", "old-saltpan", "ward-6"),
        strict=True,
    )
]


def test_decide_joins_one_attack_of_six_languages_in_every_order() -> None:
    """All orders of four, and of six each beginning: one incident, with one target."""
    orders = [*itertools.permutations(SIX[:4]), *itertools.permutations(SIX[2:], 4)]
    orders += [(*SIX[k:], *SIX[:k]) for k in range(6)] + [tuple(reversed(SIX))]
    for order in orders:
        world = _world(order)
        assert _cells(world) == {frozenset(name for name, _ in order)}
        (incident,) = world.live()
        (target,) = incident.snapshot.targets
        assert target.name in TOLD_IN.values()
        assert TOLD_IN[str(target.lang)] == target.name


def test_decide_keeps_two_attacks_of_one_day_in_two_languages_apart_in_every_order() -> None:
    """Two known places far apart are two attacks, whatever their targets are called."""
    east: Slots = {"date": DAY, "place": "pul-e-lamur", "target": [f"{POLICE}: Ninth Station"]}
    west: Slots = {"date": DAY, "place": "old-saltpan", "target": [f"{POLICE}: قرارگاه ساحلی"]}
    told = [("en-east", east), ("es-east", {**east, "target": [f"{POLICE}: Comisaría Novena"]}),
            ("fa-west", west), ("ar-west", {**west, "target": [f"{POLICE}: مقر الشاطئ"]})]  # fmt: skip
    for order in itertools.permutations(told):
        assert _cells(_world(order)) == {
            frozenset(("en-east", "es-east")), frozenset(("fa-west", "ar-west")),
        }  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "cells"), [(POLICE, 2), (SCHOOL, 1)], ids=["unlike kinds", "one kind"]
)
def test_decide_of_two_languages_without_places_goes_by_the_kind_of_target(
    kind: str, cells: int
) -> None:
    """Only day and kind of attack agree: unlike targets keep them apart, like ones do not."""
    told: list[tuple[str, Slots]] = [
        ("en-1", {"date": DAY, "target": [f"{SCHOOL}: Anglers College"]}),
        ("es-1", {"date": DAY, "target": [f"{kind}: Casa Grande"]}),
    ]
    for order in itertools.permutations(told):
        assert len(_cells(_world(order))) == cells


def test_decide_lets_a_name_in_another_language_count_for_no_news() -> None:
    """Days later a Spanish page repeats it all in its own words: linked, not counted."""
    world = _world(SIX[:2])
    late = dt.timedelta(days=5)
    for name, more in (("es-late", {}), ("es-new", {"killed": 5})):
        article = article_of(name, {"at": AT + late, "lang": "es"}, KNOWLEDGE)
        slots = {**SIX[3][1], **more}
        world.arrive(article, (report_of(article, 1, slots, KNOWLEDGE),), AT + late)
    assert _cells(world) == {frozenset(("en-1", "fa-1", "es-new"))}


def test_as_filed_of_a_closed_incident_is_in_the_language_of_its_members() -> None:
    """Its names contradict as those of its members did; of mixed ones each target says its own."""

    def lang(told: Sequence[tuple[str, Slots]]) -> str:
        (incident,) = _world(told).live()
        frozen = FrozenIncident(incident.incident_id, report_of_nothing(), incident.members)
        return as_filed(frozen).article.lang

    assert lang(SIX[:1]) == "en"
    assert lang(SIX[:2]) == "und"


def report_of_nothing() -> Report:
    """A report without slots, to be wrapped."""
    return report_of(article_of("x", {"at": AT}, KNOWLEDGE), 1, {}, KNOWLEDGE)


def test_facts_of_a_target_with_its_own_language_take_that() -> None:
    """Slots of a closed incident come from pages in several languages."""
    filed = _filed("und", {"target": [f"{SCHOOL}: Anglers College"]})
    spoken = replace(filed.report, targets=(replace(filed.report.targets[0], lang="en"),))
    found = facts_of(replace(filed, report=spoken), GAZETTEER).targets
    assert [t.written for t in found] == ["en/latin"]


def test_from_json_reads_reports_that_were_stored_without_a_language() -> None:
    """A store of an earlier version still loads: the article's language stands in."""
    filed = _filed("es", {"target": [f"{SCHOOL}: Colegio de Pescadores"]})
    stored = json.loads(to_json(filed))
    for target in stored["report"]["targets"]:
        del target["lang"]
    loaded = from_json(FiledReport, json.dumps(stored))
    assert loaded == filed
    assert [t.written for t in facts_of(loaded, GAZETTEER).targets] == ["es/latin"]
