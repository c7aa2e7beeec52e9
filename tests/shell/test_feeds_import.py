"""`feeds import`: a feed reader's list becomes blocks for feeds.toml, whatever the list holds."""

from __future__ import annotations

import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import program
from tests.loopback import Answer, Asked, serving

ROOT = Path(__file__).resolve().parents[2]
LIST = """<?xml version="1.0" encoding="UTF-8"?>
<opml version="2.0"><head><title>Mine</title><dateCreated>some day</dateCreated></head><body>
<outline text="Asia"><outline text="Harbour">
  <outline type="rss" text="Portsmere Post" xmlUrl="https://www.post.example/rss?a=1&amp;b=2"/>
  <outline type="rss" text="&quot;Leuchtturm&quot; – فانوس&#10;x = 1" xmlUrl="https://turm.example/feed/"/>
</outline></outline>
<outline type="rss" text="" xmlUrl="http://ledger.example:8080/news.xml"/>
<outline type="rss" text="Have it" xmlUrl="http://have.example/feed/"/>
<outline type="rss" text="Twice" xmlUrl="http://turm.example/feed"/>
<outline type="rss" text="Script" xmlUrl="javascript:alert(1)"/>
<outline type="rss" text="File" xmlUrl="file:///etc/passwd"/>
<outline type="rss" text="Password" xmlUrl="https://me:secret@paid.example/feed"/>
<outline type="include" text="More" url="https://more.example/list.opml"/>
</body></opml>"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration with one feed."""
    folder = tmp_path / "config"
    folder.mkdir()
    (folder / "feeds.toml").write_text(
        '[[feed]]\nid = "have"\nurl = "https://have.example/feed"\noutlet = "H"\nlang = "en"\n'
    )
    return folder


def run(*arguments: str | Path, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    env = {"PYTHONPATH": str(ROOT), "PATH": "", "PYTHONUTF8": "1"}
    done = program.run(*map(str, arguments), env=env, stdin=stdin)
    return subprocess.CompletedProcess(
        done.args, done.returncode, done.stdout.encode(), done.stderr.encode()
    )


def imported(config: Path, data: str | bytes, *more: str) -> subprocess.CompletedProcess[bytes]:
    raw = data.encode() if isinstance(data, str) else data
    return run("feeds", "import", "-", "--config", config, *more, stdin=raw)


def feeds_of(done: subprocess.CompletedProcess[bytes]) -> list[dict[str, Any]]:
    assert done.returncode == 0, done.stderr
    return list(tomllib.loads(done.stdout.decode()).get("feed", []))


def test_import_refuses_a_language_that_is_no_code(config: Path) -> None:
    """``--lang english`` would print blocks that `check` refuses: a wrong command line, exit code 2."""
    done = imported(config, LIST, "--lang", "english")
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"--lang 'english' is no language code (did you mean 'en'?)" in done.stderr


def test_import_prints_blocks_that_check_accepts(config: Path) -> None:
    """Address, title, language and a stable id of each feed; the headings are a comment."""
    done = imported(config, LIST, "--lang", "fa")
    post, tower, ledger = feeds_of(done)
    assert (post["url"], post["outlet"], post["lang"]) == (
        "https://www.post.example/rss?a=1&b=2", "Portsmere Post", "fa")  # fmt: skip
    assert tower["outlet"] == '"Leuchtturm" – فانوس x = 1'
    assert ledger["outlet"] == "ledger.example"
    assert [feed["id"].rpartition("-")[0] for feed in (post, tower, ledger)] == [
        "post-example", "turm-example", "ledger-example"]  # fmt: skip
    assert done.stdout.decode().count("# Asia / Harbour\n") == 2
    with (config / "feeds.toml").open("ab") as file:
        file.write(b"\n" + done.stdout)
    checked = run("check", config)
    assert checked.returncode == 0, checked.stdout
    assert b"4 of 4 enabled" in checked.stdout
    assert feeds_of(imported(config, LIST)) == []


def test_import_names_what_it_leaves_out(config: Path) -> None:
    """What is configured, given twice, no web address, has a password, or is another list."""
    done = imported(config, LIST)
    told = done.stderr.decode()
    for address, reason in (
        ("http://have.example/feed/", "there already, as have"),
        ("http://turm.example/feed", "there already, as turm-example-"),
        ("javascript:alert(1)", "no http or https address"),
        ("file:///etc/passwd", "no http or https address"),
        ("https://more.example/list.opml", "a list of its own"),
    ):
        assert f"left out {address}: {reason}" in told
    assert "auth_file" in told
    assert told.endswith("3 feeds, 6 left out\n")


def test_import_gives_the_same_ids_to_another_export(config: Path) -> None:
    """Ids hang on the address alone: not on order, titles, headings or scheme."""
    turned = LIST.replace("https://www.post", "http://www.post").replace("Portsmere Post", "PP")
    head, middle = turned.split("<body>")
    rows = middle.split("</body>")[0].replace("Harbour", "Quay").splitlines()
    top = [row for row in rows if row.startswith("<outline type")]
    rest = [row for row in rows if row not in top]
    other = "\n".join([head, "<body>", *top[::-1], *rest, "</body></opml>"])
    ids = [{f["id"] for f in feeds_of(imported(config, text))} for text in (LIST, other)]
    assert ids[0] == ids[1]
    assert len(ids[0]) == 3


def test_import_refuses_a_list_that_is_broken(config: Path) -> None:
    """Cut off in the middle: exit 65 with the place, and no half of the list."""
    done = imported(config, LIST[:-200])
    assert (done.returncode, done.stdout) == (65, b"")
    assert re.match(rb"kabulwire: -: parse_error: .* line \d+", done.stderr)


def test_import_refuses_entities_and_what_is_too_large(config: Path) -> None:
    """A list of entities within entities, and one of more than 2 MB, end with 65 at once."""
    nested = "".join(f"<!ENTITY l{n} '{f'&l{n - 1};' * 10}'>" for n in range(1, 13))
    laughs = f"<!DOCTYPE opml [<!ENTITY l0 'ha'>{nested}]>" + LIST.partition("?>")[2].replace(
        "Harbour", "&l12;"
    )
    for data, reason in ((laughs, b"parse_error"), (b" " * 2_000_001, b"larger than 2,000,000")):
        done = imported(config, data)
        assert (done.returncode, done.stdout) == (65, b"")
        assert reason in done.stderr
        assert b"Traceback" not in done.stderr


def test_import_ends_a_list_that_keeps_it_busy(config: Path) -> None:
    """Half a million categories cost the library the square of that; the sandbox ends it."""
    names = ",".join(f"{n:x}" for n in range(300_000))
    done = imported(
        config,
        f"<opml><body><outline xmlUrl='https://a.example/' category='{names}'/></body></opml>",
    )
    assert (done.returncode, done.stdout) == (65, b"")
    assert b"deadline" in done.stderr or b"cpu" in done.stderr


@pytest.fixture
def asked() -> Iterator[tuple[str, list[str]]]:
    """The address of a server, and what it was asked for."""
    paths: list[str] = []

    def answer(asked: Asked) -> Answer:
        paths.append(asked.path)
        return 404, {}, b""

    with serving(answer) as base:
        yield base, paths


def test_import_asks_no_server(config: Path, asked: tuple[str, list[str]]) -> None:
    """Neither for feeds, nor for lists within the list, nor for a DTD, nor when that is all it got."""
    address, paths = asked
    whole = (
        f"<!DOCTYPE opml SYSTEM '{address}/opml.dtd'><opml version='2.0'><body>"
        f"<outline text='a' xmlUrl='{address}/feed'/>"
        f"<outline type='include' text='b' url='{address}/list.opml'/></body></opml>"
    )
    assert len(feeds_of(imported(config, whole))) == 1
    imported(config, f"{address}/list.opml")
    assert paths == []


def test_import_says_when_there_is_no_such_file(config: Path) -> None:
    """Exit 66."""
    done = run("feeds", "import", config / "nothing.opml", "--config", config)
    assert done.returncode == 66
    assert b"No such file" in done.stderr
