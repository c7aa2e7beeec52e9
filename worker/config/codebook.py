"""Reads the codebook that comes with the program."""

from __future__ import annotations

import tomllib
from pathlib import Path

from worker.core.contract.codebook import Codebook, build_codebook

_CORE = Path(__file__).parents[1] / "core"


def load_codebook() -> Codebook:
    """The shipped codebook with GTD's codes. Raises ``KnowledgeError`` when an entry is wrong."""
    table = tomllib.loads((_CORE / "contract" / "codebook.toml").read_text("utf-8"))
    codes = tomllib.loads((_CORE / "merge" / "state" / "codes.toml").read_text("utf-8"))
    return build_codebook(table, codes)
