"""``retry`` and the corrections of ``incidents``: left for the running worker, and waited for."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer

from worker.cli.streams import put, refuse
from worker.config.load import Loaded
from worker.config.schema import Config
from worker.core.domain.errors import ConfigError
from worker.publish.file_publisher import open_sink
from worker.publish.files.sink import FileSink
from worker.run import requests
from worker.store.connect import (
    Binding,
    Connection,
    exclusive,
    open_reader,
    open_writer,
    transaction,
)
from worker.store.meta import read_meta
from worker.store.queries import snapshot_of

EX_DATAERR, EX_TEMPFAIL = 65, 75
_WAIT_S = 30.0
_PAUSE_S = 0.2


def request(config: Config, profile: str, asked: Mapping[str, Any]) -> None:
    """Hand ``asked`` to the worker; without a running one, put it into the store at once."""
    store = config.store.path
    if not store.is_file():
        raise ConfigError(f"no store at {store}")
    try:
        with exclusive(store):
            put(f"{_admit_directly(config, profile, asked)} queued; the next run works on it")
            return
    except ConfigError as error:
        if "in use" not in str(error):
            raise
    path = requests.leave(store, asked)
    limit = time.monotonic() + _WAIT_S
    while path.exists():
        if time.monotonic() > limit:
            refuse(f"the worker has not taken it in yet; it will: {path}", EX_TEMPFAIL)
        time.sleep(_PAUSE_S)
    put("taken in by the running worker")


def founding_article(conn: Connection, incident_id: str) -> str:
    """An article that stands for an incident in a correction: ids of articles outlive incidents."""
    snapshot = snapshot_of(conn, incident_id)
    reports = (snapshot or {}).get("reports") or ()
    if not reports:
        refuse(f"no incident {incident_id} with reports", EX_DATAERR)
    return str(reports[0]["article_id"])


def articles_of(conn: Connection, incident_id: str) -> list[str]:
    """All articles of an incident."""
    snapshot = snapshot_of(conn, incident_id)
    found = {str(row["article_id"]) for row in (snapshot or {}).get("reports") or ()}
    if not found:
        refuse(f"no incident {incident_id} with reports", EX_DATAERR)
    return sorted(found)


def _admit_directly(config: Config, profile: str, asked: Mapping[str, Any]) -> int:
    sink = "kafka" if config.kafka.bootstrap_servers else "files"
    conn = open_writer(Path(config.store.path), Binding(sink, config.instance, profile))
    try:
        with transaction(conn):
            return requests.admit(conn, asked, dt.datetime.now(dt.UTC))
    finally:
        conn.close()


def republish_all(loaded: Loaded) -> dict[str, int]:
    """Queue every incident for the sink of these settings, in a store that no worker is using."""
    from worker.config.knowledge import load_knowledge
    from worker.publish.recovery.resync import republish

    config = loaded.config
    knowledge = load_knowledge(config.profile, loaded.folder)
    sink = "kafka" if config.kafka.bootstrap_servers else "files"
    reading = open_reader(config.store.path)
    bound = read_meta(reading, "sink") or sink
    reading.close()
    lost = sink == "files" and _is_empty(config, moving=bound != sink) and bound == sink
    with exclusive(config.store.path):
        binding = Binding(bound, config.instance, knowledge.profile.name)
        conn = open_writer(config.store.path, binding)
        try:
            with transaction(conn):
                now = dt.datetime.now(dt.UTC)
                return republish(conn, sink, now, knowledge, lost=lost)
        finally:
            conn.close()


def _is_empty(config: Config, *, moving: bool) -> bool:
    """Whether the folder of topics is empty; raises ``ConfigError`` when it holds another's."""
    empty = not FileSink(config.files.dir, config.topics.prefix).topics()
    if not empty and moving:
        raise ConfigError(
            f"files.dir: {config.files.dir} holds topic files already; name an empty folder"
        )
    if not empty:
        rotate = config.files.rotate_mb * 1_000_000
        open_sink(config.files.dir, config.topics.prefix, rotate, config.store.path)
    return empty


def correction(kind: str, *articles: str) -> dict[str, Any]:
    """A request to keep a person's decision about articles."""
    if len(set(articles)) != len(articles):
        raise typer.BadParameter("both sides are the same article")
    return {"correct": {"kind": kind, "articles": list(articles)}}
