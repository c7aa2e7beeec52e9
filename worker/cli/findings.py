"""What ``check`` looks at: settings, feeds, the profile, and whether it keeps its word; or the packs.

Each thing is looked at when the one before it was in order; a broken profile has no examples.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from worker.config.feed_problems import unread
from worker.config.knowledge import load_knowledge, load_languages, profile_dir
from worker.config.load import Loaded, load
from worker.config.schema import FeedConfig, Ingest
from worker.core.domain.errors import ConfigError, KabulwireError, KnowledgeError
from worker.core.knowledge.knowledge import Knowledge
from worker.core.lang.pack_state import PackState, pack_states


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; without problems it is in order. ``gaps`` are no problems.

    ``short``: the gaps as a screen shows them, where they are a hundred names.
    """

    what: str
    problems: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()
    short: tuple[str, ...] = ()


def find_all(config: str | None, flags: Mapping[str, Any]) -> Iterator[Finding]:
    """Settings, feeds, profile, and each of the profile's examples.

    ``flags`` are settings given on the command line, by dotted name; None: not given.
    """
    try:
        loaded = load(config, os.environ, flags)
    except ConfigError as error:
        yield Finding("settings and feeds", tuple(str(error).splitlines()))
        return
    active = [feed for feed in loaded.feeds if feed.enabled]
    yield Finding(f"settings: {loaded.folder}", gaps=tuple(_pace_gaps(loaded.config.ingest)))
    yield Finding(
        f"feeds: {loaded.feeds_file}, {len(active)} of {len(loaded.feeds)} enabled",
        gaps=tuple(_feed_gaps(active)),
    )
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


def _pace_gaps(ingest: Ingest) -> Iterator[str]:
    """Settings of which one does not count because of another."""
    interval_s, floor_s = ingest.interval_s, ingest.min_interval_s
    if interval_s < floor_s:
        told = f"ingest.interval_s is {interval_s:g}, but ingest.min_interval_s is in force"
        yield f"{told}: feeds are asked every {floor_s:g} s"
    if ingest.max_interval_s < max(interval_s, floor_s):
        told = f"ingest.max_interval_s is {ingest.max_interval_s:g}, less than the interval"
        yield f"{told}: feeds that fail are asked at the interval, never less often"


def _feed_gaps(active: Sequence[FeedConfig]) -> Iterator[str]:
    """What an operator may have meant otherwise, and what works all the same."""
    if not active:
        yield "no feed is enabled: nothing is polled"
    for feed in active:
        if unread(feed):
            yield (
                f"feed {feed.id!r}: we do not read {feed.lang!r}; what names a place of the watched "
                "area goes to review (lang_unsupported)"
            )


def find_languages(lang: str | None = None) -> Iterator[Finding]:
    """Each language pack: what it can do, what others have and it has not, what is wrong in it.

    ``lang``: this one alone, with all names of what it has not.
    """
    try:
        states = pack_states(load_languages())
    except KnowledgeError as error:
        yield Finding("languages", tuple(str(error).splitlines()))
        return
    for state in states:
        if lang is None:
            yield replace(_language(state), short=tuple(_counted(state)))
        elif state.code == lang:
            yield _language(state)


def _language(state: PackState) -> Finding:
    rules = " and ".join(f"{number} rules of {name}" for name, number in state.rules.items())
    return Finding(
        f"{state.name} ({state.code}): {', '.join(sorted(state.capabilities))}; "
        f"{state.forms} forms in {state.classes} classes, {rules}",
        problems=tuple(f"listed twice: {line}" for line in state.repeated)
        + tuple(f"two values: {line}" for line in state.at_odds)
        + tuple(f"hides: {line}" for line in state.hidden),
        gaps=tuple(f"{label}: {', '.join(names)}" for label, names in _gaps(state)),
    )


def _gaps(state: PackState) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What others have and a pack has not: names under a label."""
    yield from (
        (label, names)
        for label, names in (
            ("no phrases of", state.missing_phrases),
            ("no words of", state.missing_classes),
        )
        if names
    )


def _counted(state: PackState) -> Iterator[str]:
    """The gaps of a pack by their number, and how to see their names."""
    told = ", ".join(f"{label} {len(names)}" for label, names in _gaps(state))
    if told:
        yield f"{told} (names: --lang {state.code})"


def _examples(loaded: Loaded, knowledge: Knowledge) -> Iterator[Finding]:
    folder = profile_dir(loaded.config.profile, loaded.folder) / "examples"
    for path in sorted(folder.glob("*.toml")) if folder.is_dir() else ():
        yield Finding(f"example {path.stem}", tuple(_broken(path, knowledge)))


def _broken(path: Path, knowledge: Knowledge) -> Iterator[str]:
    """What an example (an article and the verdict it must get) says otherwise."""
    from worker.core.analyze import analyze
    from worker.core.sources.jsonl import document_of

    try:
        fields = tomllib.loads(path.read_text("utf-8"))
        document = document_of({"id": path.stem, **fields}, 1, knowledge.profile.zone)
        analysis = analyze(document, None, knowledge)
    except (OSError, ValueError, KabulwireError) as error:
        yield f"{path}: {error}"
        return
    main = analysis.reports[0] if analysis.reports else None
    killed = main.killed if main else None
    found = {
        "label": analysis.verdict.label,
        "killed": killed.best if killed else None,
        "place": main.place.neighbourhood if main and main.place else None,
    }
    for key, value in found.items():
        if key in fields and fields[key] != value:
            yield f"{path}: {key} is {value!r}, not {fields[key]!r}"
