"""Which format a document is in, from its first bytes; what the server says is not asked.

Servers send feeds as ``text/html`` and login pages as ``application/rss+xml``; feedparser calls
any HTML page a feed without entries. The root element does not lie. Junk before it (a PHP warning,
blank lines, a second byte order mark) is stepped over.
"""

from __future__ import annotations

import codecs
import re

_WINDOW = 65_536
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WIDE = (
    (b"<\x00\x00\x00", "utf-32-le"),
    (b"\x00\x00\x00<", "utf-32-be"),
    (b"<\x00", "utf-16-le"),
    (b"\x00<", "utf-16-be"),
)
_INTERNAL = re.compile(r"<!DOCTYPE[^\[>]{0,500}\[", re.IGNORECASE)
_ROOT = re.compile(
    r"<(?:[A-Za-z_][\w.-]*:)?(rss|RDF|feed|channel|urlset|sitemapindex|html|head|body|opml|svg|"
    r"newsItem|packageItem|newsMessage|conceptItem|knowledgeItem|planningItem|catalogItem|catalogRef|"
    r"NewsML|nitf)(?=[\s>/])",
    re.IGNORECASE,
)
_NAMES = {
    "rss": "rss", "rdf": "rdf", "feed": "atom", "channel": "cdf", "urlset": "sitemap",
    "sitemapindex": "sitemap index", "html": "html", "head": "html", "body": "html", "opml": "opml",
    "svg": "picture", "newsitem": "newsml-g2", "packageitem": "newsml-g2", "newsmessage": "newsml-g2",
    "newsml": "newsml-1", "nitf": "nitf", "conceptitem": "concept", "knowledgeitem": "concept",
    "planningitem": "planning", "catalogitem": "catalogue", "catalogref": "catalogue",
}  # fmt: skip
NO_NEWS = frozenset({"concept", "planning", "catalogue", "fragment", "binary"})
"""Documents of kinds that news agencies deliver beside news."""


def find_format(data: bytes) -> str:
    """The name of the format, or of what it is instead ("html", "json", "binary", "fragment", …)."""
    head = _decoded(data[:_WINDOW])
    start = head.lstrip("\ufeff \t\r\n\x00")
    if start[:1] in ("{", "["):
        return _json_kind(start)
    root = _root(head)
    if root:
        return _NAMES[root]
    if b"\x00" in data[:1024] or data[:4] in (b"%PDF", b"\xff\xd8\xff\xe0", b"GIF8", b"\x89PNG"):
        return "binary"
    return "fragment" if start.startswith("<") else "unknown"


def _root(head: str) -> str | None:
    """The first element that some format begins with; one pass, whatever stands before it."""
    position = head.find("<")
    while position >= 0:
        if head.startswith("<!--", position):
            position = _after(head, "-->", position)
        elif head.startswith("<?", position):
            position = _after(head, "?>", position)
        elif found := _INTERNAL.match(head, position):
            position = _after(head, "]", found.end())
        elif found := _ROOT.match(head, position):
            return found.group(1).lower()
        else:
            position += 1
        position = head.find("<", position) if position >= 0 else -1
    return None


def _after(head: str, mark: str, position: int) -> int:
    """Behind the next ``mark``; -1 when there is none."""
    found = head.find(mark, position)
    return found + len(mark) if found >= 0 else -1


def _json_kind(start: str) -> str:
    if "jsonfeed.org/version" in start.replace("\\/", "/"):
        return "jsonfeed"
    early = re.match(r'\{\s*"(?:title|version|items)"', start)
    return "jsonfeed" if early and '"items"' in start else "json"


def _decoded(head: bytes) -> str:
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            return head[len(mark) :].decode(encoding, "replace")
    for mark, encoding in _WIDE:
        if head.startswith(mark):
            return head.decode(encoding, "replace")
    return head.decode("utf-8", "replace")
