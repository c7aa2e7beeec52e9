"""Stories put together by chance, ``tests/composed``: how many of each frame are read rightly.

A larger draw than that of the tests, with another seed, and with the choices that are open: what is
not read yet counts here. A field is a frame. A choice that is added to a frame makes other stories
of all of it, so a floor of this set keeps a distance from what is reached (see ``floors.py``).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.score.marks import Item, Mark, check

SEED = 2
OF_EACH = 100
"""Stories of a frame."""
Story = Any
"""A story of a frame. Its module is imported late: a checkout may lack it, which is told."""


def load(_data: Path) -> list[Item]:
    """All stories, by id: a story itself does not travel between processes."""
    return [Item(story.id, story.lang, None, None) for story in _stories().values()]


def examine(item: Item) -> Iterator[Mark]:
    """One mark: whether all figures are right."""
    story = _stories()[item.id]
    wrong = import_module("tests.composed.judge").differences(story)
    yield check(story.frame.partition("/")[2], not wrong, f"{'; '.join(wrong)}: {story.text}")


@lru_cache(maxsize=1)
def _stories() -> dict[str, Story]:
    frames = import_module("tests.composed.frames").load_frames()
    compose = import_module("tests.composed.compose").stories
    drawn = (compose(frame, SEED, OF_EACH, with_open=True) for frame in frames)
    return {story.id: story for stories in drawn for story in stories}
