"""Cases of identity over time: whatever comes first, and however often the worker starts anew.

A case is a file of ``orders``: steps as stories have them, and what must be known at the end. Its
steps are taken in every order in which they can come (versions of one article in theirs, decisions of
people about articles in theirs), and on the real store, which is closed and opened after each step.
"""

from __future__ import annotations

import datetime as dt
import itertools
import random
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.profiles.cities import PORTSMERE
from tests.shell.store_world import StoreWorld
from tests.stories.tell import check_incident, members_of, read_story, take
from tests.stories.world import World
from worker.config.knowledge import load_knowledge
from worker.core.domain.incident import Incident

CASES = sorted((Path(__file__).parent / "orders").glob("*.toml"))
KNOWLEDGE = load_knowledge(PORTSMERE)
MOST_ORDERS = 60
Step = Mapping[str, Any]


def orders_of(steps: Sequence[Step]) -> list[tuple[Step, ...]]:
    """Every order in which the steps can come, or a sample of them; the told one is the first."""
    possible = [p for p in _permuted(len(steps)) if _can_come(steps, p)]
    if len(possible) > MOST_ORDERS:
        possible = [possible[0], *random.Random(7).sample(possible[1:], MOST_ORDERS - 1)]
    return [tuple(steps[k] for k in order) for order in possible]


def _permuted(count: int) -> Iterator[tuple[int, ...]]:
    return itertools.permutations(range(count))


def _can_come(steps: Sequence[Step], order: Sequence[int]) -> bool:
    """Whether the versions of each article, and what people decide, stay in their order."""
    last: dict[str, int] = {}
    for k in order:
        step = steps[k]
        for name in (step.get("article"), step.get("kill"), _decision(step)):
            if name is not None:
                if last.get(name, -1) > k:
                    return False
                last[name] = k
    return True


def _decision(step: Step) -> str | None:
    return "a person" if {"must", "cannot", "confirm", "retract"} & step.keys() else None


def moved(step: Step, now: dt.datetime) -> dict[str, Any]:
    """The step as it is taken at another moment; what it says of its own times stays."""
    told = step.get("published", step["at"])
    return {**step, "published": told, "version_time": step["at"], "at": now}


def check_end(case: Mapping[str, Any], live: Sequence[Incident], where: str) -> None:
    """The live incidents are those that the case ends with."""
    assert len(live) == len(case["expect"]), f"{where}: {[members_of(i) for i in live]}"
    for expected in case["expect"]:
        wanted = set(expected.get("articles") or expected["members"])
        found = [i for i in live if wanted <= set(members_of(i).split())]
        assert found, f"{where}: {sorted(wanted)} in {[members_of(i) for i in live]}"
        if "members" in expected:
            assert members_of(found[0]).split() == sorted(wanted), where
        rest = {k: v for k, v in expected.items() if k not in ("articles", "members")}
        check_incident(rest, found[0], where)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_decide_ends_a_case_as_told_in_every_order(path: Path) -> None:
    """Which reports are one attack, its place, day and figures do not depend on what came first."""
    case = read_story(path)
    start = max(step["at"] for step in case["step"])
    for number, order in enumerate(orders_of(case["step"])):
        world = World(KNOWLEDGE)
        for k, step in enumerate(order):
            take(moved(step, start + dt.timedelta(minutes=k)), world, KNOWLEDGE)
        check_end(case, world.live(), f"order {number}")


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_settle_ends_a_case_as_told_with_a_restart_at_every_step(
    path: Path, tmp_path: Path
) -> None:
    """By its own clock, on a store that is closed and opened after each step."""
    case = read_story(path)
    for number, order in enumerate(orders_of(case["step"])[:: MOST_ORDERS // 2]):
        for k, step in enumerate(order):
            world = StoreWorld(tmp_path / f"store-{number}.db", KNOWLEDGE)
            now = step["at"] if number == 0 else order[0]["at"] + dt.timedelta(minutes=k)
            if number == 0:
                world.tick(now)
            take(moved(step, now), world, KNOWLEDGE)  # type: ignore[arg-type]
            world.conn.close()
        world = StoreWorld(tmp_path / f"store-{number}.db", KNOWLEDGE)
        check_end(case, world.live(), f"order {number}")
        world.conn.close()


def test_cases_are_there() -> None:
    """An empty folder must not pass for a tested one."""
    assert len(CASES) >= 16
