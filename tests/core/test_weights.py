"""Weights are data: each has a reason, each is used, none hides in code, and a slip is refused."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

import pytest

from worker.core.classify import features
from worker.core.domain.errors import KnowledgeError
from worker.core.knowledge.weights import (
    MERGE_NAMES,
    EventWeights,
    ExtractWeights,
    ScopeWeights,
    SegmentWeights,
    build_weights,
    merge_names,
    read_weights,
)
from worker.core.segment.segment import SegmentKind

CORE = Path(__file__).resolve().parents[2] / "worker" / "core"
FILES = sorted(CORE.rglob("*weights*.toml"))
MODULES = sorted(CORE.rglob("*.py"))
JUDGING = {"segment", "extract", "classify", "merge"}
"""Folders whose numbers are judgement."""
PLAIN = {0.0, 0.5, 1.0}
"""Nothing, half and whole: the ends and the middle of a scale are no weights."""
OTHER = {
    ("pairs", 111.2): "kilometres in a degree of latitude: the earth's, not ours",
    ("deed_features", 1.5): "sentences, by their logarithm, beyond which a deed counts no more",
    ("verdict", 1e-4): "the last digit a probability is printed with",
}


def trees(*stems: str) -> Iterator[ast.Module]:
    """The syntax trees of modules by name, or of all inside a folder."""
    for path in MODULES:
        if set(stems) & {path.stem, *path.relative_to(CORE).parts}:
            yield ast.parse(path.read_text("utf-8"))


def strings(*stems: str) -> set[str]:
    """All literal strings of modules; of "{zone}.attack" with a variable part, ".attack"."""
    return {
        node.value
        for tree in trees(*stems)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def leaves(data: dict[str, Any], prefix: str = "") -> Iterator[str]:
    for key, value in data.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{prefix}{key}.")
        else:
            yield prefix + key


def test_weight_files_are_all_here() -> None:
    """Cutting, extracting, classifying and merging have one each."""
    assert len(FILES) == 4


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.parent.name)
def test_every_weight_has_its_reason(path: Path) -> None:
    """A comment stands beside each number; several zeros may share the comment above them."""
    bare, shared = [], False
    for line in path.read_text("utf-8").splitlines():
        row = re.fullmatch(r'("?[\w.]+"?) = ([-+.\d]+)(.*)', line)
        if row is None:
            shared = line.startswith("# ")
            continue
        reasoned = re.fullmatch(r"\s+# \S.{8,}", row[3]) is not None
        if not reasoned and not (shared and float(row[2]) == 0):
            bare.append(line)
    assert bare == []
    rows = sum(bool(re.match(r'"?[\w.]+"? = ', s)) for s in path.read_text("utf-8").splitlines())
    assert rows == len(list(leaves(tomllib.loads(path.read_text("utf-8")))))


def test_no_weight_hides_in_code() -> None:
    """Where texts are judged, no float stands in code but the plain ones and those argued above."""
    found = [
        f"{path.relative_to(CORE)}:{node.lineno}: {node.value}"
        for path in MODULES
        if JUDGING & set(path.relative_to(CORE).parts)
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, float)
        if node.value not in PLAIN and (path.stem, node.value) not in OTHER
    ]
    assert found == []


@pytest.mark.parametrize(
    ("kind", "section", "modules"),
    [
        (SegmentWeights, "main_date", ["main_date"]),
        (SegmentWeights, "linking", ["clause_linking"]),
        (ExtractWeights, "where", ["where"]),
        (ExtractWeights, "target", ["target", "site"]),
        (ExtractWeights, "when", ["when"]),
        (ExtractWeights, "noun_phrase", ["noun_phrase"]),
        (ExtractWeights, "home", ["homes"]),
    ],
)
def test_every_weight_of_segments_and_slots_is_used(
    kind: Any, section: str, modules: list[str]
) -> None:
    """A weight that no code asks for would be turned in vain."""
    names = {f.name for f in kind.__dataclass_fields__.values()}
    assert section in names
    inner = build_example(kind)[section]
    asked = {
        node.attr
        for tree in trees(*modules)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
    }
    assert set(inner) - asked == set()


def test_every_weight_of_scope_is_a_trait_or_term_that_is_found() -> None:
    """Traits of event words and terms of figures go by name: each weight has one, each term a weight."""
    traits = strings("event_mention")
    named = strings("scope", "scope_terms", "scope_clauses") | {
        f"event_{trait}" for trait in traits
    }

    assert {f.name for f in fields(EventWeights)} - traits == set()
    assert {f.name for f in fields(ScopeWeights)} - named == set()
    yielded = {
        node.value.elts[0].value
        for tree in trees("scope_terms", "scope_clauses")
        for node in ast.walk(tree)
        if isinstance(node, ast.Yield) and isinstance(node.value, ast.Tuple)
        if isinstance(node.value.elts[0], ast.Constant)
    }
    assert yielded - {f.name for f in fields(ScopeWeights)} == set()


def build_example(kind: Any) -> dict[str, Any]:
    """The sections of the shipped file that makes a value of ``kind``."""
    for path in FILES:
        data = tomllib.loads(path.read_text("utf-8"))
        if set(data) == set(kind.__dataclass_fields__):
            return data
    raise AssertionError(kind)


def test_every_weight_of_merging_is_used_and_declared() -> None:
    """The names in merge code are the declared ones: literal, or ``{slot}.same`` for a slot."""
    said = strings("merge")
    made = {
        f"{slot}{end}"
        for slot in MERGE_NAMES
        for end in said & {".same", ".differ"}
        if slot in said
    }
    assert set(merge_names()) - said - made == set()
    sections = "|".join(MERGE_NAMES)
    keys = {s for s in said if re.fullmatch(rf"(?:{sections})\.[a-z_]+", s)}
    assert keys - set(merge_names()) == set()


def test_every_declared_feature_is_measured() -> None:
    """A feature that nothing measures would have a weight in vain."""
    measured = {
        node.value
        for tree in trees("features", "context")
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    looped = {f"{zone}.{tone}" for zone in ("head", "lead") for tone in features.TOP_CUES}
    looped |= {f"any.{name}" for name in features.ANY_ZONE_CUES}
    looped |= {f"kind.{kind}" for kind in get_args(SegmentKind)}
    names = (features.FEATURES | features.PLACE_FEATURES) - looped
    ends = {name: name.partition(".")[2] for name in names}
    assert {n for n, end in ends.items() if not {n, end, f".{end}"} & measured} == set()


def test_read_weights_names_file_and_nearest_name() -> None:
    """A misspelt weight is refused at load, with the name that was probably meant."""
    with pytest.raises(KnowledgeError) as caught:
        read_weights({"date": {"smae": 3.0}}, ("date.same",), "merge/weights.toml")
    assert str(caught.value).splitlines() == [
        "merge/weights.toml: weight 'date.smae' is unknown; did you mean 'date.same'?",
        "merge/weights.toml: weight 'date.same' is missing",
    ]


def test_read_weights_refuses_what_is_no_number() -> None:
    """Text, truth values and lists weigh nothing."""
    for value in ("3.0", True, [3.0]):
        with pytest.raises(KnowledgeError, match=r"weight date\.same is no number"):
            read_weights({"date": {"same": value}}, ("date.same",), "x.toml")


def test_build_weights_refuses_a_section_without_one_of_its_weights() -> None:
    """What the code will ask for must be there before the first article."""
    data = {"main_date": {}, "linking": {"tail_share": 0.6}}
    with pytest.raises(KnowledgeError, match=r"weight 'main_date\.zone\.lead' is missing"):
        build_weights(SegmentWeights, data, "x.toml")
