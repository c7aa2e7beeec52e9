"""Lines of a text that lead to other articles: "READ MORE: Blast in mosque kills 44".

Rules
-----
1. A label of the language (``teaser_label``) at the beginning of a sentence, and a colon, bar or arrow
   behind it: what follows is another article's headline. Without the mark it is a sentence of this
   one ("Read more books, the minister told pupils"), and so is what somebody is quoted with.
2. A short line is a teaser as a whole, in a longer paragraph the one sentence, or what stands in
   brackets. A headline is none.
3. Nothing is found in a teaser: its words are blanks in the copy that is matched. Spans stay as they
   are, for the text itself is not touched.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from worker.core.lang.lexicon import Lexicon
from worker.core.lang.normalise import Range
from worker.core.text.prose import Prose, Sentence

_BEFORE = re.compile(r"[\s(\[*•>»▶►-]*")
_MARK = re.compile(r"\s*[:：|»›→>►]\s*(?=\S)")
_CLOSE = {"(": ")", "[": "]"}
_LABEL_CHARS = 60
_LINE_CHARS = 250


def without_teasers(prose: Prose, lexicon: Lexicon) -> Prose:
    """The prose without its teasers; the same when it has none."""
    teasers = dict(_teasers(prose, lexicon))
    if not teasers:
        return prose
    text = _blanked(prose.text, teasers.values())
    rest = (replace(s, start=teasers[s].end) if s in teasers else s for s in prose.sentences)
    kept = (sentence for sentence in rest if text[sentence.start : sentence.end].strip())
    return replace(
        prose,
        norm=replace(prose.norm, text=text),
        sentences=tuple(replace(sentence, index=k) for k, sentence in enumerate(kept)),
        datelines=tuple(at for at in prose.datelines if text[at.start : at.end].strip()),
    )


def _blanked(text: str, ranges: Iterable[Range]) -> str:
    """The text with blanks for all that stands in these ranges, which are in order."""
    pieces, done = [], 0
    for at in ranges:
        pieces += [text[done : at.start], " " * (at.end - at.start)]
        done = at.end
    return "".join([*pieces, text[done:]])


def _teasers(prose: Prose, lexicon: Lexicon) -> Iterator[tuple[Sentence, Range]]:
    """Sentences that begin with a teaser, and where it stands."""
    whole = -1
    filed = {at.end: at.start for at in prose.datelines}
    for sentence in prose.sentences:
        # Where letters have no capitals a label with its colon passes for a place of filing.
        begin = filed.get(sentence.start, sentence.start)
        if sentence.paragraph == whole:
            yield sentence, sentence
        elif sentence.zone != "title" and (end := _end(prose, Range(begin, sentence.end), lexicon)):
            line = prose.paragraph(sentence.paragraph)
            short = line[-1].end - sentence.start <= _LINE_CHARS
            if sentence == line[0] and end == sentence.end and short:
                whole = sentence.paragraph
            yield sentence, Range(begin, end)


def _end(prose: Prose, sentence: Range, lexicon: Lexicon) -> int:
    """Where the teaser ends with which a sentence begins: with its bracket, or it; 0 when there is none."""
    text = prose.text
    begin = _BEFORE.match(text, sentence.start, sentence.end)
    start = begin.end() if begin else sentence.start
    labels = lexicon.find("teaser_label", text, start, min(sentence.end, start + _LABEL_CHARS))
    label = next(labels, None)
    if label is None or label.start() != start or not _MARK.match(text, label.end(), sentence.end):
        return 0
    bracket = text[sentence.start : start].strip()[-1:]
    closed = text.find(_CLOSE.get(bracket, "\0"), start, sentence.end)
    return closed + 1 if closed >= 0 else sentence.end
