"""A place name in a text: its gazetteer row, and what it says of where something happened."""

from __future__ import annotations

from typing import Literal

from worker.core.domain.light_value import light_value
from worker.core.knowledge.profile import PlaceEntry
from worker.core.lang.normalise import Range

MentionKind = Literal["here", "near", "elsewhere", "confused", "dateline", "government", "origin"]


@light_value
class PlaceMention(Range):
    """A place name: its gazetteer row, and what it says."""

    entry: PlaceEntry
    kind: MentionKind
