"""Bytes of feeds in, entries out; and one error for everything else."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.core.domain.errors import FeedError
from worker.core.sources import formats
from worker.core.sources.entries import MAX_ENTRIES
from worker.core.sources.formats import Hint, Parsed, parse

RECEIVED = dt.datetime(2031, 5, 9, 0, 0, tzinfo=dt.UTC)
HINT = Hint(feed="post", url="https://post.example/feed", outlet="Portsmere Post", lang="en",
            received=RECEIVED)  # fmt: skip


def rss(*items: str, channel: str = "", end: str = "</channel></rss>") -> bytes:
    head = '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" '
    head += 'xmlns:content="http://purl.org/rss/1.0/modules/content/" '
    head += 'xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"><channel><title>t</title>'
    return (head + channel + "".join(f"<item>{i}</item>" for i in items) + end).encode()


def only(data: bytes, hint: Hint = HINT) -> formats.Parsed:
    found = parse(data, hint)
    assert len(found.entries) == 1
    return found


def test_parse_reads_an_rss_item() -> None:
    """An item becomes an entry: markup is text, links are absolute, the configured outlet stands."""
    entry = only(
        rss(
            "<title>Four &amp;amp; more &lt;b&gt;hurt&lt;/b&gt;</title><link>/a/1</link>"
            "<guid isPermaLink='false'>p-1</guid><pubDate>Thu, 08 May 2031 14:30:00 +0430</pubDate>"
            "<description>&lt;p&gt;A blast.&lt;/p&gt;&lt;p&gt;Police came.&lt;/p&gt;</description>"
        )
    ).entries[0]
    assert (entry.id, entry.title, entry.url) == (
        "p-1", "Four & more hurt", "https://post.example/a/1")  # fmt: skip
    assert entry.summary == "A blast.\n\nPolice came."
    assert entry.published == dt.datetime(2031, 5, 8, 10, 0, tzinfo=dt.UTC)
    assert (entry.feed, entry.outlet, entry.lang, entry.format) == (
        "post", "Portsmere Post", "en", "rss")  # fmt: skip


def test_parse_reads_an_atom_entry() -> None:
    """Atom has an update time of its own."""
    data = b"""<feed xmlns="http://www.w3.org/2005/Atom"><id>f</id><title>t</title><entry>
    <id>tag:post.example,2031:1</id><title>Blast</title><link href="https://post.example/1"/>
    <published>2031-05-08T10:00:00Z</published><updated>2031-05-08T12:00:00Z</updated></entry></feed>"""
    entry = only(data).entries[0]
    assert entry.id == "tag:post.example,2031:1"
    assert entry.published == dt.datetime(2031, 5, 8, 10, tzinfo=dt.UTC)
    assert entry.updated == dt.datetime(2031, 5, 8, 12, tzinfo=dt.UTC)


def test_parse_reads_an_rdf_item() -> None:
    """RSS 1.0 is RDF."""
    data = b"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
    xmlns="http://purl.org/rss/1.0/"><channel rdf:about="x"><title>t</title></channel>
    <item rdf:about="https://post.example/1"><title>Blast</title>
    <link>https://post.example/1</link></item></rdf:RDF>"""
    assert only(data).format == "rdf"


def test_parse_reads_the_news_of_a_sitemap() -> None:
    """Of a news sitemap, addresses with news are entries."""
    data = b"""<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
    xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"><url><loc>https://post.example/about</loc></url>
    <url><loc>https://post.example/1</loc><lastmod>2031-05-08T11:00:00Z</lastmod><news:news>
    <news:publication><news:name>Post</news:name><news:language>en</news:language></news:publication>
    <news:publication_date>2031-05-08T10:00:00Z</news:publication_date>
    <news:title>Blast &amp; fire</news:title></news:news></url></urlset>"""
    entry = only(data).entries[0]
    assert (entry.id, entry.title, entry.format) == (
        "https://post.example/1", "Blast & fire", "sitemap")  # fmt: skip
    assert entry.published == dt.datetime(2031, 5, 8, 10, tzinfo=dt.UTC)
    assert entry.updated == dt.datetime(2031, 5, 8, 11, tzinfo=dt.UTC)


def test_parse_reads_a_json_feed() -> None:
    """Numeric ids are ids; a broken item costs only itself."""
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "items": [
            {"id": 7, "url": "https://post.example/7", "title": "Blast",
             "content_html": "<p>One.</p><p>Two.</p>", "summary": "One.",
             "date_published": "2031-05-08T10:00:00Z"},
            "broken",
        ],
    }  # fmt: skip
    entry = only(json.dumps(feed).encode()).entries[0]
    assert (entry.id, entry.body, entry.summary) == ("7", "One.\n\nTwo.", "One.")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b" \n\t\x00", "empty"),
        (b"<!doctype html><html></html>", "not_a_feed"),
        (b"/etc/passwd", "not_a_feed"),
        (b"http://127.0.0.1:1/", "not_a_feed"),
        (b"%PDF-1.7", "not_a_news_item"),
        (b"<p>An article by itself.</p>", "not_a_news_item"),
        (b'{"a": 1}', "not_a_feed"),
        (b'<rss version="2.0"><channel/></rss>', "no_entries"),
        (b"<urlset><url><loc>https://post.example/</loc></url></urlset>", "no_entries"),
        (b"<urlset><url>", "truncated"),
        (b"<rss version='2.0'><channel><title>Wire", "truncated"),
        (b"<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>1</id><title>Blast", "truncated"),
        (b"<a:feed xmlns:a='http://www.w3.org/2005/Atom'><a:entry><a:title>Blast", "truncated"),
        (b'{"version":"https://jsonfeed.org/version/1","items":[{]}', "parse_error"),
        (b'<conceptItem xmlns="http://iptc.org/std/nar/2006-10-01/"/>', "not_a_news_item"),
        ("<r\u017fs>".encode(), "not_a_news_item"),
    ],
)  # fmt: skip
def test_parse_refuses_what_is_no_feed_with_a_named_reason(data: bytes, reason: str) -> None:
    """What is no feed is refused with a reason of the closed set."""
    with pytest.raises(FeedError) as caught:
        parse(data, HINT)
    assert caught.value.reason == reason
    assert reason in formats.REASONS


def test_parse_takes_guid_then_link_then_content_for_identity() -> None:
    """Guid, else link, else content: never empty, and stable from parse to parse."""
    data = rss(
        "<title>a</title><link>https://post.example/1</link><guid>g</guid>",
        "<title>b</title><link>https://post.example/2</link>",
        "<title>c</title><description>only words</description>",
    )
    ids = [entry.id for entry in parse(data, HINT).entries]
    assert ids[1] == "https://post.example/2"
    assert ids[2].startswith("content:")
    assert ids == [entry.id for entry in parse(data, HINT).entries]
    assert len(set(ids)) == 3


@pytest.mark.parametrize(
    ("link", "address"),
    [
        ("<link>/news/1</link><guid>/news/1</guid>", "https://post.example/news/1"),
        ("<guid>/news/1</guid>", None),
        ("<guid>tag-1</guid>", None),
        ("<guid>https://post.example/g/1</guid>", "https://post.example/g/1"),
        (
            "<link/><guid isPermaLink='true'>https://post.example/g/1</guid>",
            "https://post.example/g/1",
        ),
        ("<guid>https://post.example/g/1</guid><link></link>", "https://post.example/g/1"),
        (
            "<link> <![CDATA[ ]]> </link><guid>https://post.example/g/1</guid>",
            "https://post.example/g/1",
        ),
        ("<link/><guid isPermaLink='false'>https://post.example/g/1</guid>", None),
        ("<link/><guid>tag-1</guid>", None),
    ],
)
def test_parse_tells_a_link_from_a_guid_of_the_same_words(link: str, address: str | None) -> None:
    """A relative link is one though the guid repeats it; a guid alone has to be a whole address."""
    data = (
        "<rss version='2.0'><channel><title>Post</title><link>https://post.example/</link>"
        f"<item><title>Four hurt</title>{link}</item></channel></rss>"
    )
    assert [entry.url for entry in parse(data.encode(), HINT).entries] == [address]


def test_parse_takes_no_guid_that_items_share() -> None:
    """A guid that different items share identifies none of them; the link does."""
    data = rss(*(f"<title>t{n}</title><link>https://post.example/{n}</link>"
                 "<guid isPermaLink='false'>same</guid>" for n in range(3)))  # fmt: skip
    assert [e.id for e in parse(data, HINT).entries] == [
        f"https://post.example/{n}" for n in range(3)
    ]


def test_parse_keeps_items_of_one_guid_apart_by_their_words() -> None:
    """Items with one guid, no link and different words stay apart; doubles fall together."""
    data = rss("<title>a</title><guid>g</guid>", "<title>b</title><guid>g</guid>",
               "<title>a</title><guid>g</guid>")  # fmt: skip
    assert len({e.id for e in parse(data, HINT).entries}) == 2


def test_parse_takes_no_link_that_all_items_share() -> None:
    """A link that all items share is the link of none."""
    data = rss(*(f"<title>t{n}</title><link>https://post.example/</link><guid>{n}</guid>"
                 for n in range(4)))  # fmt: skip
    assert {e.url for e in parse(data, HINT).entries} == {None}


def test_content_hash_leaves_dates_out() -> None:
    """A new date is no new content; a new figure under the same date is."""
    item = "<title>{0} hurt</title><guid>g</guid><pubDate>Thu, 0{1} May 2031 10:00:00 GMT</pubDate>"
    first, dated, changed = (
        only(rss(item.format(n, day))).entries[0].content_hash
        for n, day in ((4, 8), (4, 7), (11, 8))
    )
    assert first == dated
    assert first != changed


@pytest.mark.parametrize(
    "printed",
    ["1557300600", "۱۴۰۰/۰۲/۱۸", "111111111111", "Thu, 08 May 2999 10:00:00 GMT", "1970-01-01",
     "Thu, 31 Jun 2031 10:00:00 GMT", "yesterday", "2031-05-11T10:00:00Z", "2001-01-01T00:00:00Z"],
)  # fmt: skip
def test_parse_leaves_out_dates_that_cannot_be_true(printed: str) -> None:
    """Dates that are none, or lie outside ten years back and a day ahead, are left out."""
    entry = only(rss(f"<title>x</title><pubDate>{printed}</pubDate>")).entries[0]
    assert entry.published is None


def test_parse_reads_naive_dates_in_the_zone_of_the_feed() -> None:
    """A date without an offset is local in the feed's zone, one with `-0000` is not."""
    item = "<title>x</title><pubDate>Thu, 08 May 2031 14:30:00{}</pubDate>"
    karachi = replace(HINT, default_tz="Asia/Karachi")
    published = [only(rss(item.format(z)), karachi).entries[0].published for z in ("", " -0000")]
    assert published == [dt.datetime(2031, 5, 8, hour, 30, tzinfo=dt.UTC) for hour in (9, 14)]


def test_parse_takes_long_content_for_the_article_and_no_teaser() -> None:
    """Long content is the article; a teaser of the same length is not; a full-text feed says so."""
    long = "The blast was heard across the harbour district. " * 40
    whole = f"<title>x</title><content:encoded>&lt;p&gt;{long}&lt;/p&gt;</content:encoded>"
    assert only(rss(whole)).entries[0].body == long.strip()
    teaser = whole.replace("&lt;/p&gt;", " Read more…&lt;/p&gt;")
    assert only(rss(teaser)).entries[0].body is None
    short = "<title>x</title><description>A short brief.</description>"
    assert only(rss(short), Hint(full_text=True)).entries[0].body == "A short brief."


def test_parse_uses_the_whole_items_of_a_broken_feed() -> None:
    """Entries of a broken feed count; half an item at the end of a cut one does not."""
    good = "<title>a</title><guid>1</guid>"
    junk = parse(b"<br/>Warning: x\n" + rss(good), HINT)
    assert (junk.problem, len(junk.entries)) == ("ill_formed", 1)
    cut = parse(rss(good, good.replace("1", "2"), end="")[:-20], HINT)
    assert (cut.problem, len(cut.entries)) == ("truncated", 1)


def test_parse_reads_an_unusable_encoding_as_utf_8() -> None:
    """A declared encoding that raises in feedparser is read as UTF-8."""
    data = rss("<title>Blast – کابل</title>").replace(b"UTF-8", b"punycode")
    assert only(data).entries[0].title == "Blast – کابل"


def test_parse_cuts_characters_that_could_harm() -> None:
    """What could forge a log line or turn text around is cut; joiners of Persian stay."""
    entry = only(rss("<title>a\u202eb\u2066c می‌خواهم</title>")).entries[0]
    assert entry.title == "abc می‌خواهم"


def test_parse_takes_the_longer_of_ttl_and_update_period() -> None:
    """The longer of what ttl and syndication module ask for, in seconds; nonsense is ignored."""
    item = "<title>x</title>"
    assert parse(rss(item, channel="<ttl>30</ttl>"), HINT).next_hint_s == 1800
    hourly = "<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>"
    assert parse(rss(item, channel=hourly), HINT).next_hint_s == 1800
    boilerplate = hourly.replace(">2<", ">1<")  # WordPress prints it into every feed
    assert parse(rss(item, channel=boilerplate), HINT).next_hint_s is None
    assert parse(rss(item, channel=hourly.replace("hourly", "daily")), HINT).next_hint_s == 43_200
    assert parse(rss(item, channel="<ttl>-1</ttl>"), HINT).next_hint_s is None


def test_parse_keeps_the_newest_of_too_many_entries() -> None:
    """Of a huge document the newest entries are kept, and it is said."""
    found = parse(rss(*(f"<title>t{n}</title>" for n in range(MAX_ENTRIES + 5))), HINT)
    assert (found.problem, len(found.entries)) == ("too_many", MAX_ENTRIES)


def _sound(data: bytes) -> bool:
    """Entries that are whole, or a refusal with a known reason."""
    try:
        found = parse(data, HINT)
    except FeedError as error:
        return error.reason in formats.REASONS
    ids = [entry.id for entry in found.entries]
    hashed = all(len(entry.content_hash) == 64 for entry in found.entries)
    return isinstance(found, Parsed) and all(ids) and 0 < len(ids) == len(set(ids)) and hashed


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400))
def test_parse_of_any_bytes_gives_entries_or_a_feed_error(data: bytes) -> None:
    """Whatever the bytes: entries with ids, or FeedError; never another exception."""
    assert _sound(data)


_PIECES = st.sampled_from(
    ["<item>", "</item>", "<guid>", "</guid>", "<title>", "</title>", "<link>", "</link>", "a", "&#0;",
     "&#99999999999;", "<![CDATA[", "]]>", "<!--", "-->", "&amp;", "&bogus;", "<pubDate>", "</pubDate>",
     "2031", "\x00", "\ufffe", "<entry>", "<author>", "<a b='", "'>", "<?x", "?>", "</rss>", "http://[",
     "<content:encoded>", "<source>", "é"]
)  # fmt: skip


@settings(max_examples=250, deadline=None)
@given(st.lists(_PIECES, max_size=40))
def test_parse_of_any_feed_like_text_gives_entries_or_a_feed_error(pieces: list[str]) -> None:
    """Pieces of feeds in any order behave as well as any bytes."""
    assert _sound(('<rss version="2.0"><channel>' + "".join(pieces)).encode("utf-8", "replace"))


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(["id", "url", "title", "items", "summary", "content_html", "date_published"]),
        inner, max_size=5),
    max_leaves=20,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(_JSON, max_size=5))
def test_parse_of_any_json_feed_gives_entries_or_a_feed_error(items: list[object]) -> None:
    """Items of any shape make entries or none."""
    feed = {"version": "https://jsonfeed.org/version/1.1", "items": items}
    assert _sound(json.dumps(feed).encode())
