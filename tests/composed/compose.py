"""Stories, put together by chance: a frame and a seed give articles and the figures they tell.

Rules
-----
1. A template is filled from left to right. A slot is drawn when the text first names it; named
   again, it gives the same words. No two slots of a story are filled with the same words.
2. Choices of a slot are dealt like cards: none comes a second time before all have come that fit. So
   few stories are enough to meet every choice.
3. A choice fits when the marks it ``needs`` stand on choices drawn before it, and none that it
   ``bars``. Without open choices, those are left out that are not read yet, alone or beside another.
4. What a choice does to the figures is done behind its text: ``{killed+2}`` in a text, and ``sets``
   by the same term, speak of the figure as it was before it.
5. A comma that ends an apposition falls away before another mark.
"""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path

from tests.composed.facts import Facts
from tests.composed.frames import FIGURES, PLACEHOLDER, Choice, Frame, FrameError, Term

TEMPLATE = "template"
Bounds = tuple[int, int]
_NUMBERS = Path(__file__).with_name("numbers.toml")


@dataclass(frozen=True, slots=True)
class Story:
    """One article, and what must be found in it."""

    frame: str
    number: int
    title: str
    text: str
    published: str
    lang: str
    expect: dict[str, Bounds | None]
    """Lowest and highest of each figure; None: must not be reported."""
    facts: Facts
    parts: tuple[tuple[str, str], ...]
    """(slot, text of the choice), as drawn."""

    @property
    def id(self) -> str:
        """Unique within a draw."""
        return f"{self.frame}-{self.number:03d}"

    @property
    def fields(self) -> dict[str, str]:
        """The article as one input line of ``kabulwire analyze``."""
        line = {"id": self.id, "lang": self.lang, "outlet": "Heron Wire", "title": self.title}
        return {**line, "text": self.text, "published": self.published}


def stories(frame: Frame, seed: int, count: int, *, with_open: bool) -> list[Story]:
    """So many stories of a frame; always the same for the same seed. None where all of a slot is open."""
    if not with_open and any(all(one.open for one in slot) for slot in frame.slots.values()):
        return []
    dealt = _Decks(frame, random.Random(f"{frame.name} {seed}"), with_open)
    return [
        _Draft(frame, dealt, random.Random(f"{frame.name} {seed} {number}")).story(number)
        for number in range(count)
    ]


class _Decks:
    """The choices of every slot, shuffled anew when all have been dealt."""

    def __init__(self, frame: Frame, rnd: random.Random, with_open: bool) -> None:
        self._all = {
            slot: [one for one in choices if with_open or not one.open]
            for slot, choices in {TEMPLATE: frame.templates, **frame.slots}.items()
        }
        self._left: dict[str, list[Choice]] = {slot: [] for slot in self._all}
        self._rnd = rnd
        self._with_open = with_open

    def deal(self, slot: str, drawn: Sequence[Choice]) -> Choice:
        left = self._left[slot]
        found = next((one for one in left if self._fits(one, drawn)), None)
        if found is None:
            again = [one for one in self._all[slot] if one not in left]
            left += self._rnd.sample(again, len(again))
            found = next((one for one in left if self._fits(one, drawn)), None)
        if found is None:
            raise FrameError(f"nothing fits slot {slot} after {[one.text for one in drawn]}")
        left.remove(found)
        return found

    def _fits(self, one: Choice, drawn: Sequence[Choice]) -> bool:
        marks = frozenset[str]().union(*(other.marks for other in drawn))
        if not one.needs <= marks or one.bars & marks:
            return False
        if one.text and any(one.text == other.text for other in drawn):
            return False
        known = not one.open_beside & marks
        known &= not any(one.marks & other.open_beside for other in drawn)
        return known or self._with_open


@dataclass(slots=True)
class _Draft:
    """A story while it is put together."""

    frame: Frame
    dealt: _Decks
    rnd: random.Random
    numbers: dict[str, int] = field(default_factory=dict)
    figures: dict[str, Bounds] = field(default_factory=dict)
    filled: dict[str, str] = field(default_factory=dict)
    drawn: list[tuple[str, Choice]] = field(default_factory=list)

    def story(self, number: int) -> Story:
        self._draw_numbers()
        self.figures = {
            figure: (value, value)
            for figure, value in ((key, self._value(t)) for key, t in self.frame.expect.items())
        }
        text = tidied(self._drawn(TEMPLATE))
        title = next((one.title for _, one in self.drawn if one.title), self.frame.title)
        return Story(
            self.frame.name, number, tidied(self._filled(title)), text, self.frame.published,
            self.frame.lang, {figure: self.figures.get(figure) for figure in FIGURES},
            self._facts(), tuple((slot, one.text) for slot, one in self.drawn),
        )  # fmt: skip

    def _facts(self) -> Facts:
        """Those of the frame, then those of each choice in the order of drawing."""
        facts = self.frame.facts
        for _, choice in self.drawn:
            facts = facts.then(choice.facts)
        return facts

    def _draw_numbers(self) -> None:
        """Every number of the frame; no two are equal, so that none can stand for another."""
        for name, (low, high) in self.frame.numbers.items():
            span = range(self._value(low), self._value(high) + 1)
            free = [value for value in span if value not in self.numbers.values()]
            self.numbers[name] = self.rnd.choice(free)

    def _drawn(self, slot: str) -> str:
        if slot not in self.filled:
            choice = self.dealt.deal(slot, [one for _, one in self.drawn])
            self.drawn.append((slot, choice))
            self.filled[slot] = self._filled(choice.text)
            self._take_effect(choice)
        return self.filled[slot]

    def _filled(self, text: str) -> str:
        return PLACEHOLDER.sub(lambda found: self._put(found[1]), text)

    def _put(self, inner: str) -> str:
        if "|" in inner:
            return self._agreeing(inner)
        name = inner[0].lower() + inner[1:]
        if inner[0] == "#":
            return in_digits(self.frame.lang, self._value(inner[1:]))
        written = partial(in_words, self.rnd, self.frame.lang)
        text = self._drawn(name) if name in self.frame.slots else written(self._value(name))
        return text[:1].upper() + text[1:] if inner[0].isupper() else text

    def _agreeing(self, inner: str) -> str:
        slot, _, forms = inner.rpartition("?")
        one, many = forms.split("|")
        found = [choice for name, choice in self.drawn if name == (slot or self.frame.agrees)]
        if not found:
            raise FrameError(f"{self.frame.name}: {{{inner}}} stands before what it agrees with")
        if found[0].count is None:
            raise FrameError(f"{self.frame.name}: {found[0].text!r} has no count to agree with")
        return one if found[0].count == 1 else many

    def _take_effect(self, choice: Choice) -> None:
        done = [(what, figure, self._value(term)) for what, figure, term in choice.effects]
        for what, figure, value in done:
            low, high = self.figures.get(figure, (0, 0) if what == "adds" else (value, value))
            self.figures[figure] = {
                "adds": (low + value, high + value),
                "sets": (value, value),
                "differs": (min(low, value), max(high, value)),
            }[what]

    def _value(self, term: Term) -> int:
        if isinstance(term, int):
            return term
        name, sign, more = re.fullmatch(r"(\w+)\s*(?:([+-])\s*(\w+))?", term).groups()  # type: ignore[union-attr]
        base = self.figures[name][0] if name in FIGURES else self.numbers[name]
        if not sign:
            return base
        step = int(more) if more.isdecimal() else self.numbers[more]
        return base + step if sign == "+" else base - step


def in_words(rnd: random.Random, lang: str, number: int) -> str:
    """As outlets write it: small numbers in words, large ones in digits, some either way."""
    table = _written().get(lang, _Written())
    if number >= len(table.words) or (number >= table.either and rnd.random() < 0.5):
        return in_digits(lang, number)
    return table.words[number]


def in_digits(lang: str, number: int) -> str:
    """In those of the script, where the outlets of a language print them."""
    digits = _written().get(lang, _Written()).digits
    return "".join(digits[int(one)] for one in str(number))


@dataclass(frozen=True, slots=True)
class _Written:
    """How a language writes its numbers; one without a table writes them in digits."""

    words: Sequence[str] = ()
    either: int = 0
    digits: str = "0123456789"


@cache
def _written() -> dict[str, _Written]:
    tables = tomllib.loads(_NUMBERS.read_text("utf-8"))
    return {lang: _Written(**table) for lang, table in tables.items()}


def tidied(text: str) -> str:
    """Without the comma of an apposition before another mark."""
    return re.sub(r",(?=[,.;:?!])", "", text).strip()
