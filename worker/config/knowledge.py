"""Reads the knowledge files, once: the shell's only way to make a ``Knowledge``.

Where things are: lexicons and weights beside the code that uses them (they are the same for every
city); profiles in ``config/profiles/<name>/`` or wherever a path points. A wheel carries the
shipped ``config`` as ``worker/_config``.
"""

from __future__ import annotations

import csv
import hashlib
import tomllib
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from worker.core.classify.score import weight_names
from worker.core.domain.errors import KnowledgeError
from worker.core.knowledge.agencies import build_agencies
from worker.core.knowledge.knowledge import Knowledge
from worker.core.knowledge.notices import Notices, build_notices
from worker.core.knowledge.profile_load import FILES, build_profile
from worker.core.knowledge.weights import (
    ExtractWeights,
    SegmentWeights,
    build_weights,
    merge_names,
    read_weights,
)
from worker.core.lang.categories import Categories, read_categories
from worker.core.lang.declared import Declared, read_classes, read_flags
from worker.core.lang.language import Language, build_language
from worker.core.lang.lexicon import build

_CODE = Path(__file__).parents[1]
_LEXICONS = _CODE / "core" / "lang"
_CATEGORIES = _LEXICONS / "phrases.toml"
_CLASSES = _LEXICONS / "classes.toml"
_FLAGS = _LEXICONS / "flags.toml"
_GRAMMARS = ("figures", "events", "speakers")
_SEGMENT_WEIGHTS = _CODE / "core" / "segment" / "weights.toml"
_EXTRACT_WEIGHTS = _CODE / "core" / "extract" / "weights.toml"
CLASSIFY_WEIGHTS = _CODE / "core" / "classify" / "weights.toml"
CLASSIFY_PRIOR = _CODE / "core" / "training" / "prior.toml"
_MERGE_WEIGHTS = _CODE / "core" / "merge" / "weights.toml"
_NOTICES = _CODE / "core" / "sources" / "notices.toml"
_AGENCIES = _CODE / "core" / "sources" / "agencies.toml"
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
    languages = _languages(digest)
    verdict, verdict_file = _named(CLASSIFY_WEIGHTS, digest)
    merging, merging_file = _named(_MERGE_WEIGHTS, digest)
    return Knowledge(
        profile=build_profile(folder.name, files),
        languages=languages,
        segment_weights=build_weights(SegmentWeights, *_named(_SEGMENT_WEIGHTS, digest)),
        extract_weights=build_weights(ExtractWeights, *_named(_EXTRACT_WEIGHTS, digest)),
        classify_weights=read_weights(verdict, weight_names(), verdict_file),
        merge_weights=read_weights(merging, merge_names(), merging_file),
        codes=_parse(_CODES, digest),
        notices=load_notices(digest),
        agencies=build_agencies(*_named(_AGENCIES, digest)),
        digest=digest.hexdigest()[:16],
    )


def load_notices(digest: hashlib._Hash | None = None) -> Notices:
    """The words of agencies' orders. Raises ``KnowledgeError``."""
    return build_notices(*_named(_NOTICES, digest or hashlib.sha256()))


def load_languages() -> dict[str, Language]:
    """All language packs, built, by code; no profile is needed. Raises ``KnowledgeError``."""
    built = dict(_languages(hashlib.sha256()))
    for language in built.values():
        language.phrases.check()
        for reader in language.readers.values():
            reader.grammar.check()
    return built


def language_names() -> dict[str, str]:
    """The languages that are read: code → name ("fa" → "Dari and Persian"). Builds no pack."""
    unused = hashlib.sha256()
    files = sorted(_LEXICONS.glob("*/language.toml"))
    return {file.parent.name: str(_parse(file, unused).get("name", "")) for file in files}


class LanguagePacks(Mapping[str, Language]):
    """The packs by code, each built when it is first asked for.

    A command that reads one English page need not compile the words of five other languages. They are
    part of the program, and tests build them all, as ``check --languages`` does: what is wrong with
    one is found before it is shipped.
    """

    def __init__(self, builders: Mapping[str, Callable[[], Language]]) -> None:
        self._builders = builders
        self._built: dict[str, Language] = {}

    def __getitem__(self, code: str) -> Language:
        if code not in self._built:
            self._built[code] = self._builders[code]()
        return self._built[code]

    def __iter__(self) -> Iterator[str]:
        return iter(self._builders)

    def __len__(self) -> int:
        return len(self._builders)


def _languages(digest: hashlib._Hash) -> LanguagePacks:
    """The packs, not built yet; their bytes are part of the digest all the same."""
    paths = (_CATEGORIES, _CLASSES, _FLAGS, *sorted(_LEXICONS.glob("*/*.toml")))
    known = hashlib.sha256()
    for path in paths:
        data = _count(path, digest)
        known.update(path.name.encode() + b"\0" + data + b"\0")
    return _packs(known.hexdigest())


@lru_cache(maxsize=2)
def _packs(known: str) -> LanguagePacks:  # noqa: ARG001 - what the files hold is the key
    """The packs of these bytes: the same for every profile, so a process builds each but once."""
    unused = hashlib.sha256()
    categories = read_categories(_parse(_CATEGORIES, unused), _CATEGORIES.name)
    classes = read_classes(_parse(_CLASSES, unused), _CLASSES.name)
    declared = Declared(classes, read_flags(_parse(_FLAGS, unused), _FLAGS.name))
    folders = sorted(path.parent for path in _LEXICONS.glob("*/language.toml"))
    return LanguagePacks({f.name: partial(_build, f, categories, declared) for f in folders})


def _build(folder: Path, categories: Categories, declared: Declared) -> Language:
    """One pack of its files."""
    unused = hashlib.sha256()
    phrases = folder / "phrases.toml"
    data = _parse(phrases, unused) if phrases.is_file() else {"lang": folder.name}
    grammars = {}
    for name in _GRAMMARS:
        own, shared = (_grammar_file(f, name, unused) for f in (folder, _LEXICONS / "shared"))
        files = _grammar(own, shared)
        if files:
            grammars[name] = files
    pack, words = (_parse(folder / f"{name}.toml", unused) for name in ("language", "words"))
    complete = "verdict" in pack.get("capabilities", ())
    lexicon = build(data, f"{folder.name}/phrases.toml", categories, complete=complete)
    return build_language(pack, words, lexicon, grammars, declared)


_GrammarFile = tuple[str, dict[str, Any]]


def _grammar_file(folder: Path, name: str, digest: hashlib._Hash) -> _GrammarFile | None:
    path = folder / f"{name}.toml"
    return (f"{folder.name}/{name}.toml", _parse(path, digest)) if path.is_file() else None


def _grammar(own: _GrammarFile | None, shared: _GrammarFile | None) -> list[_GrammarFile]:
    """The files of one grammar: a language's own rules first, then the shared ones it builds on."""
    if own is None:
        return [shared] if shared is not None else []
    extends = own[1].pop("extends", None) == "shared" and shared is not None
    return [own, shared] if extends and shared is not None else [own]


def _looks_like_path(profile: str | Path) -> bool:
    return isinstance(profile, Path) or "/" in profile or Path(profile).is_dir()


def _count(path: Path, digest: hashlib._Hash) -> bytes:
    """A file's bytes, counted into the digest."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise KnowledgeError(f"{path}: {error.strerror}") from error
    digest.update(path.name.encode() + b"\0" + data + b"\0")
    return data


def _parse(path: Path, digest: hashlib._Hash) -> Any:
    data = _count(path, digest)
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
