"""The life of an incident, as the table says it, and that ``decide`` keeps to the table."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import replace
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.core.merge_strategies import arrivals, build
from tests.profiles.cities import PORTSMERE
from tests.stories.world import World
from worker.config.knowledge import load_knowledge
from worker.core.domain.errors import StateError
from worker.core.domain.incident import Changes, Constraint, Incident
from worker.core.domain.report import Analysis, IncidentDate, Place, Target
from worker.core.domain.snapshot import State
from worker.core.merge.state import life
from worker.core.merge.state.life import EVENTS, LIFE, Corroboration, Due, Event, Stage, Timer

KNOWLEDGE = load_knowledge(PORTSMERE)
WEIGHTS = KNOWLEDGE.merge_weights
NOW = dt.datetime(2031, 3, 10, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
STATES = get_args(State)
PAIRS = [(stage, event) for stage in ("new", *STATES) for event in EVENTS]
TIMER_OF = {"active": "settle", "provisional": "close", "settled": "close"}


def told_once() -> Incident:
    """An incident that one report announced."""
    world = World(KNOWLEDGE)
    step: dict[str, object] = {"name": "a0", "at": NOW, "outlet": "gulf"}
    slots: dict[str, object] = {"place": "ward-4", "kind": ["bombing_explosion"], "role": "primary"}
    world.arrive(*build(step, [slots], KNOWLEDGE), NOW)
    (incident,) = world.live()
    return incident


ONE = told_once()


def in_state(stage: Stage, due: Due | None = None) -> Incident | None:
    """It, in this state, with the timers of this state if no others are given."""
    if stage == "new":
        return None
    due = due or life.due_since(stage, NOW - HOUR, WEIGHTS)
    snapshot = replace(ONE.snapshot, state=stage)
    return replace(ONE, snapshot=snapshot, settle_at=due.settle_at, close_at=due.close_at)


@pytest.mark.parametrize(("stage", "event"), PAIRS)
def test_follow_goes_through_the_table_and_refuses_every_other_pair(
    stage: Stage, event: Event
) -> None:
    """A pair of stage and event is in the table, or it is a contradiction in the store."""
    if event in LIFE[stage]:
        assert life.follow(in_state(stage), event) == LIFE[stage][event]
    else:
        with pytest.raises(StateError, match=f"{event} cannot happen to what is {stage}"):
            life.follow(in_state(stage), event)


def test_life_has_a_row_for_each_state_and_leads_to_each() -> None:
    """No state is without a way out, and none is never reached."""
    assert set(LIFE) == {"new", *STATES}
    assert {after.state for row in LIFE.values() for after in row.values()} == set(STATES)
    assert {event for row in LIFE.values() for event in row} == set(EVENTS)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("date", IncidentDate(dt.date(2031, 1, 1), dt.date(2031, 1, 1), "day", "stated")),
        ("place", Place("Elsewhere")),
        ("targets", (Target("a bank", "business", "primary"),)),
        ("attack_types", ("hijacking",)),
        ("supersedes", ("kw-other",)),
        ("split_from", "kw-other"),
    ],
)
def test_identity_moved_by_each_of_what_makes_it_this_attack(field: str, value: Any) -> None:
    """Day, place, target, kind, and what became of other incidents; figures and claims do not."""
    prior = told_once().snapshot
    assert life.identity_moved(prior, replace(prior, **{field: value}))
    assert not life.identity_moved(prior, replace(prior, n_blasts=7, victims=("A",), claims=()))


def test_identity_moved_takes_a_target_with_its_language_for_the_same() -> None:
    """A store of an earlier version does not call its settled incidents moved."""
    old = replace(told_once().snapshot, targets=(Target("a bank", "business", "primary"),))
    new = replace(old, targets=(Target("a bank", "business", "primary", lang="en"),))
    assert not life.identity_moved(old, new)


def test_identity_moved_takes_what_is_only_told_in_other_words_for_the_same() -> None:
    """A day by its date instead of its weekday, a place by another spelling: nothing has moved."""
    day, path = dt.date(2031, 3, 4), ("pul-e-lamur", "ward-4")
    old = replace(
        told_once().snapshot,
        date=IncidentDate(day, day, "day", "weekday"),
        place=Place("Pul-e Lamur", path=path),
        targets=(Target("the bank of Lamur", "business", "primary", id="bank-lamur"),),
    )
    new = replace(
        old,
        date=IncidentDate(day, day, "day", "stated"),
        place=Place("Lamur Bridge", path=path),
        targets=(Target("Lamur bank", "business", "primary", id="bank-lamur"),),
    )
    assert not life.identity_moved(old, new)
    assert life.identity_moved(old, replace(new, place=Place("Lamur Bridge", path=("ward-4",))))
    assert life.identity_moved(old, replace(new, date=IncidentDate(day, day, "days", "stated")))


@pytest.mark.parametrize(("stage", "event"), [(s, e) for s, e in PAIRS if e in LIFE[s]])
def test_life_sets_the_timer_of_the_state_or_keeps_it(stage: Stage, event: Event) -> None:
    """A timer is kept only by what stays as it is; else it is that of the new state."""
    after = LIFE[stage][event]
    if after.timer == "keep":
        assert after.state == stage
    else:
        assert after.timer == TIMER_OF.get(after.state, "none")


DUE, LATER = NOW, NOW + HOUR


@pytest.mark.parametrize(
    ("stage", "corroboration", "moved", "due", "ticks", "not_ticking"),
    [
        ("new", "corroborated", True, Due(), "moved", "moved"),
        ("new", "uncorroborated", True, Due(), "uncorroborated", "uncorroborated"),
        ("active", "corroborated", False, Due(settle_at=DUE), "settle_due", "corroborated"),
        ("active", "corroborated", False, Due(settle_at=LATER), "corroborated", "corroborated"),
        ("active", "corroborated", True, Due(settle_at=DUE), "moved", "moved"),
        ("active", "uncorroborated", False, Due(settle_at=DUE), *["uncorroborated"] * 2),
        ("active", "retracted", False, Due(settle_at=DUE), "retracted", "retracted"),
        ("settled", "corroborated", False, Due(close_at=DUE), "close_due", "corroborated"),
        ("settled", "uncorroborated", False, Due(close_at=DUE), "close_due", "uncorroborated"),
        ("settled", "corroborated", True, Due(close_at=DUE), "moved", "moved"),
        ("provisional", "uncorroborated", False, Due(close_at=DUE), "close_due", "uncorroborated"),
        ("provisional", "uncorroborated", True, Due(close_at=DUE), *["uncorroborated"] * 2),
        ("provisional", "corroborated", False, Due(close_at=DUE), "close_due", "corroborated"),
        ("provisional", "retracted", True, Due(close_at=DUE), "retracted", "retracted"),
        ("retracted", "corroborated", False, Due(), "corroborated", "corroborated"),
    ],
)
def test_event_of_takes_the_strongest_and_the_clock_of_a_tick_alone(
    stage: Stage,
    corroboration: Corroboration,
    moved: bool,
    due: Due,
    ticks: Event,
    not_ticking: Event,
) -> None:
    """Retracted goes before the clock, the clock before the sources; without a tick no clock."""
    prior = in_state(stage, due)
    assert life.event_of(corroboration, prior, moved=moved, tick_at=NOW) == ticks
    assert life.event_of(corroboration, prior, moved=moved, tick_at=None) == not_ticking


@pytest.mark.parametrize(
    ("timer", "due"),
    [
        ("settle", Due(settle_at=NOW + 72 * HOUR)),
        ("close", Due(close_at=NOW + 30 * 24 * HOUR)),
        ("none", Due()),
        ("keep", Due(close_at=DUE)),
    ],
)
def test_due_after_sets_keeps_or_clears(timer: Timer, due: Due) -> None:
    """72 hours to be settled, 30 days to be closed, as it was, or none."""
    assert life.due_after(timer, in_state("provisional", Due(close_at=DUE)), NOW, WEIGHTS) == due


def test_due_after_sets_a_kept_timer_anew_that_this_tick_consumed() -> None:
    """A tick that changes nothing would else be the last one."""
    consumed, other = (in_state("provisional", Due(close_at=at)) for at in (DUE, LATER))
    anew = life.due_after("keep", consumed, NOW, WEIGHTS, tick_at=NOW)
    assert anew == Due(close_at=NOW + 30 * 24 * HOUR)
    assert life.due_after("keep", other, NOW, WEIGHTS, tick_at=NOW) == Due(close_at=LATER)


class Watched(World):
    """A world that notes which transitions its decisions make, and decides everything once."""

    def __init__(self, seen: set[tuple[Stage, State]]) -> None:
        super().__init__(KNOWLEDGE)
        self.seen = seen

    def _settle(self, names: set[str], incoming: Analysis | None, now: dt.datetime) -> Changes:
        before = dict(self.incidents)
        changes = self._carry_out(names, incoming, now)
        for incident in (*(c.incident for c in changes.changes), *changes.kept):
            prior = before.get(incident.incident_id)
            self.seen.add(("new" if prior is None else prior.state, incident.state))
            assert (incident.settle_at is not None) == (incident.state == "active")
            waits = incident.state in ("provisional", "settled")
            assert (incident.close_at is not None) == waits
            confirmed = incident.state in ("active", "settled")
            assert incident.snapshot.corroborated == confirmed or incident.state == "closed"
        return changes


def live_through(world: World, steps: list[Any], seed: int) -> None:
    """Articles arrive, are replaced and withdrawn; people decide; weeks pass."""
    rng = random.Random(seed)
    now = NOW
    for _ in range(len(steps) * 3):
        now += dt.timedelta(hours=rng.choice((1, 5, 80, 800)))
        world.tick(now)
        step, reports = rng.choice(steps)
        article, made = build(step, reports, KNOWLEDGE)
        what = rng.choice(("arrive", "arrive", "arrive", "kill", "correct"))
        if what == "arrive":
            world.arrive(article, made, now)
        elif what == "kill":
            world.kill(article, now)
        else:
            names = [str(s["name"]) for s, _ in rng.sample(steps, min(2, len(steps)))]
            articles = tuple(build({**s}, r, KNOWLEDGE)[0].article_id for s, r in steps
                             if s["name"] in names)  # fmt: skip
            kind = rng.choice(("must", "cannot", "retract"))
            world.correct(Constraint(kind, articles), now)


def test_decide_makes_no_transition_that_is_not_in_the_table() -> None:
    """Whatever arrives, is withdrawn or decided by people, and however time passes. Most of the
    table is walked on the way."""
    seen: set[tuple[Stage, State]] = set()

    @settings(
        max_examples=60, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck)
    )
    @given(arrivals(most=5), st.integers(0, 2**32))
    def walk(steps: list[Any], seed: int) -> None:
        live_through(Watched(seen), steps, seed)

    walk()
    table = {(stage, after.state) for stage, row in LIFE.items() for after in row.values()}
    assert seen - table == set()
    assert len(seen) > len(table) / 2, sorted(table - seen)
