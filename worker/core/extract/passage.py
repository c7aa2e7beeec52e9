"""What every extractor is given: one attack as one article tells it, and how to search it.

Rules
-----
1. Extractors look at the segment's ranges only, so a background figure, group or weapon cannot
   leak into the report of the main attack.
2. Whatever is found is handed back with verbatim spans.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from re import Match

from worker.core.annotate.actors import ActorMention
from worker.core.annotate.annotate import Annotated
from worker.core.annotate.clock import ClockMention
from worker.core.annotate.triggers import Trigger
from worker.core.domain.document import Article, Span
from worker.core.domain.vocabulary import Zone
from worker.core.knowledge.knowledge import Knowledge
from worker.core.knowledge.profile import Profile
from worker.core.knowledge.weights import ExtractWeights
from worker.core.lang.lexicon import Lexicon
from worker.core.lang.normalise import Found, Range, inside, plain, starting_in
from worker.core.segment.segment import Segment
from worker.core.text.prose import Prose, Sentence

MOST_SPANS = 8
CLAUSE_REACH_CHARS = 600


@dataclass(frozen=True)
class Passage:
    """One segment of an article, ready to be searched."""

    annotated: Annotated
    lexicon: Lexicon
    knowledge: Knowledge
    segment: Segment
    others: tuple[Segment, ...] = ()
    """The article's other attacks: what they name is less likely to be this one's."""

    @property
    def article(self) -> Article:
        """The article that the attack is told in."""
        return self.annotated.article

    @property
    def prose(self) -> Prose:
        """Its text."""
        return self.annotated.prose

    @property
    def profile(self) -> Profile:
        """Everything that is true of the watched area only."""
        return self.knowledge.profile

    @property
    def weights(self) -> ExtractWeights:
        """What words around a place, a thing or a time are worth."""
        return self.knowledge.extract_weights

    def is_named_elsewhere(self, name: str) -> bool:
        """Whether another attack of the article names the same thing."""
        return plain(name) in self._other_words

    @cached_property
    def _other_words(self) -> str:
        """What the article says of its other attacks; names do not run on over a line break."""
        stretches = (at for segment in self.other_attacks for at in segment.ranges)
        return "\n".join(map(self.prose.of, stretches))

    @cached_property
    def other_places(self) -> frozenset[str]:
        """Ids of the places that the article's other attacks happened at."""
        return frozenset(m.entry.id for s in self.other_attacks for m in s.places)

    @property
    def other_attacks(self) -> Iterator[Segment]:
        """The article's other attacks that are told for their own sake or as background."""
        return (s for s in self.others if s.kind in ("background", "item"))

    @cached_property
    def triggers(self) -> tuple[Trigger, ...]:
        """The attack words of this attack, in order."""
        return self._own(self.annotated.triggers)

    @cached_property
    def actors(self) -> tuple[ActorMention, ...]:
        """The groups, states and spokesmen named in this attack's words, in order."""
        return self._own(self.annotated.actors)

    @cached_property
    def times(self) -> tuple[ClockMention, ...]:
        """The clock times in this attack's words."""
        return self._own(self.annotated.times)

    def _own(self, found: tuple[Found, ...]) -> tuple[Found, ...]:
        """Those inside the segment."""
        return tuple(one for at in self.segment.ranges for one in inside(found, at))

    def find(self, category: str) -> Iterator[Match[str]]:
        """All matches of a category inside the segment."""
        for at in self.segment.ranges:
            yield from self.lexicon.find(category, self.prose.text, at.start, at.end)

    def find_ranges(self, category: str) -> list[Range]:
        """Where a category matches inside the segment."""
        return [Range.of(m) for m in self.find(category)]

    def find_in_table(self, name: str) -> Iterator[tuple[Match[str], str]]:
        """All matches of a table inside the segment, with their values."""
        for at in self.segment.ranges:
            yield from self.lexicon.table(name).find(self.prose.text, at.start, at.end)

    def sentence(self, position: int) -> Sentence | None:
        """The sentence that holds a position."""
        return self.prose.sentence_at(position)

    def zone(self, position: int) -> Zone:
        """The zone of the sentence that holds a position."""
        sentence = self.prose.sentence_at(position)
        return sentence.zone if sentence is not None else "body"

    def clause(self, position: int) -> Range:
        """The part of the sentence at ``position`` that belongs to this segment.

        A "sentence" without an end, as hostile pages have it, is cut to what stands near.
        """
        sentence = self.prose.sentence_at(position)
        if sentence is None:
            return Range(position, position)
        low, high = position - CLAUSE_REACH_CHARS, position + CLAUSE_REACH_CHARS
        low, high = max(sentence.start, low), min(sentence.end, high)
        index = bisect_right(self._starts, position) - 1
        if index >= 0 and self.segment.ranges[index].holds(position):
            own = self.segment.ranges[index]
            return Range(max(own.start, low), min(own.end, high))
        return Range(low, high)

    def triggers_in(self, at: Range) -> tuple[Trigger, ...]:
        """The attack words of this attack inside a stretch."""
        return starting_in(self.triggers, at)

    @cached_property
    def _starts(self) -> list[int]:
        return [r.start for r in self.segment.ranges]

    def has(self, category: str, at: Range) -> bool:
        """Whether a category matches inside a stretch."""
        return self.lexicon.first(category, self.prose.text, max(0, at.start), at.end) is not None

    def ends_with(self, category: str, end: int, reach: int = 48) -> Match[str] | None:
        """A match of a category that stands directly before ``end``, blanks aside."""
        return self.lexicon.ends_with(category, self.prose.text, end, reach)

    def before_article(self, start: int, low: int, category: str = "determiner") -> int:
        """Where the words before a phrase end, its article aside: "outside | the embassy".

        Looked for from ``low``; ``category``: which articles.
        """
        before = self.prose.text[max(0, low) : start].rstrip()
        last, article = before.rpartition(" ")[2], self.lexicon.pattern(category)
        if article is not None and article.fullmatch(last):
            before = before.removesuffix(last).rstrip()
        return max(0, low) + len(before)

    def spans(self, found: Iterable[Range]) -> tuple[Span, ...]:
        """Verbatim spans of what was found, in text order, each once, the first few."""
        ordered = sorted({(at.start, at.end) for at in found})
        return tuple(self.prose.span(Range(*pair)) for pair in ordered[:MOST_SPANS])


Spans = tuple[Span, ...]
