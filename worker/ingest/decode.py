"""Unpacks the body of an answer (gzip, deflate, Brotli, Zstandard) within a limit of bytes.

Rules
-----
1. Output is bounded while it is made: 0.2 MB of gzip can hold 200 MB. Above 1 MB of output a ratio
   over 100 is refused too (real feeds: median 3, highest 9).
2. A stream that ends too early is an error: half a feed reads like a whole one.
3. What servers declare is not believed: a plain body under ``gzip`` is taken as it is, a gzip body
   without a header is unpacked. Garbage behind the end is left alone.
4. What cannot be unpacked here is not asked for, and refused by name when it comes all the same.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable
from importlib import import_module
from typing import Any

from worker.core.domain.errors import FetchError

try:
    import brotli
except ImportError:  # pragma: no cover - depends on the installation
    brotli = None
# One module under two names: the types of either would hold of one version of Python only.
_ZSTD_MODULE = "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"
zstd: Any
try:
    zstd = import_module(_ZSTD_MODULE)
except ImportError:  # pragma: no cover - depends on the installation
    zstd = None

_RATIO = 100
_RATIO_FROM = 1_000_000
_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_PIECE = 262_144
_WINDOW = None if zstd is None else zstd.DecompressionParameter.window_log_max
_WINDOW_LOG = 23
"""Memory that a frame of Zstandard may ask for, as a power of two: 8 MB, what RFC 9659 allows on the web."""


def accepted() -> str:
    """The value of Accept-Encoding that this installation can keep."""
    known = (("br", brotli), ("zstd", zstd))
    return ", ".join(["gzip", "deflate", *(name for name, module in known if module is not None)])


class Decoder:
    """Unpacks one body, chunk by chunk; ``limit`` in bytes holds for input and output."""

    def __init__(self, encoding: str, limit: int) -> None:
        names = [part.strip().lower().removeprefix("x-") for part in encoding.split(",")]
        self._names = [n for n in reversed(names) if n in ("gzip", "deflate", "br", "zstd")]
        self._limit = limit
        self._raw = bytearray()

    def feed(self, chunk: bytes) -> None:
        """Take a chunk as received. Raises ``FetchError`` (too_large)."""
        self._raw += chunk
        if len(self._raw) > self._limit:
            raise FetchError("too_large", f"more than {self._limit} bytes")

    def finish(self) -> bytes:
        """The whole body. Raises ``FetchError`` (too_large, truncated, bad_encoding)."""
        data = bytes(self._raw)
        self._raw.clear()
        for name in self._names:
            data = self._undo(name, data)
        if data[:2] == _GZIP:
            data = self._gzip(data)
        return data

    def _undo(self, name: str, data: bytes) -> bytes:
        if name == "gzip":
            return self._gzip(data) if data[:2] == _GZIP else data
        if name == "deflate":
            return self._deflate(data)
        if name == "br" and brotli is not None:
            return self._brotli(data)
        if name == "zstd" and zstd is not None:
            return self._zstd(data) if data[:4] == _ZSTD else data
        if data.lstrip()[:1] in (b"<", b"{"):
            return data
        raise FetchError("bad_encoding", f"{name}, which was not asked for")

    def _gzip(self, data: bytes) -> bytes:
        """All members of a gzip stream."""
        out = bytearray()
        rest = data
        while rest[:2] == _GZIP:
            machine = zlib.decompressobj(16 + zlib.MAX_WBITS)
            self._run(machine, rest, out, len(data))
            rest = machine.unused_data.lstrip(b"\0")
        return bytes(out)

    def _deflate(self, data: bytes) -> bytes:
        if data.lstrip()[:1] in (b"<", b"{"):
            return data
        out = bytearray()
        wrapped = len(data) > 1 and data[0] & 0x0F == 8 and (data[0] << 8 | data[1]) % 31 == 0
        machine = zlib.decompressobj(zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS)
        self._run(machine, data, out, len(data))
        return bytes(out)

    def _run(self, machine: Any, data: bytes, out: bytearray, raw: int) -> None:
        try:
            while data and not machine.eof:
                out += machine.decompress(data, _PIECE)
                self._check_size(len(out), raw)
                data = machine.unconsumed_tail
        except zlib.error as error:
            raise FetchError("truncated", str(error)[:100]) from error
        if not machine.eof:
            raise FetchError("truncated", f"stream ends early after {len(out)} bytes")

    def _brotli(self, data: bytes) -> bytes:
        if data.lstrip()[:1] in (b"<", b"{"):
            return data
        machine = brotli.Decompressor()
        out = bytearray()
        step: Callable[..., bytes] = machine.process
        pending = data
        try:
            while not machine.is_finished():
                piece = step(pending, output_buffer_limit=_PIECE)
                pending = b""
                out += piece
                self._check_size(len(out), len(data))
                if not piece and not machine.is_finished():
                    raise FetchError("truncated", "Brotli stream ends early")
        except brotli.error as error:
            raise FetchError("truncated", str(error)[:100]) from error
        return bytes(out)

    def _zstd(self, data: bytes) -> bytes:
        """All frames of a Zstandard stream."""
        out = bytearray()
        rest = data
        try:
            while rest[:4] == _ZSTD:
                machine = zstd.ZstdDecompressor(options={_WINDOW: _WINDOW_LOG})
                pending = rest
                while not machine.eof:
                    piece = machine.decompress(pending, _PIECE)
                    pending = b""
                    out += piece
                    self._check_size(len(out), len(data))
                    if not piece and not machine.eof:
                        raise FetchError("truncated", "Zstandard stream ends early")
                rest = machine.unused_data
        except zstd.ZstdError as error:
            raise FetchError("truncated", str(error)[:100]) from error
        return bytes(out)

    def _check_size(self, made: int, raw: int) -> None:
        if made > self._limit:
            raise FetchError("too_large", f"more than {self._limit} bytes, unpacked")
        if made > _RATIO_FROM and made > _RATIO * raw:
            raise FetchError("too_large", f"unpacks {made // max(raw, 1)} fold")
