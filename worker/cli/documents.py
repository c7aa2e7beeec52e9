"""``parse``, ``analyze`` and ``explain``: documents in, answers on stdout; no state.

Only ``explain`` uses the network, and only for the address that it was given.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from worker.cli.streams import put, read_bytes, read_lines, refuse, watched

if TYPE_CHECKING:
    from worker.cli.safely import Safely
    from worker.core.domain.document import Document, Entry
    from worker.core.knowledge.knowledge import Knowledge

EX_DATAERR = 65

ProfileOption = Annotated[
    str | None,
    typer.Option("--profile", "-p", help="A name under config/profiles, or a path."),
]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(parse)
    app.command()(analyze)
    app.command()(explain)


def named_profile(profile: str | None) -> tuple[Knowledge, Path]:
    """The named profile's knowledge and folder, or those of the configured one."""
    import os

    from worker.config.knowledge import load_knowledge, profile_dir
    from worker.config.load import load_settings

    folder = Path("config")
    if profile is None:
        settings = load_settings(None, os.environ)
        profile, folder = settings.config.profile, settings.folder
    return load_knowledge(profile, folder), profile_dir(profile, folder)


def parse(
    files: Annotated[list[str], typer.Argument(help="Feed or wire documents.", metavar="FILE…")],
) -> None:
    """One JSON line per entry of each document; a refused document is one line with `error`."""
    from worker.cli.answers import line
    from worker.cli.safely import Safely
    from worker.core.domain.errors import InputError
    from worker.core.sources.entries import Hint

    knowledge, folder = named_profile(None)
    with Safely(folder, knowledge) as safely:
        for name in watched(files, "parsing", len(files)):
            try:
                parsed = safely.parse(_bytes_of(name), Hint())
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


def analyze(
    file: Annotated[str, typer.Argument(help="JSON lines; - is stdin.", metavar="[FILE|-]")] = "-",
    profile: ProfileOption = None,
    *,
    read: Annotated[
        bool, typer.Option("--read", help="Add `article`: what was read from the page.")
    ] = False,
) -> None:
    """Verdict and reports of each document, one JSON line per input line, in order."""
    from worker.cli.answers import line
    from worker.cli.safely import Safely

    knowledge, folder = named_profile(profile)
    bad = False
    with Safely(folder, knowledge) as safely:
        for number, text in watched(read_lines(file), "analyzing"):
            record = _answer(text, number, knowledge.profile.zone, safely, read=read)
            bad = bad or "error" in record
            put(line(record))
    if bad:
        raise typer.Exit(EX_DATAERR)


def _answer(text: bytes, number: int, zone: str, safely: Safely, *, read: bool) -> dict[str, Any]:
    from worker.cli.answers import answer
    from worker.core.domain.errors import InputError
    from worker.core.sources.jsonl import read_line

    found = read_line(text, number, zone)
    if found.document is None:
        return {"id": found.given_id, "error": found.error}
    given = found.document.article_id if found.given_id is None else found.given_id
    try:
        return answer(given, safely.analyze(found.document), read=read)
    except InputError as error:
        return {"id": given, "error": str(error)}


def explain(
    source: Annotated[str, typer.Argument(help="An address, a file, or - for stdin.")],
    profile: ProfileOption = None,
    outlet: Annotated[str | None, typer.Option(help="Who published it.")] = None,
    published: Annotated[str | None, typer.Option(help="When, if the page does not say.")] = None,
    title: Annotated[str | None, typer.Option(help="Title of a plain text.")] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="The line of `analyze`.")] = False,
) -> None:
    """Every decision about one document, with the sentence it rests on."""
    from worker.cli.safely import Safely
    from worker.core.domain.errors import InputError

    knowledge, folder = named_profile(profile)
    fields = {"id": source, "outlet": outlet, "published": published, "title": title}
    try:
        document = _document(source, fields, knowledge.profile.zone)
        with Safely(folder, knowledge) as safely:
            analysis = safely.analyze(document)
    except InputError as error:
        refuse(f"{source}: {error}", EX_DATAERR)
    if as_json:
        from worker.cli.answers import answer, line

        put(line(answer(document.article_id, analysis)))
        return
    from worker.cli.explaining import show
    from worker.cli.streams import screen

    show(analysis, knowledge, screen())


def _document(source: str, fields: dict[str, Any], zone: str) -> Document:
    """What ``explain`` was pointed at: a page, a JSON line, or plain text."""
    from worker.core.sources.jsonl import document_of

    if source.startswith(("http://", "https://")):
        from worker.cli.page import get_page

        return get_page(source, fields, zone)
    data = read_bytes(source)
    document = document_of(_fields(data, source) | _given(fields), 1, zone)
    # A page keeps its own bytes: its encoding is for the reader of pages to find out.
    is_page = document.html is not None and not data.lstrip().startswith(b"{")
    return replace(document, html=data, charset=None) if is_page else document


def _given(fields: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if value is not None and key != "id"}


def _fields(data: bytes, source: str) -> dict[str, Any]:
    import json

    head = data[:2000].lstrip().lower()
    if head.startswith(b"{"):
        try:
            found = json.loads(data.splitlines()[0] if source.endswith("l") else data)
        except ValueError:
            found = None
        if isinstance(found, dict):
            return found
    text = data.decode("utf-8", "replace").replace("\r\n", "\n")
    if head.startswith(b"<") or b"<html" in head:
        return {"id": source, "html": text}
    return {"id": source, "text": text}
