"""Where commands read and write: files or stdin as bytes, stdout for data, a screen for people."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NoReturn, TypeVar

import typer

from worker.cli.exit_codes import EX_NOINPUT

if TYPE_CHECKING:
    from rich.console import Console

_T = TypeVar("_T")


def read_bytes(name: str) -> bytes:
    """The whole of a file, or of stdin for "-"; a missing file ends the command (exit 66)."""
    if name == "-":
        return _stdin().read()
    try:
        return Path(name).read_bytes()
    except OSError as error:
        refuse(f"{name}: {error.strerror}", EX_NOINPUT)


def read_lines(name: str) -> Iterator[tuple[int, bytes]]:
    """Numbered lines that are not blank, as they arrive; "-" is stdin."""
    with ExitStack() as stack:
        try:
            source = _stdin() if name == "-" else stack.enter_context(Path(name).open("rb"))
        except OSError as error:
            refuse(f"{name}: {error.strerror}", EX_NOINPUT)
        for number, line in enumerate(source, 1):
            if line.strip():
                yield number, line


def _stdin() -> BinaryIO:
    """stdin; a person who typed no file name is told what is waited for."""
    if sys.stdin.isatty():
        print("kabulwire: reading from the terminal; Ctrl-D ends the input", file=sys.stderr)
    return sys.stdin.buffer


def refuse(text: str, code: int) -> NoReturn:
    """Say why on stderr and leave."""
    print(f"kabulwire: {text}", file=sys.stderr)
    raise typer.Exit(code)


def put(text: str) -> None:
    """One line of data on stdout, at once (a reader may be waiting at the other end)."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def screen(*, stderr: bool = False) -> Console:
    """A console that wraps for a terminal and leaves lines alone in a file."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    return Console(
        stderr=stderr,
        highlight=False,
        soft_wrap=not stream.isatty(),
        width=None if stream.isatty() else 120,
    )


def watched(items: Iterable[_T], label: str, total: int | None = None) -> Iterator[_T]:
    """``items`` with a progress bar on stderr, when a person is looking at a terminal."""
    if not sys.stderr.isatty():
        yield from items
        return
    from rich.progress import track

    yield from track(items, label, total=total, console=screen(stderr=True), transient=True)
