"""A count of people with its measure decided: what ``counts`` makes of what the grammar found.

A part names the count that it is a part of by that one's place in the text.
"""

from __future__ import annotations

from worker.core.annotate.counts import CountMention
from worker.core.domain.light_value import light_value
from worker.core.domain.vocabulary import Measure
from worker.core.lang.normalise import Range


@light_value
class Count(Range):
    """A count with its measure decided. ``parent``: the number that it is a part of.

    ``person``: what to call the one person told singly, None for a number.
    """

    mention: CountMention
    measure: Measure
    victim_class: str
    parent: Range | None = None
    person: str | None = None

    @property
    def key(self) -> Range:
        """Names the count within its article."""
        return Range(self.start, self.end)
