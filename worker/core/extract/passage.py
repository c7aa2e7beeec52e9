"""What every extractor is given: one attack as one article tells it, and how to search it.

Rules
-----
1. Extractors look at the segment's ranges only, so a background figure, group or weapon cannot
   leak into the report of the main attack.
2. Whatever is found is handed back with verbatim spans.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from re import Match

from worker.core.annotate.dates import DateMention
from worker.core.domain.document import Article, Span
from worker.core.domain.vocabulary import Zone
from worker.core.knowledge.knowledge import Knowledge
from worker.core.knowledge.profile import Profile
from worker.core.knowledge.weights import ExtractWeights
from worker.core.lang.lexicon import Lexicon
from worker.core.lang.normalise import plain
from worker.core.segment.clauses import Trigger, find_triggers
from worker.core.segment.segment import Segment
from worker.core.text.prose import Prose, Sentence

MOST_SPANS = 8
CLAUSE_REACH_CHARS = 600


@dataclass(frozen=True)
class Passage:
    """One segment of an article, ready to be searched. Positions are in ``prose.text``."""

    article: Article
    prose: Prose
    lexicon: Lexicon
    knowledge: Knowledge
    segment: Segment
    dates: tuple[DateMention, ...]
    others: tuple[Segment, ...] = ()
    """The article's other attacks: what they name is less likely to be this one's."""

    @property
    def profile(self) -> Profile:
        """Everything that is true of the watched area only."""
        return self.knowledge.profile

    @property
    def weights(self) -> ExtractWeights:
        """What words around a place, a thing or a time are worth."""
        return self.knowledge.extract_weights

    def is_named_elsewhere(self, name: str) -> bool:
        """Whether another segment of the article names the same thing."""
        wanted = plain(name)
        return any(
            wanted in self.prose.text[start:end]
            for segment in self.others
            if segment.kind in ("background", "item")
            for start, end in segment.ranges
        )

    @cached_property
    def triggers(self) -> tuple[Trigger, ...]:
        """The attack words of this attack, in order."""
        return tuple(
            t for r in self.segment.ranges for t in find_triggers(self.prose.text, *r, self.lexicon)
        )

    def find(self, category: str) -> Iterator[Match[str]]:
        """All matches of a category inside the segment."""
        for start, end in self.segment.ranges:
            yield from self.lexicon.find(category, self.prose.text, start, end)

    def find_in_table(self, name: str) -> Iterator[tuple[Match[str], str]]:
        """All matches of a table inside the segment, with their values."""
        for start, end in self.segment.ranges:
            yield from self.lexicon.table(name).find(self.prose.text, start, end)

    def sentence(self, position: int) -> Sentence | None:
        """The sentence that holds a position."""
        return self.prose.sentence_at(position)

    def zone(self, position: int) -> Zone:
        """The zone of the sentence that holds a position."""
        sentence = self.prose.sentence_at(position)
        return sentence.zone if sentence is not None else "body"

    def clause(self, position: int) -> tuple[int, int]:
        """The part of the sentence at ``position`` that belongs to this segment.

        A "sentence" without an end, as hostile pages have it, is cut to what stands near.
        """
        low, high = self._clause(position)
        return max(low, position - CLAUSE_REACH_CHARS), min(high, position + CLAUSE_REACH_CHARS)

    def _clause(self, position: int) -> tuple[int, int]:
        sentence = self.prose.sentence_at(position)
        if sentence is None:
            return position, position
        index = bisect_right(self._starts, position) - 1
        if index >= 0:
            start, end = self.segment.ranges[index]
            if start <= position < end:
                return max(start, sentence.start), min(end, sentence.end)
        return sentence.start, sentence.end

    def triggers_in(self, start: int, end: int) -> tuple[Trigger, ...]:
        """The attack words of this attack inside ``[start, end)``."""
        low = bisect_left(self._trigger_starts, start)
        return self.triggers[low : bisect_left(self._trigger_starts, end)]

    @cached_property
    def _starts(self) -> list[int]:
        return [start for start, _ in self.segment.ranges]

    @cached_property
    def _trigger_starts(self) -> list[int]:
        return [t.start for t in self.triggers]

    def has(self, category: str, start: int, end: int) -> bool:
        """Whether a category matches inside ``[start, end)``."""
        return self.lexicon.first(category, self.prose.text, max(0, start), end) is not None

    def ends_with(self, category: str, end: int, reach: int = 48) -> Match[str] | None:
        """A match of a category that stands directly before ``end``, blanks aside."""
        text = self.prose.text
        stop = len(text[:end].rstrip())
        for found in self.lexicon.find(category, text, max(0, end - reach), stop):
            if found.end() == stop:
                return found
        return None

    def spans(self, places: Iterable[tuple[int, int]]) -> tuple[Span, ...]:
        """Verbatim spans of positions, in text order, each once, the first few."""
        ordered = sorted(set(places))
        return tuple(self.prose.span(start, end) for start, end in ordered[:MOST_SPANS])


Spans = tuple[Span, ...]
