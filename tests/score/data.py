"""Where labelled data are, and how they are read. Nothing of them is in the project.

``KABULWIRE_DATA`` names the folder; without it, ``../shared/data`` beside the checkout is taken.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def data_folder() -> Path:
    """The folder of labelled data. It need not exist, unless somebody named it."""
    named = os.environ.get("KABULWIRE_DATA")
    if named and not Path(named).is_dir():
        sys.exit(f"KABULWIRE_DATA names no folder: {named}")
    return Path(named) if named else ROOT.parent / "shared" / "data"


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The objects of a file of JSON lines, packed or not."""
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8")
    return [json.loads(line) for line in text.split("\n") if line.strip()]


def digest(files: Iterable[Path], base: Path) -> str:
    """One short digest over names and bytes of all files."""
    found = hashlib.sha256()
    for file in sorted(set(files)):
        found.update(file.relative_to(base).as_posix().encode() + b"\0")
        found.update(file.read_bytes() + b"\0")
    return found.hexdigest()[:16]


def nth(name: str, every: int) -> bool:
    """Whether this item is among every n-th: by its name, so the choice is always the same."""
    return int(hashlib.sha256(name.encode()).hexdigest()[:8], 16) % every == 0
