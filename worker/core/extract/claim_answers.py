"""Claims and denials of one word: "the Taliban said no; the Islamic State said yes".

Rules
-----
1. "Said yes" and "said no" answer the question whether it was they only where the text puts it: in the
   words before ("asked whether it was behind the blast"), or where two groups answer in one sentence
   behind one that tells of the attack.
2. The question must be about who answers: by name, or as "it", "they", "its men" where nobody else is
   named before. "Asked whether Y was behind it, X said yes" and "whether they knew who did it" are none.
3. A no to talks, or a no behind other news, is none.
"""

from __future__ import annotations

from collections.abc import Iterator

from worker.core.extract.claimant import Claimed, ClaimPhrase, claimants_before
from worker.core.extract.passage import Passage
from worker.core.lang.normalise import Range, starting_in
from worker.core.text.prose import Sentence

_ARTICLE_CHARS = 5
"""How far behind "whether" a name may begin: an article and a blank."""
_ANSWERS: tuple[tuple[str, Claimed], ...] = (("claim_says_yes", "yes"), ("claim_says_no", "denied"))


def find_answers(passage: Passage) -> Iterator[ClaimPhrase]:
    """Groups that say yes or no to the question who did it."""
    answers = [
        ClaimPhrase(min(subject.start, answer.start()), answer.end(), subject.actor, claimed)
        for category, claimed in _ANSWERS
        for answer in passage.find(category)
        for subject in claimants_before(passage, answer)
    ]
    for answer in answers:
        sentence = passage.sentence(answer.end - 1)
        if sentence is None:
            continue
        groups = {a.actor.id for a in answers if sentence.start <= a.start < sentence.end}
        questions = _questions(passage, sentence, answer)
        if questions:
            answered = _is_of(passage, questions[-1], answer, groups)
        else:
            answered = len(groups) > 1 and _is_told(passage, sentence)
        if answered:
            yield answer


def _questions(passage: Passage, sentence: Sentence, answer: Range) -> list[Range]:
    """What is asked before an answer, or in the sentence before, in order."""
    stretches = (*_before(passage, sentence), Range(sentence.start, answer.end))
    return [
        asked
        for at in stretches
        for asked in sorted(
            (r for c in ("claim_asks", "claim_asked") for r in passage.annotated.ranges(c, at)),
            key=lambda asked: asked.start,
        )
    ]


def _is_of(passage: Passage, question: Range, answer: ClaimPhrase, groups: set[str]) -> bool:
    """Whether a question is whether who answers did it. ``groups``: all that answer."""
    if passage.has("claim_asked", question):
        return True
    text = passage.prose.text
    them = passage.lexicon.pattern("claim_asked_them")
    did = passage.lexicon.pattern("claim_asked_did")
    start = question.end + 1
    named = starting_in(passage.actors, Range(start, start + _ARTICLE_CHARS))
    if named:
        end = named[0].end
        is_own = named[0].actor.id == answer.actor.id
    else:
        found = them.match(text, start) if them is not None else None
        end = found.end() if found is not None else start
        is_own = found is not None and _may_be_them(passage, question, answer, groups)
    return is_own and did is not None and did.match(text, end + 1) is not None


def _may_be_them(passage: Passage, question: Range, answer: ClaimPhrase, groups: set[str]) -> bool:
    """Whether "it" or "they" in a question can be who answers: nobody else is named before it.

    Where the answer is a sentence of its own, who is asked must be named ("asked X whether they …").
    """
    sentence = passage.sentence(question.start)
    if sentence is None:
        return False
    own = answer.end <= sentence.end
    before = Range(sentence.start, question.start if own else question.end)
    named = {a.actor.id for a in starting_in(passage.actors, before)}
    return named <= groups and (own or answer.actor.id in named)


def _is_told(passage: Passage, sentence: Sentence) -> bool:
    """Whether the sentence before tells of the attack."""
    return any(
        passage.triggers_in(Range(before.start, before.end))
        for before in _before(passage, sentence)
    )


def _before(passage: Passage, sentence: Sentence) -> tuple[Sentence, ...]:
    return passage.prose.sentences[max(0, sentence.index - 1) : sentence.index]
