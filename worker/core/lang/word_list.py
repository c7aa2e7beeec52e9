"""A language's words by class, and the tokens of a sentence with the classes that they carry.

Rules
-----
1. A form is a word, or a phrase of words with blanks; each of its words may be a regex. It is
   normalised when loaded, so that a file keeps natural spelling.
2. At each token the longest phrase wins, and takes its words' place. A phrase has the classes that
   it is listed under, not those of its words (``pack_state`` finds what is lost that way).
3. A word that is not listed is looked up without the clitics and endings of its script, then by its
   parts when it is a number with a hyphen ("twenty-five"). What bounds a number and is written to
   it is a word of its own ("20-odd", "2x").
4. What no class knows is ``WORD`` or ``PUNCT``. ``CAP``: it begins with a capital where capitals mean
   something. ``MARKED``: it is printed with a letter that normal text folds, and that the script says
   tells words apart. Digits are ``NUM`` and ``DIGIT`` with their value, a year of four digits also ``YEAR``.
5. A list holds the classes that one grammar mentions, and no others: a phrase of another grammar
   hides nothing from it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from worker.core.lang.numerals import DECIMAL, DIGITS, NUMBER, Numerals, compose
from worker.core.lang.tokens import (
    NO_TAGS,
    Piece,
    Script,
    Token,
    is_clock_time,
    read_number,
)

WORD, PUNCT, CAPITAL, YEAR, MARKED = "WORD", "PUNCT", "CAP", "YEAR", "MARKED"
NO_COUNT = "OTHERNUM"
LEAD_AFTER = "LEAD_AFTER"
_TAILS = frozenset({LEAD_AFTER, "STUCK"})
"""What may be written to a number: a bound, or the next word in a careless print."""
_REGEX = re.compile(r"[\\?*+\[\](|]")
_DIGITS_AND_TAIL = re.compile(r"\d+(?:[.,]\d+)*-?([^\W\d_]+)")
_YEARS = range(1900, 2100)
_SHORTEST_STEM = 2


@dataclass(frozen=True, slots=True)
class Entry:
    """One form as a file lists it: its words (normalised), class and what it means beside it."""

    words: tuple[str, ...]
    tag: str
    meaning: Mapping[str, str] = field(default_factory=dict)
    value: int | None = None


@dataclass(frozen=True, slots=True)
class _Row:
    """What a form says of a token."""

    tags: frozenset[str]
    meaning: Mapping[str, str]
    value: int | None


S = TypeVar("S")


@dataclass(slots=True)
class _Shapes(Generic[S]):
    """Forms that are a regex, each with what it says. All are one regex first, since nearly no word has
    any of these shapes: a word of an article was held against dozens of them, one by one.
    """

    listed: list[tuple[re.Pattern[str], S]] = field(default_factory=list)
    _any: re.Pattern[str] | None = None

    def add(self, shape: str, said: S) -> None:
        """One more form."""
        self.listed.append((re.compile(shape), said))
        self._any = None

    def of(self, word: str) -> list[S]:
        """What the shapes of a word say, in the order of the forms."""
        if not self.listed:
            return []
        if self._any is None:
            self._any = re.compile("|".join(f"(?:{shape.pattern})" for shape, _ in self.listed))
        if self._any.fullmatch(word) is None:
            return []
        return [said for shape, said in self.listed if shape.fullmatch(word)]


@dataclass(slots=True)
class _Node:
    """A place in the tree of phrases: what may follow, and what ends here."""

    words: dict[str, _Node] = field(default_factory=dict)
    shapes: _Shapes[_Node] = field(default_factory=_Shapes)
    rows: list[_Row] = field(default_factory=list)
    leads_to: set[str] = field(default_factory=set)
    """All classes of the phrases that go on from here, or end here."""

    def after(self, word: str) -> list[_Node]:
        """Where a phrase goes on with a word."""
        nodes = self.shapes.of(word)
        child = self.words.get(word)
        return nodes if child is None else [child, *nodes]


@dataclass(frozen=True, slots=True)
class _Known:
    """All that is asked of a word of a text, looked up once.

    ``opens``: where a phrase goes on that it begins. ``parts``: the words that are written as this one,
    at their places in it; else none. ``may_be``: its classes and those of these phrases; of a word with
    parts all that these may be.
    """

    row: _Row
    opens: tuple[_Node, ...]
    parts: tuple[Piece, ...]
    may_be: frozenset[str]


_UNKNOWN = _Row(NO_TAGS, {}, None)
_ORDINARY, _MARK = (_Row(frozenset({tag}), {}, None) for tag in (WORD, PUNCT))
_CAPITAL = frozenset({CAPITAL})
_MOST_KNOWN = 1 << 16


class WordList:
    """The forms of some classes of a language, ready to be asked. Immutable but for its memory."""

    def __init__(
        self,
        entries: Iterable[Entry],
        implies: Mapping[str, frozenset[str]],
        script: Script,
        numerals: Numerals,
    ) -> None:
        self._script = script
        self._numerals = numerals
        self._words: dict[str, list[_Row]] = {}
        self._shapes: _Shapes[_Row] = _Shapes()
        self._phrases = _Node()
        self._known: dict[str, _Known] = {}
        self._capitals: dict[frozenset[str], frozenset[str]] = {}
        self.listed: frozenset[str] = NO_TAGS
        """All classes that some form has."""
        for entry in entries:
            tags = frozenset({entry.tag}) | implies.get(entry.tag, NO_TAGS)
            self.listed |= tags
            self._add(entry.words, _Row(tags, entry.meaning, entry.value))

    def tag_sets(self) -> set[frozenset[str]]:
        """The tag sets of all single forms, for a grammar to know before it reads."""
        rows = [row for rows in self._words.values() for row in rows]
        return {row.tags for row in rows} | {_merged(rows).tags for rows in self._words.values()}

    def classes_of(self, words: Sequence[str]) -> frozenset[str]:
        """What a word or a whole phrase is by this list; nothing when it is not listed."""
        if len(words) == 1:
            return self._of(words[0]).row.tags
        size, row = self._phrase(words, 0, self._of(words[0]))
        return row.tags if size == len(words) else NO_TAGS

    def tokens(
        self,
        cut: Sequence[Piece],
        is_capital: Callable[[int], bool],
        letter: Callable[[int], str] | None = None,
    ) -> list[Token]:
        """The tokens of a cut stretch of normalised text, phrases and numbers made one.

        ``letter`` gives the original character at a position; without it every token is ``MARKED``
        in a script where that means something.
        """
        pieces = self._split(cut)
        words = [piece.word for piece, _ in pieces]
        out: list[Token] = []
        index = 0
        while index < len(pieces):
            piece, known = pieces[index]
            size, row, end, word = 1, known.row, piece.end, piece.word
            if known.opens:
                size, row = self._phrase(words, index, known)
            if size > 1:
                end, word = pieces[index + size - 1][0].end, " ".join(words[index : index + size])
            tags = row.tags
            if is_capital(piece.start):
                tags = self._with_capital(tags)
            if self._script.marked and self._is_marked(piece.start, end, letter):
                tags |= {MARKED}
            out.append(Token(piece.start, end, tags, word, row.value, None, row.meaning))
            index += size
        return compose(out, self._numerals)

    def concerns(self, cut: Sequence[Piece], tags: frozenset[str]) -> bool:
        """Whether a cut stretch may hold a token with one of these tags. Cheap; never wrongly no."""
        return any(not tags.isdisjoint(self._of(piece.word).may_be) for piece in cut)

    def _is_marked(self, start: int, end: int, letter: Callable[[int], str] | None) -> bool:
        """Whether a token is printed with a letter that tells it from another word."""
        if letter is None:
            return True
        return any(letter(i).casefold() in self._script.marked for i in range(start, end))

    def _add(self, words: tuple[str, ...], row: _Row) -> None:
        if len(words) == 1:
            if is_shape(words[0]):
                self._shapes.add(words[0], row)
            else:
                self._words.setdefault(words[0], []).append(row)
            return
        node = self._phrases
        for word in words:
            node = _shape_child(node, word) if is_shape(word) else _word_child(node, word)
            node.leads_to |= row.tags
        node.rows.append(row)

    def _split(self, pieces: Iterable[Piece]) -> list[tuple[Piece, _Known]]:
        """The pieces with what is known of them; those that are written as one word taken apart."""
        out: list[tuple[Piece, _Known]] = []
        for piece in pieces:
            known, at = self._of(piece.word), piece.start
            if not known.parts:
                out.append((piece, known))
            for part in known.parts:
                here = Piece(at + part.start, at + part.end, part.word)
                out.append((here, self._of(part.word)))
        return out

    def _with_capital(self, tags: frozenset[str]) -> frozenset[str]:
        """The tags of a word that begins with a capital: of the same tags always the same set."""
        found = self._capitals.get(tags)
        if found is None:
            found = self._capitals[tags] = tags | _CAPITAL
        return found

    def _parts(self, word: str) -> tuple[Piece, ...]:
        """Clitics that are words of their own, taken off the word they are written to; and the ends
        of a range in words ("चार-पांच", four to five), which a hyphen joins. None of any other word.
        """
        end, tail = len(word), self._lead_after(word)
        if tail:
            start = end - len(tail)
            return Piece(0, start, word[:start].removesuffix("-")), Piece(start, end, tail)
        hyphen = self._range_hyphen(word) if "-" in word else 0
        if hyphen:
            return (
                Piece(0, hyphen, word[:hyphen]),
                Piece(hyphen, hyphen + 1, "-"),
                Piece(hyphen + 1, end, word[hyphen + 1 :]),
            )
        clitic = self._clitic(word) if self._script.split else None
        if clitic is None:
            return ()
        middle = len(clitic)
        return Piece(0, middle, clitic), Piece(middle, end, word[middle:])

    def _range_hyphen(self, word: str) -> int:
        """Where the hyphen of a range in words stands, or 0. "twenty-five" is one number."""
        first, hyphen, second = word.partition("-")
        if not hyphen or not first or not second or word in self._words:
            return 0
        low, high = self._listed(first), self._listed(second)
        both = NUMBER in low.tags & high.tags and low.value is not None and high.value is not None
        scales = self._numerals.scales
        rising = both and (low.value or 0) < (high.value or 0)
        return len(first) if rising and first not in scales and second not in scales else 0

    def _lead_after(self, word: str) -> str:
        """What is written to a number ("20-odd", "thirty-plus", "2x", "6-have"), or nothing."""
        if word in self._words:
            return ""
        digits = _DIGITS_AND_TAIL.fullmatch(word)
        if digits is not None:
            tail = digits[1]
        else:
            first, hyphen, tail = word.rpartition("-")
            if not hyphen or NUMBER not in self._row(first).tags:
                return ""
        return "" if _TAILS.isdisjoint(self._listed(tail).tags) else tail

    def _clitic(self, word: str) -> str | None:
        if word in self._words:
            return None
        for clitic in self._script.split:
            rest = word[len(clitic) :]
            if word.startswith(clitic) and len(rest) >= _SHORTEST_STEM:
                opens_phrase = rest in self._phrases.words
                if rest.isdigit() or opens_phrase or self._look_up(rest).tags:
                    return clitic
        return None

    def _of(self, word: str) -> _Known:
        """What is known of a word; remembered, since the same words come back all day."""
        found = self._known.get(word)
        if found is None:
            if len(self._known) > _MOST_KNOWN:
                self._known.clear()
            row, opens, parts = self._row(word), self._phrases.after(word), self._parts(word)
            heads = [(self._row(p.word), self._phrases.after(p.word)) for p in parts]
            may_be = NO_TAGS.union(
                *(tags for of, nodes in heads or [(row, opens)] for tags in _may_be(of, nodes))
            )
            found = self._known[word] = _Known(row, tuple(opens), parts, may_be)
        return found

    def _row(self, word: str) -> _Row:
        """What a single word is."""
        return self._with_number(word, self._look_up(word))

    def _with_number(self, word: str, row: _Row) -> _Row:
        """What digits add to what is listed; a word that nothing is known of is ``WORD``."""
        tags, meaning, value = row.tags, row.meaning, row.value
        number, decimal = read_number(word, self._script)
        if number is not None:
            tags, value = tags | {NUMBER, DIGITS}, number
            if len(word) == 4 and number in _YEARS:
                tags |= {YEAR}
        elif decimal is not None:
            tags, meaning = tags | {DECIMAL}, {**meaning, "decimal": decimal}
        elif is_clock_time(word):
            tags |= {NO_COUNT}
        if not tags:
            return _ORDINARY if word[:1].isalpha() else _MARK
        return _Row(tags, meaning, value)

    def _look_up(self, word: str) -> _Row:
        listed = self._listed(word)
        if listed.tags:
            return listed
        for stem in self._stems(word):
            row = self._listed(stem)
            if row.tags:
                return row
        return self._hyphenated(word)

    def _listed(self, word: str) -> _Row:
        r"""What the file says of a word; a shape adds no class that the word itself is listed under.

        ("gunmen" are attackers, though "\w+men" are men.)
        """
        rows = self._words.get(word, [])
        shaped = self._shapes.of(word)
        if not shaped:
            return _merged(rows)
        own = NO_TAGS.union(*(row.tags for row in rows))
        return _merged(rows + [row for row in shaped if not row.tags <= own])

    def _stems(self, word: str) -> Iterable[str]:
        """The word without a prefix, without a suffix, without both."""
        for prefix in ("", *self._script.prefixes):
            for suffix in ("", *self._script.suffixes):
                stem = word[len(prefix) : len(word) - len(suffix)]
                outer = word.startswith(prefix) and word.endswith(suffix) and prefix + suffix
                if outer and len(stem) >= _SHORTEST_STEM:
                    yield stem

    def _hyphenated(self, word: str) -> _Row:
        """A number of two words with a hyphen between: "twenty-five"."""
        first, _, second = word.partition("-")
        if not second:
            return _UNKNOWN
        tens, unit = self._listed(first), self._listed(second)
        if NUMBER in tens.tags & unit.tags and tens.value and unit.value:
            if 20 <= tens.value < 100 and unit.value < 10:
                return _Row(tens.tags & unit.tags, {}, tens.value + unit.value)
        return _UNKNOWN

    def _phrase(self, words: Sequence[str], index: int, known: _Known) -> tuple[int, _Row]:
        """The longest phrase that begins at a word, or the word: how many words, and what it says."""
        size, row, at = 1, known.row, index + 1
        nodes: Sequence[_Node] = known.opens
        while nodes and at < len(words):
            word = words[at]
            nodes = [child for node in nodes for child in node.after(word)]
            at += 1
            rows = [row for node in nodes for row in node.rows]
            if rows:
                size, row = at - index, _merged(rows)
        return size, row


def _may_be(row: _Row, opens: Sequence[_Node]) -> list[frozenset[str] | set[str]]:
    """The classes of a word, and those of the phrases that it begins."""
    return [row.tags, *(node.leads_to for node in opens)]


def _merged(rows: Sequence[_Row]) -> _Row:
    if len(rows) == 1:
        return rows[0]
    if not rows:
        return _UNKNOWN
    values = [row.value for row in rows if row.value is not None]
    meaning = {key: value for row in rows for key, value in row.meaning.items()}
    return _Row(NO_TAGS.union(*(r.tags for r in rows)), meaning, values[-1] if values else None)


def is_shape(word: str) -> bool:
    """Whether a form's word is a regex; a lone mark ("(", "?") is itself."""
    return len(word) > 1 and _REGEX.search(word) is not None


def _word_child(node: _Node, word: str) -> _Node:
    return node.words.setdefault(word, _Node())


def _shape_child(node: _Node, word: str) -> _Node:
    child = _Node()
    node.shapes.add(word, child)
    return child
