"""No request reaches an address inside our own network, whatever a feed, link or redirect says.

Rules
-----
1. The socket factory decides: it is handed the very address that is about to be connected, so
   neither spellings (``0x7f.1``, ``①②⑦.⓪.⓪.①``), nor rebinding, nor redirects get around it.
2. A name with *any* inner address is refused when it is resolved.
3. Exceptions are named by the operator: loopback as a whole, or exact hosts (``host`` or
   ``host:port``).
4. With a proxy the guard sees the proxy only; then the proxy has to guard.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from worker.core.domain.errors import FetchError

PORTS = frozenset({80, 443, 8080, 8443})
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "64:ff9b:1::/48")))


class BlockedAddressError(OSError):
    """An inner address was about to be connected."""


class Guard:
    """What may be connected. One instance for all requests of a worker."""

    def __init__(self, *, allow_loopback: bool = False, allow_hosts: Iterable[str] = ()) -> None:
        self._loopback = allow_loopback
        self._hosts = frozenset(host.strip().lower().rstrip(".") for host in allow_hosts)
        self._granted: set[str] = set()

    def check_url(self, url: str) -> None:
        """Raise ``FetchError`` (blocked_url) for a scheme, host or port that is never asked."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError as error:
            raise FetchError("blocked_url", "no valid address") from error
        if parts.scheme not in ("http", "https") or not host:
            raise FetchError("blocked_url", f"scheme {parts.scheme[:20]!r}")
        default = 443 if parts.scheme == "https" else 80
        known = self._named(host, port or default) or (self._loopback and _is_loopback(host))
        if (port or default) not in PORTS and not known:
            raise FetchError("blocked_url", f"port {port}")

    def socket_factory(self, info: tuple[Any, ...]) -> socket.socket:
        """A socket for one resolved address. Raises ``BlockedAddressError``."""
        family, kind, protocol, _, address = info
        host = str(address[0]).split("%")[0]
        if not self._allows(host, int(address[1])):
            raise BlockedAddressError(f"blocked address {host}")
        return socket.socket(family, kind, protocol)

    def resolver(self) -> AbstractResolver:
        """A resolver that refuses names with inner addresses."""
        return _GuardedResolver(self)

    def check_addresses(self, host: str, port: int, addresses: Iterable[str]) -> None:
        """Raise ``BlockedAddressError`` when a name has an inner address and is not excepted."""
        found = [address.split("%")[0] for address in addresses]
        if self._named(host, port):
            self._granted.update(f"{address}:{port}" for address in found)
            return
        inner = [address for address in found if not self._allows(address, port)]
        if inner:
            raise BlockedAddressError(f"{host} has the inner address {inner[0]}")

    def _named(self, host: str, port: int) -> bool:
        host = host.lower().rstrip(".")
        return host in self._hosts or f"{host}:{port}" in self._hosts

    def _allows(self, host: str, port: int) -> bool:
        if self._named(host, port) or f"{host}:{port}" in self._granted:
            return True
        try:
            address = _unwrapped(ipaddress.ip_address(host))
        except ValueError:
            return False
        if address is None:
            return False
        if address.is_loopback:
            return self._loopback
        if isinstance(address, ipaddress.IPv6Address) and address.is_site_local:
            return False  # fec0::/10, which the module calls global
        return address.is_global and not address.is_multicast and not address.is_reserved


class _GuardedResolver(AbstractResolver):
    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._inner = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """All addresses of a name, none of them inner."""
        found = await self._inner.resolve(host, port, family)
        self._guard.check_addresses(host, port, (answer["host"] for answer in found))
        return found

    async def close(self) -> None:
        await self._inner.close()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower().rstrip(".") == "localhost"


def _unwrapped(address: _Address) -> _Address | None:
    """The IPv4 address inside a mapped, NAT64 or 6to4 one; None for Teredo, which hides it."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if any(address in network for network in _NAT64):
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    if address.sixtofour is not None:
        return address.sixtofour
    return None if address.teredo is not None else address
