"""What is declared once for all languages: classes of words, and flags of what rules state.

Rules
-----
1. Both stand in a file of their own (``classes.toml``, ``flags.toml``), each with its meaning and an
   example. A grammar that names another one is refused when its pack is loaded: a misspelt class
   would silently be empty, a misspelt flag would be one that no code asks for.
2. A flag is declared with the heads that it may stand behind. Behind ``nobody`` stand measures too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

from worker.core.domain.errors import KnowledgeError
from worker.core.domain.vocabulary import Measure, Qualifier, SpeakerType, VictimClass
from worker.core.lang.grammar import Grammar, Rule
from worker.core.lang.tokens import NO_TAGS

_CLASS_KEYS = ("meaning", "example", "value", "needed_by", "made", "implies", "number", "hides")
_FLAG_KEYS = {"behind", "meaning", "example"}
VALUES: Mapping[str, frozenset[str]] = {
    "people": frozenset(get_args(VictimClass)),
    "qualifier": frozenset(get_args(Qualifier)),
    "fate": frozenset(get_args(Measure)),
    "speaker": frozenset(get_args(SpeakerType)),
    "sex": frozenset({"female", "male"}),
    "beside": frozenset({"companion", "kin"}),
    "ordinal": frozenset(map(str, range(2, 21))),
    "times": frozenset(("1", "2", "3", "4")),
}
"""What a word may say beside its class."""
NOBODY = "nobody"
STATED = frozenset({*get_args(Measure), "shot", "part", "fate", "again", NOBODY, "said", "cited"})
"""What rules may state; ``nobody`` of the measures behind it, ``said`` and ``cited`` of a source."""
ONCE = "once"
"""Flag of ``nobody``: what was said before, and replaced."""
OF_ACT = "of_act"
"""Flag of ``nobody``: told of what an act did ("rockets hit the hotel but caused no casualties")."""
ELSE = "else"
"""Flag of ``nobody``: of all but those who are told ("no one else was hurt")."""


@dataclass(frozen=True, slots=True)
class WordClass:
    """A declared class of words. ``value`` names what its entries say beside it, if anything.

    ``needed_by``: the capabilities that cannot do without it. ``made``: by rules or code, never listed.
    ``implies``: classes that its words have too. ``number``: how many people its words count.
    ``hides``: its phrases are meant to hide what their words say ("among the dead").
    """

    name: str
    meaning: str
    example: str
    value: str | None = None
    needed_by: frozenset[str] = frozenset()
    made: bool = False
    implies: frozenset[str] = NO_TAGS
    number: int | None = None
    hides: bool = False


@dataclass(frozen=True, slots=True)
class Declared:
    """The names that packs may use. ``flags``: flag → the heads that it may stand behind."""

    classes: Mapping[str, WordClass]
    flags: Mapping[str, frozenset[str]]

    def word_class(self, name: str, source: str) -> WordClass:
        """A class by its name. Raises ``KnowledgeError`` for one that is not declared."""
        if name not in self.classes:
            raise KnowledgeError(f"{source}: no such word class: {name!r}")
        return self.classes[name]

    def check(self, grammar: Grammar, files: str) -> None:
        """Refuse a grammar that names what is not declared, or that no word could set to work."""
        made = {
            tag
            for rule in grammar.rules
            if rule.kind != "state"
            for tag in {rule.head} | rule.flags
        }
        if unknown := (grammar.classes | made) - set(self.classes):
            raise KnowledgeError(f"{files}: no such word class: {sorted(unknown)}")
        if idle := {name for name in grammar.triggers if self.classes[name].made}:
            raise KnowledgeError(f"{files}: no word is {sorted(idle)}: it cannot trigger a grammar")
        for rule in grammar.rules:
            if rule.kind == "state" and (wrong := self._untaken(rule)):
                raise KnowledgeError(f"{files}: {rule.name}: nobody takes up {sorted(wrong)}")

    def _untaken(self, rule: Rule) -> frozenset[str]:
        """What a rule states and adds that no code asks for: a head, or a flag behind this head."""
        flags = {name for name, behind in self.flags.items() if rule.head in behind}
        measures = VALUES["fate"] if rule.head == NOBODY else NO_TAGS
        return (frozenset({rule.head}) - STATED) | (rule.flags - flags - measures)


def read_classes(data: Mapping[str, Any], source: str) -> dict[str, WordClass]:
    """The declared word classes. Raises ``KnowledgeError`` for an unknown or missing key."""
    classes = {}
    for name, row in data.items():
        if not {"meaning", "example"} <= set(row) or set(row) - set(_CLASS_KEYS):
            raise KnowledgeError(f"{source}: {name}: keys are {', '.join(_CLASS_KEYS)}")
        sets = {key: frozenset(row[key]) for key in ("needed_by", "implies") if key in row}
        if row.get("value", "people") not in VALUES:
            raise KnowledgeError(f"{source}: {name}: value is one of {', '.join(VALUES)}")
        classes[name] = WordClass(**{"name": name, **row, **sets})
    for name, declared in classes.items():
        if unknown := sorted(declared.implies - set(classes)):
            raise KnowledgeError(f"{source}: {name}: no such word class: {unknown[0]!r}")
    return classes


def read_flags(data: Mapping[str, Any], source: str) -> dict[str, frozenset[str]]:
    """The declared flags, each with its heads. Raises ``KnowledgeError`` for another key or head."""
    flags = {}
    for name, row in data.items():
        if set(row) != _FLAG_KEYS:
            raise KnowledgeError(f"{source}: {name}: keys are {', '.join(sorted(_FLAG_KEYS))}")
        flags[name] = frozenset(row["behind"])
        if unknown := sorted(flags[name] - STATED):
            raise KnowledgeError(f"{source}: {name}: no rule may state {unknown}")
    return flags
