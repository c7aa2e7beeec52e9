r"""A grammar: ordered stages of rules, patterns over the tags of tokens.

A rule is one line of text:

    COUNT <- <LEAD>{0,2} n:<NUM> <OTHER>? who:<PEOPLE>     makes one token of several
    +PART <- <INCLUDING> t:<COUNT|SINGLE>                  adds a tag, replaces nothing
    !killed.toll <- <TOLL> <!DOT>{0,12} <TO> n:<COUNT>     states something

``<F>`` is any token whose tags satisfy F: ``<A>``, ``<A&!B>``, ``<A|B&C>``. Repeats are ``?`` and
``{0,4}``, groups ``(?: )``, look-around ``(?= )`` and ``(?<! )``. ``label:`` names the part after it.
``$M`` is a macro. Behind the head stand flags ("GROUP", "v=1" for a value).

Theory of operation
-------------------
A sentence becomes a string with ONE CHARACTER A TOKEN, which stands for the token's *set* of tags.
``<F>`` becomes the class of all characters whose set satisfies F, and Python's ``re`` does the rest:
a match's offsets are token indexes. New sets get new characters as they come up, and a rule is
compiled again when one of its classes has grown. Which sets came first changes no result.

Order is the only priority: stage, rule, left to right. Repeats without a bound are refused, so the
cost of a sentence is bounded by its length.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Literal

from worker.core.domain.errors import KnowledgeError
from worker.core.lang.tokens import NO_TAGS

_Way = tuple[frozenset[str], frozenset[str]]
Kind = Literal["make", "tag", "state"]
_KINDS: dict[str, Kind] = {"": "make", "+": "tag", "!": "state"}
_RULE = re.compile(r"^([+!]?)([\w.,=]+)\s*<-\s*(.+)$", re.DOTALL)
_ATOM = re.compile(r"(\w+):(?=[<(])|<([^<=!>][^<>]*|![^<>]*)>")
_UNIT = re.compile(r"(?:\[[^\]]*\]|\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))(?:[?]|\{[\d,]+\})?")
_REPEATED = re.compile(r"\)\{(\d+),(\d+)\}")
_LABEL = re.compile(r"\w+:(?=[<(])")
_UNBOUNDED = re.compile(r"[*+]|\{\d+,\}")
_NEVER = "\x02"
_CHEAP_LETTERS = tuple(c for c in map(chr, range(3, 256)) if c not in '\\"[]^-&~|#')
"""A class of characters below 256 is a small table, compiled in a fifth of the time of any other;
those that mean something within a class are left out."""
_FIRST_LETTER = 0x4E00
"""Of the characters for what comes after these."""
ANY = "ANY"
"""What every token satisfies, whatever its tags."""


@dataclass(slots=True)
class _Atom:
    """One ``<formula>`` as a class of characters, as far as there are any.

    A formula that an empty set satisfies (``<!DOT>``) is written by those who fail it: most new sets
    then change nothing, and no rule has to be compiled again for them.
    """

    formula: str
    ways: tuple[_Way, ...]
    """What satisfies it, each with tags that must be there and tags that must not."""
    bit: int
    """Its place in the bit masks of sentences and rules."""
    letters: str = _NEVER
    by_failing: bool = False

    @staticmethod
    def of(formula: str, bit: int) -> _Atom:
        ways = tuple(_way(part.split("&")) for part in formula.split("|"))
        return _Atom(formula, ways, bit, by_failing=_holds(ways, NO_TAGS))

    def add(self, letter: str, tags: frozenset[str]) -> bool:
        """Sort a new character into the class, or out of it: whether it satisfies the formula."""
        holds = _holds(self.ways, tags)
        if holds != self.by_failing:
            self.letters += letter
        return holds

    def __str__(self) -> str:
        return f"[{'^' if self.by_failing else ''}{self.letters}]"


@dataclass(frozen=True, slots=True)
class Example:
    """A sentence of some language where a rule must (or must not) be used."""

    lang: str
    text: str
    fires: bool


@dataclass(slots=True)
class Rule:
    """``head <- pattern``. ``flags`` are further tags or marks, ``value`` a constant number."""

    name: str
    kind: Kind
    head: str
    flags: frozenset[str]
    value: int | None
    source: str
    parts: list[str | _Atom]
    examples: tuple[Example, ...] = ()
    needs: int = 0
    """The bits of the classes without one of which it cannot match (``Grammar.mask``)."""
    _seen: int = -1
    _size: int = -1
    _pattern: re.Pattern[str] = field(default=re.compile(r"(?!)"))

    def pattern(self, letters: int) -> re.Pattern[str]:
        """The regex over characters of tag sets; ``letters``: how many there are by now."""
        if letters == self._seen:
            return self._pattern
        self._seen = letters
        size = sum(len(part.letters) for part in self.parts if isinstance(part, _Atom))
        if size != self._size:
            text = "".join(part if isinstance(part, str) else str(part) for part in self.parts)
            self._pattern, self._size = re.compile(_with_labels(text)), size
        return self._pattern


@dataclass(slots=True)
class Grammar:
    """The rules, stage by stage, and the alphabet that they read.

    ``triggers``: a sentence without one of these tags is left alone. ``sought``: every tag that a rule
    looks for. ``classes``: these and what code asks for; a word list is built of them.
    """

    name: str
    triggers: frozenset[str]
    sought: frozenset[str]
    classes: frozenset[str]
    _naming: dict[str, list[_Atom]]
    """Tag → the classes whose formula names it. What names none of a set's tags does not change for it."""
    _rules: tuple[Rule, ...]
    _letters: dict[frozenset[str], str] = field(default_factory=dict)
    _kept: dict[frozenset[str], str] = field(default_factory=dict)
    _masks: dict[str, int] = field(default_factory=dict)

    def letter(self, tags: frozenset[str]) -> str:
        """The character of a set of tags; a new one joins the classes that it satisfies."""
        found = self._letters.get(tags)
        if found is None:
            kept = tags & self.classes
            found = self._kept.get(kept)
            if found is None:
                found = self._kept[kept] = _letter(len(self._kept))
                named = {atom.bit: atom for tag in kept for atom in self._naming.get(tag, ())}
                held = (bit for bit, atom in named.items() if atom.add(found, kept))
                self._masks[found] = sum(held)
            self._letters[tags] = found
        return found

    def mask(self, code: str) -> int:
        """Bits of the classes that a sentence, a character a token, has something of. (Not of those that
        the lack of a tag satisfies: no rule needs them.)

        Held against what a rule needs before its pattern is asked: few of some hundred rules concern
        a given sentence.
        """
        mask = 0
        for letter in set(code):
            mask |= self._masks[letter]
        return mask

    @property
    def size(self) -> int:
        """How many characters the alphabet has by now."""
        return len(self._kept)

    def prepare(self, tag_sets: Iterable[frozenset[str]]) -> None:
        """Give the sets of a word list their characters. A rule is compiled when it is first used."""
        for tags in sorted(tag_sets, key=sorted):
            self.letter(tags)

    def check(self) -> None:
        """Compile every rule. Raises ``KnowledgeError`` naming one that is no pattern."""
        for rule in self.rules():
            try:
                rule.pattern(self.size)
            except re.error as error:
                name = f"{self.name}: {rule.name}"
                raise KnowledgeError(f"{name}: {error}: {rule.source!r}") from error

    def rules(self) -> tuple[Rule, ...]:
        """All rules in the order they are used."""
        return self._rules


def _letter(index: int) -> str:
    """The character of the set that came up as the ``index``-th."""
    cheap = index < len(_CHEAP_LETTERS)
    return _CHEAP_LETTERS[index] if cheap else chr(_FIRST_LETTER + index)


def _way(terms: Sequence[str]) -> _Way:
    """The conjunction ``A&!B``. ANY holds always."""
    wanted = frozenset(term for term in terms if not term.startswith("!") and term != ANY)
    return wanted, frozenset(term[1:] for term in terms if term.startswith("!"))


def _holds(ways: Sequence[_Way], tags: frozenset[str]) -> bool:
    """``A&!B|C``: whether one of the alternatives holds for a set of tags."""
    return any(wanted <= tags and unwanted.isdisjoint(tags) for wanted, unwanted in ways)


def build_grammar(name: str, files: Sequence[tuple[str, Mapping[str, Any]]]) -> Grammar:
    """One grammar of several files; in each stage the rules of an earlier file come first.

    Each file is its name and data: ``stages`` (of the last file: their order), ``triggers``,
    ``reads``, ``macros`` and ``rule`` tables. Raises ``KnowledgeError`` naming file and rule.
    """
    macros: dict[str, str] = {}
    for _, data in reversed(files):
        macros |= data.get("macros", {})
    stages = list(files[-1][1].get("stages", ()))
    atoms: dict[str, _Atom] = {}
    by_stage: dict[str, list[Rule]] = {stage: [] for stage in stages}
    for source, data in files:
        for row in data.get("rule", ()):
            if row.get("stage") not in by_stage:
                raise KnowledgeError(f"{source}: {row.get('name')}: no such stage, of {stages}")
            by_stage[row["stage"]].append(_rule(row, source, macros, atoms))
    triggers = frozenset(t for _, data in files for t in data.get("triggers", ()))
    reads = frozenset(t for _, data in files for t in data.get("reads", ()))
    naming: dict[str, list[_Atom]] = {}
    for formula, atom in atoms.items():
        for tag in re.findall(r"\w+", formula):
            naming.setdefault(tag, []).append(atom)
    sought = frozenset(naming) - {ANY}
    ordered = tuple(chain.from_iterable(by_stage[stage] for stage in stages))
    return Grammar(name, triggers, sought, sought | triggers | reads, naming, ordered)


def _rule(
    row: Mapping[str, Any], source: str, macros: Mapping[str, str], atoms: dict[str, _Atom]
) -> Rule:
    name, text = str(row.get("name", "")), " ".join(str(row.get("rule", "")).split())
    found = _RULE.match(text)
    if not name or not found:
        raise KnowledgeError(f"{source}: {name or text!r}: a rule is `name` and `HEAD <- pattern`")
    kind, head, body = found.groups()
    body = _expanded(body, macros, f"{source}: {name}")
    if _UNBOUNDED.search(body):
        raise KnowledgeError(f"{source}: {name}: a repeat without bound: {body!r}")
    head, *flags = re.split(r"[.,]", head)
    value = next((int(flag[2:]) for flag in flags if flag.startswith("v=")), None)
    parts = _parts(_unrolled(body), atoms)
    return Rule(
        name=name,
        kind=_KINDS[kind],
        head=head,
        flags=frozenset(flag for flag in flags if "=" not in flag),
        value=value,
        source=text,
        parts=parts,
        needs=_needed(parts),
        examples=tuple(_examples(row, source)),
    )


def _examples(row: Mapping[str, Any], source: str) -> Iterable[Example]:
    """``yes`` and ``no``: a sentence, or tables of language → sentence."""
    for key, fires in (("yes", True), ("no", False)):
        given = row.get(key, {})
        lang = source.split("/", maxsplit=1)[0]
        for of, text in ({lang: given} if isinstance(given, str) else given).items():
            yield Example(of, text, fires)


def _expanded(body: str, macros: Mapping[str, str], where: str) -> str:
    while found := re.search(r"\$(\w+)", body):
        if found[1] not in macros:
            raise KnowledgeError(f"{where}: no macro ${found[1]}")
        body = body[: found.start()] + macros[found[1]] + body[found.end() :]
    return body


def _unrolled(body: str) -> str:
    """``(?: n:<A>){0,3}`` written out, so that each repeat of a label keeps its token.

    (A regex group remembers its last repeat alone: of a list of five the third was lost.)
    """
    position = 0
    while found := _REPEATED.search(body, position):
        position, opens = found.end(), _opening(body, found.start())
        group = body[opens : found.start() + 1]
        if not _LABEL.search(group):
            continue
        least, most = int(found[1]), int(found[2])
        written = group * least + f"(?:{group}" * (most - least) + ")?" * (most - least)
        body = body[:opens] + written + body[found.end() :]
        position = opens + len(written)
    return body


def _opening(body: str, closing: int) -> int:
    """Where the group begins that ends at ``closing``."""
    depth = 0
    for index in range(closing, -1, -1):
        depth += (body[index] == ")") - (body[index] == "(")
        if depth == 0:
            return index
    raise re.error("unbalanced parenthesis")


def _parts(body: str, atoms: dict[str, _Atom]) -> list[str | _Atom]:
    r"""Literals of the regex, labels (between \\x00 and \\x01) and atoms, in order."""
    parts: list[str | _Atom] = []
    position = 0
    for found in _ATOM.finditer(body):
        parts.append(body[position : found.start()].replace(" ", ""))
        label, formula = found.groups()
        parts.append(f"\x00{label}\x01" if label else _atom(formula, atoms))
        position = found.end()
    parts.append(body[position:].replace(" ", ""))
    return parts


def _needed(parts: Sequence[str | _Atom]) -> int:
    """Bits of the atoms that stand outside of groups and are not optional; none of a rule with a choice.

    ("A(?=B)|(?<=C)D" is one: its bar stands outside of groups, between two of them.)
    """
    needed, depth = 0, 0
    for index, part in enumerate(parts):
        if isinstance(part, str):
            for mark in part:
                depth += (mark == "(") - (mark == ")")
                if depth == 0 and mark == "|":
                    return 0
            continue
        after = parts[index + 1] if index + 1 < len(parts) else ""
        optional = isinstance(after, str) and after.startswith(("?", "{0,"))
        if depth == 0 and not optional and not part.by_failing:
            needed |= part.bit
    return needed


def _atom(formula: str, atoms: dict[str, _Atom]) -> _Atom:
    if formula not in atoms:
        atoms[formula] = _Atom.of(formula, 1 << len(atoms))
    return atoms[formula]


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
