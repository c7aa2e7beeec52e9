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
from tests.shell.test_app import configured, environ
from worker.store.connect import Binding, open_writer

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
        "ours = {key: value for key, value in os.environ.items() if key.startswith('KABULWIRE')}\n"
        "print(ours, os.getcwd(), sys.argv[1:], flush=True)\n"  # a crash point flushes nothing
        "crash_points.point('settle.before_commit'); sys.exit()"
    )
    told = {"KABULWIRE_CRASH_POINT": "settle.before_commit"}
    (other := tmp_path / "other").mkdir()
    first = program.run("a", "b", cwd=tmp_path, env=clean() | told, before=look)
    second = program.run("c", cwd=other, env=clean(), before=look)
    assert (first.returncode, first.stdout) == (137, f"{told} {tmp_path} ['a', 'b']\n")
    assert (second.returncode, second.stdout) == (0, f"{{}} {other} ['c']\n")


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
    """A copy that comes before the program's own code, or another seed of hashes: no fork."""
    copy, empty = tmp_path / "copy", tmp_path / "empty"
    (copy / "worker").mkdir(parents=True)
    empty.mkdir()
    (copy / "worker" / "__main__.py").write_text("print('the copy')\n", "utf-8")
    (copy / "worker" / "__init__.py").touch()
    ours, bare = str(program.ROOT), {k: v for k, v in clean().items() if k != "PYTHONPATH"}
    for cwd, path in ((empty, f"{copy}"), (empty, f"{copy}:{ours}"), (empty, f"../copy:{ours}"),
                      (copy, None), (copy, ours)):  # fmt: skip
        env = bare if path is None else bare | {"PYTHONPATH": path}
        assert program.run("version", cwd=cwd, env=env).stdout == "the copy\n", (cwd, path)
    with Path(os.devnull).open("wb") as nowhere:
        seeded = program.start("version", env=clean() | {"PYTHONHASHSEED": "7"}, stdout=nowhere)
    assert isinstance(seeded, subprocess.Popen)
    seeded.kill()
    seeded.wait()


def test_start_is_a_fork_where_the_programs_own_code_comes_first(tmp_path: Path) -> None:
    """In its own folder without PYTHONPATH; elsewhere by PYTHONPATH, whatever copy stands behind it."""
    (tmp_path / "copy" / "worker").mkdir(parents=True)
    bare = {key: value for key, value in clean().items() if key != "PYTHONPATH"}
    behind = bare | {"PYTHONPATH": f"{program.ROOT}:{tmp_path / 'copy'}"}
    for cwd, env in ((program.ROOT, bare), (tmp_path, behind)):
        with Path(os.devnull).open("wb") as nowhere:
            started = program.start("version", cwd=cwd, env=env, stdout=nowhere)
        assert started.wait(60) == 0
        assert isinstance(started, program.Program) is not program.ALL_REAL


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


COMMANDS = {
    "check": "profile portsmere",
    "feeds list": "ledger",
    "incidents list": "incident_id",
    "store info": "portsmere",
    "topics republish --dry-run": "0 incidents would be queued",
}
"""One command of each group, and one that has none, with what it prints when it has done its work."""


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with settings, one feed, and a store in which nothing has happened yet."""
    folder = tmp_path_factory.mktemp("begun")
    configured(folder, "http://127.0.0.1:9/feed.xml")
    open_writer(folder / "store.db", Binding("files", "worker-1", "portsmere")).close()
    return folder


@pytest.mark.parametrize("line", COMMANDS)
def test_a_real_start_of_a_group_of_commands_does_its_work(line: str, begun: Path) -> None:
    """It finds all the code that it needs: a fork has modules which only others have imported."""
    config = str(begun / "config")
    done = program.run(*line.split(), "-c", config, env=environ(begun), cwd=begun, real=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert COMMANDS[line] in done.stdout
