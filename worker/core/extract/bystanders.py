"""Things that are named beside an attack and were not hit: who speaks, counts, governs or treats.

Rules
-----
1. Who is quoted: "police said", "…, driver killed: embassy".
2. Who does what only an office does, with a day or a place between: "the ministry on Tuesday raised
   the toll", "the embassy warned its citizens", "figures released by the ministry".
3. Where the wounded lie, were brought or died: "one is still in hospital".
4. Where somebody only comes from, speaks or is due; whom a person is told by ("a member of the council
   was shot"); who did it ("shot dead by soldiers").
5. What only gives a part of the city its name ("the embassy quarter", "police district 9").
6. An open way is where it happened ("on a busy street", "at the square"), unless it is told to have
   been the target.

Each mention is judged alone: a ministry that was stormed and then counts its dead is still a target.
"""

from __future__ import annotations

from worker.core.extract.noun_phrase import head_word
from worker.core.extract.passage import Passage
from worker.core.lang.normalise import Range, starting_in

_SPEECH_REACH_CHARS = 24
_RECEPTION_REACH_CHARS = 40
_ROLE_REACH_CHARS = 70
_FOLLOWING_CHARS = 60
_BETWEEN_CHARS = 8
_SAYING_CHARS = 12
_BEHIND_CHARS = 40
"""How far behind it may stand what makes it the place of the attack ("died in a hospital when …")."""
_LABEL_WORDS = 3


def is_bystander(passage: Passage, phrase: Range) -> bool:
    """Whether a phrase names what was not hit, as this mention tells it."""
    passed = ("place_of_speech", "belongs_to", "done_by")
    if any(passage.ends_with(c, phrase.start, _ROLE_REACH_CHARS) for c in passed):
        return True
    if _names_quarter(passage, phrase):
        return True
    if is_of_speaker(passage, phrase):
        return True
    return _is_speaker(passage, phrase) or receives(passage, phrase)


def _names_quarter(passage: Passage, phrase: Range) -> bool:
    """Whether a part of a city has its name of it: "the embassy | quarter"."""
    pattern, at = passage.lexicon.pattern("quarter_noun"), phrase.end + 1
    found = pattern.match(passage.prose.text, at) if pattern is not None else None
    return found is not None and passage.prose.text[phrase.end] == " "


def closes_with_source(passage: Passage, name: Range) -> bool:
    """Whether a sentence ends with it as its source: "…, driver killed: embassy".

    A label tells none: "Location: Old Port".
    """
    text, sentence = passage.prose.text, passage.sentence(name.start)
    if sentence is None or text[name.end : sentence.end].strip(". "):
        return False
    before = text[sentence.start : name.start].rstrip()
    determiner, last = passage.lexicon.pattern("determiner"), before.rpartition(" ")[2]
    if determiner is not None and determiner.fullmatch(last):
        before = before.removesuffix(last).rstrip()
    is_label = len(before.split()) <= _LABEL_WORDS
    return not is_label and before.endswith((":", " -", " –", " —", " |"))


def is_of_speaker(passage: Passage, office: Range) -> bool:
    """Whether it is only whose man or woman speaks: "an official at the ministry | said".

    Nobody speaks there of whom harm was told before ("killed two men at the hotel, he said").
    """
    lead = passage.ends_with("office_of_speaker", office.start)
    sentence = passage.sentence(office.start)
    if lead is None or sentence is None:
        return False
    told = Range(sentence.start, lead.start())
    if passage.has("harm", told) or passage.triggers_in(told):
        return False
    after = passage.prose.text[office.end : min(sentence.end, office.end + _SAYING_CHARS)]
    before = Range(max(sentence.start, lead.start() - _SPEECH_REACH_CHARS), lead.start())
    says = passage.has("says", Range(office.end, office.end + len(after)))
    quoted = passage.has("source_lead", before) and "," not in passage.prose.of(before)
    return (says and "," not in after) or quoted


def receives(passage: Passage, site: Range) -> bool:
    """Whether the wounded were only brought or counted there, or died there later."""
    low, text = max(0, site.start - _RECEPTION_REACH_CHARS), passage.prose.text
    leads = passage.lexicon.find("reception", text, low, site.end + _BEHIND_CHARS)
    return any(
        m.start() <= site.start < m.end()  # the words name it: "taken to hospital", verb last
        or (m.end() <= site.start and not text[m.end() : site.start].strip())
        for m in leads
    )


def does_as_office(passage: Passage, phrase: Range) -> bool:
    """Whether what only an office does stands behind it: "the ministry | on Tuesday raised the toll".

    Not behind a preposition: "a bomb in a bakery put three people in hospital".
    """
    pattern, text = passage.lexicon.pattern("office_acts"), passage.prose.text
    if pattern is None or _is_led_to(passage, phrase):
        return False
    stop = passage.clause(phrase.end - 1).end
    ends = (at + (text[at : at + 1] == " ") for at in _ends(passage, phrase.end))
    return any(pattern.match(text, at, stop) for at in ends)


def _is_led_to(passage: Passage, phrase: Range) -> bool:
    """Whether a preposition or a verb of attack stands before it, its article aside."""
    at = passage.before_article(phrase.start, phrase.start - _SPEECH_REACH_CHARS)
    leads = ("locative", "target_near", "target_lead")
    return any(passage.ends_with(c, at, _SPEECH_REACH_CHARS) for c in leads)


def is_way(passage: Passage, phrase: Range) -> bool:
    """Whether a phrase names an open way or place: "a busy street", "Abdul Haq Square"."""
    pattern = passage.lexicon.pattern("way_noun")
    return pattern is not None and pattern.fullmatch(head_word(passage, phrase)) is not None


def _ends(passage: Passage, end: int) -> list[int]:
    """Where a subject may end: behind itself, and behind each place and day that follows at once."""
    text, ends = passage.prose.text, [end]
    for _ in range(2):
        near = Range(ends[-1], ends[-1] + _BETWEEN_CHARS)
        places = starting_in(passage.annotated.places, near)[:1]
        found: tuple[Range, ...] = (*places, *starting_in(passage.annotated.dates, near)[:1])
        first = min(found, key=lambda at: at.start, default=None)
        words = text[near.start : first.start].split() if first is not None else []
        if first is None or len(words) > 1 or any(not w.isalpha() for w in words):
            break
        ends.append(first.end)
    return ends


def _is_speaker(passage: Passage, phrase: Range) -> bool:
    """Whether the phrase is whom the outlet quotes, or an office that does what offices do."""
    text, end = passage.prose.text, phrase.end
    sentence = passage.sentence(end)
    if closes_with_source(passage, phrase) or does_as_office(passage, phrase):
        return True
    stop = min(end + _FOLLOWING_CHARS, max(end, sentence.end) if sentence else len(text))
    words = text[end:stop].split(",")[0].split(".")[0].split()[:4]
    after = Range(end, end + len(" ".join(words)) + 1)
    if passage.has("says", after) and not passage.has("harm", after):
        return True
    return any(
        passage.ends_with(c, phrase.start, _SPEECH_REACH_CHARS)
        for c in ("says", "reception", "speech")
    )
