"""Whether the settings of ``[kafka]`` fit together, and whether the files they name can be read.

Example: ``ssl_certfile`` without ``ssl_keyfile`` is refused at load, as is ``sasl_mechanism =
"PLAIN"`` under ``security_protocol = "SSL"``, where no password would ever be asked for.

Rules
-----
1. What contradicts itself is refused: an operator who names a certificate means TLS, and must not
   get a connection without it.
2. Each sentence names its settings, never a value that may hold a secret. All are told at once.
3. A file is looked at here so that a wrong path is told at the start. It is read again for each
   session, because secrets are replaced while we run.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from pydantic import SecretStr

from worker.config.schema import Kafka

_TLS = ("SSL", "SASL_SSL")
_SASL = ("SASL_PLAINTEXT", "SASL_SSL")
_OAUTH = "OAUTHBEARER"
_NAMES = ("sasl_username", "sasl_password", "sasl_password_file")
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
FILES = (
    "sasl_password_file",
    "sasl_oauth_token_file",
    "ssl_cafile",
    "ssl_certfile",
    "ssl_keyfile",
    "ssl_key_password_file",
)


def problems(kafka: Kafka) -> Iterator[tuple[str, str]]:
    """What an operator must mend before a start: the setting to begin with, and a sentence."""
    yield from _of_addresses(kafka)
    yield from _of_tls(kafka)
    yield from _of_sasl(kafka)
    yield from _of_tokens(kafka)
    yield from _of_files(kafka)


def _of_addresses(kafka: Kafka) -> Iterator[tuple[str, str]]:
    for part in kafka.bootstrap_servers.split(",") if kafka.bootstrap_servers.strip() else ():
        host, _, port = part.strip().rpartition(":")
        if not host or not port.isdecimal() or not 0 < int(port) < 65536:
            yield "bootstrap_servers", f"{part.strip()!r} is no host:port"


def _of_tls(kafka: Kafka) -> Iterator[tuple[str, str]]:
    names = [name for name in FILES if name.startswith("ssl_") and getattr(kafka, name)]
    if names and kafka.security_protocol not in _TLS:
        told = f"is set, but security_protocol {kafka.security_protocol} uses no TLS"
        yield names[0], f"{told}: make it SSL or SASL_SSL, or drop the file"
    if bool(kafka.ssl_certfile) != bool(kafka.ssl_keyfile):
        set_one = "ssl_certfile" if kafka.ssl_certfile else "ssl_keyfile"
        yield set_one, "ssl_certfile and ssl_keyfile go together: set both or none"
    if kafka.ssl_key_password_file and not kafka.ssl_keyfile:
        yield "ssl_key_password_file", "is set, but no ssl_keyfile that it would open"


def _of_sasl(kafka: Kafka) -> Iterator[tuple[str, str]]:
    protocol, mechanism = kafka.security_protocol, kafka.sasl_mechanism
    named = [name for name in _NAMES if _is_set(getattr(kafka, name))]
    if named and not mechanism and protocol not in _SASL:
        told = f"is set, but security_protocol {protocol} asks nobody's name: make it SASL_SSL"
        yield named[0], f"{told} and set sasl_mechanism, or drop the name and its password"
    if mechanism and protocol not in _SASL:
        yield (
            "sasl_mechanism",
            f"is {mechanism}, but security_protocol {protocol} asks nobody's name: make it SASL_SSL",
        )
    if protocol in _SASL and not mechanism:
        yield "security_protocol", f"{protocol} needs sasl_mechanism"
    secret = bool(kafka.sasl_password.get_secret_value())
    if kafka.sasl_password_file and secret:
        yield "sasl_password_file", "and sasl_password are both set: keep one"
    asks = mechanism and (mechanism != _OAUTH or kafka.sasl_oauth_token_url)
    if asks and not kafka.sasl_username:
        yield "sasl_mechanism", f"{mechanism} needs sasl_username"
    if asks and not kafka.sasl_password_file and not secret:
        yield "sasl_mechanism", f"{mechanism} needs sasl_password_file (or sasl_password)"


def _is_set(value: object) -> bool:
    return bool(value.get_secret_value() if isinstance(value, SecretStr) else value)


def _of_tokens(kafka: Kafka) -> Iterator[tuple[str, str]]:
    file, url = kafka.sasl_oauth_token_file, kafka.sasl_oauth_token_url
    if kafka.sasl_mechanism == _OAUTH and bool(file) == bool(url):
        told = f"{_OAUTH} needs exactly one of sasl_oauth_token_file and sasl_oauth_token_url"
        yield "sasl_mechanism", told
    if kafka.sasl_mechanism != _OAUTH and (file or url):
        set_one = "sasl_oauth_token_file" if file else "sasl_oauth_token_url"
        yield set_one, f"is set, but sasl_mechanism is not {_OAUTH}"
    if kafka.sasl_oauth_scope and not url:
        yield "sasl_oauth_scope", "is set, but no sasl_oauth_token_url to ask for it"
    if url and not _is_safe(url):
        told = "must be an https address without user and password (http on loopback only)"
        yield "sasl_oauth_token_url", f"{told}: the client's secret is sent there"


def _is_safe(url: str) -> bool:
    try:
        parts = urlsplit(url)
        named = bool(parts.username or parts.password)
        host = parts.hostname or ""
    except ValueError:
        return False
    plain_here = parts.scheme == "http" and host in _LOOPBACK
    return bool(host) and not named and (parts.scheme == "https" or plain_here)


def _of_files(kafka: Kafka) -> Iterator[tuple[str, str]]:
    for name in FILES:
        path = getattr(kafka, name)
        if path is None:
            continue
        try:
            empty = not path.read_bytes().strip()
        except OSError as error:
            yield name, f"{path}: {error.strerror}"
            continue
        if empty:
            yield name, f"{path}: the file is empty"
