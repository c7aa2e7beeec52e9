"""Requests of people to a running worker: small files beside its store, taken in like documents.

A command drops ``<store>.requests/<name>.json`` (written aside, then renamed, so that none is read
half-written). The worker admits it in one transaction and removes the file after the commit; taken
in twice after a crash, it changes nothing the second time.

A request is ``{"retry": reason or null}``, ``{"correct": {"kind": …, "articles": […]}}`` or
``{"poll": [feed ids]}``; the last is nothing for the store, the worker asks those feeds at once.
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from worker.store import dead_letters, inbox
from worker.store.connect import Connection


def folder(store: Path) -> Path:
    """Where requests to the worker of this store are left."""
    return store.with_name(store.name + ".requests")


def leave(store: Path, request: Mapping[str, Any]) -> Path:
    """Leave a request; returns its file, which is gone once the worker has taken it in."""
    place = folder(store)
    place.mkdir(parents=True, exist_ok=True)
    path = place / f"{uuid.uuid4().hex}.json"
    aside = path.with_suffix(".new")
    aside.write_text(json.dumps(request), "utf-8")
    aside.replace(path)
    return path


def waiting(store: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Requests not yet taken in; one that is no request is set aside as ``.bad``.

    Raises ``OSError`` when folder or file may not be read: that is no fault of the request. (A glob
    would find nothing in such a folder, and nobody would hear of it.)
    """
    place = folder(store)
    if not place.exists():
        return
    for path in sorted(found for found in place.iterdir() if found.suffix == ".json"):
        try:
            request = json.loads(path.read_text("utf-8"))
        except (IsADirectoryError, ValueError):
            request = None
        if isinstance(request, dict):
            yield path, request
        else:
            path.replace(path.with_suffix(".bad"))


def feeds_to_poll(request: Mapping[str, Any]) -> tuple[str, ...]:
    """The feeds that a request wants asked now."""
    wanted = request.get("poll")
    return tuple(map(str, wanted)) if isinstance(wanted, list) else ()


def admit(conn: Connection, request: Mapping[str, Any], now: dt.datetime) -> int:
    """Carry a request out, or queue it; returns how many rows it put into the inbox."""
    correction = request.get("correct")
    if isinstance(correction, dict) and correction.get("articles"):
        inbox.admit_correction(conn, str(correction["articles"][0]), correction, now)
        return 1
    reason = request.get("retry")
    return dead_letters.retry(conn, now, str(reason) if reason else None)
