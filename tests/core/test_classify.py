"""Verdicts on invented articles: what is a fresh report of an attack here, and what is not."""

from __future__ import annotations

import dataclasses
import datetime as dt
import textwrap
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.config.knowledge import load_knowledge
from worker.core.classify.score import band, probability, score
from worker.core.classify.verdict import Classification, classify
from worker.core.domain.document import Article
from worker.core.knowledge.knowledge import Knowledge
from worker.core.knowledge.profile import KnownAttack, Policy
from worker.core.segment.segment import find_segments
from worker.core.text.prose import compose

KABUL = load_knowledge("kabul")
ANYWHERE = load_knowledge("anywhere")
PORTSMERE = load_knowledge(Path(__file__).parent.parent / "profiles" / "portsmere")
TUESDAY = dt.datetime(2031, 3, 4, 15, 0, tzinfo=dt.timezone(dt.timedelta(hours=4, minutes=30)))


def judge(
    title: str | None,
    body: str,
    published: dt.datetime | None = TUESDAY,
    knowledge: Knowledge = KABUL,
    lang: str = "en",
) -> Classification:
    body = textwrap.dedent(body).strip()
    text = f"{title}\n\n{body}" if title else body
    article = Article(
        "a", 1, title, body, text, "", None, None, lang, published,
        "feed" if published else "none", None, None,
    )  # fmt: skip
    prose = compose(title, text, lang)
    result = classify(article, prose, find_segments(article, prose, knowledge), knowledge)
    for reason in result.verdict.reasons:
        if reason.span is not None:
            assert text[reason.span.start : reason.span.end] == reason.span.quote
    reporting = any(role in ("primary", "roundup") for role in result.roles)
    assert reporting == (result.verdict.label == "attack_report")
    return result


def with_policy(**changes: object) -> Knowledge:
    policy: Policy = dataclasses.replace(KABUL.profile.policy, **changes)  # type: ignore[arg-type]
    return dataclasses.replace(KABUL, profile=dataclasses.replace(KABUL.profile, policy=policy))


BOMB = """
    A car bomb killed five people and wounded 14 outside a clinic in the Karte Naw area of Kabul on
    Tuesday, police said.

    The bomb went off at about 8.40 am. No group immediately claimed responsibility.
    """
REPORTS = {
    "bomb": ("Car bomb kills five outside Kabul clinic", BOMB),
    "claim": (
        "Islamic State claims Kabul mosque bombing",
        (
            "Islamic State claimed responsibility on Tuesday for a suicide bombing that killed nine "
            "worshippers at a mosque in western Kabul the day before."
        ),
    ),
    "toll": (
        "Death toll in Kabul hotel attack rises to 12",
        (
            "The death toll from an attack on a hotel in Kabul rose to 12 on Tuesday after two of the "
            "wounded died, the health ministry said. Gunmen stormed the hotel on Monday evening."
        ),
    ),
    "siege over": (
        "Siege of Kabul ministry ends after nine hours",
        (
            "Afghan forces killed the last of four gunmen who stormed a ministry building in Kabul, "
            "ending a nine-hour siege early on Tuesday in which seven people died, officials said."
        ),
    ),
    "sticky bomb": (
        "Magnetic bomb hits government vehicle in Kabul",
        (
            "A magnetic bomb attached to a government vehicle exploded in PD 11 of Kabul on Tuesday "
            "morning. No one was hurt, police said."
        ),
    ),
    "grenade": (
        None,
        (
            "Unidentified men threw a grenade at a shop in the Khair Khana neighbourhood of Kabul on "
            "Monday night, wounding three people, police spokesman Ahmad Wali said."
        ),
    ),
    "assassination": (
        "Judge shot dead in Afghan capital",
        (
            "Gunmen on a motorcycle shot dead a Supreme Court judge on her way to work in Kabul on "
            "Tuesday, officials said."
        ),
    ),
    "rockets": (
        "Rockets land near Kabul airport",
        "Three rockets landed near Kabul airport early on Tuesday, wounding a guard, witnesses said.",
    ),
    "drone strike": (
        "Drone strike hits house in Kabul, two dead",
        (
            "A drone strike hit a house in the Qala-e Fathullah neighbourhood of Kabul early on Tuesday, "
            "killing two people, residents said."
        ),
    ),
    "day after": (
        "Kabul buries its dead after hospital attack",
        (
            "Families buried their dead on Tuesday, a day after gunmen stormed a hospital in Kabul and "
            "killed 19 people, one of the deadliest attacks on the Afghan capital this year."
        ),
    ),
}


@pytest.mark.parametrize("name", REPORTS)
def test_fresh_reports(name: str) -> None:
    """News of an attack, its toll, its claim, its end, or the day after, is a report."""
    title, body = REPORTS[name]
    result = judge(title, body)
    assert (result.verdict.label, result.verdict.band) == ("attack_report", "report")
    assert "primary" in result.roles


@pytest.mark.parametrize("name", REPORTS)
def test_a_verdict_does_not_hang_on_the_title(name: str) -> None:
    """Without its title an article says the same."""
    assert judge(None, REPORTS[name][1]).verdict.label == "attack_report"


@pytest.mark.parametrize("name", [n for n in REPORTS if n not in ("claim", "day after", "toll")])
def test_a_verdict_does_not_hang_on_a_publication_time(name: str) -> None:
    """Without a publication time no age counts for or against."""
    title, body = REPORTS[name]
    result = judge(title, body, published=None)
    assert result.verdict.label == "attack_report"
    assert not [r for r in result.verdict.reasons if r.code.startswith("age.")]


OTHERS = {
    "dateline": (
        "Gunmen kill four road workers in Ghazni",
        (
            "KABUL, March 4 (Capital Wire) - Gunmen killed four road workers in the province of Ghazni "
            "on Tuesday, an official said. The workers were shot near their camp."
        ),
        "other_place",
    ),
    "other city": (
        "Suicide bomber kills nine in Kandahar",
        (
            "A suicide bomber killed nine people at a market in Kandahar on Tuesday, officials in Kabul "
            "said. The interior ministry sent investigators from Kabul."
        ),
        "other_place",
    ),
    "near": (
        "Bomb kills three policemen south of Kabul",
        "A roadside bomb killed three policemen 40 km south of Kabul, in Logar province, on Tuesday.",
        "other_place",
    ),
    "anniversary": (
        "Two years after the hostel bombing, families in Kabul wait for answers",
        (
            "Families of the 23 people killed in a suicide bombing at a Kabul hostel two years ago lit "
            "candles on Tuesday and asked why nobody was ever tried."
        ),
        "background_only",
    ),
    "reaction": (
        "President condemns Kabul attack, vows justice",
        (
            "The president condemned last week's attack on a wedding in Kabul and vowed to bring those "
            "behind it to court. Lawmakers demanded the resignation of the interior minister."
        ),
        "background_only",
    ),
    "trial": (
        "Man sentenced over 2029 Kabul school bombing",
        (
            "A court sentenced a man to 30 years in prison for his part in the bombing of a school in "
            "Kabul in May 2029, which killed 41 people."
        ),
        "background_only",
    ),
    "profile": (
        "The surgeon who treats Kabul's bomb victims",
        (
            "For twenty years she has treated survivors of bombings in Kabul. She remembers the truck "
            "bomb of May 2017, when 150 people were killed near the embassy district."
        ),
        "background_only",
    ),
    "threat": (
        "Embassies warn of possible attack in Kabul",
        (
            "Several embassies warned their citizens in Kabul on Tuesday of a possible attack on hotels "
            "in the coming days and asked them to stay indoors."
        ),
        "other",
    ),
    "foiled": (
        "Police foil plot to bomb Kabul market",
        (
            "Police in Kabul said on Tuesday that they had foiled a plot to bomb a market and arrested "
            "three men who were planning the attack. They seized 40 kg of explosives."
        ),
        "other",
    ),
    "accident": (
        "Gas cylinder explosion injures three in Kabul restaurant",
        (
            "Three people were injured when a gas cylinder exploded in the kitchen of a restaurant in "
            "Kabul on Tuesday, the fire service said. Police said it was an accident."
        ),
        "other",
    ),
    "years on": (
        "Five years on, the school at Qala-e-Sabz waits for justice",
        (
            "KABUL (Wire) - Families marked the fifth anniversary on Tuesday of the bombing that killed "
            "24 pupils of a school in western Kabul. Nobody has been tried for the attack."
        ),
        "background_only",
    ),
    "politics": (
        "Kabul hosts regional trade talks",
        "Ministers of six countries met in Kabul on Tuesday to discuss trade. Security was tight.",
        "other",
    ),
    "operation": (
        "Kidnapper detained in Kabul province",
        (
            "KABUL, Afghanistan (March 4) — An Afghan and coalition security force captured a facilitator "
            "of bombings during an operation in Kabul province on Tuesday, and detained two suspects."
        ),
        "not a report",
    ),
    "protest": (
        "Hundreds march in Kabul",
        (
            "Hundreds of women marched in Kabul on Tuesday. Guards fired shots into the air to disperse "
            "the protest; nobody was hurt."
        ),
        "not a report",
    ),
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_no_fresh_report_here(name: str) -> None:
    """Elsewhere, of old, about it, feared, prevented, accidental: no report, and why."""
    title, body, label = OTHERS[name]
    result = judge(title, body)
    assert result.verdict.label != "attack_report"
    assert result.verdict.band != "report"
    if label != "not a report":
        assert result.verdict.label == label
    assert not {"primary", "roundup"} & set(result.roles)


def test_an_attack_elsewhere_names_its_place() -> None:
    """The verdict says where it was, and no report is made of it."""
    result = judge(*OTHERS["other city"][:2])
    assert result.verdict.places == ("Kandahar",)
    assert result.roles[0] is None


def test_a_side_item_makes_a_report() -> None:
    """A round-up with an attack here far down is a report, by that item."""
    result = judge(
        "Bomb kills two in Herat",
        """
        A bomb killed two policemen in Herat on Tuesday, officials said. It was hidden in a cart. Ten
        people were hurt.

        The governor of Herat visited the scene.

        Separately, a rocket landed near a hotel in Kabul on Tuesday, wounding two guards, police said.
        """,
    )
    assert result.verdict.label == "attack_report"
    assert "primary" not in result.roles
    assert result.roles.count("roundup") == 1
    assert result.verdict.places == ("Herat",)
    assert any(r.span and "rocket" in r.span.quote for r in result.verdict.reasons)


def test_background_stays_background() -> None:
    """An older attack mentioned at the end gets the role background, the main one primary."""
    result = judge(
        None,
        BOMB + "\n\nThe blast comes two weeks after gunmen attacked a ministry in central Kabul, "
        "killing seven people.",
    )
    assert result.roles[0] == "primary"
    assert "background" in result.roles[1:]


def test_old_news_is_background() -> None:
    """The same words, told a month after the date they name, are no fresh report."""
    body = "A car bomb killed five people outside a clinic in Kabul on February 2, police said."
    assert judge("Car bomb kills five in Kabul", body).verdict.label == "background_only"
    fresh = body.replace("February 2", "March 3")
    assert judge("Car bomb kills five in Kabul", fresh).verdict.label == "attack_report"


def test_how_long_news_is_fresh_is_policy() -> None:
    """fresh_hours is read from the profile, not known to the code."""
    body = "A car bomb killed five people outside a clinic in Kabul on February 25, police said."
    week = with_policy(fresh_hours=24 * 8)
    assert judge(None, body).verdict.label == "background_only"
    assert judge(None, body, knowledge=week).verdict.label == "attack_report"


def test_a_known_attack_of_the_past_is_recognised() -> None:
    """A name from the profile's list of past attacks says which attack is meant, and how old."""
    known = KnownAttack("guild", dt.date(2030, 6, 1), ("Guild Hall bombing",), None, 9, "test")
    profile = dataclasses.replace(KABUL.profile, known=(known,))
    text = (
        "Guild Hall bombing: what happened in Kabul",
        "The Guild Hall bombing in Kabul killed nine.",
    )
    before = judge(*text).verdict.probability
    after = judge(*text, knowledge=dataclasses.replace(KABUL, profile=profile)).verdict
    assert after.probability < before
    assert any(r.code == "known.past" for r in after.reasons)


def test_state_strikes_count_by_policy() -> None:
    """With count_state_strikes off a drone strike is no attack; a bomb still is."""
    off = with_policy(count_state_strikes=False)
    strike = REPORTS["drone strike"]
    assert judge(*strike, knowledge=off).verdict.label != "attack_report"
    assert judge(*REPORTS["bomb"], knowledge=off).verdict.label == "attack_report"


def test_crime_counts_by_policy() -> None:
    """A robbery with shots is an attack only where crime counts."""
    robbery = (
        "Two killed in armed robbery in Kabul",
        (
            "Robbers shot dead two money changers during an armed robbery in Kabul on Tuesday, police "
            "said. The gang escaped with the cash."
        ),
    )
    on = judge(*robbery, knowledge=with_policy(count_crime=True))
    off = judge(*robbery)
    assert on.verdict.label == "attack_report"
    assert off.verdict.probability < on.verdict.probability


def test_unread_languages_go_to_a_person() -> None:
    """No lexicon, but the city is named: review, never dropped; nothing named: dropped."""
    named = judge("Kabulissa räjähti", "Kabulissa räjähti pommi tiistaina.", lang="fi").verdict
    other = judge("Helsingissä satoi", "Helsingissä satoi lunta.", lang="fi").verdict
    assert (named.band, named.reasons[0].code) == ("review", "lang_unsupported")
    assert other.band == "drop"


def test_reasons_add_up() -> None:
    """The score is the sum of the reasons given, bias included: nothing is hidden."""
    verdict = judge(*REPORTS["sticky bomb"]).verdict
    total = sum(r.weight for r in verdict.reasons)
    assert abs(probability(total, KABUL.classify_weights, "weights") - verdict.probability) < 1e-3


def test_reasons_without_a_place_have_no_span() -> None:
    """Age and bias stand nowhere in the text."""
    reasons = {r.code: r for r in judge(*REPORTS["bomb"]).verdict.reasons}
    assert reasons["bias"].span is None
    assert reasons["head.attack_here"].span is not None


def test_bands_by_language() -> None:
    """A language may have thresholds of its own."""
    policy = Policy(report_at=0.6, review_at=0.2, thresholds_by_lang={"fa": (0.8, 0.1)})
    assert [band(p, policy, "en") for p in (0.7, 0.3, 0.1)] == ["report", "review", "drop"]
    assert [band(p, policy, "fa") for p in (0.7, 0.3, 0.05)] == ["review", "review", "drop"]


def test_an_empty_score_is_the_bias() -> None:
    """Without features only the bias speaks."""
    found = score({}, {"weights.bias": -2.0}, "weights")
    assert (found.total, [t.name for t in found.terms]) == (-2.0, ["bias"])


def test_an_empty_text_is_no_error() -> None:
    """Nothing to read: other, dropped."""
    assert judge(None, "").verdict.label == "other"


ELSEWHERE = (
    "GUNMEN KILLED THREE PEASANTS AND KIDNAPPED A MAYOR IN THE NORTH OF THE COUNTRY ON 3 MARCH. "
    "THE ATTACK WAS CONFIRMED BY OFFICIALS."
)


def test_anywhere_needs_no_place_and_no_freshness() -> None:
    """In that profile any attack of any age counts, also in capitals, and crime does."""
    assert judge(None, ELSEWHERE, None, ANYWHERE).verdict.label == "attack_report"
    old = "The bank robbery of May 1988, in which gunmen shot dead two guards, is in all the books."
    assert judge(None, old, TUESDAY, ANYWHERE).verdict.label == "attack_report"
    quiet = "The ministers of six countries met on Tuesday to discuss trade and rail links."
    assert judge(None, quiet, TUESDAY, ANYWHERE).verdict.label == "other"


def test_an_invented_city_is_watched_by_its_profile_alone() -> None:
    """The same code reads another city; what was here is then elsewhere, and the other way round."""
    body = (
        "A car bomb killed five people at the Customs House in Portsmere on Tuesday, police said."
    )
    assert judge("Car bomb kills five", body, knowledge=PORTSMERE).verdict.label == "attack_report"
    assert judge("Car bomb kills five", body).verdict.label != "attack_report"
    assert judge(*REPORTS["bomb"], knowledge=PORTSMERE).verdict.label != "attack_report"


@pytest.mark.parametrize("name", REPORTS)
def test_the_same_article_gives_the_same_verdict(name: str) -> None:
    """Pure: no state is kept between two readings."""
    assert judge(*REPORTS[name]) == judge(*REPORTS[name])


def test_a_live_blog_reports_by_its_entry() -> None:
    """One entry of a live page tells of an attack here; the page is a report by that entry."""
    result = judge(
        "Afghanistan live: updates",
        """
        14:10 GMT

        Talks between the two delegations resumed in Doha, diplomats said.

        13:25 GMT

        A bomb killed three people at a bus stop in the Kote Sangi area of Kabul on Tuesday, police said.

        12:00 GMT

        The currency fell by one per cent on Tuesday.
        """,
    )
    assert result.verdict.label == "attack_report"


def test_a_fear_is_no_attack_without_a_title_either() -> None:
    """ "Warned of a possible attack" tells of none, wherever it stands."""
    result = judge(None, OTHERS["threat"][1])
    assert (result.verdict.label, set(result.roles)) == ("other", {None})


def test_a_warning_after_an_attack_leaves_the_attack() -> None:
    """ "Warned residents to stay away after a bomb exploded" tells of a bomb."""
    body = (
        "Police warned residents of the Karte Naw area of Kabul to stay at home after a bomb exploded "
        "at a bakery on Tuesday, killing two people."
    )
    assert judge(None, body).verdict.label == "attack_report"


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "A bomb killed five people in Kabul on Tuesday.", "KABUL (AP) — ", "Gunmen", "\n\n",
                "in Herat", "two weeks ago", "warned of an attack.", "Separately,", "?", "\u00a0",
                "was not an attack,", "کابل", "The blast comes after", "in the capital", "“", "14:10",
            ]
        ),
        max_size=14,
    ),
    st.one_of(st.none(), st.sampled_from(["Kabul blast kills 5", "What we know?", " ", "LIVE"])),
    st.one_of(st.none(), st.just(TUESDAY)),
)  # fmt: skip
def test_any_text_gets_a_coherent_verdict(
    parts: list[str], title: str | None, published: dt.datetime | None
) -> None:
    """Whatever stands there: no error, true spans, label and roles agree, probability in range."""
    result = judge(title, " ".join(parts), published)
    assert 0 <= result.verdict.probability <= 1
    assert (result.verdict.label == "attack_report") == (result.verdict.probability >= 0.5)


CASES = tomllib.loads((Path(__file__).parent / "verdict_cases.toml").read_text("utf-8"))["case"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["title"][:40])
def test_cases(case: dict[str, object]) -> None:
    """Short articles in the manner of news wires, hard on both sides."""
    verdict = judge(str(case["title"]), str(case["text"])).verdict
    assert (verdict.label == "attack_report") == case["report"]


def test_the_country_alone_goes_to_a_person() -> None:
    """No city, no other place, only the country: not a report, but not dropped unseen."""
    verdict = judge(
        "Gunmen attack home of Afghan minister",
        "Four people were killed when gunmen attacked the home of an Afghan minister, officials said.",
    ).verdict
    assert (verdict.label, verdict.band) == ("other", "review")
