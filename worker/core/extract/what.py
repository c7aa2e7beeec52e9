"""What was done: GTD attack types in the order of its hierarchy, weapons, suicide, how many blasts.

Rules
-----
1. Several types are listed in GTD's hierarchy, not in the order of the text (codebook, "Attack Type":
   when several apply, the first is attacktype1). The hierarchy is the order of ``merge/state/codes.toml``.
2. A weak word (gunfire) proves armed assault only when the attackers are in the sentence, or when
   no better type stands: rescuers and guards shoot too. Whoever shoots an attacker proves neither
   type nor weapon ("the bomber was shot by guards").
3. Suicide is never inferred. A car bomb is not a suicide attack until the text says so.
   (TRT World, 8 May 2019: a car bomb, and no word of suicide.)
4. The unspecific subtype of a weapon falls away beside a specific one of the same type.
5. What a blast sets on fire was set on fire by nobody: no arson, unless attackers are in the sentence.
6. A bomb at the convoy or car of one person of standing, or one that he escaped, was meant for him:
   an assassination. What is told as an event of another time is none of this attack's.
7. What only a headline of attacks says, in an article that tells them apart, may be another's:
   "Bomb and gun attacks kill five" makes no shooting of the bombing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, TypeVar

from worker.core.annotate.events import event_sentence_at
from worker.core.annotate.triggers import Trigger
from worker.core.domain.report import Weapon
from worker.core.extract.passage import Passage, Spans
from worker.core.lang.normalise import Range, holding, inside, overlapping

_UNSPECIFIC = {"unknown_explosive_type", "unknown_gun", None}
_ASSASSINATION, _ARMED, _BOMBED = "assassination", "armed_assault", "bombing_explosion"
_HOSTAGES, _BURNT, _UNKNOWN = "hostage_taking", "facility_infrastructure", "unknown"
_ARSON = "incendiary"
_MOST_BLASTS = 30
_Kind = tuple[str, str | None]
"""GTD type and subtype of a weapon."""
_Key = TypeVar("_Key", str, _Kind)
_HEAD_SENTENCES, _REPEATED = 7, 3
_OF_OTHERS = frozenset({"IS_EARLIER", "IS_WEEKS", "IS_OLD"})
"""Tags of an event of another time."""


def find_types(passage: Passage) -> tuple[tuple[str, ...], Spans]:
    """The attack types, and the words that prove them."""
    by_type = _without_sums(passage, _proved(passage), _types_of_others(passage))
    if not set(by_type) - {_UNKNOWN}:
        by_type = _proved_together(passage) or by_type
    by_type = {k: v for k, v in by_type.items() if _belongs(passage, v)} or by_type
    if by_type and _ASSASSINATION not in by_type:
        persons = [p for p in passage.find_ranges("assassinated") if _by_gunmen(passage, p)]
        persons += passage.find_ranges("assassinated_by_bomb")
        persons += [p for p in passage.find_ranges("of_standing") if _is_bombed(passage, p)]
        persons = [p for p in persons if passage.sentence(p.start) is passage.sentence(p.end - 1)]
        if persons and _belongs(passage, persons):
            by_type[_ASSASSINATION] = persons
    types = tuple(t for t in passage.knowledge.codes["attack_type"] if t in by_type)
    return types, passage.spans(t for name in types for t in by_type[name][:4])


def _proved(passage: Passage) -> dict[str, list[Range]]:
    """Type → the attack words that prove it."""
    by_type: dict[str, list[Range]] = {}
    weak: list[Trigger] = []
    shots, by_blast = tuple(passage.find_ranges("shot_by_forces")), _burnt_by_blast(passage)
    for trigger in _own_triggers(passage):
        if trigger.type == _ARMED and holding(shots, trigger.start) is not None:
            continue
        if trigger.type == _BURNT and holding(by_blast, trigger.start) is not None:
            continue
        if trigger.weak and not _by_attackers(passage, trigger):
            weak.append(trigger)
        else:
            by_type.setdefault(trigger.type, []).append(trigger)
    if not set(by_type) - {_UNKNOWN}:
        for trigger in weak:
            by_type.setdefault(trigger.type, []).append(trigger)
    if len(by_type) > 1:
        by_type.pop(_UNKNOWN, None)
    if _ARMED in by_type and any(name.startswith(_HOSTAGES) for name in by_type):
        if all(passage.ends_with("attackers", word.end) for word in by_type[_ARMED]):
            del by_type[_ARMED]
    return by_type


def _own_triggers(passage: Passage) -> Sequence[Trigger]:
    """The attack words, without those of other attacks ("the shooting follows bombings in two mosques")."""
    own = [t for t in passage.triggers if not _is_of_another_time(passage, t)]
    return own or passage.triggers


def _is_of_another_time(passage: Passage, trigger: Trigger) -> bool:
    """Whether a word is an event that the grammar puts before the news."""
    held = event_sentence_at(passage.annotated.events, trigger.start)
    if held is None:
        return False
    token = held.tokens[held.token_at(trigger.start)]
    return bool(token.tags & _OF_OTHERS) and "FRESH" not in token.tags


def _proved_together(passage: Passage) -> dict[str, list[Range]]:
    """The same of the words that count this attack together with others of the text.

    ("Two bombs killed six … The first struck a van in X, and the second went off in Y".)
    """
    if passage.segment.kind not in ("main", "item"):
        return {}
    together = (s for s in passage.others if s.joint)
    found = (_proved(replace(passage, segment=segment)) for segment in together)
    return next((by_type for by_type in found if by_type), {})


def _by_gunmen(passage: Passage, person: Range) -> bool:
    """Whether one person of standing fell to gunmen: a blast that kills a judge may have been for many."""
    clause = passage.clause(person.start)
    types = {t.type for t in passage.triggers_in(clause)}
    return _ARMED in types or (passage.has("attackers", clause) and _BOMBED not in types)


def _is_bombed(passage: Passage, person: Range) -> bool:
    """Whether a bomb was meant for one person of standing: at "the convoy of the judge", at her car.

    Or he escaped one. A blast that only kills a judge may have been for many.
    """
    clause, text = passage.clause(person.start), passage.prose.text
    if not any(t.type == _BOMBED for t in passage.triggers_in(clause)):
        return False
    if passage.ends_with("ride_of_somebody", person.start) is not None:
        return not text.startswith("'", person.end)  # "the convoy of the minister's advisers"
    behind = (
        passage.lexicon.first(words, text, person.end, clause.end)
        for words in ("somebodys_ride", "escaped_it")
    )
    return any(f is not None and not text[person.end : f.start()].strip(" '") for f in behind)


def _belongs(passage: Passage, words: Sequence[Range]) -> bool:
    """Whether a word belongs to the report: told in its first sentences, or told repeatedly.

    (A shooting's report that mentions a missile once, twenty sentences down, is no bombing.)
    """
    first = passage.segment.sentences[0]
    early = any(
        s is not None and s.index - first < _HEAD_SENTENCES
        for s in (passage.sentence(word.start) for word in words)
    )
    return early or len(words) >= _REPEATED


def _by_attackers(passage: Passage, trigger: Trigger) -> bool:
    return passage.has("attackers", passage.clause(trigger.start))


def _burnt_by_blast(passage: Passage) -> tuple[Range, ...]:
    """Words of arson that tell what a blast did."""
    words = (Range.of(m) for m, v in passage.find_in_table("weapon") if _kind(v)[0] == _ARSON)
    return tuple(word for word in words if _by_blast(passage, word))


def _by_blast(passage: Passage, burnt: Range) -> bool:
    """Whether a blast set something on fire: "the blast … set fire to the kitchen"."""
    clause = passage.clause(burnt.start)
    before = passage.triggers_in(Range(clause.start, burnt.start))
    return any(t.type == _BOMBED for t in before) and not passage.has("attackers", clause)


def _without_sums(
    passage: Passage, found: dict[_Key, list[Range]], others: frozenset[_Key]
) -> dict[_Key, list[Range]]:
    """What is told of this attack itself, where the article has another attack of the other kind."""
    own = {k for k, words in found.items() if not all(_is_of_several(passage, w) for w in words)}
    return {k: words for k, words in found.items() if not own or k in own or k not in others}


def _is_of_several(passage: Passage, word: Range) -> bool:
    """Whether a word stands where attacks are counted together, in the headline or below."""
    sentence = passage.sentence(word.start)
    if sentence is None:
        return False
    is_plural = sentence.zone == "title" and passage.has("plural_event", sentence)
    return is_plural or passage.has("several_events", sentence)


def _types_of_others(passage: Passage) -> frozenset[str]:
    """The attack types that the article's other attacks are told with."""
    ranges = (at for segment in passage.other_attacks for at in segment.ranges)
    return frozenset(t.type for at in ranges for t in inside(passage.annotated.triggers, at))


def _weapons_of_others(passage: Passage) -> frozenset[_Kind]:
    table, text = passage.lexicon.table("weapon"), passage.prose.text
    ranges = (at for segment in passage.other_attacks for at in segment.ranges)
    return frozenset(_kind(v) for at in ranges for _, v in table.find(text, at.start, at.end))


def _kind(value: str) -> _Kind:
    kind, _, subtype = value.partition("/")
    return kind, subtype or None


def find_suicide(passage: Passage) -> tuple[Literal["yes", "no"] | None, Spans]:
    """Whether the text says that attackers meant to die, says the contrary, or nothing."""
    refused = tuple(passage.find_ranges("suicide_refused"))
    averted = tuple(passage.find_ranges("suicide_averted"))
    said = [
        word
        for word in passage.find_ranges("suicide")
        if holding(refused, word.start) is None and holding(averted, word.start) is None
    ]
    if said:
        return "yes", passage.spans(said)
    return ("no", passage.spans(refused)) if refused else (None, ())


def find_weapons(passage: Passage) -> tuple[tuple[Weapon, ...], Spans]:
    """Weapons by GTD type and subtype, most explosive first, each once."""
    found: dict[_Kind, list[Range]] = {}
    shots = tuple(passage.find_ranges("shot_by_forces"))
    for match, value in passage.find_in_table("weapon"):
        if holding(shots, match.start()) is not None:
            continue
        kind, at = _kind(value), Range.of(match)
        if kind[0] == _ARSON and _by_blast(passage, at):
            continue
        found.setdefault(kind, []).append(at)
    found = _without_sums(passage, found, _weapons_of_others(passage))
    belonging = {k: v for k, v in found.items() if _belongs(passage, v)}
    found = belonging or found
    specific = {kind for kind, subtype in found if subtype not in _UNSPECIFIC}
    kept = {
        key: positions
        for key, positions in found.items()
        if key[1] not in _UNSPECIFIC or key[0] not in specific
    }
    weapons = tuple(
        Weapon(kind, subtype, passage.prose.span(positions[0]).quote)
        for (kind, subtype), positions in sorted(kept.items(), key=_weapon_order)
    )
    return weapons, passage.spans(s for positions in kept.values() for s in positions[:3])


def _weapon_order(item: tuple[_Kind, list[Range]]) -> tuple[int, int]:
    (kind, _), positions = item
    order = ("explosives", "firearms", "incendiary", "melee", "chemical", "vehicle")
    return (order.index(kind) if kind in order else len(order), positions[0].start)


def count_blasts(passage: Passage) -> int | None:
    """How many blasts the text counts ("two explosions"), or None.

    Not those that its top counts together where each is told apart ("two blasts killed five").
    """
    apart = any(other.kind == "item" for other in passage.others)
    best: int | None = None
    for match in passage.find("blast_noun"):
        if apart and passage.zone(match.start()) in ("title", "lead"):
            continue
        count = _count_before(passage, match.start())
        if count is not None and 2 <= count <= _MOST_BLASTS:
            best = max(best or 0, count)
    return best


def _count_before(passage: Passage, end: int) -> int | None:
    text = passage.prose.text
    low = max(passage.clause(end).start, end - 28)
    for match, value in passage.lexicon.table("blast_count").find(text, low, end):
        between = text[match.end() : end].strip()
        if len(between.split()) <= 2 and not any(c in between for c in ",.;"):
            return None if _counts_people(passage, Range.of(match), end) else int(value)
    return None


def _counts_people(passage: Passage, number: Range, end: int) -> bool:
    """Whether a number before a word of blasts is no number of these: "nine wounded when rockets …"."""
    between = Range(number.end, end)
    if any(passage.has(words, between) for words in ("harm", "clause_open")):
        return True
    if passage.ends_with("locative", end) is not None:
        return True  # "five hurt in blast"; not "two near-simultaneous blasts"
    return bool(overlapping(passage.annotated.numbers, number))
