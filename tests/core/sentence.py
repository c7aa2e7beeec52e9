"""One sentence, read by one language's rules for figures."""

from __future__ import annotations

from tests.profiles.cities import PORTSMERE
from worker.config.knowledge import load_knowledge
from worker.core.lang.cascade import Finding
from worker.core.lang.normalise import Range, normalise


def findings(lang: str, sentence: str) -> list[Finding]:
    """What the rules of a language state of the numbers and persons of a sentence."""
    language, norm = load_knowledge(PORTSMERE).languages[lang], normalise(sentence)
    reader, cut = language.readers["figures"], language.cut(norm.text, Range(0, len(norm.text)))
    tokens = reader.tokens(cut, lambda i: norm.letter(i).isupper(), norm.letter)
    return [finding for finding in reader.read(tokens)[1] if finding.token is not None]


def stated(lang: str, sentence: str) -> list[tuple[str, int | None]]:
    """What is stated of people who are no part of others: measure and value."""
    return [
        (f.what, f.token.value)
        for f in findings(lang, sentence)
        if f.token is not None
        and f.what != "part"
        and not f.token.tags & {"REPLACED_COUNT", "NOBODY"}
    ]
