"""What a person at a terminal sees: colours that can be turned off, questions, what is waited for.

Each test runs in this process, on a real terminal (``pty``): what ``isatty`` says decides.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import pty
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import structlog
import typer

from tests.profiles.cities import PORTSMERE
from tests.shell.store_world import StoreWorld
from tests.stories.tell import take
from worker.cli.streams import read_lines, screen
from worker.cli.tables import show_rows
from worker.cli.topics.republish import republish_topics
from worker.config.knowledge import load_knowledge
from worker.observe import log
from worker.store.connect import open_reader
from worker.store.queries import count_waiting

AT = dt.datetime(2031, 9, 1, 9, tzinfo=dt.UTC)
END = b"\x04"
"""Ctrl-D at the beginning of a line."""
LONG = "7mqk3v2xw5tbn4ra" * 8
ROW = {"id": LONG, "at": "2031-03-04T09:24:00.123456Z", "n": 7, "none": None, "on": True}


class Terminal:
    """A terminal: what is typed into ``stream``, and what is shown of it."""

    def __init__(self) -> None:
        self._ours, self._theirs = pty.openpty()
        self.stream = os.fdopen(os.dup(self._theirs), "r", encoding="utf-8")
        self.screen = os.fdopen(os.dup(self._theirs), "w", encoding="utf-8", buffering=1)

    def type(self, keys: bytes) -> None:
        os.write(self._ours, keys)

    def shown(self) -> str:
        self.screen.flush()
        return os.read(self._ours, 65_536).decode()

    def close(self) -> None:
        self.stream.close()
        self.screen.close()
        os.close(self._ours)
        os.close(self._theirs)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    """A terminal that can show colours, and nobody has said anything about them."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("COLORTERM", raising=False)
    made = Terminal()
    yield made
    made.close()


@pytest.mark.parametrize(
    ("variable", "value", "coloured"),
    [("NO_COLOR", "", True), ("NO_COLOR", "1", False), ("TERM", "dumb", False)],
)
def test_screen_and_log_are_coloured_unless_a_person_said_otherwise(
    variable: str,
    value: str,
    terminal: Terminal,
    monkeypatch: pytest.MonkeyPatch,
    *,
    coloured: bool,
) -> None:
    """NO_COLOR (no-color.org) and a dumb terminal turn colours off, in tables and in the log."""
    monkeypatch.setenv(variable, value)
    monkeypatch.setattr(sys, "stdout", terminal.screen)
    screen().print("wrong", style="red")
    assert ("\x1b[31m" in terminal.shown()) is coloured
    root = logging.getLogger()
    before = root.handlers[:], root.level
    try:
        log.configure("auto", "info", terminal.screen)
        log.get().info("feed.resumed")
    finally:
        root.handlers[:] = before[0]
        root.setLevel(before[1])
        structlog.reset_defaults()
        logging.captureWarnings(capture=False)
    line = terminal.shown()
    assert "feed.resumed" in line
    assert ("\x1b[" in line) is coloured


def test_read_lines_tells_a_person_what_is_waited_for(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`analyze` without a file: one line on stderr; the input ends with Ctrl-D."""
    monkeypatch.setattr(sys, "stdin", terminal.stream)
    terminal.type(b'{"id": 1}\n' + END)
    assert list(read_lines("-")) == [(1, b'{"id": 1}\n')]
    assert capsys.readouterr() == (
        "",
        "kabulwire: reading from the terminal; Ctrl-D ends the input\n",
    )


def test_read_lines_tells_a_program_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What comes through a pipe is read in silence."""
    file = tmp_path / "lines"
    file.write_bytes(b"1\n\n2\n")
    with file.open() as piped:
        monkeypatch.setattr(sys, "stdin", piped)
        assert list(read_lines("-")) == [(1, b"1\n"), (3, b"2\n")]
    assert capsys.readouterr() == ("", "")


def test_show_rows_cuts_nothing_off(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a file a row is a line, however long; on a terminal a long id goes on below. An instant is
    shown to the second; for a program everything is as it was stored."""
    show_rows([ROW], tuple(ROW), as_json=False)
    _, row = capsys.readouterr().out.splitlines()
    assert row.split() == [LONG, "2031-03-04", "09:24:00Z", "7", "yes"]
    show_rows([ROW], tuple(ROW), as_json=True)
    assert f'"at":"{ROW["at"]}","n":7' in capsys.readouterr().out
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(sys, "stdout", terminal.screen)
    show_rows([ROW], tuple(ROW), as_json=False)
    _, *lines = terminal.shown().splitlines()
    assert len(lines) > 1
    assert "".join(line.split()[0] for line in lines) == LONG


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store with one incident, of which nothing waits to be published."""
    knowledge = load_knowledge(PORTSMERE)
    world = StoreWorld(tmp_path / "store.db", knowledge)
    report = {"date": AT.date(), "place": "ward-4", "killed": 6}
    take({"article": "gulf-bus", "at": AT, "report": [report]}, world, knowledge)  # type: ignore[arg-type]
    world.conn.execute("UPDATE outbox SET published = 1")
    world.conn.close()
    monkeypatch.setenv("KABULWIRE__STORE__PATH", str(tmp_path / "store.db"))
    monkeypatch.setenv("KABULWIRE__FILES__DIR", str(tmp_path / "topics"))
    monkeypatch.setenv("KABULWIRE__PROFILE", str(PORTSMERE))
    monkeypatch.setenv("KABULWIRE__INSTANCE", "test")
    return tmp_path / "store.db"


@pytest.mark.parametrize(
    ("typed", "dry_run", "yes", "code", "queued"),
    [
        (b"n\n", False, False, 1, 0),
        (b"\n", False, False, 1, 0),
        (b"y\n", False, False, 0, 2),
        (b"", False, True, 0, 2),
        (b"", True, False, 0, 0),
        (b"", True, True, 0, 0),
    ],
)
def test_republish_asks_a_person_and_does_what_was_answered(
    typed: bytes, code: int, queued: int, store: Path, terminal: Terminal,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    *, dry_run: bool, yes: bool,
) -> None:  # fmt: skip
    """No and nothing are no. `--yes` asks nothing; `--dry-run` says what would be and ends there."""
    monkeypatch.setattr(sys, "stdin", terminal.stream)
    terminal.type(typed)
    try:
        republish_topics(dry_run=dry_run, yes=yes)
        left = 0
    except typer.Exit as ended:
        left = ended.exit_code
    told = capsys.readouterr().out
    with closing(open_reader(store)) as conn:
        assert (left, count_waiting(conn)) == (code, queued)
    assert ("Go on?" in told) is bool(typed)
    assert ("1 incident would be queued, 2 messages wait\n" in told) is not yes or dry_run
    assert ("1 incident queued, 2 messages wait" in told) is bool(queued)
