"""``kabulwire parse feed.xml wire.xml``: what entries are in feed or wire documents.

Prints one JSON line per entry: ``file``, ``format``, ``id``, title, times, body, status … A document
without entries, one that is refused or cannot be opened is one line ``{file, error, detail}``, an index
of sitemaps one line ``{file, format, follow}``; the others are still read. A folder stands for all
files below it.

``--summary`` prints a table instead: for each folder and format how many documents, items and items
without a body there are, and for each reason how many documents were refused.

Exit codes: 0 every document got a line, 66 at least one cannot be opened, 78 settings or profile.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from worker.cli.exit_codes import EX_NOINPUT
from worker.cli.options import ConfigOption, JsonOption, named_profile
from worker.cli.streams import put, read_bytes, refuse, watched

if TYPE_CHECKING:
    from worker.cli.sandboxed import SandboxedReader
    from worker.core.domain.document import Entry

_COLUMNS = ("folder", "format", "documents", "items", "without_body", "refused")


def parse(
    files: Annotated[
        list[str], typer.Argument(help="Feed or wire documents, or folders.", metavar="PATH…")
    ],
    summary: Annotated[
        bool, typer.Option("--summary", help="Only count, by folder and format.")
    ] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """One JSON line per entry of each document; a refused document is one line with `error`."""
    from worker.cli.sandboxed import SandboxedReader

    knowledge, folder = named_profile(None, config)
    names = list(_files(files))
    missing: list[str] = []
    with SandboxedReader(folder, knowledge) as reader:
        read = (_lines(reader, name) for name in watched(names, "parsing", len(names)))
        found = (_noted(lines, missing) for lines in read)
        if summary:
            _show_summary(found, as_json=as_json)
        else:
            for lines in found:
                _print_lines(lines)
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        refuse(f"{missing[0]}{more}", EX_NOINPUT)


def _noted(lines: list[dict[str, Any]], missing: list[str]) -> list[dict[str, Any]]:
    """The lines of a document; its name goes to ``missing`` when it could not be opened."""
    if lines[0].get("error") == "no_file":
        missing.append(f"{lines[0]['file']}: {lines[0]['detail']}")
    return lines


def _files(paths: list[str]) -> Iterator[str]:
    """The paths, and for a folder the files below it, by name."""
    for path in paths:
        if Path(path).is_dir():
            yield from sorted(str(p) for p in Path(path).rglob("*") if p.is_file())
        else:
            yield path


def _lines(reader: SandboxedReader, name: str) -> list[dict[str, Any]]:
    """What is printed of one document; never nothing."""
    from worker.core.domain.errors import InputError
    from worker.core.sources.entries import Hint

    try:
        parsed = reader.parse(_bytes_of(name), Hint())
    except InputError as error:
        return [{"file": name, "error": error.reason, "detail": error.detail}]
    if parsed.follow:
        return [{"file": name, "format": parsed.format, "follow": list(parsed.follow)}]
    return [{"file": name, **entry_json(entry)} for entry in parsed.entries]


def _print_lines(lines: list[dict[str, Any]]) -> None:
    from worker.cli.answers import line

    for one in lines:
        put(line(one))


def _show_summary(documents: Iterator[list[dict[str, Any]]], *, as_json: bool) -> None:
    """A row for each folder and format, and one for each reason of a refusal."""
    from worker.cli.tables import show_rows

    counts: dict[tuple[str, str, str], Counter[str]] = {}
    for lines in documents:
        first = lines[0]
        key = (
            str(Path(first["file"]).parent),
            first.get("format") or "-",
            first.get("error") or "",
        )
        count = counts.setdefault(key, Counter())
        items = [one for one in lines if "id" in one]
        count["documents"] += 1
        count["items"] += len(items)
        count["without_body"] += sum(one["body"] is None for one in items)
    rows = (
        dict(zip(_COLUMNS, (folder, name, *(count[n] for n in _COLUMNS[2:5]), error), strict=True))
        for (folder, name, error), count in sorted(counts.items())
    )
    show_rows(rows, _COLUMNS, as_json=as_json)


def _bytes_of(name: str) -> bytes:
    from worker.core.domain.errors import InputError

    try:
        return read_bytes(name) if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise InputError("no_file", str(error.strerror)) from error


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
        "withdraws_slugline": entry.withdraws_slugline,
        "urgency": entry.urgency,
        "slugline": entry.slugline,
        "dateline": entry.dateline,
        "byline": entry.byline,
        "genre": entry.genre,
        "located": entry.located,
        "provider": entry.provider,
        "subjects": list(entry.subjects),
        "note": entry.note,
    }
