"""The program as tests start it is the program: a fork takes and leaves what a real start does."""

from __future__ import annotations

import ast
import os
import signal
import subprocess
import threading
from pathlib import Path

import pytest

from tests import program
from tests.program_server import REREAD

ENDS = {
    "print('ü'); raise SystemExit(3)": 3,
    "raise SystemExit('no room')": 1,
    "1 / 0": 1,
    "import os; os.kill(os.getpid(), 9)": -signal.SIGKILL,
    "import os; os.kill(os.getpid(), 15)": -signal.SIGTERM,
    "raise KeyboardInterrupt": -signal.SIGINT,
    "import sys; sys.stdout.write(sys.stdin.read()[::-1]); sys.exit()": 0,
    "import atexit, sys; atexit.register(print, 'bye'); sys.exit(4)": 4,
    "import sys, threading, time\n"
    "threading.Thread(target=lambda: (time.sleep(0.1), print('late'))).start()\nsys.exit(5)": 5,
}
"""What a program does → its exit code, negative for the signal that ended it."""


def clean() -> dict[str, str]:
    found = {key: value for key, value in os.environ.items() if not key.startswith("KABULWIRE")}
    return found | {"PYTHONPATH": str(program.ROOT)}


@pytest.mark.parametrize("what", ENDS)
def test_run_ends_as_a_real_start_does(what: str) -> None:
    """Exit code, output, and the last line of the errors."""
    forked, real = (
        program.run(env=clean(), stdin="abc", before=what, real=real) for real in (False, True)
    )
    assert forked.returncode == real.returncode == ENDS[what]
    assert forked.stdout == real.stdout
    assert forked.stderr.splitlines()[-1:] == real.stderr.splitlines()[-1:]


def test_run_takes_environment_folder_and_arguments_and_leaves_nothing_of_them(
    tmp_path: Path,
) -> None:
    """The second program sees nothing of the first; a crash point is armed in its own program only."""
    look = (
        "import os, sys\nfrom worker import crash_points\n"
        "print(os.environ.get('KABULWIRE_X'), os.getcwd(), sys.argv[1:], os.listdir('/proc/self/fd')[3:])\n"
        "crash_points.point('settle.before_commit'); sys.exit()"
    )
    told = {"KABULWIRE_X": "1", "KABULWIRE_CRASH_POINT": "settle.before_commit"}
    first = program.run("a", "b", cwd=tmp_path, env=clean() | told, before=look)
    second = program.run(env=clean(), before=look)
    assert (first.returncode, second.returncode) == (137, 0)
    assert second.stdout.startswith(f"None {program.ROOT} [] ")


def test_run_gives_a_program_no_file_but_its_own_streams() -> None:
    """Nobody's pipe stays open because a program lives; its line to its own fork server is its fourth."""
    count = "import os, sys\nprint(sorted(map(int, os.listdir('/proc/self/fd'))))\nsys.exit()"
    told = program.run(env=clean(), before=count).stdout
    assert ast.literal_eval(told) in ([0, 1, 2, 3, 4], [0, 1, 2, 3])


def test_program_can_be_waited_for_signalled_and_outwaited() -> None:
    """A wait that is too short raises and leaves it alone; a signal ends it; its code stays."""
    asleep = program.start(env=clean(), before="import time; time.sleep(60)")
    assert asleep.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        asleep.wait(0.05)
    waiting = threading.Thread(target=asleep.wait, args=(30,))
    waiting.start()
    asleep.terminate()
    waiting.join(30)
    assert not waiting.is_alive()
    assert asleep.wait(0) == asleep.poll() == asleep.returncode == -signal.SIGTERM
    asleep.kill()


def test_start_is_a_real_one_where_code_or_interpreter_would_differ(tmp_path: Path) -> None:
    """A copy of the program, another seed of hashes: an interpreter of their own."""
    for more in ({"PYTHONPATH": str(tmp_path)}, {"PYTHONHASHSEED": "7"}):
        process = program.start("version", env=clean() | more, cwd=tmp_path, stderr=os.open(
            os.devnull, os.O_WRONLY), stdout=os.open(os.devnull, os.O_WRONLY))  # fmt: skip
        assert isinstance(process, subprocess.Popen)
        process.kill()
        process.wait()


def test_modules_that_read_the_environment_when_imported_are_read_again() -> None:
    """A fork has the modules of a process whose environment was another one."""
    found = set()
    for path in sorted((program.ROOT / "worker").rglob("*.py")):
        text = path.read_text("utf-8")
        for statement in ast.parse(text).body if "environ" in text or "getenv" in text else ():
            if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                continue
            if "os.environ" in ast.unparse(statement) or "os.getenv" in ast.unparse(statement):
                found.add(".".join(path.relative_to(program.ROOT).with_suffix("").parts))
    assert found == {*REREAD, "worker.sandbox.warm"}  # this one only a fork server imports


@pytest.mark.parametrize("line", ["feeds list", "incidents list", "store info"])
def test_a_real_start_of_a_group_of_commands_finds_its_code(line: str) -> None:
    """One command of each group that no other test starts for real."""
    done = program.run(*line.split(), "-c", "nowhere", env=clean(), real=True)
    assert (done.returncode, done.stderr.count("\n")) == (78, 1), done.stderr
