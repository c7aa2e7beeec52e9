"""Lines of a text that lead to other articles: "READ MORE: Blast in mosque kills 44".

Rules
-----
1. A label of the language (``teaser_label``) at the beginning of a sentence, and a colon, bar or arrow
   behind it: what follows is another article's headline. Without the mark it is a sentence of this
   one ("Read more books, the minister told pupils"), and so is what somebody is quoted with.
2. A short line is a teaser as a whole, in a longer paragraph the one sentence, or what stands in
   brackets. A headline is none.
3. A line that ends no sentence needs no mark behind its label, where the label is one of those that
   can only be one (``teaser_line``) or is printed in capitals ("RELATED Blast kills 44").
4. Nor does one between marks (">> Blast kills 44 <<"), or behind a mark that no list and no quotation
   has, while other lines are told without. A label alone, below sentences, makes teasers of the
   lines that follow it, up to the first that ends a sentence.
5. Nothing is found in a teaser: its words are blanks in the copy that is matched. Spans stay as they
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
_NOTHING_ELSE = re.compile(r"[\s:：|»›→>►*]*")
_CLOSE = {"(": ")", "[": "]"}
_LABEL_CHARS = 60
_LINE_CHARS = 250
_HEADLINE_CHARS = 160
_ENDS = re.compile(r"""[.!?؟۔।。！？]["'”’»)\]]*\s*$""")
_BETWEEN = re.compile(r"\s*(?:>{2,}.*<{2,}|[▶►➤].*[◀◄]|›{2,}.*‹{2,})\s*", re.DOTALL)
_BEHIND = re.compile(r"\s*(?:>{2,}|›{2,}|»\s)[^«<]*", re.DOTALL)


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
    lines = set(_teaser_lines(prose, lexicon))
    whole = -1
    filed = {at.end: at.start for at in prose.datelines}
    for sentence in prose.sentences:
        # Where letters have no capitals a label with its colon passes for a place of filing.
        begin = filed.get(sentence.start, sentence.start)
        if sentence.paragraph == whole:
            yield sentence, sentence
        elif sentence.paragraph in lines:
            yield sentence, Range(begin, sentence.end)
        elif sentence.zone != "title" and (end := _end(prose, Range(begin, sentence.end), lexicon)):
            line = prose.paragraph(sentence.paragraph)
            short = line[-1].end - sentence.start <= _LINE_CHARS
            if sentence == line[0] and end == sentence.end and short:
                whole = sentence.paragraph
            yield sentence, Range(begin, end)


def _end(prose: Prose, sentence: Range, lexicon: Lexicon) -> int:
    """Where the teaser ends with which a sentence begins: with its bracket, or it; 0 when there is none."""
    text = prose.text
    label = _label(text, sentence, lexicon, "teaser_label")
    if label is None or not _MARK.match(text, label.end, sentence.end):
        return 0
    bracket = text[sentence.start : label.start].strip()[-1:]
    closed = text.find(_CLOSE.get(bracket, "\0"), label.start, sentence.end)
    return closed + 1 if closed >= 0 else sentence.end


def _label(text: str, at: Range, lexicon: Lexicon, category: str) -> Range | None:
    """The label with which a stretch begins."""
    begin = _BEFORE.match(text, at.start, at.end)
    start = begin.end() if begin else at.start
    labels = lexicon.find(category, text, start, min(at.end, start + _LABEL_CHARS))
    label = next(labels, None)
    return Range(start, label.end()) if label is not None and label.start() == start else None


# -------------------------------------------------------------------------------- whole lines


def _teaser_lines(prose: Prose, lexicon: Lexicon) -> Iterator[int]:
    """Numbers of the paragraphs that are teasers by their form."""
    lines = dict(_lines(prose))
    headlines = {number for number, at in lines.items() if _is_headline(prose, at)}
    behind = {n for n in headlines if _BEHIND.fullmatch(prose.printed(lines[n]))}
    if 2 * len(behind) <= len(lines):
        yield from behind
    told = below = False
    for number, at in lines.items():
        if told and _is_label_alone(prose.text, at, lexicon):
            below = True
        elif number not in headlines:
            told, below = True, False
        elif below or _BETWEEN.fullmatch(prose.printed(at)) or _is_led(prose, at, lexicon):
            yield number


def _lines(prose: Prose) -> Iterator[tuple[int, Range]]:
    """The paragraphs of the body by number, with the filing place that they begin with."""
    filed = {at.end: at.start for at in prose.datelines}
    for sentence in prose.sentences:
        if sentence.zone != "title":
            line = prose.paragraph(sentence.paragraph)
            if sentence == line[0]:
                yield (
                    sentence.paragraph,
                    Range(filed.get(sentence.start, sentence.start), line[-1].end),
                )


def _is_headline(prose: Prose, at: Range) -> bool:
    """Whether a line is as short as headlines are, and ends no sentence."""
    return at.end - at.start <= _HEADLINE_CHARS and not _ENDS.search(prose.of(at))


def _is_label_alone(text: str, at: Range, lexicon: Lexicon) -> bool:
    label = _label(text, at, lexicon, "teaser_label") or _label(text, at, lexicon, "teaser_line")
    return label is not None and bool(_NOTHING_ELSE.fullmatch(text, label.end, at.end))


def _is_led(prose: Prose, at: Range, lexicon: Lexicon) -> bool:
    """Whether a headline stands behind a label that can be no part of it."""
    if _label(prose.text, at, lexicon, "teaser_line") is not None:
        return True
    label = _label(prose.text, at, lexicon, "teaser_label")
    if label is None:
        return False
    rest = prose.printed(Range(label.end, at.end))
    return prose.printed(label).isupper() and bool(rest.strip()) and not rest.isupper()
