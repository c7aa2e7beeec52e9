"""A server that hands out tokens on loopback (OAuth 2.0, client credentials), for tests."""

from __future__ import annotations

import base64
import json
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.loopback import Answer, Asked, serving


class TokenServer:
    """Answers ``POST /token`` with what ``make`` makes, for the one client it knows."""

    def __init__(self, make: Callable[[], str], client: str, secret: str) -> None:
        self.make, self.client, self.secret = make, client, secret
        self.asked: list[dict[str, str]] = []
        """The form of each request that was not refused."""
        self.status = 0
        """Answer with this instead, when it is set."""
        self.lives_s = 600.0
        self.url = ""

    def answer(
        self, path: str, authorization: str, form: str
    ) -> tuple[int, dict[str, str], object]:
        if path == "/elsewhere":
            self.asked.append({"followed": path})
        if self.status:
            return self.status, {"Location": self.url.replace("/token", "/elsewhere")}, "none today"
        shown = base64.b64decode(authorization.removeprefix("Basic ")).decode().split(":")
        if [urllib.parse.unquote_plus(part) for part in shown] != [self.client, self.secret]:
            return 401, {}, {"error": "invalid_client", "error_description": f"not {shown}"}
        self.asked.append(dict(urllib.parse.parse_qsl(form)))
        return 200, {}, {"access_token": self.make(), "expires_in": self.lives_s}


@contextmanager
def handing_out(server: TokenServer) -> Iterator[TokenServer]:
    """Open it on a free port."""

    def answer(asked: Asked) -> Answer:
        shown = asked.headers["Authorization"] or ""
        status, headers, body = server.answer(asked.path, shown, asked.body.decode())
        return status, headers, json.dumps(body).encode()

    with serving(answer) as base:
        server.url = f"{base}/token"
        yield server
