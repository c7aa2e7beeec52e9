"""`feeds add`, `feeds test`, `feeds export`, `check --online`: a feed is tried before it is watched."""

from __future__ import annotations

import json
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import program
from tests.shell.press import Press, bomb, printing
from tests.shell.test_app import environ

pytestmark = pytest.mark.timeout(120)
PAGE = (
    "<html><head><title>Front page</title><meta property='og:site_name' content='Harbour &amp; Sea'>"
    "<link rel='alternate' type='application/rss+xml' href='/comments/feed.xml'>"
    "<link rel='alternate' type='application/rss+xml' href='gone.xml'>"
    "<link rel='alternate' type='application/atom+xml' href='/ledger.xml'></head><body>Hello</body></html>"
)


@pytest.fixture(scope="module")
def press() -> Iterator[Press]:
    """A site whose page names three feeds: of comments, a lost one, and its news."""
    with printing() as press:
        bomb(press, "ledger", "six")
        press.publish("ledger", "fees", "Council debates fees", "It met.")
        press.odd["/"] = (200, "text/html", PAGE.encode())
        press.odd["/bare"] = (200, "text/html", b"<html><body>nothing here</body></html>")
        press.odd["/comments/feed.xml"] = (200, "application/rss+xml", b"<rss version='2.0'/>")
        yield press


@pytest.fixture
def kabulwire(tmp_path: Path, press: Press) -> Any:
    """Runs a command beside settings with one feed, the site's news under another spelling."""
    config = tmp_path / "config"
    config.mkdir()
    (config / "feeds.toml").write_text(
        f'[[feed]]\nid = "have"\nurl = "{press.base}/have.xml"\noutlet = "A & B"\nlang = "fa"\n'
        'country = "AF"\n[[feed]]\nid = "in"\npath = "in"\noutlet = "W"\nlang = "en"\nenabled = false\n',
        "utf-8",
    )

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return program.run(*words, "--config", str(config), env=environ(tmp_path), cwd=tmp_path)

    return run


def test_add_prints_the_block_of_the_feed_that_a_site_names(
    kabulwire: Any, press: Press, tmp_path: Path
) -> None:
    """The page is asked, what it names is tried until one has entries; the block passes `check`, and
    once it is there the feed is not added again. Nothing was written."""
    before = (tmp_path / "config" / "feeds.toml").read_text("utf-8")
    done = kabulwire("feeds", "add", f"{press.base}/", "--lang", "fa")
    assert done.returncode == 0, done.stderr
    (block,) = tomllib.loads(done.stdout)["feed"]
    assert (block["url"], block["outlet"], block["lang"]) == (
        f"{press.base}/ledger.xml", "ledger", "fa")  # fmt: skip
    assert f"{press.base}/gone.xml: http_404" in done.stderr
    assert f"also there: {press.base}/comments/feed.xml" in done.stderr
    assert done.stderr.endswith("rss, 2 entries, 1 to be read\n")
    assert (tmp_path / "config" / "feeds.toml").read_text("utf-8") == before
    (tmp_path / "config" / "feeds.toml").write_text(before + "\n" + done.stdout, "utf-8")
    again = kabulwire("feeds", "add", f"{press.base}/ledger.xml")
    assert (again.returncode, again.stdout) == (65, "")
    assert f"there already, as {block['id']}" in again.stderr


def test_add_refuses_a_place_without_a_feed(kabulwire: Any, press: Press) -> None:
    """A page that names none, after a look at the usual places; an address that does not answer; one
    that cannot be polled."""
    press.odd["/broken"] = (503, "text/html", b"")
    for address, code, told in (
        (f"{press.base}/bare", 65, "no feed is named there"),
        (f"{press.base}/nothing", 69, "http_404; "),
        (f"{press.base}/nothing", 69, "; see url of this feed, and whether its site names another"),
        (f"{press.base}/broken", 69, "; this often passes by itself"),
        ("http://ledger.example:81/", 69, "; only http and https are asked, at the usual ports;"),
        ("ftp://ledger.example/feed", 65, "no http or https address"),
    ):
        done = kabulwire("feeds", "add", address)
        assert (done.returncode, done.stdout) == (code, ""), done.stderr
        assert told in done.stderr


def test_test_shows_what_would_be_read_and_stores_nothing(
    kabulwire: Any, press: Press, tmp_path: Path
) -> None:
    """Each entry with the gate's word on it, the summary on stderr; a page is no feed (65), and an
    id that is not configured is told."""
    done = kabulwire("feeds", "test", f"{press.base}/ledger.xml", "--json")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(row["to_read"], row["why"]) for row in rows] == [(True, "place"), (False, "no_match")]
    assert "rss: 2 entries, 1 to be read, newest " in done.stderr
    assert not (tmp_path / "store.db").exists()
    page = kabulwire("feeds", "test", f"{press.base}/")
    assert (page.returncode, page.stdout) == (65, "")
    assert "not_a_feed" in page.stderr and "see url of this feed" in page.stderr
    assert kabulwire("feeds", "test", "hav").returncode == 65
    press.odd["/have.xml"] = (503, "text/html", b"")
    busy = kabulwire("feeds", "test", "have")
    assert (busy.returncode, "; this often passes by itself" in busy.stderr) == (69, True)
    del press.odd["/have.xml"]


def test_export_is_read_back_by_import(kabulwire: Any, press: Press, tmp_path: Path) -> None:
    """Address, name and country; what has no address is named."""
    done = kabulwire("feeds", "export")
    assert done.returncode == 0
    assert "left out in: it has no address" in done.stderr
    (tmp_path / "list.opml").write_text(done.stdout, "utf-8")
    (tmp_path / "config" / "feeds.toml").write_text("", "utf-8")
    back = kabulwire("feeds", "import", "list.opml", "--lang", "fa")
    (block,) = tomllib.loads(back.stdout)["feed"]
    assert (block["url"], block["outlet"]) == (f"{press.base}/have.xml", "A & B")
    assert back.stdout.endswith("# AF\n")
    bare = kabulwire("feeds", "export", "--enabled")
    assert "left out" not in bare.stderr


def test_check_online_asks_each_enabled_feed_once(
    kabulwire: Any, press: Press, tmp_path: Path
) -> None:
    """A row for each: what it answered, and what to do; 69 while one fails, 0 when all are feeds."""
    done = kabulwire("check", "--online", "--json")
    *_, row = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.returncode, row["feed"], row["outcome"]) == (69, "have", "http_404")
    assert row["advice"].startswith("see url of this feed")
    press.odd["/have.xml"] = press.answer("/ledger.xml")
    well = kabulwire("check", "--online")
    assert well.returncode == 0, well.stdout
    assert "entries" in well.stdout and "have" in well.stdout
    assert not (tmp_path / "store.db").exists()
