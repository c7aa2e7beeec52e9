"""Finds the settings, merges them, and refuses what is wrong in words an operator can act on.

Precedence: flag, environment (``KABULWIRE__SECTION__KEY``), file, default. Found by ``--config``,
``KABULWIRE_CONFIG``, ``./config``, else the copy that came with the program.

Rules
-----
1. All problems are reported at once, each with file and line (or the variable's name).
2. An unknown key or an unknown ``KABULWIRE__…`` name is an error with a suggestion: a typing mistake
   must not silently mean "default". Kubernetes injects ``NAME_PORT`` variables with single
   underscores, so refusing unknown double ones is safe.
3. A relative path counts from the working directory; only ``feeds.file`` stands beside its file.
"""

from __future__ import annotations

import contextlib
import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel, SecretStr, TypeAdapter, ValidationError

from worker.config import at_odds, feed_problems
from worker.config.delivery import Cursor, Push, Spool, WebSub
from worker.config.knowledge import shipped_config
from worker.config.schema import Config, FeedConfig, Serve
from worker.core.domain.errors import ConfigError

PREFIX = "KABULWIRE__"
FILE = "kabulwire.toml"
_HEADER = re.compile(r"\s*(\[\[?)\s*([A-Za-z0-9_.\-\" ]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"\s*\"?([A-Za-z0-9_-]+)\"?\s*=\s*(.*)$")
_TABLES: dict[str, Any] = {"cursor": Cursor, "spool": Spool, "push": Push, "websub": WebSub}
_FEEDS: TypeAdapter[FeedConfig] = TypeAdapter(FeedConfig)

Location = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings in force, where each came from, and the feeds they name."""

    config: Config
    feeds: tuple[FeedConfig, ...]
    sources: Mapping[str, str]
    """``section.key`` → "default", "config/kabulwire.toml:12", "environment", "flag"."""
    folder: Path
    feeds_file: Path


def load(
    where: str | Path | None,
    environ: Mapping[str, str],
    flags: Mapping[str, Any] | None = None,
) -> Loaded:
    """Settings and feeds from ``where`` (file or folder; None: search), environment and flags.

    Raises ``ConfigError`` whose text has one line per problem.
    """
    settings = load_settings(where, environ, flags)
    feeds = load_feeds(settings.feeds_file)
    subscribing = [feed.id for feed in feeds if feed.websub is not None and feed.enabled]
    if subscribing and not settings.config.serve.public_url:
        raise ConfigError(
            f"{settings.feeds_file}: feed {subscribing[0]!r}: websub needs serve.public_url, "
            "the address at which hubs reach this worker"
        )
    return replace(settings, feeds=feeds)


def load_settings(
    where: str | Path | None,
    environ: Mapping[str, str],
    flags: Mapping[str, Any] | None = None,
) -> Loaded:
    """As ``load``, without reading any feeds: for commands that poll nothing."""
    folder, path = find(where, environ)
    written, lines = _read(path) if path else ({}, {})
    raw: dict[str, Any] = {"profile": default_profile()}
    raw |= {key: dict(v) if isinstance(v, dict) else v for key, v in written.items()}
    sources = {_dotted(at): f"{path}:{line}" for at, line in lines.items()}
    problems = list(_overlay(raw, sources, environ, flags or {}))
    config = _judge(raw, sources, path, problems)
    if config is not None:
        problems += [
            f"{_place(name, sources, path)}: {name} {text}"
            for name, text in at_odds.problems(config)
        ]
    if config is None or problems:
        raise ConfigError("\n".join(problems))
    config = _with_password(config)
    feeds_file = _feeds_file(config, folder, sources.get("feeds.file", ""))
    return Loaded(config, (), sources, folder, feeds_file)


def find(where: str | Path | None, environ: Mapping[str, str]) -> tuple[Path, Path | None]:
    """The configuration's folder, and its file if there is one. Raises ``ConfigError``."""
    named = where or environ.get("KABULWIRE_CONFIG") or None
    if named is None:
        here = Path("config")
        folder = here if (here / FILE).is_file() else shipped_config()
        return folder, folder / FILE
    path = Path(named)
    if path.is_file():
        return path.parent, path
    if not path.is_dir():
        raise ConfigError(f"{path}: no such file or folder; see --config or KABULWIRE_CONFIG")
    if (path / FILE).is_file():
        return path, path / FILE
    if (path / "feeds.toml").is_file():
        return path, None
    raise ConfigError(f"{path}: holds neither {FILE} nor feeds.toml")


def where_to_listen(where: str | Path | None, environ: Mapping[str, str]) -> Serve:
    """``[serve]`` as far as it can be read, for a start that is refused: whatever else is wrong, the
    probes ask where they were told to.
    """
    raw: dict[str, Any] = {}
    with contextlib.suppress(ConfigError):
        path = find(where, environ)[1]
        raw |= _read(path)[0] if path else {}
    list(_overlay(raw, {}, environ, {}))
    table = raw.get("serve")
    told = Serve()
    for key in ("host", "port"):
        if isinstance(table, dict) and key in table:
            with contextlib.suppress(ValidationError):
                one = Serve.model_validate({key: table[key]})
                told = told.model_copy(update={key: getattr(one, key)})
    return told


def default_profile() -> str:
    """The profile that the shipped configuration watches."""
    return str(_read(shipped_config() / FILE)[0]["profile"])


def load_feeds(path: Path) -> tuple[FeedConfig, ...]:
    """The feeds of a file. Raises ``ConfigError`` with every problem and its line."""
    raw, lines = _read(path)
    problems = [
        f"{path}:{lines.get((key,), 1)}: unknown table {key!r}; write [[feed]]"
        for key in raw
        if key != "feed"
    ]
    feeds: list[FeedConfig] = []
    rows = raw.get("feed", [])
    for number, row in enumerate(rows if isinstance(rows, list) else []):
        try:
            feed = _FEEDS.validate_python(row)
        except ValidationError as error:
            for fault in error.errors(include_url=False, include_context=False):
                at = ("feed", number, *fault["loc"])
                line = lines.get(at, lines.get(at[:3], lines.get(("feed", number), 1)))
                table = f"{fault['loc'][0]}: " if len(fault["loc"]) > 1 else ""
                told = _explain(fault, _keys_beside(fault["loc"]))
                problems.append(f"{path}:{line}: {table}{told}")
            continue
        line = lines.get(("feed", number), 1)
        problems += [f"{path}:{line}: {text}" for text in feed_problems.of_feed(feed, feeds)]
        feeds.append(feed)
    if problems:
        raise ConfigError("\n".join(problems))
    return tuple(feeds)


def _keys_beside(location: Location) -> list[str]:
    """The keys that a table of a feed may hold, or the feed itself."""
    table = _TABLES.get(str(location[0]), FeedConfig) if len(location) > 1 else FeedConfig
    return [field.name for field in fields(table)]


def effective(loaded: Loaded) -> Iterator[tuple[str, Any, str]]:
    """Every setting as ``(key, value, source)``; secrets masked."""
    for key, value in _flat(loaded.config):
        shown = ("********" if value.get_secret_value() else "") if _secret(value) else value
        yield key, shown, loaded.sources.get(key, "default")


def _feeds_file(config: Config, folder: Path, source: str) -> Path:
    name = config.feeds.file
    beside = folder / name
    if source in {"environment", "flag"} and name.is_file():
        return name
    return beside if beside.is_file() or not name.is_file() else name


def _with_password(config: Config) -> Config:
    file = config.kafka.sasl_password_file
    if file is None:
        return config
    try:
        secret = SecretStr(file.read_text("utf-8").strip())
    except UnicodeDecodeError as error:
        raise ConfigError(f"kafka.sasl_password_file: {file}: not UTF-8") from error
    except OSError as error:
        raise ConfigError(f"kafka.sasl_password_file: {file}: {error.strerror}") from error
    return config.model_copy(
        update={"kafka": config.kafka.model_copy(update={"sasl_password": secret})}
    )


def _overlay(
    raw: dict[str, Any],
    sources: dict[str, str],
    environ: Mapping[str, str],
    flags: Mapping[str, Any],
) -> Iterator[str]:
    known = list(setting_names())
    wanted: list[tuple[str, Any, str, str]] = []
    for name, text in environ.items():
        if name.upper().startswith(PREFIX):
            key = name[len(PREFIX) :].lower().replace("__", ".")
            wanted.append((key, text, "environment", name))
        elif meant := _meant_by(name, known):
            yield f"environment {name}: no setting is called so (did you mean {_variable(meant)}?)"
    wanted += [(key, value, "flag", key) for key, value in flags.items() if value is not None]
    for key, value, source, shown in wanted:
        if key not in known:
            guess = difflib.get_close_matches(key, known, 1, 0.5)
            hint = _variable(guess[0]) if guess else ""
            yield f"{source} {shown}: unknown setting" + (
                f" (did you mean {hint}?)" if hint else ""
            )
            continue
        section, _, field = key.rpartition(".")
        table = raw.setdefault(section, {}) if section else raw
        if isinstance(table, dict):
            table[field] = _from_text(key, value)
            sources[key] = source


def _variable(key: str) -> str:
    return PREFIX + key.upper().replace(".", "__")


def _meant_by(name: str, known: Sequence[str]) -> str:
    """The setting that a variable names but for its underscores, or "".

    Nothing less like one is refused: Kubernetes sets ``KABULWIRE_PORT`` and more for a service of
    our name.
    """
    bare = name.upper().replace("_", "")
    for key in known:
        if bare == "KABULWIRE" + key.upper().replace(".", "").replace("_", ""):
            return key
    return ""


def _from_text(key: str, value: Any) -> Any:
    """An environment value as the setting's type: lists by comma, "" as none for a path."""
    if not isinstance(value, str):
        return value
    section, _, field = key.rpartition(".")
    model: Any = Config.model_fields[section].annotation if section else Config
    annotation = model.model_fields[field].annotation
    if get_origin(annotation) is tuple:
        return tuple(part.strip() for part in value.split(",") if part.strip())
    if value == "" and type(None) in get_args(annotation):
        return None
    return value


def _judge(
    raw: dict[str, Any], sources: Mapping[str, str], path: Path | None, problems: list[str]
) -> Config | None:
    try:
        return Config.model_validate(raw)
    except ValidationError as error:
        for fault in error.errors(include_url=False, include_context=False):
            at = _dotted(tuple(fault["loc"]))
            table = f"[{at.partition('.')[0]}] " if "." in at else ""
            problems.append(f"{_place(at, sources, path)}: {table}{_explain(fault, _siblings(at))}")
        return None


def _place(at: str, sources: Mapping[str, str], path: Path | None) -> str:
    """Where a setting was written: file and line, or the variable's name."""
    place = sources.get(at) or sources.get(at.partition(".")[0]) or str(path)
    return place if place != "environment" else f"{place} {_variable(at)}"


def _explain(fault: Any, names: list[str]) -> str:
    field = str(fault["loc"][-1]) if fault["loc"] else ""
    if fault["type"] in {"extra_forbidden", "unexpected_keyword_argument"}:
        guess = difflib.get_close_matches(field, names, 1)
        return f"unknown key {field!r}" + (f" (did you mean {guess[0]!r}?)" if guess else "")
    if fault["type"] in {"missing", "missing_argument"}:
        return f"{field!r} is missing"
    message = str(fault["msg"])
    shown = fault.get("input")
    if isinstance(shown, str | int | float) and "password" not in field:
        guess = difflib.get_close_matches(str(shown), re.findall(r"'([^']+)'", message), 1)
        hint = f" (did you mean {guess[0]!r}?)" if guess else ""
        return f"{field} = {str(shown)[:80]!r}: {message}{hint}"
    return f"{field}: {message}"


def _siblings(dotted: str) -> list[str]:
    section = dotted.rpartition(".")[0]
    model: Any = (
        Config.model_fields[section].annotation if section in Config.model_fields else Config
    )
    return list(model.model_fields)


def setting_names() -> Iterator[str]:
    """Every setting as ``key`` or ``section.key``, in the order of the file."""
    for name, field in Config.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from (f"{name}.{key}" for key in inner.model_fields)
        else:
            yield name


def _flat(config: BaseModel, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name in type(config).model_fields:
        value = getattr(config, name)
        if isinstance(value, BaseModel):
            yield from _flat(value, f"{name}.")
        else:
            yield prefix + name, value


def _secret(value: object) -> bool:
    return isinstance(value, SecretStr)


def _dotted(location: Location) -> str:
    return ".".join(str(part) for part in location)


def _read(path: Path) -> tuple[dict[str, Any], dict[Location, int]]:
    try:
        text = path.read_text("utf-8")
        return tomllib.loads(text), key_lines(text)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 at byte {error.start}") from error
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"^(.*) \(at line (\d+), column \d+\)$", str(error))
        text = f"{path}:{found[2]}: {found[1]}" if found else f"{path}: {error}"
        raise ConfigError(text) from error


def key_lines(text: str) -> dict[Location, int]:
    """Line of each key and table of a TOML text that tomllib accepted (it keeps no lines).

    Follows tables, arrays of tables and values that run over several lines; keys inside inline
    tables get the line of their table.
    """
    lines: dict[Location, int] = {}
    table: Location = ()
    counts: dict[Location, int] = {}
    open_until = ""
    for number, line in enumerate(text.splitlines(), 1):
        if open_until:
            open_until = "" if open_until in line else open_until
            continue
        if header := _HEADER.match(line):
            names: Location = tuple(part.strip(' "') for part in header[2].split("."))
            if header[1] == "[[":
                counts[names] = counts.get(names, -1) + 1
                names = (*names, counts[names])
            table = names
            lines.setdefault(table, number)
        elif key := _KEY.match(line):
            lines.setdefault((*table, key[1]), number)
            open_until = _unclosed(key[2])
    return lines


def _unclosed(value: str) -> str:
    """What ends a value that goes on after its first line, "" when it is complete."""
    for quotes in ('"""', "'''"):
        if value.count(quotes) == 1:
            return quotes
    bare = re.sub(r"\"(?:\\.|[^\"\\])*\"|'[^']*'|#.*", "", value)
    return "]" if bare.count("[") > bare.count("]") else ""
