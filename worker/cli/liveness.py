"""Asks the worker beside a store whether it lives, with the standard library alone.

``run`` writes ``<store>.run`` with its process id and the address of ``/livez``; that is all there
is to know. Settings are not read (their validator alone takes a tenth of a second of processor
time, every few seconds, for ever), but the two ways to move the store are honoured.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from worker.cli.exit_codes import EX_USAGE
from worker.serve.run_file import run_file

DEFAULT_STORE = Path("var/kabulwire.db")
_ANSWER_BYTES = 4_000
_OPTIONS = {"--store": "store", "--config": "config", "-c": "config", "--timeout-s": "timeout_s"}


def healthy(arguments: Sequence[str]) -> int:
    """The command ``healthy``: exit code 0 when the worker lives, else 1 and why on stderr.

    2 for a wrong command line.
    """
    try:
        given = _given(arguments)
        timeout_s = _seconds(given.get("timeout_s", "5"))
    except ValueError as error:
        print(f"kabulwire: {error}; see `kabulwire healthy --help`", file=sys.stderr)
        return EX_USAGE
    store = Path(given["store"]) if "store" in given else configured_store(given.get("config"))
    problem = ask(store, timeout_s)
    print(f"kabulwire: {problem}" if problem else "ok", file=sys.stderr if problem else sys.stdout)
    return 1 if problem else 0


def _given(arguments: Sequence[str]) -> dict[str, str]:
    """Options by name. Raises ``ValueError`` with what is wrong."""
    given: dict[str, str] = {}
    rest = list(arguments)
    while rest:
        name, equals, value = rest.pop(0).partition("=")
        if name not in _OPTIONS:
            raise ValueError(f"No such option or argument: {name}")
        if not equals:
            if not rest:
                raise ValueError(f"Option '{name}' requires an argument")
            value = rest.pop(0)
        given[_OPTIONS[name]] = value
    return given


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"Invalid value for '--timeout-s': {text!r} is no number") from None


def ask(store: Path, timeout_s: float) -> str:
    """What is wrong, or "" when the worker answers that it lives."""
    path = run_file(store)
    try:
        facts = json.loads(path.read_text("utf-8"))
        pid, address = int(facts["pid"]), str(facts["livez"])
    except FileNotFoundError:
        return f"no worker: {path} does not exist"
    except (OSError, ValueError, KeyError, TypeError) as error:
        return f"{path}: {error}"
    if not _exists(pid):
        return f"no worker: process {pid} is gone"
    return _get(address, timeout_s, pid)


def _get(address: str, timeout_s: float, pid: int) -> str:
    """Asks ``http://host:port/path``: three lines of HTTP, for a client takes longer to load."""
    host, _, path = address.removeprefix("http://").partition("/")
    name, _, port = host.rpartition(":")
    name = name.strip("[]")
    try:
        with socket.create_connection((name, int(port)), timeout_s) as line:
            line.sendall(f"GET /{path} HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
            answer = b""
            while len(answer) < _ANSWER_BYTES and (chunk := line.recv(_ANSWER_BYTES)):
                answer += chunk
    except ConnectionRefusedError:
        return f"nothing listens at {address} (connection refused), though process {pid} runs"
    except TimeoutError:
        return f"no answer from {address} within {timeout_s:g} s, though process {pid} runs"
    except OSError as error:
        return f"{address} cannot be reached: {error.strerror or error}"
    except ValueError:
        return f"{address!r} is no address to ask; the worker's run file is damaged"
    head, _, body = answer.decode("utf-8", "replace").partition("\r\n\r\n")
    status = [*head.split(" ", 2), "", ""][1]
    return "" if status == "200" else f"{address} answers {status}: {body}"


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def configured_store(config: str | None) -> Path:
    """The store of these settings; None: of those that a worker would find."""
    named = os.environ.get("KABULWIRE__STORE__PATH")
    if named:
        return Path(named)
    import tomllib

    where = Path(config or os.environ.get("KABULWIRE_CONFIG") or "config")
    file = where / "kabulwire.toml" if where.is_dir() else where
    try:
        return Path(tomllib.loads(file.read_text("utf-8"))["store"]["path"])
    except (OSError, ValueError, KeyError, TypeError):
        return DEFAULT_STORE
