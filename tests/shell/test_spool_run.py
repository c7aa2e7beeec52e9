"""A worker process on a spool, killed with SIGKILL while it takes files."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from tests import program
from tests.shell.deliveries import FRONT, identities, rss, working
from tests.shell.test_app import environ

pytestmark = [pytest.mark.slow, pytest.mark.timeout(500)]
FILES = 230
LONG_S = 120.0


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    """A folder with many files, some in a sub-folder, one of them delivered twice, one no feed, one cut
    off in its second item.
    """
    folder = tmp_path / "spool"
    (folder / "sub").mkdir(parents=True)
    for number in range(FILES):
        place = folder / ("sub" if number % 3 == 0 else ".") / f"{number}.xml"
        place.write_bytes(rss((f"item-{number}", f"Council meets for the {number}th time")))
    (folder / "again.xml").write_bytes(rss(("item-7", "Council meets for the 7th time")))
    (folder / "poison.xml").write_bytes(b"no feed at all")
    whole = rss(("item-3", "Council meets for the 3th time"), ("never", "Council meets again"))
    (folder / "cut.xml").write_bytes(whole[: whole.index(b"again")])
    past = time.time() - 60
    for path in folder.rglob("*.xml"):
        os.utime(path, (past, past))
    return folder


def feed(spool: Path) -> str:
    return f'[[feed]]\nid = "wire"\npath = "{spool}"\ninterval_s = 0.2\n{FRONT}spool = {{quiet_s = 0}}\n'


def lying(folder: Path) -> list[str]:
    """Names of the documents below a folder of a spool."""
    return sorted(p.name for p in folder.rglob("*.xml*") if p.is_file())


def assert_all_was_read_once(folder: Path, spool: Path) -> None:
    assert identities(folder) == sorted(f"item-{number}" for number in range(FILES))
    assert len(lying(spool / "done")) == FILES + 1
    failed = ["cut.xml", "cut.xml.reason", "poison.xml", "poison.xml.reason"]
    assert lying(spool / "failed") == failed
    told = (spool / "failed" / "cut.xml.reason").read_text("utf-8")
    assert told.startswith("truncated: ") and told.endswith(" 1 whole item\n")
    assert lying(spool / ".taken") == []
    assert not list(spool.glob("*.xml"))


@pytest.mark.parametrize(
    "point",
    ["spool.after_take:50", "admit.before_commit:2", "admit.after_commit", "spool.after_clear:120"],
)
def test_run_killed_at_a_point_of_a_spool_loses_and_doubles_nothing(
    point: str, spool: Path, tmp_path: Path
) -> None:
    """Dead while files are taken, stored or moved on; alive again, each was read once and moved on."""
    with working(tmp_path, feed(spool), KABULWIRE_CRASH_POINT=point) as worker:
        assert worker.process.wait(LONG_S) == 137
    with working(tmp_path, feed(spool)) as worker:
        worker.wait_for(lambda: len(lying(spool / "done")) > FILES, LONG_S)
        worker.wait_for(lambda: lying(spool / ".taken") == [])
        assert worker.stop() == 0
    assert_all_was_read_once(tmp_path, spool)


def test_run_killed_again_and_again_loses_and_doubles_nothing(spool: Path, tmp_path: Path) -> None:
    """SIGKILL at any moment, four times over."""
    for life in range(4):
        with working(tmp_path, feed(spool)) as worker:
            worker.wait_for(lambda: len(worker.told("worker.started")) > life, LONG_S)  # noqa: B023
            time.sleep(0.05 + 0.2 * life)
            worker.process.kill()
            worker.process.wait()
    with working(tmp_path, feed(spool)) as worker:
        worker.wait_for(lambda: len(worker.told("worker.started")) > 4, LONG_S)
        worker.wait_for(lambda: len(lying(spool / "done")) > FILES, LONG_S)
        worker.wait_for(lambda: lying(spool / ".taken") == [])
        nothing_waits = 'kabulwire_spool_waiting_files{feed="wire"} 0.0'
        worker.wait_for(lambda: nothing_waits in worker.get("/metrics")[1], LONG_S)
        assert worker.stop() == 0
    assert_all_was_read_once(tmp_path, spool)


def test_once_empties_a_spool_and_moves_all_of_it_on(spool: Path, tmp_path: Path) -> None:
    """`once` does not leave before the last look, nor with a file half-way; what is set aside is told."""
    config = tmp_path / "config"
    config.mkdir()
    (config / "feeds.toml").write_text(feed(spool), "utf-8")
    command = ("once", "--config", str(config))
    with (tmp_path / "worker.log").open("ab") as out:
        once = program.start(*command, stdout=out, stderr=out, env=environ(tmp_path), cwd=tmp_path)
        assert once.wait(90) == 0
    assert_all_was_read_once(tmp_path, spool)
    told = (json.loads(line) for line in (tmp_path / "worker.log").read_text("utf-8").splitlines())
    refused = {line["document"]: line["reason"] for line in told if line["event"] == "feed.refused"}
    assert refused == {"poison.xml": "not_a_feed", "cut.xml": "truncated"}
