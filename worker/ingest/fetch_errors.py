"""Why a request yields no body: the reason of a refusal, and of an error of the library or the system."""

from __future__ import annotations

import ssl

import aiohttp

from worker.core.domain.errors import FetchError
from worker.ingest.answer_headers import retry_after
from worker.ingest.guard import BlockedAddressError
from worker.ingest.plain_http import PlainAnswer

Answer = aiohttp.ClientResponse | PlainAnswer


def refused(answer: Answer) -> FetchError:
    """The reason of an answer that is neither a body nor a redirect."""
    status = answer.status
    wait = retry_after(answer.headers)
    if status == 403 and answer.headers.get("cf-mitigated", "").lower() == "challenge":
        return FetchError("challenge", "a challenge for browsers")
    if status in (401, 403, 404, 410, 429):
        return FetchError(f"http_{status}", retry_after=wait)
    if 400 <= status < 600:
        return FetchError("http_4xx" if status < 500 else "http_5xx", str(status), wait)
    return FetchError("unexpected_status", str(status), wait)


def fetch_error(error: BaseException) -> FetchError:
    """The reason of a library's error. Its message is left out: it may carry the address's secrets."""
    chain: BaseException | None = error
    while chain is not None:
        if isinstance(chain, BlockedAddressError):
            return FetchError("blocked_address", str(chain))
        if isinstance(chain, FetchError):
            return chain
        chain = chain.__cause__ or chain.__context__
    table: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str], ...] = (
        ((aiohttp.ClientConnectorCertificateError, aiohttp.ClientSSLError, ssl.SSLError), "tls"),
        (aiohttp.ClientConnectorDNSError, "dns"),
        (aiohttp.ClientConnectorError, "connect"),
        (aiohttp.ClientPayloadError, "truncated"),
        ((aiohttp.ServerDisconnectedError, aiohttp.ClientOSError), "reset"),
        ((aiohttp.InvalidURL,), "blocked_url"),
        (aiohttp.ClientError, "protocol"),
        (OSError, "reset"),
    )
    reason = next((name for kinds, name in table if isinstance(error, kinds)), "protocol")
    return FetchError(reason, type(error).__name__)
