"""Lexicons are knowledge files: judged when loaded.

That they are free of places and groups is tested beside the profile that has them:
``tests/profiles/test_kabul.py``.
"""

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
def test_build_compiles_each_shipped_file(path: Path) -> None:
    """Every pattern compiles within its limits and no category name is misspelt by half."""
    lexicon = build(tomllib.loads(path.read_text(encoding="utf-8")), path.name)
    assert lexicon.lang == path.stem
    assert {f"cue_{c}" for c in CATEGORIES if c != "state"} <= set(lexicon.patterns) | {
        "cue_digest"
    }


@pytest.mark.parametrize(
    ("pattern", "complaint"),
    [
        ("(a+)+", "nested"),
        ("(bomb", "unterminated"),
        ("(bomb)", "capturing"),
        ("x*", "nothing at all"),
    ],
)
def test_build_refuses_a_bad_pattern_by_name(pattern: str, complaint: str) -> None:
    """The message names file and category, so that a translator can mend it."""
    with pytest.raises(KnowledgeError, match=complaint) as caught:
        build({"lang": "qq", "patterns": {"cue_attack": [pattern]}}, "qq.toml")
    assert "qq.toml" in str(caught.value)
    assert "cue_attack" in str(caught.value)


def test_find_takes_whole_words_and_normalised() -> None:
    """ "bomb" is not in "bombastic"; the file may write accents, the text need not."""
    lexicon = build({"lang": "qq", "patterns": {"a": ["bomb", "explosión"]}}, "qq.toml")
    assert [m.group() for m in lexicon.find("a", plain("Bombastic bomb; EXPLOSION"))] == [
        "bomb",
        "explosion",
    ]
    assert lexicon.first("missing", "bomb") is None
