"""Documents of news agencies in, entries out: every format, and its ways of being different."""

from __future__ import annotations

import base64
import datetime as dt
import json
import re
from typing import Any

import pytest

from tests.core import wire_documents as wires
from worker.config.knowledge import load_notices
from worker.core.domain.document import Entry
from worker.core.domain.errors import FeedError
from worker.core.sources.formats import Hint, parse

RECEIVED = dt.datetime(2031, 5, 8, 15, tzinfo=dt.UTC)
HINT = Hint(feed="wire", received=RECEIVED)
NOTICES = load_notices()
SENT = dt.datetime(2031, 5, 8, 14, 30, tzinfo=dt.UTC)


def only(document: str | bytes, hint: Hint = HINT) -> Entry:
    data = document if isinstance(document, bytes) else document.encode()
    (entry,) = parse(data, hint, notices=NOTICES).entries
    return entry


def refused(document: str | bytes) -> str:
    data = document if isinstance(document, bytes) else document.encode()
    with pytest.raises(FeedError) as caught:
        parse(data, HINT, notices=NOTICES)
    return caught.value.reason


def fields(entry: Entry, names: str) -> tuple[Any, ...]:
    return tuple(getattr(entry, name) for name in names.split())


def test_parse_tells_each_format_by_its_content() -> None:
    """The name that entries carry; every document gives one entry with id, text and time."""
    hints = (HINT, Hint(content_type="text/html", kind="auto"))
    for name, document in wires.DOCUMENTS.items():
        for hint in hints:
            entry = only(document, hint)
            assert entry.format == name
            assert entry.body or name == "ap-media"
            assert entry.published is not None or name == "zczc"
            assert entry.id


def test_parse_reads_all_fields_of_newsml_g2() -> None:
    """Identity without version, times, status of a signal, codes, place, and paragraphs."""
    entry = only(wires.G2)
    assert fields(entry, "id version title status urgency lang published updated") == (
        "tag:agency.example,2031:newsml_L1", "978556838", "Blast at quayside kills four", "update", 2, "en",
        dt.datetime(2031, 5, 8, 14, tzinfo=dt.UTC), SENT,
    )  # fmt: skip
    assert fields(entry, "slugline dateline byline provider genre located subjects note") == (
        "WESTMARK-BLAST", "PORTSMERE, May 8", "By Ada Lind", "Agency", "Current", "Portsmere, Westmark",
        ("medtop:20000055", "subj:16005002"), "Adds toll",
    )  # fmt: skip
    assert entry.body == (
        "A bomb killed four people & wounded nine.\n\nPolice sealed the quay.\nNobody claimed it."
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (' xmlns="http://iptc.org/std/nar/2006-10-01/"', ""),
        ('<newsMessage xmlns="http://iptc.org/std/nar/2006-10-01/">', "<newsMessage>"),
        ("application/xhtml+xml", "xhtml/xml"),
        ("<newsMessage", "<!-- <rss> --><newsMessage"),
        ('encoding="UTF-8"', 'encoding="utf8"'),
    ],
    ids=["no namespace", "no default namespace", "odd content type", "comment", "utf8"],
)
def test_parse_takes_newsml_g2_however_it_is_declared(old: str, new: str) -> None:
    """Namespaces, content types and encodings differ between agencies; the entry does not."""
    assert old in wires.G2
    assert only(wires.G2.replace(old, new)) == only(wires.G2)


def test_parse_takes_newsml_g2_under_any_prefix() -> None:
    """``ns0:newsItem`` with ``html:p``, as Superdesk writes Reuters' items."""
    prefixed = wires.G2.replace(' xmlns="http://iptc.org/std/nar/2006-10-01/"', "")
    for name in ("newsMessage", "itemSet", "newsItem", "itemMeta", "contentMeta", "contentSet", "inlineXML",
                 "headline", "pubStatus", "signal", "versionCreated", "firstCreated"):  # fmt: skip
        prefixed = prefixed.replace(f"<{name}", f"<ns0:{name}").replace(
            f"</{name}", f"</ns0:{name}"
        )
    prefixed = prefixed.replace(
        "<ns0:newsMessage", '<ns0:newsMessage xmlns:ns0="http://iptc.org/std/nar/2006-10-01/"', 1
    )
    entry = only(prefixed)
    assert fields(entry, "id title body status") == fields(only(wires.G2), "id title body status")


BODY = wires.G2[wires.G2.index("<contentSet>") : wires.G2.index("</contentSet>")]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ('<inlineData contenttype="text/plain">A bomb.\n\nPolice came.</inlineData>', "A bomb.\n\nPolice came."),
        ("<inlineData><![CDATA[<p>A bomb.</p><p>Police came.</p>]]></inlineData>", "A bomb.\n\nPolice came."),
        (
            ('<inlineData contenttype="text/plain" encoding="encd:base64">'
            f"{base64.b64encode(b'A bomb. Police came.').decode()}</inlineData>"),
            "A bomb. Police came.",
        ),
        ('<inlineData contenttype="image/jpeg" encoding="base64">/9j/4AAQ</inlineData>', None),
        (('<inlineXML contenttype="application/nitf+xml"><nitf><body><body.head><hedline><hl1>H</hl1></hedline>'
         "</body.head><body.content><p>A bomb.</p></body.content></body></nitf></inlineXML>"), "A bomb."),
        ('<inlineXML contenttype="text/html">&lt;p&gt;A bomb.&lt;/p&gt;</inlineXML>', "A bomb."),
        ("<inlineXML><sports-content><p>1:0</p></sports-content></inlineXML>", None),
        (("<inlineXML><html><body>A bomb.<script>no()</script><table><tr><td>dead</td><td>4</td></tr></table>"
         "</body></html></inlineXML>"), "A bomb.\n\ndead 4"),
        ('<remoteContent href="https://agency.example/17.mp4"/>', None),
    ],
    ids=["plain", "cdata", "base64", "picture", "nitf", "escaped", "results", "table", "remote"],
)  # fmt: skip
def test_parse_reads_the_body_of_newsml_g2_in_all_its_forms(content: str, text: str | None) -> None:
    """Inline XML or data, XHTML, NITF or text; a picture's bytes are no text."""
    assert only(wires.G2.replace(BODY, f"<contentSet>{content}")).body == text


def test_parse_takes_a_pictures_caption_for_its_body() -> None:
    """Of G2, ninjs, AP and NITF alike."""
    caption = "<description role='drol:caption'>The quay in smoke.</description>"
    picture = wires.G2.replace("ninat:text", "ninat:picture").replace(
        "<language", caption + "<language"
    )
    assert only(picture.replace(BODY, "<contentSet><remoteContent href='https://a.example/1'/>")).body == (
        "The quay in smoke.")  # fmt: skip
    ninjs = {
        "uri": "u",
        "type": "picture",
        "versioncreated": "2031-05-08",
        "description_text": "The quay.",
    }
    assert only(json.dumps(ninjs)).body == "The quay."
    nitf = wires.NITF[: wires.NITF.index("<p>A bomb")] + "</body.content></body></nitf>"
    assert only(nitf).body == "The quay"


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (("stat:usable", "stat:canceled"), "kill"),
        (("stat:usable", "stat:withheld"), "hold"),
        (('qcode="stat:usable"', 'uri="http://cv.iptc.org/newscodes/pubstatus/canceled"'), "kill"),
        (("edStat:U", "edStat:C"), "correction"),
        (("edStat:U", "edStat:D"), "kill"),
        (("edStat:U", "sig:correction"), "correction"),
        (("edStat:U", "sig:other"), "update"),  # "Adds toll", says the note
        (('<pubStatus qcode="stat:usable"/><signal qcode="edStat:U"/><edNote>Adds toll</edNote>', ""), "new"),
        (("<pubStatus", "<embargoed/><pubStatus"), "embargo"),
        (("<pubStatus", "<embargoed>2031-05-08T18:00:00Z</embargoed><pubStatus"), "embargo"),
        (("<pubStatus", "<embargoed>2031-05-08T13:00:00Z</embargoed><pubStatus"), "update"),
    ],
)  # fmt: skip
def test_parse_reads_what_newsml_g2_orders(change: tuple[str, str], status: str) -> None:
    """Status and signals, by qcode or uri; an embargo that is over is none."""
    assert change[0] in wires.G2
    assert only(wires.G2.replace(*change)).status == status


def test_parse_reads_a_kill_without_headline_and_text() -> None:
    """A canceled item has the identity of the story it ends, and nothing else."""
    bare = wires.G2.replace(BODY, "<contentSet>").replace("stat:usable", "stat:canceled")
    start, end = bare.index("<headline>"), bare.index("</slugline>")
    entry = only(bare[:start] + bare[end + len("</slugline>") :])
    assert fields(entry, "id status title body") == (only(wires.G2).id, "kill", None, None)


def test_parse_reads_all_items_of_a_message_and_passes_over_packages() -> None:
    """Several newsItems are several entries; two versions of one are one, the later."""
    item = wires.G2[wires.G2.index("<newsItem") : wires.G2.index("</itemSet>")]
    other = item.replace("newsml_L1", "newsml_L2")
    later = (
        item.replace("978556838", "5")
        .replace("T14:30", "T14:45")
        .replace("kills four", "kills six")
    )
    package = '<packageItem guid="p"><itemMeta/><groupSet root="g"/></packageItem>'
    message = wires.G2.replace("</itemSet>", other + package + later + "</itemSet>")
    found = parse(message.encode(), HINT).entries
    assert [(e.id[-2:], e.version, e.title) for e in found] == [
        ("L1", "5", "Blast at quayside kills six"), ("L2", "978556838", "Blast at quayside kills four")]  # fmt: skip


CUT = {
    "newsml-g2": ("newsItem", "newsml_L1", wires.G2),
    "newsml-1": ("NewsItem", "TX-POR-ABC12", wires.NEWSML),
    "ritzau": ("RBNews", "AL-17", f"<XmlNewsQueuedResponse>{wires.RITZAU}</XmlNewsQueuedResponse>"),
    "press-release": ("release", 'id="17', f"<releases>{wires.RELEASE}</releases>"),
    "cp-publish": ("ContentItem", "<SystemSlug>abc", wires.CP),
}
"""Formats with several items in a document: the name of one, its id, and a document with one."""


@pytest.mark.parametrize(("name", "mark", "document"), CUT.values(), ids=CUT.keys())
def test_parse_keeps_the_whole_items_of_a_document_that_was_cut(
    name: str, mark: str, document: str
) -> None:
    """Cut anywhere, an item counts when its end tag is there, and the document says that it was cut;
    without a whole item it is refused.
    """
    start = document.index(re.search(f"<{name}[ >]", document)[0])  # type: ignore[index]
    end = document.rindex(f"</{name}>") + len(name) + 3
    item = document[start:end]
    three = [item.replace(mark, mark[:-1] + letter) for letter in "XYZ"]
    message = document[:start] + "".join(three) + document[end:]
    whole = parse(message.encode(), HINT)
    assert (len(whole.entries), whole.problem) == (3, None)
    for cut in range(start, len(message) - 1, 67):
        part = message[:cut].encode()
        count = message[:cut].count(f"</{name}>")
        if count == 0:
            assert refused(part) in ("parse_error", "not_a_feed", "not_a_news_item")
            continue
        found = parse(part, HINT)
        assert (found.entries, found.problem) == (whole.entries[:count], "truncated")


def test_parse_keeps_the_items_before_a_fault() -> None:
    """What is broken in the third item costs no other before it; entities of its own are not read."""
    item = wires.G2[wires.G2.index("<newsItem") : wires.G2.index("</itemSet>")]
    broken = item.replace("newsml_L1", "newsml_L2").replace("</headline>", "</headlin>")
    message = wires.G2.replace("</itemSet>", f"{broken}{item}</itemSet>")
    found = parse(message.encode(), HINT)
    assert ([e.id[-2:] for e in found.entries], found.problem) == (["L1"], "truncated")
    assert refused(message.replace("<newsMessage", "<!DOCTYPE n [<!ENTITY a 'b'>]><newsMessage")) == (
        "parse_error")  # fmt: skip


@pytest.mark.parametrize(
    "root",
    [
        "packageItem",
        "conceptItem",
        "knowledgeItem",
        "planningItem",
        "catalogItem",
        "groupSet",
        "contentSet",
    ],
)
def test_parse_refuses_what_stands_beside_news(root: str) -> None:
    """Packages of links, concepts, plans, catalogues and parts of documents have a reason of their own."""
    document = f'<{root} xmlns="http://iptc.org/std/nar/2006-10-01/" guid="x"><itemMeta/></{root}>'
    assert refused(document) == "not_a_news_item"
    assert refused(f"<newsMessage><itemSet>{document}</itemSet></newsMessage>") in (
        "not_a_news_item", "no_entries")  # fmt: skip


def test_parse_reads_all_fields_of_newsml_1() -> None:
    """The urn without time of day and revision; the text and not the longer caption of its photo."""
    entry = only(wires.NEWSML)
    assert fields(entry, "id version title status urgency lang published updated") == (
        "urn:newsml:agence.example:20310508:TX-POR-ABC12", "2", "Quatre morts dans une explosion", "new", 3,
        "fr", dt.datetime(2031, 5, 8, 14, tzinfo=dt.UTC), SENT,
    )  # fmt: skip
    assert fields(entry, "slugline dateline byline provider located subjects") == (
        "Westmark-attentat-port", "Portsmere (Agence) -", None, "Agence", "Portsmere, WMK",
        ("subj:16005002",),
    )  # fmt: skip
    assert entry.body == "Une bombe a tué quatre personnes.\n\nLa police a fermé le quai."


def test_parse_takes_the_first_paragraph_of_an_alert_for_its_title() -> None:
    """The most urgent items of agencies have an empty headline."""
    entry = only(wires.NEWSML.replace("Quatre morts dans une explosion", ""))
    assert entry.title == "Une bombe a tué quatre personnes."


@pytest.mark.parametrize(
    ("printed", "identity"),
    [
        ("urn:newsml:agence.example:20310508T140000Z:TX-POR-ABC12:2", "urn:newsml:agence.example:20310508:TX-POR-ABC12"),
        ("urn:newsml:agence.example:20310508:TX-POR-ABC12:2N", "urn:newsml:agence.example:20310508:TX-POR-ABC12"),
        ("urn:newsml:www.agence.example", "urn:newsml:agence.example:20310508:TX-POR-ABC12"),
        ("", "urn:newsml:agence.example:20310508:TX-POR-ABC12"),
        ("urn:newsml:agence.example:20310508:a:b:2", "urn:newsml:agence.example:20310508:a:b"),
    ],
)  # fmt: skip
def test_parse_identifies_newsml_1_without_the_revision(printed: str, identity: str) -> None:
    """Whatever stands in PublicIdentifier: agencies print one for all items, or none."""
    urn = "urn:newsml:agence.example:20310508T140000Z:TX-POR-ABC12:2"
    assert only(wires.NEWSML.replace(urn, printed)).id == identity


def test_parse_keeps_the_identity_of_newsml_1_when_the_date_id_moves_with_the_revision() -> None:
    """Belga writes the time of the revision into DateId: the day is that of the first version."""
    moved = wires.NEWSML.replace("<DateId>20310508T140000Z", "<DateId>20310509T001500Z")
    moved = moved.replace("20310508T140000Z:TX", "20310509T001500Z:TX")
    assert only(moved).id == only(wires.NEWSML).id


@pytest.mark.parametrize(
    ("status", "more", "found"),
    [
        ("Canceled", "", ("kill", None, None)),
        ("CANCELED", '<AssociatedWith FormalName="Kill" NewsItem="urn:newsml:agence.example:20310507T100000Z:TX-9:4"/>',
         ("kill", "urn:newsml:agence.example:20310507:TX-9", None)),
        ("Withheld", "", ("hold", None, None)),
        ("Usable", "<Instruction FormalName='Correction'/>", ("correction", None, None)),
        ("Embargoed", ("<StatusWillChange><FutureStatus FormalName='Usable'/><DateAndTime>20310508T180000Z"
         "</DateAndTime></StatusWillChange>"), ("embargo", None, dt.datetime(2031, 5, 8, 18, tzinfo=dt.UTC))),
        ("Embargoed", "", ("embargo", None, None)),
    ],
)  # fmt: skip
def test_parse_reads_what_newsml_1_orders(status: str, more: str, found: tuple[Any, ...]) -> None:
    """Status, the item that a kill is about, and until when an embargo lasts."""
    document = wires.NEWSML.replace(
        '<Status FormalName="Usable"/>', f'<Status FormalName="{status}"/>{more}'
    )
    assert fields(only(document), "status withdraws embargo_until") == found


def test_parse_takes_no_company_of_a_killed_item_for_the_one_killed() -> None:
    """Photos and earlier takes are associated as well; the kill is about the item itself."""
    company = (
        '<Status FormalName="Canceled"/><AssociatedWith NewsItem="urn:newsml:a:20310507:TX-9:4"/>'
    )
    entry = only(wires.NEWSML.replace('<Status FormalName="Usable"/>', company))
    assert fields(entry, "id status withdraws") == (only(wires.NEWSML).id, "kill", None)


def test_parse_refuses_catalogues_and_packages_of_newsml_1() -> None:
    """Lists of topics and of links are no news, also beside news in one document."""
    topics = "<NewsItem><TopicSet FormalName='x'><Topic/></TopicSet></NewsItem>"
    links = "<NewsItem><NewsComponent><NewsItemRef NewsItem='urn:x'/></NewsComponent></NewsItem>"
    assert refused(f"<NewsML>{topics}{links}</NewsML>") == "not_a_news_item"
    assert (
        only(wires.NEWSML.replace("</NewsML>", f"{topics}{links}</NewsML>")).id
        == only(wires.NEWSML).id
    )


def test_parse_reads_all_fields_of_nitf() -> None:
    """A DOCTYPE is normal and never loaded; a place of event beats the filing place; entities are text."""
    entry = only(wires.NITF)
    assert fields(entry, "id version title status urgency published slugline dateline") == (
        "pt-17", "2", "Blast at quayside kills four", "update", 3, SENT, "quay, blast", "NORTHPORT")  # fmt: skip
    assert fields(entry, "byline provider located subjects summary note") == (
        "By Ada Lind Staff Writer", "The Agency", "Portsmere, WM", ("subj:16005002",), "Four are dead.",
        "Recasts lead",
    )  # fmt: skip
    assert entry.body == "A bomb killed four people – and wounded nine.\n\nPolice sealed the quay."


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ('"usable"', '"canceled"', ("pt-17", "kill", None, None)),
        ('"usable"', '"canceled" management-doc-idref="pt-9" management-idref-status="canceled"',
         ("pt-17", "kill", "pt-9", None)),
        ('"usable"', '"usable" management-doc-idref="pt-9" management-idref-status="canceled"',
         ("pt-17", "update", "pt-9", None)),
        ('"usable"', '"embargoed"', ("pt-17", "embargo", None, None)),
        ("<date.issue", '<date.release norm="20310508T180000Z"/><date.issue',
         ("pt-17", "embargo", None, dt.datetime(2031, 5, 8, 18, tzinfo=dt.UTC))),
        ("<date.issue", '<date.release norm="20310508T143000Z"/><date.issue', ("pt-17", "update", None, None)),
        ('"pt-17"', '"pt-17_02"', ("pt-17", "update", None, None)),
        ('"pt-17"', '"pt-17_77"', ("pt-17_77", "update", None, None)),
    ],
)  # fmt: skip
def test_parse_reads_what_nitf_orders(old: str, new: str, found: tuple[Any, ...]) -> None:
    """Status, the other item that is withdrawn, release, and a version written behind the id."""
    assert (
        fields(only(wires.NITF.replace(old, new, 1)), "id status withdraws embargo_until") == found
    )


@pytest.mark.parametrize("document", [wires.NINJS_1, wires.NINJS_3], ids=["1", "3"])
def test_parse_reads_ninjs_of_any_version(document: str) -> None:
    """Lower case and camel case, strings and arrays of roles; what hangs on an item is no item."""
    entry = only(document)
    assert fields(entry, "version title body status urgency lang byline located provider note updated") == (
        "3", "Blast at quayside kills four", "A bomb killed four people.\n\nPolice sealed the quay.", "update",
        3, "en", "Ada Lind", "Portsmere", "Agency", "Adds toll", SENT,
    )  # fmt: skip
    assert entry.subjects[0] in ("subj:16005002", "medtop:20000055")


@pytest.mark.parametrize(
    ("raw", "body"),
    [
        ({"body_text": "A bomb.\n\nPolice came."}, "A bomb.\n\nPolice came."),
        ({"body_text": "Toll < 5 & more"}, "Toll < 5 & more"),
        ({"body_xhtml": "<div><p>A bomb.</p></div>"}, "A bomb."),
        ({"body_html5": "<p>A bomb.</p>", "body_text": "A bomb, and more words."}, "A bomb."),
        ({"body_main": "Short.", "body_richtext": "<p>A bomb.</p>"}, "A bomb."),
        ({"body_html": "", "body_text": "A bomb."}, "A bomb."),
        ({"bodies": [{"value": "A bomb."}]}, "A bomb."),
        ({"bodies": {"value": "A bomb."}, "body_html": None}, None),
        ({"type": "composite", "associations": [{"uri": "x", "type": "text", "body_text": "Part."}]}, "Part."),
    ],
)  # fmt: skip
def test_parse_takes_the_best_text_of_ninjs(raw: dict[str, Any], body: str | None) -> None:
    """HTML, then XHTML, then the longest plain text, under whatever name; of a package its parts."""
    item = {
        "uri": "u",
        "type": "text",
        "versioncreated": "2031-05-08T14:30:00Z",
        "headline": "H",
        **raw,
    }
    for wrapped in (item, [item], {"_items": [item]}, {"item": [item], "total": 1}):
        assert only(json.dumps(wrapped)).body == body


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        ({"pubstatus": "canceled"}, "kill"),
        ({"pubStatus": "withheld"}, "hold"),
        ({"embargoed": "2031-05-08T18:00:00Z"}, "embargo"),
        ({"embargoed": "2031-05-08T12:00:00Z"}, "new"),
        ({"embargoed": "soon"}, "embargo"),
        ({"signals": [{"name": "sig:correction"}]}, "correction"),
    ],
)  # fmt: skip
def test_parse_reads_what_ninjs_orders(raw: dict[str, Any], status: str) -> None:
    """pubstatus in either case, signals, and an embargo with or without a date that can be read."""
    item = {
        "uri": "u",
        "type": "text",
        "versioncreated": "2031-05-08T14:30:00Z",
        "headline": "H",
        **raw,
    }
    assert only(json.dumps(item)).status == status


def test_parse_refuses_events_of_ninjs() -> None:
    """What is planned is no news; an event that is told as a text is."""
    event = {"uri": "u", "type": "event", "title": "Meeting", "eventDetails": {"dates": {}}}
    assert refused(json.dumps(event)) == "not_a_news_item"
    told = {
        "uri": "u",
        "type": "text",
        "eventDetails": {},
        "headline": "H",
        "body_text": "They met.",
    }
    assert only(json.dumps(told)).body == "They met."


def test_parse_reads_all_fields_of_iptc_7901() -> None:
    """Agency, number and day identify; orders, keywords, heading and byline are apart; German months."""
    entry = only(wires.IPTC7901)
    assert fields(entry, "id title status urgency published slugline dateline byline note provider genre") == (
        "dpa:157:2031-05-08", "Blast at quayside kills four people", "refile", 3, SENT, "Westmark/explosion/",
        "Portsmere (dpa)", "By Ada Lind, dpa", "REFILE\n1ST LEAD", "dpa", "i",
    )  # fmt: skip
    assert entry.body == (
        "Portsmere (dpa) - A bomb killed four people.\n\nPolice sealed the quay – for now."
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "".join(c for c in text if c >= " " or c in "\r\n"),
        lambda text: text.replace("\r\n", "\n"),
        lambda text: text.replace("\r\n", "\r"),
        lambda text: "\x7f\x7f\r\n" + text,
        lambda text: text.replace("=\r\n", "= \r\n"),
    ],
    ids=["no controls", "LF", "CR", "leading", "blank"],
)
def test_parse_reads_iptc_7901_as_relays_change_it(change: Any) -> None:
    """Control characters dropped, other line ends; nor does Latin-1 matter."""
    expected = only(wires.IPTC7901)
    for data in (change(wires.IPTC7901).encode(), change(wires.IPTC7901).encode("cp1252")):
        entry = only(data)
        assert fields(entry, "id title body published status") == fields(
            expected, "id title body published status")  # fmt: skip


def test_parse_takes_a_kill_of_iptc_7901_to_the_item_it_names() -> None:
    """ "Please kill item dpa 42" is about number 42 of that day."""
    kill = wires.IPTC7901.replace("REFILE", "KILL KILL KILL").replace(
        "Portsmere (dpa) - A bomb killed", "Please kill item dpa 0042 on the blast;")  # fmt: skip
    assert fields(only(kill), "status withdraws") == ("kill", "dpa:42:2031-05-08")


def test_parse_reads_several_messages_of_a_text_format_in_one_document() -> None:
    """Each SOH begins a message, of IPTC 7901 and of ANPA."""
    two = wires.IPTC7901 + wires.IPTC7901.replace("0157", "0158").replace("eca0003", "eca0004")
    assert [e.id for e in parse(two.encode(), HINT).entries] == [
        "dpa:157:2031-05-08",
        "dpa:158:2031-05-08",
    ]
    two = wires.ANPA + wires.ANPA.replace("Quayside Blast", "Harbour Fire")
    assert [e.id for e in parse(two.encode(), HINT).entries] == [
        "BC-WM--Quayside Blast:2031-05-08", "BC-WM--Harbour Fire:2031-05-08"]  # fmt: skip


def test_parse_reads_all_fields_of_anpa() -> None:
    """The slug without version and length, and the day; priority; AP's quotes and dashes."""
    entry = only(wires.ANPA)
    assert fields(entry, "id version title status urgency published slugline dateline byline note provider") == (
        "BC-WM--Quayside Blast:2031-05-08", "1", "Blast at quayside kills four", "update", 3, SENT,
        "BC-WM--Quayside Blast, 1st Ld-Writethru", "PORTSMERE, Westmark (AP)", "By ADA LIND",
        "Eds: Updates with toll.", "AP",
    )  # fmt: skip
    assert entry.body == (
        "PORTSMERE, Westmark (AP) — A “bomb” killed four people.\n\nPolice sealed the quay."
    )


def test_parse_reads_anpa_without_control_characters() -> None:
    """As relays and mails hand it on."""
    bare = "".join(c for c in wires.ANPA if c >= " " or c in "\n\t")
    assert fields(only(bare), "id title body published") == fields(
        only(wires.ANPA), "id title body published")  # fmt: skip


@pytest.mark.parametrize(
    "order", ["KILL", "2nd Ld-Writethru-Kill", "Mandatory Kill", "Elimination"]
)
def test_parse_takes_a_kill_of_anpa_to_the_story_of_its_slug(order: str) -> None:
    """The order stands behind the slug, and the identity is the slug."""
    kill = only(wires.ANPA.replace("1st Ld-Writethru,310", order))
    assert fields(kill, "id status") == (only(wires.ANPA).id, "kill")


def test_parse_reads_an_alert_of_anpa_by_its_headlines() -> None:
    """Without an indented text the lines of the heading are the text."""
    alert = wires.ANPA[: wires.ANPA.index("^Eds")] + "\n\x03AP-WM-05-08-31 1430GMT<\n"
    assert fields(only(alert), "title body") == (
        "Blast at quayside kills four", "Blast at quayside kills four")  # fmt: skip


def test_parse_reads_a_telegram() -> None:
    """ZCZC: signs say what a line is; CR alone ends lines as well."""
    for document in (wires.ZCZC, wires.ZCZC.replace("\r\n", "\r"), "\r\r" + wires.ZCZC):
        entry = only(document)
        assert fields(entry, "title body slugline located provider subjects") == (
            "Blast at quayside", "A bomb killed four people.\n\nPolice sealed the quay.", "Blast_BC1",
            "PORTSMERE", "AAP", ("subj:16000000",),
        )  # fmt: skip


def test_parse_reads_a_page_and_an_item_of_the_ap_media_api() -> None:
    """The id of the item, not the address of its version; a text is elsewhere, or beside it."""
    entry = only(wires.AP_MEDIA)
    assert fields(entry, "id version title status urgency body summary located provider") == (
        "0123abcd", "2", "Blast at quayside kills four", "update", 3, None, "Four are dead.", "Portsmere",
        "AP",
    )  # fmt: skip
    item = json.loads(wires.AP_MEDIA)["data"]["items"][0]["item"]
    single = {"api_version": "2.1", "data": {"item": item}, "nitf": {"body_html": "<p>A bomb.</p>"}}
    assert only(json.dumps(single)).body == "A bomb."
    gone = {**item, "pubstatus": "canceled"}
    assert only(json.dumps({"api_version": "2", "data": {"item": gone}})).status == "kill"
    hold = {**item, "editorialtypes": ["HoldForRelease"]}
    assert only(json.dumps({"api_version": "2", "data": {"item": hold}})).status == "hold"


def test_parse_reads_dpa_digitalwires() -> None:
    """The urn is the identity, as in dpa's NewsML-G2; contacts are no notes; a wireQ holds many."""
    entry = only(wires.DIGITALWIRES)
    assert fields(entry, "id version title body status urgency lang slugline dateline note subjects") == (
        "urn:newsml:dpa.com:20090101:310508-99-1", "2", "Vier Tote", "Eine Bombe.\n\nDie Polizei kam.",
        "correction", 3, "de", "Hafen", "Portsmere (dpa) -", "Zahl korrigiert", ("medtop:20000055",),
    )  # fmt: skip
    other = json.loads(wires.DIGITALWIRES) | {"urn": "urn:newsml:dpa.com:20090101:310508-99-2"}
    queue = {"entries": [json.loads(wires.DIGITALWIRES), other]}
    assert len(parse(json.dumps(queue).encode(), HINT).entries) == 2
    later = json.loads(wires.DIGITALWIRES) | {"embargoed": "2031-05-08T20:00:00+02:00"}
    assert fields(only(json.dumps(later)), "status embargo_until") == (
        "embargo", dt.datetime(2031, 5, 8, 18, tzinfo=dt.UTC))  # fmt: skip


def test_parse_reads_ritzau() -> None:
    """HistID joins versions; a flash without a headline is its first sentence; Danish time."""
    entry = only(wires.RITZAU)
    assert fields(entry, "id version title body status urgency lang slugline located provider") == (
        "AL-17", "2", "En bombe dræbte fire.", "En bombe dræbte fire.\n\nPolitiet kom.", "correction", 2, "da",
        "NU/FLASH", "Portsmere", "ritzau",
    )  # fmt: skip
    assert entry.published == SENT.replace(microsecond=100_000)
    gone = wires.RITZAU.replace("<Annuleret>false", "<Annuleret>true")
    queue = (
        f"<XMLNewsQueuedResponse xmlns='http://t.example/'><r>{gone}</r></XMLNewsQueuedResponse>"
    )
    assert only(queue).status == "kill"


def test_parse_reads_a_press_release_and_the_canadian_press() -> None:
    """Escaped HTML as text, the day before the month, and the year 1 as no embargo."""
    release = only(wires.RELEASE)
    assert fields(release, "id title body url published lang provider") == (
        "17", "Fire drept", "En bombe & brann.\n\nPolitiet kom.", "https://press.example/17",
        dt.datetime(2031, 5, 8, 16, 30, tzinfo=dt.UTC), "no", "Havnen",
    )  # fmt: skip
    cp = only(wires.CP)
    assert fields(cp, "id title body status embargo_until located provider note") == (
        "abc", "Blast kills four", "A bomb.\n\nPolice came.", "update", None, "Portsmere, Westmark", "THE PRESS",
        "UPDATES: With toll.",
    )  # fmt: skip
    assert only(wires.CP.replace("<TrashFlag>false", "<TrashFlag>true")).status == "kill"


def test_parse_reads_a_mail() -> None:
    """Message-ID, decoded subject, the plain text without its signature; a form of Superdesk in JSON."""
    entry = only(wires.MAIL)
    assert fields(entry, "id title body published provider") == (
        "<17@agency.example>", "Blast at quayside – four dead",
        "A bomb killed <four> people.\n\nPolice sealed the quay.", SENT, "Press Office",
    )  # fmt: skip
    form = wires.MAIL.replace(
        "A bomb killed <four> people.\r\n\r\nPolice sealed the quay.\r\n-- \r\nPress Office",
        '{"Headline": ["Four dead"], "Slugline": ["blast"],\r\n "Body": ["A bomb."]}',
    )
    assert fields(only(form), "title slugline body") == ("Four dead", "blast", "A bomb.")


def test_parse_says_what_an_index_of_sitemaps_lists() -> None:
    """News first, then the newest, five at most; an index has no entries of its own."""
    rows = [("news-a", "2031-05-07"), ("archive", "2031-05-08"), ("news-b", "2031-05-08")]
    rows += [(f"old-{k}", "2030-01-01") for k in range(9)]
    listed = "".join(
        f"<sitemap><loc>/{n}.xml</loc><lastmod>{d}</lastmod></sitemap>" for n, d in rows
    )
    found = parse(
        f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{listed}</sitemapindex>'.encode(),
        Hint(url="https://post.example/index.xml"),
    )
    assert (found.format, found.entries) == ("sitemap-index", ())
    assert found.follow[:3] == tuple(
        f"https://post.example/{n}.xml" for n in ("news-b", "news-a", "archive"))  # fmt: skip
    assert len(found.follow) == 5


def test_parse_reads_an_export_of_wordpress() -> None:
    """Posts whole, however short; drafts, pages and pictures are no news."""
    rows = [("post", "publish"), ("post", "draft"), ("page", "publish"), ("attachment", "inherit")]
    items = "".join(
        f"<item><title>T{k}</title><link>https://p.example/{k}</link><wp:post_type>{kind}</wp:post_type>"
        f"<wp:status>{status}</wp:status><content:encoded><![CDATA[<p>A bomb.</p>]]></content:encoded></item>"
        for k, (kind, status) in enumerate(rows)
    )
    document = (
        '<rss version="2.0" xmlns:wp="http://wordpress.org/export/1.2/" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>P</title>'
        f"{items}</channel></rss>"
    )
    assert fields(only(document), "title body") == ("T0", "A bomb.")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"four people", b"four people &eacute;"),
        (b"four people", b"four people & more"),
        (b"four people", b"four people \x01"),
        (b"four people", "four people café".encode("cp1252")),
        (b"<newsMessage", b'<newsMessage xsi:schemaLocation="a b"'),
        (b"four people", b"four people &#0;"),
        (b'encoding="UTF-8"', b'encoding="UTF-16"'),
    ],
    ids=["entity", "ampersand", "control", "cp1252", "prefix", "reference", "encoding"],
)  # fmt: skip
def test_parse_repairs_small_faults_of_xml_without_losing_text(old: bytes, new: bytes) -> None:
    """A document that is nearly well-formed is read whole, to its last sentence."""
    data = wires.G2.encode()
    assert old in data
    entry = only(data.replace(old, new, 1))
    assert entry.body is not None
    assert entry.body.startswith("A bomb killed four people")
    assert entry.body.endswith("Nobody claimed it.")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "iso-8859-1", "windows-1256"])
def test_parse_reads_newsml_in_any_encoding(encoding: str) -> None:
    """By byte order mark or declaration."""
    document = wires.NEWSML.replace(
        'encoding="utf-8"', f'encoding="{encoding.removesuffix("-sig")}"'
    )
    document = (
        document.replace("tué", "tue")
        .replace("fermé", "ferme")
        .replace("très longue légende", "legende")
    )
    assert only(document.encode(encoding)).body == (
        "Une bombe a tue quatre personnes.\n\nLa police a ferme le quai.")  # fmt: skip


def test_parse_refuses_half_a_document() -> None:
    """What is cut off may lack half of its figures; nothing of it is used."""
    for name in ("newsml-g2", "newsml-1", "nitf", "ninjs", "digitalwires", "ritzau"):
        document = wires.DOCUMENTS[name]
        assert refused(document[: len(document) * 3 // 4]) in (
            "parse_error",
            "not_a_feed",
            "no_entries",
        )


def test_content_hash_sees_what_is_ordered_and_said_and_not_the_dates() -> None:
    """A kill is a change; a later version with the same words is none."""
    first = only(wires.G2)
    later = only(wires.G2.replace("T14:30", "T14:40").replace("978556838", "978556839"))
    killed = only(wires.G2.replace("stat:usable", "stat:canceled"))
    assert (first.id, later.id, killed.id) == (first.id,) * 3
    assert first.content_hash == later.content_hash != killed.content_hash
