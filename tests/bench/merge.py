"""CPU of one settle, as a store fills: ``python -m tests.bench.merge day --reports 1000``.

Sets
----
``day``: reports of one day on 30 attacks. ``attack``: reports of one attack. ``years``: an attack a
day, with twelve reports or ``--of-a-day``: ``years --reports 100000 --of-a-day 91`` are three years.
Of all sets one report in six states no day, one in ten repeats another's text, and one article in
three mentions an attack of days or years before.

Each line tells of one stretch of the arrivals: CPU in ms of a settle and of the decision in it, as
median and 99th percentile, and the process's memory. A flat cost is one that stays. Garbage is
looked for as rarely as in a worker, and the store's log is folded as there: between two settles.
"""

from __future__ import annotations

import argparse
import datetime as dt
import random
import resource
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.shell.store_world import StoreWorld
from tests.stories.tell import article_of, report_of
from worker import settle as settling
from worker.collector import calm_collector
from worker.config.knowledge import load_knowledge
from worker.core.domain.document import Article
from worker.core.domain.report import Report
from worker.core.knowledge.knowledge import Knowledge
from worker.store.connect import fold_later, fold_some
from worker.store.writer import FOLDED_EVERY

FIRST = dt.datetime(2031, 3, 4, 4, 0, tzinfo=dt.UTC)
ATTACKS_OF_A_DAY = 30
REPORTS_OF_A_DAY = 12
LAST_MINUTE = 20 * 60  # in which the last report of a day of the years comes
_KINDS = (["bombing_explosion"], ["armed_assault"])
_TARGETS = (
    "transportation/bus: {} Line bus",
    "police/police_building: {} Police Station",
    "educational_institution/school: {} School",
    "business/retail_grocery_bakery: {} Market",
    "government_general/government_building_facility_office: {} Registry",
)
_NAMES = ("Alder", "Birch", "Cedar", "Damson", "Elder", "Fir", "Gorse", "Hazel", "Ivy", "Juniper")
_SIGNATURE = 128
_DAYS_BEFORE = (1, 2, 3, 5, 7, 7, 14, 30, 90, 200, 400, 900)
"""How long ago the attacks were that articles mention."""


@dataclass(frozen=True)
class Arrival:
    """One article with its reports, at its instant."""

    article: Article
    reports: tuple[Report, ...]
    at: dt.datetime


@dataclass
class Measured:
    """CPU seconds of each settle, and of the decision in it."""

    settle_s: list[float] = field(default_factory=list)
    decide_s: list[float] = field(default_factory=list)


def invented(
    name: str, reports: int, knowledge: Knowledge, of_a_day: int = REPORTS_OF_A_DAY
) -> Iterator[Arrival]:
    """The arrivals of a set, always the same."""
    rng = random.Random(name)
    if name == "years":
        for k in range(reports):
            day, nth = divmod(k, of_a_day)
            minute = nth * LAST_MINUTE // of_a_day
            yield _arrival(k, FIRST + dt.timedelta(days=day), day, minute, rng, knowledge)
        return
    attacks = ATTACKS_OF_A_DAY if name == "day" else 1
    minutes = sorted(rng.randrange(19 * 60) for _ in range(reports))
    for k, minute in enumerate(minutes):
        yield _arrival(k, FIRST, rng.randrange(attacks), minute, rng, knowledge)


def _arrival(
    k: int, day: dt.datetime, attack: int, minute: int, rng: random.Random, knowledge: Knowledge
) -> Arrival:
    """The k-th article; it drops what short reports drop."""
    at = day + dt.timedelta(minutes=minute)
    step: dict[str, Any] = {"at": at, "outlet": f"outlet {rng.randrange(40)}"}
    if rng.random() < 0.1:
        step["copy_text"] = f"wire {attack} {rng.randrange(3)}"
    article = article_of(f"a{k:06}", step, knowledge)
    numbers = random.Random(step.get("copy_text", k))
    article = replace(
        article, copy_signature=tuple(numbers.randrange(2**32) for _ in range(_SIGNATURE))
    )
    told = [_slots(day.date(), attack, rng, knowledge)]
    if rng.random() < 1 / 3:
        before = rng.choice(_DAYS_BEFORE)
        told.append(_slots(day.date() - dt.timedelta(days=before), attack - before, rng, knowledge))
        told[-1]["role"] = "background"
    reports = [report_of(article, n, slots, knowledge) for n, slots in enumerate(told, start=1)]
    return Arrival(article, tuple(reports), at)


def _slots(day: dt.date, attack: int, rng: random.Random, knowledge: Knowledge) -> dict[str, Any]:
    fine = [p.id for p in knowledge.profile.places if p.kind in ("neighbourhood", "landmark")]
    own = random.Random(abs(attack))
    target = own.choice(_TARGETS).format(f"{own.choice(_NAMES)} {_NAMES[attack % 10]}")
    whole = {
        "place": fine[attack % len(fine)],
        "target": (target,),
        "time": f"{(6 + attack * 5) % 24:02}:{attack % 6}0",
        "date": day,
        "kind": own.choice(_KINDS),
        "killed": own.randrange(12) + rng.randrange(3),
        "injured": own.randrange(40),
    }
    dropped = {"place": 0.2, "target": 0.3, "time": 0.5, "date": 1 / 6, "injured": 0.3}
    return {key: value for key, value in whole.items() if rng.random() >= dropped.get(key, 0)}


def measure(arrivals: Iterator[Arrival], folder: Path, knowledge: Knowledge, step: int) -> None:
    """Settle them all, and print a line for each stretch of ``step`` arrivals."""
    world = StoreWorld(folder / "store.db", knowledge)
    world.conn.execute("PRAGMA synchronous = OFF")
    fold_later(world.conn)
    seen = Measured()
    _time_decisions(seen)
    print("   reports   settle p50    p99      decide p50    p99      total s   memory MB")
    start = time.process_time()
    for k, arrival in enumerate(arrivals, start=1):
        world.tick(arrival.at)
        del seen.decide_s[len(seen.settle_s) :]
        before = time.process_time()
        world.arrive(arrival.article, arrival.reports, arrival.at)
        seen.settle_s.append(time.process_time() - before)
        if k % FOLDED_EVERY == 0:
            fold_some(world.conn)
        if k % step == 0:
            _print(k, seen, time.process_time() - start)
            seen.settle_s.clear()
            seen.decide_s.clear()


def _print(k: int, seen: Measured, total_s: float) -> None:
    memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{k:10}   {_ms(seen.settle_s, 0.5)}  {_ms(seen.settle_s, 0.99)}"
        f"      {_ms(seen.decide_s, 0.5)}  {_ms(seen.decide_s, 0.99)}"
        f"   {total_s:8.1f}   {memory_mb:7.0f}",
        flush=True,
    )


def _ms(seconds: list[float], share: float) -> str:
    ordered = sorted(seconds)
    return f"{1000 * ordered[int(share * (len(ordered) - 1))]:8.1f}" if ordered else "       -"


def _time_decisions(seen: Measured) -> None:
    decide = settling.decide

    def timed(*args: Any, **settings: Any) -> Any:
        before = time.process_time()
        try:
            return decide(*args, **settings)
        finally:
            seen.decide_s.append(time.process_time() - before)

    settling.decide = timed


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="CPU of one settle as a store fills")
    parser.add_argument("set", choices=("day", "attack", "years"))
    parser.add_argument("--reports", type=int, default=1000)
    parser.add_argument("--of-a-day", type=int, default=REPORTS_OF_A_DAY)
    parser.add_argument("--step", type=int, default=100)
    parser.add_argument("--profile", default="kabul")
    asked = parser.parse_args()
    knowledge = load_knowledge(asked.profile)
    calm_collector()
    with tempfile.TemporaryDirectory(prefix="bench-merge-") as folder:
        arrivals = invented(asked.set, asked.reports, knowledge, asked.of_a_day)
        measure(arrivals, Path(folder), knowledge, asked.step)


if __name__ == "__main__":
    main()
