"""``kabulwire check --profile mytown``: is everything that a worker would read in order?

Prints one line for each thing looked at (settings, feeds, profile, each of the profile's examples),
and below it what is wrong. With ``--languages``: the language packs instead, each with what it can do,
and with its gaps: how much other packs have and it has not (``core/lang/pack_state.py``); with
``--lang fa`` this one alone, and what its gaps are. With ``--online``: besides, what each enabled feed answers when it is asked once, as at a first poll (a table;
nothing is stored), and what to do about it. With ``--print``: every setting with the value in force and
where it comes from; secrets are masked. With ``--json``: ``{what, problems}`` (with ``gaps`` for a
pack), ``{feed, outcome, …}``, or ``{key, value, source}``.

Exit codes: 0 all well, 69 a feed does not answer as one (``--online`` only), 78 something is wrong.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from worker.cli.exit_codes import EX_CONFIG, EX_UNAVAILABLE
from worker.cli.options import ConfigOption, JsonOption
from worker.cli.streams import put, screen

if TYPE_CHECKING:
    from worker.cli.findings import Finding


def check(
    config: Annotated[str | None, typer.Argument(help="Folder or file of the settings.")] = None,
    *,
    option: ConfigOption = None,
    profile: Annotated[str | None, typer.Option(help="Judge this profile instead.")] = None,
    print_: Annotated[
        bool, typer.Option("--print", help="Every setting, its value and its source.")
    ] = False,
    languages: Annotated[
        bool, typer.Option("--languages", help="Judge the language packs.")
    ] = False,
    lang: Annotated[
        str | None, typer.Option(help="Judge this language pack, and name all that it lacks.")
    ] = None,
    online: Annotated[bool, typer.Option("--online", help="Ask every feed once, too.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Judge settings, feeds and profile, and try the profile's own examples."""
    flags = {"profile": profile}
    if print_:
        _print_settings(config or option, flags, as_json=as_json)
        return
    from worker.cli.findings import find_all, find_languages

    by_pack = languages or lang is not None
    found = find_languages(_known(lang)) if by_pack else find_all(config or option, flags)
    if not _print_findings(found, as_json=as_json):
        raise typer.Exit(EX_CONFIG)
    if online and not _ask_feeds(config or option, flags, as_json=as_json):
        raise typer.Exit(EX_UNAVAILABLE)


def _known(lang: str | None) -> str | None:
    """The language that was asked for, if it has a pack."""
    from worker.config.knowledge import language_names

    if lang is not None and lang not in language_names():
        raise typer.BadParameter(f"{lang}: there are packs of {', '.join(language_names())}")
    return lang


def _ask_feeds(config: str | None, flags: Mapping[str, Any], *, as_json: bool) -> bool:
    """Print what each feed answered; whether all answered as feeds."""
    from worker.cli.feed_trial import COLUMNS, try_feeds
    from worker.cli.tables import show_rows
    from worker.config.load import load

    loaded = load(config, os.environ, flags)
    asked = [feed for feed in loaded.feeds if feed.enabled and feed.delivery != "push"]
    trials = try_feeds(asked, loaded)
    show_rows((trial.row for trial in trials), COLUMNS, as_json=as_json)
    return not any(trial.exit_code for trial in trials)


def _print_findings(findings: Iterable[Finding], *, as_json: bool) -> bool:
    """Print what was found as it is found; whether all is well."""
    from rich.text import Text

    from worker.cli.answers import line

    good = True
    console = screen()
    for finding in findings:
        good = good and not finding.problems
        if as_json:
            gaps = {"gaps": finding.gaps} if finding.gaps else {}
            put(line({"what": finding.what, "problems": finding.problems, **gaps}))
            continue
        mark = Text("✗ ", "red") if finding.problems else Text("✓ ", "green")
        console.print(mark + Text(finding.what))
        for problem in finding.problems:
            console.print(Text(f"  {problem}"))
        for gap in finding.short or finding.gaps:
            console.print(Text(f"  {gap}", style="dim"))
    return good


def _print_settings(config: str | None, flags: Mapping[str, Any], *, as_json: bool) -> None:
    from rich.table import Table
    from rich.text import Text

    from worker.cli.answers import line
    from worker.config.load import effective, load_settings

    rows = list(effective(load_settings(config, os.environ, flags)))
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
