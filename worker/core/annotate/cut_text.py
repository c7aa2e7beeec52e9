"""A text's sentences, cut into words once for all the grammars that read them.

Rules
-----
1. Where a word begins and ends is a matter of the script, the same to every grammar. Which classes it
   has is each grammar's own (``lang/word_list``), so tokens are made anew for each.
2. A capital means something where letters have case, but in no title, nor in a sentence where nearly
   every word has one.
3. Sentences are read in runs of at most ``LONGEST_TOKENS`` tokens: a "sentence" of thousands, as
   hostile pages have them, costs what its length is worth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from worker.core.domain.light_value import light_value
from worker.core.lang.language import Language, Reader
from worker.core.lang.tokens import Piece, Token
from worker.core.text.prose import Prose, Sentence

LONGEST_TOKENS = 200
_LOUD_SHARE = 0.75


@light_value
class CutSentence(Sentence):
    """A sentence with its words. ``is_capital``: whether a position holds a capital that counts."""

    pieces: tuple[Piece, ...]
    is_capital: Callable[[int], bool]


@dataclass(frozen=True, slots=True)
class CutText:
    """A text that a language's grammars can read. Build it with ``cut_text``."""

    prose: Prose
    language: Language
    sentences: tuple[CutSentence, ...]

    def runs(self, sentence: CutSentence, reader: Reader) -> Iterator[list[Token]]:
        """The tokens of a sentence as a grammar knows them, in runs of at most ``LONGEST_TOKENS``."""
        tokens = reader.tokens(sentence.pieces, sentence.is_capital, self.prose.norm.letter)
        for first in range(0, len(tokens), LONGEST_TOKENS):
            yield tokens[first : first + LONGEST_TOKENS]


def cut_text(prose: Prose, language: Language) -> CutText:
    """Cut the sentences of a text into words."""
    return CutText(prose, language, tuple(_cut(s, prose, language) for s in prose.sentences))


def _cut(sentence: Sentence, prose: Prose, language: Language) -> CutSentence:
    return CutSentence(
        *(sentence.start, sentence.end, sentence.index, sentence.paragraph, sentence.zone),
        language.cut(prose.text, sentence),
        _capitals_of(sentence, prose, language),
    )


def _capitals_of(sentence: Sentence, prose: Prose, language: Language) -> Callable[[int], bool]:
    if not language.script.has_case or sentence.zone == "title":
        return lambda _: False
    words = [w for w in prose.span(sentence).quote.split() if w[0].isalpha()]
    if len(words) > 3 and sum(w[0].isupper() for w in words) > _LOUD_SHARE * len(words):
        return lambda _: False
    raw, offsets = prose.raw, prose.norm.offsets
    capitals = {at for at in range(sentence.start, sentence.end) if raw[offsets[at]].isupper()}
    return capitals.__contains__
