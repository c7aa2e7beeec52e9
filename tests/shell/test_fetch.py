"""Bodies undone within bounds, whatever the server says they are."""

from __future__ import annotations

import gzip
import sys
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.core.domain.errors import FetchError
from worker.ingest import decode
from worker.ingest.decode import Decoder, accepted

LIMIT = 200_000


def undo(encoding: str, data: bytes, limit: int = LIMIT, step: int = 1000) -> bytes:
    decoder = Decoder(encoding, limit)
    for start in range(0, len(data), step):
        decoder.feed(data[start : start + step])
    return decoder.finish()


@given(st.binary(max_size=2000).filter(lambda data: data[:2] != b"\x1f\x8b"), st.integers(1, 50))
def test_decoder_gives_back_what_was_packed(data: bytes, step: int) -> None:
    """What was packed comes back, in whatever chunks it travels."""
    assert undo("gzip", gzip.compress(data), step=step) == data
    assert undo("GZIP", gzip.compress(data[:9]) + gzip.compress(data[9:]), step=step) == data
    assert undo("deflate", zlib.compress(data), step=step) == data
    assert undo("", data, step=step) == data


@given(st.sampled_from(["gzip", "deflate", "br", "zstd", "gzip, br", "x-gzip", "", "bogus"]),
       st.binary(max_size=400))  # fmt: skip
def test_decoder_makes_any_bytes_a_body_or_a_fetch_error(encoding: str, data: bytes) -> None:
    """Any bytes under any name are a body or a FetchError, never another exception."""
    try:
        assert len(undo(encoding, data)) <= LIMIT
    except FetchError as error:
        assert error.reason in ("truncated", "too_large", "bad_encoding")


@given(st.integers(1, 200))
def test_decoder_refuses_a_stream_that_was_cut(missing: int) -> None:
    """A gzip stream that lacks its end is an error, however little is missing."""
    packed = gzip.compress(bytes(range(256)) * 4)
    with pytest.raises(FetchError) as caught:
        undo("gzip", packed[:-missing])
    assert caught.value.reason == "truncated"


def test_decoder_bounds_what_is_sent_and_what_it_unpacks_to() -> None:
    """Both what is sent and what it unpacks to are bounded, and so is the ratio."""
    for data in (b"x" * (LIMIT + 1), gzip.compress(b" " * (LIMIT + 1))):
        with pytest.raises(FetchError) as caught:
            undo("gzip", data)
        assert caught.value.reason == "too_large"
    with pytest.raises(FetchError):
        undo("gzip", gzip.compress(b" " * 5_000_000), limit=10_000_000)


def test_decoder_bounds_and_checks_brotli() -> None:
    """Brotli, where it is installed, is bounded and checked like the others."""
    brotli = pytest.importorskip("brotli")
    text = b"A blast near the old harbour. " * 50
    assert "br" in accepted()
    assert undo("br", brotli.compress(text)) == text
    for data, reason in ((brotli.compress(b" " * 5_000_000), "too_large"),
                         (brotli.compress(text)[:-4], "truncated"), (b"\xff" * 50, "truncated")):  # fmt: skip
        with pytest.raises(FetchError) as caught:
            undo("br", data)
        assert caught.value.reason == reason


def test_decoder_bounds_and_checks_zstandard() -> None:
    """All frames are unpacked; bombs, cut streams, noise and frames that want 128 MB are refused."""
    zstd = pytest.importorskip(
        "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"
    )
    text = b"A blast near the old harbour. " * 50
    packer = zstd.ZstdCompressor(options={zstd.CompressionParameter.window_log: 27})
    wide = packer.compress(text) + packer.flush()
    assert "zstd" in accepted()
    assert undo("zstd", zstd.compress(text) + zstd.compress(b"More.") + b"\0") == text + b"More."
    assert undo("zstd", text) == text
    for data, reason in ((zstd.compress(b" " * 5_000_000), "too_large"),
                         (zstd.compress(text)[:-4], "truncated"), (wide, "truncated"),
                         (zstd.compress(text)[:4] + b"\xff" * 50, "truncated")):  # fmt: skip
        with pytest.raises(FetchError) as caught:
            undo("zstd", data)
        assert caught.value.reason == reason


def test_decoder_asks_for_nothing_that_it_cannot_unpack(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the libraries two packings are asked for; what comes in others is refused by name."""
    for name in ("brotli", "zstd"):
        monkeypatch.setattr(decode, name, None)
    assert accepted() == "gzip, deflate"
    for name, data in (("br", b"\x1b\x00"), ("zstd", b"\x28\xb5\x2f\xfd\x00")):
        assert undo(name, b"<rss/>") == b"<rss/>"
        with pytest.raises(FetchError) as caught:
            undo(name, data)
        assert (caught.value.reason, caught.value.detail) == (
            "bad_encoding", f"{name}, which was not asked for")  # fmt: skip
