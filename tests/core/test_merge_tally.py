"""What is carried on of an incident's figures and ballots gives what is worked out afresh."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import replace

import pytest

from tests.bench.merge import invented
from tests.profiles.cities import PORTSMERE
from worker.config.knowledge import load_knowledge
from worker.core.domain import caps
from worker.core.domain.incident import ArticleRef, FiledReport
from worker.core.merge.cluster.membership import Cluster, Membership
from worker.core.merge.cluster.partition import Cell
from worker.core.merge.evidence.facts import gazetteer_of
from worker.core.merge.state.slots import _slot_source
from worker.core.merge.state.toll import decide_casualties, plain_casualties
from worker.core.merge.state.vote import Ballots

KNOWLEDGE = load_knowledge(PORTSMERE)


def _members(rng: random.Random, most: int) -> list[Membership]:
    """Reports of a few days on one attack, the earliest first, some of them copies of earlier ones."""
    members: list[Membership] = []
    for arrival in invented("attack", most, KNOWLEDGE):
        late = dt.timedelta(hours=rng.choice((0, 0, 0, 20, 40)))
        article = replace(arrival.article, version_time=arrival.at + late)
        statements = (replace(s, said_at=None) for s in arrival.reports[0].statements)
        report = replace(arrival.reports[0], statements=tuple(statements))
        filed = FiledReport(report, ArticleRef.of(article), "report")
        source = rng.choice(members).filed.article if members and rng.random() < 0.2 else None
        members.append(Membership(filed, "certain", source=source))
    return members


@pytest.mark.parametrize("seed", range(4))
def test_decide_casualties_gives_the_same_while_members_come_and_go(seed: int) -> None:
    """Figures, the part of each statement in them, and the timeline; sources of copies go as well."""
    rng = random.Random(seed)
    everyone = _members(rng, 60)
    held: set[int] = set()
    statuses = set()
    for _ in range(50):
        held ^= {rng.randrange(1, len(everyone)) for _ in "123"}
        members = tuple(everyone[k] for k in sorted({0, *held}))
        cluster = Cluster(Cell(()), members, (), (), retracted=False)
        found, plain = decide_casualties(cluster), plain_casualties(cluster)
        assert found == plain
        assert caps._SHORT_CASUALTIES.of(found) == caps._SHORT_CASUALTIES.of(plain)
        statuses |= {statement.status for statement in found.statements}
    assert {"used", "superseded", "stale"} <= statuses


@pytest.mark.parametrize("seed", range(4))
def test_decide_casualties_gives_the_same_of_a_cluster_that_grows(seed: int) -> None:
    """One more member at a time, early and late ones, and what they repeat before those that do."""
    rng = random.Random(seed)
    first, *others = _members(rng, 60)
    rng.shuffle(others)
    others.sort(key=lambda member: member.source is not None)
    cluster = Cluster(Cell(()), (first,), (), (), retracted=False)
    for member in others:
        if rng.random() < 0.8:  # the figures of others are asked for now and then
            found, plain = decide_casualties(cluster), plain_casualties(cluster)
            assert found == plain
            assert caps._SHORT_CASUALTIES.of(found) == caps._SHORT_CASUALTIES.of(plain)
        cluster = cluster.with_more(Cell(()), member)
    assert len(decide_casualties(cluster).timeline) > 5


def test_ballots_are_the_same_while_reports_come_and_go() -> None:
    """In order of the earliest of each, each with its reports in order."""
    rng = random.Random(3)
    everyone = [_slot_source(m, gazetteer_of(KNOWLEDGE)) for m in _members(rng, 40)]
    carried = Ballots()
    for _ in range(40):
        asked = [source for source in everyone if rng.random() < 0.7]
        told = [ballot.slot_sources for ballot in carried.follow(asked)]
        assert told == [ballot.slot_sources for ballot in Ballots().follow(asked)]
        assert sorted(s.order for sources in told for s in sources) == sorted(
            s.order for s in asked
        )
        assert any(len(sources) > 1 for sources in told)
