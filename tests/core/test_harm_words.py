"""The words by which figures are counted are known to the first glance and to the verdict.

One list is the source: the classes of ``words.toml``. A form that the verdict does not know would
count victims of a text that is called no report.
"""

from __future__ import annotations

import pytest

from tests.core.published import KNOWLEDGE
from worker.core.lang.word_list import is_shape

HARM = ("KILLED", "DIED", "KILLING", "DEATHS", "WOUNDED", "WOUNDING", "INJURIES", "KIA", "WIA")
CUES = ("cue_casualty", "cue_attack", "cue_attack_weak")
NO_CUE = frozenset({
    # said of other losses and lives, and in names
    "bodies", "lives", "martyrs", "loss of", "we have lost", "we've lost", "we lost",
    # said of things, feelings and prices as often as of people
    "hurt", "hurts", "hurting", "injure", "grazed", "grazing", "winged", "paralyzed", "burned", "burnt",
    "beaten", "bruised", "poisoned", "drugged", "gassed", "slashed", "battered", "clubbed",
    "crippled", "blinded", "bloodied", "cut on", "cut about", "sickened",
})  # fmt: skip


@pytest.mark.parametrize("name", HARM)
def test_verdict_knows_every_form_by_which_figures_are_counted(name: str) -> None:
    """But for those that say too little alone; each of them is named here."""
    language = KNOWLEDGE.languages["en"]
    unknown = [
        form
        for words in (entry.words for entry in language.entries if entry.tag == name)
        if not any(is_shape(word) for word in words)
        and (form := _printed(words)) not in NO_CUE
        and not any(language.phrases.first(cue, form) for cue in CUES)
    ]
    assert unknown == []


def test_verdict_exceptions_are_forms_by_which_figures_are_counted() -> None:
    """What no list has is no exception."""
    language = KNOWLEDGE.languages["en"]
    assert {_printed(e.words) for e in language.entries if e.tag in HARM} >= NO_CUE


def _printed(words: tuple[str, ...]) -> str:
    return " ".join(words).replace(" , ", ", ").replace(" ' ", "'")
