"""``kabulwire parse feed.xml wire.xml``: what entries are in feed or wire documents.

Prints one JSON line per entry: ``file``, ``format``, ``id``, title, times, body, status … A document
without entries, one that is refused or cannot be opened is one line ``{file, error, detail}``; the
others are still read.

Exit codes: 0 every document got a line, 78 settings or profile.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from worker.cli.options import named_profile
from worker.cli.streams import put, read_bytes, watched

if TYPE_CHECKING:
    from worker.core.domain.document import Entry


def parse(
    files: Annotated[list[str], typer.Argument(help="Feed or wire documents.", metavar="FILE…")],
) -> None:
    """One JSON line per entry of each document; a refused document is one line with `error`."""
    from worker.cli.answers import line
    from worker.cli.sandboxed import SandboxedReader
    from worker.core.domain.errors import InputError
    from worker.core.sources.entries import Hint

    knowledge, folder = named_profile(None)
    with SandboxedReader(folder, knowledge) as reader:
        for name in watched(files, "parsing", len(files)):
            try:
                parsed = reader.parse(_bytes_of(name), Hint())
            except InputError as error:
                put(line({"file": name, "error": error.reason, "detail": error.detail}))
                continue
            for entry in parsed.entries:
                put(line({"file": name, **entry_json(entry)}))


def _bytes_of(name: str) -> bytes:
    from worker.core.domain.errors import InputError

    try:
        return read_bytes(name) if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise InputError("unreadable", str(error.strerror)) from error


def entry_json(entry: Entry) -> dict[str, Any]:
    """An entry as ``parse`` prints it; times are RFC 3339."""
    return {
        "format": entry.format,
        "id": entry.id,
        "version": entry.version,
        "title": entry.title,
        "summary": entry.summary,
        "published": entry.published.isoformat() if entry.published else None,
        "updated": entry.updated.isoformat() if entry.updated else None,
        "lang": entry.lang,
        "outlet": entry.outlet,
        "url": entry.url,
        "body": entry.body,
        "status": entry.status,
        "embargo_until": entry.embargo_until.isoformat() if entry.embargo_until else None,
        "withdraws": entry.withdraws,
        "urgency": entry.urgency,
    }
