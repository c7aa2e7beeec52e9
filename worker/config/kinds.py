"""Kinds of values that settings have, where a plain type would let nonsense in.

Example: ``KABULWIRE__STORE__PATH=`` is an empty text, and an empty text is the working folder to
``Path``: the worker would begin, and fail where it first makes a file beside the store.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Duration = Annotated[float, Field(gt=0, allow_inf_nan=False)]
"""Of what takes time: 0 would be a limit that nothing keeps, or a pause that is none."""


def _not_empty(value: Any) -> Any:
    if isinstance(value, str) and not value.strip():
        raise PydanticCustomError("empty_path", "is empty; name a place, or leave the setting out")
    return value


def _with_a_name(path: Path) -> Path:
    if not path.name:
        raise PydanticCustomError("no_file", "is a folder; name a file in it")
    return path


Place = Annotated[Path, BeforeValidator(_not_empty)]
"""A file or folder that was named; where none may be named it is optional."""
FilePlace = Annotated[Place, AfterValidator(_with_a_name)]
"""Files beside it are named after it, so "." and "/" are none."""
