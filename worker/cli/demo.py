"""``kabulwire demo``: a loopback newsroom, the real worker, 40 seconds.

Prints one line for each change of an incident, with ``revision N`` in it. The last line is the path
of the compacted incidents file, alone. With ``--kafka`` the worker publishes to topics of its own
on that broker, and the file is read back from there.

Exit codes: 0, 69 no such broker, 75 and 78 a broker that refuses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from worker.cli.streams import put, screen

if TYPE_CHECKING:
    from worker.config.schema import Config
    from worker.demo.play import Broker


def demo(
    profile: Annotated[str | None, typer.Option(help="Whose newsroom is played.")] = None,
    kafka: Annotated[
        str | None, typer.Option(help="Publish to this broker (host:port) instead of to files.")
    ] = None,
) -> None:
    """A loopback newsroom, the real worker, and what becomes of its articles in 40 seconds."""
    import asyncio
    import os

    from worker.config.knowledge import load_knowledge, profile_dir
    from worker.config.load import load_settings
    from worker.demo.play import play

    loaded = load_settings(None, os.environ)
    name = profile or loaded.config.profile
    knowledge = load_knowledge(name, loaded.folder)
    folder = profile_dir(name, loaded.folder)
    broker = _broker(kafka) if kafka else None
    put(str(asyncio.run(play(knowledge.profile, folder, screen(), broker))))


def _broker(address: str) -> Broker:
    """Topics of its own on a broker, made now, and the way to read them back."""
    import os
    import time
    from functools import partial

    from worker.config.load import load_settings
    from worker.demo.play import Broker
    from worker.publish.kafka.topics import ensure

    named = {
        "KABULWIRE__KAFKA__BOOTSTRAP_SERVERS": address,
        "KABULWIRE__TOPICS__PREFIX": f"kabulwire-demo-{time.strftime('%Y%m%d-%H%M%S')}",
        "KABULWIRE__TOPICS__REPLICATION_FACTOR": "1",
    }
    config = load_settings(None, {**os.environ, **named}).config
    for text in ensure(config):
        screen().print(text, style="dim", markup=False)
    return Broker(named, partial(_records_of, config))


def _records_of(config: Config) -> list[dict[str, Any]]:
    import json

    from worker.cli.incident_log import records

    return [json.loads(r.line) for r in records(config, from_beginning=True, follow=False)]
