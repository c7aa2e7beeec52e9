"""Of a changed feed only what is new is read, and it is what the whole feed would have given."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.core.domain.document import Entry
from worker.core.domain.errors import FeedError
from worker.core.sources.formats import Hint, parse
from worker.core.sources.seen import SeenFeed
from worker.core.sources.unseen import parse_unseen

NOW = dt.datetime(2031, 5, 9, 12, tzinfo=dt.UTC)
HINT = Hint(feed="post", url="https://post.example/feed", received=NOW)
SPACES = (
    'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:media="http://search.yahoo.com/mrss/"'
)
MORE = "The ferries run again from the old harbour. " * 40
DATE = "Fri, 09 May 2031 0{}:10:00 +0100"


def rss_item(k: int, more: str = "") -> str:
    return (
        f"<item><title>Harbour news {k}</title><link>https://post.example/{k}</link>"
        f'<guid isPermaLink="false">post-{k}</guid><pubDate>{DATE.format(k % 10)}</pubDate>'
        f"<description>Story {k} of the day.</description>{more}</item>"
    )


def atom_entry(k: int, more: str = "") -> str:
    return (
        f'<entry><title>Harbour news {k}</title><link href="/{k}"/><id>tag:post.example,2031:{k}</id>'
        f"<updated>2031-05-09T0{k % 10}:00:00Z</updated><summary>Story {k}.</summary>{more}</entry>"
    )


def rss(items: Sequence[str], head: str = "", built: int = 1) -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" {SPACES}><channel><title>Post</title>'
        f"<link>https://www.post.example/</link><language>en</language>{head}"
        f"<lastBuildDate>{DATE.format(built)}</lastBuildDate>\n{chr(10).join(items)}\n</channel></rss>\n"
        f"<!-- cached at {built} -->"
    ).encode()


def atom(items: Sequence[str], head: str = "", built: int = 1) -> bytes:
    return (
        '<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en" xml:base="https://post.example/">'
        f"<title>Post</title><author><name>A. Writer</name></author><id>urn:post</id>{head}"
        f"<updated>2031-05-09T0{built}:00:00Z</updated>{''.join(items)}</feed>"
    ).encode()


def rdf(items: Sequence[str], head: str = "", built: int = 1) -> bytes:
    listed = "".join(f'<rdf:li rdf:resource="https://post.example/{k}"/>' for k in range(built))
    return (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
        f'{SPACES}><channel rdf:about="https://post.example/"><title>Post</title>'
        f"<link>https://post.example/</link><items><rdf:Seq>{listed}</rdf:Seq></items>{head}</channel>"
        f"{' '.join(items)}</rdf:RDF>"
    ).encode()


def sitemap(items: Sequence[str], head: str = "", built: int = 1) -> bytes:
    return (
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
        f'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">{head}{" ".join(items)}</urlset>'
    ).encode()


def sitemap_url(k: int, more: str = "") -> str:
    return (
        f"<url><loc>https://post.example/{k}</loc><news:news><news:title>Harbour news {k} {more}"
        f"</news:title><news:publication_date>2031-05-09T0{k % 10}:00:00Z</news:publication_date>"
        "</news:news></url>"
    )


def json_feed(items: Sequence[str], head: str = "", built: int = 1) -> bytes:
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": f"Post{head}", "items": 0}
    return json.dumps(feed).replace("0}", f"[{', '.join(items)}]}}").encode()


def json_item(k: int, more: str = "") -> str:
    said = {"id": k, "url": f"https://post.example/{k}", "title": f"Harbour news {k}",
            "content_text": f"Story {k}. {more}"}  # fmt: skip
    return json.dumps(said)


KINDS: dict[str, tuple[Callable[..., bytes], Callable[..., str]]] = {
    "rss": (rss, rss_item),
    "atom": (atom, atom_entry),
    "rdf": (rdf, lambda k, more="": rss_item(k, more).replace("<item>", f'<item rdf:about="post-{k}">')),
    "sitemap": (sitemap, sitemap_url),
    "json": (json_feed, json_item),
}  # fmt: skip
QUIRKS = (
    "", "<dc:creator>B. Writer</dc:creator>", f"<content:encoded><![CDATA[<p>{MORE}</p>]]></content:encoded>",
    "<content:encoded><![CDATA[<item>no item</item>]]></content:encoded>", "<!-- <item> </item> -->",
    '<media:content url="https://post.example/a.jpg"><media:description>Smoke.</media:description></media:content>',
    '<source url="https://wire.example/feed">Wire</source>', "<dc:language>fa</dc:language>",
    "<description>Another one.</description>", "<author><name>C</name></author>", "<image><url>x</url></image>",
    '<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Body.</p></div></content>',
    '<content type="html">&lt;p&gt;Body &amp;amp; more.&lt;/p&gt;</content>', "<unknown a='1'/>", "<category/>",
    '<link href="/base" xml:base="https://other.example/"/>', '<x:y xmlns:x="urn:x">z</x:y>', "<entry/>",
    "<item/>", "<guid>post-1</guid>", "<link>https://post.example/1</link>", "&nbsp;", "<b>", "caf\u00e9",
)  # fmt: skip


def names(entries: Sequence[Entry]) -> set[tuple[str, str | None]]:
    return {(entry.id, entry.content_hash) for entry in entries}


def reason_of(data: bytes, seen: SeenFeed | None) -> tuple[str, tuple[Entry, ...]]:
    try:
        return "", parse_unseen(data, HINT, seen)[0].entries
    except FeedError as error:
        return error.reason, ()


def check(old: bytes, new: bytes) -> int:
    """What is read of ``new`` after ``old`` is what all of it would give, less what ``old`` had; how
    many items were left out.
    """
    try:
        before, seen = parse_unseen(old, HINT, None)
    except FeedError:
        return 0
    try:
        whole = parse(new, HINT).entries
    except FeedError as error:
        assert (error.reason, ()) == reason_of(new, seen)
        return 0
    found, _ = parse_unseen(new, HINT, seen)
    left_out = [entry for entry in whole if entry not in found.entries]
    assert list(found.entries) == [entry for entry in whole if entry in found.entries]
    assert names(left_out) <= names(before.entries)
    return found.known


@pytest.mark.parametrize("kind", KINDS)
def test_parse_unseen_reads_only_the_new_and_the_changed_item(kind: str) -> None:
    """Of 20 items one is new and one says something else: two entries, the first poll had all."""
    feed, item = KINDS[kind]
    old = [item(k) for k in range(1, 21)]
    new = [item(0), *old[:-1]]
    new[5] = new[5].replace("news 5", "news 5, nine killed")
    before, seen = parse_unseen(feed(old), HINT, None)
    found, after = parse_unseen(feed(new, built=2), HINT, seen)

    assert len(before.entries) == 20
    assert [entry.title for entry in found.entries] == [
        "Harbour news 0",
        "Harbour news 5, nine killed",
    ]
    assert (found.known, check(feed(old), feed(new))) == (18, 18)
    assert after is not None
    again, _ = parse_unseen(feed(new, built=3), HINT, after)
    assert (again.entries, again.known) == ((), 20)


@given(st.data())
@settings(max_examples=50, deadline=None)
def test_parse_unseen_gives_what_the_whole_feed_gives(data: st.DataObject) -> None:
    """Whatever the items hold, and when bytes of the feed are lost: nothing is lost, nothing is other."""
    feed, item = KINDS[data.draw(st.sampled_from(sorted(KINDS)))]
    some = st.lists(st.tuples(st.integers(0, 9), st.sampled_from(QUIRKS)), max_size=8)
    old, new = (data.draw(some) for _ in range(2))
    kept = data.draw(st.lists(st.sampled_from(old), unique=True)) if old else []
    texts = [feed([item(k, more) for k, more in pairs]) for pairs in (old, [*new, *kept])]
    if data.draw(st.booleans()):
        hole = data.draw(st.integers(0, len(texts[1])))
        texts[1] = texts[1][:hole] + texts[1][hole + data.draw(st.integers(0, 30)) :]
    if data.draw(st.booleans()):
        texts = [text.decode("utf-8", "replace").encode("cp1252", "replace") for text in texts]
    check(*texts)


@pytest.mark.parametrize(
    ("kind", "more", "left_out"),
    [
        ("rss", "", True),
        ("rss", QUIRKS[2], True),
        ("rss", QUIRKS[3], True),
        ("rss", QUIRKS[5], True),
        ("atom", QUIRKS[11], True),
        ("rss", '<link xml:base="https://other.example/">/a</link>', False),
        ("rss", '<x:y xmlns:x="urn:x">z</x:y>', False),
        ("rss", "<guid>post-3</guid>", False),
        ("rss", "&nbsp;", False),
        ("rss", "<b>", False),
    ],
)
def test_parse_unseen_reads_all_of_a_feed_that_is_not_certain(
    kind: str, more: str, left_out: bool
) -> None:
    """What may reach into the next item, shares an id or is no XML: then nothing is left out."""
    feed, item = KINDS[kind]
    old = [item(1, more), item(2), item(3)]
    assert (check(feed(old), feed([item(4), *old])) > 0) is left_out


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace(b"<language>en", b"<language>fa"),
        lambda text: text.replace(b"https://www.post.example/", b"https://new.example/"),
        lambda text: text.replace(b"<rss", b"<!DOCTYPE rss>\n<rss"),
        lambda text: text.replace(b"</channel>", b"<ttl>60</ttl></channel>"),
        lambda text: text.replace(b"</item>\n<item>", b"</item>and<item>"),
        lambda text: text[:-40],
    ],
)
def test_parse_unseen_reads_all_when_what_stands_around_has_changed(
    change: Callable[[bytes], bytes],
) -> None:
    """Another language or site, a document type, elements between or behind the items, a cut end."""
    old = rss([rss_item(k) for k in range(1, 5)])
    new = change(rss([rss_item(k) for k in range(5)], built=2))
    assert (check(old, rss([rss_item(k) for k in range(5)], built=2)), check(old, new)) == (4, 0)


def test_parse_unseen_reads_all_after_six_hours_and_under_another_hint() -> None:
    """What changed too often is counted again; another address makes other links."""
    old = rss([rss_item(k) for k in range(3)])
    _, seen = parse_unseen(old, HINT, None)
    later = replace(HINT, received=NOW + dt.timedelta(hours=6))
    moved = replace(HINT, base="https://cdn.example/feed")
    for hint, known in ((HINT, 3), (later, 0), (moved, 0)):
        assert parse_unseen(old, hint, seen)[0].known == known
