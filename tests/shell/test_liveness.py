"""``healthy``: quick, alone, and never fooled by a worker that is gone."""

from __future__ import annotations

import json
import os
import resource
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.loopback import serving
from worker.cli.liveness import ask
from worker.serve.run_file import run_file

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("trafilatura", "kafka", "pydantic", "aiohttp", "typer", "rich", "lxml")


@contextmanager
def answering(code: int) -> Iterator[str]:
    """A worker's address whose answer is always ``code``."""
    with serving(lambda _: (code, {}, b"loop is stuck")) as base:
        yield f"{base}/livez"


def healthy(*arguments: str, cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("KABULWIRE")}
    return subprocess.run(
        [sys.executable, "-m", "worker", "healthy", *arguments],
        cwd=cwd, env=clean | {"PYTHONPATH": str(ROOT)} | environ,
        capture_output=True, text=True, check=False, timeout=90,
    )  # fmt: skip


def told(store: Path, pid: int, address: str) -> Path:
    """What a running worker leaves beside its store."""
    store.parent.mkdir(parents=True, exist_ok=True)
    run_file(store).write_text(json.dumps({"pid": pid, "livez": address}), "utf-8")
    return store


def test_healthy_takes_a_worker_that_answers_for_well(tmp_path: Path) -> None:
    """200 from /livez of a live process is exit code 0."""
    with answering(200) as address:
        store = told(tmp_path / "s.db", os.getpid(), address)
        done = healthy("--store", str(store), cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "ok\n")


def test_healthy_fails_with_what_the_worker_said(tmp_path: Path) -> None:
    """503 is exit code 1, with what the worker said."""
    with answering(503) as address:
        done = healthy("--store", str(told(tmp_path / "s.db", os.getpid(), address)), cwd=tmp_path)
    assert done.returncode == 1
    assert "answers 503: loop is stuck" in done.stderr


def test_healthy_tells_no_worker_a_dead_one_and_a_deaf_one_apart(tmp_path: Path) -> None:
    """Never started, process gone, port closed: three sentences, all exit code 1."""
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    never = healthy("--store", str(tmp_path / "none.db"), cwd=tmp_path)
    gone = healthy(
        "--store", str(told(tmp_path / "a.db", dead.pid, "http://127.0.0.1:9/livez")), cwd=tmp_path
    )
    deaf = healthy(
        "--store", str(told(tmp_path / "b.db", os.getpid(), "http://127.0.0.1:9/livez")),
        cwd=tmp_path,
    )  # fmt: skip
    assert [one.returncode for one in (never, gone, deaf)] == [1, 1, 1]
    assert "does not exist" in never.stderr
    assert f"process {dead.pid} is gone" in gone.stderr
    assert deaf.stderr == (
        "kabulwire: nothing listens at http://127.0.0.1:9/livez (connection refused), "
        f"though process {os.getpid()} runs\n"
    )


def test_ask_says_in_words_what_it_could_not_reach(tmp_path: Path) -> None:
    """Silence has its limit in the sentence; no sentence is the name of an exception."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/livez"
        said = ask(told(tmp_path / "a.db", os.getpid(), address), 0.05)
    assert said.startswith(f"no answer from {address} within 0.05 s")
    damaged = ask(told(tmp_path / "b.db", os.getpid(), "http://here:port/livez"), 0.05)
    assert (
        damaged == "'http://here:port/livez' is no address to ask; the worker's run file is damaged"
    )


def test_healthy_finds_the_store_as_the_worker_finds_it(tmp_path: Path) -> None:
    """Variable, else the settings' file, else the default place."""
    with answering(200) as address:
        told(tmp_path / "env.db", os.getpid(), address)
        told(tmp_path / "file.db", os.getpid(), address)
        told(tmp_path / "var" / "kabulwire.db", os.getpid(), address)
        settings = tmp_path / "settings.toml"
        settings.write_text(f'[store]\npath = "{tmp_path / "file.db"}"\n', "utf-8")
        ways: list[dict[str, str]] = [
            {"KABULWIRE__STORE__PATH": str(tmp_path / "env.db")},
            {"KABULWIRE_CONFIG": str(settings)},
            {},
        ]
        codes = []
        for way in ways:
            codes.append(healthy(cwd=tmp_path, **way).returncode)
            used = way.get("KABULWIRE__STORE__PATH") or (
                str(tmp_path / "file.db") if way else str(tmp_path / "var" / "kabulwire.db")
            )
            run_file(Path(used)).unlink()
            codes.append(healthy(cwd=tmp_path, **way).returncode)
    assert codes == [0, 1, 0, 1, 0, 1]


def test_healthy_takes_the_folder_of_settings_like_other_commands(tmp_path: Path) -> None:
    """`-c` and `--config=` name the folder or its file; a variable for the store goes before."""
    with answering(200) as address:
        told(tmp_path / "here.db", os.getpid(), address)
        (tmp_path / "site").mkdir()
        file = tmp_path / "site" / "kabulwire.toml"
        file.write_text(f'[store]\npath = "{tmp_path / "here.db"}"\n', "utf-8")
        ways = (("-c", "site"), (f"--config={file}",), ("-c", str(file), "--timeout-s", "2"))
        assert [healthy(*way, cwd=tmp_path).returncode for way in ways] == [0, 0, 0]
        assert healthy("-c", "none", cwd=tmp_path).returncode == 1


def test_healthy_costs_little(tmp_path: Path) -> None:
    """At most 120 ms of processor time, with the start of Python, at the best of five."""
    with answering(200) as address:
        store = told(tmp_path / "s.db", os.getpid(), address)
        costs = []
        for _ in range(5):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            healthy("--store", str(store), cwd=tmp_path)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            costs.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(costs) <= 0.12


def test_healthy_loads_nothing_heavy(tmp_path: Path) -> None:
    """It runs every few seconds, so it must not import what takes a tenth of a second."""
    script = (
        "import sys, worker.cli\nsys.argv = ['kabulwire', 'healthy']\n"
        "try:\n    worker.cli.main()\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env={"PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "[]\n"
