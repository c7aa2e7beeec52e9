"""docs/wires.md: its documents are read as it says, its summary is printed as it shows."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.core import wire_documents as wires
from worker.cli.parse import entry_json
from worker.config.knowledge import load_notices
from worker.core.sources.entries import Hint
from worker.core.sources.formats import FORMATS, REASONS, parse

TEXT = (Path(__file__).resolve().parents[2] / "docs/wires.md").read_text("utf-8")
_OF_THE_WEB = ("syndication", "news_sitemap", "json_feed", "refused")
EXAMPLES = re.findall(
    r"<!-- wire: ([\w-]+) -->\n```\w+\n(.*?)```\n\n```json\n(.*?)```", TEXT, re.DOTALL
)


@pytest.mark.parametrize(
    ("name", "document", "expected"), EXAMPLES, ids=[name for name, *_ in EXAMPLES]
)
def test_a_document_of_wires_is_read_as_the_page_says(
    name: str, document: str, expected: str
) -> None:
    """Field by field; control characters are printed as pictures of themselves."""
    document = re.sub("[\u2401-\u2403]", lambda found: chr(ord(found[0]) - 0x2400), document)
    (entry,) = parse(document.encode(), Hint(), notices=load_notices()).entries
    told = json.loads(expected)
    assert {key: entry_json(entry)[key] for key in told} == told
    assert entry.format == name


def test_wires_names_every_format_and_every_reason() -> None:
    """Every module of a wire has a test document, its name a row; every reason is explained."""
    listed = set(re.findall(r"`([\w-]+)`", TEXT.split("## Formats")[1].split("###")[0]))
    assert set(wires.DOCUMENTS) <= listed
    assert len(FORMATS) - len(_OF_THE_WEB) == len(wires.DOCUMENTS)
    refusals = TEXT.split("## What is refused")[1]
    assert all(f"`{reason}`" in refusals for reason in REASONS)


def test_parse_summary_counts_by_folder_and_format(tmp_path: Path) -> None:
    """The table that the page shows, of two documents with three items and one that is no news."""
    folder = tmp_path / "wires"
    folder.mkdir()
    item = wires.G2[wires.G2.index("<newsItem") : wires.G2.index("</itemSet>")]
    other = item.replace("newsml_L1", "newsml_L2")
    (folder / "a.xml").write_text(wires.G2.replace("</itemSet>", f"{other}</itemSet>"), "utf-8")
    (folder / "b.xml").write_text(wires.G2, "utf-8")
    (folder / "c.xml").write_text("<packageItem guid='p'/>", "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "worker", "parse", "--summary", "wires"],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=90,
        env={"PYTHONPATH": str(Path(__file__).resolve().parents[2]), "PATH": ""},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    shown = TEXT.split("```\nfolder ")[1].split("```")[0]
    rows = [row.split() for row in f"folder {shown}".splitlines()]
    assert [row.split() for row in done.stdout.splitlines()] == rows
