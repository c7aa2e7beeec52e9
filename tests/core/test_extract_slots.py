"""The slots of one attack: when, where, what, target, who, claims, status. Attacks are invented."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.config.knowledge import load_knowledge
from worker.core.domain.document import Article, Span
from worker.core.domain.report import Claim, Perpetrator, Place, Target
from worker.core.extract import status, target, what, when, where, who
from worker.core.extract.actors import find_actors
from worker.core.extract.claim import find_claims
from worker.core.extract.passage import Passage
from worker.core.extract.victims import find_victims
from worker.core.segment.main_date import find_timeline
from worker.core.segment.segment import find_segments
from worker.core.text.prose import compose

KNOWLEDGE = load_knowledge("kabul")
WEDNESDAY = dt.datetime(2021, 3, 10, 15, 0, tzinfo=dt.timezone(dt.timedelta(hours=4, minutes=30)))


def passages(body: str, title: str | None = None) -> list[Passage]:
    """One passage per segment, in text order."""
    text = f"{title}\n\n{body}" if title else body
    article = Article(
        "a", 1, title, body, text, "", None, None, "en", WEDNESDAY, "feed", None, None
    )
    prose = compose(title, text, "en")
    lexicon = KNOWLEDGE.lexicon("en")
    assert lexicon is not None
    segments = find_segments(article, prose, KNOWLEDGE)
    dates = find_timeline(article, prose, lexicon, KNOWLEDGE).dates
    return [
        Passage(
            article, prose, lexicon, KNOWLEDGE.profile, s, dates,
            tuple(o for o in segments if o is not s),
        )
        for s in segments
    ]  # fmt: skip


def passage(body: str, title: str | None = None) -> Passage:
    """The passage of the main attack."""
    return next(p for p in passages(body, title) if p.segment.kind == "main")


def place(body: str, title: str | None = None) -> Place:
    main = passage(body, title)
    found, _ = where.find_place(main, target.find_targets(main)[0])
    assert found is not None
    return found


def targets(body: str, title: str | None = None) -> tuple[Target, ...]:
    return target.find_targets(passage(body, title))[0]


def claims(body: str, title: str | None = None) -> tuple[Claim, ...]:
    main = passage(body, title)
    return find_claims(main, find_actors(main))[0]


def perpetrators(body: str, title: str | None = None) -> tuple[Perpetrator, ...]:
    main = passage(body, title)
    actors = find_actors(main)
    return who.find_perpetrators(main, actors, find_claims(main, actors)[0])[0]


@pytest.mark.parametrize(
    ("body", "types"),
    [
        ("A car bomb exploded in Kabul on Wednesday.", ("bombing_explosion",)),
        ("Gunmen opened fire on a van in Kabul.", ("armed_assault",)),
        (
            "Gunmen stormed a Kabul bank after a bomb exploded at its gate.",
            ("bombing_explosion", "armed_assault"),
        ),
        ("A senior judge was assassinated in Kabul.", ("assassination",)),
        ("A doctor was kidnapped in Kabul.", ("hostage_taking_kidnapping",)),
        ("An attack in Kabul killed two people.", ("unknown",)),
        ("A bomb went off in Kabul; guards' gunfire was heard later.", ("bombing_explosion",)),
    ],
)
def test_attack_types_are_gtd_names_in_gtd_order(body: str, types: tuple[str, ...]) -> None:
    """Types stand in the hierarchy of the codebook; gunfire of guards makes no armed assault."""
    assert what.find_types(passage(body))[0] == types


@pytest.mark.parametrize(
    ("body", "suicide"),
    [
        ("A suicide bomber struck in Kabul.", "yes"),
        ("A man blew himself up at a gate in Kabul.", "yes"),
        ("A car bomb exploded in Kabul.", None),
        ("The bombing in Kabul was not a suicide attack, police said.", "no"),
        ("A strike in Kabul hit a car to stop a suicide bomber, officers said.", None),
    ],
)
def test_suicide_is_never_inferred(body: str, suicide: str | None) -> None:
    """A car bomb is no suicide attack until the text says so; silence is null, not no."""
    assert what.find_suicide(passage(body))[0] == suicide


@pytest.mark.parametrize(
    ("body", "weapons"),
    [
        ("A car bomb exploded in Kabul.", [("explosives", "vehicle")]),
        (
            "A van packed with explosives blew up in Kabul and gunmen fired rifles.",
            [("explosives", "vehicle"), ("firearms", "rifle_shotgun")],
        ),
        ("A magnetic bomb attached to a car exploded in Kabul.", [("explosives", "sticky_bomb")]),
        ("A blast killed two in Kabul.", [("explosives", "unknown_explosive_type")]),
        ("Three rockets hit Kabul; no blast followed.", [("explosives", "projectile")]),
        ("A man stabbed a guard in Kabul.", [("melee", "knife_or_sharp_object")]),
    ],
)
def test_weapons_are_gtd_names(body: str, weapons: list[tuple[str, str]]) -> None:
    """The specific subtype drives out the unspecific one of the same type."""
    found = what.find_weapons(passage(body))[0]
    assert [(w.type, w.subtype) for w in found] == weapons


@pytest.mark.parametrize(
    ("body", "number"),
    [
        ("Two explosions shook Kabul.", 2),
        ("At least three rockets landed in Kabul.", 3),
        ("Incidents of March 10\n\nBombing in Kabul kills two.", None),
    ],
)
def test_blasts_are_counted_when_the_text_counts_them(body: str, number: int | None) -> None:
    """ "Two explosions" is two; a date before the word counts nothing."""
    assert what.count_blasts(passage(body)) == number


def test_time_is_the_clock_beside_the_attack() -> None:
    """The hour of the blast is taken, not the stamp of a live entry nor the hour of a speech."""
    main = passage(
        "16:10 - Police say the bomb in Kabul exploded at about 8.20 am near a gate. A minister will speak at"
        " 6 pm."
    )
    found, evidence = when.find_time(main)

    assert found == "08:20"
    assert [s.quote for s in evidence] == ["8.20 am"]


def test_place_is_quarter_with_its_district_from_the_gazetteer() -> None:
    """The printed name is kept as printed; the rest is canonical, with trust for the point."""
    found = place("A bomb exploded in the busy Kart-e Naw area of Kabul on Wednesday.")

    assert (found.name, found.neighbourhood, found.police_district) == (
        "Kart-e Naw",
        "Karte Naw",
        8,
    )
    assert found.precision == "neighbourhood"
    assert found.path[:3] == ("karte-naw", "pd-8", "kabul")
    assert (found.lat is None) or found.trust is not None


def test_hospital_that_receives_the_wounded_is_no_place_of_attack() -> None:
    """Where the wounded were taken, and who speaks there, does not say where it happened."""
    found = place(
        "A bomb exploded in Karte Naw in Kabul on Wednesday.\n\n"
        "Eleven wounded were taken to Wazir Akbar Khan hospital, officials at the Emergency"
        " Hospital said."
    )

    assert found.neighbourhood == "Karte Naw"
    assert found.landmark is None


def test_landmark_that_was_stormed_is_the_place() -> None:
    """A known building that gunmen entered is the landmark, its quarter follows."""
    found = place("Gunmen stormed Kabul University on Wednesday, killing three students.")

    assert found.landmark == "Kabul University"
    assert found.precision == "landmark"


def test_site_without_gazetteer_entry_is_named_as_printed() -> None:
    """A mosque that no gazetteer knows still names the place, without any coordinate of its own."""
    found = place("A bomb tore through the Rahmat mosque in Kabul on Wednesday.")

    assert found.name == "Rahmat mosque"
    assert found.landmark is None


def test_place_of_a_background_attack_does_not_leak() -> None:
    """The embassy that was bombed years ago is not where this attack happened."""
    found = place(
        "A bomb exploded in Karte Naw in Kabul on Wednesday, in the deadliest attack since a truck"
        " bomb killed many near the German embassy in May 2017."
    )

    assert found.landmark is None


def test_named_target_with_its_gtd_type_and_owner() -> None:
    """The department is the target, its ministry the parent; a neighbour is incidental."""
    found = targets(
        "A vehicle bomb exploded near a defence ministry building in Kabul on Wednesday.\n\n"
        "The group said the target was the transport department of the Ministry of Defence.\n\n"
        "Staff of Noor TV next door were wounded in the blast."
    )

    assert found[0].name == "transport department of the Ministry of Defence"
    assert (found[0].type, found[0].parent, found[0].role) == (
        "military",
        "defence-ministry",
        "primary",
    )
    assert ("Noor TV", "journalists_media", "incidental") in {
        (t.name, t.type, t.role) for t in found
    }


@pytest.mark.parametrize(
    ("body", "name", "kind"),
    [
        (
            "Gunmen invaded the compound of the aid group Helping Hands in Kabul.",
            "Helping Hands",
            "ngo",
        ),
        ("A bomb hit a police checkpoint in Kabul.", "police checkpoint", "police"),
        (
            "A sticky bomb placed on a bus carrying electricity workers exploded in Kabul.",
            "bus carrying electricity workers",
            "transportation",
        ),
        (
            "A bomber blew himself up inside a mosque in Kabul, police said.",
            "mosque",
            "religious_figures_institutions",
        ),
        ("A bomb exploded outside a girls' school in Kabul.", "school", "educational_institution"),
    ],
)
def test_target_is_what_the_words_lead_to(body: str, name: str, kind: str) -> None:
    """What was invaded, hit, bombed or stood before; never the police who are quoted."""
    found = targets(body)[0]
    assert name in found.name
    assert found.type == kind


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("Ministry of Defense", "defence ministry building"),
        ("the Noor Learning Center", "Noor learning centre compound"),
        ("U.S. Embassy", "US embassy"),
    ],
)
def test_target_ids_meet_across_outlets(one: str, two: str) -> None:
    """Order, spelling and site words do not tell two names apart."""
    lexicon = KNOWLEDGE.lexicon("en")
    assert lexicon is not None
    assert target.canonical_id(one, lexicon) == target.canonical_id(two, lexicon)


def test_claim_with_its_speaker() -> None:
    """A claim names the group in one form and the person as printed."""
    assert claims(
        "A bomb killed two in Kabul on Wednesday.\n\nTaliban spokesman Zabihullah Mujahid claimed"
        " responsibility for the attack."
    ) == (Claim("Taliban", "yes", "Zabihullah Mujahid"),)


@pytest.mark.parametrize(
    "body",
    [
        "A bombing in Kabul claimed by the Taliban killed two.",
        "A bomb killed two in Kabul. The Taliban said it was behind the bombing.",
        "A bomb killed two in Kabul. Responsibility was claimed by Taliban militants.",
        "A bomb killed two in Kabul. Militants of the Taliban were seen. The group claimed it.",
    ],
)
def test_ways_of_claiming(body: str) -> None:
    """Passive, indirect and anaphoric claims are claims of the same group."""
    assert [(c.group, c.claimed) for c in claims(body)] == [("Taliban", "yes")]


@pytest.mark.parametrize(
    "body",
    [
        "A bomb killed two in Kabul. No group has claimed responsibility, but the Taliban often do.",
        "A bomb killed two in Kabul. The Taliban have not claimed the attack.",
        "A bomb killed two in Kabul. The Taliban are in talks in Qatar.",
    ],
)
def test_no_claim_no_claimant(body: str) -> None:
    """Nobody claimed, whatever groups the sentence mentions."""
    assert claims(body) == ()


def test_denial_is_kept_and_makes_no_perpetrator() -> None:
    """Who denies is no perpetrator, while the one whom authorities blame is, on that basis."""
    body = (
        "Gunmen killed nine people at a hotel in Kabul on Wednesday.\n\n"
        "Haqqani network fighters were behind the attack, the interior ministry said. The Taliban"
        " denied involvement."
    )

    assert claims(body) == (Claim("Taliban", "denied", None),)
    assert [(p.name, p.attribution) for p in perpetrators(body)] == [
        ("Haqqani network", "suspected_or_accused_by_authorities")
    ]


@pytest.mark.parametrize(
    ("body", "basis"),
    [
        ("Taliban gunmen attacked a post in Kabul.", "reported_as_fact"),
        (
            "A bomb exploded in Kabul. Police blamed the Taliban.",
            "suspected_or_accused_by_authorities",
        ),
        ("A bomb exploded in Kabul. Neighbours suspect the Taliban.", "suspected_or_accused"),
        ("A bomb exploded in Kabul, claimed by the Taliban.", "claimed_or_admitted"),
    ],
)
def test_attribution_on_the_scale_of_muc4(body: str, basis: str) -> None:
    """How surely a group did it is said in MUC-4's words."""
    assert [(p.name, p.attribution) for p in perpetrators(body)] == [("Taliban", basis)]


def test_state_strike_has_a_state_for_perpetrator() -> None:
    """A drone strike is the state's that is said to have made it; those it aimed at did nothing."""
    found = perpetrators(
        "A US drone strike on a car in Kabul killed ten people on Wednesday.\n\n"
        "The Taliban condemned it."
    )

    assert [p.actor_class for p in found] == ["foreign_state"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("Gunmen attacked a bank in Kabul and the attack was still underway.", "ongoing"),
        ("The siege of a bank in Kabul ended after all the attackers were killed.", "ended"),
        ("A bomb exploded in Kabul as prayers were under way.", "unknown"),
        ("A bomb killed two in Kabul.", "unknown"),
    ],
)
def test_status_is_said_or_unknown(body: str, expected: str) -> None:
    """Only words about the attack itself say that it goes on or is over."""
    assert status.find_status(passage(body))[0] == expected


def test_victims_are_named_as_printed() -> None:
    """A victim's name is kept; places and groups are not taken for one."""
    main = passage("Gunmen in Kabul killed journalist Farid Rahmani, identified as Farid Rahmani.")

    assert find_victims(main) == ("Farid Rahmani",)


PIECES = st.lists(
    st.sampled_from([
        "A car\u00a0bomb killed five people in Karte Naw, Kabul, on Wednesday at 8.20 am.",
        "The Taliban claimed the attack “at once”, said Zabihullah Mujahid.",
        "Gunmen stormed the Ministry of Defense’s logistics department.",
        "The blast came a day after gunmen shot a judge near the German embassy.",
        "Police\u200b said a suicide bomber blew himself up outside a mosque.",
        "Fighting was still going on.",
        "No group claimed responsibility.",
    ]),
    min_size=1,
    max_size=9,
)  # fmt: skip


@given(PIECES, st.sampled_from(["\n\n", " ", "\r\n\r\n"]), st.booleans())
def test_every_span_is_verbatim(pieces: list[str], joint: str, titled: bool) -> None:
    """Whatever the slots found, ``text[start:end] == quote`` for each piece of evidence."""
    for item in passages(joint.join(pieces), "Blast in Kabul" if titled else None):
        for span in evidence(item):
            assert item.article.text[span.start : span.end] == span.quote
            assert span.quote.strip() == span.quote != ""


def evidence(item: Passage) -> list[Span]:
    actors = find_actors(item)
    claimed, claim_spans = find_claims(item, actors)
    aims, target_spans = target.find_targets(item)
    found = (
        when.date_evidence(item),
        when.find_time(item)[1],
        where.find_place(item, aims)[1],
        what.find_types(item)[1],
        what.find_suicide(item)[1],
        what.find_weapons(item)[1],
        target_spans,
        claim_spans,
        who.find_perpetrators(item, actors, claimed)[1],
        status.find_status(item)[1],
    )
    return [span for spans in found for span in spans]
