"""The words around a number: what was done to whom, and to how many of whom.

Rules
-----
1. After the number: people, an aside between commas, auxiliaries, harm ("six people, among them a
   doctor, have been killed"). A bare participle with an object is active: "three gunmen killed …".
2. Before the number: an active verb of harm ("killing at least seven") or a toll ("rose to 12").
3. A class of people is read off the words between number and harm, else off those that follow.
4. Nothing crosses a sentence; noun phrases end at ``np_break``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import cast, get_args

from worker.core.annotate.numbers import Number
from worker.core.domain.vocabulary import Measure
from worker.core.extract.toll.counts import PART, PERPETRATOR, Count, mark_mixed, with_total
from worker.core.lang.lexicon import Lexicon
from worker.core.lang.normalise import words_end
from worker.core.text.prose import Prose

_WORD = re.compile(r"[\w'&-]+")
_ASIDE = re.compile(r", [^,.;:]{3,90}, ")
_PHRASE_WORDS = 9
_NO_NUMBER = 1 << 40
_BEFORE_CHARS = 64
_TOLL_BEFORE_CHARS = 150
_AFTER_CHARS = 18
_AGGREGATE_REACH_CHARS = 70
_GAP = re.compile(r"[\s,]*(?:and|as well as|plus|&)?[\s,]*")
_MEASURES = frozenset(get_args(Measure))


@dataclass(frozen=True, slots=True)
class _People:
    """The noun phrase after a number: where it ends, its class, and where its naming word ends."""

    end: int
    victim_class: str | None
    named_to: int


class CountFinder:
    """Finds the numbers that count people in one text. Holds text and lexicon only."""

    def __init__(self, prose: Prose, lexicon: Lexicon) -> None:
        self._prose = prose
        self._text = prose.text
        self._lexicon = lexicon

    def find(self, numbers: Sequence[Number]) -> tuple[Count, ...]:
        """The numbers that count people, in the order of the text."""
        found: list[Count] = []
        for sentence in self._prose.sentences:
            inside = (*numbers, *self._singles(sentence.start, sentence.end))
            inside = tuple(n for n in inside if n.within(sentence))
            found += self._in_sentence(
                sorted(inside, key=lambda n: n.start), sentence.start, sentence.end
            )
        return tuple(sorted(found, key=lambda c: (c.start, c.number.start, -c.end)))

    def _singles(self, low: int, high: int) -> Iterator[Number]:
        """As in "a policeman was killed": one person without a numeral."""
        for found in self._lexicon.find("single_person", self._text, low, high):
            article_end = found.start() + len(found.group().split(" ", 1)[0])
            yield Number(found.start(), article_end, 1, 1, 1, "exact")

    def _in_sentence(self, numbers: Sequence[Number], low: int, high: int) -> list[Count]:
        found: list[Count] = []
        uncounted: list[Number] = []
        for index, number in enumerate(numbers):
            if found and number.start < found[-1].number.end:
                continue
            if self._is_old(number, low, high) or self._is_denied(number, low):
                uncounted.clear()
                continue
            following = numbers[index + 1].start if index + 1 < len(numbers) else _NO_NUMBER
            made = self._count_of(number, following, low, high, found)
            if made is None:
                uncounted.append(number)
                continue
            earlier = [self._scoped(c, low, high) for c in self._joined_before(uncounted, made)]
            found += [*earlier, self._scoped(made, low, high)]
            uncounted.clear()
        return mark_mixed(self._with_sums(found))

    def _is_denied(self, number: Number, low: int) -> bool:
        """As in "no one", "not one of them", "none of the 30": nobody is counted."""
        stop = words_end(self._text, number.start, low)
        return self._right_before("number_denied", stop, low) is not None

    def _right_before(
        self, category: str, stop: int, low: int, reach: int = _BEFORE_CHARS
    ) -> re.Match[str] | None:
        return self._lexicon.ending_at(category, self._text, max(low, stop - reach), stop)

    def _count_of(
        self, number: Number, following: int, low: int, high: int, found: list[Count]
    ) -> Count | None:
        """How one number counts people, if it does: after, before, or as part of another."""
        part = self._subset(number, following, low, high, found)
        if part is not None:
            return part
        return (
            self._passive(number, following, high)
            or self._active(number, following, low, high)
            or self._after_toll_word(number, low, high)
            or self._coordinated(number, min(high, following), found)
        )

    # --- after the number

    def _passive(self, number: Number, following: int, high: int) -> Count | None:
        """As in "11 people were killed", "15 wounded", "nine bodies"."""
        people = self._people(self._unquoted(number.end), min(high, following))
        position = self._skip_aside(people.end, high)
        position = self._skip(position, "np_aux", high)
        harm = self._harm_at(position, high)
        if harm is None:
            return None
        end, measure = self._combined(*harm, high)
        bare = position == people.end
        objects = self._lexicon.find("np_object", self._text, end, min(high, end + 16))
        has_object = following <= end + 1 or any(m.start() == end + 1 for m in objects)
        if bare and has_object:
            return None
        after = (
            self._people(end, min(high, end + _AFTER_CHARS))
            if people.victim_class is None
            else people
        )
        stop = max(end, after.named_to) if people.victim_class is None else end
        is_part = self._lexicon.first("part_cue", self._text, number.end, position) is not None
        named = after.victim_class or "unspecified"
        victims = PART if is_part and named == "unspecified" else named
        return Count(number.start, stop, number, measure, victims)

    def _people(self, start: int, high: int) -> _People:
        """Words after a number up to harm, an auxiliary or a break, and the class they name."""
        position, words = start, 0
        while words < _PHRASE_WORDS:
            found = _WORD.match(self._text, position + 1, high)
            if found is None or self._text[position : position + 1] != " ":
                break
            if self._is("np_break", found) or self._is("np_aux", found):
                break
            words_so_far = self._text[start:position].split()
            is_noun = bool(words_so_far) and self._is_word("definite", words_so_far[-1])
            if self._harm_at(position, high) is not None and not is_noun:
                break
            position, words = found.end(), words + 1
        return _People(position, *self._class_in(start, position))

    def _class_in(self, start: int, end: int) -> tuple[str | None, int]:
        """The last class named in a stretch and where it ends; attackers win ("two of the …")."""
        aside = self._lexicon.first("subset_cue", self._text, start, end)
        end = aside.start() if aside is not None else end
        found = list(self._lexicon.table("victim_class").find(self._text, start, end))
        if found:
            attackers = [f for f in found if f[1] == PERPETRATOR]
            match, name = (attackers or found)[-1]
            return name, match.end()
        person = next(self._lexicon.table("person").find(self._text, start, end), None)
        return ("unspecified", person[0].end()) if person is not None else (None, start)

    def _unquoted(self, position: int) -> int:
        return position + 1 if self._text[position : position + 1] == '"' else position

    def _skip_aside(self, position: int, high: int) -> int:
        found = _ASIDE.match(self._text, position, high)
        return found.end() - 1 if found else position

    def _skip(self, position: int, category: str, high: int) -> int:
        while True:
            start = position + 1 if self._text[position : position + 1] == " " else position
            match = next(
                (
                    m
                    for m in self._lexicon.find(category, self._text, start, min(high, start + 24))
                    if m.start() == start
                ),
                None,
            )
            if match is None:
                return position
            position = match.end()

    def _harm_at(self, position: int, high: int) -> tuple[int, Measure] | None:
        start = position + 1 if self._text[position : position + 1] == " " else position
        table = self._lexicon.table("harm_measure")
        for found, value in table.find(self._text, start, min(high, start + 40)):
            if found.start() != start:
                return None
            return found.end(), cast("Measure", value)
        return None

    def _combined(self, end: int, measure: Measure, high: int) -> tuple[int, Measure]:
        """As in "killed or wounded": one figure for both."""
        if measure in ("killed", "injured"):
            for found in self._lexicon.find("harm_joined", self._text, end, min(high, end + 24)):
                if found.start() == end + 1:
                    return found.end(), "casualties"
        return end, measure

    def _is(self, category: str, word: re.Match[str]) -> bool:
        return self._is_word(category, word.group())

    def _is_word(self, category: str, word: str) -> bool:
        pattern = self._lexicon.patterns[category]
        return pattern is not None and pattern.fullmatch(word) is not None

    # --- before the number

    def _active(self, number: Number, following: int, low: int, high: int) -> Count | None:
        """As in "killing at least seven people", "injured 30"."""
        stop = self._before_addition(number.start, low)
        verb = self._lexicon.table("harm_verb").ending_at(
            self._text, max(low, stop - _BEFORE_CHARS), stop
        )
        if verb is None:
            return None
        found, value = verb
        people = self._people(number.end, min(high, following))
        victims = people.victim_class or "unspecified"
        if value == "received":
            harm = self._harm_at(people.end, high)
            if harm is None and people.victim_class is None:
                return None
            end, suffered = harm or (people.named_to, "injured")
            return Count(found.start(), end, number, suffered, victims, received=True)
        if value not in _MEASURES:
            return None
        measure = cast("Measure", value)
        before = self._lexicon.find("harm_joining", self._text, low, found.start())
        if any(match.end() == found.start() - 1 for match in before):
            measure = "casualties"
        return Count(found.start(), max(people.named_to, number.end), number, measure, victims)

    def _after_toll_word(self, number: Number, low: int, high: int) -> Count | None:
        """As in "the death toll rose to 12", "revised down to eight the number of people killed"."""
        stop = self._before_addition(number.start, low)
        found = self._right_before("toll_to", stop, low, _TOLL_BEFORE_CHARS)
        if found is not None:
            people = self._people(number.end, high)
            end = max(people.named_to, number.end)
            victims = people.victim_class or "unspecified"
            return Count(found.start(), end, number, "killed", victims)
        found = self._right_before("toll_to_injured", stop, low)
        if found is not None and len(found.group()) > len("with "):
            return Count(found.start(), number.end, number, "injured", "unspecified")
        return None

    def _before_addition(self, start: int, low: int) -> int:
        """Where the words before a number end, "another" and the like left out."""
        stop = words_end(self._text, start, low)
        found = self._right_before("addition", stop, low, 20)
        return words_end(self._text, found.start(), low) if found is not None else stop

    # --- part of another figure

    def _subset(
        self, number: Number, following: int, low: int, high: int, found: list[Count]
    ) -> Count | None:
        """As in "…, including nine children", "six of them women"."""
        if not found:
            return None
        whole = next((c for c in reversed(found) if c.parent is None), found[-1])
        people = self._people(number.end, min(high, following))
        stop = self._before_addition(number.start, low)
        led = self._right_before("subset_cue", stop, low) is not None
        tail = next(
            (
                m
                for m in self._lexicon.find(
                    "subset_tail", self._text, number.end, min(high, number.end + 40)
                )
                if not self._text[number.end : m.start()].strip()
            ),
            None,
        )
        listed = bool(found[-1].parent) and _GAP.fullmatch(self._text[found[-1].end : number.start])
        if not (led or tail is not None or listed):
            return None
        if tail is not None:
            people = self._people(tail.end(), high)
            named = self._class_in(tail.end(), min(high, tail.end() + 40))
            people = replace(people, victim_class=named[0], named_to=named[1])
        if people.victim_class in (None, "unspecified"):
            return None
        attackers = people.victim_class == PERPETRATOR
        parent = None if attackers else whole.key
        mixed = whole.key if attackers and whole.victim_class == "unspecified" else None
        if not led and not listed and self._harm_at(people.end, high) is not None:
            return None
        return Count(
            number.start, max(people.named_to, number.end), number, whole.measure,
            people.victim_class or "unspecified", parent=parent, mixed_with=mixed,
        )  # fmt: skip

    def _coordinated(self, number: Number, high: int, found: list[Count]) -> Count | None:
        """As in "killing two policemen and | three civilians": the same harm once more."""
        if not found or found[-1].parent is not None:
            return None
        before = found[-1]
        people = self._people(number.end, high)
        gap = self._text[before.end : number.start]
        after = self._text[people.named_to : people.named_to + 5]
        if (
            people.victim_class is None
            or not _GAP.fullmatch(gap)
            or ("and" not in gap and ("," not in gap or self._opens_clause(number, high, after)))
        ):
            return None
        return Count(number.start, people.named_to, number, before.measure, people.victim_class)

    def _opens_clause(self, number: Number, high: int, after: str) -> bool:
        """As in "wounding two, a police official said": a person after a comma, and no list."""
        found = self._lexicon.find("single_person", self._text, number.start, high)
        return not after.startswith((" and ", ", ")) and any(
            match.start() == number.start for match in found
        )

    def _joined_before(self, uncounted: Sequence[Number], made: Count) -> list[Count]:
        """As in "two women and | three children were killed": harm told once, after the last."""
        out: list[Count] = []
        start = made.number.start
        for number in reversed(uncounted):
            people = self._people(number.end, start)
            joined = _GAP.fullmatch(self._text[max(people.named_to, number.end) : start])
            if joined is None or people.victim_class is None:
                break
            out.insert(
                0, Count(number.start, people.named_to, number, made.measure, people.victim_class)
            )
            start = number.start
        return out

    def _with_sums(self, found: list[Count]) -> list[Count]:
        """Classes under one harm are parts of one figure, which the clause prints as a whole."""
        out: list[Count] = []
        group: list[Count] = []
        for count in found:
            if group and not self._joins(group[-1], count):
                out += with_total(group)
                group = []
            group.append(count)
        return out + with_total(group)

    def _joins(self, first: Count, second: Count) -> bool:
        """Whether two counts stand side by side, of two classes, each with a number."""
        classes = {first.victim_class, second.victim_class}
        if first.parent is not None or second.parent is not None or first.measure != second.measure:
            return False
        pair = second.number.value == first.number.value == 1
        if classes & {PERPETRATOR, PART} or (not pair and "unspecified" in classes):
            return False
        if len(classes) < 2 and not pair:
            return False
        if first.number.value is None or second.number.value is None:
            return False
        named = self._people(first.number.end, second.number.start).named_to
        return _GAP.fullmatch(self._text[named : second.number.start]) is not None

    # --- what kind of figure it is

    def _is_old(self, number: Number, low: int, high: int) -> bool:
        """Whether a sentence names this number only to replace it."""
        found = self._right_before("number_old", words_end(self._text, number.start, low), low)
        if found is None or not found.group().startswith(("from", "not")):
            return found is not None
        reach = min(high, number.end + 36)
        return self._lexicon.first("number_old_after", self._text, number.end, reach) is not None

    def _scoped(self, count: Count, low: int, high: int) -> Count:
        head = max(low, count.start - 40)
        hypothetical = self._lexicon.first(
            "hypothetical_cue", self._text, head, count.start
        ) or self._lexicon.first("feared", self._text, count.start, count.end)
        near = (
            max(low, count.start - _AGGREGATE_REACH_CHARS),
            min(high, count.end + _AGGREGATE_REACH_CHARS),
        )
        aggregate = self._lexicon.first("aggregate_toll", self._text, *near)
        return replace(
            count, hypothetical=hypothetical is not None, aggregate=aggregate is not None
        )
