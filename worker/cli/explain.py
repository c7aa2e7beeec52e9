"""``kabulwire explain page.html``: every decision about one document, for a person.

Prints the verdict, its reasons and each slot and figure of each report, with the sentence it rests
on; with ``--json`` the line of ``analyze``. With ``--rules`` also each count of people with the rules
of the grammar that made it, in the order of their use (``--rules --json``: a line for each count). The
network is used only for an address that is given, as a worker would use it.

Exit codes: 0, 65 the document cannot be read, 66 no such file, 69 the site, or its name, cannot be
reached, 78 settings or profile.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from worker.cli.exit_codes import EX_DATAERR, EX_UNAVAILABLE
from worker.cli.options import ConfigOption, ProfileOption, named_profile
from worker.cli.streams import put, read_bytes, refuse, screen

if TYPE_CHECKING:
    from worker.core.domain.document import Document
    from worker.core.domain.report import Analysis
    from worker.core.knowledge.knowledge import Knowledge


def explain(
    source: Annotated[str, typer.Argument(help="An address, a file, or - for stdin.")],
    profile: ProfileOption = None,
    config: ConfigOption = None,
    outlet: Annotated[str | None, typer.Option(help="Who published it.")] = None,
    published: Annotated[str | None, typer.Option(help="When, if the page does not say.")] = None,
    title: Annotated[str | None, typer.Option(help="Title of a plain text.")] = None,
    *,
    rules: Annotated[
        bool, typer.Option("--rules", help="The rules that made each figure.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The line of `analyze`.")] = False,
) -> None:
    """Every decision about one document, with the sentence it rests on."""
    from worker.cli.sandboxed import SandboxedReader
    from worker.core.domain.errors import FetchError, InputError
    from worker.run.chain import LATER as MAY_PASS

    if "://" in source and not source.startswith(("http://", "https://")):
        raise typer.BadParameter(f"{source}: an address begins with http:// or https://")
    knowledge, folder = named_profile(profile, config)
    fields = {"id": source, "outlet": outlet, "published": published, "title": title}
    try:
        document = _document(source, fields, knowledge.profile.zone, config)
        with SandboxedReader(folder, knowledge) as reader:
            analysis = reader.analyze(document)
    except FetchError as error:
        may_pass = error.reason in MAY_PASS
        told = f"{source}: {error}{_advice(error.reason)}"
        refuse(told, EX_UNAVAILABLE if may_pass else EX_DATAERR)
    except InputError as error:
        refuse(f"{source}: {error}", EX_DATAERR)
    _answer(analysis, knowledge, document.article_id, rules=rules, as_json=as_json)


def _advice(reason: str) -> str:
    """What to do about it, where settings of ours stand in the way."""
    from worker.run.poll_log import ADVICE

    return f"; {ADVICE[reason]}" if reason in {"blocked_url", "blocked_address"} else ""


def _answer(
    analysis: Analysis, knowledge: Knowledge, article_id: str, *, rules: bool, as_json: bool
) -> None:
    from worker.cli.answers import answer, line
    from worker.cli.explanation import show
    from worker.cli.used_rules import show_rules, used_rules

    if as_json and rules:
        for used in used_rules(analysis, knowledge):
            put(line(used.row))
    elif as_json:
        put(line(answer(article_id, analysis)))
    else:
        console = screen()
        show(analysis, knowledge, console)
        if rules:
            show_rules(analysis, knowledge, console)


def _document(source: str, fields: dict[str, Any], zone: str, config: str | None) -> Document:
    """What ``explain`` was pointed at: a page, a JSON line, or plain text."""
    from worker.core.sources.jsonl import document_of

    if source.startswith(("http://", "https://")):
        from worker.cli.page import get_page

        return get_page(source, fields, zone, config)
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
