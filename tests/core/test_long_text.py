"""A text of any length: what reading costs grows with it, and beyond a limit it is left unread."""

from __future__ import annotations

import cProfile
import datetime as dt
import itertools
from collections.abc import Callable

import pytest

from tests.profiles.cities import PORTSMERE
from worker.config.knowledge import load_knowledge
from worker.core.analyze import analyze
from worker.core.annotate.attributions import find_attributions
from worker.core.annotate.counts import find_counts
from worker.core.annotate.cut_text import cut_text
from worker.core.annotate.speakers import find_speaker_names
from worker.core.domain.caps import MAX_TEXT_CHARS, readable
from worker.core.domain.document import Document
from worker.core.domain.report import Analysis
from worker.core.text.prose import compose

KNOWLEDGE = load_knowledge(PORTSMERE)
FRIDAY = dt.datetime(2031, 3, 7, 15, 0, tzinfo=dt.UTC)
WHO = ("A car bomb", "Gunmen", "The attack", "A suicide bomber", "The blast", "Two rockets")
WHAT = ("a bank", "the Customs House", "a police checkpoint", "a mosque", "a crowded market")
WHERE = ("Portsmere", "Eastmoor", "the Ropewalk area", "Lantern Quay", "Ward 1")
WHEN = ("on Tuesday", "in January 2029", "a day earlier", "on 3 May 2030", "two weeks after a raid")
WITNESSES = ("Police", "Doctors", "Officials", "Witnesses")
SAID = ("police said", "the Red Tide claimed the attack", "a hospital said", "no group claimed it")
ATTACKS = (
    f"{who} hit {what} in {where} {when}, killing {n % 9 + 2} people and wounding {n % 17 + 9}, {said}"
    for n, (who, what, where, when, said) in enumerate(
        zip(*(itertools.cycle(words) for words in (WHO, WHAT, WHERE, WHEN, SAID * 3)), strict=False)
    )
)
TOLD = list(itertools.islice(ATTACKS, 600))


def prose(sentences: int) -> str:
    """Attack after attack, four sentences to a paragraph."""
    return "\n\n".join(
        ". ".join(TOLD[n : min(n + 4, sentences)]) + "." for n in range(0, sentences, 4)
    )


def endless(sentences: int) -> str:
    """The same without an end of a sentence, as pages without punctuation have it."""
    return " and ".join(TOLD[:sentences])


def one_attack(sentences: int) -> str:
    """One attack told again and again."""
    return " ".join(
        f"Bomb number {n} hit a bank in Portsmere, police said." for n in range(sentences)
    )


def blasts(sentences: int) -> str:
    """Blasts counted beside people, again without an end."""
    return "A bomb hit Portsmere on Friday. " + " and ".join(
        f"{n % 9 + 2} people were wounded when {n % 5 + 2} blasts hit a bank"
        for n in range(sentences)
    )


def said(sentences: int) -> str:
    """Whom everybody quotes, in one sentence."""
    return " and ".join(
        f"{who} said {n % 9 + 2} people died"
        for n, who in enumerate(itertools.islice(itertools.cycle(WITNESSES), sentences))
    )


def quoted(sentences: int) -> str:
    """One quotation that nobody is named for, in one paragraph."""
    return '"' + " ".join(f"They killed {n % 9 + 2} people." for n in range(sentences))


def steps_of(work: Callable[[], object]) -> int:
    """Calls of functions, ours and Python's, while something is done. Never depends on a clock."""
    profile = cProfile.Profile()
    profile.runcall(work)
    return sum(entry.callcount for entry in profile.getstats())


@pytest.mark.parametrize("text_of", [prose, endless, one_attack, blasts])
def test_analyze_takes_steps_in_proportion_to_a_text(text_of: Callable[[int], str]) -> None:
    """Four times the text, about four times the steps: nothing is compared with everything."""
    few, many = text_of(100), text_of(400)
    told(text_of(60))  # tables are made when first asked for

    assert steps_of(lambda: told(many)) < 5 * steps_of(lambda: told(few))


@pytest.mark.parametrize("text_of", [said, quoted])
def test_speaker_at_takes_steps_in_proportion_to_a_text(text_of: Callable[[int], str]) -> None:
    """Whose words each number is: it takes no more steps for a number in a sentence of hundreds."""

    def steps(sentences: int) -> int:
        prose = compose(None, text_of(sentences), "en")
        text = cut_text(prose, KNOWLEDGE.languages["en"])
        counts = find_counts(text)
        names = find_speaker_names(prose, KNOWLEDGE.profile, FRIDAY.date())
        spoken = find_attributions(text, "Wire", names, counts)
        assert len(counts) > 0.9 * sentences
        return steps_of(lambda: [spoken.speaker_at(prose, c.number.start) for c in counts])

    assert steps(400) < 5 * steps(100)


def told(text: str) -> Analysis:
    return analyze(Document("x", text=text, lang="en", published=FRIDAY), None, KNOWLEDGE)


def test_analyze_reads_a_text_up_to_the_limit() -> None:
    """An attack told after two hundred thousand characters is not read; the text is kept whole."""
    attack = " A bomb killed five people in Portsmere on Tuesday, police said."
    early = told(attack + "\n" + "fish " * (MAX_TEXT_CHARS // 5))
    late = told("fish " * (MAX_TEXT_CHARS // 5) + attack)

    assert early.verdict.label == "attack_report"
    assert (late.verdict.label, late.reports) == ("other", ())
    assert late.article.text.endswith(attack)


def test_readable_ends_with_a_whole_word() -> None:
    """Half a number or half a name would be another one."""
    whole = "word " * (MAX_TEXT_CHARS // 5 - 1)

    assert readable(whole + "bombing raid") == whole.strip()
    assert readable("short") == "short"
    assert len(readable("x" * (MAX_TEXT_CHARS + 9))) == MAX_TEXT_CHARS
