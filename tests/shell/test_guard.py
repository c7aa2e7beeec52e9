"""No spelling, name or redirect reaches an inner address, unless an operator named it."""

from __future__ import annotations

import socket

import pytest

from tests.hostile.server import HostileServer
from worker.config.schema import Ingest
from worker.core.domain.errors import FetchError
from worker.ingest import guard as guard_module
from worker.ingest.fetch import Fetcher
from worker.ingest.guard import BlockedAddressError, Guard

SETTINGS = Ingest(host_spacing_s=0, timeout_s=3)
SPELLINGS = [
    "127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "0", "127.1", "2130706433", "0x7f000001",
    "0x7f.1", "017700000001", "localhost", "LOCALHOST.", "①②⑦.⓪.⓪.①", "127.0.0.1.", "[::]",
    "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "post.example@127.0.0.1", "127。0。0。1",
]  # fmt: skip
INNER = ["10.1.2.3", "192.168.0.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "fd00::1", "fe80::1",
         "64:ff9b::a00:1", "2002:a00:1::", "::ffff:10.0.0.1", "2001:0:1:2::3", "224.0.0.1", "240.0.0.1",
         "0.0.0.0", "::", "127.0.0.1"]  # fmt: skip


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_guard_blocks_loopback_however_it_is_spelled(
    spelling: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However loopback is spelled, nothing connects to it."""
    async with HostileServer() as server, Fetcher(SETTINGS) as fetcher:
        port = server.url.rpartition(":")[2]
        monkeypatch.setattr(guard_module, "PORTS", {int(port)})
        with pytest.raises(FetchError) as caught:
            await fetcher.get(f"http://{spelling}:{port}/ok")
        assert caught.value.reason in ("blocked_address", "blocked_url", "dns")
        assert server.requests == []


@pytest.mark.parametrize("address", INNER)
def test_guard_refuses_every_kind_of_inner_address(address: str) -> None:
    """The socket factory refuses every kind of inner address."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with pytest.raises(BlockedAddressError):
        Guard().socket_factory((family, socket.SOCK_STREAM, 6, "", (address, 80)))


def test_guard_gives_public_addresses_a_socket() -> None:
    """Public addresses get a socket."""
    for family, address in ((socket.AF_INET, "93.184.216.34"), (socket.AF_INET6, "2606:2800::1")):
        with Guard().socket_factory((family, socket.SOCK_STREAM, 6, "", (address, 443))) as made:
            assert made.family == family


def test_guard_condemns_a_name_with_one_inner_address() -> None:
    """One inner address among the answers condemns a name."""
    with pytest.raises(BlockedAddressError):
        Guard().check_addresses("mixed.example", 80, ["93.184.216.34", "10.0.0.1"])
    Guard().check_addresses("plain.example", 80, ["93.184.216.34"])


def test_guard_lets_a_named_host_be_inner() -> None:
    """A host that the operator named may be inner; another name for the same address may not."""
    guard = Guard(allow_hosts=["wire.intranet:8000"])
    guard.check_url("http://wire.intranet:8000/feed")
    guard.check_addresses("wire.intranet", 8000, ["10.0.0.5"])
    guard.socket_factory((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.5", 8000))).close()
    with pytest.raises(BlockedAddressError):
        guard.check_addresses("evil.example", 8000, ["10.0.0.6"])
    with pytest.raises(BlockedAddressError):
        guard.socket_factory((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.5", 22)))


@pytest.mark.parametrize(
    "url",
    ["ftp://post.example/", "file:///etc/passwd", "http://", "http://post.example:22/",
     "http://post.example:99999/", "javascript:alert(1)", "", "http://[::1"],
)  # fmt: skip
def test_guard_refuses_urls_that_news_never_uses(url: str) -> None:
    """Schemes and ports that news never uses are refused before anything is resolved."""
    with pytest.raises(FetchError) as caught:
        Guard().check_url(url)
    assert caught.value.reason == "blocked_url"
