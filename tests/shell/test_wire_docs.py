"""docs/wires.md: its documents are read as it says, its summary is printed as it shows."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import program
from tests.core import odd_documents as odd
from tests.core import wire_documents as wires
from worker.cli.parse import entry_json
from worker.config.knowledge import load_notices
from worker.core.domain.errors import FeedError
from worker.core.sources.entries import Hint
from worker.core.sources.formats import FORMATS, REASONS, parse, refused

TEXT = (Path(__file__).resolve().parents[2] / "docs/wires.md").read_text("utf-8")
_OF_THE_WEB = {"syndication", "news_sitemap", "json_feed", "refused"}
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
    """Every module of a wire has a test document named as it is, and a row; every reason is explained."""
    listed = set(re.findall(r"`([\w-]+)`", TEXT.split("## Formats")[1].split("###")[0]))
    assert set(wires.DOCUMENTS) - listed == set()
    modules = {module.__name__.rpartition(".")[2] for module in FORMATS}  # type: ignore[attr-defined]
    assert modules - _OF_THE_WEB == {name.replace("-", "_") for name in wires.DOCUMENTS}
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
    env = {"PYTHONPATH": str(program.ROOT), "PATH": ""}
    done = program.run("parse", "--summary", "wires", cwd=tmp_path, env=env)
    assert done.returncode == 0, done.stderr
    shown = TEXT.split("```\nfolder ")[1].split("```")[0]
    rows = [row.split() for row in f"folder {shown}".splitlines()]
    assert [row.split() for row in done.stdout.splitlines()] == rows


def _g2(field: str, value: str) -> str:
    code = "" if field == "embargoed" else f' qcode="{value}"'
    text = value if field == "embargoed" else ""
    return odd.g2(odd.inline(odd.xhtml()), meta=f"<{field}{code}>{text}</{field}>")


def _newsml(field: str, value: str) -> str:
    content = odd.component(f"<DataContent>{odd.HTML}</DataContent>")
    return odd.newsml(content, more=f'<{field} FormalName="{value}"/>').replace(
        '<Status FormalName="Usable"/>',
        "" if field == "Status" else '<Status FormalName="Usable"/>',
    )


def _nitf(field: str, value: str) -> str:
    name = {"correction": "id-string", "date.release": "norm"}.get(field)
    if name is not None:
        return odd.nitf(data=f'<{field} {name}="{value}"/>')
    return odd.nitf().replace("<docdata>", f'<docdata {field}="{value}">')


def _elements(root: str, item: str) -> Callable[[str, str], str]:
    """A document of elements; the one that orders is added to the item."""
    return lambda field, value: root.replace("ITEM", f"{item}<{field}>{value}</{field}>")


BUILD: dict[str, Callable[[str, str], str]] = {
    "newsml-g2": _g2,
    "newsml-1": _newsml,
    "nitf": _nitf,
    "ninjs": lambda field, value: odd.ninjs(**{field: [value] if field == "signals" else value}),
    "ap-media": lambda field, value: odd.ap(
        {field: [value] if field == "editorialtypes" else value}
    ),
    "digitalwires": lambda field, value: json.dumps(odd.dpa(**{field: value})),
    "ritzau": _elements("<RBNews>ITEM</RBNews>", f"<HistID>1</HistID><content>{odd.ONE}</content>"),
    "cp-publish": _elements(
        "<Publish><ContentItem>ITEM</ContentItem></Publish>", "<Headline>Blast</Headline>"
    ),
    "press-release": _elements("<release>ITEM</release>", "<title>Blast</title>"),
}
"""A document of each format in which one field has one value."""
ROWS = [
    [cell.strip() for cell in row.strip("|").split("|")]
    for row in TEXT.split("<!-- orders -->\n")[1].split("\n\n")[0].splitlines()
]
CELLS = [
    (name, status.strip("`"), *span.split("=", 1))
    for row in ROWS[2:]
    for name in re.findall(r"`([^`]+)`", row[0])
    for status, cell in zip(ROWS[0][1:], row[1:], strict=True)
    for span in re.findall(r"`([^`]+)`", cell)
]


@pytest.mark.parametrize(("name", "status", "field", "value"), CELLS)
def test_a_code_of_wires_orders_what_the_page_says(
    name: str, status: str, field: str, value: str
) -> None:
    """Each cell of the table, in a document that has nothing else to order anything."""
    received = dt.datetime(2031, 5, 8, 15, tzinfo=dt.UTC)
    (entry,) = parse(BUILD[name](field, value).encode(), Hint(received=received)).entries
    assert (entry.format, entry.status) == (name, status)


def test_wires_has_a_row_of_orders_for_every_format_and_names_what_is_no_news() -> None:
    """Of all formats there are; and of everything that a refusal calls a document."""
    named = {name for row in ROWS[2:] for name in re.findall(r"`([^`]+)`", row[0])}
    assert {*wires.DOCUMENTS, "rss", "atom", "rdf", "cdf", "jsonfeed", "sitemap"} == named
    assert {name for name, *_ in CELLS} == set(BUILD)
    row = next(line for line in TEXT.splitlines() if line.startswith("| `not_a_news_item`"))
    told = {
        "event": b'{"uri": "u", "type": "event"}',
        "binary": b"%PDF-1.7",
        "fragment": b"<p>A.</p>",
    }
    for root, kind in refused._NAMES.items():
        if kind in refused._BESIDE_NEWS:
            told[kind] = f"<{root}/>".encode()
    assert set(re.findall(r"`(\w+)`", row)) - {"not_a_news_item"} == set(told)
    for kind, document in told.items():
        with pytest.raises(FeedError, match=f"not_a_news_item: looks like {kind}"):
            parse(document, Hint())
