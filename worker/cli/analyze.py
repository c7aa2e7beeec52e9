"""``kabulwire analyze lines.jsonl --profile anywhere``: verdict and reports of each document.

Prints one JSON line per input line, in order: ``{id, verdict, reports}``, or ``{id, error}`` for a
line that cannot be read; the others are still answered. docs/contract.md shows both.

Exit codes: 0 every line answered, 65 at least one ``error``, 66 no such file, 78 settings or profile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from worker.cli.exit_codes import EX_DATAERR
from worker.cli.options import ConfigOption, ProfileOption, named_profile
from worker.cli.streams import put, read_lines, watched

if TYPE_CHECKING:
    from worker.cli.sandboxed import SandboxedReader


def analyze(
    file: Annotated[str, typer.Argument(help="JSON lines; - is stdin.", metavar="[FILE|-]")] = "-",
    profile: ProfileOption = None,
    config: ConfigOption = None,
    *,
    read: Annotated[
        bool, typer.Option("--read", help="Add `article`: what was read from the page.")
    ] = False,
) -> None:
    """Verdict and reports of each document, one JSON line per input line, in order."""
    from worker.cli.answers import line
    from worker.cli.sandboxed import SandboxedReader

    knowledge, folder = named_profile(profile, config)
    bad = False
    with SandboxedReader(folder, knowledge) as reader:
        for number, text in watched(read_lines(file), "analyzing"):
            record = _answer(text, number, knowledge.profile.zone, reader, read=read)
            bad = bad or "error" in record
            put(line(record))
    if bad:
        raise typer.Exit(EX_DATAERR)


def _answer(
    text: bytes, number: int, zone: str, reader: SandboxedReader, *, read: bool
) -> dict[str, Any]:
    from worker.cli.answers import answer
    from worker.core.domain.errors import InputError
    from worker.core.sources.jsonl import read_line

    found = read_line(text, number, zone)
    if found.document is None:
        return {"id": found.given_id, "error": found.error}
    given = found.document.article_id if found.given_id is None else found.given_id
    try:
        return answer(given, reader.analyze(found.document), read=read)
    except InputError as error:
        return {"id": given, "error": str(error)}
