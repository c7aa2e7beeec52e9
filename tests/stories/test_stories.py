"""Stories: articles arrive one after the other, and after each the incidents are as expected."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.profiles.cities import PORTSMERE
from tests.stories.tell import play, read_story
from worker.config.knowledge import load_knowledge

STORIES = sorted(Path(__file__).parent.glob("*.toml"))


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_decide_ends_each_step_of_a_story_as_told(path: Path) -> None:
    """Every step of the story leaves the incidents that it says, under the ids that it says."""
    told = play(read_story(path), load_knowledge(PORTSMERE))
    assert told.log, "a story in which nothing happens"


def test_stories_are_there() -> None:
    """An empty folder must not pass for a tested one."""
    assert len(STORIES) >= 10
