"""``topics republish`` and ``retry``, as an operator uses them on a real store."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import program
from tests.shell.press import Press, at_work, bomb, printing, topic, until
from tests.shell.test_app import Newsroom, attack, environ, newsroom, running

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]
__all__ = ["newsroom"]
LOG = "incident-log.v1"


@pytest.fixture
def press() -> Iterator[Press]:
    with printing() as made:
        yield made


def kabulwire(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    config = str(folder / "config")
    return program.run(*arguments, "--config", config, env=environ(folder, **more))


def revisions(folder: Path) -> list[tuple[int, str]]:
    return [
        (r["value"]["revision"], r["value"]["change"]["kind"])
        for r in topic(folder, LOG)
    ]  # fmt: skip


def test_topics_republish_writes_a_folder_anew_that_is_gone(press: Press, tmp_path: Path) -> None:
    """The worker refuses to go on without its files and names the command; after it every incident
    is there as its next revision, and revisions go on from that."""
    bomb(press, "ledger", "six")
    with at_work(tmp_path, press, "ledger") as worker:
        assert until(lambda: (tmp_path / "topics").is_dir() and revisions(tmp_path), worker)
        running_still = kabulwire(tmp_path, "topics", "republish")
        assert running_still.returncode == 78
        assert "in use" in running_still.stderr
        assert worker.stop() == 0
    assert revisions(tmp_path) == [(1, "created")]
    for path in (tmp_path / "topics").iterdir():
        path.unlink()
    refused = kabulwire(tmp_path, "run")
    assert refused.returncode == 78
    assert "topics republish" in refused.stderr
    trial = kabulwire(tmp_path, "topics", "republish", "--dry-run")
    assert trial.stdout == "1 incident would be queued, 2 messages wait\n", trial.stderr
    assert kabulwire(tmp_path, "topics", "republish", "--dry-run").stdout == trial.stdout
    done = kabulwire(tmp_path, "topics", "republish")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "1 incident queued, 2 messages wait\n"
    bomb(press, "ledger", "nine")
    with at_work(tmp_path, press, "ledger") as worker:
        assert until(lambda: len(revisions(tmp_path)) == 2, worker)
        assert worker.stop() == 0
    assert revisions(tmp_path) == [(2, "resync"), (3, "updated")]


def test_retry_lists_what_was_given_up_and_brings_it_back(
    newsroom: Newsroom, tmp_path: Path
) -> None:
    """An article that took too long three times is given up and listed with its reason. A wrong
    reason is refused with those there are; with more time, `retry` makes an incident of it, once."""
    attack(newsroom)
    title, page = newsroom.pages["/news/quay-blast"]
    long = "".join(f"<p>Item {n} of the harbour council was the ferry.</p>" for n in range(1_500))
    newsroom.pages["/news/quay-blast"] = (title, page.replace("</article>", f"{long}</article>"))
    feed = f"{newsroom.base}/feed.xml"
    with running(tmp_path, feed, SANDBOX__ANALYZE_DEADLINE_S="0.5") as worker:
        worker.wait_for(lambda: worker.told("article.failed"), 60)
        assert worker.stop() == 0
    (tmp_path / "worker.log").unlink()
    listed = kabulwire(tmp_path, "retry", "--list", "--json")
    (letter,) = map(json.loads, listed.stdout.splitlines())
    assert letter["url"] == f"{newsroom.base}/news/quay-blast"
    wrong = kabulwire(tmp_path, "retry", "--reason", "nonsense")
    assert wrong.returncode == 65
    assert f"{letter['reason']} (1)" in wrong.stderr
    with running(tmp_path, feed) as worker:
        done = kabulwire(tmp_path, "retry", "--reason", letter["reason"])
        assert done.returncode == 0, done.stderr
        assert done.stdout == "taken in by the running worker\n"
        worker.wait_for(lambda: worker.told("article.processed"), 60)
        assert worker.stop() == 0
    assert revisions(tmp_path) == [(1, "created")]
    assert [record["value"]["reason"] for record in topic(tmp_path, "dead-letters.v1")] == [
        letter["reason"]
    ]
    assert kabulwire(tmp_path, "retry").returncode == 65
    assert kabulwire(tmp_path, "retry", "--list", "--json").stdout == ""
