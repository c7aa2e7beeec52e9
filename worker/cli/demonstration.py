"""``demo``: the loopback newsroom of a profile, the real worker, and where the records are."""

from __future__ import annotations

import asyncio
import os

from worker.cli.streams import put, screen
from worker.config_load import load_settings
from worker.demo.play import play as perform
from worker.knowledge import load_knowledge, profile_dir


def play(profile: str | None) -> None:
    """Play it; the last line on stdout is the path of the compacted incidents file."""
    settings = load_settings(None, os.environ)
    name = profile or settings.config.profile
    knowledge = load_knowledge(name, settings.folder)
    path = asyncio.run(perform(knowledge.profile, profile_dir(name, settings.folder), screen()))
    put(str(path))
