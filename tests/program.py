"""The program as tests start it: a process of its own, with its command line, environment and end.

An interpreter that begins from nothing reads all code first: 1.7 s of processor time for a worker,
and 3 s more for the fork server of its sandbox, which also reads the parser and the knowledge. Tests
start hundreds. Here one process (``program_server``) has read everything, and every start is a fork
of it; the fork server of such a worker is a fork as well. From there on nothing is different: signals
end it, the kernel counts it, what it does not close is closed at its end.

What only a real start can show (modules that import each other, how long a start takes, another seed
of hashes) is tested by real starts: ``real=True`` here, ``tests/shell/test_program.py``, and all that
shells, compose files and ``demo`` start. ``KABULWIRE_TEST_STARTS=real`` makes every start a real one;
``make starts`` runs so what starts programs.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).resolve().parents[1]
SERVER = Path(__file__).with_name("program_server.py")
NUMBER = struct.Struct("q")
LONGEST_BYTES = 1 << 17
"""One request: arguments and environment. A longer one is started for real."""
ALL_REAL = os.environ.get("KABULWIRE_TEST_STARTS") == "real"
"""Every start is a real one: ``make starts``."""

_NEUTRAL = {"PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "PYTHONUTF8"}
"""Variables for the interpreter that make no difference to one that runs already, in UTF-8."""


class Program:
    """A started program: what tests use of ``subprocess.Popen``."""

    def __init__(self, told: int) -> None:
        """``told``: a pipe that gives the number of the process, then its exit code."""
        self._told = told
        self._lock = threading.Lock()
        self.pid = self._read(None) or 0
        if self.pid <= 0:
            raise ChildProcessError("the program was not started")
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """The exit code; None while it runs."""
        with self._lock:
            if self.returncode is None:
                self.returncode = self._read(0)
                if self.returncode is not None:
                    os.close(self._told)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, once it is there. Raises ``TimeoutExpired``."""
        limit = None if timeout is None else time.monotonic() + timeout
        while self.poll() is None:
            left = None if limit is None else limit - time.monotonic()
            if left is not None and left <= 0:
                raise subprocess.TimeoutExpired("kabulwire", timeout or 0)
            with contextlib.suppress(OSError, ValueError):
                select.select([self._told], [], [], left)
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _read(self, timeout: float | None) -> int | None:
        if not select.select([self._told], [], [], timeout)[0]:
            return None
        data = os.read(self._told, NUMBER.size)
        return NUMBER.unpack(data)[0] if len(data) == NUMBER.size else -signal.SIGKILL


Process = Program | subprocess.Popen[bytes]


def start(
    *arguments: str,
    cwd: Path = ROOT,
    env: Mapping[str, str] | None = None,
    stdin: IO[Any] | int | None = None,
    stdout: IO[Any] | int | None = None,
    stderr: IO[Any] | int | None = None,
    before: str = "",
    real: bool = False,
) -> Process:
    """Start ``kabulwire`` with these arguments. Streams are files; None is this process's own.

    ``before``: code that runs in it first, to set its clock, or to have something happen inside.
    """
    given = dict(os.environ if env is None else env)
    if not real and _can_be_forked(given, cwd):
        streams = [own if file is None else _number(file) for own, file in
                   enumerate((stdin, stdout, stderr))]  # fmt: skip
        wanted = {"arguments": arguments, "cwd": str(cwd), "env": given, "before": before}
        request = json.dumps(wanted).encode()
        if len(request) < LONGEST_BYTES:
            return Program(_server().ask(request, streams))
    program = (
        ["-c", f"{before}\nfrom worker.cli import main\nmain()"] if before else ["-m", "worker"]
    )
    return subprocess.Popen(
        [sys.executable, *program, *arguments],
        cwd=cwd, env=given, stdin=stdin, stdout=stdout, stderr=stderr,
    )  # fmt: skip


def run(
    *arguments: str,
    cwd: Path = ROOT,
    env: Mapping[str, str] | None = None,
    stdin: str | bytes = b"",
    timeout: float = 90.0,
    before: str = "",
    real: bool = False,
) -> subprocess.CompletedProcess[str]:
    """Run ``kabulwire`` to its end. Raises ``TimeoutExpired``, and then it was killed."""
    with contextlib.ExitStack() as files:
        given, out, err = (files.enter_context(tempfile.TemporaryFile()) for _ in range(3))
        given.write(stdin.encode() if isinstance(stdin, str) else stdin)
        given.seek(0)
        process = start(
            *arguments,
            cwd=cwd,
            env=env,
            stdin=given,
            stdout=out,
            stderr=err,
            before=before,
            real=real,
        )
        try:
            code = process.wait(timeout)
        finally:
            process.kill()
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(
            ("kabulwire", *arguments), code, _text(out.read()), _text(err.read())
        )


def _text(data: bytes) -> str:
    return data.decode().replace("\r\n", "\n")


def _number(file: IO[Any] | int) -> int:
    return file if isinstance(file, int) else file.fileno()


def _can_be_forked(env: Mapping[str, str], cwd: Path) -> bool:
    """Not when folder or environment ask for other code or another interpreter than the server's."""
    if sys.platform != "linux" or ALL_REAL:
        return False
    if _code_in_force(env, cwd) != ROOT:
        return False
    asked = {k: v for k, v in env.items() if k.startswith(("PYTHON", "LC_", "LANG"))}
    return all(os.environ.get(k) == v for k, v in asked.items() if k not in _NEUTRAL)


def _code_in_force(env: Mapping[str, str], cwd: Path) -> Path | None:
    """The folder whose ``worker`` a real start runs: its own folder comes first, then PYTHONPATH.

    None: no folder has one, and what is installed is run, which need not be this code.
    """
    folders = (cwd, *(cwd / each for each in env.get("PYTHONPATH", "").split(os.pathsep)))
    return next((each.resolve() for each in folders if (each / "worker").exists()), None)


class _Server:
    """The process that has read everything, and the line to it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            clean = {k: v for k, v in os.environ.items() if not k.startswith("KABULWIRE")}
            self._process = subprocess.Popen(
                [sys.executable, str(SERVER), str(theirs.fileno())],
                cwd=ROOT, env=clean | {"PYTHONPATH": str(ROOT)}, pass_fds=[theirs.fileno()],
            )  # fmt: skip
        atexit.register(self.close)

    def ask(self, request: bytes, streams: list[int]) -> int:
        """Have a program started; the pipe that tells of it."""
        told, tell = os.pipe()
        try:
            with self._lock:
                socket.send_fds(self._line, [request], [*streams, tell])
        finally:
            os.close(tell)
        return told

    def close(self) -> None:
        self._line.close()
        self._process.wait(30)


@functools.cache
def _server() -> _Server:
    return _Server()
