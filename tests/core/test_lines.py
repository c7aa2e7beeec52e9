"""JSON lines in: what is a document, what is an error, and what time it is."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.core.sources.jsonl import document_of, read_line

ZONE = "Asia/Tokyo"
TOKYO = dt.timezone(dt.timedelta(hours=9))


def test_document_of_reads_times_in_the_zone_of_the_profile() -> None:
    """Strings, seconds and milliseconds are instants; what cannot be read is absent."""
    fields = {
        "id": "a",
        "text": "x",
        "published": "2024-03-01 12:00",
        "updated": 1709290800000,
        "first_seen": "yesterday",
    }
    document = document_of(fields, 1, ZONE)
    assert document.published == dt.datetime(2024, 3, 1, 12, tzinfo=TOKYO)
    assert document.published_basis == "feed"
    assert document.updated == dt.datetime(2024, 3, 1, 20, tzinfo=TOKYO)
    assert document.first_seen is None


def test_read_line_gives_an_id_back_as_it_was() -> None:
    """Numbers stay numbers; a missing id is the line's number."""
    for given_id in ("a#1", 17, "۱"):
        line = read_line(json.dumps({"id": given_id, "text": "x"}), 3, ZONE)
        assert line.given_id == given_id
        assert line.document is not None
        assert line.document.article_id == str(given_id)
    nameless = read_line('{"text": "x"}', 3, ZONE)
    assert nameless.document is not None
    assert nameless.document.article_id == "line-3"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("{", "not_json"),
        ("[1]", "not_an_object"),
        ('{"id": "a"}', "no_text"),
        ('{"id": "a", "title": "", "text": null}', "no_text"),
        ('{"id": "a", "text": 5}', "bad_field"),
        ('{"id": "a", "html": ["x"]}', "bad_field"),
        ('{"id": "a", "text": "\\ud800"}', "bad_field"),
        ("[" * 100_000, "not_json"),
        (b"\xff\xfe{", "not_json"),
    ],
)
def test_read_line_names_the_error_of_a_bad_line(text: str | bytes, error: str) -> None:
    """Each way of being wrong has its name, and nothing is raised."""
    line = read_line(text, 1, ZONE)
    assert line.document is None
    assert (line.error or "").startswith(error)


@given(st.binary(max_size=60))
def test_read_line_raises_for_no_bytes(data: bytes) -> None:
    """Any line is a document or an error."""
    line = read_line(data, 1, ZONE)
    assert (line.document is None) == (line.error is not None)


def test_read_line_takes_title_or_text_alone_verbatim() -> None:
    """Nothing is stripped or normalised; an empty title is no title."""
    only_title = document_of({"id": "a", "title": " Blast\u00a0"}, 1, ZONE)
    only_text = document_of({"id": "a", "title": "", "text": " body \n"}, 1, ZONE)
    assert (only_title.title, only_title.text) == (" Blast\u00a0", "")
    assert (only_text.title, only_text.text) == (None, " body \n")


def test_read_line_prefers_html_to_text() -> None:
    """A line with html is a page; its encoding is already known."""
    document = document_of({"id": "a", "html": "<p>é</p>", "text": "x"}, 1, ZONE)
    assert (document.html, document.charset, document.text) == ("<p>é</p>".encode(), "utf-8", None)


def test_read_line_leaves_out_optional_fields_of_wrong_type() -> None:
    """Only title, text and html can make a line wrong."""
    fields = {
        "id": "a",
        "text": "x",
        "outlet": 5,
        "url": [],
        "lang": "",
        "version": -1,
        "status": "?",
    }
    document = document_of(fields, 1, ZONE)
    assert document_of({"id": "a", "text": "x", "status": ["kill"]}, 1, ZONE).status == "new"
    assert (document.outlet, document.url, document.lang) == (None, None, None)
    assert (document.version, document.status, document.published_basis) == (1, "new", "none")
