"""A start that was refused, and an orchestrator that starts again whatever exits.

Compose and Kubernetes cannot tell exit code 78 (a person must mend something) from others. With ``run
--wait-when-refused`` the process stays: it is alive, so it is left alone, and not ready, with the
reason in words. The next signal ends it with 78.
"""

from __future__ import annotations

import json
import signal
import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NoReturn

from worker.cli.exit_codes import EX_CONFIG
from worker.config.schema import Serve


def wait(problem: str, serve: Serve) -> NoReturn:
    """Say what is wrong, on stderr and at ``/readyz``, until a signal comes; leaves with 78."""
    for line in problem.splitlines():
        print(f"kabulwire: {line}", file=sys.stderr)
    print("kabulwire: waiting for you; mend it and start again", file=sys.stderr, flush=True)
    server = _server(problem, serve)
    if server is not None:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    while not ended.wait(1.0):
        pass
    sys.exit(EX_CONFIG)


def _server(problem: str, serve: Serve) -> ThreadingHTTPServer | None:
    """Answers where the worker would; a port that cannot be had is told, and all else stays."""
    family = socket.AF_INET6 if ":" in serve.host else socket.AF_INET

    class Server(ThreadingHTTPServer):
        address_family = family

    try:
        return Server((serve.host, serve.port), _answer_with(problem))
    except OSError as error:
        told = f"/readyz is not answered: {serve.host}:{serve.port}: {error.strerror or error}"
        print(f"kabulwire: {told}; see serve.port", file=sys.stderr, flush=True)
        return None


def _answer_with(problem: str) -> type[BaseHTTPRequestHandler]:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            live = self.path == "/livez"
            found = {
                "status": "ok" if live else "failing",
                "problems": [] if live else problem.splitlines(),
                "notes": ["the start was refused"],
            }
            body = json.dumps(found).encode()
            self.send_response(200 if live else 503)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing: probes come every few seconds."""

    return Answer
