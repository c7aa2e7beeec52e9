"""What a sentence must hold for a pattern over tags to match in it, so that most rules are not asked.

Of some 800 English rules a sentence satisfies the formulas that stand in every match of about twenty,
and two or three of these match. What is needed is found once, when a rule is read:

- of a sequence, all that its parts need; a look-around needs what it looks for;
- of a choice, for each way to pick one need of each alternative, one of those picked;
- of what may be left out, of what must not be there, and of a formula that a token without tags
  satisfies: nothing.

A pattern that is no regex needs nothing here: compiling it says what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice, product

from worker.core.lang.alphabet import Formula

_Item = str | Formula
_Needs = tuple[int, ...]
"""Masks of formulas: of each some token must satisfy one."""
_MOST_PICKED = 16
_ITEM = re.compile(
    r"\x00\w*\x01|\((?:\?(?:[:=!]|<[=!]))?|\)|\||\{\d+(?:,\d+)?\}\??|\?\??|\\.|.", re.DOTALL
)
_OPENINGS = frozenset({"(", "(?:", "(?=", "(?<="})
_NEGATIVE = frozenset({"(?!", "(?<!"})


def needed(parts: Sequence[_Item]) -> tuple[int, tuple[int, ...]]:
    """The bits of all formulas that must be satisfied, and masks of which one bit must be."""
    items = [*_items(parts), ")"]
    try:
        needs, end = _choice(items, 0)
    except IndexError:  # a bracket is never closed
        return 0, ()
    if end != len(items) - 1:
        return 0, ()
    every = 0
    for mask in needs:
        if mask.bit_count() == 1:
            every |= mask
    choices = sorted({mask for mask in needs if not mask & every}, key=int.bit_count)
    return every, tuple(choices)


def _items(parts: Sequence[_Item]) -> Iterator[_Item]:
    """Formulas, and the marks of the regex one by one, without labels."""
    for part in parts:
        if isinstance(part, Formula):
            yield part
        else:
            yield from (mark for mark in _ITEM.findall(part) if mark[0] != "\x00")


def _choice(items: Sequence[_Item], at: int) -> tuple[_Needs, int]:
    """What the alternatives need that begin at an index, and where the bracket stands that ends them."""
    ways: list[_Needs] = []
    while True:
        needs, at = _sequence(items, at)
        ways.append(needs)
        if items[at] != "|":
            break
        at += 1
    if len(ways) == 1:
        return ways[0], at
    ordered = (sorted(needs, key=int.bit_count) for needs in ways)
    return tuple(map(_any_of, islice(product(*ordered), _MOST_PICKED))), at


def _any_of(masks: Sequence[int]) -> int:
    found = 0
    for mask in masks:
        found |= mask
    return found


def _sequence(items: Sequence[_Item], at: int) -> tuple[_Needs, int]:
    """What must stand one behind the other, and the index of the bar or bracket behind it."""
    needs: list[int] = []
    while items[at] not in ("|", ")"):
        item, at = items[at], at + 1
        of: _Needs = ()
        if isinstance(item, Formula):
            of = () if item.of_nothing else (item.bit,)
        elif item in _OPENINGS or item in _NEGATIVE:
            of, at = _choice(items, at)
            of, at = () if item in _NEGATIVE else of, at + 1
        if not _may_be_left_out(items[at]):
            needs += of
    return tuple(needs), at


def _may_be_left_out(item: _Item) -> bool:
    return isinstance(item, str) and item.startswith(("?", "{0"))
