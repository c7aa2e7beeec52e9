"""The profile loader: every mistake in a profile is named with its file, none is guessed away."""

from __future__ import annotations

import copy
import tomllib
from pathlib import Path
from typing import Any

import pytest

from worker.config.knowledge import load_knowledge, profile_dir, shipped_config
from worker.core.domain.errors import KnowledgeError
from worker.core.knowledge.profile_load import FILES, PLACE_COLUMNS, build_profile

SECOND_CITY = Path(__file__).parent.parent / "profiles" / "portsmere"


def files() -> dict[str, Any]:
    """The files of a tiny, valid profile."""
    row = dict.fromkeys(PLACE_COLUMNS, "")
    return {
        **{name: {} for name in FILES},
        "profile.toml": {"title": "Attacks in Ashford", "zone": "UTC"},
        "places.csv": [
            row | {"id": "ashford", "name": "Ashford", "kind": "city"},
            row
            | {"id": "mill-end", "name": "Mill End", "kind": "neighbourhood", "parent": "ashford"},
        ],
    }


def test_tiny_profile_is_accepted() -> None:
    """A profile needs little: a zone and some places; the rest has the defaults of the policy."""
    profile = build_profile("ashford", files())

    assert [place.id for place in profile.places] == ["ashford", "mill-end"]
    assert profile.places[1].variants == ("Mill End",)
    assert profile.policy.require_fresh


@pytest.mark.parametrize(
    ("file", "change", "complaint"),
    [
        ("profile.toml", {"titel": "x"}, "profile.toml: unknown key 'titel'"),
        ("profile.toml", {"zone": "Mars/Olympus"}, "no IANA time zone"),
        ("profile.toml", {"policy": {"count_crimes": True}}, "unknown key 'count_crimes'"),
        (
            "profile.toml",
            {"policy": {"report_at": 0.2, "review_at": 0.6}},
            "review_at <= report_at",
        ),
        (
            "known.toml",
            {"attack": [{"id": "a", "date": "2019", "names": [], "source": "s"}]},
            "date",
        ),
        ("actors.toml", {"actor": [{"id": "a", "nane": "x"}]}, "actors.toml: entry 1 (a)"),
        ("confusers.toml", {"not_here": {"en": ["(unclosed"]}}, "confusers.toml: not_here.en"),
        ("gate.toml", {"palces": []}, "gate.toml: unknown key 'palces'"),
    ],
)
def test_each_mistake_names_its_file(file: str, change: dict[str, Any], complaint: str) -> None:
    """A wrong entry is refused with the file's name and what is wrong with it."""
    wrong = files()
    wrong[file] = {**wrong[file], **change}

    with pytest.raises(KnowledgeError) as caught:
        build_profile("ashford", wrong)

    assert complaint in str(caught.value)


def test_all_mistakes_are_told_at_once() -> None:
    """Two mistakes in two files give two lines, so that an analyst mends both in one go."""
    wrong = files()
    wrong["places.csv"][1]["parent"] = "nowhere"
    wrong["places.csv"].append(copy.copy(wrong["places.csv"][0]))
    wrong["gate.toml"] = {"place": []}

    with pytest.raises(KnowledgeError) as caught:
        build_profile("ashford", wrong)

    assert str(caught.value).count("\n") == 2


def test_coordinate_without_trust_is_refused() -> None:
    """No coordinate travels without a word on how far to trust it."""
    wrong = files()
    wrong["places.csv"][1] |= {"lat": "1.0", "lon": "2.0"}

    with pytest.raises(KnowledgeError, match="trust"):
        build_profile("ashford", wrong)


@pytest.mark.parametrize("name", sorted(p.name for p in (shipped_config() / "profiles").iterdir()))
def test_shipped_profiles_load(name: str) -> None:
    """Every profile in the box is valid, and its digest is stable within a process."""
    knowledge = load_knowledge(name)

    assert knowledge.profile.name == name
    assert load_knowledge(name).digest == knowledge.digest


def test_second_city_loads_from_a_path() -> None:
    """A profile is a folder anywhere; the code knows no city."""
    assert load_knowledge(SECOND_CITY).profile.title == "Attacks in Portsmere"


def test_unknown_profile_says_where_it_looked() -> None:
    """A misspelt name lists the folders that were tried."""
    with pytest.raises(KnowledgeError, match=r"no profile 'portmere': looked for profile\.toml in"):
        profile_dir("portmere")


def test_gazetteer_parents_form_a_tree() -> None:
    """Going up from any place ends; a ring of parents would hang every comparison of places."""
    for name in ("kabul", "anywhere"):
        places = {place.id: place for place in load_knowledge(name).profile.places}
        for place in places.values():
            seen = set()
            while place.parent is not None:
                assert place.id not in seen
                seen.add(place.id)
                place = places[place.parent]


def test_feeds_file_names_each_feed_once() -> None:
    """At least a dozen feeds ship, with distinct ids, an outlet and a language each."""
    feeds = tomllib.loads((shipped_config() / "feeds.toml").read_text("utf-8"))["feed"]
    ids = [feed["id"] for feed in feeds]

    assert len(ids) >= 12
    assert len(set(ids)) == len(ids)
    assert all(feed["outlet"] and feed["lang"] for feed in feeds)
