"""One document of each wire format, written for the tests: four people are killed at a quay."""

from __future__ import annotations

import json

G2 = """<?xml version="1.0" encoding="UTF-8"?>
<newsMessage xmlns="http://iptc.org/std/nar/2006-10-01/"><header><sent>2031-05-08T14:31:00Z</sent></header>
<itemSet><newsItem guid="tag:agency.example,2031:newsml_L1" version="978556838" xml:lang="en"
 standard="NewsML-G2" standardversion="2.28">
 <itemMeta><itemClass qcode="ninat:text"/><provider literal="agency.example"/>
  <versionCreated>2031-05-08T14:30:00Z</versionCreated><firstCreated>2031-05-08T14:00:00Z</firstCreated>
  <pubStatus qcode="stat:usable"/><signal qcode="edStat:U"/><edNote>Adds toll</edNote></itemMeta>
 <contentMeta><urgency>2</urgency><headline>Blast at quayside
   kills four</headline><slugline>WESTMARK-BLAST</slugline><dateline>PORTSMERE, May 8</dateline>
  <by>By Ada Lind</by><creditline>Agency</creditline><genre qcode="genre:Current"><name>Current</name></genre>
  <located qcode="city:1"><name>Portsmere</name><broader qcode="c:2"><name>Westmark</name></broader></located>
  <subject qcode="medtop:20000055"/><subject qcode="subj:16005002"/><language tag="en"/></contentMeta>
 <contentSet><inlineXML contenttype="application/xhtml+xml"><html xmlns="http://www.w3.org/1999/xhtml">
  <head><title>no text</title></head><body><p>A bomb killed four people &amp; wounded <b>nine</b>.</p>
  <p>Police sealed the quay.<br/>Nobody claimed it.</p></body></html></inlineXML></contentSet></newsItem>
</itemSet></newsMessage>"""

NEWSML = """<?xml version="1.0" encoding="utf-8"?>
<NewsML Version="1.2"><NewsEnvelope><DateAndTime>20310508T143000Z</DateAndTime><Priority FormalName="2"/></NewsEnvelope>
<NewsItem xml:lang="fr"><Identification><NewsIdentifier><ProviderId>agence.example</ProviderId>
<DateId>20310508T140000Z</DateId><NewsItemId>TX-POR-ABC12</NewsItemId><RevisionId PreviousRevision="1" Update="N">2</RevisionId>
<PublicIdentifier>urn:newsml:agence.example:20310508T140000Z:TX-POR-ABC12:2</PublicIdentifier></NewsIdentifier>
<NameLabel>Westmark-attentat-port</NameLabel></Identification>
<NewsManagement><NewsItemType FormalName="News"/><FirstCreated>20310508T140000+0000</FirstCreated>
<ThisRevisionCreated>20310508T143000+0000</ThisRevisionCreated><Status FormalName="Usable"/><Urgency FormalName="3"/></NewsManagement>
<NewsComponent><NewsLines><HeadLine>Quatre morts dans une explosion</HeadLine><DateLine>Portsmere (Agence) -</DateLine></NewsLines>
<AdministrativeMetadata><Provider><Party FormalName="Agence"/></Provider></AdministrativeMetadata>
<DescriptiveMetadata><SubjectCode><SubjectMatter FormalName="16005002"/></SubjectCode>
<Location HowPresent="Origin"><Property FormalName="City" Value="Portsmere"/><Property FormalName="Country" Value="WMK"/></Location></DescriptiveMetadata>
<ContentItem><MediaType FormalName="Text"/><DataContent><nitf><body><body.content><p>Une bombe a tué quatre personnes.</p>
<p>La police a fermé le quai.</p></body.content></body></nitf></DataContent></ContentItem>
<NewsComponent><Role FormalName="Caption"/><NewsLines><ByLine>Une photographe</ByLine></NewsLines>
<ContentItem><DataContent><p>Le quai, très longue légende d'une photo qui n'est pas le texte de la dépêche mais qui est bien plus longue que lui.</p></DataContent></ContentItem></NewsComponent>
</NewsComponent></NewsItem></NewsML>"""

NITF = """<?xml version="1.0" encoding="iso-8859-1"?>
<!DOCTYPE nitf SYSTEM "../dtd/nitf-3-2.dtd">
<nitf version="-//IPTC//DTD NITF 3.2//EN"><head><title>Blast</title>
<tobject tobject.type="news"><tobject.subject tobject.subject.refnum="16005002"/></tobject>
<docdata management-status="usable"><doc-id id-string="pt-17" regsrc="Agency"/><urgency ed-urg="3"/>
<evloc city="Portsmere" iso-cc="WM"/><date.issue norm="20310508T143000Z"/><ed-msg info="Recasts lead"/>
<key-list><keyword key="quay"/><keyword key="blast"/></key-list><du-key key="blast" version="2"/></docdata></head>
<body><body.head><hedline><hl1>Blast at quayside kills four</hl1></hedline>
<byline>By Ada Lind<byttl>Staff Writer</byttl></byline><distributor>The Agency</distributor>
<dateline><location>NORTHPORT</location></dateline><abstract><p>Four are dead.</p></abstract></body.head>
<body.content><media media-type="image"><media-caption>The quay</media-caption></media>
<p>A bomb killed four people&nbsp;&ndash; and wounded nine.</p><p>Police sealed the quay.</p></body.content></body></nitf>"""

NINJS_1 = json.dumps({
    "uri": "http://agency.example/items/17", "type": "text", "version": "3", "urgency": 3,
    "versioncreated": "2031-05-08T14:30:00Z", "firstcreated": "2031-05-08T14:00:00Z", "language": "en",
    "pubstatus": "usable", "headline": "Blast at quayside kills four", "byline": "Ada Lind",
    "located": "Portsmere", "slugline": "westmark-blast", "source": "Agency", "ednote": "Adds toll",
    "subject": [{"code": "16005002", "name": "bombings"}], "genre": [{"code": "a", "name": "Article"}],
    "body_html": "<p>A bomb killed four people.</p><p>Police sealed the quay.</p>",
    "associations": {"photo": {"type": "picture", "uri": "http://agency.example/p", "description_text": "x"}},
})  # fmt: skip

NINJS_3 = json.dumps({
    "uri": "urn:newsml:agency.example:20310508:17", "type": "text", "version": "3", "urgency": 3,
    "versionCreated": "2031-05-08T14:30:00Z", "pubStatus": "usable", "language": "en", "edNote": "Adds toll",
    "headlines": [{"role": "main", "value": "Blast at quayside kills four"}],
    "bodies": [{"role": "text", "value": "A bomb."},
               {"contentType": "text/html", "value": "<p>A bomb killed four people.</p><p>Police sealed the quay.</p>"}],
    "subjects": [{"uri": "http://cv.iptc.org/newscodes/mediatopic/20000055"}], "by": "Ada Lind",
    "places": [{"name": "Portsmere"}], "infoSources": [{"name": "Agency"}],
})  # fmt: skip

IPTC7901 = (
    "\x01eca0003 3 i 380  dpa 0157\r\n\r\nWestmark/explosion/\r\n\x02REFILE\r\n1ST LEAD\r\n"
    "Blast at quayside kills\r\nfour people\r\nBy Ada Lind, dpa =\r\n\r\nPortsmere (dpa) - A bomb killed\r\n"
    "four people.\r\n\r\nPolice sealed the quay – for now.\r\n\r\n\x03081430 GMT Mai 31\r\n\x7f\r\n\x04"
)

ANPA = (
    "\x16\x16\x01W2870\x1f_asian\nu i\x13\x11 BC-WM--QuaysideBlast 1stLd-Writethru   05-08 0310\n"
    "\x02^BC-WM--Quayside Blast, 1st Ld-Writethru,310<\n^Blast at quayside kills four<\n"
    "^Eds: Updates with toll.<\n^By ADA LIND=\n^Associated Press=\n"
    "\t   PORTSMERE, Westmark (AP) _ A ``bomb'' killed four people.\n \n\t   Police sealed the quay.\n\n"
    "\t   \x03AP-WM-05-08-31 1430GMT<\n\n\x0c\n\x04"
)

ZCZC = (
    "ZCZC AAP\r\n#Blast_BC1\r\n$Blast at quayside\r\n:(PORTSMERE)\r\n*16000000\r\n"
    "A bomb killed four people.\r\n\r\n   Police sealed the quay.\r\n\r\nNNNN\r\n"
)

AP_MEDIA = json.dumps({
    "api_version": "2.1", "data": {"next_page": "https://api.example/2", "items": [{"item": {
        "uri": "https://api.example/17?et=1", "altids": {"itemid": "0123abcd", "etag": "0123abcd_1"},
        "version": 2, "type": "text", "pubstatus": "usable", "editorialpriority": "u", "language": "en",
        "versioncreated": "2031-05-08T14:30:00Z", "firstcreated": "2031-05-08T14:00:00Z",
        "headline": "Blast at quayside kills four", "slugline": "BC-WM--Quayside Blast",
        "description_summary": "Four are dead.", "ednote": "Eds: UPDATES: With toll.",
        "datelinelocation": {"city": "Portsmere", "countryname": "Westmark"}, "provider": "AP",
        "bylines": [{"by": "By ADA LIND"}], "subject": [{"code": "i", "name": "i"}]}}]},
})  # fmt: skip

DIGITALWIRES = json.dumps({
    "format": "digitalwires@0.9.1", "entry_id": "x1", "urn": "urn:newsml:dpa.com:20090101:310508-99-1",
    "version": 2, "version_created": "2031-05-08T16:30:00+02:00", "pubstatus": "usable", "urgency": 3,
    "signal": "sig:correction", "embargoed": None, "language": "de", "kicker": "Hafen", "headline": "Vier Tote",
    "byline": "Von Ada Lind", "dateline": "Portsmere (dpa) - ", "creditline": "dpa", "teaser": "Vier.",
    "article_html": '<section class="main"><p>Eine Bombe.</p><p>Die Polizei kam.</p></section>',
    "ednotes": [{"role": "dpaednoterole:editorialnote", "ednote": "Zahl korrigiert"},
                {"role": "dpaednoterole:contacts", "ednote": "Tel. 1"}],
    "categories": [{"type": "dnltype:subject", "qcode": "medtop:20000055"}],
})  # fmt: skip

RITZAU = """<RBNews xmlns="" xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><NewsID>n-1</NewsID>
<PublishDate>2031-05-08T16:30:00.1</PublishDate><strapline>NU/FLASH</strapline><headline i:nil="true"/>
<town>Portsmere</town><origin>/ritzau/</origin><section>Udland</section><version>2</version>
<content>&lt;p&gt;En bombe dræbte fire.&lt;/p&gt;&lt;p&gt;Politiet kom.&lt;/p&gt;</content><HistID>AL-17</HistID>
<Priority>2</Priority><Annuleret>false</Annuleret><NyVersion>false</NyVersion><Korrektion>true</Korrektion></RBNews>"""

RELEASE = """<release id="17" lang="no"><title>Fire drept</title><longurl>https://press.example/17</longurl>
<body>&lt;p&gt;En bombe &amp;amp; brann.&lt;/p&gt;&lt;p&gt;Politiet kom.&lt;/p&gt;</body><leadtext>Fire.</leadtext>
<embargo/><publicationDate>08.05.2031 16:30</publicationDate><publisher id="1"><name>Havnen</name></publisher></release>"""

CP = """<Publish><PublishID>1</PublishID><ContentItem><SystemSlug>abc</SystemSlug><Headline>Blast kills four</Headline>
<HoldFlag>false</HoldFlag><TrashFlag>false</TrashFlag><SlugProper>WM-Blast</SlugProper><Credit>THE PRESS</Credit>
<UpdateNote>UPDATES: With toll.</UpdateNote><EmbargoTime>0001-01-01T00:00:00</EmbargoTime><Placeline>Portsmere;;Westmark</Placeline>
<CreatedDateTime>2031-05-08T14:00:00</CreatedDateTime><UpdatedDateTime>2031-05-08T14:30:00</UpdatedDateTime>
<ContentText>&lt;p&gt;A bomb.&lt;/p&gt;&lt;p&gt;Police came.&lt;/p&gt;</ContentText></ContentItem></Publish>"""

MAIL = (
    "Received: by a\r\nFrom: Press Office <press@agency.example>\r\nTo: desk@example\r\n"
    "Subject: =?utf-8?q?Blast_at_quayside_=E2=80=93_four_dead?=\r\nMessage-ID: <17@agency.example>\r\n"
    "Date: Thu, 08 May 2031 14:30:00 +0000\r\nMIME-Version: 1.0\r\n"
    "Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    "A bomb killed <four> people.\r\n\r\nPolice sealed the quay.\r\n-- \r\nPress Office\r\n--b\r\n"
    "Content-Type: text/html\r\n\r\n<p>other</p>\r\n--b--\r\n"
)

DOCUMENTS: dict[str, str] = {
    "newsml-g2": G2, "newsml-1": NEWSML, "nitf": NITF, "ninjs": NINJS_1, "iptc7901": IPTC7901, "anpa": ANPA,
    "zczc": ZCZC, "ap-media": AP_MEDIA, "digitalwires": DIGITALWIRES, "ritzau": RITZAU,
    "press-release": RELEASE, "cp-publish": CP, "mail": MAIL,
}  # fmt: skip
