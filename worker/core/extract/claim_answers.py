"""Claims and denials of one word: "the Taliban said no; the Islamic State said yes".

Rules
-----
1. "Said yes" and "said no" answer the question whether it was they only where the text puts it: in the
   words before ("asked whether it was behind the blast"), or where two groups answer in one sentence
   behind one that tells of the attack.
2. A no to talks, or a no behind other news, is none.
"""

from __future__ import annotations

from collections.abc import Iterator

from worker.core.extract.claimant import Claimed, ClaimPhrase, claimants_before
from worker.core.extract.passage import Passage
from worker.core.lang.normalise import Range
from worker.core.text.prose import Sentence

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
        if _is_asked(passage, sentence, answer) or (
            len(groups) > 1 and _is_told(passage, sentence)
        ):
            yield answer


def _is_asked(passage: Passage, sentence: Sentence, answer: Range) -> bool:
    """Whether the text asks who did it, before an answer or in the sentence before."""
    if passage.has("claim_asked", Range(sentence.start, answer.end)):
        return True
    return any(passage.has("claim_asked", before) for before in _before(passage, sentence))


def _is_told(passage: Passage, sentence: Sentence) -> bool:
    """Whether the sentence before tells of the attack."""
    return any(
        passage.triggers_in(Range(before.start, before.end))
        for before in _before(passage, sentence)
    )


def _before(passage: Passage, sentence: Sentence) -> tuple[Sentence, ...]:
    return passage.prose.sentences[max(0, sentence.index - 1) : sentence.index]
