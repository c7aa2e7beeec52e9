"""The contract of a verdict: reasons, policy, bands, purity. Judged articles are in tests/corpus."""

from __future__ import annotations

import dataclasses
import datetime as dt
import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.profiles.cities import PORTSMERE
from worker.config.knowledge import load_knowledge
from worker.core.annotate.annotate import annotate
from worker.core.classify.features import Feature
from worker.core.classify.score import band, probability, score
from worker.core.classify.verdict import Classification, classify
from worker.core.domain.document import Article
from worker.core.knowledge.knowledge import Knowledge
from worker.core.knowledge.profile import KnownAttack, Policy
from worker.core.segment.segment import find_segments
from worker.core.text.prose import compose

CITY = load_knowledge(PORTSMERE)
TUESDAY = dt.datetime(2031, 3, 4, 15, 0, tzinfo=dt.UTC)
BOMB = (
    "Magnetic bomb hits government vehicle in Portsmere",
    (
        "A magnetic bomb attached to a government vehicle exploded in Ward 1 of Portsmere on Tuesday"
        " morning. No one was hurt, police said."
    ),
)
STRIKE = (
    "Drone strike hits house in Portsmere, two dead",
    (
        "A drone strike hit a house on Lantern Quay in Portsmere early on Tuesday, killing two people,"
        " residents said."
    ),
)
ROBBERY = (
    "Two killed in armed robbery in Portsmere",
    (
        "Robbers shot dead two money changers during an armed robbery in Portsmere on Tuesday, police"
        " said. The gang escaped with the cash."
    ),
)


def judge(
    title: str | None,
    body: str,
    published: dt.datetime | None = TUESDAY,
    knowledge: Knowledge = CITY,
    lang: str = "en",
) -> Classification:
    body = textwrap.dedent(body).strip()
    text = f"{title}\n\n{body}" if title else body
    article = Article(
        "a", 1, title, body, text, "", None, None, lang, published,
        "feed" if published else "none", None, None,
    )  # fmt: skip
    annotated = annotate(article, compose(title, text, lang), knowledge)
    result = classify(annotated, find_segments(annotated, knowledge), knowledge)
    for reason in result.verdict.reasons:
        if reason.span is not None:
            assert text[reason.span.start : reason.span.end] == reason.span.quote
    reporting = any(role in ("primary", "roundup") for role in result.roles)
    assert reporting == (result.verdict.label == "attack_report")
    return result


def with_policy(**changes: object) -> Knowledge:
    policy: Policy = dataclasses.replace(CITY.profile.policy, **changes)  # type: ignore[arg-type]
    return dataclasses.replace(CITY, profile=dataclasses.replace(CITY.profile, policy=policy))


@pytest.mark.parametrize("article", [BOMB, STRIKE, ROBBERY], ids=["bomb", "strike", "robbery"])
def test_classify_keeps_no_state(article: tuple[str, str]) -> None:
    """Pure: two readings of one article are equal."""
    assert judge(*article) == judge(*article)


def test_classify_gives_no_role_to_an_attack_elsewhere() -> None:
    """The verdict says where it was, and no report is made of it."""
    result = judge(
        "Suicide bomber kills nine in Eastmoor",
        "A suicide bomber killed nine people at a market in Eastmoor on Tuesday, officials in"
        " Portsmere said.",
    )
    assert result.verdict.places == ("Eastmoor",)
    assert result.roles[0] is None


def test_classify_reasons_with_the_words_of_a_side_item() -> None:
    """A round-up is a report by an item far down, and a reason quotes that item."""
    result = judge(
        "Bomb kills two in Eastmoor",
        """
        A bomb killed two policemen in Eastmoor on Tuesday, officials said. It was hidden in a cart. Ten
        people were hurt.

        The governor of Eastmoor visited the scene.

        Separately, a rocket landed near a hotel in Portsmere on Tuesday, wounding two guards, police
        said.
        """,
    )
    assert result.verdict.label == "attack_report"
    assert result.roles.count("roundup") == 1
    assert any(r.span and "rocket" in r.span.quote for r in result.verdict.reasons)


def test_classify_gives_no_role_to_a_fear() -> None:
    """ "Warned of a possible attack" tells of none."""
    result = judge(
        None,
        "Several embassies warned their citizens in Portsmere on Tuesday of a possible attack on hotels"
        " in the coming days and asked them to stay indoors.",
    )
    assert (result.verdict.label, set(result.roles)) == ("other", {None})


def test_classify_counts_no_age_without_a_publication_time() -> None:
    """Nothing is known of how old the article is, so no reason speaks of it."""
    reasons = judge(*BOMB, published=None).verdict.reasons
    assert [r for r in reasons if r.code.startswith("age.")] == []
    assert [r for r in judge(*BOMB).verdict.reasons if r.code.startswith("age.")] != []


def test_classify_takes_how_long_news_is_fresh_from_the_policy() -> None:
    """fresh_hours is read from the profile, not known to the code."""
    body = (
        "A car bomb killed five people outside a clinic in Portsmere on February 25, police said."
    )
    week = with_policy(fresh_hours=24 * 8)
    assert judge(None, body).verdict.label == "background_only"
    assert judge(None, body, knowledge=week).verdict.label == "attack_report"


def test_classify_recognises_a_known_attack_of_the_past() -> None:
    """A name from the profile's list of past attacks says which attack is meant, and how old."""
    known = KnownAttack("guild", dt.date(2030, 6, 1), ("Guild Hall bombing",), None, 9, "test")
    profile = dataclasses.replace(CITY.profile, known=(known,))
    text = (
        "Guild Hall bombing: what happened in Portsmere",
        "The Guild Hall bombing in Portsmere killed nine.",
    )
    before = judge(*text).verdict.probability
    after = judge(*text, knowledge=dataclasses.replace(CITY, profile=profile)).verdict
    assert after.probability < before
    assert any(r.code == "known.past" for r in after.reasons)


def test_classify_counts_state_strikes_by_policy() -> None:
    """With count_state_strikes off a drone strike is no attack; a bomb still is."""
    off = with_policy(count_state_strikes=False)
    assert judge(*STRIKE).verdict.label == "attack_report"
    assert judge(*STRIKE, knowledge=off).verdict.label != "attack_report"
    assert judge(*BOMB, knowledge=off).verdict.label == "attack_report"


def test_classify_counts_crime_by_policy() -> None:
    """A robbery with shots is an attack only where crime counts."""
    on = judge(*ROBBERY, knowledge=with_policy(count_crime=True))
    off = judge(*ROBBERY)
    assert on.verdict.label == "attack_report"
    assert off.verdict.label != "attack_report"
    assert off.verdict.probability < on.verdict.probability


def test_classify_sends_unread_languages_to_a_person() -> None:
    """No lexicon, but the city is named: review, never dropped; nothing named: dropped."""
    named = judge("Portsmere: plahvatus", "Portsmere: pomm plahvatas.", lang="et").verdict
    other = judge("Tartus sadas lund", "Tartus sadas palju lund.", lang="et").verdict
    assert (named.band, named.reasons[0].code) == ("review", "lang_unsupported")
    assert other.band == "drop"


def test_classify_gives_reasons_that_add_up() -> None:
    """The score is the sum of the reasons given, bias included: nothing is hidden."""
    verdict = judge(*BOMB).verdict
    total = sum(r.weight for r in verdict.reasons)
    assert (
        abs(probability(total, CITY.classify_weights, "weights", "lead") - verdict.probability)
        < 1e-3
    )


def test_classify_gives_no_span_to_a_reason_without_a_place() -> None:
    """Age and bias stand nowhere in the text."""
    reasons = {r.code: r for r in judge(*BOMB).verdict.reasons}
    assert reasons["bias"].span is None
    assert reasons["head.attack_here"].span is not None


def test_band_may_differ_by_language() -> None:
    """A language may have thresholds of its own."""
    policy = Policy(report_at=0.6, review_at=0.2, thresholds_by_lang={"fa": (0.8, 0.1)})
    assert [band(p, policy, "en") for p in (0.7, 0.3, 0.1)] == ["report", "review", "drop"]
    assert [band(p, policy, "fa") for p in (0.7, 0.3, 0.05)] == ["review", "review", "drop"]


def test_score_of_nothing_is_the_bias() -> None:
    """Without features only the bias speaks."""
    line = {"platt.weights.full.slope": 1.0, "platt.weights.full.offset": 0.0}
    found = score({}, {"weights.bias": -2.0} | line, "weights", "full")
    assert (found.total, [t.name for t in found.terms]) == (-2.0, ["bias"])


def test_score_refuses_a_feature_that_no_file_weighs() -> None:
    """A weight that is missing is an error, never a silent nothing."""
    with pytest.raises(KeyError, match=r"weights\.head\.new"):
        score({"head.new": Feature(1.0)}, CITY.classify_weights, "weights", "lead")


def test_classify_drops_an_empty_text() -> None:
    """Nothing to read: other, dropped."""
    assert judge(None, "").verdict.label == "other"


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "A bomb killed five people in Portsmere on Tuesday.", "KABUL (AP) — ", "Gunmen", "\n\n",
                "in Eastmoor", "two weeks ago", "warned of an attack.", "Separately,", "?", "\u00a0",
                "was not an attack,", "پورتسمیر", "The blast comes after", "in the capital", "“", "14:10",
            ]
        ),
        max_size=14,
    ),
    st.one_of(st.none(), st.sampled_from(["Portsmere blast kills 5", "What we know?", " ", "LIVE"])),
    st.one_of(st.none(), st.just(TUESDAY)),
)  # fmt: skip
def test_classify_judges_any_text_coherently(
    parts: list[str], title: str | None, published: dt.datetime | None
) -> None:
    """Whatever stands there: no error, true spans, label and roles agree, probability in range."""
    result = judge(title, " ".join(parts), published)
    assert 0 <= result.verdict.probability <= 1
    assert (result.verdict.label == "attack_report") == (result.verdict.probability >= 0.5)
