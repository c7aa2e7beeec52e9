"""Stories put together by chance, ``tests/composed``: how many of each frame are read rightly.

A larger draw than that of the tests, with another seed, and with the choices that are open: what is
not read yet counts here. A field is a frame. A choice that is added to a frame makes other stories
of all of it, so a floor of this set keeps a distance from what is reached (see ``floors.py``).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.composed.compose import stories
from tests.composed.frames import load_frames
from tests.composed.judge import differences
from tests.score.marks import Item, Mark, check

SEED = 2
OF_EACH = 100
"""Stories of a frame."""


def load(_data: Path) -> list[Item]:
    """All stories; a story says itself what is right."""
    drawn = (stories(frame, SEED, OF_EACH, with_open=True) for frame in load_frames())
    return [Item(story.id, story.lang, story, None) for told in drawn for story in told]


def examine(item: Item) -> Iterator[Mark]:
    """One mark: whether all figures are right."""
    story = item.given
    wrong = differences(story)
    yield check(story.frame.partition("/")[2], not wrong, f"{'; '.join(wrong)}: {story.text}")
