"""Article → reports: the slots of each attack that the article tells of.

Rules
-----
1. One report per segment whose role is not None; ``report_id`` counts them in text order, from 1.
2. Reports stand by prominence: the main attack, further items, then background, then retractions
   in their place; within a kind in text order.
3. Each slot names its evidence; every span is verbatim.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from worker.core.annotate.actors import is_in_power
from worker.core.annotate.annotate import Annotated
from worker.core.annotate.counts import SECURITY_FORCES
from worker.core.annotate.speakers import GROUP_TYPE, NARRATOR, id_of_actor
from worker.core.domain.document import Span
from worker.core.domain.report import Place, Quoted, Report, Statement, Target
from worker.core.domain.vocabulary import Role
from worker.core.extract import status, target, what, when, where, who
from worker.core.extract.claim import find_claims
from worker.core.extract.joint import count_attacks
from worker.core.extract.passage import Passage, Spans
from worker.core.extract.people_hit import find_people_hit
from worker.core.extract.toll.statements import find_statements
from worker.core.extract.victims import find_victims
from worker.core.figures.decide import ATTACKERS, decide_toll
from worker.core.segment.digest import first_telling, is_digest
from worker.core.segment.segment import Segment

if TYPE_CHECKING:
    from worker.core.classify.verdict import Classification
    from worker.core.knowledge.knowledge import Knowledge

_ROLE_ORDER: dict[Role, int] = {"primary": 0, "retraction": 1, "roundup": 2, "background": 3}
_KIND_ORDER = {"main": 0, "item": 1, "background": 2, "aggregate": 3, "threat": 4}


def extract(
    annotated: Annotated,
    segments: tuple[Segment, ...],
    classification: Classification,
    knowledge: Knowledge,
) -> tuple[Report, ...]:
    """The reports of an article, by prominence."""
    article, lexicon = annotated.article, annotated.lexicon
    if lexicon is None or not any(classification.roles):
        return ()
    statements = find_statements(annotated, segments, knowledge)
    made: list[tuple[Segment, Report]] = []
    for segment, role, probability, of_segment in zip(
        segments, classification.roles, classification.probabilities, statements, strict=True
    ):
        if role is None:
            continue
        others = tuple(s for s in segments if s is not segment)
        passage = Passage(annotated, lexicon, knowledge, segment, others)
        report_id = f"{article.article_id}#{len(made) + 1}"
        report = _report(passage, report_id, role, probability, of_segment)
        if role == "retraction":
            report = replace(report, retracted_by=_retracted_by(passage))
        made.append((segment, report))
    made.sort(key=lambda m: (_ROLE_ORDER[m[1].role], _KIND_ORDER[m[0].kind], m[0].index))
    return tuple(report for _, report in made)


def _report(
    passage: Passage,
    report_id: str,
    role: Role,
    probability: float,
    statements: tuple[Statement, ...],
) -> Report:
    """All slots of one segment."""
    time, time_spans = when.find_time(passage)
    things = target.find_things(passage)
    types, type_spans = what.find_types(passage)
    targets, target_spans = _find_targets(passage, things, statements, types)
    place, place_spans = _find_place(passage, role, targets, things)
    suicide, suicide_spans = what.find_suicide(passage)
    weapons, weapon_spans = what.find_weapons(passage)
    claims, claim_spans = find_claims(passage, statements)
    perpetrators, perpetrator_spans = who.find_perpetrators(passage, claims)
    incident_status, status_spans = status.find_status(passage)
    evidence = {
        "date": when.date_evidence(passage), "time": time_spans, "place": place_spans,
        "attack_types": type_spans, "suicide": suicide_spans, "weapons": weapon_spans,
        "targets": target_spans, "perpetrators": perpetrator_spans, "claims": claim_spans,
        "incident_status": status_spans,
    }  # fmt: skip
    without_toll = Report(
        report_id=report_id,
        role=role,
        date=passage.segment.date,
        time=time,
        place=place,
        attack_types=types,
        suicide=suicide,
        weapons=weapons,
        targets=targets,
        perpetrators=perpetrators,
        claims=claims,
        killed=None,
        injured=None,
        attackers_killed=None,
        by_category=(),
        statements=(),
        incident_status=incident_status,
        evidence={slot: spans for slot, spans in evidence.items() if spans},
        n_blasts=what.count_blasts(passage),
        n_attacks=count_attacks(passage, things),
        victims=find_victims(passage, statements),
        probability=round(probability, 4),
    )
    return _with_toll(without_toll, _parties(statements, without_toll, passage))


def _find_targets(
    passage: Passage,
    things: target.Things,
    statements: tuple[Statement, ...],
    types: tuple[str, ...],
) -> tuple[tuple[Target, ...], Spans]:
    """What was aimed at or hit; for want of any, the people who were."""
    found = target.find_targets(passage, things)
    return found if found[0] else find_people_hit(passage, statements, types)


def _retracted_by(passage: Passage) -> tuple[Quoted, ...]:
    """Who is quoted for the words that take the attack back, each once."""
    prose, attributions = passage.prose, passage.annotated.attributions
    said = (
        attributions.denier_in(at)
        or attributions.speaker_at(prose, at.start)
        or attributions.speaker_at(prose, at.end - 1)
        for at in passage.segment.taken_back
    )
    quoted = {s.id: Quoted(s.name, s.id, s.type) for s in said if s and s.type != NARRATOR}
    return tuple(quoted.values())


def _find_place(
    passage: Passage, role: Role, targets: tuple[Target, ...], things: target.Things
) -> tuple[Place | None, Spans]:
    """Where it was; of an item of a digest as its own paragraph tells it."""
    spot = _telling(passage) if role == "roundup" else passage
    near = things if spot is passage else target.find_things(spot)
    return where.find_place(spot, targets, near)


def _telling(passage: Passage) -> Passage:
    """What of a digest tells the attack: its paragraph, and sentences with a word of it.

    They alone place it, no market of the day's prices.
    """
    annotated, segment = passage.annotated, passage.segment
    if not is_digest(annotated):
        return passage
    told = first_telling(annotated, passage.knowledge.segment_weights.event)
    if told is None:
        return passage
    own = [e for e in annotated.events if e.paragraph == told.paragraph or passage.triggers_in(e)]
    ranges = tuple(r for r in segment.ranges if any(e.holds(r.start) for e in own))
    places = tuple(m for m in segment.places if any(e.holds(m.start) for e in own))
    if not ranges or not places:
        return passage
    return replace(passage, segment=replace(segment, ranges=ranges, places=places))


def _parties(
    statements: tuple[Statement, ...], report: Report, passage: Passage
) -> tuple[Statement, ...]:
    """A group is the attacking party unless the article lays the attack at another's door.

    (Officials of a group in power speak of attacks that others claim.) A group in power that claims
    the attack itself is a party like any other, and its people are no victims. Where the outlet prints
    a group's words as a headline ("we killed 30"), they are the group's, whoever it is.
    """
    statements = tuple(_headline_of_group(s, statements) for s in statements)
    claimed = {claim.group for claim in report.claims if claim.claimed == "yes"}
    behind = {p.name for p in report.perpetrators} | claimed
    ids = {id_of_actor(actor) for actor in passage.profile.actors if actor.name in behind}
    if not ids:
        return statements
    out = _of_claimants(statements, claimed, passage)
    return tuple(
        replace(s, perpetrator_party=False)
        if s.perpetrator_party and s.speaker_id not in ids and s.speaker_type != NARRATOR
        else s
        for s in out
    )


def _headline_of_group(headline: Statement, statements: tuple[Statement, ...]) -> Statement:
    """A headline's number that the text gives to the attackers' side alone, and others another."""
    if headline.zone != "title" or headline.speaker_type != NARRATOR:
        return headline
    told = [s for s in statements if s.zone != "title" and s.measure == headline.measure]
    same = {s.perpetrator_party for s in told if s.value == headline.value}
    others = any(not s.perpetrator_party and s.scope == "incident" for s in told)
    return replace(headline, perpetrator_party=True) if same == {True} and others else headline


def _of_claimants(
    statements: tuple[Statement, ...], claimed: set[str], passage: Passage
) -> tuple[Statement, ...]:
    """The statements with the words and the people of a group in power that claims the attack."""
    day = passage.annotated.spoken_day
    own = [m for m in passage.actors if m.actor.name in claimed and is_in_power(m.actor, day)]
    ids = {id_of_actor(m.actor) for m in own}
    spans = [passage.prose.span(m) for m in own if not m.person]
    return tuple(_of_claimant(s, ids, spans) for s in statements)


def _of_claimant(statement: Statement, ids: set[str], names: list[Span]) -> Statement:
    if statement.speaker_id in ids:
        statement = replace(statement, speaker_type=GROUP_TYPE, perpetrator_party=True)
    own = any(statement.start <= name.start and name.end <= statement.end for name in names)
    if own and statement.victim_class == SECURITY_FORCES:
        return replace(statement, victim_class=ATTACKERS)
    return statement


def _with_toll(report: Report, statements: tuple[Statement, ...]) -> Report:
    """The report with its figures decided."""
    toll = decide_toll(statements)
    return replace(
        report,
        killed=toll.killed,
        injured=toll.injured,
        attackers_killed=toll.attackers_killed,
        attackers_injured=toll.attackers_injured,
        by_category=toll.by_category,
        statements=toll.statements,
        other_counts=toll.other_counts,
    )
