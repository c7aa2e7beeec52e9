"""Wire documents that are odd and allowed: as a standard permits them, and as few agencies write them.

All tell one story: a blast at a quay kills four. ``ODD`` names what is odd, with the document and what has
to be read of it besides the text that all share.
"""

from __future__ import annotations

import base64
import json
from typing import Any

TITLE = "Blast at quayside kills four"
ONE, TWO = "A bomb killed four people.", "Police sealed the quay."
BODY = f"{ONE}\n\n{TWO}"
HTML = f"<p>{ONE}</p><p>{TWO}</p>"
NAR, XHTML = "http://iptc.org/std/nar/2006-10-01/", "http://www.w3.org/1999/xhtml"
NITF_SPACE = "http://iptc.org/std/NITF/2006-10-18/"


def g2(
    content: str,
    *,
    headline: str = f"<headline>{TITLE}</headline>",
    meta: str = "",
    space: str = NAR,
) -> str:
    """A NewsML-G2 item with this content."""
    return (
        f'<newsItem xmlns="{space}" guid="tag:agency.example,2031:L1" version="1"><itemMeta>'
        f"<versionCreated>2031-05-08T16:30:00+02:00</versionCreated>{meta}</itemMeta><contentMeta>"
        f"{headline}</contentMeta><contentSet>{content}</contentSet></newsItem>"
    )


def inline(content: str, contenttype: str = "application/xhtml+xml") -> str:
    """Content of a NewsML-G2 item, as a tree."""
    return f'<inlineXML contenttype="{contenttype}">{content}</inlineXML>'


def xhtml(content: str = HTML) -> str:
    """XHTML with its namespace."""
    return f'<html xmlns="{XHTML}"><head><title>none</title></head><body>{content}</body></html>'


def newsml(content: str, front: str = "", more: str = "") -> str:
    """A NewsML 1 document; ``more`` stands in its management."""
    return (
        f'{front}<NewsML><NewsItem><Identification><NewsIdentifier><ProviderId>a.example</ProviderId>'
        "<DateId>20310508</DateId><NewsItemId>TX-POR-1</NewsItemId><RevisionId>1</RevisionId>"
        "<PublicIdentifier>urn:newsml:a.example:20310508:TX-POR-1:1</PublicIdentifier></NewsIdentifier>"
        "</Identification><NewsManagement><FirstCreated>20310508T143000Z</FirstCreated>"
        "<ThisRevisionCreated>20310508T143000Z</ThisRevisionCreated>"
        f'<Status FormalName="Usable"/>{more}</NewsManagement>{content}</NewsItem></NewsML>'
    )  # fmt: skip


def component(content: str) -> str:
    """A component of NewsML 1 with a headline and one content."""
    return (
        f"<NewsComponent><NewsLines><HeadLine>{TITLE}</HeadLine></NewsLines><ContentItem>"
        f"{content}</ContentItem></NewsComponent>"
    )


def nitf(
    content: str = HTML,
    *,
    data: str = "",
    front: str = "",
    root: str = "nitf",
    attributes: str = "",
) -> str:
    """An NITF document; ``data`` stands in its docdata."""
    return (
        f'{front}<{root}{attributes}><head><docdata><doc-id id-string="pt-17"/>'
        f'<date.issue norm="20310508T143000-0000"/>{data}</docdata></head><body><body.head><hedline>'
        f"<hl1>{TITLE}</hl1></hedline></body.head><body.content>{content}</body.content></body></{root}>"
    )


def ninjs(**more: Any) -> str:
    """A ninjs document."""
    raw = {"uri": "urn:newsml:a.example:20310508:17", "versioncreated": "2031-05-08T14:30:00Z",
           "headline": TITLE, "body_html": HTML, **more}  # fmt: skip
    return json.dumps({key: value for key, value in raw.items() if value is not None})


def anpa(
    header: str = "\x16\x16\x01W2870\x1f_asian\nu i\x13\x11 BC-WM--QuaysideBlast   05-08 0310\n\x02",
    text: str = f"\t   {ONE}\n\t   {TWO}\n",
    end: str = "\x03\nAP-WM-05-08-31 1430GMT<\n\x04",
) -> str:
    """An ANPA 1312 message."""
    return f"{header}^BC-WM--Quayside Blast,310<\n^{TITLE}<\n{text}{end}"


def iptc(
    header: str = "\x01eca0003 3 i 380  dpa 0157\r\n\r\nWestmark/explosion/\r\n\x02",
    end: str = "\x03081430 GMT May 31\r\n\x04",
) -> str:
    """An IPTC 7901 message."""
    return f"{header}{TITLE} =\r\n\r\n{ONE}\r\n\r\n{TWO}\r\n\r\n{end}"


def ap(item: dict[str, Any], **around: Any) -> str:
    """An item of AP's interface, as the answer to a question for it."""
    raw = {"altids": {"itemid": "0123abcd"}, "type": "text", "headline": TITLE, "body_html": HTML,
           "versioncreated": "2031-05-08T14:30:00Z", **item}  # fmt: skip
    return json.dumps({"api_version": "2.2", "data": {"item": raw}, **around})


def dpa(**more: Any) -> dict[str, Any]:
    """One item of dpa."""
    return {"urn": "urn:newsml:dpa.com:20090101:310508-99-1", "version": 1, "headline": TITLE,
            "version_created": "2031-05-08T16:30:00+02:00", "article_html": HTML, "ednotes": [], **more}  # fmt: skip


def mail(body: str, *headers: str) -> str:
    """An e-mail."""
    front = ("From: Press <press@agency.example>", "To: desk@example", "Message-ID: <17@agency.example>",
             "Date: Thu, 8 May 2031 14:30 GMT", "MIME-Version: 1.0", *headers)  # fmt: skip
    return "\n".join(front) + f"\n\n{body}"


_SUBSET = """[
  <!-- the text's own format ]> -->
  <!ENTITY % nitf SYSTEM "nitf-2-5.dtd">
  %nitf;
]"""
_PREFIXED = (
    g2("CONTENT").replace("<", "<nar:").replace("<nar:/", "</nar:").replace("xmlns=", "xmlns:nar=")
    .replace("CONTENT", '<nar:inlineXML contenttype="application/xhtml+xml"><h:html xmlns:h='
             f'"{XHTML}"><h:body><h:div><h:p>{ONE}</h:p><h:p>{TWO}</h:p></h:div></h:body></h:html>'
             "</nar:inlineXML>")
)  # fmt: skip
_ENVELOPE = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header/><s:Body>'
    f'<newsMessage xmlns="{NAR}"><itemSet>{g2(inline(xhtml()))}</itemSet></newsMessage></s:Body></s:Envelope>'
)
_HEADLINES = (
    f'<headline role="hld:subHeadline">Police seal the quay</headline><headline role="hld:main">{TITLE}'
    "</headline>"
)
_BASE64 = base64.b64encode(f"{ONE}\n\n{TWO}".encode()).decode()
_NITF_TEXT = f"<nitf><body><body.content>{HTML}</body.content></body></nitf>"
_ESCAPED_NITF = _NITF_TEXT.replace("<", "&lt;")
_ALTERNATIVE = (
    f"--a\nContent-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/html\n\n{HTML}\n--b--\n"
    "--a\nContent-Type: image/jpeg\nContent-Disposition: attachment\n\nxxxx\n--a--\n"
)

ODD: dict[str, tuple[str, str | bytes, dict[str, Any]]] = {
    "g2 under prefixes": ("newsml-g2", _PREFIXED, {}),
    "g2 in an envelope of SOAP": ("newsml-g2", _ENVELOPE, {}),
    "g2 in UTF-16": ("newsml-g2", ('<?xml version="1.0" encoding="UTF-16"?>' + g2(inline(xhtml()))).encode("utf-16"), {}),
    "g2 in UTF-16 without a mark": ("newsml-g2", ('<?xml version="1.0" encoding="UTF-16"?>' + g2(inline(xhtml()))).encode("utf-16-be"), {}),
    "g2 as XML 1.1 behind a stylesheet": ("newsml-g2", '<?xml version="1.1"?>\n<?xml-stylesheet href="x"?>\n' + g2(inline(xhtml())), {}),
    "g2 with the sub-headline first": ("newsml-g2", g2(inline(xhtml()), headline=_HEADLINES), {}),
    "g2 with NITF of its own namespace": ("newsml-g2", g2(inline(_NITF_TEXT.replace("<nitf>", f'<nitf xmlns="{NITF_SPACE}">'), "application/nitf+xml")), {}),
    "g2 with NITF as escaped data": ("newsml-g2", g2(f'<inlineData contenttype="text/xml">{_ESCAPED_NITF}</inlineData>'), {}),
    "g2 with data in Base64 named by an address": ("newsml-g2", g2(f'<inlineData contenttype="text/plain" encoding="http://cv.iptc.org/newscodes/encoding/base64">{_BASE64}</inlineData>'), {}),
    "g2 with paragraphs in CDATA": ("newsml-g2", g2(inline(xhtml(f"<p><![CDATA[{ONE}]]></p><p><![CDATA[{TWO}]]></p>"))), {}),
    "g2 with bare paragraphs": ("newsml-g2", g2(inline(HTML.replace("<p>", f'<p xmlns="{XHTML}">'))), {}),
    "g2 with an HTML fragment as data": ("newsml-g2", g2(f'<inlineData contenttype="text/html;charset=utf-8"><![CDATA[<div>{HTML}</div>]]></inlineData>'), {}),
    "g2 with the text of two renditions": ("newsml-g2", g2(f'<inlineData contenttype="text/plain">{ONE}</inlineData>' + inline(xhtml())), {}),
    "g2 with a status by address": ("newsml-g2", g2(inline(xhtml()), meta='<pubStatus uri="http://cv.iptc.org/newscodes/pubstatusg2/withheld"/>'), {"status": "hold"}),
    "g2 with a signal by literal": ("newsml-g2", g2(inline(xhtml()), meta='<signal literal="Correction"/>'), {"status": "correction"}),
    "newsml with an internal subset": ("newsml-1", newsml(component(f"<DataContent>{_NITF_TEXT}</DataContent>"), f'<?xml version="1.0"?>\n<!DOCTYPE NewsML PUBLIC "urn:newsml:iptc.org:20021018:NewsMLv1.2:1" "NewsML_1.2.dtd" {_SUBSET}>\n'), {}),
    "newsml with NITF in CDATA": ("newsml-1", newsml(component(f"<DataContent><![CDATA[{_NITF_TEXT}]]></DataContent>")), {}),
    "newsml with XHTML in CDATA": ("newsml-1", newsml(component(f"<MimeType FormalName='text/vnd.IPTC.NITF'/><DataContent><![CDATA[<html><head><title>none</title></head><body>{HTML}</body></html>]]></DataContent>")), {}),
    "newsml in nested components": ("newsml-1", newsml(f"<NewsComponent><NewsComponent><Role FormalName='Main'/>{component(f'<DataContent>{HTML}</DataContent>')}</NewsComponent></NewsComponent>"), {}),
    "newsml under a prefix": ("newsml-1", newsml(component(f"<DataContent>{HTML}</DataContent>")).replace("<", "<n:").replace("<n:/", "</n:").replace("<n:NewsML>", '<n:NewsML xmlns:n="urn:x">'), {}),
    "newsml with an encoding of Base64": ("newsml-1", newsml(component(f'<Encoding Notation="Base64"><DataContent>{_BASE64}</DataContent></Encoding>')), {}),
    "newsml that is an item alone": ("newsml-1", newsml(component(f"<DataContent>{HTML}</DataContent>")).replace("<NewsML>", "").replace("</NewsML>", ""), {}),
    "nitf of its own namespace": ("nitf", nitf(attributes=f' xmlns="{NITF_SPACE}"'), {}),
    "nitf under a prefix": ("nitf", nitf().replace("<", "<n:").replace("<n:/", "</n:").replace("<n:nitf>", f'<n:nitf xmlns:n="{NITF_SPACE}">'), {}),
    "nitf with an internal subset": ("nitf", nitf(front='<?xml version="1.0"?><!DOCTYPE nitf PUBLIC "-//IPTC//DTD NITF 3.4//EN" "nitf-3-4.dtd" [<!ENTITY agency "A>B">]>'), {}),
    "nitf in blocks": ("nitf", nitf(f'<block id="main"><p lede="true">{ONE}</p></block><block><p>{TWO}</p></block>'), {}),
    "nitf with an issue in local time": ("nitf", nitf().replace("143000-0000", "103000-0400"), {}),
    "nitf that corrects another": ("nitf", nitf(data='<correction info="Corrects toll" id-string="pt-9" regsrc="A"/>'), {"status": "correction", "withdraws": "pt-9"}),
    "nitf that says what became of another": ("nitf", nitf(data="").replace("<docdata>", '<docdata management-doc-idref="pt-9" management-idref-status="canceled">'), {"withdraws": "pt-9"}),
    "ninjs of the least fields": ("ninjs", ninjs(headline=None, body_html=None, title=TITLE, body_xhtml=HTML), {}),
    "ninjs 2 with several bodies": ("ninjs", ninjs(headline=None, body_html=None, headlines=[{"role": "sub", "value": "Police seal quay"}, {"role": "main", "value": TITLE}], bodies=[{"role": "text", "contenttype": "text/plain", "value": ONE}, {"role": "xhtml", "contenttype": "application/xhtml+xml", "value": f"<body>{HTML}</body>"}]), {}),
    "ninjs 3 with names in camels": ("ninjs", ninjs(headline=None, body_html=None, versioncreated=None, versionCreated="2031-05-08T14:30:00Z", pubStatus="canceled", standard={"name": "ninjs", "version": "3.3"}, headlines=[{"value": TITLE}], bodies=[{"contentType": "text/html", "value": HTML}], altIds=[{"role": "x", "value": "1"}]), {"status": "kill"}),
    "ninjs of a list": ("ninjs", f"[{ninjs()}]", {}),
    "ninjs in an answer of Superdesk": ("ninjs", f'{{"_items": [{ninjs()}], "_meta": {{"total": 1}}}}', {}),
    "ninjs with a status by address": ("ninjs", ninjs(pubstatus="http://cv.iptc.org/newscodes/pubstatusg2/withheld"), {"status": "hold"}),
    "ninjs with a signal by address": ("ninjs", ninjs(signals=[{"uri": "http://cv.iptc.org/newscodes/signal/correction"}]), {"status": "correction"}),
    "ninjs with plain text alone": ("ninjs", ninjs(body_html=None, body_text=f"{ONE}\n\n{TWO}"), {}),
    "ninjs in UTF-16": ("ninjs", ninjs().encode("utf-16"), {}),
    "ninjs behind a mark": ("ninjs", "\ufeff" + ninjs(), {}),
    "anpa with CR LF and all separators": ("anpa", anpa().replace("\n", "\r\n").replace("\x01", "\x01").replace("^", "\x1e^"), {}),
    "anpa of three digits and an upper category": ("anpa", anpa("\x16\x16\x16\x16\x01b287\x1fabcde\nU I\x14\x12 BC-WM--QuaysideBlast 0000 5-8 0310\n\x02"), {"urgency": 3}),
    "anpa with a station before the selector": ("anpa", anpa("\x00\x00\x16\x16\x01W2870UPI\x1fabcde-\r\nu i\x13\x12 BC-WM--QuaysideBlast   05-08 310\r\n\x02"), {}),
    "anpa sent from New York": ("anpa", anpa(end="\x03\r\n\r\nAP-NY-05-08-31 1030EDT\r\n\x04"), {}),
    "anpa without a service": ("anpa", anpa("\x16\x16\x012870\x1f_asian\nu i\x13\x11 BC-WM--QuaysideBlast   05-08 0310\n\x02"), {}),
    "iptc 7901 with the year in full": ("iptc7901", iptc(end="\x03081430 GMT MAY 2031\r\n\x04"), {}),
    "iptc 7901 with a zone of its own": ("iptc7901", iptc(end="\x03081430 UTC MAY 31\r\n\x04"), {}),
    "iptc 7901 behind signs of the line": ("iptc7901", iptc("\x00\x16\x16\x01bsd0123 3 POL 380\r\n\r\nWestmark/explosion/\r\n\x02"), {}),
    "zczc in lower case with an order": ("zczc", f"\r\n\r\nzczc abc0123\r\n#Westmark Blast\r\n^{TITLE}\r\n{ONE}\r\n\r\n{TWO}\r\nnnnn\r\n", {"published": None, "updated": None}),
    "ap of one item that was canceled": ("ap-media", ap({"pubstatus": "Canceled"}), {"status": "kill"}),
    "ap under embargo": ("ap-media", ap({"pubstatus": "Embargoed", "embargoed": "2031-05-08T20:00:00Z", "signals": ["newscontent"]}), {"status": "embargo"}),
    "ap with types of editors": ("ap-media", ap({"editorialtypes": ["Hold For Release"]}), {"status": "hold"}),
    "ap without the envelope": ("ap-media", json.dumps({"item": json.loads(ap({"editorialpriority": "u"}))["data"]["item"]}), {"urgency": 3}),
    "dpa in an answer of a queue": ("digitalwires", json.dumps({"entries": [dpa(format="digitalwires@1.0.0")]}), {}),
    "dpa without a name of the format": ("digitalwires", json.dumps(dpa(pubstatus="canceled")), {"status": "kill"}),
    "dpa with a signal in capitals": ("digitalwires", json.dumps(dpa(signal="sig:CORRECTION")), {"status": "correction"}),
    "ritzau with prefixes": ("ritzau", f'<a:RBNews xmlns:a="urn:x"><a:HistID>AL-1</a:HistID><a:headline>{TITLE}</a:headline><a:PublishDate>2031-05-08T14:30:00Z</a:PublishDate><a:content><![CDATA[{HTML}]]></a:content><a:Annuleret>1</a:Annuleret></a:RBNews>', {"status": "kill"}),
    "canadian press with flags of XML Schema": ("cp-publish", f"<Publish><ContentItem><SystemSlug>a</SystemSlug><Headline>{TITLE}</Headline><HoldFlag>1</HoldFlag><CreatedDateTime>2031-05-08T14:30:00Z</CreatedDateTime><UpdatedDateTime>2031-05-08T14:30:00Z</UpdatedDateTime><ContentText><![CDATA[{HTML}]]></ContentText></ContentItem></Publish>", {"status": "hold"}),
    "press release with elements in its body": ("press-release", f'<release id="17"><title>{TITLE}</title><body>{HTML}</body><publicationDate>2031-05-08T14:30:00Z</publicationDate></release>', {"updated": None}),
    "mail in quoted-printable": ("mail", mail(f"{ONE[:9]}=\n{ONE[9:]}\n\n{TWO}\n", f"Subject: {TITLE}", "Content-Type: text/plain; charset=iso-8859-1", "Content-Transfer-Encoding: quoted-printable"), {}),
    "mail in Base64 with a folded subject": ("mail", mail(_BASE64, f"Subject: {TITLE[:9]}\n {TITLE[9:]}", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: base64"), {}),
    "mail of HTML among attachments": ("mail", mail(_ALTERNATIVE, f"Subject: {TITLE}", "Content-Type: multipart/mixed; boundary=a"), {}),
}  # fmt: skip
