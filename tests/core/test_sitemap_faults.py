"""A news sitemap with a fault loses one entry at most; a JSON Feed is known whatever its keys' order."""

from __future__ import annotations

import json

import pytest

from worker.core.domain.errors import FeedError
from worker.core.sources.formats import Hint, parse

HINT = Hint("ledger", url="https://ledger.example/news.xml")
NEWS = "http://www.google.com/schemas/sitemap-news/0.9"


def url(number: int, title: str = "", declared: str = "news") -> str:
    return (
        f"<url><loc>https://ledger.example/{number}</loc><{declared}:news><{declared}:title>"
        f"{title or f'Fire in Portsmere, part {number}'}</{declared}:title><{declared}:publication_date>"
        f"2031-03-04T02:10:00Z</{declared}:publication_date></{declared}:news></url>"
    )


def sitemap(*urls: str, end: str = "</urlset>") -> bytes:
    return f'<urlset xmlns:news="{NEWS}">{"".join(urls)}{end}'.encode()


@pytest.mark.parametrize(
    ("document", "titles", "problem"),
    [
        (sitemap(url(1), url(2)), ["Fire in Portsmere, part 1", "Fire in Portsmere, part 2"], None),
        (sitemap(url(1, "Fire & smoke")), ["Fire & smoke"], "ill_formed"),
        (sitemap(url(1, "Fire&nbsp;at caf&eacute; &amp; bar")), ["Fire at café & bar"], "ill_formed"),
        (sitemap(url(1, "Fire \x02 out")), ["Fire out"], "ill_formed"),
        (sitemap(url(1, "Fire QQ")).replace(b"QQ", b"\xff\xfe"), ["Fire \ufffd\ufffd"], "ill_formed"),
        (sitemap(url(1, "One", "n"), url(2, "Two")), ["One", "Two"], "ill_formed"),
        (sitemap(url(1, "One"), url(2, "a < b"), url(3, "Three")), ["One", "Three"], "ill_formed"),
        (sitemap(url(1, "One"), url(2)[:90], end=""), ["One"], "truncated"),
        (b"<br/>Notice: x in <b>y.php</b>\n" + sitemap(url(1, "One")), ["One"], "ill_formed"),
        (sitemap("<urlset>", url(1, "One"), "</urlset>"), ["One"], None),
    ],
)  # fmt: skip
def test_parse_loses_one_entry_of_a_broken_sitemap_at_most(
    document: bytes, titles: list[str], problem: str | None
) -> None:
    """What was mended is named; a well-formed sitemap has no problem."""
    found = parse(document, HINT)
    assert ([entry.title for entry in found.entries], found.problem) == (titles, problem)
    assert found.format == "sitemap"


@pytest.mark.parametrize("entity", ["&secret;", "&laugh;"])
def test_parse_resolves_no_declared_entity_of_a_broken_sitemap(entity: str) -> None:
    """What a DTD declares stays unread when a sitemap is read piece by piece."""
    declared = (
        '<!DOCTYPE urlset [<!ENTITY secret SYSTEM "file:///etc/hostname"><!ENTITY laugh "ha">]>'
    )
    document = declared.encode() + sitemap(url(1, f"Fire {entity} & smoke"))
    assert parse(document, HINT).entries[0].title == f"Fire {entity} & smoke"


def test_parse_refuses_a_broken_sitemap_without_news() -> None:
    """A sitemap of ordinary pages is no feed, broken or not."""
    for body in ("<url><loc>https://ledger.example/a?b&c</loc></url>", "<url><loc>x</loc></url>"):
        with pytest.raises(FeedError) as caught:
            parse(sitemap(body), HINT)
        assert caught.value.reason == "no_entries"


@pytest.mark.parametrize("padding", [10, 90_000])
def test_parse_knows_a_json_feed_whose_keys_are_sorted(padding: int) -> None:
    """The version may stand behind 90 kB of items."""
    items = [{"id": "1", "title": "Fire in Portsmere", "content_text": "x" * padding}]
    feed = {"authors": [], "description": "d", "feed_url": "u", "items": items, "title": "T",
            "version": "https://jsonfeed.org/version/1.1"}  # fmt: skip
    assert parse(json.dumps(feed, sort_keys=True).encode(), HINT).format == "jsonfeed"


@pytest.mark.parametrize(
    "strange",
    [{"count": 3, "items": [{"id": 1}]}, {"error": "no", "items": []}, {"description": "d"}],
)
def test_parse_takes_no_strange_json_for_a_feed(strange: dict[str, object]) -> None:
    """Any list of items is no feed: keys that are not the standard's speak against it."""
    with pytest.raises(FeedError) as caught:
        parse(json.dumps(strange).encode(), HINT)
    assert caught.value.reason == "not_a_feed"
