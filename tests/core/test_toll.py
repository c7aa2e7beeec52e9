"""Statements: every printed figure with its people, its speaker and its place in the text."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from worker.config.knowledge import load_knowledge
from worker.core.analyze import analyze
from worker.core.domain.document import Document
from worker.core.domain.report import Report, Statement

KNOWLEDGE = load_knowledge("kabul")
WHEN = dt.datetime(2031, 3, 4, 15, 0, tzinfo=dt.timezone(dt.timedelta(hours=4, minutes=30)))
HEAD = "A bomb exploded outside a clinic in the Karte Naw area of Kabul on Tuesday. "


def report(text: str, title: str | None = None) -> Report:
    """The first report of an article that begins with a bomb in the city."""
    document = Document(
        "a", title=title, text=HEAD + text, outlet="Wire", published=WHEN, published_basis="feed"
    )
    return analyze(document, None, KNOWLEDGE).reports[0]


def told(text: str) -> list[tuple[str, str, int | None]]:
    """(measure, class, value) of every statement."""
    return [(s.measure, s.victim_class, s.value) for s in report(text).statements]


def best(text: str) -> tuple[int | None, int | None, int | None]:
    """Best of killed, injured and attackers killed."""
    found = report(text)
    figures = (found.killed, found.injured, found.attackers_killed)
    return tuple(f.best if f else None for f in figures)  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Six people were killed and 20 wounded.", (6, 20, None)),
        ("The blast killed six people and injured 20 others.", (6, 20, None)),
        ("It left six dead and another 20 injured.", (6, 20, None)),
        ("Six people, among them a nurse, have been killed.", (6, None, None)),
        ("The death toll has risen to 12.", (12, None, None)),
        ("The attack claimed six lives.", (6, None, None)),
        ("Six bodies and 14 injured people were brought in.", (6, 14, None)),
        ("Dozens were wounded.", (None, None, None)),
        ("A policeman was killed.", (1, None, None)),
        ("Two of the attackers were killed.", (None, None, 2)),
        ("Police killed three gunmen after six people had died.", (6, None, 3)),
        ("All four assailants were shot dead.", (None, None, 4)),
        ("Three gunmen killed six people.", (6, None, None)),
        ("No one was killed.", (None, None, None)),
        ("None of the 30 employees was hurt.", (None, None, None)),
        ("The attack did not kill any of the 12 guards.", (None, None, None)),
        ("Officials denied that 12 people had died.", (None, None, None)),
        ("Dozens of people were feared dead.", (None, None, None)),
        ("Police said five people died.", (5, None, None)),
        ("Seventy people were killed or wounded.", (None, None, None)),
        ("Two women and three children were killed.", (5, None, None)),
        ("The blast killed two policemen, a soldier and three civilians.", (6, None, None)),
        ("The bomber killed himself and five civilians.", (5, None, None)),
        ("The blast killed at least 12 people, including three attackers.", (None, None, 3)),
        ("Two Italian engineers were killed, the ministry said.", (2, None, None)),
        ("Explosions in two parts of the city killed eight people.", (8, None, None)),
        ("The bomb killed a television journalist and his driver.", (2, None, None)),
        (
            "Gunmen opened fire, killing two police officers and wounding another, he said.",
            (2, 1, None),
        ),
        ("Six people were killed and the attacker was shot dead.", (6, None, 1)),
        ("A police officer was killed and another was wounded.", (1, 1, None)),
        ("One of the wounded later died in hospital.", (1, None, None)),
        ("It came on the day 34 people were killed in Helmand province.", (None, None, None)),
        ("The hospital received 21 patients and three dead.", (3, 21, None)),
        ("The Emergency hospital said it had received 36 patients.", (None, 36, None)),
        ("The blast killed two, wounding six, a police official said.", (2, 6, None)),
        ("Eight people were rescued.", (None, None, None)),
        ("Police arrested four men.", (None, None, None)),
    ],
)
def test_wordings_of_harm(text: str, expected: tuple[int | None, ...]) -> None:
    """Passive, active, tolls, adjectives: each on the side of those it counts."""
    assert best(text) == expected


def test_a_part_is_a_subset_of_its_whole() -> None:
    """Nine children are among the 65, and the total stays 65."""
    found = report("Officials said 65 people were wounded, including nine children.")
    by_class = {s.victim_class: s for s in found.statements}

    assert by_class["children"].subset_of == by_class["unspecified"].id
    assert by_class["children"].status == "subset"
    assert found.injured is not None
    assert found.injured.best == 65
    assert [(c.victim_class, c.best) for c in found.by_category] == [("children", 9)]


def test_two_classes_under_one_verb_are_one_printed_figure() -> None:
    """ "Two policemen and three civilians" is five dead, with both parts kept and both in the quote."""
    found = report("The blast killed two policemen and three civilians.")

    assert found.killed is not None
    assert found.killed.best == 5
    whole = next(s for s in found.statements if s.victim_class == "unspecified")
    assert "two policemen and three civilians" in whole.quote
    assert {s.subset_of for s in found.statements if s is not whole} == {whole.id}


def speakers(text: str) -> dict[int | None, tuple[str, str]]:
    """Value → (speaker id, speaker type)."""
    return {s.value: (s.speaker_id, s.speaker_type) for s in report(text).statements}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Six people were killed, police said.", ("wire/police", "police")),
        (
            "Interior ministry spokesman Farid Samim said six people were killed.",
            ("interior-ministry", "government_interior"),
        ),
        (
            "According to the health ministry, six people were killed.",
            ("health-ministry", "government_health"),
        ),
        ("Six people were killed, according to witnesses.", ("wire/witness", "witness")),
        ("Six people were killed.", ("outlet:wire", "outlet_narrator")),
        (
            "“Six people were killed,” said Taliban spokesman Zabihullah Mujahid.",
            ("actor:taliban", "armed_group"),
        ),
        (
            "A security official, who asked not to be named, told Wire six people were killed.",
            ("wire/security_forces", "security_forces"),
        ),
    ],
)
def test_who_says_it(text: str, expected: tuple[str, str]) -> None:
    """Before, after, inverted, quoted, according to: the figure has its speaker."""
    assert speakers(text)[6] == expected


def test_two_speakers_in_one_sentence() -> None:
    """Each figure belongs to the one whose words it stands in."""
    found = speakers(
        "Although the health ministry said the attack had left at least one person dead, a member "
        "of the security forces told Wire that 11 people had been killed."
    )

    assert found == {
        1: ("health-ministry", "government_health"),
        11: ("wire/security_forces", "security_forces"),
    }


def test_a_speaker_between_two_figures_stands_for_both() -> None:
    """ "Five people died, the ministry said, adding that 13 were wounded": both are the ministry's."""
    found = speakers("Five people died, the health ministry said, adding that 13 were wounded.")

    assert {speaker for speaker, _ in found.values()} == {"health-ministry"}


def test_a_figure_before_the_next_speaker_is_not_his() -> None:
    """ "Officials said 8 died while the ministry said six were killed": two speakers."""
    found = speakers("Doctors said 8 people died while the interior ministry said six were killed.")

    assert (found[8][0], found[6][0]) == ("wire/hospital", "interior-ministry")


def test_a_combined_figure_is_kept_apart() -> None:
    """Dead and wounded in one number are neither dead nor wounded."""
    found = report("Seventy people were killed or wounded.")

    assert [(c.kind, c.best) for c in found.other_counts] == [("casualties", 70)]


def test_an_official_of_a_group_in_power_is_no_party_to_anothers_attack() -> None:
    """When another group claimed it, the spokesman's figure counts."""
    found = report(
        "Taliban spokesman Zabihullah Mujahid said six people were killed. The Islamic State group "
        "claimed responsibility for the attack."
    )

    assert found.killed is not None
    assert found.killed.best == 6


def test_a_pronoun_takes_the_last_speaker() -> None:
    """ "He said" and a bare surname go on with the person introduced before."""
    found = speakers(
        "Interior ministry spokesman Farid Samim said the area was sealed off. He said six people "
        "were killed. Samim added that 20 were wounded."
    )

    assert {speaker for speaker, _ in found.values()} == {"interior-ministry"}


def test_the_attackers_own_figures_never_count() -> None:
    """What the group that claims the attack says of its victims is kept and not used."""
    found = report("The Taliban said in a statement that 40 foreign soldiers had been killed.")

    assert found.killed is None
    assert [(s.value, s.status) for s in found.statements] == [(40, "perpetrator_party")]


def test_the_outlets_repetition_is_derived() -> None:
    """A lead that repeats the ministry's figure is not a second source."""
    found = report("Six people were killed. The health ministry said six people were killed.")

    assert [s.status for s in found.statements] == ["derived", "used"]
    assert found.killed is not None
    assert not found.killed.conflict


def test_a_revised_figure_replaces_the_old_one() -> None:
    """Of "from 20 to 14" only 14 is told."""
    assert told("The ministry revised the death toll down from 20 to 14.") == [
        ("killed", "unspecified", 14)
    ]


def test_a_background_toll_stays_out() -> None:
    """The toll of last month's attack is in a report of its own."""
    found = report(
        "Six people were killed. The attack comes a month after a suicide bomber killed 34 people "
        "at a mosque in the city."
    )

    assert [s.value for s in found.statements] == [6]


@pytest.mark.parametrize(
    "text",
    [
        "More than 300 people have been killed in attacks in the city so far this year.",
        "Bombings in recent months have killed hundreds of people.",
    ],
)
def test_a_toll_of_many_attacks_is_no_toll_of_this_one(text: str) -> None:
    """Aggregates are never the incident's."""
    assert report("Six people were killed. " + text).killed.best == 6  # type: ignore[union-attr]


def test_every_quote_holds_its_number() -> None:
    """Spans are verbatim, over no-break spaces and curly quotes as well."""
    text = (
        "At\u00a0least six people were killed and “nearly a\u00a0dozen” were hurt, police said. "
        "Doctors at the Emergency hospital said they had received 15\u00a0wounded."
    )
    found = report(text)
    body = HEAD + text

    assert {s.value for s in found.statements} == {6, 12, 15}
    for statement in found.statements:
        assert body[statement.start : statement.end] == statement.quote
        assert any(word in statement.quote.lower() for word in ("six", "dozen", "15"))


def test_ids_are_unique_and_point_at_each_other() -> None:
    """Within a report ids are unique, and every subset names one of them."""
    found = report(
        "Police said 12 people were killed, including three children, and 30 were wounded, five of "
        "them women. The blast killed two soldiers and a policeman at the gate."
    )
    ids = [s.id for s in found.statements]

    assert len(ids) == len(set(ids))
    assert {s.subset_of for s in found.statements} - {None} <= set(ids)


def test_statements_carry_the_versions_time() -> None:
    """Figures are ordered by when their article's version was made."""
    statements: Any = report("Six people were killed.").statements
    first: Statement = statements[0]

    assert first.said_at == WHEN


def test_another_attack_of_the_same_day_keeps_its_toll() -> None:
    """What happened hours before in another part of the city is no victim of this bomb."""
    found = report(
        "Two people were killed. The bombing came hours after a car bomb and gunmen killed 12 people "
        "at a school in another part of the city."
    )

    assert [s.value for s in found.statements] == [2]


def test_two_attacks_told_in_one_article_keep_their_tolls() -> None:
    """ "Hours later, three rockets hit …": the bomb's dead are not the rockets'."""
    document = Document(
        "a",
        title="Two attacks in Kabul",
        text=(
            "At least 17 people were killed on Tuesday when a suicide bomber struck a ministry in "
            "Kabul. Hours later, three rockets hit the Khair Khana area, injuring two people."
        ),
        outlet="Wire",
        published=WHEN,
        published_basis="feed",
    )
    reports = analyze(document, None, KNOWLEDGE).reports

    assert [(r.killed and r.killed.best, r.injured and r.injured.best) for r in reports] == [
        (17, None),
        (None, 2),
    ]


def test_one_person_by_pronoun_is_one() -> None:
    """ "Killing him and wounding his driver" is one dead and one wounded."""
    assert best("The bomb hit a reporter's car, killing him and wounding his driver.") == (
        1,
        1,
        None,
    )
