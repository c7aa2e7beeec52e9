"""What feeds get wrong and readers must not: charsets, links, captions, where the words stand."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from worker.core.domain.document import Entry
from worker.core.sources.formats import Hint, parse
from worker.core.text.charset import xml_as_utf_8

HINT = Hint(feed="post", url="https://post.example/feed",
            received=dt.datetime(2031, 5, 9, tzinfo=dt.UTC))  # fmt: skip
LEAD = "A bomb in a rubbish bin wounded four people at the old harbour, police said."


def rss(item: str, channel: str = "") -> str:
    spaces = 'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:media="http://search.yahoo.com/mrss/"'
    return f'<rss version="2.0" {spaces}><channel><title>t</title>{channel}<item>{item}</item></channel></rss>'


def entry(text: str | bytes, hint: Hint = HINT) -> Entry:
    (found,) = parse(text if isinstance(text, bytes) else text.encode(), hint).entries
    return found


@pytest.mark.parametrize(
    ("title", "encoding", "before", "header"),
    [
        ("Взрыв в порту", "utf-8", '<?xml version="1.0" encoding="windows-1251"?>', None),
        ("Взрыв в порту", "utf-8", "", "text/xml; charset=iso-8859-1"),
        ("Взрыв в порту", "cp1251", '<?xml version="1.0" encoding="windows-1251"?>', None),
        ("Взрыв в порту", "cp1251", '<?xml version="1.0"?>', "text/xml; charset=windows-1251"),
        ("انفجار در بندر", "cp1256", '\n\n<?xml version="1.0" encoding="windows-1256"?>', None),
        ("Café “blast”", "cp1252", '<?xml version="1.0" encoding="UTF-8"?>', None),
        ("Взрыв в порту", "utf-16", '<?xml version="1.0" encoding="UTF-16"?>', None),
    ],
)
def test_parse_reads_feeds_whatever_charset_they_declare(
    title: str, encoding: str, before: str, header: str | None
) -> None:
    """Valid UTF-8 is UTF-8; else the declaration counts, behind blank lines too, then the header."""
    data = (before + rss(f"<title>{title}</title>")).encode(encoding)
    assert entry(data, replace(HINT, content_type=header)).title == title


def test_parse_loses_one_character_to_one_bad_byte() -> None:
    """The other words of the feed stay as they are."""
    data = rss("<title>Blast – بندر – four hurt</title>").encode()
    spoilt = data.replace(b"four", b"fo\xe9ur")
    assert entry(spoilt).title == "Blast – بندر – fo\ufffdur hurt"


def test_xml_as_utf_8_leaves_other_documents_alone() -> None:
    """Wires in Latin-1 and binaries are none of its business."""
    utf_16 = ("<a/>".encode("utf-16"), "<a/>".encode("utf-16-le"))
    for data in (b"\x01dpa caf\xe9", b"%PDF-1.4 \xe9", b'{"a": "\xe9"}', *utf_16):
        assert xml_as_utf_8(data, None) is data


@pytest.mark.parametrize(
    ("link", "channel", "base", "url"),
    [
        ("https://post.example/old harbour", "", None, "https://post.example/old%20harbour"),
        ("\n https://post.example/a/\n   b \n", "", None, "https://post.example/a/b"),
        ("stories/a", "", "https://post.example/new/feed", "https://post.example/new/stories/a"),
        ("/a", "<link>https://www.post.example/</link>", "https://cdn.example/feed",
         "https://www.post.example/a"),
        ("https://other.example/a", "<link>https://www.post.example/</link>", None,
         "https://other.example/a"),
        ("javascript:alert(1)", "", None, None),
    ],
)  # fmt: skip
def test_parse_makes_whole_addresses_of_links(
    link: str, channel: str, base: str | None, url: str | None
) -> None:
    """Blanks are escaped, line breaks are nothing; the site's own address comes before the feed's."""
    found = entry(rss(f"<title>t</title><link>{link}</link>", channel), replace(HINT, base=base))
    assert found.url == url


def test_parse_takes_no_guid_for_an_address() -> None:
    """A guid that is a number is no page of the site, whole ones are; neither moves with the feed."""
    for guid, url in (("12345", None), ("https://post.example/1", "https://post.example/1")):
        for base in (None, "https://elsewhere.example/feed"):
            found = entry(rss(f"<title>t</title><guid>{guid}</guid>"), replace(HINT, base=base))
            assert (found.id, found.url) == (guid, url)


def test_parse_takes_no_caption_for_the_summary() -> None:
    """Wherever the picture stands; an item that has nothing else keeps its caption."""
    picture = "<media:content url='https://post.example/x.jpg'><media:description>Smoke.</media:description></media:content>"
    own = f"<description>{LEAD}</description>"
    for item in (picture + own, own + picture):
        assert entry(rss(f"<title>t</title>{item}")).summary == LEAD
    assert entry(rss(f"<title>t</title>{picture}")).summary == "Smoke."


def test_parse_takes_the_richest_words_of_an_item() -> None:
    """A short content beside a shorter description is what there is when the page is refused."""
    content = f"<content:encoded><![CDATA[<p>{LEAD}</p>]]></content:encoded>"
    for item in (content, f"<description>Blast.</description>{content}"):
        assert entry(rss(f"<title>t</title>{item}")).summary == LEAD
    longer = f"<description>{LEAD} No group claimed it.</description>{content}"
    assert entry(rss(f"<title>t</title>{longer}")).summary == f"{LEAD} No group claimed it."
