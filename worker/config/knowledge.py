"""Reads the knowledge files, once: the shell's only way to make a ``Knowledge``.

Where things are: lexicons and weights beside the code that uses them (they are the same for every
city); profiles in ``config/profiles/<name>/`` or wherever a path points. A wheel carries the
shipped ``config`` as ``worker/_config``.
"""

from __future__ import annotations

import csv
import hashlib
import tomllib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from worker.core.domain.errors import KnowledgeError
from worker.core.knowledge.knowledge import Knowledge
from worker.core.knowledge.profile_load import FILES, build_profile
from worker.core.lang import lexicon

_CODE = Path(__file__).parents[1]
_LEXICONS = _CODE / "core" / "lang"
_CLASSIFY_WEIGHTS = _CODE / "core" / "classify" / "weights.toml"
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
    for path in sorted(_LEXICONS.glob("*.toml")):
        built = lexicon.build(_parse(path, digest), path.name)
        lexicons[built.lang] = built
    return Knowledge(
        profile=build_profile(folder.name, files),
        lexicons=lexicons,
        classify_weights=_numbers(_parse(_CLASSIFY_WEIGHTS, digest)),
        merge_weights=_numbers(_parse(_MERGE_WEIGHTS, digest)),
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


def _numbers(data: Mapping[str, Any]) -> dict[str, float]:
    """Weights as one flat table: ``[section] name = 1.5`` is ``section.name``."""
    return dict(_flatten(data, ""))


def _flatten(data: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, float]]:
    for key, value in data.items():
        if isinstance(value, Mapping):
            yield from _flatten(value, f"{prefix}{key}.")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield f"{prefix}{key}", float(value)
        else:
            raise KnowledgeError(f"weight {prefix}{key} is no number: {value!r}")
