r"""A grammar: ordered stages of rules, patterns over the tags of tokens.

A rule is one line of text:

    COUNT <- <LEAD>{0,2} n:<NUM> <OTHER>? who:<PEOPLE>     makes one token of several
    +PART <- <INCLUDING> t:<COUNT|SINGLE>                  adds a tag, replaces nothing
    ~DESCRIBED <- n:<COUNT> <PREP> <WORD>{1,3}             one token takes in what describes it
    !killed.toll <- <TOLL> <!DOT>{0,12} <TO> n:<COUNT>     states something

``<F>`` is any token whose tags satisfy F: ``<A>``, ``<A&!B>``, ``<A|B&C>``. Repeats are ``?`` and
``{0,4}``, groups ``(?: )``, look-around ``(?= )`` and ``(?<! )``. ``label:`` names the part after it.
``$M`` is a macro. Behind the head stand flags ("GROUP", "v=1" for a value). How such a pattern is
matched: ``alphabet.py``.

Order is the only priority: stage, rule, left to right. Repeats without a bound are refused, so the
cost of a sentence is bounded by its length.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Literal

from worker.core.domain.errors import KnowledgeError
from worker.core.lang.alphabet import Alphabet, Formula, TagPattern
from worker.core.lang.needed import needed

Kind = Literal["make", "tag", "widen", "state"]
_KINDS: dict[str, Kind] = {"": "make", "+": "tag", "~": "widen", "!": "state"}
_RULE = re.compile(r"^([+!~]?)([\w.,=]+)\s*<-\s*(.+)$", re.DOTALL)
_ATOM = re.compile(r"(\w+):(?=[<(])|<([^<=!>][^<>]*|![^<>]*)>")
_REPEATED = re.compile(r"\)\{(\d+),(\d+)\}")
_LABEL = re.compile(r"\w+:(?=[<(])")
_UNBOUNDED = re.compile(r"[*+]|\{\d+,\}")


@dataclass(frozen=True, slots=True)
class Example:
    """A sentence of some language where a rule must (or must not) be used."""

    lang: str
    text: str
    fires: bool


@dataclass(frozen=True, slots=True)
class Rule:
    """``head <- pattern``. ``flags`` are further tags or marks, ``value`` a constant number."""

    name: str
    stage: str
    kind: Kind
    head: str
    flags: frozenset[str]
    value: int | None
    source: str
    pattern: TagPattern
    examples: tuple[Example, ...] = ()


@dataclass(frozen=True, slots=True)
class Grammar:
    """The rules, in the order they are used, and the alphabet that they read.

    ``triggers``: a sentence without one of these tags is left alone. ``sought``: every tag that a rule
    looks for. ``classes``: these and what code asks for; a word list is built of them.
    """

    name: str
    triggers: frozenset[str]
    sought: frozenset[str]
    classes: frozenset[str]
    rules: tuple[Rule, ...]
    alphabet: Alphabet

    def prepare(self, tag_sets: Iterable[frozenset[str]]) -> None:
        """Give the sets of a word list their characters. A rule is compiled when it is first used."""
        for tags in sorted(tag_sets, key=sorted):
            self.alphabet.letter(tags)

    def check(self) -> None:
        """Compile every rule. Raises ``KnowledgeError`` naming one that is no pattern."""
        for rule in self.rules:
            try:
                rule.pattern.search(self.alphabet, "", 0)
            except re.error as error:
                name = f"{self.name}: {rule.name}"
                raise KnowledgeError(f"{name}: {error}: {rule.source!r}") from error


def build_grammar(name: str, files: Sequence[tuple[str, Mapping[str, Any]]]) -> Grammar:
    """One grammar of several files; in each stage the rules of an earlier file come first.

    Each file is its name and data: ``stages`` (of the last file: their order), ``states`` (of these
    the ones whose rules may state something; else the last), ``triggers``, ``reads``, ``macros`` and
    ``rule`` tables. Raises ``KnowledgeError`` naming file and rule.
    """
    macros: dict[str, str] = {}
    for _, data in reversed(files):
        macros |= data.get("macros", {})
    stages = list(files[-1][1].get("stages", ()))
    states = list(files[-1][1].get("states", stages[-1:]))
    formulas: dict[str, Formula] = {}
    by_stage: dict[str, list[Rule]] = {stage: [] for stage in stages}
    for source, data in files:
        for row in data.get("rule", ()):
            if row.get("stage") not in by_stage:
                raise KnowledgeError(f"{source}: {row.get('name')}: no such stage, of {stages}")
            rule = _rule(row, source, macros, formulas)
            if rule.kind == "state" and row["stage"] not in states:
                raise KnowledgeError(f"{source}: {rule.name}: only {states} may state something")
            by_stage[row["stage"]].append(rule)
    triggers = frozenset(t for _, data in files for t in data.get("triggers", ()))
    reads = frozenset(t for _, data in files for t in data.get("reads", ()))
    alphabet = Alphabet(tuple(formulas.values()))
    sought = alphabet.tags
    ordered = tuple(chain.from_iterable(by_stage[stage] for stage in stages))
    return Grammar(name, triggers, sought, sought | triggers | reads, ordered, alphabet)


def _rule(
    row: Mapping[str, Any], source: str, macros: Mapping[str, str], formulas: dict[str, Formula]
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
    parts = _parts(_unrolled(body), formulas)
    return Rule(
        name=name,
        stage=row["stage"],
        kind=_KINDS[kind],
        head=head,
        flags=frozenset(flag for flag in flags if "=" not in flag),
        value=value,
        source=text,
        pattern=TagPattern(parts, *needed(parts)),
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


def _parts(body: str, formulas: dict[str, Formula]) -> list[str | Formula]:
    r"""Literals of the regex, labels (between \\x00 and \\x01) and formulas, in order."""
    parts: list[str | Formula] = []
    position = 0
    for found in _ATOM.finditer(body):
        parts.append(body[position : found.start()].replace(" ", ""))
        label, formula = found.groups()
        parts.append(f"\x00{label}\x01" if label else _formula(formula, formulas))
        position = found.end()
    parts.append(body[position:].replace(" ", ""))
    return parts


def _formula(text: str, formulas: dict[str, Formula]) -> Formula:
    if text not in formulas:
        formulas[text] = Formula.of(text, 1 << len(formulas))
    return formulas[text]
