"""More odd and hostile answers, each with what a poll of it must end with: raw bytes by path.

``READ`` are headers that curl and browsers read, ``REFUSED`` those that could let one answer pass for
another's; ``INNER`` are redirects to inner addresses in every spelling that has fooled somebody.
"""

from __future__ import annotations

import zlib

from tests.hostile.server import FEED

Outcome = str | tuple[str, ...]
_SIZE = len(FEED)
_NOWHERE = ("blocked_address", "blocked_url", "redirect_invalid", "dns")
"""How a redirect may end that must reach nobody."""


def _headed(*lines: bytes, body: bytes = FEED, end: bytes = b"\r\n") -> bytes:
    head = (b"HTTP/1.1 200 OK", b"Content-Type: application/rss+xml", *lines, b"", b"")
    return end.join(head) + body


def _chunks(body: bytes, mark: bytes = b"%x\r\n") -> bytes:
    return mark % len(body) + body + b"\r\n0\r\n\r\n"


_LENGTH = b"Content-Length: %d" % _SIZE
_CHUNKED = b"Transfer-Encoding: chunked"
READ: dict[str, bytes] = {
    "length-twice-equal": _headed(_LENGTH, _LENGTH),
    "length-thrice-equal": _headed(_LENGTH, _LENGTH, _LENGTH),
    "length-listed": _headed(b"Content-Length: %d, %d" % (_SIZE, _SIZE)),
    "length-zeros": _headed(b"Content-Length: 000%d" % _SIZE),
    "length-beside-chunks": _headed(_LENGTH, _CHUNKED, body=_chunks(FEED)),
    "chunks-beside-length": _headed(_CHUNKED, _LENGTH, body=_chunks(FEED)),
    "wrong-length-beside-chunks": _headed(b"Content-Length: 5", _CHUNKED, body=_chunks(FEED)),
    "chunk-extension": _headed(_CHUNKED, body=_chunks(FEED, b"%x;a=b\r\n")),
    "chunk-upper-case": _headed(_CHUNKED, body=_chunks(FEED, b"%X\r\n")),
    "chunk-zeros": _headed(_CHUNKED, body=_chunks(FEED, b"000%x\r\n")),
    "chunked-upper-case": _headed(b"TRANSFER-ENCODING: Chunked", body=_chunks(FEED)),
    "identity": _headed(b"Transfer-Encoding: identity", _LENGTH),
    "identity-no-length": _headed(b"Transfer-Encoding: identity"),
    "blank-before-colon": _headed(_LENGTH, b"X-Foo : bar"),
    "tab-before-colon": _headed(_LENGTH, b"X-Foo\t: bar"),
    "blank-before-colon-of-length": _headed(b"Content-Length : %d" % _SIZE),
    "no-name": _headed(_LENGTH, b": nothing"),
    "parentheses": _headed(_LENGTH, b"X-Server(1): a"),
    "name-with-blank": _headed(_LENGTH, b"X Foo: bar"),
    "name-with-at": _headed(_LENGTH, b"X@Foo: bar"),
    "name-with-bytes": _headed(_LENGTH, b"X-\xc3\xa9: bar"),
    "no-colon": _headed(_LENGTH, b"X-XSS-Protection=1;"),
    "no-value": _headed(_LENGTH, b"X-Foo:"),
    "folded": _headed(_LENGTH, b"X-Foo: a\r\n b"),
    "control-character": _headed(_LENGTH, b"X-Foo: a\x01b"),
    "latin-1": _headed(_LENGTH, b"X-City: Caf\xe9"),
    "line-feeds": _headed(_LENGTH, end=b"\n"),
    "no-blank-after-colon": _headed(b"Content-Length:%d" % _SIZE),
    "no-reason": _headed(_LENGTH).replace(b"200 OK", b"200"),
    "odd-reason": _headed(_LENGTH).replace(b"200 OK", b"200 \xc3\xa9t\xe9"),
    "http-1.0-length": _headed(_LENGTH).replace(b"HTTP/1.1", b"HTTP/1.0"),
    "continue-first": b"HTTP/1.1 100 Continue\r\n\r\n" + _headed(_LENGTH),
    "continue-then-odd": b"HTTP/1.1 100 Continue\r\n\r\n" + _headed(_LENGTH, b"X-Foo : bar"),
    "odd-cookie": _headed(_LENGTH, b"Set-Cookie: a=b; Expires=Thu, 01-Jan-2027 00:00:00 GMT,c=d"),
    "cookie-no-name": _headed(_LENGTH, b"Set-Cookie: =; ;;"),
    "type-missing": b"HTTP/1.1 200 OK\r\n" + _LENGTH + b"\r\n\r\n" + FEED,
    "type-plain": _headed(_LENGTH).replace(b"application/rss+xml", b"text/plain"),
    "type-octets": _headed(_LENGTH).replace(b"application/rss+xml", b"application/octet-stream"),
    "type-html": _headed(_LENGTH).replace(b"application/rss+xml", b"text/html; charset=utf-8"),
    "type-long": _headed(_LENGTH).replace(b"application/rss+xml", b"a/" + b"b" * 300),
    "type-image": _headed(_LENGTH).replace(b"application/rss+xml", b"image/png"),
    "more-than-length": _headed(_LENGTH, b"Connection: close", body=FEED + b"<!-- more -->"),
    "age-negative": _headed(_LENGTH, b"Cache-Control: max-age=60", b"Age: -5"),
    "age-words": _headed(_LENGTH, b"Cache-Control: max-age=60", b"Age: old"),
    "max-age-negative": _headed(_LENGTH, b"Cache-Control: max-age=-5"),
    "max-age-quoted": _headed(_LENGTH, b'Cache-Control: max-age="60"'),
    "expires-words": _headed(_LENGTH, b"Expires: never"),
    "retry-after-beside-a-feed": _headed(_LENGTH, b"Retry-After: 5"),
    "link-to-inner-hub": _headed(_LENGTH, b'Link: <http://10.0.0.1/hub>; rel="hub"'),
}  # fmt: skip

REFUSED: dict[str, tuple[bytes, Outcome]] = {
    "length-unequal": (_headed(b"Content-Length: 10", b"Content-Length: 20"), "protocol"),
    "length-listed-unequal": (_headed(b"Content-Length: 10, 20"), "protocol"),
    "length-words": (_headed(b"Content-Length: abc"), "protocol"),
    "length-hexadecimal": (_headed(b"Content-Length: 0x10"), "protocol"),
    "length-signed": (_headed(b"Content-Length: +10"), "protocol"),
    "length-huge": (_headed(b"Content-Length: " + b"9" * 30), "protocol"),
    "coding-gzip": (_headed(b"Transfer-Encoding: gzip", body=zlib.compress(FEED)), ("protocol", "not_a_feed")),
    "coding-unknown": (_headed(b"Transfer-Encoding: cow", _LENGTH), ("protocol", "truncated")),
    "chunk-size-words": (_headed(_CHUNKED, body=b"zz\r\nabc\r\n0\r\n\r\n"), ("protocol", "truncated")),
    "chunk-size-negative": (_headed(_CHUNKED, body=b"-3\r\nabc\r\n0\r\n\r\n"), ("protocol", "truncated")),
    "chunk-size-endless": (_headed(_CHUNKED, body=b"f" * 200 + b"\r\n"), ("protocol", "truncated")),
    "chunk-too-long": (_headed(_CHUNKED, body=b"3\r\nabcdef\r\n0\r\n\r\n"), ("protocol", "truncated")),
    "odd-and-cut": (_headed(_LENGTH, b"X-Foo : bar", body=FEED[:50]), "truncated"),
    "odd-and-no-last-chunk": (_headed(_LENGTH, _CHUNKED, body=b"3\r\nabc\r\n"), ("truncated", "not_a_feed")),
    "headers-without-end": (b"HTTP/1.1 200 OK\r\nX-Foo : bar\r\n", ("protocol", "reset", "truncated")),
    "version-3": (b"HTTP/3.0 200 OK\r\n\r\n", "protocol"),
    "version-0": (b"HTTP/0.9 200 OK\r\n\r\n", ("protocol", "empty")),
    "status-words": (b"HTTP/1.1 OK\r\n\r\n", "protocol"),
    "status-four-digits": (b"HTTP/1.1 2000 OK\r\n\r\n", "protocol"),
    "status-zero": (b"HTTP/1.1 000 OK\r\n\r\n", ("protocol", "unexpected_status")),
    "ssh": (b"SSH-2.0-OpenSSH_9.6\r\n", ("protocol", "reset")),
    "smtp": (b"220 mail.example ESMTP\r\n", ("protocol", "reset")),
    "tls-alert": (b"\x15\x03\x01\x00\x02\x02\x28", ("protocol", "reset")),
    "zeros": (b"\x00" * 4096, ("protocol", "reset")),
}  # fmt: skip

STATUS_LINES: dict[int, Outcome] = {
    **dict.fromkeys((201, 202, 203, 205, 207, 226), "unexpected_status"),
    **dict.fromkeys((300, 304, 305, 306), "unexpected_status"),
    **dict.fromkeys((400, 402, 405, 406, 407, 408, 411, 412, 413, 414, 415, 416, 418, 421, 422, 423,
                     425, 426, 428, 431, 444, 451, 494, 499), "http_4xx"),
    **dict.fromkeys((501, 502, 504, 505, 507, 508, 509, 511, 520, 521, 522, 523, 524, 525, 526, 530,
                     598), "http_5xx"),
}  # fmt: skip

INNER: dict[str, bytes] = {
    "inner-hexadecimal": b"http://0x0a000001/",
    "inner-octal": b"http://012.0.0.1/",
    "inner-decimal": b"http://167772161/",
    "inner-short": b"http://10.1/",
    "inner-full-width": "http://１０.0.0.1/".encode(),
    "inner-circled": "http://①⓪.0.0.1/".encode(),
    "inner-user": b"http://post.example@10.0.0.1/",
    "inner-escaped": b"http://10%2e0%2e0%2e1/",
    "inner-dot": b"http://10.0.0.1./",
    "inner-unspecified": b"http://0.0.0.0/",
    "inner-this-network": b"http://0.0.0.1/",
    "inner-shared": b"http://100.64.0.1/",
    "inner-link-local": b"http://169.254.1.1/",
    "inner-metadata-v6": b"http://[fd00:ec2::254]/",
    "inner-link-local-v6": b"http://[fe80::1]/",
    "inner-site-local-v6": b"http://[fec0::1]/",
    "inner-unspecified-v6": b"http://[::]/",
    "inner-multicast": b"http://224.0.0.1/",
    "inner-multicast-v6": b"http://[ff02::1]/",
    "inner-broadcast": b"http://255.255.255.255/",
    "inner-reserved": b"http://240.0.0.1/",
    "inner-documentation": b"http://192.0.2.1/",
    "inner-benchmark": b"http://198.18.0.1/",
    "inner-172": b"http://172.16.0.1/",
    "inner-192": b"http://192.168.0.1/",
    "inner-teredo": b"http://[2001:0:a00:1::]/",
    "inner-compatible": b"http://[::10.0.0.1]/",
    "inner-backslash": b"http://10.0.0.1\\@post.example/",
    "inner-port-ssh": b"http://post.example:22/",
    "inner-port-kafka": b"http://10.0.0.1:9092/",
    "inner-gopher": b"gopher://10.0.0.1/",
    "inner-upper-case": b"HTTP://10.0.0.1/",
}


def _redirect(location: bytes) -> bytes:
    return b"HTTP/1.1 302 Found\r\nLocation: %b\r\nContent-Length: 0\r\n\r\n" % location


def _status(number: int) -> bytes:
    return b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n" % number


ODD: dict[str, tuple[bytes, Outcome]] = {
    **{name: (raw, "entries") for name, raw in READ.items()},
    **REFUSED,
    **{f"status-{number}": (_status(number), end) for number, end in STATUS_LINES.items()},
    **{name: (_redirect(location), _NOWHERE) for name, location in INNER.items()},
    # As browsers read them these name hosts; here they are paths of the server that said so.
    "to-no-slashes": (_redirect(b"http:10.0.0.1/"), "http_404"),
    "to-three-slashes": (_redirect(b"http:///10.0.0.1/"), "http_404"),
}
"""Path → raw answer, and the outcome, or the reasons of which one is required."""
