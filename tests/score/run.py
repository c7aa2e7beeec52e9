"""Examines every item of every set in a pool of processes, always with the same result.

Items go out in batches; what comes back is put together in the order of the sets, so neither the
number of processes nor their speed can be seen in a score. Costs are sums over the processes: the
wall seconds of a set are those that its items took, not those it had to wait. The packs of all
languages that items have are built before the processes are forked, which would each build them.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from tests.score.front_door import city, load_knowledge, use_city
from tests.score.marks import Examined, Item, Mark
from tests.score.sets import MeasuredSet, measured_sets

PROCESSES = 3
"""Two for two processors, and one that waits for the runner of the public cases, 65 s of it idle."""
_BATCH = 24


@dataclass(frozen=True, slots=True)
class _Batch:
    """What one process did with some items."""

    marks: list[list[Mark]]
    seconds: float
    cpu_seconds: float


def examine_all(sets: Sequence[MeasuredSet], data: Path, *, full: bool) -> list[Examined]:
    """The marks of all items, set by set. Raises what examining an item raises."""
    loaded = {one.name: one.items(data) for one in sets}
    _build_packs({item.lang for items in loaded.values() for item in items})
    with ProcessPoolExecutor(PROCESSES, initializer=use_city, initargs=(city(),)) as pool:
        waiting: dict[str, list[Future[_Batch]]] = {}
        for one in sets:
            size = len(loaded[one.name])
            waiting[one.name] = [
                pool.submit(_examine, one.name, full, loaded[one.name][k : k + _BATCH])
                for k in range(0, size, _BATCH)
            ]
        return [_joined(name, loaded[name], futures) for name, futures in waiting.items()]


def _build_packs(codes: set[str]) -> None:
    languages = load_knowledge(city()).languages
    for code in codes:
        languages.get(code)


def _joined(name: str, items: list[Item], futures: list[Future[_Batch]]) -> Examined:
    found = Examined(name)
    marks: list[list[Mark]] = []
    for future in futures:
        batch = future.result()
        marks += batch.marks
        found.seconds += batch.seconds
        found.cpu_seconds += batch.cpu_seconds
    found.marks = list(zip(items, marks, strict=True))
    return found


@lru_cache(maxsize=2)
def _by_name(full: bool) -> dict[str, MeasuredSet]:
    return {one.name: one for one in measured_sets(full=full)}


def _examine(name: str, full: bool, items: list[Item]) -> _Batch:
    """In a process of the pool."""
    one = _by_name(full)[name]
    begun, spent = time.perf_counter(), _cpu_seconds()
    marks = [list(one.examine(item)) for item in items]
    return _Batch(marks, time.perf_counter() - begun, _cpu_seconds() - spent)


def _cpu_seconds() -> float:
    """Of this process and of the children it waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)
