"""Targets in other languages: a language's own word list gives the GTD type and subtype."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tests.profiles.cities import PORTSMERE
from worker.config.knowledge import load_knowledge
from worker.core import lang as languages
from worker.core.analyze import analyze
from worker.core.domain.document import Document
from worker.core.knowledge.knowledge import Knowledge
from worker.core.lang.categories import read_categories
from worker.core.lang.lexicon import build

UNIVERSITY = "educational_institution/school_university_educational_building"
STATION = "police/police_building"


def _knowing(lang: str, attack: str, harm: str, lead: str, types: Mapping[str, str]) -> Knowledge:
    """Portsmere, and a language of which only a few words are known."""
    declared = Path(languages.__file__).with_name("phrases.toml").read_text("utf-8")
    words = {
        "lang": lang,
        "patterns": {
            "cue_attack": [attack], "cue_casualty": [harm], "harm": [harm], "target_lead": [lead],
            "np_stop": [lead], "determiner": ["la"],
        },
        "tables": {
            "attack_type": {attack: "bombing_explosion"},
            "target_type": types,
        },
    }  # fmt: skip
    lexicon = build(words, lang, read_categories(tomllib.loads(declared), "phrases.toml"))
    known = load_knowledge(PORTSMERE)
    judged = frozenset((*known.languages[lang].capabilities, "verdict"))
    pack = replace(known.languages[lang], capabilities=judged, phrases=lexicon)
    return replace(known, languages={lang: pack})


@pytest.mark.parametrize(
    ("lang", "words", "text", "name", "kind"),
    [
        (
            "es", ("atentado", "muertos", "contra"),
            "Un atentado contra la universidad de Portsmere dejó cuatro muertos.",
            "universidad", UNIVERSITY,
        ),
        (
            "fa", ("انفجار", "کشته", "بر"),
            "در انفجار بر دانشگاه ماهیگیران در پورتسمیر چهار تن کشته شدند.", "دانشگاه", UNIVERSITY,
        ),
        (
            "hi", ("विस्फोट", "मारे गए", "विस्फोट"),
            "पोर्ट्समीर में विस्फोट थाने के बाहर हुआ, चार लोग मारे गए।", "थाने", STATION,
        ),
    ],
)  # fmt: skip
def test_find_targets_takes_the_subtype_of_the_languages_own_word_list(
    lang: str, words: tuple[str, str, str], text: str, name: str, kind: str
) -> None:
    """The table of a language is enough: type, subtype, and in which language the name is."""
    document = Document(
        "x-1", text=text, lang=lang, published_basis="feed",
        published=dt.datetime(2031, 3, 4, 9, tzinfo=dt.UTC),
    )  # fmt: skip
    (report,) = analyze(document, None, _knowing(lang, *words, {name: kind})).reports
    (target,) = report.targets
    assert (target.name, f"{target.type}/{target.subtype}") == (name, kind)
    assert target.lang == lang
