"""What a whole text tells to be done to whom, for the profile that watches no place."""

from __future__ import annotations

import pytest

from worker.config.knowledge import load_knowledge
from worker.core.analyze import analyze
from worker.core.annotate.annotate import annotate
from worker.core.classify.deed_features import DEED_FEATURES, MOST, measure_deeds
from worker.core.domain.document import Document
from worker.core.domain.report import Verdict
from worker.core.sources.article import read
from worker.core.text.prose import compose

KNOWLEDGE = load_knowledge("anywhere")


def deeds(text: str) -> dict[str, float]:
    """Name → value of a text's deeds."""
    article = read(Document(article_id="a", text=text, lang="en"), KNOWLEDGE)
    prose = compose(article.title, article.text, article.lang)
    found = measure_deeds(annotate(article, prose, KNOWLEDGE))
    return {name.removeprefix("deed."): feature.value for name, feature in found.items()}


def verdict(text: str) -> Verdict:
    return analyze(Document(article_id="a", text=text, lang="en"), None, KNOWLEDGE).verdict


def test_measure_deeds_counts_sentences_up_to_a_limit() -> None:
    """One sentence says most; a word that comes back in each adds little, and ends at ``MOST``."""
    one = "A bomb destroyed a bank."
    assert deeds(one)["bomb_property"] == pytest.approx(0.693, abs=0.001)
    assert deeds(" ".join([one] * 20))["bomb_property"] == MOST


def test_measure_deeds_tells_clashes_from_attacks() -> None:
    """The dead of a fight are no killed civilians, and a fight is no plain attack."""
    fight = deeds("Two soldiers were wounded and four guerrillas died in clashes with the army.")
    assert {"killed_in_clash", "hurt_fighters", "army"} <= fight.keys()
    assert not {"civilian", "attack_plain", "attack_fresh"} & fight.keys()
    attack = deeds("Gunmen attacked a farm yesterday and killed a priest and two peasants.")
    assert {"civilian", "attack_plain", "killed"} <= attack.keys()
    assert not {"killed_in_clash", "hurt_fighters"} & attack.keys()


def test_measure_deeds_knows_no_other_names_than_declared() -> None:
    """Every name that a text may show has a weight."""
    text = "We say the murder of the mayor last night, like the bomb in a bank, is our struggle."
    assert {f"deed.{name}" for name in deeds(text)} <= DEED_FEATURES


@pytest.mark.parametrize(
    ("text", "is_report"),
    [
        ("GUERRILLAS BLEW UP TWO PYLONS LAST NIGHT. A BOMB DAMAGED A BANK IN THE CAPITAL.", True),
        ("HOODED MEN KIDNAPPED A MAYOR THIS MORNING AND KILLED HIS DRIVER, POLICE REPORTED.", True),
        ("FOUR SOLDIERS DIED IN CLASHES WITH GUERRILLAS, THE ARMY SAID. FIGHTING GOES ON.", False),
        ("WE SAY TO OUR PEOPLE: THE WAR IS LOST. THE ARMY IS WEAK. OUR STRUGGLE IS JUST.", False),
    ],
)
def test_analyze_anywhere_follows_who_was_hit(text: str, *, is_report: bool) -> None:
    """Attacks on civilians and property are reports; clashes and speeches are none."""
    assert (verdict(text).label == "attack_report") is is_report
