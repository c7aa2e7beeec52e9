"""Whether a day is that of the attack which its own sentence tells, or of what came after it.

Rules
-----
1. A title or a first sentence whose own clause tells an attack gives its day, however far the two stand
   from each other: "A bomb killed six people at a bank in the west of the city on Monday". So does one
   that says in its own clause that people were harmed, and by whom.
2. A day before an attack that only another clause tells is that of the aftermath: "Doctors were still
   operating on Tuesday on people hurt in a blast", "swept up glass on Tuesday after a bombing".
   Not where the attack is called by that very day ("on Sunday, after that day's bombing"). So is the day
   of what people did about it: "the family of a man killed by a bomb met on Monday".
   Nor where a ceremony is held for its victims, and then told when it was ("buried victims of the
   bombing on Friday, a day after a bomber …").
3. "Hurt in last Tuesday's bombing", "the May 11 attack": an attack that is called by a day is of that
   day, also where somebody dies of it days later.

Theory: a day hangs on the verb of its clause. Of the aftermath's verbs there is no list; that the attack
is no subject and no verb of the clause is enough.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from worker.core.annotate.annotate import Annotated
from worker.core.annotate.date_mention import DateMention
from worker.core.annotate.events import EventSentence, event_sentence_at
from worker.core.lang.normalise import Range, inside
from worker.core.lang.tokens import Token
from worker.core.segment.event_mention import EventMention, event_tokens, read_event, tells_harm
from worker.core.text.prose import Sentence

_ABOUT = frozenset({"main", "harm_main"})
_NOT_NEWS = frozenset({"reaction", "harm_only"})
_DOERS = frozenset({"ATTACKER", "WEAPON"})
_COPULA_TOKENS = 2
_NAMED_CHARS = 32
"""Between a day and the attack called by it: "Sunday's deadly mosque bombing"."""
_BURIED_REACH_CHARS = 32
_PREPOSITION_CHARS = 4
"""Between what is done to the dead and its day: "were buried on Saturday"."""
_DAYS = frozenset({"day", "days"})
_AN_END = frozenset({"HOLDS", "HOLDS_OUT", "MILITANT_KILLED", "SIEGE_END"})
"""Tags of an attack that goes on or is over: it began before."""
_JOINING = frozenset({"AT_PLACE", "BY", "OVER", "REL", "SUBORDINATOR"})
"""Tags of words that join an attack to another matter."""


def tells_an_attack(annotated: Annotated, before: Range) -> bool:
    """Whether a stretch tells an attack, and not only what is done for the victims of one.

    ("Hundreds buried victims of the bombing of a mosque | on Friday, a day after a bomber …")
    """
    told = inside(annotated.triggers, before)
    mourned = annotated.first("mourning", before)
    if not told or mourned is None or told[0].start < mourned.start():
        return bool(told)
    return annotated.has("clause_open", Range(mourned.end(), before.end))


def is_own_day(annotated: Annotated, mention: DateMention, sentence: Sentence) -> bool:
    """Whether a day is the only one of a top sentence that tells an attack in its own clause."""
    if mention.anaphoric or not _is_top(annotated, sentence):
        return False
    runs = [run for run in annotated.events if run.index == sentence.index]
    if any(run.tags & _AN_END for run in runs):
        return False
    days = [d for d in annotated.dates if sentence.holds(d.start) and d.precision in _DAYS]
    if len(days) != 1:
        return False
    return any(map(_tells_harm_done, runs)) or any(
        event.traits & _ABOUT and not event.is_bad and not event.traits & _NOT_NEWS
        for _, event in _events(annotated, sentence)
    )


def _tells_harm_done(run: EventSentence) -> bool:
    """Whether its own clause says that people were harmed, and it names who or what did it.

    ("Three soldiers were killed when a bomber went for a bus"; not "the family of a man killed by a bomb".)
    """
    if not run.tags & _DOERS:
        return False
    return any(
        "HARM" in token.tags
        and "IN_SUBORDINATE" not in token.tags
        and any("COPULA" in t.tags for t in run.tokens[max(0, i - _COPULA_TOKENS) : i])
        and not _goes_on(run.tokens[i:])
        for i, token in enumerate(run.tokens)
    )


def _goes_on(tokens: Sequence[Token]) -> bool:
    """Whether another verb follows, whose day it may be: "were hurt by a bomb and were flown out on …"."""
    return any("CONJ" in a.tags and "COPULA" in b.tags for a, b in pairwise(tokens))


def is_taken_up(annotated: Annotated, mention: DateMention, sentence: Sentence) -> bool:
    """Whether the sentence goes on with that very day: "on Sunday, after that day's bombing"."""
    taken = annotated.first("that_days_attack", Range(mention.end, sentence.end))
    if taken is None or mention.anaphoric:
        return False
    between = Range(mention.end, taken.start())
    return not any(between.holds(d.start) and d.precision in _DAYS for d in annotated.dates)


def is_of_aftermath(annotated: Annotated, mention: DateMention, sentence: Sentence) -> bool:
    """Whether a day stands before an attack that its clause is not about."""
    if mention.anaphoric or sentence.zone == "title":
        return False
    if is_taken_up(annotated, mention, sentence):
        return False
    if _is_of_reaction(annotated, mention):
        return True
    if any("main" in event.traits for _, event in _events(annotated, sentence)):
        return False
    events = list(_events(annotated, sentence))
    counts = [c for c in annotated.counts if c.sentence == sentence.index]
    if not events or any(tells_harm(run, counts, main=True) for run, _ in events):
        return False
    return all(_stands_apart(run, mention, event) for run, event in events)


def _is_of_reaction(annotated: Annotated, mention: DateMention) -> bool:
    """Whether a day closes what people did about an attack told before: "the family … met on Tuesday".

    Not "condemned a bombing on Tuesday": there the attack stands between.
    """
    run = event_sentence_at(annotated.events, mention.start)
    if run is None:
        return False
    at = run.token_at(mention.start)
    if "AFTER_REACTION" not in run.tokens[at].tags:
        return False
    reacted = max(i for i in range(at) if "REACTION" in run.tokens[i].tags)
    told = any("REAL_EVENT" in t.tags for t in run.tokens[:reacted])
    return told and not any("EVENT" in t.tags for t in run.tokens[reacted + 1 :])


def is_of_burial(annotated: Annotated, mention: DateMention, sentence: Sentence) -> bool:
    """Whether the dead are buried on that day: "were buried on Saturday", "families on Sunday buried".

    Behind the day of an attack its victims "were buried" on another; and a blast may bury people alive.
    """
    before = Range(max(sentence.start, mention.start - _BURIED_REACH_CHARS), mention.start)
    found = annotated.find("buried", before)
    if any(m.end() >= mention.start - _PREPOSITION_CHARS for m in found):
        return True
    if inside(annotated.triggers, Range(sentence.start, mention.start)):
        return False
    behind = Range(mention.end, min(sentence.end, mention.end + _BURIED_REACH_CHARS))
    burying = annotated.first("burying", behind)
    return burying is not None and not annotated.prose.text[mention.end : burying.start()].strip()


def names_an_attack(annotated: Annotated, mention: DateMention) -> bool:
    """Whether an attack is called by a day, whatever else its sentence tells."""
    reach = Range(mention.end, mention.end + _NAMED_CHARS)
    named = next((t for t in annotated.triggers if reach.holds(t.start)), None)
    between = annotated.prose.text[mention.end : named.start] if named is not None else "."
    return re.fullmatch(r"[^\s,.;:]{0,2}(?: [\w-]+){0,3} ", between) is not None


def _stands_apart(run: EventSentence, mention: DateMention, event: EventMention) -> bool:
    """Whether a day stands before an attack and is no part of its name: not "the August 30 attack".

    Nor where only hours lie between ("buried their dead yesterday, hours after a bomber …").
    """
    between = [t for t in run.tokens if mention.end <= t.start and t.end <= event.token.start]
    if any("HOURS" in t.tags for t in between):
        return False
    return mention.end <= event.token.start and any(t.tags & _JOINING for t in between)


def _is_top(annotated: Annotated, sentence: Sentence) -> bool:
    return any(e.is_top for e in annotated.events if e.index == sentence.index)


def _events(
    annotated: Annotated, sentence: Sentence
) -> Iterator[tuple[EventSentence, EventMention]]:
    counts = [c for c in annotated.counts if c.sentence == sentence.index]
    for run in annotated.events:
        if run.index == sentence.index:
            for index, _ in event_tokens(run):
                yield run, read_event(run, index, counts)
