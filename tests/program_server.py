"""The process whose forks are the programs of ``tests.program``.

Rules
-----
1. It has read what a worker and its sandbox read at their start. Of that, ``warm`` has used one thing:
   it has analyzed its invented article, as in every sandbox, so what is made of the knowledge when
   first asked for is made. No command has run: no settings, no store, no log.
2. It has one thread, and opens nothing. So a fork has what a new process has: no lock that is held,
   no connection, no handler of signals.
3. What an interpreter takes from outside at its start (arguments, environment, streams, folder), a
   fork takes from its request. Modules that look at the environment when imported are read again.

A worker asks ``multiprocessing`` for a fork server, which would be a new interpreter that reads it
all once more. Each program therefore has a second fork beside it that waits to become that server,
and ends with the program. It goes the same way (``multiprocessing.forkserver.main``, with the modules
it is told to read), as a child of the worker with the same files open.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import multiprocessing.util
import os
import select
import signal
import socket
import struct
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

NUMBER = struct.Struct("q")
LONGEST_BYTES = 1 << 17
READ_FIRST = (
    "worker.__main__", "worker.cli.commands", "worker.run.app", "worker.replay",
    "worker.publish.kafka_publisher", "worker.cli.sandboxed", "worker.cli.explanation",
)  # fmt: skip
REREAD = ("worker.crash_points",)
"""Modules that look at the environment when they are imported."""
_MOST_FILES = 1 << 16
_Request = tuple[dict[str, Any], list[int]]


def main(line: socket.socket) -> None:
    """Serve until nobody is there to ask; only forks come back from ``_serve``."""
    _read_all()
    request, streams = _serve(line)
    code = 1
    try:
        _take(request, streams)
        _keep_a_fork_server_ready()
        code = _live(request["before"])
    finally:
        os._exit(code)


def _read_all() -> None:
    """Import code and knowledge, the sandbox's own among them."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from tests.profiles.cities import PORTSMERE

    for name in READ_FIRST:
        importlib.import_module(name)
    os.environ["KABULWIRE_SANDBOX_PROFILE"] = str(PORTSMERE)
    hook = sys.excepthook
    importlib.import_module("worker.sandbox.warm")
    sys.excepthook = hook
    del sys.modules["worker.sandbox.warm"]  # a fork server imports it anew, with its own profile
    gc.collect()
    gc.freeze()


def _serve(line: socket.socket) -> _Request:
    """Fork for each request; returns in the fork. Tells each end. Ends with who asks."""
    ended, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    interrupted = signal.signal(signal.SIGINT, signal.SIG_IGN)  # meant for the tests and programs
    running: dict[int, int] = {}
    while True:
        ready, _, _ = select.select([line, ended], [], [])
        if ended in ready:
            os.read(ended, 4096)
            _tell_ends(running)
        if line in ready:
            data, files, _, _ = socket.recv_fds(line, LONGEST_BYTES, 4)
            if not data:
                os._exit(0)
            *streams, told = files
            pid = os.fork()
            if pid == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                signal.signal(signal.SIGINT, interrupted)
                return json.loads(data), streams
            for stream in streams:
                os.close(stream)
            running[pid] = told
            os.write(told, NUMBER.pack(pid))


def _tell_ends(running: dict[int, int]) -> None:
    """Say the exit code of each fork that has ended, negative for a signal."""
    while running:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        told = running.pop(pid)
        with contextlib.suppress(BrokenPipeError):  # nobody waits for it
            os.write(told, NUMBER.pack(os.waitstatus_to_exitcode(status)))
        os.close(told)


def _take(request: dict[str, Any], streams: Sequence[int]) -> None:
    """What an interpreter takes from outside at its start."""
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.closerange(3, _MOST_FILES)
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        errors = "backslashreplace" if name == "stderr" else getattr(sys, name).errors
        lines = 1 if name == "stderr" or os.isatty(number) else -1
        stream = open(number, mode, lines, getattr(sys, name).encoding, errors, closefd=False)  # noqa: SIM115
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    program = importlib.import_module("worker.__main__")
    sys.modules["__main__"] = program
    sys.argv = [str(program.__file__), *request["arguments"]]
    tempfile.tempdir = None
    time.tzset()
    for name in REREAD:
        importlib.reload(sys.modules[name])


def _live(before: str) -> int:
    """Run the program as ``python -m worker`` does, up to the end of an interpreter; its exit code."""
    code = 1
    from worker.cli import main as kabulwire

    try:
        exec(before, {})
        kabulwire()
        code = 0
    except SystemExit as end:
        code = _code(end.code)
    except KeyboardInterrupt:
        sys.excepthook(*sys.exc_info())
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    except BaseException:  # noqa: BLE001 - as an interpreter tells it
        sys.excepthook(*sys.exc_info())
        code = 1
    threading._shutdown()
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
    except OSError:
        code = 120
    sys.stderr.flush()
    return code


def _code(given: object) -> int:
    """The exit code that ``sys.exit`` makes of its argument."""
    if given is None or isinstance(given, int):
        return given or 0
    print(given, file=sys.stderr)
    return 1


def _keep_a_fork_server_ready() -> None:
    """Fork once more; that fork waits to become the fork server of this program."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    pid = os.fork()
    if pid == 0:
        ours.close()
        _become_fork_server(theirs)
    theirs.close()
    begin = multiprocessing.util.spawnv_passfds

    def begin_or_wake(path: Any, arguments: Sequence[Any], files: Sequence[int]) -> int:
        """In place of ``spawnv_passfds``: the first fork server is the one that waits."""
        command = os.fsdecode(arguments[-1])
        if "multiprocessing.forkserver import main" not in command:
            return begin(path, arguments, files)
        multiprocessing.util.spawnv_passfds = begin
        asked = {"command": command, "files": list(files), "env": dict(os.environ)}
        socket.send_fds(ours, [json.dumps(asked).encode()], files)
        ours.close()
        return pid

    multiprocessing.util.spawnv_passfds = begin_or_wake


def _become_fork_server(line: socket.socket) -> None:
    """Wait for the command; then run it, with its files under the numbers that it names."""
    code = 1
    try:
        data, files, _, _ = socket.recv_fds(line, LONGEST_BYTES, 8)
        if not data:
            os._exit(0)
        asked = json.loads(data)
        aside = max(*asked["files"], *files, line.fileno()) + 1
        for at, file in enumerate(files):
            os.dup2(file, aside + at)
        os.closerange(3, aside)
        for at, number in enumerate(asked["files"]):
            os.dup2(aside + at, number)
        os.closerange(aside, aside + len(files))
        os.environ.clear()
        os.environ.update(asked["env"])
        exec(asked["command"], {"__name__": "__main__"})
        code = 0
    except SystemExit as end:
        code = _code(end.code)
    except BaseException:  # noqa: BLE001 - as an interpreter tells it
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(code)


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
