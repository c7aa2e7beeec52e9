"""Every story of a fixed draw: what its parts say is found, and nothing else. A frame is a test.

A failure names each story that fails, and shows it. Stories are drawn when the test runs.
"""

from __future__ import annotations

import pytest

from tests.composed.compose import Story, stories
from tests.composed.frames import Frame, load_frames
from tests.composed.judge import differences, shown
from tests.together import failures

SEED = 1
OF_EACH = 32
"""Stories of a frame."""


def judge(story: Story) -> None:
    """Killed and injured are as the parts have it; what no part tells is not reported."""
    found = differences(story)
    if found:
        pytest.fail(shown(story, found))


@pytest.mark.parametrize("frame", load_frames(), ids=lambda frame: frame.name)
def test_analyze_finds_what_the_parts_of_a_story_say(frame: Frame) -> None:
    """Every story of a frame."""
    told = failures(stories(frame, SEED, OF_EACH, with_open=False), judge, lambda story: story.id)
    assert not told, told
