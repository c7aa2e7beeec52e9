"""The page of a report is asked again: figures that change in place, pages that go."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Any

import pytest

from tests.shell.press import Press, at_work, bomb, printing, topic, until
from worker.run.chain import next_recheck

NOW = dt.datetime(2031, 5, 8, 12, tzinfo=dt.UTC)
OFFSETS = (900.0, 3600.0, 10_800.0)


def test_next_recheck_is_the_first_moment_to_come() -> None:
    """A worker that slept through some of them goes on with the next; after the last there is none."""
    minutes = {0: 15, 14: 15, 15: 60, 70: 180, 179: 180, 180: None, 5000: None}
    for after, due in minutes.items():
        found = next_recheck(NOW, OFFSETS, NOW + dt.timedelta(minutes=after))
        assert found == (None if due is None else NOW + dt.timedelta(minutes=due))
    assert next_recheck(NOW, (), NOW) is None


def records(folder: Path) -> list[dict[str, Any]]:
    """Every version of the one article, as consumers got it."""
    return [record["value"] for record in topic(folder, "reports.v1")]


def killed(record: dict[str, Any]) -> Any:
    statements = record["reports"][0]["statements"] if record["reports"] else []
    return next((s["value"] for s in statements if s["measure"] == "killed"), None)


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_run_finds_a_figure_that_changed_in_place_and_a_page_that_went(tmp_path: Path) -> None:
    """The feed says the same all the time; the page goes from six to nine killed, and is then gone.
    The first is a new version and a new revision, the second a mark on the record; the figure stands.
    """
    with printing() as press:
        bomb(press, "ledger", "six")
        title, page = press.outlets["ledger"]["bomb"]
        offsets = ",".join(str(2 + 1.5 * n) for n in range(40))
        with at_work(tmp_path, press, "ledger", INGEST__RECHECK_S=offsets) as worker:
            assert until(lambda: len(records(tmp_path)) == 1, worker)
            press.odd["/ledger/bomb"] = 200, "text/html", changed(page).encode()
            assert until(lambda: len(records(tmp_path)) == 2, worker)
            press.odd["/ledger/bomb"] = 410, "text/plain", b"gone"
            assert until(lambda: len(records(tmp_path)) == 3, worker)
            press.odd["/ledger/bomb"] = 200, "text/html", changed(page).encode()
            assert until(lambda: len(records(tmp_path)) == 4, worker)
            log = worker.told("article.processed")
    assert title in page
    told = records(tmp_path)
    assert [record["version"] for record in told] == [1, 2, 2, 2]
    assert [killed(record) for record in told] == [6, 9, 9, 9]
    assert [record["maybe_withdrawn"] for record in told] == [False, False, True, False]
    assert [line["outcome"] for line in log] == ["reported", "reported", "maybe_withdrawn", "back"]
    newest = topic(tmp_path, "incidents.v1")[-1]["value"]
    assert newest["casualties"]["killed"]["best"] == 9
    assert newest["state"] != "retracted"


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_run_settles_nothing_for_a_page_that_says_the_same(tmp_path: Path) -> None:
    """Other bytes with the same text (a counter, an advertisement), a page that fails, one that is
    there again after a single 404: nothing is settled.
    """
    with printing() as press:
        bomb(press, "ledger", "six")
        _, page = press.outlets["ledger"]["bomb"]
        offsets = ",".join(str(2 + 1.5 * n) for n in range(40))
        with at_work(tmp_path, press, "ledger", INGEST__RECHECK_S=offsets) as worker:
            assert until(lambda: len(records(tmp_path)) == 1, worker)
            asked = counted(press)
            for answer in (
                (
                    200,
                    "text/html",
                    page.replace("<head>", "<head><meta name=n content=7>").encode(),
                ),
                (503, "text/plain", b"busy"),
                (404, "text/plain", b"no"),
                (200, "text/html", page.encode()),
            ):
                press.odd["/ledger/bomb"] = answer
                asked["/ledger/bomb"] = 0
                assert until(lambda: asked["/ledger/bomb"], worker)
            assert len(worker.told("article.processed")) == 1
        assert len(records(tmp_path)) == 1


def changed(page: str) -> str:
    """The page with another toll."""
    return re.sub(r"\bsix\b", "nine", page)


def counted(press: Press) -> dict[str, int]:
    """How often each path was asked from now on."""
    asked: dict[str, int] = {"/ledger/bomb": 0}
    answer = press.answer

    def counting(path: str) -> Any:
        asked[path] = asked.get(path, 0) + 1
        return answer(path)

    press.answer = counting  # type: ignore[method-assign]
    return asked
