"""Asks the worker beside a store whether it lives, with the standard library alone.

``run`` writes ``<store>.run`` with its process id and the address of ``/livez``; that is all there
is to know. Settings are not read (their validator alone takes a tenth of a second of processor
time, every few seconds, for ever), but the two ways to move the store are honoured.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tomllib
from collections.abc import Sequence
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

from worker.serve.run_file import run_file

DEFAULT_STORE = Path("var/kabulwire.db")


def healthy(arguments: Sequence[str]) -> int:
    """The command ``healthy``: exit code 0 when the worker lives, else 1 and why on stderr."""
    parser = argparse.ArgumentParser("kabulwire healthy", description=healthy.__doc__)
    parser.add_argument("--store", type=Path, help="the store's file, when not in its usual place")
    parser.add_argument("--timeout-s", type=float, default=5.0, help="limit for the answer")
    given = parser.parse_args(arguments)
    problem = ask(given.store, given.timeout_s)
    print(f"kabulwire: {problem}" if problem else "ok", file=sys.stderr if problem else sys.stdout)
    return 1 if problem else 0


def ask(store: Path | None, timeout_s: float) -> str:
    """What is wrong, or "" when the worker answers that it lives."""
    path = run_file(store or _configured_store())
    try:
        facts = json.loads(path.read_text("utf-8"))
        pid, address = int(facts["pid"]), str(facts["livez"])
    except FileNotFoundError:
        return f"no worker: {path} does not exist"
    except (OSError, ValueError, KeyError, TypeError) as error:
        return f"{path}: {error}"
    if not _exists(pid):
        return f"no worker: process {pid} is gone"
    return _get(address, timeout_s)


def _get(address: str, timeout_s: float) -> str:
    parts = urlsplit(address)
    connection = HTTPConnection(parts.hostname or "127.0.0.1", parts.port, timeout=timeout_s)
    try:
        connection.request("GET", parts.path)
        answer = connection.getresponse()
        body = answer.read(2000).decode("utf-8", "replace")
    except (OSError, HTTPException) as error:
        return f"{address}: {type(error).__name__}: {error}"
    finally:
        connection.close()
    return "" if answer.status == 200 else f"{address} answers {answer.status}: {body}"


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _configured_store() -> Path:
    named = os.environ.get("KABULWIRE__STORE__PATH")
    if named:
        return Path(named)
    where = Path(os.environ.get("KABULWIRE_CONFIG") or "config")
    file = where / "kabulwire.toml" if where.is_dir() else where
    try:
        return Path(tomllib.loads(file.read_text("utf-8"))["store"]["path"])
    except (OSError, ValueError, KeyError, TypeError):
        return DEFAULT_STORE
