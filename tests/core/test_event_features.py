"""What the words of events say for and against a verdict, seen through its reasons."""

from __future__ import annotations

import pytest

from tests.core.test_classify import CITY, judge
from worker.core.classify.event_features import EVENT_FEATURES, NEEDED
from worker.core.classify.features import FEATURES, PLACE_FEATURES

PLAIN = "A bomb killed four people in Portsmere on Tuesday, police said."
BOILER = "A boiler burst in a Portsmere bath house and killed four people."


SCENE = (
    "The machines were still warm when Nur Agha came back to Portsmere's press yesterday. He sat down. "
    "He had gone out for onions. Men with rifles had climbed over the wall on Monday. "
    "Seventeen people were killed, the minister said on Tuesday."
)


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
        ("UN condemns attack", ("The UN condemned yesterday's attack on a school in Portsmere. Six"
         " pupils were killed."), "lead.event_retold", "lead.day_after"),
        ("UN condemns attack", ("The UN condemned the attack on a school in Portsmere in 2021. Six"
         " pupils were killed."), "head.event_reaction", "lead.event_retold"),
        ("The machines of Portsmere", SCENE, "body.event_counted", "time.old"),
        ("The machines of Portsmere", SCENE.replace("yesterday", "in 2021"), "place.top",
         "body.event_counted"),
        ("Attacks in Portsmere fall", ("The number of attacks in Portsmere fell in the first"
         " quarter, a monitor said."), "time.many_only", "time.fresh"),
        ("Attack in Portsmere", ("A bomb killed two in Portsmere on Tuesday, the first since"
         " January."), "time.fresh", "time.many_only"),
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


def test_classify_takes_a_match_for_the_place_of_an_attack_where_victims_are_counted() -> None:
    """A bomb in a stand is told in the words of a match; a match is told in the words of bombs."""
    bomb = codes("Bomb at match", "A bomb exploded at a cricket match in Portsmere and killed two.")
    match = codes("Portsmere bombed out", "Portsmere's bowlers blasted 84 runs off the last overs.")
    assert "top.figurative" in match - bomb


def test_classify_takes_no_denied_terrorist_for_an_attacker() -> None:
    """ "It was not a terrorist attack" names nobody who did it."""
    gas = "An explosion in Portsmere on Tuesday was caused by a gas cylinder. "
    denied = codes("Explosion in Portsmere", gas + "It was not a terrorist incident, police said.")
    done = codes("Explosion in Portsmere", gas + "A terrorist had opened it.")
    assert "any.sole_cause" in denied - done
