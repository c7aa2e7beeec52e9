"""A real worker whose disk fills up to the last byte, is killed there, and gets room again.

The disk is a tmpfs of a few megabytes, which only root may mount; elsewhere
``tests/shell/test_store_care.py`` lets SQLite itself refuse to grow.
"""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.broker.kafka_broker import Broker
from tests.broker.test_worker import assert_whole, count, prefix, settings
from tests.shell.press import Press, at_work, bomb, launch, printing, until
from tests.shell.test_app import Running
from worker.store.disk_space import BALLAST_BYTES

pytestmark = [
    pytest.mark.broker,
    pytest.mark.chaos,
    pytest.mark.slow,
    pytest.mark.timeout(240),
]
__all__ = ["prefix"]
SIZE_MB = 16


class Disk:
    """A small disk, and a file that takes all that is left of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filler = folder / "filler"

    def fill(self) -> None:
        """Not one page more fits; a tmpfs knows nothing smaller."""
        with self._filler.open("ab", buffering=0) as file:
            for block in (1 << 16, 1 << 12):
                try:
                    while True:
                        file.write(b"\0" * block)
                except OSError as error:
                    assert error.errno == errno.ENOSPC

    def free(self) -> None:
        self._filler.unlink(missing_ok=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m", "tmpfs", str(folder)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no tmpfs can be mounted here: {done.stderr.strip()}")
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)


@pytest.fixture
def press() -> Iterator[Press]:
    with printing() as made:
        yield made


def is_stuck(worker: Running) -> bool:
    """The ballast is gone and there is still no room."""
    return any(not line["ballast_given_up"] for line in worker.told("store.full"))


def test_run_on_a_disk_without_one_byte_loses_nothing(
    kafka: Broker, prefix: str, disk: Disk, press: Press, tmp_path: Path
) -> None:
    """A revision is published, the disk fills up, the article changes, the worker is killed: it
    says why it is not ready, and once there is room the change is published, once."""
    more = {**settings(kafka, prefix), "STORE__PATH": str(disk.folder / "store.db"),
            "STORE__MIN_FREE_MB": "0", "PUBLISH__HEARTBEAT_S": "1"}  # fmt: skip
    bomb(press, "ledger", "six")
    with at_work(tmp_path, press, "ledger", **more) as worker:
        assert until(lambda: count(kafka, prefix) == 1, worker)
        disk.fill()
        bomb(press, "ledger", "nine")
        assert until(lambda: worker.told("store.full"), worker)
        disk.fill()
        assert until(lambda: is_stuck(worker), worker)
        assert "cannot be written" in readiness(worker, disk)
        assert worker.process.poll() is None, "a full disk ends no worker"
        worker.process.kill()
        worker.process.wait()
    again = launch(tmp_path, press, "ledger", **more)  # on a disk that is still full
    try:
        assert again.process.wait(8) == 75
    except subprocess.TimeoutExpired:
        again.process.kill()  # it got on with what the log of the store had room for
        again.process.wait()
    disk.free()
    with at_work(tmp_path, press, "ledger", **more) as worker:
        assert until(lambda: count(kafka, prefix) == 2, worker)
        assert worker.stop() == 0
    assert_whole(kafka, prefix, disk.folder / "store.db")
    assert (disk.folder / "store.db.ballast").exists()


def readiness(worker: Running, disk: Disk) -> str:
    """What /readyz says, which must be 503."""
    (worker.folder / "store.db.run").write_bytes((disk.folder / "store.db.run").read_bytes())
    status, text = worker.get("/readyz")
    assert status == 503, text
    return text


def _is_laid(ballast: Path) -> bool:
    """Whether all of it is there: a file that is still being laid takes room from what is measured."""
    return ballast.exists() and ballast.stat().st_blocks * 512 >= BALLAST_BYTES


def test_run_pauses_polling_above_the_last_byte(
    kafka: Broker, prefix: str, disk: Disk, press: Press, tmp_path: Path
) -> None:
    """Below ``store.min_free_mb`` nothing new is polled, what is there is published, and polling
    goes on by itself when there is room."""
    more = {**settings(kafka, prefix), "STORE__PATH": str(disk.folder / "store.db"),
            "STORE__MIN_FREE_MB": "2"}  # fmt: skip
    with at_work(tmp_path, press, "ledger", **more) as worker:
        assert until(lambda: worker.told("worker.started"), worker)
        assert until(lambda: _is_laid(disk.folder / "store.db.ballast"), worker)
        (disk.folder / "most").write_bytes(
            b"\0" * (os.statvfs(disk.folder).f_bavail * 4096 - 1_500_000)
        )
        assert until(lambda: worker.told("feed.paused"), worker)
        bomb(press, "ledger", "six")
        assert "MB of disk are free" in readiness(worker, disk)
        (disk.folder / "most").unlink()
        assert until(lambda: count(kafka, prefix) == 1, worker)
        assert worker.told("feed.resumed")
        assert not worker.told("store.full")
        assert worker.stop() == 0
