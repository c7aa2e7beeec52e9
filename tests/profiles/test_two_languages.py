"""The same attack, and two attacks of one day, told in two languages: read by the real packs."""

from __future__ import annotations

import datetime as dt
import itertools
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.stories.world import World
from worker.config.knowledge import load_knowledge
from worker.core.analyze import analyze
from worker.core.domain.document import Document
from worker.core.domain.incident import ArticleRef, FiledReport
from worker.core.domain.report import Analysis
from worker.core.merge.evidence.facts import facts_of, gazetteer_of
from worker.core.merge.evidence.pairs import compare

KABUL = load_knowledge("kabul")
ATTACKS: list[dict[str, Any]] = tomllib.loads(
    Path(__file__).with_name("two_languages.toml").read_text("utf-8")
)["attack"]
AT = dt.datetime(2031, 3, 4, 15, tzinfo=dt.UTC)


def _read(number: int, lang: str, told: dict[str, str]) -> Analysis:
    name = f"{lang}-{number}"
    document = Document(
        article_id=name, title=told["title"], text=told["text"], outlet=name, lang=lang,
        published=AT, published_basis="feed", first_seen=AT,
    )  # fmt: skip
    return analyze(document, None, KABUL)


@cache
def _both(number: int) -> tuple[Analysis, Analysis]:
    """One attack as it is told in English and in another language; read when a test asks for it."""
    attack = ATTACKS[number]
    other = _read(number, attack["lang"], attack["other"])
    return _read(number, "en", attack["en"]), other


def _primaries(analysis: Analysis) -> list[FiledReport]:
    ref = ArticleRef.of(analysis.article)
    return [FiledReport(r, ref, "report") for r in analysis.reports if r.role == "primary"]


def _homes(*analyses: Analysis) -> list[set[str]]:
    """The articles of each incident, as if a person had confirmed what waits for one."""
    world = World(KABUL)
    for k, analysis in enumerate(analyses):
        now = AT + dt.timedelta(minutes=k)
        world.arrive(analysis.article, analysis.reports, now)
    return [{m.article_id for m in incident.members} for incident in world.live()]


@pytest.mark.parametrize("number", range(len(ATTACKS)))
def test_one_attack_in_two_languages_is_never_contradicted(number: int) -> None:
    """It is merged or left undecided, whichever language comes first."""
    one, other = _both(number)
    left, right = _primaries(one), _primaries(other)
    assert left and right, "a text that is not read proves nothing"
    gazetteer = gazetteer_of(KABUL)
    for a, b in itertools.product(left, right):
        pair = compare(facts_of(a, gazetteer), facts_of(b, gazetteer), KABUL.merge_weights)
        assert (pair.contradictions, pair.veto) == ((), None), pair
    assert _homes(one, other) == _homes(other, one)


def test_most_attacks_in_two_languages_are_merged() -> None:
    """Never to contradict anything would be no skill."""
    merged = [k for k in range(len(ATTACKS)) if len(_homes(*_both(k))) == 1]
    assert len(merged) >= 9, merged


@pytest.mark.parametrize("number", range(len(ATTACKS)))
def test_two_attacks_in_two_languages_are_never_merged(number: int) -> None:
    """The English report of one attack and every foreign one of another attack of that day."""
    one = _both(number)[0]
    for other in (_both(k)[1] for k in range(len(ATTACKS)) if k != number):
        homes = _homes(one, other)
        assert {one.article.article_id} in homes, other.article.article_id


def test_a_place_is_one_place_in_every_spelling_and_script() -> None:
    """Transliterations of a name that the profile lists lead to its row."""
    spellings = ("Shahr-e Naw", "Shahre Naw", "Shahr-i-Naw", "Shar e Naw", "Shahr-e Nau")
    paths = set()
    for spelling in spellings:
        text = ATTACKS[0]["en"]["text"].replace("Shahre Naw", spelling)
        analysis = _read(0, "en", {"title": "Bomb kills five at bakery in Kabul", "text": text})
        paths.update(r.report.place.path for r in _primaries(analysis) if r.report.place)
    paths.update(r.report.place.path for r in _primaries(_both(0)[1]) if r.report.place)
    assert [path[0] for path in paths] == ["shahr-e-naw"]
