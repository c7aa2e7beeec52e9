"""A worker process on a spool of a wire: an embargo that ends, a kill, and what can be seen meanwhile."""

from __future__ import annotations

import datetime as dt
import json
import os
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.shell.deliveries import FRONT, working
from tests.shell.press import topic
from tests.shell.test_app import Running
from tests.shell.wire_items import Sent, bomb, g2

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
TITLE = "Car bomb kills four at Customs House in Portsmere"
WAIT_S = 40


def deliver(spool: Path, name: str, document: str) -> None:
    """A file of the agency, complete for a minute already."""
    spool.mkdir(exist_ok=True)
    (spool / name).write_text(document, "utf-8")
    os.utime(spool / name, (time.time() - 60, time.time() - 60))


def states(folder: Path) -> list[str]:
    """The state of each revision in the log of incidents."""
    path = folder / "topics" / "kabulwire.incident-log.v1.jsonl"
    return [r["value"]["state"] for r in topic(folder, "incident-log.v1")] if path.exists() else []


def page(worker: Running) -> str:
    """The status page and its metrics."""
    told = json.loads((worker.folder / "store.db.run").read_text("utf-8"))
    base = str(told["livez"]).removesuffix("/livez")
    found = ""
    for path in ("/", "/metrics"):
        with urllib.request.urlopen(base + path, timeout=30) as answer:
            found += answer.read().decode()
    return found


def test_run_publishes_at_the_end_of_an_embargo_and_retracts_by_a_kill(tmp_path: Path) -> None:
    """Killed while it waits, a worker publishes at the instant all the same; nothing is seen before."""
    spool, now = tmp_path / "spool", dt.datetime.now(dt.UTC).replace(microsecond=0)
    day = f"{now:%A}, {now:%B} {now.day}"
    more: dict[str, Any] = {"begin": now - dt.timedelta(minutes=5), "id": 157}
    item = Sent(TITLE, bomb("four", day=day), **more)
    ends = now + dt.timedelta(seconds=WAIT_S)
    release = f"<embargoed>{ends.isoformat()}</embargoed><pubStatus"
    deliver(spool, "1.xml", g2(item).replace("<pubStatus", release))
    feed = f'[[feed]]\nid = "wire"\npath = "{spool}"\ninterval_s = 0.2\n{FRONT}spool = {{quiet_s = 0}}\n'
    with working(tmp_path, feed) as worker:
        worker.wait_for(lambda: any((spool / "done").rglob("1.xml*")), WAIT_S)
        seen = page(worker) + (tmp_path / "worker.log").read_text("utf-8")
        worker.process.kill()
        worker.process.wait()
    assert dt.datetime.now(dt.UTC) < ends
    assert "Customs House" not in seen
    assert states(tmp_path) == []
    with working(tmp_path, feed) as worker:
        worker.wait_for(lambda: states(tmp_path), WAIT_S * 3)
        assert dt.datetime.now(dt.UTC) >= ends
        deliver(spool, "2.xml", g2(Sent("Gone", minute=6, status="canceled", **more)))
        worker.wait_for(lambda: len(states(tmp_path)) == 2, WAIT_S * 3)
        assert worker.stop() == 0
    assert states(tmp_path) == ["provisional", "retracted"]
