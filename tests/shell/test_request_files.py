"""Requests of people: small files beside a store."""

from __future__ import annotations

from pathlib import Path

import pytest

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
