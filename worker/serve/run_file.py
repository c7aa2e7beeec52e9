"""Where a worker says who and where it is: a small file beside its store."""

from __future__ import annotations

from pathlib import Path


def run_file(store: Path) -> Path:
    """The file with process id and ``/livez`` address of the worker that has this store open."""
    return store.with_name(store.name + ".run")
