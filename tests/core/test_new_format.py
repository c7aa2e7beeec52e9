"""A format is one module and one line: the one that docs/extend.md prints is put in and used."""

from __future__ import annotations

import datetime as dt
import importlib.util
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from worker.core.domain.document import Entry
from worker.core.domain.errors import FeedError
from worker.core.sources.entries import Hint
from worker.core.sources.formats import FORMATS, parse
from worker.core.sources.head import read_head, read_roots

ROOT = Path(__file__).resolve().parents[2]
MODULE, LINES = re.findall(
    r"```python\n(.*?)```",
    (ROOT / "docs/extend.md")
    .read_text("utf-8")
    .split("## Another feed format")[1]
    .split("\n## ")[0],
    re.DOTALL,
)
STORY = b"""TELEGRAPH/1
Id: pt-17
Version: 2
Title: Blast & fire at the Customs House
Sent: 8 May 2031 14:30
Language: en
Urgency: 1

A car bomb wounded five <sailors> on the quay.
"""
HINT = Hint(
    feed="wire", default_tz="Asia/Karachi", received=dt.datetime(2031, 5, 8, 12, tzinfo=dt.UTC)
)


@pytest.fixture
def telegraph(tmp_path: Path) -> ModuleType:
    """The document's module, from a file of its own."""
    (tmp_path / "telegraph.py").write_text(MODULE, "utf-8")
    spec = importlib.util.spec_from_file_location("telegraph", tmp_path / "telegraph.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def entry_of(data: bytes, telegraph: ModuleType) -> Entry:
    (entry,) = parse(data, HINT, formats=(*FORMATS, telegraph)).entries
    return entry


def ordered(*lines: str) -> bytes:
    """The story with more header lines."""
    return STORY.replace(b"Urgency: 1\n", "".join(f"{line}\n" for line in lines).encode())


def test_parse_reads_a_format_that_one_line_adds(telegraph: ModuleType) -> None:
    """Unknown without the line; with it, every field arrives where it belongs."""
    with pytest.raises(FeedError, match="not_a_feed"):
        parse(STORY, HINT)
    entry = entry_of(STORY, telegraph)
    assert (entry.id, entry.format, entry.version, entry.urgency) == ("pt-17", "telegraph", "2", 1)
    assert entry.title == "Blast & fire at the Customs House"
    assert entry.body == "A car bomb wounded five <sailors> on the quay."
    assert entry.published == dt.datetime(2031, 5, 8, 9, 30, tzinfo=dt.UTC)
    assert (entry.feed, entry.lang, entry.status) == ("wire", "en", "new")


def test_parse_carries_kill_embargo_and_urgency(telegraph: ModuleType) -> None:
    """What an agency says has to be done with an item reaches the entry."""
    killed = entry_of(ordered("Order: Kill", "Instead-Of: pt-9"), telegraph)
    assert (killed.status, killed.withdraws, killed.urgency) == ("kill", "pt-9", None)
    held = entry_of(ordered("Order: Hold", "Not-Before: 2031-05-10T06:00:00Z"), telegraph)
    assert held.status == "embargo"
    assert held.embargo_until == dt.datetime(2031, 5, 10, 6, tzinfo=dt.UTC)


def test_parse_sees_a_change_of_orders(telegraph: ModuleType) -> None:
    """Identity stays; status, end of the embargo and what is withdrawn are content, dates are not."""
    variants = [
        (),
        ("Order: Kill",),
        ("Order: Kill", "Instead-Of: pt-9"),
        ("Order: Hold", "Not-Before: 2031-05-10T06:00:00Z"),
        ("Order: Hold", "Not-Before: 2031-05-10T08:00:00Z"),
    ]
    entries = [entry_of(ordered(*lines), telegraph) for lines in variants]
    assert {entry.id for entry in entries} == {"pt-17"}
    assert len({entry.content_hash for entry in entries}) == len(variants)
    later = entry_of(ordered().replace(b"14:30", b"15:30"), telegraph)
    assert later.content_hash == entries[0].content_hash


def test_parse_refuses_what_a_format_cannot_read(telegraph: ModuleType) -> None:
    """A module that raises costs its document only, with a reason of the closed set."""
    with pytest.raises(FeedError) as caught:
        entry_of(STORY.replace(b"Id: pt-17\n", b""), telegraph)
    assert caught.value.reason == "parse_error"


def test_parse_keeps_the_newest_of_several_versions() -> None:
    """One item, sent three times in one document, is one entry: the last by time, then by number."""
    from worker.core.sources.entries import Found, Item, build

    def version(number: str, title: str, hour: int) -> Item:
        return Item(guid="pt-17", version=number, title=title,
                    updated=dt.datetime(2031, 5, 8, hour, tzinfo=dt.UTC))  # fmt: skip

    items = [version("9", "Five hurt", 9), version("10", "Six hurt", 9), version("77", "Four", 8)]
    for order in (items, items[::-1]):
        assert [e.title for e in build("telegraph", Found(order), HINT).entries] == ["Six hurt"]


def test_the_command_prints_a_line_of_the_new_format(tmp_path: Path) -> None:
    """In a copy of the program: the file is put in, the line is added, `parse` prints the entry."""
    shutil.copytree(
        ROOT / "worker", tmp_path / "worker", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copytree(ROOT / "config", tmp_path / "config")
    package = next((tmp_path / "worker").rglob("formats/__init__.py"))
    package.with_name("telegraph.py").write_text(MODULE, "utf-8")
    table = package.read_text("utf-8")
    before = "".join(line for line in LINES.splitlines(keepends=True) if "telegraph" not in line)
    assert table.count(before) == 1
    table = table.replace(before, LINES).replace(
        "\nREASONS", "\nfrom . import telegraph\n\nREASONS", 1
    )
    package.write_text(table, "utf-8")
    (tmp_path / "story.txt").write_bytes(ordered("Order: Kill", "Urgency: 2"))
    done = subprocess.run(
        [sys.executable, "-m", "worker", "parse", "story.txt"],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=90,
        env={"PYTHONPATH": str(tmp_path), "PATH": ""},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    line = json.loads(done.stdout)
    assert {key: line[key] for key in ("file", "format", "id", "version", "status", "urgency")} == {
        "file": "story.txt", "format": "telegraph", "id": "pt-17", "version": "2",
        "status": "kill", "urgency": 2,
    }  # fmt: skip


def test_read_head_offers_what_formats_are_told_apart_by() -> None:
    """Encoding, elements with their namespaces in order, keys of JSON cut off anywhere."""
    head = read_head(
        b"\n<?xml version='1.0' encoding='Windows-1256'?><!-- <rss> --><br/>"
        b"<n:Item xmlns:n='urn:n' xmlns='urn:other'><n:Item xmlns:n='urn:n'>"
    )
    assert (head.encoding, head.kind, head.root) == ("windows-1256", "fragment", None)
    roots = [(h.root.name, h.root.namespace) for h in read_roots(head) if h.root]
    assert roots == [("br", ""), ("item", "urn:n")]
    cut = read_head(b'[{"uri": {"a": 1}, "body\\"_text": ["x", {"y": 2}], "type": "te')
    assert (cut.kind, cut.keys, list(read_roots(cut))) == (
        "json", ("uri", 'body\\"_text', "type"), [])  # fmt: skip
    assert read_head("\ufeff<a>".encode("utf-16")).encoding in {"utf-16-le", "utf-16-be"}
