"""The items of a story as agencies send them, in each format: the same words, other wrappings."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from html import escape

AT = dt.datetime(2031, 5, 8, 14, 0, tzinfo=dt.UTC)
SLUG = "BC-WM--Customs House"


@dataclass(frozen=True)
class Sent:
    """One transmission. ``id``: a number; ``minute``: after the first; ``signal``: update, correction,
    refile, repeat; ``status``: usable, canceled, withheld; ``embargo``: minutes after the first.
    """

    title: str
    body: str = ""
    id: int = 157
    minute: int = 0
    signal: str = ""
    status: str = "usable"
    embargo: int | None = None
    slug: str = SLUG
    note: str = ""
    number: int = 0
    """Of formats that number each transmission; 0: the id."""
    ends: int = 0
    """The id of another item that is ended."""
    begin: dt.datetime = AT
    provider: str = ""
    """Credited in a field of ninjs, not in the text."""

    @property
    def at(self) -> dt.datetime:
        return self.begin + dt.timedelta(minutes=self.minute)

    @property
    def until(self) -> dt.datetime | None:
        return None if self.embargo is None else self.begin + dt.timedelta(minutes=self.embargo)

    @property
    def paragraphs(self) -> list[str]:
        return self.body.split("\n\n") if self.body else []


def bomb(dead: str, more: str = "", day: str = "Thursday, May 8") -> str:
    """The text of a bombing at the Customs House."""
    text = (
        f"PORTSMERE, Valdra - A car bomb killed {dead} people outside the Customs House on Lantern Quay "
        f"in Portsmere on {day}, the City Guard said.\n\nThe vehicle exploded at 9 a.m. No "
        "group claimed responsibility for the attack."
    )
    return f"{text}\n\n{more}" if more else text


def g2(one: Sent) -> str:
    """NewsML-G2."""
    signal = f'<signal qcode="sig:{one.signal}"/>' if one.signal else ""
    embargo = f"<embargoed>{one.until.isoformat()}</embargoed>" if one.until else ""
    note = f"<edNote>{escape(one.note)}</edNote>" if one.note else ""
    text = "".join(f"<p>{escape(p)}</p>" for p in one.paragraphs)
    return f"""<newsItem xmlns="http://iptc.org/std/nar/2006-10-01/" guid="tag:agency.example,2031:{one.id}"
 version="{one.minute + 1}" xml:lang="en"><itemMeta><itemClass qcode="ninat:text"/>
 <versionCreated>{one.at.isoformat()}</versionCreated><firstCreated>{one.begin.isoformat()}</firstCreated>
 {embargo}<pubStatus qcode="stat:{one.status}"/>{note}{signal}</itemMeta><contentMeta>
 <headline>{escape(one.title)}</headline><slugline>{escape(one.slug)}</slugline><language tag="en"/>
 </contentMeta><contentSet><inlineXML contenttype="application/xhtml+xml">
 <html xmlns="http://www.w3.org/1999/xhtml"><body>{text}</body></html></inlineXML></contentSet></newsItem>"""


def newsml_1(one: Sent) -> str:
    """NewsML 1.2."""
    status = {"usable": "Usable", "canceled": "Canceled", "withheld": "Withheld"}[one.status]
    if one.until:
        status = "Embargoed"
    change = (
        f'<StatusWillChange><FutureStatus FormalName="Usable"/><DateAndTime>{one.until:%Y%m%dT%H%M%S}+0000'
        "</DateAndTime></StatusWillChange>" if one.until else ""
    )  # fmt: skip
    instruction = f'<Instruction FormalName="{one.signal.title()}"/>' if one.signal else ""
    text = "".join(f"<p>{escape(p)}</p>" for p in one.paragraphs)
    return f"""<NewsML Version="1.2"><NewsItem xml:lang="en"><Identification><NewsIdentifier>
<ProviderId>agency.example</ProviderId><DateId>20310508T140000Z</DateId><NewsItemId>TX-POR-{one.id}</NewsItemId>
<RevisionId>{one.minute + 1}</RevisionId>
<PublicIdentifier>urn:newsml:agency.example:20310508T140000Z:TX-POR-{one.id}:{one.minute + 1}</PublicIdentifier>
</NewsIdentifier><NameLabel>{escape(one.slug)}</NameLabel></Identification>
<NewsManagement><FirstCreated>{AT:%Y%m%dT%H%M%S}+0000</FirstCreated>
<ThisRevisionCreated>{one.at:%Y%m%dT%H%M%S}+0000</ThisRevisionCreated>
<Status FormalName="{status}"/>{change}{instruction}</NewsManagement><NewsComponent><NewsLines>
<HeadLine>{escape(one.title)}</HeadLine></NewsLines><ContentItem><DataContent>{text}</DataContent>
</ContentItem></NewsComponent></NewsItem></NewsML>"""


def ninjs(one: Sent) -> str:
    """ninjs 2."""
    return json.dumps({
        "uri": f"urn:newsml:agency.example:20310508:{one.id}", "type": "text",
        "version": str(one.minute + 1), "versioncreated": one.at.isoformat(),
        "firstcreated": one.begin.isoformat(), "pubstatus": one.status, "language": "en",
        "headline": one.title, "slugline": one.slug, "ednote": one.note, "source": one.provider,
        "embargoed": one.until.isoformat() if one.until else None,
        "signals": [{"code": one.signal}] if one.signal else [],
        "body_html": "".join(f"<p>{escape(p)}</p>" for p in one.paragraphs),
    })  # fmt: skip


def nitf(one: Sent) -> str:
    """NITF 3."""
    release = f'<date.release norm="{one.until:%Y%m%dT%H%M%SZ}"/>' if one.until else ""
    status = "embargoed" if one.until else one.status
    ends = f' management-doc-idref="pt-{one.ends}"' if one.ends else ""
    words = {"update": "Updates with toll", "correction": "Corrects toll", "refile": "REFILE",
             "repeat": "REPEATS", "": ""}[one.signal]  # fmt: skip
    note = f'<ed-msg info="{escape(one.note or words)}"/>'
    text = "".join(f"<p>{escape(p)}</p>" for p in one.paragraphs)
    return f"""<nitf><head><docdata management-status="{status}"{ends}><doc-id id-string="pt-{one.id}"/>
<date.issue norm="{one.at:%Y%m%dT%H%M%SZ}"/>{release}{note}<du-key key="{escape(one.slug)}"/></docdata></head>
<body><body.head><hedline><hl1>{escape(one.title)}</hl1></hedline></body.head><body.content>{text}
</body.content></body></nitf>"""


def iptc7901(one: Sent) -> str:
    """IPTC 7901 text: each transmission has a number of its own, and orders are words."""
    orders = {"update": "1ST LEAD\n", "correction": "CORRECTION\n", "refile": "REFILE\n",
              "repeat": "REPEAT\n", "": ""}[one.signal]  # fmt: skip
    orders += {"canceled": "KILL KILL KILL\n", "withheld": "HOLD HOLD HOLD\n", "usable": ""}[
        one.status
    ]
    if one.until:
        orders += f"EMBARGOED UNTIL {one.until:%H%M} GMT\n"
    number = one.number or one.id
    named = f"\n\nPlease kill item dpa {one.ends}." if one.ends and one.status == "canceled" else ""
    named += (
        f"\n\nPlease hold item dpa {one.ends}." if one.ends and one.status == "withheld" else ""
    )
    body = "\n\n".join(one.paragraphs) + named
    return (
        f"\x01eca0003 3 i 380  dpa {number:04}\n\n{one.slug}/\n\x02{orders}{one.title} =\n\n{body}\n\n"
        f"\x03{one.at:%d%H%M} GMT May 31\n"
    )


FORMATS = {
    "newsml-g2": g2,
    "newsml-1": newsml_1,
    "ninjs": ninjs,
    "nitf": nitf,
    "iptc7901": iptc7901,
}


def anpa(title: str, body: str, version: str = "", minute: int = 0, slug: str = SLUG) -> str:
    """ANPA 1312 text. ``version``: "1st Ld-Writethru", "2nd Take", "KILL" …"""
    at = AT + dt.timedelta(minutes=minute)
    line = f"{slug}, {version}" if version else slug
    text = "\n".join(f"\t   {paragraph}" for paragraph in body.split("\n\n"))
    return (
        f"W2870 _asian\nu i {slug.replace(' ', '')} {version.replace(' ', '')}   05-08 0310\n"
        f"^{line},310<\n^{title}<\n{text}\n\x03AP-WM-05-08-31 {at:%H%M}GMT<\n"
    )
