r"""Formulas over tags, and the patterns that rules write with them.

``<F>`` is any token whose tags satisfy F: ``<A>``, ``<A&!B>``, ``<A|B&C>``. ``label:`` names the part
after it. A pattern is a regex whose atoms are such formulas.

Theory of operation
-------------------
A sentence becomes a string with ONE CHARACTER A TOKEN, which stands for the token's *set* of tags
(``Alphabet.letter``), and of each character is known which formulas its set satisfies: one bit each.
A pattern asks for a handful of formulas, so most sets are the same to it. It has a short alphabet of
its own, a character for each combination of its formulas that has come up, and reads the sentence
translated into it. ``<F>`` is the class of those characters of its own whose combination has F, and
Python's ``re`` does the rest: a match's offsets are token indexes.

(Classes over the sentence's own alphabet held hundreds of characters each, and grew with each article:
three quarters of the time of reading went into compiling them anew. Decision 0037.)

New sets get new characters as they come up, and a pattern is compiled again when it meets a new
combination. Which sets came first changes no result.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from worker.core.lang.tokens import NO_TAGS

_Way = tuple[frozenset[str], frozenset[str]]
_UNIT = re.compile(r"(?:\[[^\]]*\]|\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))(?:[?]|\{[\d,]+\})?")
_NEVER = "\x02"
"""A character that no token is, so that no class is empty."""
_SMALL = tuple(c for c in map(chr, range(3, 256)) if c not in '\\"[]^-&~|#')
"""A class of characters below 256 is a small table, compiled in a fifth of the time of any other;
those that mean something within a class are left out."""
_FIRST = 0x4E00
"""Of the characters for what comes after these."""
ANY = "ANY"
"""What every token satisfies, whatever its tags."""


@dataclass(frozen=True, slots=True)
class Formula:
    """``A&!B|C``: what some sets of tags satisfy. ``bit``: its place in the masks of its alphabet."""

    text: str
    ways: tuple[_Way, ...]
    """What satisfies it, each with tags that must be there and tags that must not."""
    bit: int
    of_nothing: bool
    """Whether a set without any tag satisfies it (``!DOT``)."""

    @staticmethod
    def of(text: str, bit: int) -> Formula:
        """A formula as written. ``bit``: a power of two, of this formula alone."""
        ways = tuple(_way(part.split("&")) for part in text.split("|"))
        return Formula(text, ways, bit, _holds(ways, NO_TAGS))

    def holds(self, tags: frozenset[str]) -> bool:
        """Whether one of the alternatives holds for a set of tags."""
        return _holds(self.ways, tags)


class Alphabet:
    """The characters of the sets of tags that have come up. Grows, and forgets nothing.

    Sets that satisfy the same formulas are one character.
    """

    def __init__(self, formulas: Sequence[Formula]) -> None:
        self._naming: dict[str, list[Formula]] = {}
        for formula in formulas:
            for tag in re.findall(r"\w+", formula.text):
                self._naming.setdefault(tag, []).append(formula)
        self._of_nothing = sum(formula.bit for formula in formulas if formula.of_nothing)
        self._letters: dict[frozenset[str], str] = {}
        self._of_mask: dict[int, str] = {}
        self.masks: dict[int, int] = {}
        """Code of a character → the bits of the formulas that its sets satisfy."""

    @property
    def tags(self) -> frozenset[str]:
        """Every tag that a formula names."""
        return frozenset(self._naming) - {ANY}

    def letter(self, tags: frozenset[str]) -> str:
        """The character of a set of tags."""
        found = self._letters.get(tags)
        if found is None:
            mask = self._mask_of(tags)
            found = self._of_mask.get(mask)
            if found is None:
                found = self._of_mask[mask] = _letter(len(self._of_mask))
                self.masks[ord(found)] = mask
            self._letters[tags] = found
        return found

    def mask(self, code: str) -> int:
        """Bits of the formulas that some token of a sentence, a character a token, satisfies."""
        mask = 0
        for letter in set(code):
            mask |= self.masks[ord(letter)]
        return mask

    def _mask_of(self, tags: frozenset[str]) -> int:
        """(What names none of a set's tags says of it what it says of the empty set.)"""
        mask = self._of_nothing
        for tag in tags:
            for formula in self._naming.get(tag, ()):
                mask = mask | formula.bit if formula.holds(tags) else mask & ~formula.bit
        return mask


class _OwnLetters(dict[int, str]):
    """Code of a character of the alphabet → the character by which a pattern knows it."""

    def __init__(self, own: int, masks: Mapping[int, int]) -> None:
        super().__init__()
        self._own, self._masks = own, masks
        self.of_held: dict[int, str] = {}
        """The combinations of the pattern's formulas that have come up, each with its character."""
        for mask in masks.values():
            self._of(mask)

    def __missing__(self, code: int) -> str:
        found = self[code] = self._of(self._masks[code])
        return found

    def _of(self, mask: int) -> str:
        held = mask & self._own
        found = self.of_held.get(held)
        if found is None:
            found = self.of_held[held] = _letter(len(self.of_held))
        return found

    def text_class(self, bit: int) -> str:
        """The regex of those that satisfy a formula."""
        inside = (letter for held, letter in self.of_held.items() if held & bit)
        return f"[{_NEVER}{''.join(inside)}]"


@dataclass(slots=True)
class TagPattern:
    r"""What a rule looks for: literals of a regex, labels (between \x00 and \x01), and formulas."""

    parts: Sequence[str | Formula]
    needs: int
    """The bits of the formulas without one of which it cannot match (``Alphabet.mask``)."""
    choices: tuple[int, ...] = ()
    """Masks without some bit of each of which it cannot match either (``needed``)."""
    _letters: _OwnLetters | None = None
    _size: int = 0
    _compiled: re.Pattern[str] = field(default=re.compile(r"(?!)"))

    def may_match(self, mask: int) -> bool:
        """Whether a sentence has what every match needs. ``mask``: of the whole sentence."""
        if self.needs & mask != self.needs:
            return False
        for choice in self.choices:  # noqa: SIM110 - asked for each rule of each sentence
            if not choice & mask:
                return False
        return True

    def search(self, alphabet: Alphabet, code: str, position: int) -> re.Match[str] | None:
        """The first match at or after a position of a sentence, a character a token.

        Always of the same alphabet. Raises ``re.error`` when it is no pattern.
        """
        if self._letters is None:
            own = sum({part.bit for part in self.parts if isinstance(part, Formula)})
            self._letters = _OwnLetters(own, alphabet.masks)
        translated = code.translate(self._letters)
        if len(self._letters.of_held) != self._size or not self._size:
            self._compile(self._letters)
        return self._compiled.search(translated, position)

    def _compile(self, letters: _OwnLetters) -> None:
        text = "".join(
            part if isinstance(part, str) else letters.text_class(part.bit) for part in self.parts
        )
        self._compiled, self._size = re.compile(_with_labels(text)), len(letters.of_held)


def _letter(index: int) -> str:
    """The character of what came up as the ``index``-th."""
    return _SMALL[index] if index < len(_SMALL) else chr(_FIRST + index)


def _way(terms: Sequence[str]) -> _Way:
    """The conjunction ``A&!B``. ANY holds always."""
    wanted = frozenset(term for term in terms if not term.startswith("!") and term != ANY)
    return wanted, frozenset(term[1:] for term in terms if term.startswith("!"))


def _holds(ways: Sequence[_Way], tags: frozenset[str]) -> bool:
    return any(wanted <= tags and unwanted.isdisjoint(tags) for wanted, unwanted in ways)


def _with_labels(text: str) -> str:
    """``label:X`` → a named group; a label may stand more than once, and is numbered."""
    out: list[str] = []
    count: dict[str, int] = {}
    index = 0
    while index < len(text):
        if text[index] != "\x00":
            out.append(text[index])
            index += 1
            continue
        end = text.index("\x01", index)
        label, unit = text[index + 1 : end], _UNIT.match(text, end + 1)
        if unit is None:
            raise re.error(f"nothing after the label {label}:")
        count[label] = count.get(label, 0) + 1
        out.append(f"(?P<{label}_{count[label]}>{unit.group()})")
        index = unit.end()
    return "".join(out)
