"""What the words of events say for and against a verdict, seen through its reasons."""

from __future__ import annotations

import pytest

from tests.core.test_classify import CITY, judge
from worker.core.classify.event_features import EVENT_FEATURES, NEEDED
from worker.core.classify.features import FEATURES, PLACE_FEATURES

PLAIN = "A bomb killed four people in Portsmere on Tuesday, police said."
BOILER = "A boiler burst in a Portsmere bath house and killed four people."


def codes(title: str | None, body: str, lang: str = "en") -> set[str]:
    return {reason.code for reason in judge(title, body, lang=lang).verdict.reasons}


def test_event_features_have_names_of_their_own() -> None:
    """Nothing that cues measure is measured again under the same name."""
    assert not EVENT_FEATURES & (FEATURES | PLACE_FEATURES)


@pytest.mark.parametrize(
    ("title", "body", "there", "absent"),
    [
        ("Bomb kills four in Portsmere", PLAIN, "place.close", "place.none"),
        ("Bomb kills four in Brackwater", PLAIN.replace("Portsmere", "Brackwater"), "away.only",
         "place.close"),
        ("Boiler bursts in Portsmere", BOILER, "head.word_accident", "head.word_crime"),
        ("Why Portsmere bleeds", PLAIN, "head.frame", "head.comment"),
        ("Timeline: bombings in Portsmere", PLAIN, "head.comment", "head.what_we_know"),
        ("Portsmere graduate shot dead", PLAIN, "head.origin", "lead.origin"),
        ("Graduate killed in Portsmere", PLAIN, "place.close", "head.located_away"),
        ("Portsmere teacher shot dead", ("Gunmen shot a Portsmere teacher in the"
         " town of Brackwater on Tuesday."), "away.put", "place.none"),
        ("Brackwater teacher shot dead", "Gunmen shot a Brackwater teacher in Portsmere.",
         "lead.event_actor", "away.put"),
        ("Envoys condemn killing", ("Envoys condemned the killing, a day after gunmen shot nine"
         " people in Portsmere."), "lead.event_retold", "place.none"),
        ("Envoys condemn killing", ("Envoys met three days after gunmen shot nine people in"
         " Portsmere."), "place.close", "lead.day_after"),
        ("Recruit opens fire", ("PORTSMERE (Wire) - A police recruit shot two men in the west of"
         " the city on Tuesday."), "place.filed_city", "place.none"),
        ("Recruit opens fire", ("PORTSMERE (Wire) - A police recruit shot two men in the west of"
         " the country on Tuesday."), "place.none", "place.filed_city"),
    ],
)  # fmt: skip
def test_classify_gives_the_reason_and_not_its_neighbour(
    title: str, body: str, there: str, absent: str
) -> None:
    """Each article has the reason it was written for, and not the one that looks like it."""
    found = codes(title, body)
    assert there in found
    assert absent not in found


def test_classify_knows_a_figure_of_speech_by_several_words() -> None:
    """Sport is no attack; one word of sport in a report of an attack weighs half as much."""
    sport = judge(
        "Portsmere bowlers blast Brackwater",
        "Portsmere ambushed Brackwater's batsmen and blasted 84 runs in the final over of the match.",
    ).verdict
    bomb = judge("Four killed at Portsmere football ground", PLAIN).verdict
    weight = {
        r.code: r.weight for v in (sport, bomb) for r in v.reasons if r.code == "top.figurative"
    }
    assert sport.label != "attack_report"
    assert bomb.label == "attack_report"
    assert weight["top.figurative"] < 0


def test_classify_takes_a_killed_militant_for_an_operation_and_a_killing_by_one_for_none() -> None:
    """ "Police killed two militants" is not "two killed as militants stormed"."""
    raid = codes(
        "Police kill two militants in Portsmere", "Police killed two militants in Portsmere."
    )
    siege = codes("Two killed as militants storm Portsmere clinic", PLAIN)
    assert "head.word_militant_killed" in raid
    man = codes("Bomb kills man in Portsmere", "A bomb killed a man in Portsmere on Tuesday.")
    assert not {"head.word_militant_killed", "lead.word_militant_killed"} & (siege | man)


def test_classify_leaves_languages_without_words_of_events_alone() -> None:
    """A pack that lists no reactions or threats cannot lose by having none."""
    turkish = CITY.language("tr")
    assert turkish is not None
    assert not turkish.listed >= NEEDED
    found = codes(
        "Portsmere'de patlama", "Portsmere'de salı günü bomba patladı, dört kişi öldü.", "tr"
    )
    assert not found & (EVENT_FEATURES - {"events.unread"})
