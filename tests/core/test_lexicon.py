"""Lexicons are knowledge files: judged when loaded, and free of places and groups."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from worker.config.knowledge import load_knowledge
from worker.core.classify.cues import CATEGORIES
from worker.core.domain.errors import KnowledgeError
from worker.core.lang.lexicon import build
from worker.core.lang.normalise import plain

FOLDER = Path(__file__).parent.parent.parent / "worker" / "core" / "lang"
FILES = sorted(FOLDER.glob("*.toml"))


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_shipped_files_compile(path: Path) -> None:
    """Every pattern compiles within its limits and no category name is misspelt by half."""
    lexicon = build(tomllib.loads(path.read_text(encoding="utf-8")), path.name)
    assert lexicon.lang == path.stem
    assert {f"cue_{c}" for c in CATEGORIES if c != "state"} <= set(lexicon.patterns) | {
        "cue_digest"
    }


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_shipped_files_name_no_place_group_or_person(path: Path) -> None:
    """What is true of one city only lives in its profile."""
    words = set(plain(path.read_text(encoding="utf-8")).replace('"', " ").split())
    profile = load_knowledge("kabul").profile
    local = {
        plain(v) for p in profile.places if p.kind in ("city", "neighbourhood") for v in p.variants
    }
    groups = {
        plain(v)
        for a in profile.actors
        if a.actor_class == "non_state_armed_group"
        for v in a.variants
    }
    assert sorted(w for w in words & (local | groups) if w != "company") == []


@pytest.mark.parametrize(
    ("pattern", "complaint"),
    [
        ("(a+)+", "nested"),
        ("(bomb", "unterminated"),
        ("(bomb)", "capturing"),
        ("x*", "nothing at all"),
    ],
)
def test_bad_patterns_are_refused_by_name(pattern: str, complaint: str) -> None:
    """The message names file and category, so that a translator can mend it."""
    with pytest.raises(KnowledgeError, match=complaint) as caught:
        build({"lang": "qq", "patterns": {"cue_attack": [pattern]}}, "qq.toml")
    assert "qq.toml" in str(caught.value)
    assert "cue_attack" in str(caught.value)


def test_words_are_whole_and_normalised() -> None:
    """ "bomb" is not in "bombastic"; the file may write accents, the text need not."""
    lexicon = build({"lang": "qq", "patterns": {"a": ["bomb", "explosión"]}}, "qq.toml")
    assert [m.group() for m in lexicon.find("a", plain("Bombastic bomb; EXPLOSION"))] == [
        "bomb",
        "explosion",
    ]
    assert lexicon.first("missing", "bomb") is None
