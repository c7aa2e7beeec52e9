"""The profile loader: every mistake in a profile is named with its file, none is guessed away."""

from __future__ import annotations

import copy
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.profiles.cities import PORTSMERE
from worker.config.knowledge import load_knowledge, profile_dir, shipped_config
from worker.core.domain.errors import KnowledgeError
from worker.core.knowledge.profile_load import FILES, PLACE_COLUMNS, build_profile


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


def test_build_profile_accepts_a_tiny_profile() -> None:
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
        (
            "actors.toml",
            {"actor": [{"id": "a", "in_power_from": "2031"}]},
            "actors.toml: entry 1 (a): in_power_from must be a TOML date",
        ),
        ("confusers.toml", {"not_here": {"en": ["(unclosed"]}}, "confusers.toml: not_here.en"),
        ("gate.toml", {"palces": []}, "gate.toml: unknown key 'palces'"),
    ],
)
def test_build_profile_names_the_file_of_each_mistake(
    file: str, change: dict[str, Any], complaint: str
) -> None:
    """A wrong entry is refused with the file's name and what is wrong with it."""
    wrong = files()
    wrong[file] = {**wrong[file], **change}

    with pytest.raises(KnowledgeError) as caught:
        build_profile("ashford", wrong)

    assert complaint in str(caught.value)


def test_build_profile_tells_all_mistakes_at_once() -> None:
    """Two mistakes in two files give two lines, so that an analyst mends both in one go."""
    wrong = files()
    wrong["places.csv"][1]["parent"] = "nowhere"
    wrong["places.csv"].append(copy.copy(wrong["places.csv"][0]))
    wrong["gate.toml"] = {"place": []}

    with pytest.raises(KnowledgeError) as caught:
        build_profile("ashford", wrong)

    assert str(caught.value).count("\n") == 2


def test_build_profile_refuses_a_coordinate_without_trust() -> None:
    """No coordinate travels without a word on how far to trust it."""
    wrong = files()
    wrong["places.csv"][1] |= {"lat": "1.0", "lon": "2.0"}

    with pytest.raises(KnowledgeError, match="trust"):
        build_profile("ashford", wrong)


@pytest.mark.parametrize("profile", [PORTSMERE, "anywhere"], ids=["by path", "by name"])
def test_load_knowledge_takes_a_path_or_a_name_of_the_box(profile: Path | str) -> None:
    """A profile is a folder anywhere, or a name; its digest is that of its files."""
    knowledge = load_knowledge(profile)

    assert knowledge.profile.name == Path(profile).name
    assert load_knowledge(profile).digest == knowledge.digest


def test_load_knowledge_of_a_changed_profile_has_another_digest(tmp_path: Path) -> None:
    """One more spelling in one file: analyses made with it can be told from those before."""
    changed = shutil.copytree(PORTSMERE, tmp_path / "portsmere")
    with (changed / "places.csv").open("a", encoding="utf-8") as file:
        file.write("tar-yard,Tar Yard,neighbourhood,ward-1,1,,,,,north,Tar Yard\n")

    knowledge = load_knowledge(changed)

    assert knowledge.digest != load_knowledge(PORTSMERE).digest
    assert knowledge.profile.places[-1].name == "Tar Yard"


def test_profile_dir_says_where_it_looked_for_an_unknown_name() -> None:
    """A misspelt name lists the folders that were tried."""
    with pytest.raises(KnowledgeError, match=r"no profile 'portmere': looked for profile\.toml in"):
        profile_dir("portmere")


def test_shipped_feeds_name_each_feed_once() -> None:
    """At least a dozen feeds ship, with distinct ids, an outlet and a language each."""
    feeds = tomllib.loads((shipped_config() / "feeds.toml").read_text("utf-8"))["feed"]
    ids = [feed["id"] for feed in feeds]

    assert len(ids) >= 12
    assert len(set(ids)) == len(ids)
    assert all(feed["outlet"] and feed["lang"] for feed in feeds)
