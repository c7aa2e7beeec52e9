"""What must hold of merging whatever arrives, and in whatever order."""

from __future__ import annotations

import datetime as dt
import random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.core.merge_strategies import arrivals, build, filed
from tests.profiles.cities import PORTSMERE
from tests.stories.world import World
from worker.config.knowledge import load_knowledge
from worker.core.domain.incident import Component
from worker.core.merge.cluster.component import collect
from worker.core.merge.cluster.partition import partition
from worker.core.merge.evidence.constraints import ConstraintIndex
from worker.core.merge.evidence.copies import find_pairs
from worker.core.merge.evidence.facts import Gazetteer
from worker.core.merge.evidence.nodes import Evidence, nodes_of

KNOWLEDGE = load_knowledge(PORTSMERE)
NOW = dt.datetime(2031, 3, 10, tzinfo=dt.UTC)
_SLOW = settings(
    max_examples=40, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


def _cells(reports: list) -> set[tuple[tuple[str, str], ...]]:
    """The partition as a set of (report, certainty) cells."""
    gazetteer = Gazetteer(KNOWLEDGE)
    nodes = nodes_of(reports, gazetteer)
    copies = find_pairs([f.article for f in reports], KNOWLEDGE.merge_weights)
    evidence = Evidence(nodes, ConstraintIndex(()), copies, KNOWLEDGE.merge_weights)
    parted = partition(evidence)
    return {
        tuple(sorted([(n.key, "core") for n in c.core] + [(n.key, how) for n, how in c.attached]))
        for c in parted.cells
    }


def _told(world: World) -> list[str]:
    """What a consumer would know of the live incidents, without ids, revisions and times."""
    told = []
    for incident in world.live():
        s = incident.snapshot
        members = tuple((m.report_id, m.link, m.copy_of) for m in incident.members)
        group = s.incident_group and (len(s.incident_group.members), s.incident_group.killed)
        told.append(
            str(
                (
                    members,
                    (s.state, s.date, s.time, s.place, s.attack_types, s.targets, s.claims),
                    (s.casualties.killed, s.casualties.injured, s.casualties.timeline),
                    (
                        s.n_independent,
                        group,
                        sorted(d.probability for d in s.possible_duplicate_of),
                    ),
                )
            )
        )
    return sorted(told)


@_SLOW
@given(arrivals(), st.integers(0, 1000))
def test_decide_gives_the_same_incidents_in_any_order_of_arrival(steps: list, seed: int) -> None:
    """Partition, slots, states and figures of the live incidents do not depend on order."""
    worlds = []
    shuffled = random.Random(seed).sample(steps, len(steps))
    for order in (steps, shuffled):
        world = World(KNOWLEDGE)
        for k, (step, reports) in enumerate(order):
            world.arrive(*build(step, reports, KNOWLEDGE), NOW + dt.timedelta(minutes=k))
        worlds.append(world)
    assert _told(worlds[0]) == _told(worlds[1])


@_SLOW
@given(arrivals())
def test_collect_gives_components_that_together_are_the_whole(steps: list) -> None:
    """Deciding component by component gives the cells of deciding everything at once."""
    everything = [f for step, reports in steps for f in filed(*build(step, reports, KNOWLEDGE))]
    whole = _cells(everything)
    parts: set[tuple[tuple[str, str], ...]] = set()
    for one in everything:
        if one.report.role in ("background", "retraction"):
            continue
        kept, _ = collect(everything, {one.article.article_id}, KNOWLEDGE)
        cells = _cells(list(kept))
        parts |= {cell for cell in cells if any(key == one.report_id for key, _ in cell)}
    assert parts == whole


@_SLOW
@given(arrivals(most=5), st.integers(0, 2**32))
def test_decide_leaves_no_holes_in_revisions_and_reuses_no_id(steps: list, seed: int) -> None:
    """Through arrivals, new versions, kills and ticks each id counts 1, 2, 3 … and stays one."""
    rng = random.Random(seed)
    world = World(KNOWLEDGE)
    now = NOW
    for _ in range(len(steps) * 2):
        now += dt.timedelta(hours=rng.choice((1, 5, 80, 800)))
        world.tick(now)
        step, reports = rng.choice(steps)
        article, made = build(step, reports, KNOWLEDGE)
        if rng.random() < 0.25:
            world.kill(article, now)
        else:
            world.arrive(article, made, now)
    seen: dict[str, list[int]] = {}
    for change in world.log:
        seen.setdefault(change.incident.incident_id, []).append(change.incident.revision)
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in seen.values())
    owners = [(i.founding_article, i.founding_n) for i in world.incidents.values()]
    assert len(set(owners)) == len(owners)
    for incident in world.incidents.values():
        survivor = incident.superseded_by
        if survivor is not None:
            assert world.incidents[survivor].state != "superseded"


@_SLOW
@given(arrivals())
def test_decide_puts_a_report_into_at_most_one_live_incident(steps: list) -> None:
    """No report is a member of two incidents, and every member is a current report."""
    world = World(KNOWLEDGE)
    for k, (step, reports) in enumerate(steps):
        world.arrive(*build(step, reports, KNOWLEDGE), NOW + dt.timedelta(minutes=k))
    members = [m.report_id for i in world.live() for m in i.members]
    assert len(members) == len(set(members))
    assert set(members) <= set(world.reports)


def test_decide_of_an_empty_component_changes_nothing() -> None:
    """Nothing in, nothing out."""
    from worker.core.merge.decide import decide

    changes = decide(Component(), None, NOW, KNOWLEDGE)
    assert not changes.changes
    assert not changes.links
