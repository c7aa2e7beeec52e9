"""What the sentences of an article tell of its events: the sentences themselves, and those at the top."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from worker.core.annotate.annotate import Annotated
from worker.core.annotate.counts import CountMention
from worker.core.annotate.events import EventSentence
from worker.core.classify.features import Feature
from worker.core.knowledge.weights import EventWeights
from worker.core.lang.normalise import Range
from worker.core.lang.tokens import Token
from worker.core.segment.event_mention import EventMention, main_event

ABOUT = ("main", "harm_main")
"""Traits of an event that its clause is about."""


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence, its counts and its main event, if it has one."""

    sentence: EventSentence
    counts: tuple[CountMention, ...]
    event: EventMention | None

    @property
    def at(self) -> Range:
        """The event word, or the whole sentence."""
        return self.sentence if self.event is None else range_of(self.event.token)

    def has(self, *traits: str) -> bool:
        """Whether its event has one of these traits."""
        return self.event is not None and not self.event.traits.isdisjoint(traits)

    def first(self, tag: str) -> Range:
        """The first word with a tag, or the whole sentence."""
        found = next((t for t in self.sentence.tokens if tag in t.tags), None)
        return self.sentence if found is None else range_of(found)


@dataclass(slots=True)
class Top:
    """Title and first sentences, and the features that they have shown so far."""

    title: tuple[Told, ...]
    body: tuple[Told, ...]
    later: tuple[Told, ...]
    found: dict[str, Feature] = field(default_factory=dict)

    @property
    def first(self) -> tuple[Told, ...]:
        """Title and first sentence."""
        return (*self.title, *self.body[:1])

    @property
    def all(self) -> tuple[Told, ...]:
        """Title and first sentences, in order."""
        return (*self.title, *self.body)

    @property
    def told(self) -> list[Told]:
        """Those with an event that may be news."""
        return [t for t in self.all if t.event is not None and not t.event.is_bad]

    def add(self, name: str, at: Range | None) -> None:
        """A feature that is there or not."""
        self.found[name] = Feature(1.0, at)


def read_told(annotated: Annotated, weights: EventWeights) -> list[Told]:
    """Every sentence of a text, in order, with its counts and the event that it is about."""
    counts: dict[int, list[CountMention]] = {}
    for count in annotated.counts:
        counts.setdefault(count.sentence, []).append(count)
    out = []
    for sentence in annotated.events:
        own = tuple(counts.get(sentence.index, ()))
        out.append(Told(sentence, own, main_event(sentence, weights, own)))
    return out


def range_of(token: Token) -> Range:
    """Where a token stands in the text."""
    return Range(token.start, token.end)


def with_tag(told: Sequence[Told], tag: str) -> Iterator[Told]:
    """The first sentence with a tag, if there is one."""
    yield from [t for t in told if tag in t.sentence.tags][:1]
