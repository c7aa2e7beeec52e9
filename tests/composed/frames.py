"""Frames, read: sentences that can be put together, and what each part does to the figures.

A file is ``tests/composed/<lang>/<name>.toml``; its form is told in README.md. ``load_frames`` reads
all of them, strictly: an unknown key, a slot that nobody fills, an effect on no figure are errors
that name the file.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from tests.composed.facts import KEYS, NOTHING, Facts, read_facts

FRAMES = Path(__file__).parent
FIGURES = ("killed", "injured")
PLACEHOLDER = re.compile(r"\{([^{}]+)\}")
_FRAME_KEYS = KEYS | {
    "why", "published", "title", "agrees", "expect", "numbers", "templates", "slots",
}  # fmt: skip
_SLOT_KEYS = {"take", "only", "adds", "choices"}
_CHOICE_KEYS = KEYS | {
    "text", "title", "count", "is", "needs", "bars", "open", "adds", "sets", "differs", "why",
}  # fmt: skip
_EFFECTS = ("adds", "sets", "differs")
Term = int | str
"""A number, the name of one, or a name with something added: ``k``, ``k+2``, ``k+n``, ``killed-1``."""


class FrameError(ValueError):
    """A frame that cannot be composed; names the frame."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to fill a slot."""

    text: str
    title: str | None = None
    count: Term | None = None
    """How many people it tells of; 1 makes it a singular."""
    marks: frozenset[str] = frozenset()
    """Words that ``needs``, ``bars`` and ``open`` of other choices speak of: the key ``is``; ``one``
    where the count is 1."""
    needs: frozenset[str] = frozenset()
    bars: frozenset[str] = frozenset()
    open: bool = False
    """Not read yet: composed for the score alone."""
    open_beside: frozenset[str] = frozenset()
    """Not read yet where another choice has one of these marks."""
    effects: tuple[tuple[str, str, Term], ...] = ()
    """(``adds``, ``sets`` or ``differs``; a figure; by or to how many)."""
    facts: Facts = NOTHING


@dataclass(frozen=True, slots=True)
class Frame:
    """Slots with their choices, and the texts that name the slots."""

    name: str
    """Language and file: ``en/killed-who``."""
    published: str
    title: str
    agrees: str | None
    """The slot whose number ``{was|were}`` follows."""
    numbers: Mapping[str, tuple[Term, Term]]
    templates: tuple[Choice, ...]
    slots: Mapping[str, tuple[Choice, ...]]
    expect: Mapping[str, Term]
    facts: Facts
    """What every story tells, unless a choice tells something else."""

    @property
    def lang(self) -> str:
        """The folder's."""
        return self.name.partition("/")[0]


@cache
def load_frames(root: Path = FRAMES) -> tuple[Frame, ...]:
    """All frames by name. Raises ``FrameError`` naming every bad one."""
    tables, errors = {}, []
    for path in sorted(root.glob("*/*.toml")):
        name = path.relative_to(root).as_posix().removesuffix(".toml")
        try:
            tables[name] = tomllib.loads(path.read_text("utf-8"))
        except tomllib.TOMLDecodeError as error:
            errors.append(f"{name}: {error}")
    found = []
    for name in tables:
        try:
            found.append(_frame(name, tables))
        except (ValueError, KeyError, TypeError) as error:
            errors.append(f"{name}: {error}")
    if errors:
        raise FrameError("\n".join(errors))
    return tuple(found)


def _frame(name: str, tables: Mapping[str, Mapping[str, Any]]) -> Frame:
    table = tables[name]
    _known(table, _FRAME_KEYS, "the frame")
    slots = {slot: _slot(name, slot, tables) for slot in table.get("slots", {})}
    numbers = {key: _range(given) for key, given in table.get("numbers", {}).items()}
    both = slots.keys() & ({*numbers, *FIGURES})
    if both or not table.get("templates") or not table.get("why"):
        raise FrameError(f"why, templates, and no name for two things {sorted(both)}")
    frame = Frame(
        name, table["published"], table.get("title", ""), table.get("agrees"), numbers,
        tuple(map(_choice, table["templates"])), slots, table.get("expect", {}),
        read_facts(table),
    )  # fmt: skip
    _judge_names(frame)
    return frame


def _slot(name: str, slot: str, tables: Mapping[str, Mapping[str, Any]]) -> tuple[Choice, ...]:
    """The choices of a slot: its own, or those of another slot, here or in another frame.

    What is taken from another frame is taken without what is open there: a follow-up is judged
    after leads that are read.
    """
    given = tables[name]["slots"][slot]
    if isinstance(given, list):
        given = {"choices": given}
    _known(given, _SLOT_KEYS, f"slot {slot}")
    choices = tuple(map(_choice, given.get("choices", ())))
    if "take" in given:
        other, _, taken = given["take"].rpartition(".")
        frame = f"{name.partition('/')[0]}/{other}" if other else name
        found = _slot(frame, taken, tables)
        choices += tuple(one for one in found if not (other and one.open))
    only = frozenset(given.get("only", ()))
    figure = given.get("adds")
    return tuple(_counted(one, figure) if figure else one for one in choices if only <= one.marks)


def _counted(choice: Choice, figure: str) -> Choice:
    if choice.count is None:
        raise FrameError(f"{choice.text!r} has no count")
    return replace(choice, effects=(("adds", figure, choice.count),))


def _choice(given: str | Mapping[str, Any]) -> Choice:
    table: Mapping[str, Any] = {"text": given} if isinstance(given, str) else given
    _known(table, _CHOICE_KEYS, repr(table.get("text")))
    effects = [(what, *pair) for what in _EFFECTS for pair in table.get(what, {}).items()]
    wrong = [figure for _, figure, _ in effects if figure not in FIGURES]
    if wrong:
        raise FrameError(f"{table['text']!r}: no such figure: {', '.join(wrong)}")
    beside = table.get("open", False)
    marks = {key: frozenset(table.get(key, ())) for key in ("is", "needs", "bars")}
    if table.get("count") == 1:
        marks["is"] |= {"one"}
    return Choice(
        table["text"], table.get("title"), table.get("count"), marks["is"], marks["needs"],
        marks["bars"], beside is True, frozenset(beside or ()) if beside is not True else frozenset(),
        tuple(effects), read_facts(table),
    )  # fmt: skip


def _range(given: list[Term]) -> tuple[Term, Term]:
    low, high = given
    return low, high


def _judge_names(frame: Frame) -> None:
    """Every placeholder names a slot, a number or a figure."""
    known = {*frame.slots, *frame.numbers, *FIGURES}
    for text in _texts(frame):
        for inner in PLACEHOLDER.findall(text):
            named = inner.lstrip("#").partition("?")[0] if "|" not in inner or "?" in inner else ""
            name = re.split(r"[+-]", named)[0].strip()
            if name and name[0].lower() + name[1:] not in known:
                raise FrameError(f"{{{inner}}} names nothing, in {text[:60]!r}")
            if "|" in inner and "?" not in inner and frame.agrees is None:
                raise FrameError(f"{{{inner}}} agrees with nothing, in {text[:60]!r}")


def _texts(frame: Frame) -> Iterable[str]:
    yield frame.title
    for choices in (frame.templates, *frame.slots.values()):
        for choice in choices:
            yield choice.text
            yield choice.title or ""


def _known(table: Mapping[str, Any], keys: set[str], what: str) -> None:
    for key in table:
        if key not in keys:
            raise FrameError(f"unknown key {key!r} in {what}; known: {', '.join(sorted(keys))}")
