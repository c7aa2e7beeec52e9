"""Tokens for OAUTHBEARER: read from a file, or asked for with name and secret (client credentials).

Example: Kubernetes projects a token into a file and replaces it every hour. Each login reads the
file, so the newest is shown, and nothing is restarted.

Rules
-----
1. The file is read at each login. A token that was asked for is kept for four fifths of its life;
   it belongs to one client and goes with it.
2. Both are tried before the client is built: what is wrong with a token is told at once, and not
   found in the client's log.
3. The secret goes to the address of the setting alone: a redirect is not followed, and what the
   server answers is never repeated, except for the code of its error.
4. A token whose own claim says that it is over is not shown. Of such a one a broker says nothing.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import ssl
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

from kafka.net.sasl.oauth import AbstractTokenProvider

from worker.config.schema import Kafka
from worker.core.domain.errors import PublishError
from worker.publish.kafka import credentials

_TIMEOUT_S = 10.0
_MAX_ANSWER = 256 * 1024
_KEPT = 0.8
_UNSTATED_S = 60.0
_CODE = re.compile(r"[a-z_]{1,60}")
_TOKEN = re.compile(r"[\x21-\x7e]+")
_REFUSED = (400, 401, 403)


def provider(kafka: Kafka) -> AbstractTokenProvider:
    """What the client asks at each login; tried once. Raises ``PublishError``."""
    made = _File(kafka) if kafka.sasl_oauth_token_file else _Endpoint(kafka)
    made.token()
    return made


class _File(AbstractTokenProvider):  # type: ignore[misc]
    """The token of ``kafka.sasl_oauth_token_file``."""

    def __init__(self, kafka: Kafka) -> None:
        self._path = kafka.sasl_oauth_token_file

    def token(self) -> str:
        """What the file holds now. Raises ``PublishError``."""
        assert self._path is not None
        found = credentials.read_secret(self._path, "sasl_oauth_token_file", "no_token")
        _require_usable(found, f"kafka.sasl_oauth_token_file: {self._path}")
        return found


class _Endpoint(AbstractTokenProvider):  # type: ignore[misc]
    """Tokens of ``kafka.sasl_oauth_token_url``."""

    def __init__(self, kafka: Kafka) -> None:
        self._kafka = kafka
        self._lock = threading.Lock()
        self._token = ""
        self._until = float("-inf")

    def token(self) -> str:
        """The token at hand, or a new one. Raises ``PublishError``."""
        with self._lock:
            if time.monotonic() >= self._until:
                began = time.monotonic()
                self._token, lives_s = _ask(self._kafka)
                self._until = began + _KEPT * lives_s
            return self._token


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follows no redirect."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _ask(kafka: Kafka) -> tuple[str, float]:
    """A token and for how many seconds it is good."""
    shown = kafka.sasl_oauth_token_url.partition("?")[0]
    where = f"kafka.sasl_oauth_token_url: {shown}"
    request = _request(kafka)
    opener = urllib.request.build_opener(
        _Stay, urllib.request.HTTPSHandler(context=_trusting(kafka))
    )
    try:
        with opener.open(request, timeout=_TIMEOUT_S) as answer:
            body = json.loads(answer.read(_MAX_ANSWER))
        token, lives_s = str(body["access_token"]), float(body.get("expires_in") or _UNSTATED_S)
    except urllib.error.HTTPError as error:
        raise _refused(where, error) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _unavailable(where, error) from error
    _require_usable(token, where)
    return token, lives_s


def _request(kafka: Kafka) -> urllib.request.Request:
    """Name and secret in the header, each form-encoded first (RFC 6749, 2.3.1)."""
    both = (kafka.sasl_username, credentials.password(kafka))
    shown = ":".join(urllib.parse.quote_plus(part) for part in both)
    form = {"grant_type": "client_credentials"}
    if kafka.sasl_oauth_scope:
        form["scope"] = kafka.sasl_oauth_scope
    return urllib.request.Request(  # noqa: S310 - config_kafka lets https and loopback through
        kafka.sasl_oauth_token_url,
        data=urllib.parse.urlencode(form).encode(),
        headers={
            "Authorization": "Basic " + base64.b64encode(shown.encode()).decode(),
            "Accept": "application/json",
        },
    )


def _trusting(kafka: Kafka) -> ssl.SSLContext:
    """The system's authorities, and that of the broker when one is named."""
    context = ssl.create_default_context()
    if kafka.ssl_cafile is not None:
        credentials.trust(context, kafka.ssl_cafile)
    return context


def _refused(where: str, error: urllib.error.HTTPError) -> PublishError:
    """The server answered, and gave no token."""
    code = ""
    try:
        said = str(json.loads(error.read(_MAX_ANSWER)).get("error", ""))
        code = said if _CODE.fullmatch(said) else ""
    except (OSError, ValueError, AttributeError):
        pass  # no JSON: the status must do
    told = f"{where} answered {error.code} {code}".rstrip()
    if error.code in _REFUSED:
        advice = "Check kafka.sasl_username, its password and kafka.sasl_oauth_scope."
        return PublishError("not_authenticated", told, advice)
    return PublishError("token_unavailable", told, _LOOK)


_LOOK = "Check kafka.sasl_oauth_token_url and its server."


def _unavailable(where: str, error: Exception) -> PublishError:
    """Nobody answered, or something that is no token."""
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(cause, ssl.SSLCertVerificationError):
        advice = "The server's certificate must be signed by one in kafka.ssl_cafile or the system."
        return PublishError("tls_failed", f"{where}: {cause.verify_message}", advice)
    told = "no token in the answer" if isinstance(cause, ValueError | KeyError) else str(cause)
    return PublishError("token_unavailable", f"{where}: {told}"[:300], _LOOK)


def _require_usable(token: str, where: str) -> None:
    """Raises ``PublishError`` when a token is over, or no token at all."""
    advice = "Have a new token put there, or mend who renews it."
    if not _TOKEN.fullmatch(token):
        raise PublishError("no_token", f"{where}: this is no token", advice)
    end = _end_of(token)
    if end is not None and end <= time.time():
        ago = round(time.time() - end)
        raise PublishError("not_authenticated", f"{where}: the token expired {ago} s ago", advice)


def _end_of(token: str) -> float | None:
    """The claim ``exp`` of a JWT; None when it is none, or has none."""
    try:
        claims = token.split(".")[1]
        body = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
        return float(body["exp"])
    except (IndexError, KeyError, TypeError, ValueError, binascii.Error):
        return None
