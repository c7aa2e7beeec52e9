"""An incident that one more member joined is what it would be if all its members were sorted out anew."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.bench.merge import Arrival, invented
from tests.profiles.cities import PORTSMERE
from tests.shell.store_world import StoreWorld
from worker.config.knowledge import load_knowledge
from worker.core.merge.cluster import members
from worker.core.merge.cluster.growth import Sorted, grow
from worker.core.merge.cluster.membership import (
    _COUNTED_SOURCES,
    _PRIMARY_SOURCES,
    BY_ARTICLE,
    Cluster,
    Derived,
)
from worker.core.merge.cluster.records import _RECORDS
from worker.core.merge.decide import _COPIES
from worker.core.merge.identity.id_matcher import _ALL_KEYS, _SURE_KEYS
from worker.core.merge.state.draft import _told
from worker.core.merge.state.toll import _WITH_SOURCES

KNOWLEDGE = load_knowledge(PORTSMERE)
_DERIVED: tuple[Derived[Any], ...] = (
    _COUNTED_SOURCES,
    _PRIMARY_SOURCES,
    _RECORDS,
    _SURE_KEYS,
    _ALL_KEYS,
    _COPIES,
)


class _Compared:
    """Stands for ``grow``, and looks at all members anew whenever it says what they are."""

    def __init__(self) -> None:
        self.grown = self.copies = self.given_up = self.late = 0

    def __call__(self, before: Sorted, cell: Any, copies: Any, merge_input: Any) -> Sorted | None:
        found = grow(before, cell, copies, merge_input)
        if found is None:
            self.given_up += 1
            self.late += bool(members._sorted_out(cell, merge_input).follow_ups)
            return None
        cluster, plain = found.cluster, members._sorted_out(cell, merge_input)
        assert cluster == plain
        assert (cluster.counted, cluster.primaries) == (plain.counted, plain.primaries)
        assert all(derived.of(cluster) == derived.of(plain) for derived in _DERIVED)
        assert _by_article(cluster) == _by_article(plain)
        assert _named(cluster) == _named(plain)
        told, anew = _told(cluster, merge_input), _told(plain, merge_input)
        assert (told.slots, told.casualties, told.codes) == (
            anew.slots,
            anew.casualties,
            anew.codes,
        )
        self.grown += 1
        self.copies += found.copies != before.copies
        return found


def _by_article(cluster: Cluster) -> dict[str, set[str]]:
    found = BY_ARTICLE.of(cluster).items()
    return {article: {m.filed.report_id for m in held} for article, held in found}


def _named(cluster: Cluster) -> list[list[str]]:
    """Who counts, each with those whose text it repeats."""
    told = _WITH_SOURCES.of(cluster).named.values()
    return sorted([m.filed.report_id for m in together] for together in told)


@pytest.mark.parametrize("name", ["attack", "day"])
def test_cluster_that_grew_is_what_its_members_are_sorted_out_to(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With copies, agencies, late articles, other roles, later versions and kills in between."""
    compared = _Compared()
    monkeypatch.setattr(members, "grow", compared)
    rng = random.Random(name)
    world = StoreWorld(tmp_path / "store.db", KNOWLEDGE)
    seen: list[Arrival] = []
    arrivals = list(invented(name, 100, KNOWLEDGE))
    waits = {a.article.article_id: dt.timedelta(hours=rng.randrange(5)) for a in arrivals}
    in_turn = sorted(arrivals, key=lambda a: a.at + waits[a.article.article_id])
    for k, arrival in enumerate(in_turn):
        agency = "Harbour Wire" if rng.random() < 0.1 else None
        late = dt.timedelta(days=4 if k > 60 and rng.random() < 0.1 else 0)
        published = arrival.at + late
        article = replace(arrival.article, agency=agency, published=published)
        now = arrivals[-1].at
        role = rng.choice(("primary",) * 15 + ("roundup", "retraction" if k > 80 else "roundup"))
        reports = tuple(replace(report, role=role) for report in arrival.reports)
        world.arrive(article, reports, now)
        seen.append(arrival)
        other = rng.choice(seen)
        if rng.random() < 0.04:
            world.kill(replace(other.article, version=9), now)
        elif rng.random() < 0.08:
            later = replace(other.article, version=2, text_sha256=article.article_id)
            world.arrive(later, other.reports, now)
    assert compared.grown > 20
    assert compared.given_up > 5
    assert (compared.copies > 0 and compared.late > 0) or name == "day"
