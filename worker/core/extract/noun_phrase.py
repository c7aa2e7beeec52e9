"""The noun phrase around a word: "building" → "defense ministry building".

Rules
-----
1. Left: modifiers up to a determiner, a preposition, a verb (``np_stop``) or punctuation; a few
   small words at most, capitals without limit.
2. Right: capitals that follow directly ("non-profit | Counterpart International"), and one "of …".
3. A department keeps its owner: "logistics and engineering department of the Ministry of Defense".

The shape is that of languages that put names in capitals; elsewhere a phrase is the word itself.
"""

from __future__ import annotations

import re
from functools import lru_cache

from worker.core.extract.passage import Passage
from worker.core.lang.names import has_capitals
from worker.core.lang.normalise import Range
from worker.core.lang.tokens import WORD_CHARS_CLASS

_CHARS = WORD_CHARS_CLASS[1:-1]
_LEFT_WORD = re.compile(rf"([{_CHARS}'.&-]+) $")
_RIGHT_WORD = re.compile(rf" ([{_CHARS}'.&-]+)")
_OF = re.compile(r" (?:of|for) (?:the |an? )?")
_OF_BEFORE = re.compile(rf"([{_CHARS}'-]+) of (?:the |an? )?$")
_BLANK = re.compile(r" ")
_SMALL_WORDS = 3
_MOST_WORDS = 9
_WORD_CHARS = 80
_OPENING_CHARS = 40
_JUDGED_CHARS = 1500
"""A sentence's capitals are judged by its beginning: a page may be one endless sentence."""


def is_name(passage: Passage, at: Range) -> bool:
    """Whether a capital that begins a stretch means a name.

    It does not at the head of a sentence, in a headline that capitalises every word, nor in a
    text that is all capitals.
    """
    printed = passage.prose.printed(at)
    if not printed or not printed[0].isupper():
        return False
    sentence = passage.sentence(at.start)
    if sentence is None:
        return True
    low = max(sentence.start, at.start - _OPENING_CHARS)
    opened = not passage.prose.text[low : at.start].strip(" \"'([")
    judged = Range(sentence.start, min(sentence.end, sentence.start + _JUDGED_CHARS))
    return not opened and not _is_headline_case(
        passage.prose.printed(judged), passage.weights.noun_phrase.headline_share
    )


def is_time(passage: Passage, name: Range) -> bool:
    """Whether a name opens with a weekday or a month: "Sunday", "June 17"."""
    tables = (passage.lexicon.table(t).pattern for t in ("weekday", "month"))
    word = passage.prose.of(name).split()[0].strip(",.")
    return any(p is not None and p.fullmatch(word) for p in tables)


@lru_cache(maxsize=256)
def _is_headline_case(raw: str, share: float) -> bool:
    """Whether most words of a sentence begin with a capital, so that a capital means no name."""
    words = [w for w in re.findall(r"[^\W\d_]+", raw) if len(w) > 3]
    return len(words) > 3 and sum(w[0].isupper() for w in words) > share * len(words)


def noun_phrase(passage: Passage, head: Range) -> Range:
    """The phrase around a head word, inside its clause."""
    if not has_capitals(passage.prose.printed(head)):
        return head
    clause = passage.clause(head.start)
    end = _extend_right(passage, head.end, clause.end)
    start = _extend_left(passage, head.start, clause.start, joined=False)
    return Range(_with_department(passage, start, clause.start), end)


def name_within(passage: Passage, phrase: Range, head: Range) -> Range:
    """Only the proper name, when one follows a common head ("aid group | Counterpart")."""
    after = re.match(r"\s+", passage.prose.text[head.end : phrase.end])
    if after is None:
        return phrase
    rest = Range(head.end + after.end(), phrase.end)
    if is_name(passage, rest) and not is_name(passage, Range(phrase.start, head.end)):
        return rest
    return phrase


def is_building(passage: Passage, word: str) -> bool:
    """Whether a word names what is a place, whoever it belongs to: "compound", "offices"."""
    pattern = passage.lexicon.pattern("site_noun")
    return pattern is not None and pattern.fullmatch(word) is not None


def words_between(passage: Passage, between: Range) -> int:
    """Words between a lead and its thing, not counting "the gates of the"."""
    free = [passage.lexicon.pattern(c) for c in ("determiner", "site_generic")]
    words = passage.prose.of(between).split()
    return sum(not any(p is not None and p.fullmatch(w) for p in free) for w in words)


def head_word(passage: Passage, phrase: Range) -> str:
    """The word that a phrase is built around: "headquarters | of the traffic police"."""
    text = passage.prose.of(phrase)
    of, joint = _OF.search(text), passage.lexicon.first("np_joint", text)
    ends = [m.start() for m in (of, joint) if m is not None and m.start() > 0]
    return text[: min(ends, default=len(text))].rsplit(maxsplit=1)[-1]


def with_complement(passage: Passage, phrase: Range) -> Range:
    """A phrase with the "of …" or "run by …" that follows it."""
    end = _extend_right(passage, phrase.end, passage.clause(phrase.start).end)
    return Range(phrase.start, end)


def with_goal(passage: Passage, noun: Range) -> Range:
    """A road's noun with where it goes: "road to the airport"."""
    clause = passage.clause(noun.start)
    led = passage.lexicon.pattern("road_to")
    found = led.match(passage.prose.text, noun.start, clause.end) if led is not None else None
    if found is None:
        return noun
    end = _words_right(passage, found.end(), clause.end)
    return Range(noun.start, end) if end > found.end() else noun


def _extend_left(passage: Passage, start: int, low: int, joined: bool) -> int:
    text, small, words = passage.prose.text, 0, 0
    while words < _MOST_WORDS:
        found = _LEFT_WORD.search(text, max(low, start - _WORD_CHARS), start)
        if found is None or found.end() != start:
            break
        word = found[1]
        if not any(c.isalnum() for c in word):  # a dash: "three dead - health ministry"
            break
        conjunction = joined and word == "and"
        if not conjunction and _ends_phrase(passage, Range.of(found, 1)):
            break
        if not is_name(passage, Range.of(found, 1)):
            small += 1
            if small > _SMALL_WORDS:
                break
        start, words = found.start(1), words + 1
    return _without_conjunction(text, start)


def _without_conjunction(text: str, start: int) -> int:
    return start + 4 if text.startswith("and ", start) else start


def _ends_phrase(passage: Passage, at: Range) -> bool:
    word = passage.prose.of(at)
    named = is_name(passage, at)
    if word.endswith("'s") or (word.endswith(".") and not named):
        return True
    trigger = passage.lexicon.table("attack_type").pattern
    if not named and trigger is not None and trigger.fullmatch(word):
        return True
    for category in ("determiner", "np_stop") if named else ("determiner", "np_stop", "np_verb"):
        pattern = passage.lexicon.pattern(category)
        if pattern is not None and pattern.fullmatch(word):
            return True
    return False


def _extend_right(passage: Passage, end: int, high: int) -> int:
    end = _names_right(passage, end, high)
    of = _OF.match(passage.prose.text, end, high) or _joining_participle(passage, end, high)
    if of is None:
        return end
    rest = _words_right(passage, of.end(), high)
    if rest == of.end():
        return end
    end = _names_right(passage, rest, high)
    return _named_for(passage, end, high)


def _named_for(passage: Passage, end: int, high: int) -> int:
    """The rest of a name that has a purpose: "house of the Organization | for Migration"."""
    last = passage.prose.text.rfind(" ", 0, end) + 1
    of = _OF.match(passage.prose.text, end, high)
    if of is None or not is_name(passage, Range(last, end)):
        return end
    rest = _names_right(passage, of.end() - 1, high)
    return rest if rest > of.end() else end


def _joining_participle(passage: Passage, end: int, high: int) -> re.Match[str] | None:
    """A participle that ties a thing to its people: "bus | carrying officials"."""
    pattern = passage.lexicon.pattern("np_joint")
    if pattern is None or passage.prose.text[end : end + 1] != " ":
        return None
    found = pattern.match(passage.prose.text, end + 1, high)
    return _BLANK.match(passage.prose.text, found.end(), high) if found else None


def _names_right(passage: Passage, end: int, high: int) -> int:
    text = passage.prose.text
    while True:
        found = _RIGHT_WORD.match(text, end, high)
        if found is None or not is_name(passage, Range.of(found, 1)):
            return end
        if is_time(passage, Range.of(found, 1)):  # "outside a bank Sunday"
            return end
        if _ends_phrase(passage, Range.of(found, 1)) and len(found[1]) > 2:
            return end
        end = found.end(1)


def _words_right(passage: Passage, end: int, high: int) -> int:
    """Up to four words of an "of …" phrase."""
    text, start = passage.prose.text, end
    for _ in range(4):
        found = re.compile(rf" ?([{_CHARS}'&-]+)").match(text, end, high)
        if found is None or (end > start and text[end : end + 1] != " "):
            break
        if _ends_phrase(passage, Range.of(found, 1)) and found[1] != "of":
            break
        end = found.end(1)
    return end - 3 if text[start:end].endswith(" of") else end


def _with_department(passage: Passage, start: int, low: int) -> int:
    """Take in the department before "of the …", with its own modifiers."""
    found = _OF_BEFORE.search(passage.prose.text, low, start)
    pattern = passage.lexicon.pattern("unit_noun")
    if found is None or found.end() != start or pattern is None:
        return start
    if not pattern.fullmatch(found[1]):
        return start
    return _extend_left(passage, found.start(1), low, joined=True)
