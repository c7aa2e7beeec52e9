"""What the XML formats of news agencies share: a tree of strangers' XML, names, text, codes.

Rules
-----
1. Names count, prefixes and namespaces do not: agencies send NewsML with a default namespace, with
   ``ns0:`` and with none at all, and put NITF of no namespace into it (Belga, TASS, 2019).
2. A document that is not well-formed gets one repair that cannot lose text: a wrong encoding, a bare
   ampersand, a named entity of HTML, a control character, a prefix that nobody declared. lxml's
   ``recover`` is used for undeclared prefixes alone: otherwise it cuts silently.
3. Entities that the document declares itself stay unread, whatever they hold.
4. A paragraph ends where a block ends; pictures, scripts and their like have no text.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from html.entities import html5
from typing import TypeAlias

from lxml import etree

from worker.core.domain.errors import FeedError
from worker.core.sources.hardened_xml import hardened_parser
from worker.core.text.charset import decode

Node: TypeAlias = etree._Element  # noqa: SLF001 - lxml gives its elements no other name

_PARAGRAPH, _LINE = "\u2029", "\u2028"
_BLOCKS = frozenset({
    "p", "hl1", "hl2", "h1", "h2", "h3", "h4", "h5", "h6", "li", "tr", "dt", "dd", "pre", "block", "div",
    "section", "article", "blockquote", "bq", "table", "ul", "ol", "dl", "header", "footer", "figcaption",
    "body.head", "body.content", "body.end", "hedline", "lede", "note", "P", "BODY",
})  # fmt: skip
_NO_TEXT = frozenset({
    "media", "script", "style", "head", "figure", "object", "iframe", "form", "button", "media-caption",
})  # fmt: skip
_INLINE = {"br": _LINE, "BR": _LINE, "td": " ", "th": " "}
"""What stands behind an element that is no block."""
_NAMED = re.compile(rb"&([A-Za-z][A-Za-z0-9]{0,31});")
_PREDEFINED = frozenset({b"amp", b"lt", b"gt", b"quot", b"apos"})
_BARE = re.compile(r"&(?!(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][\w.-]{0,31});)")
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_BAD_REFERENCE = re.compile(
    r"&#(?:0*(?:[0-8]|1[124-9]|2\d|3[01])|[xX]0*(?:[0-8bcBC]|[ef]|1[\da-fA-F]));"
)
_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,400}\?>")
_NAMESPACE_ERROR = etree.ErrorDomains.NAMESPACE
_URN = re.compile(
    r"urn:newsml:(?P<provider>[^:\s]{1,200}):(?P<day>(?:19|20)\d{6})(?:T[\dZ+-]*)?:(?P<item>\S{1,300})"
)
_REVISION = re.compile(r":\d{1,20}[NUA]?$")
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,500}>|&(?:#\d+|[a-zA-Z]\w*);")


def read_tree(data: bytes) -> Node:
    """The root of a document. Raises ``FeedError`` (parse_error)."""
    if not data.startswith(b"\x00<"):  # UTF-16 without a mark
        data = data.lstrip(b" \t\r\n\x00")
    if b"<!DOCTYPE" in data[:4096]:
        # An entity that a DTD elsewhere declares would be an empty node.
        data = _NAMED.sub(_character, data)
    try:
        root = etree.fromstring(data, hardened_parser())
    except (etree.XMLSyntaxError, ValueError) as error:
        root = _repaired(data, error)
    if b"<!ENTITY" in data or b"\x00" in data[:64]:
        # Left in the tree, libxml2 would expand them when it is asked for text.
        etree.strip_elements(root, etree.Entity, with_tail=False)
    return root


def _repaired(data: bytes, problem: Exception) -> Node:
    text = _DECLARATION.sub("", decode(data, None), count=1)
    start = text.find("<")
    text = _NOT_XML.sub("", _BAD_REFERENCE.sub("", text[max(start, 0) :]))
    repaired = _NAMED.sub(_character, _BARE.sub("&amp;", text).encode())
    lenient = hardened_parser(recover=True)
    root = etree.fromstring(repaired, lenient)
    faults = [e for e in lenient.error_log if e.domain != _NAMESPACE_ERROR]
    if root is None or faults:
        detail = faults[0].message if faults else str(problem)
        raise FeedError("parse_error", detail[:200]) from problem
    return root


def _character(found: re.Match[bytes]) -> bytes:
    """A named entity of HTML as a number, which any encoding can hold; other names stay."""
    if found[1] in _PREDEFINED:
        return found[0]
    known = html5.get(f"{found[1].decode()};")
    return "".join(f"&#{ord(c)};" for c in known).encode() if known else found[0]


def local(node: Node) -> str:
    """The name without its namespace; "" of comments, entities and processing instructions."""
    tag = node.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def children(node: Node | None, *names: str) -> Iterator[Node]:
    """Child elements of these names, in their order."""
    return iter(()) if node is None else node.iterchildren(*(f"{{*}}{name}" for name in names))


def child(node: Node | None, *path: str) -> Node | None:
    """The first element down a path of names."""
    for name in path:
        node = next(children(node, name), None)
    return node


def within(node: Node | None, *names: str) -> Iterator[Node]:
    """Elements of these names at any depth, the node itself among them."""
    return iter(()) if node is None else node.iter(*(f"{{*}}{name}" for name in names))


def line(node: Node | None) -> str | None:
    """All text of an element on one line; None when there is none."""
    if node is None:
        return None
    text = (
        node.text
        if not len(node)
        else str(etree.tostring(node, method="text", encoding="unicode", with_tail=False))
    )
    return " ".join((text or "").split()) or None


def spaced(node: Node | None) -> str | None:
    """As ``line``, with a blank between its elements: ``<byline>By A<byttl>Editor</byttl>``."""
    return None if node is None else " ".join(" ".join(node.itertext()).split()) or None


def attribute(node: Node | None, name: str) -> str | None:
    """An attribute's value, or None when it is missing or blank."""
    value = None if node is None else node.get(name)
    return (value or "").strip() or None


def lang_of(node: Node | None) -> str | None:
    """``xml:lang`` of an element."""
    return attribute(node, "{http://www.w3.org/XML/1998/namespace}lang")


def qcode(node: Node | None) -> str | None:
    """A concept as ``prefix:code``. IPTC's own sets have one spelling: ``medtop:``, ``subj:``."""
    if node is None:
        return None
    value = (node.get("qcode") or node.get("uri") or node.get("literal") or "").strip()
    return iptc_code(value) or None


def iptc_code(value: str) -> str:
    """A code as agencies print it, with the prefix that IPTC gives to its own sets."""
    last = value.rpartition("/")[2].rpartition(":")[2]
    if len(last) == 8 and last.isdecimal() and last.isascii():
        is_topic = last.startswith("2000") or "medtop" in value or "mediatopic" in value
        return f"medtop:{last}" if is_topic else f"subj:{last}"
    return value


def code(node: Node | None, name: str | None = None) -> str | None:
    """The last part of a concept in lower case: ``stat:canceled`` → ``canceled``.

    ``name``: the attribute that holds it, else ``qcode``, ``uri`` or ``literal``.
    """
    if node is None:
        return None
    keys = (name,) if name else ("qcode", "uri", "literal")
    value = next(filter(None, map(node.get, keys)), "")
    return value.strip().rpartition("/")[2].rpartition(":")[2].lower() or None


def number(text: str | None) -> int | None:
    """A short whole number."""
    text = (text or "").strip()
    return int(text) if len(text) <= 3 and text.isascii() and text.isdecimal() else None


def is_true(text: str | None) -> bool:
    """A flag as XML Schema has it."""
    return (text or "").strip().lower() in ("true", "1")


def unique(values: Iterable[str | None]) -> tuple[str, ...]:
    """What is there, each once, in order."""
    return tuple(dict.fromkeys(value for value in values if value))


def paragraphs(node: Node | None) -> str | None:
    """The text of an element: its paragraphs divided by an empty line. Changes the tree."""
    if node is None:
        return None
    for part in list(node.iter(etree.Element)):  # a list, because parts are taken out
        name = part.tag.rpartition("}")[2]
        if name in _BLOCKS:
            part.text = _PARAGRAPH + (part.text or "")
            part.tail = _PARAGRAPH + (part.tail or "")
            if name == "pre":
                _keep_lines(part)
        elif name in _INLINE:
            part.tail = _INLINE[name] + (part.tail or "")
        elif name in _NO_TEXT and part is not node:
            for inner in list(part):
                part.remove(inner)
            part.text = None
            part.tail = _PARAGRAPH + (part.tail or "")
    return tidy(etree.tostring(node, method="text", encoding="unicode", with_tail=False))


def _keep_lines(node: Node) -> None:
    for part in node.iter():
        part.text = (part.text or "").replace("\n", _LINE)
        if part is not node:
            part.tail = (part.tail or "").replace("\n", _LINE)


def tidy(text: str) -> str | None:
    """Text with the separators of paragraphs and lines set to what entries have."""
    found = (_lines(part) for part in text.split(_PARAGRAPH))
    return "\n\n".join(part for part in found if part) or None


def _lines(text: str) -> str:
    if _LINE not in text:
        return " ".join(text.split())
    return "\n".join(filter(None, (" ".join(part.split()) for part in text.split(_LINE))))


def has_markup(text: str) -> bool:
    """Whether a text is HTML that was escaped as a whole (Belga: ``&lt;b&gt;``)."""
    return _TAG.search(text) is not None


def plain_paragraphs(text: str | None) -> str | None:
    """Text of a wire without markup: an empty line or an indented one begins a paragraph."""
    if not text:
        return None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return tidy(re.sub(r"\n[ \t\xa0]*\n|\n(?=[ \t\xa0]{2,}\S)", _PARAGRAPH, text))


def from_base64(text: str, encoding: str | None) -> str | None:
    """The text behind Base64; the same text when it is not encoded."""
    if not encoding or "base64" not in encoding.lower():
        return text
    try:
        found = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return None
    return None if b"\x00" in found[:1024] else found.decode("utf-8", "replace")


def newsml_id(printed: str | None, version: str | None = None) -> str | None:
    """An id without the version and without the time of day that some write into it.

    ``urn:newsml:agency.example:20310508T101500Z:TX1:3`` → ``urn:newsml:agency.example:20310508:TX1``.
    The version is cut where the id ends with it; of a NewsML 1 urn any number at its end is one.
    """
    text = (printed or "").strip()
    ends = tuple(f"{mark}{version}{letter}" for mark in ":/" for letter in ("", "N", "U", "A"))
    if version and len(text) > len(version) + 12 and text.endswith(ends):
        shorter = text[: text.rfind(version) - 1]
        if not re.search(r"[:/](?:19|20)\d{6}$", shorter):
            text = shorter
    found = _URN.fullmatch(text)
    if not found:
        return text or None
    return f"urn:newsml:{found['provider']}:{found['day']}:{found['item']}"


def without_revision(printed: str | None) -> str | None:
    """The id of another item, as a notice prints it: its revision is not part of it."""
    text = (printed or "").strip()
    found = _URN.fullmatch(text)
    if found and ":" in found["item"]:
        text = _REVISION.sub("", text)
    return newsml_id(text)


def nitf_text(root: Node) -> str | None:
    """The text of an NITF document, without headline and byline. Changes the tree.

    Without a text it is the captions of its pictures.
    """
    body = child(root, "body")
    content = child(body, "body.content")
    captions = unique(map(line, within(root, "media-caption")))
    return paragraphs(content if content is not None else body) or "\n\n".join(captions) or None
