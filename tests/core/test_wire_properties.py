"""Whatever a wire sends: entries that are whole, or a refusal with a named reason."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.core.wire_documents import DOCUMENTS
from worker.config.knowledge import load_notices
from worker.core.domain.errors import FeedError
from worker.core.sources.entries import MAX_ENTRIES
from worker.core.sources.formats import REASONS, Hint, parse

NOTICES = load_notices()
HINT = Hint(feed="wire", received=dt.datetime(2031, 5, 8, 15, tzinfo=dt.UTC))
XML = {name: text for name, text in DOCUMENTS.items() if text.lstrip().startswith("<")}
NAMES = st.sampled_from(sorted(DOCUMENTS))
PIECES = st.sampled_from([
    "<", ">", "</p>", "<p>", "&amp;", "&bogus;", "&#0;", "<![CDATA[", "]]>", "<!--", "\x00", "\x01", "\x02",
    "\x03", "\x1f", "\ufffe", "\u202e", "\ud83d", "{", "}", "[", "]", '"', "null", "1e999", ": ", "\r", "\n",
    "\n\n", "\t", "=\n", "^", "<\n", "NNNN", "ZCZC", "KILL KILL KILL", "EMBARGOED UNTIL 2561 GMT", "0000-00-00",
    "9" * 40, "urn:newsml::::", " " * 50, "é", "٣", "<newsItem>", "<NewsComponent>", "<nitf>", "</body>",
    "xmlns='urn:x'", "encoding='punycode'", "\\u0000", "=?utf-8?q?=FF?=", "--b\r\n",
])  # fmt: skip


def sound(data: bytes) -> bool:
    try:
        found = parse(data, HINT, notices=NOTICES)
    except FeedError as error:
        return error.reason in REASONS
    ids = [entry.id for entry in found.entries]
    texts = [e.title for e in found.entries] + [e.body for e in found.entries]
    clean = all(text is None or ("\x00" not in text and text.strip()) for text in texts)
    return all(ids) and len(ids) == len(set(ids)) <= MAX_ENTRIES and clean


@settings(max_examples=300, deadline=None)
@given(NAMES, st.data())
def test_parse_of_a_mutated_document_gives_entries_or_a_named_refusal(
    name: str, data: st.DataObject
) -> None:
    """Cut, doubled, with anything put in anywhere: never another exception, never an entry without id."""
    text = DOCUMENTS[name]
    for _ in range(data.draw(st.integers(1, 6))):
        start, end = sorted(data.draw(st.integers(0, len(text))) for _ in range(2))
        change = data.draw(st.sampled_from(("insert", "cut", "double", "swap")))
        piece = data.draw(PIECES)
        text = {
            "insert": text[:start] + piece + text[start:],
            "cut": text[:start] + text[end:],
            "double": text[:end] + text[start:end] + text[end:],
            "swap": text[:start] + piece + text[end:],
        }[change][:20_000]
    encoding = data.draw(st.sampled_from(("utf-8", "cp1252", "utf-16")))
    assert sound(text.encode(encoding, "replace"))


@settings(max_examples=200, deadline=None)
@given(NAMES, st.binary(min_size=1, max_size=30), st.integers(0, 4000))
def test_parse_of_a_document_with_strange_bytes_gives_entries_or_a_named_refusal(
    name: str, junk: bytes, position: int
) -> None:
    """Bytes of no encoding in the midst of a document."""
    data = DOCUMENTS[name].encode()
    assert sound(data[:position] + junk + data[position:])


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from([
            "uri", "guid", "type", "headline", "headlines", "body_html", "bodies", "value", "role", "subject",
            "code", "associations", "versioncreated", "pubstatus", "version", "embargoed", "data", "item",
            "items", "altids", "itemid", "urn", "entry_id", "ednotes", "categories", "qcode", "article_html",
        ]), inner, max_size=6),
    max_leaves=25,
)  # fmt: skip


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(["type", "headline", "body_html", "subject", "versioncreated", "place",
                                        "signals", "genre", "ednote", "associations", "urgency", "version"]),
                       ANY_JSON), ANY_JSON, st.sampled_from(["ninjs", "ap", "dpa"]))  # fmt: skip
def test_parse_of_any_json_of_a_wire_gives_entries_or_a_named_refusal(
    raw: dict[str, object], other: object, kind: str
) -> None:
    """Values of any type under the keys that are read."""
    documents = {
        "ninjs": {"uri": "u", "versioncreated": "2031-05-08", **raw, "extra": other},
        "ap": {"api_version": "2", "data": {"item": {"altids": other, **raw}}},
        "dpa": {
            "format": "digitalwires@1",
            "urn": "u",
            "entry_id": other,
            "categories": other,
            **raw,
        },
    }
    assert sound(json.dumps(documents[kind]).encode())


LAUGHS = "".join(f'<!ENTITY l{k} "{f"&l{k - 1};" * 10}">' for k in range(1, 10))
BOMBS = {
    "laughs": f'<!DOCTYPE x [<!ENTITY l0 "ha">{LAUGHS}]>',
    "quadratic": f'<!DOCTYPE x [<!ENTITY l9 "{"a" * 50_000}">]>',
    "file": '<!DOCTYPE x [<!ENTITY l9 SYSTEM "file:///etc/hostname">]>',
    "http": '<!DOCTYPE x [<!ENTITY l9 SYSTEM "http://127.0.0.1:9/">]>',
    "parameter": '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:9/"> %p;]>',
}


@pytest.mark.parametrize("bomb", BOMBS)
@pytest.mark.parametrize("name", XML)
def test_parse_expands_no_entity_that_a_document_declares(name: str, bomb: str) -> None:
    """Bombs and external entities are no text, or the document is refused."""
    text = XML[name]
    start = text.index("<", text.find("?>") + 1)
    start = text.index(">", start) + 1 if text[start : start + 2] == "<!" else start
    body = text[start:].replace("<p>", "<p>&l9;&l9;&l9;", 1).replace("&lt;p&gt;", "&l9;", 1)
    data = (BOMBS[bomb] + body).encode()
    assert sound(data)
    try:
        found = parse(data, HINT).entries
    except FeedError:
        return
    assert all("ha" * 9 not in (e.body or "") and len(e.body or "") < 10_000 for e in found)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_parse_bears_depth_and_length(name: str) -> None:
    """100,000 elements or brackets deep, megabytes of one character, a hundred thousand items."""
    text = DOCUMENTS[name]
    middle = len(text) * 2 // 3
    deep = "<p>" * 100_000 if name in XML else '{"a":[' * 100_000
    for piece in (deep, " " * 300_000, "\n" * 300_000, "<" * 100_000, "&" * 100_000, '"' * 100_000, "=" * 200_000,
                  "^\n" * 50_000, "\x01" * 100_000, "A" * 1_000_000, "urn:newsml:a:20310508:" * 20_000):  # fmt: skip
        assert sound((text[:middle] + piece + text[middle:]).encode())
        assert sound((text[:40] + piece + text[40:]).encode())
    assert sound((text * 300).encode())


@pytest.mark.parametrize("name", ["newsml-g2", "newsml-1", "ritzau", "ninjs", "iptc7901", "anpa"])
def test_parse_reads_no_more_items_than_it_may(name: str) -> None:
    """Of a message with thousands of items so many are read, and the document says too_many."""
    many = {
        "newsml-g2": "<newsMessage>" + "".join(f"<newsItem guid='g{k}'/>" for k in range(9000)) + "</newsMessage>",
        "newsml-1": "<NewsML>" + "".join(
            f"<NewsItem><Identification><NameLabel>l{k}</NameLabel></Identification></NewsItem>"
            for k in range(9000)) + "</NewsML>",
        "ritzau": "<XMLNewsQueuedResponse>" + "".join(
            f"<RBNews><NewsID>n{k}</NewsID></RBNews>" for k in range(9000)) + "</XMLNewsQueuedResponse>",
        "ninjs": json.dumps([{"uri": f"u{k}", "versioncreated": "2031-05-08"} for k in range(9000)]),
        "iptc7901": "".join(DOCUMENTS["iptc7901"].replace("0157", f"{k:04}") for k in range(1, 3000)),
        "anpa": "".join(DOCUMENTS["anpa"].replace("Quayside Blast", f"Blast{k}x") for k in range(3000)),
    }[name]  # fmt: skip
    found = parse(many.encode(), HINT)
    assert (len(found.entries), found.problem) == (MAX_ENTRIES, "too_many")


DATA = Path(os.environ.get("KABULWIRE_DATA", "../shared/data")) / "wire"
BESIDE_NEWS = ("event", "planning", "concept", "knowledge", "rss-fulltext", "jsonfeed")


@pytest.mark.skipif(not DATA.is_dir(), reason="the agencies' documents are not part of the project")
def test_parse_reads_what_agencies_sent() -> None:
    """Of real documents .95 give entries with ids, .85 of the entries a body; all others a reason."""
    counts: Counter[str] = Counter()
    for path in sorted(p for p in DATA.rglob("*") if p.is_file() and p.name != "MANIFEST.tsv"):
        data = path.read_bytes()
        assert sound(data), path
        try:
            found = parse(data, HINT, notices=NOTICES)
        except FeedError as error:
            counts[
                "beside" if error.reason in ("not_a_news_item", "no_entries") else "refused"
            ] += 1
            continue
        counts["read"] += 1
        if found.format not in ("rss", "atom", "rdf", "jsonfeed"):
            told = [e for e in found.entries if e.status != "kill"]
            counts["entries"] += len(told)
            counts["bodies"] += sum(e.body is not None for e in told)
    assert counts["read"] >= 0.95 * (counts["read"] + counts["refused"]), counts
    assert counts["bodies"] >= 0.85 * counts["entries"], counts
