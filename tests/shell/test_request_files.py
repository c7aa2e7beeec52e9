"""Requests of people: small files beside a store."""

from __future__ import annotations

import asyncio
import datetime as dt
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from worker.config.schema import Config, Store
from worker.run.clock import Now
from worker.run.due_work.requests import Requests
from worker.run.request_files import folder, leave, waiting


def test_waiting_gives_what_was_left_and_sets_aside_what_is_no_request(tmp_path: Path) -> None:
    """A request comes back as it was; junk, a list and a folder become ``.bad`` and stop nothing."""
    store = tmp_path / "store.db"
    assert list(waiting(store)) == []
    left = leave(store, {"retry": "crashed"})
    (folder(store) / "0-junk.json").write_bytes(b"\xff{")
    (folder(store) / "1-list.json").write_text("[]")
    (folder(store) / "2-folder.json").mkdir()
    assert list(waiting(store)) == [(left, {"retry": "crashed"})]
    names = {path.name for path in folder(store).iterdir()}
    assert names == {left.name, "0-junk.bad", "1-list.bad", "2-folder.bad"}


async def test_a_request_whose_file_cannot_be_removed_is_taken_in_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its folder may be read-only: the part says so again and again, and carries nothing out twice."""
    store, taken = tmp_path / "store.db", []
    path = leave(store, {"retry": None})

    async def write(job: Any) -> int:
        taken.append(job)
        return 1

    parts: Any = SimpleNamespace(
        config=Config(profile="anywhere", store=Store(path=store)),
        chain=SimpleNamespace(write=write),
        work_came=asyncio.Event(),
    )
    source, now = Requests(parts), Now(dt.datetime.now(dt.UTC), 0.0)
    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", refuse)
        for _ in range(3):
            with pytest.raises(PermissionError):
                await source.work(now)
    assert (len(taken), path.exists()) == (1, True)
    await source.work(now)
    assert (len(taken), path.exists()) == (1, False)
    leave(store, {"retry": None})
    await source.work(now)
    assert len(taken) == 2


def refuse(path: Path, missing_ok: bool = False) -> None:
    raise PermissionError(13, "Permission denied", str(path))


def test_waiting_raises_where_requests_cannot_be_read(tmp_path: Path) -> None:
    """A file in the folder's place, a request that points nowhere: never mistaken for no requests."""
    store = tmp_path / "store.db"
    folder(store).write_text("in the way")
    with pytest.raises(NotADirectoryError):
        list(waiting(store))
    folder(store).unlink()
    leave(store, {"retry": None}).unlink()
    broken = folder(store) / "nowhere.json"
    broken.symlink_to(tmp_path / "missing")
    with pytest.raises(FileNotFoundError):
        list(waiting(store))
    assert broken.is_symlink()
