"""Options that several commands take, and what each of them leads to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli.exit_codes import EX_CONFIG
from worker.cli.streams import refuse

if TYPE_CHECKING:
    from worker.config.load import Loaded
    from worker.core.knowledge.knowledge import Knowledge
    from worker.store.connect import Connection

ConfigOption = Annotated[
    str | None,
    typer.Option("--config", "-c", help="Folder or file; else KABULWIRE_CONFIG, ./config."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="For a program to read.")]
ProfileOption = Annotated[
    str | None,
    typer.Option("--profile", "-p", help="A name under config/profiles, or a path."),
]


def settings(config: str | None) -> Loaded:
    """The settings that ``--config`` names, without feeds. Raises ``ConfigError``."""
    import os

    from worker.config.load import load_settings

    return load_settings(config, os.environ, {})


def settings_with_broker(config: str | None) -> Loaded:
    """The settings, for a command about topics; where there are none it ends (exit 78)."""
    loaded = settings(config)
    if not loaded.config.kafka.bootstrap_servers:
        refuse(
            "kafka.bootstrap_servers is not set: messages go to files, there are no topics",
            EX_CONFIG,
        )
    return loaded


def opened(loaded: Loaded) -> Connection:
    """The store of these settings, for reading. Raises ``ConfigError`` when there is none."""
    from worker.store.connect import open_reader

    return open_reader(loaded.config.store.path)


def profile_name(loaded: Loaded) -> str:
    """The name of the profile in force, which may have been given as a path."""
    from worker.config.knowledge import profile_dir

    return profile_dir(loaded.config.profile, loaded.folder).name


def named_profile(profile: str | None, config: str | None = None) -> tuple[Knowledge, Path]:
    """Knowledge and folder of the profile that ``--profile`` names, else of the configured one.

    Raises ``ConfigError`` and ``KnowledgeError``.
    """
    import os

    from worker.config.knowledge import load_knowledge, profile_dir
    from worker.config.load import load_settings

    folder = Path("config")
    if profile is None or config is not None:
        loaded = load_settings(config, os.environ)
        profile, folder = profile or loaded.config.profile, loaded.folder
    return load_knowledge(profile, folder), profile_dir(profile, folder)
