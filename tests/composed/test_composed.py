"""Every story of a fixed draw, one test each: what its parts say is found, and nothing else."""

from __future__ import annotations

import pytest

from tests.composed.compose import Story, stories
from tests.composed.frames import load_frames
from tests.composed.judge import differences, shown

SEED = 1
OF_EACH = 32
"""Stories of a frame."""
STORIES = [s for f in load_frames() for s in stories(f, SEED, OF_EACH, with_open=False)]


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.id)
def test_analyze_finds_what_the_parts_of_a_story_say(story: Story) -> None:
    """Killed and injured are as the parts have it; what no part tells is not reported."""
    found = differences(story)
    if found:
        pytest.fail(shown(story, found), pytrace=False)
