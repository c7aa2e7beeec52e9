"""A server that hands out tokens on loopback (OAuth 2.0, client credentials), for tests."""

from __future__ import annotations

import base64
import json
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


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
def serving(server: TokenServer) -> Iterator[TokenServer]:
    """Open it on a free port."""

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = self.rfile.read(int(self.headers["Content-Length"] or 0)).decode()
            self._send(*server.answer(self.path, self.headers["Authorization"] or "", form))

        def do_GET(self) -> None:
            self._send(*server.answer(self.path, "", ""))

        def _send(self, status: int, headers: dict[str, str], body: object) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(data))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            return

    http = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    server.url = f"http://127.0.0.1:{http.server_port}/token"
    thread = threading.Thread(target=http.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        thread.join()
        http.server_close()
