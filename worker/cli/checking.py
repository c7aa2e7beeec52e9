"""``check``: is everything that a worker will read in order, and does the profile keep its word?"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table
from rich.text import Text

from worker.cli.answers import line
from worker.cli.streams import put, screen
from worker.config_load import Loaded, effective, load, load_settings
from worker.core.errors import ConfigError, KabulwireError, KnowledgeError
from worker.core.knowledge import Knowledge
from worker.knowledge import load_knowledge, profile_dir


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: str
    problems: tuple[str, ...] = ()


def check_all(config: str | None, *, as_json: bool) -> bool:
    """Look at everything, print what was found, and tell whether all is well."""
    good = True
    console = screen()
    for finding in findings(config):
        good = good and not finding.problems
        if as_json:
            put(line({"what": finding.what, "problems": finding.problems}))
            continue
        mark = Text("✗ ", "red") if finding.problems else Text("✓ ", "green")
        console.print(mark + Text(finding.what))
        for problem in finding.problems:
            console.print(Text(f"  {problem}"))
    return good


def findings(config: str | None) -> Iterator[Finding]:
    """Settings, feeds, profile, and each of the profile's examples."""
    try:
        loaded = load(config, os.environ)
    except ConfigError as error:
        yield Finding("settings and feeds", tuple(str(error).splitlines()))
        return
    active = [feed for feed in loaded.feeds if feed.enabled]
    yield Finding(f"settings: {loaded.folder}")
    yield Finding(f"feeds: {loaded.feeds_file}, {len(active)} of {len(loaded.feeds)} enabled")
    try:
        knowledge = load_knowledge(loaded.config.profile, loaded.folder)
    except KnowledgeError as error:
        yield Finding(f"profile {loaded.config.profile}", tuple(str(error).splitlines()))
        return
    profile = knowledge.profile
    yield Finding(
        f"profile {profile.name}: {len(profile.places)} places, {len(profile.actors)} actors, "
        f"{len(profile.institutions)} institutions, digest {knowledge.digest}"
    )
    yield from _examples(loaded, knowledge)


def _examples(loaded: Loaded, knowledge: Knowledge) -> Iterator[Finding]:
    folder = profile_dir(loaded.config.profile, loaded.folder) / "examples"
    for path in sorted(folder.glob("*.jsonl")) if folder.is_dir() else ():
        problems = tuple(_broken(path, knowledge))
        yield Finding(f"examples {path.name}", problems)


def _broken(path: Path, knowledge: Knowledge) -> Iterator[str]:
    """Examples are ``analyze`` lines with ``expect``: a label, and reports' own fields."""
    from worker.cli.answers import answer
    from worker.core.analyze import analyze
    from worker.core.lines import read_line

    for number, text in enumerate(path.read_text("utf-8").splitlines(), 1):
        if not text.strip():
            continue
        found = read_line(text, number, knowledge.profile.zone)
        expected = (found.fields or {}).get("expect", {})
        if found.document is None or not isinstance(expected, dict) or not expected:
            yield f"{path}:{number}: {found.error or 'an example needs `expect`'}"
            continue
        try:
            got = answer(found.given_id, analyze(found.document, None, knowledge))
        except KabulwireError as error:
            yield f"{path}:{number}: {error}"
            continue
        yield from (f"{path}:{number}: {text}" for text in _differences(expected, got))


def _differences(expected: dict[str, object], got: dict[str, object]) -> Iterator[str]:
    verdict = got["verdict"]
    reports = got["reports"]
    if not isinstance(verdict, dict) or not isinstance(reports, list):
        raise TypeError("an answer has a verdict and reports")
    if expected.get("label", verdict["label"]) != verdict["label"]:
        yield f"label is {verdict['label']}, not {expected['label']}"
    main = reports[0] if reports else {}
    for key, wanted in expected.items():
        if key == "label":
            continue
        found = main.get(key)
        shown: object = found
        if isinstance(wanted, dict) and isinstance(found, dict):
            shown = {name: found.get(name) for name in wanted}
        if shown != wanted:
            yield f"{key} is {json.dumps(shown)}, not {json.dumps(wanted)}"


def print_settings(config: str | None, *, as_json: bool) -> None:
    """Every setting with the value in force and where it comes from; secrets masked."""
    rows = list(effective(load_settings(config, os.environ)))
    if as_json:
        for key, value, source in rows:
            shown = value if isinstance(value, bool | int | float | None) else _text(value)
            put(line({"key": key, "value": shown, "source": source}))
        return
    table = Table("setting", "value", "source", box=None, pad_edge=False)
    for key, value, source in rows:
        style = "dim" if source == "default" else ""
        table.add_row(key, Text(_text(value), style=style), Text(source, style="dim"))
    screen().print(table)


def _text(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
