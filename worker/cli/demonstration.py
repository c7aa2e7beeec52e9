"""``demo``: the loopback newsroom of a profile, the real worker, and where the records are."""

from __future__ import annotations

import asyncio
import json
import os
import time
from functools import partial
from typing import Any

from worker.cli.streams import put, screen
from worker.cli.tailing import records
from worker.config.knowledge import load_knowledge, profile_dir
from worker.config.load import load_settings
from worker.config.schema import Config
from worker.demo.play import Broker
from worker.demo.play import play as perform


def play(profile: str | None, kafka: str | None) -> None:
    """Play it; the last line on stdout is the path of the compacted incidents file."""
    settings = load_settings(None, os.environ)
    name = profile or settings.config.profile
    knowledge = load_knowledge(name, settings.folder)
    folder = profile_dir(name, settings.folder)
    broker = _broker(kafka) if kafka else None
    path = asyncio.run(perform(knowledge.profile, folder, screen(), broker))
    put(str(path))


def _broker(address: str) -> Broker:
    """Topics of its own on a broker, made now, and the way to read them back."""
    from worker.publish.kafka.topics import ensure

    settings = {
        "KABULWIRE__KAFKA__BOOTSTRAP_SERVERS": address,
        "KABULWIRE__TOPICS__PREFIX": f"kabulwire-demo-{time.strftime('%Y%m%d-%H%M%S')}",
        "KABULWIRE__TOPICS__REPLICATION_FACTOR": "1",
    }
    config = load_settings(None, {**os.environ, **settings}).config
    for text in ensure(config):
        screen().print(text, style="dim", markup=False)
    return Broker(settings, partial(_read, config))


def _read(config: Config) -> list[dict[str, Any]]:
    return [json.loads(r.line) for r in records(config, from_beginning=True, follow=False)]
