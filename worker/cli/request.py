"""What a person asks of a worker: left for the running one and waited for, else put into its store.

``retry`` and the corrections of ``incidents`` come here; ``worker.run.request_files`` says what may be asked.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from worker.cli.exit_codes import EX_TEMPFAIL
from worker.cli.options import profile_name
from worker.cli.streams import put, refuse
from worker.config.load import Loaded
from worker.core.domain.errors import ConfigError
from worker.run import request_files
from worker.store.connect import Binding, exclusive, open_writer, transaction

_WAIT_S = 30.0
_PAUSE_S = 0.2


def request(loaded: Loaded, asked: Mapping[str, Any]) -> bool:
    """Hand ``asked`` to the worker; without a running one, put it into the store at once.

    Prints which of the two; returns whether a worker runs. Raises ``ConfigError`` without a store, or
    when the folder of requests cannot be written; a worker that does not take the request in within
    30 s ends the command (exit 75), and the request stays.
    """
    store = loaded.config.store.path
    if not store.is_file():
        raise ConfigError(f"no store at {store}: `kabulwire run` makes one, or see store.path")
    try:
        with exclusive(store):
            put(f"{_admit_directly(loaded, asked)} queued; the next run works on it")
            return False
    except ConfigError as error:
        if "in use" not in str(error):
            raise
    leave_and_wait(store, asked)
    return True


def leave_and_wait(store: Path, asked: Mapping[str, Any]) -> None:
    """Leave ``asked`` for the running worker and wait until it has taken it in, at most 30 s."""
    try:
        path = request_files.leave(store, asked)
    except OSError as error:
        place = request_files.folder(store)
        raise ConfigError(f"no request can be left in {place}: {error.strerror}") from error
    limit = time.monotonic() + _WAIT_S
    while path.exists():
        if time.monotonic() > limit:
            refuse(f"the worker has not taken it in yet; it will: {path}", EX_TEMPFAIL)
        time.sleep(_PAUSE_S)
    put("taken in by the running worker")


def _admit_directly(loaded: Loaded, asked: Mapping[str, Any]) -> int:
    config = loaded.config
    sink = "kafka" if config.kafka.bootstrap_servers else "files"
    conn = open_writer(config.store.path, Binding(sink, config.instance, profile_name(loaded)))
    try:
        with transaction(conn):
            return request_files.admit(conn, asked, dt.datetime.now(dt.UTC))
    finally:
        conn.close()
