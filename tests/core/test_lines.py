"""JSON lines in: what is a document, what is an error, and what time it is."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.core.sources.jsonl import document_of, instant, read_line

ZONE = "Asia/Tokyo"
TOKYO = dt.timezone(dt.timedelta(hours=9))


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2024-03-01T12:00+04:30", "2024-03-01T12:00:00+04:30"),
        ("2024-03-01T12:00:00Z", "2024-03-01T12:00:00+00:00"),
        ("2024-03-01 12:00", "2024-03-01T12:00:00+09:00"),
        ("2024-03-01", "2024-03-01T00:00:00+09:00"),
        ("1 March 2024", "2024-03-01T00:00:00+09:00"),
        ("Fri, 01 Mar 2024 10:00:00 GMT", "2024-03-01T10:00:00+00:00"),
        ("Fri, 01 Mar 2024 10:00:00 -0000", "2024-03-01T10:00:00+00:00"),
        (1709290800, "2024-03-01T11:00:00+00:00"),
        (1709290800000, "2024-03-01T11:00:00+00:00"),
    ],
)
def test_instant_reads_any_date_or_time(written: Any, read: str) -> None:
    """With an offset as it is; without one it is local time of the profile."""
    found = instant(written, ZONE)
    assert found is not None
    assert found.isoformat() == read


@pytest.mark.parametrize(
    "written",
    [None, "", "yesterday", "March 1", "2024", "March 2024", "99-99", [], {}, True, 1e300],
)
def test_instant_of_no_definite_day_is_absent(written: Any) -> None:
    """Half a date is not completed from today's."""
    assert instant(written, ZONE) is None


@given(st.one_of(st.text(), st.integers(), st.floats(), st.lists(st.integers())))
def test_instant_raises_for_no_input(written: Any) -> None:
    """Reading a time gives an aware instant or None for all input."""
    found = instant(written, ZONE)
    assert found is None or found.utcoffset() is not None


@given(st.datetimes(dt.datetime(1990, 1, 1), dt.datetime(2100, 1, 1)))
def test_instant_gives_an_iso_time_back(moment: dt.datetime) -> None:
    """RFC 3339 in, the same instant out."""
    aware = moment.replace(tzinfo=TOKYO)
    assert instant(aware.isoformat(), ZONE) == aware
    assert instant(moment.isoformat(), ZONE) == aware


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
    assert (document.outlet, document.url, document.lang) == (None, None, None)
    assert (document.version, document.status, document.published_basis) == (1, "new", "none")
