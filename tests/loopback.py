"""A small HTTP server on loopback: a test says what is answered, and the server ends with its block."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = tuple[int, dict[str, str], bytes]
"""Status, headers and body; the length is added."""


@dataclass(frozen=True)
class Asked:
    """A request; ``path`` with its query, ``body`` empty for a GET."""

    method: str
    path: str
    headers: Message
    body: bytes


@contextmanager
def serving(answer: Callable[[Asked], Answer]) -> Iterator[str]:
    """The address of a server that answers until the block ends, each request on a thread."""

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(b"")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers["Content-Length"] or 0)))

        def _answer(self, body: bytes) -> None:
            status, headers, data = answer(Asked(self.command, self.path, self.headers, body))
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(data))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
