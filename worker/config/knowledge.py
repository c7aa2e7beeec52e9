"""Reads the knowledge files, once: the shell's only way to make a ``Knowledge``.

Where things are: lexicons and weights beside the code that uses them (they are the same for every
city); profiles in ``config/profiles/<name>/`` or wherever a path points. A wheel carries the
shipped ``config`` as ``worker/_config``.
"""

from __future__ import annotations

import csv
import hashlib
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any

from worker.core.classify.score import weight_names
from worker.core.domain.errors import KnowledgeError
from worker.core.knowledge.knowledge import Knowledge
from worker.core.knowledge.profile_load import FILES, build_profile
from worker.core.knowledge.weights import (
    ExtractWeights,
    SegmentWeights,
    build_weights,
    merge_names,
    read_weights,
)
from worker.core.lang import lexicon
from worker.core.lang.categories import read_categories

_CODE = Path(__file__).parents[1]
_LEXICONS = _CODE / "core" / "lang"
_CATEGORIES = _LEXICONS / "categories.toml"
_SEGMENT_WEIGHTS = _CODE / "core" / "segment" / "weights.toml"
_EXTRACT_WEIGHTS = _CODE / "core" / "extract" / "weights.toml"
CLASSIFY_WEIGHTS = _CODE / "core" / "classify" / "weights.toml"
_MERGE_WEIGHTS = _CODE / "core" / "merge" / "weights.toml"
_CODES = _CODE / "core" / "merge" / "state" / "codes.toml"


def shipped_config() -> Path:
    """The ``config`` folder that came with the program: in a checkout, else in the wheel."""
    beside = _CODE.parent / "config"
    return beside if (beside / "profiles").is_dir() else _CODE / "_config"


def profile_dir(profile: str | Path, config_dir: Path | None = None) -> Path:
    """The folder of a profile given by name or path. Raises ``KnowledgeError`` when there is none."""
    candidates = [Path(profile)] if _looks_like_path(profile) else []
    for base in (config_dir, shipped_config()):
        if base is not None:
            candidates.append(base / "profiles" / str(profile))
    for candidate in candidates:
        if (candidate / "profile.toml").is_file():
            return candidate.resolve()
    tried = ", ".join(str(candidate) for candidate in candidates)
    raise KnowledgeError(f"no profile {str(profile)!r}: looked for profile.toml in {tried}")


def load_knowledge(profile: str | Path, config_dir: Path | None = None) -> Knowledge:
    """Read and judge a profile, all lexicons and all weights.

    Raises ``KnowledgeError`` naming every problem with its file.
    """
    return _load(profile_dir(profile, config_dir))


@lru_cache(maxsize=8)
def _load(folder: Path) -> Knowledge:
    digest = hashlib.sha256()
    files = {name: _parse(folder / name, digest) for name in FILES}
    lexicons = {}
    categories = read_categories(_parse(_CATEGORIES, digest), _CATEGORIES.name)
    for path in sorted(set(_LEXICONS.glob("*.toml")) - {_CATEGORIES}):
        built = lexicon.build(_parse(path, digest), path.name, categories)
        lexicons[built.lang] = built
    verdict, verdict_file = _named(CLASSIFY_WEIGHTS, digest)
    merging, merging_file = _named(_MERGE_WEIGHTS, digest)
    return Knowledge(
        profile=build_profile(folder.name, files),
        lexicons=lexicons,
        segment_weights=build_weights(SegmentWeights, *_named(_SEGMENT_WEIGHTS, digest)),
        extract_weights=build_weights(ExtractWeights, *_named(_EXTRACT_WEIGHTS, digest)),
        classify_weights=read_weights(verdict, weight_names(), verdict_file),
        merge_weights=read_weights(merging, merge_names(), merging_file),
        codes=_parse(_CODES, digest),
        digest=digest.hexdigest()[:16],
    )


def _looks_like_path(profile: str | Path) -> bool:
    return isinstance(profile, Path) or "/" in profile or Path(profile).is_dir()


def _parse(path: Path, digest: hashlib._Hash) -> Any:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise KnowledgeError(f"{path}: {error.strerror}") from error
    digest.update(path.name.encode() + b"\0" + data + b"\0")
    try:
        text = data.decode("utf-8")
        if path.suffix == ".csv":
            return list(csv.DictReader(text.splitlines()))
        return tomllib.loads(text)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, csv.Error) as error:
        raise KnowledgeError(f"{path}: {error}") from error


def _named(path: Path, digest: hashlib._Hash) -> tuple[Any, str]:
    """A file's data with the name that messages call it by: its folder and its own."""
    return _parse(path, digest), f"{path.parent.name}/{path.name}"
