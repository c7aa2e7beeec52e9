"""``run``, ``once``, ``demo``, ``check``, ``healthy``, ``tail`` and ``version``.

``healthy`` is listed here for ``--help``; what runs is ``liveness`` alone (rules of ``worker.cli``).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from worker.cli.streams import put, refuse

if TYPE_CHECKING:
    from worker.config.load import Loaded

EX_UNAVAILABLE = 69
EX_CONFIG = 78

ConfigOption = Annotated[
    str | None,
    typer.Option("--config", "-c", help="Folder or file; else KABULWIRE_CONFIG, ./config."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="For a program to read.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (run, once, demo, check, tail, healthy, version):
        app.command()(command)


def run(
    config: ConfigOption = None,
    profile: Annotated[str | None, typer.Option(help="Watch this profile.")] = None,
    log_format: Annotated[str | None, typer.Option(help="auto, json or console.")] = None,
    log_level: Annotated[str | None, typer.Option(help="debug, info, warning or error.")] = None,
) -> None:
    """The worker: polls, reads, merges and publishes until it is told to stop.

    SIGTERM or Ctrl-C drains and leaves with 0, or 75 when the grace ran out; a second one stops at
    once. Nothing is lost either way.
    """
    from worker.config.load import load

    flags = {"profile": profile, "log.format": log_format, "log.level": log_level}
    loaded = load(config, os.environ, flags)
    from worker.run import app

    raise typer.Exit(app.run(loaded))


def once(
    config: ConfigOption = None,
    feed: Annotated[list[str] | None, typer.Option(help="Only this feed (repeatable).")] = None,
    profile: Annotated[str | None, typer.Option(help="Watch this profile.")] = None,
) -> None:
    """Poll every feed once, work through what is due, publish, leave: for cron and first tries."""
    from worker.config.load import load

    loaded = load(config, os.environ, {"profile": profile})
    known = {row.id for row in loaded.feeds}
    for name in feed or ():
        if name not in known:
            refuse(f"no feed {name!r} in {loaded.feeds_file}", EX_CONFIG)
    from worker.run import app

    raise typer.Exit(app.run(loaded, once=True, only=frozenset(feed or ())))


def demo(
    profile: Annotated[str | None, typer.Option(help="Whose newsroom is played.")] = None,
    kafka: Annotated[
        str | None, typer.Option(help="Publish to this broker (host:port) instead of to files.")
    ] = None,
) -> None:
    """A loopback newsroom, the real worker, and what becomes of its articles in 40 seconds."""
    from worker.cli.demonstration import play

    play(profile, kafka)


def check(
    config: Annotated[str | None, typer.Argument(help="Folder or file of the settings.")] = None,
    *,
    option: ConfigOption = None,
    profile: Annotated[str | None, typer.Option(help="Judge this profile instead.")] = None,
    print_: Annotated[
        bool, typer.Option("--print", help="Every setting, its value and its source.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Judge settings, feeds and profile, and try the profile's own examples."""
    from worker.cli.checking import check_all, print_settings

    flags = {"profile": profile}
    if print_:
        print_settings(config or option, flags, as_json=as_json)
        return
    raise typer.Exit(0 if check_all(config or option, flags, as_json=as_json) else EX_CONFIG)


def tail(
    config: ConfigOption = None,
    *,
    from_beginning: Annotated[
        bool, typer.Option("--from-beginning", help="Not only news.")
    ] = False,
    follow: Annotated[bool, typer.Option(help="Wait for more.")] = True,
    as_json: JsonOption = False,
) -> None:
    """Changes of incidents as they are published, from the topic or its file."""
    from worker.cli.tailing import records
    from worker.demo.show import change_line
    from worker.observe.log import printable

    loaded = settings(config)
    try:
        for record in records(loaded.config, from_beginning=from_beginning, follow=follow):
            line = printable(change_line({"value": record.value}))
            put(record.line if as_json else line)
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


def healthy(
    store: Annotated[
        Path | None, typer.Option(help="The store's file, when not in its usual place.")
    ] = None,
    timeout_s: Annotated[float, typer.Option(help="Limit for the answer.")] = 5.0,
) -> None:
    """Is the worker beside this store alive? For a container's health check: 0 or 1."""
    from worker.cli import liveness

    named = ["--store", str(store)] if store else []
    raise typer.Exit(liveness.healthy([*named, "--timeout-s", str(timeout_s)]))


def version(*, as_json: JsonOption = False) -> None:
    """Version of the program and of what it was built on."""
    import json
    import platform

    from worker import __version__

    facts = {"kabulwire": __version__, "python": platform.python_version()}
    put(json.dumps(facts) if as_json else f"kabulwire {__version__} (Python {facts['python']})")


def settings(config: str | None, **flags: Any) -> Loaded:
    """Settings for a command that reads."""
    from worker.config.load import load_settings

    return load_settings(config, os.environ, flags)
