"""Runs a grammar over the tokens of a sentence, and says what it found and by which rules.

Rules
-----
1. Stages in order, rules in order, matches from left to right. What a rule made is closed: nothing
   goes back into it, there is no backtracking over stages.
2. A made token has the sum of the numbers labelled ``n``, the victim class of ``who``, and the
   meaning of its tokens; several ``n`` are kept as its ``parts``.
3. A widened token stays what it is (``n``) and stands for the whole match.
4. A statement about a labelled ``n`` uses it up (tag ``USED``): later rules of the same stage may
   leave it alone by asking for ``!USED``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from worker.core.domain.light_value import light_value
from worker.core.domain.victim_classes import OF_NO_FORCES, SOLDIERS_AND_POLICE
from worker.core.lang.grammar import Grammar, Rule
from worker.core.lang.normalise import Range
from worker.core.lang.tokens import Token

USED = "USED"
UNSPECIFIED, PERPETRATOR = "unspecified", "perpetrator"
ATTACKING_SIDE = "PERPETRATOR"
"""Tag of a count of attackers: they are no victims, and never add up with them."""
_KINDS: dict[str, str] = {
    **dict.fromkeys(SOLDIERS_AND_POLICE, "FORCES_KIND"),
    **dict.fromkeys(OF_NO_FORCES, "CIVIL_KIND"),
}
"""Tag of a count of people by their class: a count of one kind holds nobody of the other."""
GENERIC = "GENERIC"
"""Tag of nouns that say nothing of who somebody is ("man")."""
_OWN = frozenset({"qualifier"})
"""Meanings that a made token does not take over from just any of its tokens."""


@light_value
class Finding(Range):
    """Something that a rule states: ``what`` ("killed"), about ``token`` (None: about no number).

    ``flags`` are what stands behind the head ("toll"), ``labels`` the tokens under each label, and
    ``index`` the token's place in the sentence when it was found.
    """

    what: str
    token: Token | None
    flags: frozenset[str]
    rule: str
    labels: Mapping[str, tuple[Token, ...]]


@dataclass(slots=True)
class _Labels:
    """The tokens under each label of a match, with their indexes."""

    tokens: dict[str, list[Token]]
    indexes: dict[str, list[int]]

    @staticmethod
    def of(match: re.Match[str], tokens: Sequence[Token]) -> _Labels:
        labels = _Labels({}, {})
        for key in match.re.groupindex:
            first, last = match.span(key)
            if first >= 0:
                name = key.rpartition("_")[0]
                labels.tokens.setdefault(name, []).extend(tokens[first:last])
                labels.indexes.setdefault(name, []).extend(range(first, last))
        return labels


@dataclass(slots=True)
class _Sentence:
    """The tokens while rules work on them, their string, and what has been found.

    ``mask``: of all that the string has had; a rule that asks for what is gone just finds nothing.
    """

    grammar: Grammar
    tokens: list[Token]
    code: str
    mask: int
    found: list[Finding]
    done: set[tuple[int, int, str]]

    def apply(self, rule: Rule) -> None:
        position = 0
        alphabet = self.grammar.alphabet
        while (match := rule.pattern.search(alphabet, self.code, position)) is not None:
            if match.end() == match.start():
                position = match.end() + 1
                if position > len(self.code):
                    return
                continue
            labels = _Labels.of(match, self.tokens)
            position = match.start() + 1
            if rule.kind == "make":
                if not _falls(labels.tokens):
                    self._make(rule, match, labels)
            elif rule.kind == "widen":
                self._widen(rule, match, labels)
            elif rule.kind == "tag":
                indexes = labels.indexes.get("t", range(*match.span()))
                for index in indexes:
                    self._tag(index, rule.flags | {rule.head}, rule.name)
            elif "n" in labels.tokens:
                self._state_numbers(rule, match, labels)
            else:
                self._state(rule, match, labels)
                position = match.end()

    def _make(self, rule: Rule, match: re.Match[str], labels: _Labels) -> None:
        first, last = match.span()
        nouns = GENERIC in self.grammar.classes
        made = _made(rule, self.tokens[first:last], labels.tokens, nouns=nouns)
        self.tokens[first:last] = [made]
        self._write(first, last, made.tags)

    def _widen(self, rule: Rule, match: re.Match[str], labels: _Labels) -> None:
        first, last = match.span()
        start, end = self.tokens[first].start, self.tokens[last - 1].end
        wide = labels.tokens["n"][0].over(start, end, rule.flags | {rule.head}, (rule.name,))
        self.tokens[first:last] = [wide]
        self._write(first, last, wide.tags)

    def _tag(self, index: int, tags: frozenset[str], rule: str = "") -> None:
        self.tokens[index] = self.tokens[index].also(tags, (rule,) if rule else ())
        self._write(index, index + 1, self.tokens[index].tags)

    def _write(self, first: int, last: int, tags: frozenset[str]) -> None:
        alphabet = self.grammar.alphabet
        letter = alphabet.letter(tags)
        self.code = self.code[:first] + letter + self.code[last:]
        self.mask |= alphabet.mask(letter)

    def _state_numbers(self, rule: Rule, match: re.Match[str], labels: _Labels) -> None:
        start, end = self.tokens[match.start()].start, self.tokens[match.end() - 1].end
        for token, index in zip(labels.tokens["n"], labels.indexes["n"], strict=True):
            key = (token.start, token.end, rule.head)
            if key not in self.done:
                self.done.add(key)
                self._found(rule, Range(min(start, token.start), end), token, labels)
                self._tag(index, frozenset({USED}))

    def _state(self, rule: Rule, match: re.Match[str], labels: _Labels) -> None:
        first, last = self.tokens[match.start()], self.tokens[match.end() - 1]
        self._found(rule, Range(first.start, last.end), None, labels)

    def _found(self, rule: Rule, at: Range, token: Token | None, labels: _Labels) -> None:
        named = {name: tuple(tokens) for name, tokens in labels.tokens.items()}
        self.found.append(Finding(at.start, at.end, rule.head, token, rule.flags, rule.name, named))


def run(grammar: Grammar, tokens: Sequence[Token]) -> tuple[list[Token], list[Finding]]:
    """All stages over one sentence: its tokens as the rules leave them, and what they state.

    A sentence without a trigger of the grammar comes back as it is.
    """
    if all(grammar.triggers.isdisjoint(token.tags) for token in tokens):
        return list(tokens), []
    alphabet = grammar.alphabet
    code = "".join([alphabet.letter(token.tags) for token in tokens])
    sentence = _Sentence(grammar, list(tokens), code, alphabet.mask(code), [], set())
    for rule in grammar.rules:
        needs = rule.pattern.needs  # (asked here, since nearly all rules end here)
        if needs & sentence.mask == needs and rule.pattern.may_match(sentence.mask):
            sentence.apply(rule)
    return sentence.tokens, sentence.found


def _falls(labels: Mapping[str, Sequence[Token]]) -> bool:
    """Whether two numbers that would bound one do not rise: "killed five - three men and a boy"."""
    low, high = (labels[name][0].value if labels.get(name) else None for name in ("lo", "hi"))
    return low is not None and high is not None and low >= high


def _made(
    rule: Rule, tokens: Sequence[Token], labels: Mapping[str, Sequence[Token]], *, nouns: bool
) -> Token:
    """The token that a rule makes of several. ``nouns``: whether general ones are known as such."""
    numbers = [t for t in labels.get("n", ()) if t.value is not None]
    meaning = _meaning(tokens, labels, numbers)
    if labels.get("who") and nouns and GENERIC not in labels["who"][-1].tags:
        meaning["noun"] = labels["who"][-1].word
    value, low = rule.value, None
    if numbers and value is None:
        value = sum(t.value or 0 for t in numbers)
    if labels.get("lo") and labels.get("hi"):
        value, low, meaning["qualifier"] = labels["hi"][0].value, labels["lo"][0].value, "range"
    elif len(numbers) == 1:
        low = numbers[0].low
    tags = frozenset({rule.head, *rule.flags})
    if meaning.get("people") == PERPETRATOR:
        tags |= {ATTACKING_SIDE}
    if meaning.get("people") in _KINDS:
        tags |= {_KINDS[meaning["people"]]}
    parts = tuple(labels["n"]) if len(labels.get("n", ())) > 1 else ()
    rules = (*tuple(dict.fromkeys(name for t in tokens for name in t.rules)), rule.name)
    word = " ".join(t.word for t in tokens)
    return Token(
        tokens[0].start, tokens[-1].end, tags, word, value, low, meaning, parts, rules
    )  # fmt: skip


def _meaning(
    tokens: Sequence[Token], labels: Mapping[str, Sequence[Token]], numbers: Sequence[Token]
) -> dict[str, str]:
    meaning = {k: v for t in tokens for k, v in t.meaning.items() if k not in _OWN}
    vague = [
        t.meaning["qualifier"]
        for t in labels.get("n", ())
        if "qualifier" in t.meaning and t.value is None
    ]
    leads = [t.meaning["qualifier"] for t in tokens if "qualifier" in t.meaning]
    if vague:
        meaning["qualifier"] = vague[0]
        bound = next((lead for lead in leads if lead not in ("exact", vague[0])), None)
        if bound and "times" in meaning:
            # "at least twice as many": of a number that is not known here
            meaning["bound"] = bound
    if numbers:
        if leads:
            meaning["qualifier"] = next((lead for lead in leads if lead != "exact"), leads[0])
        if len(labels["n"]) > 1:
            kinds = {t.meaning.get("people", UNSPECIFIED) for t in labels["n"]}
            meaning["people"] = kinds.pop() if len(kinds) == 1 else UNSPECIFIED
    if labels.get("whole") and labels["whole"][0].value is not None:
        meaning["whole"] = str(labels["whole"][0].value)
    if labels.get("age"):
        meaning["age"] = re.split(r"[- ]", labels["age"][0].word)[0]
    if labels.get("name"):
        meaning["name"] = labels["name"][-1].word
        meaning["names"] = " ".join(t.word for t in labels["name"])
    if labels.get("who"):
        classes = [t.meaning.get("people", UNSPECIFIED) for t in labels["who"]]
        meaning["people"] = PERPETRATOR if PERPETRATOR in classes else classes[-1]
    elif len(numbers) == 1 == len(labels["n"]) and numbers[0].rules:
        # a count, and what is told of some of them
        meaning["people"] = numbers[0].meaning.get("people", UNSPECIFIED)
    return meaning
