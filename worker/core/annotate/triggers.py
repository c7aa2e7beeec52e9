"""Words that tell of an attack (triggers, as in ACE), and words that tell of harm.

Rules
-----
1. A trigger has its GTD type from the table ``attack_type``. A weak one ("gunfire") proves the type
   only where no better stands.
2. Both are looked for sentence by sentence: no word of two sentences is one.
3. A determiner is a trigger's own only where both stand in the stretch that is asked about: in "the
   army said | gunmen attacked" no clause holds "the … gunmen".
"""

from __future__ import annotations

import re
from dataclasses import replace

from worker.core.domain.light_value import light_value
from worker.core.lang.lexicon import Lexicon
from worker.core.lang.normalise import Range, inside
from worker.core.lang.tokens import UNSPACED
from worker.core.text.prose import Prose

_BEFORE_CHARS = 48
_GAP = re.compile(rf"\s(?:[\w'-]+\s){{0,3}}|[{UNSPACED}]{{0,6}}")
"""What may stand between a determiner and its noun: a few modifiers."""


@light_value
class Trigger(Range):
    """A word that tells of an attack, with its GTD type; ``weak`` ones prove it only alone."""

    type: str
    weak: bool
    definite_at: int | None
    """Where a definite determiner ("the", "that") opens its noun phrase, if one does."""
    indefinite_at: int | None

    @property
    def definite(self) -> bool:
        """Whether it is told as known: "the blast"."""
        return self.definite_at is not None

    @property
    def indefinite(self) -> bool:
        """Whether it is told as new: "a blast"."""
        return self.indefinite_at is not None


def find_triggers(prose: Prose, lexicon: Lexicon) -> tuple[Trigger, ...]:
    """All attack words of a text, in order."""
    table, text = lexicon.table("attack_type"), prose.text
    found = []
    for sentence in prose.sentences:
        for match, value in table.find(text, sentence.start, sentence.end):
            before = Range(max(sentence.start, match.start() - _BEFORE_CHARS), match.start())
            found.append(
                Trigger(
                    match.start(),
                    match.end(),
                    value.rstrip("?"),
                    value.endswith("?"),
                    opening(lexicon, "definite", prose, before),
                    opening(lexicon, "indefinite", prose, before),
                )
            )
    return tuple(found)


def find_harm(prose: Prose, lexicon: Lexicon) -> tuple[Range, ...]:
    """All words of harm to people of a text, in order."""
    return tuple(
        Range.of(match)
        for sentence in prose.sentences
        for match in lexicon.find("harm", prose.text, sentence.start, sentence.end)
    )


def triggers_in(triggers: tuple[Trigger, ...], at: Range) -> tuple[Trigger, ...]:
    """Those inside a stretch, with the determiners that are inside as well."""
    return tuple(_cut(trigger, at.start) for trigger in inside(triggers, at))


def _cut(trigger: Trigger, start: int) -> Trigger:
    """The trigger, without determiners that stand before ``start``."""
    definite, indefinite = trigger.definite_at, trigger.indefinite_at
    if (definite is None or definite >= start) and (indefinite is None or indefinite >= start):
        return trigger
    return replace(
        trigger,
        definite_at=None if definite is None or definite < start else definite,
        indefinite_at=None if indefinite is None or indefinite < start else indefinite,
    )


def opening(lexicon: Lexicon, category: str, prose: Prose, before: Range) -> int | None:
    """Where a word of a category opens the noun phrase that goes on after a stretch."""
    pattern, words = lexicon.pattern(category), prose.of(before)
    heads = [m.span() for m in pattern.finditer(words)] if pattern is not None else []
    near = reversed(heads[-2:])
    return next((before.start + s for s, end in near if _GAP.fullmatch(words, end)), None)
