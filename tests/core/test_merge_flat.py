"""The partition that compares only what is near gives what comparing everything gives."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.core import merge_oracle
from tests.core.merge_strategies import FIRST, arrivals, build, filed
from tests.profiles.cities import PORTSMERE
from worker.config.knowledge import load_knowledge
from worker.core.domain.incident import ArticleRef, Constraint, FiledReport
from worker.core.merge.cluster import agglomerate
from worker.core.merge.cluster.continuing import go_on
from worker.core.merge.cluster.joining import join
from worker.core.merge.cluster.mentions import Mentions
from worker.core.merge.cluster.partition import Partition, partition
from worker.core.merge.cluster.unit import Joined, Part, Unit
from worker.core.merge.cluster.units import Units
from worker.core.merge.evidence.constraints import ConstraintIndex
from worker.core.merge.evidence.copies import find_pairs
from worker.core.merge.evidence.facts import Gazetteer
from worker.core.merge.evidence.nodes import Evidence, Node, evidence_of, nodes_of

KNOWLEDGE = load_knowledge(PORTSMERE)


@pytest.fixture(autouse=True)
def continued(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many parts each heap had that was gone on from: here small ones are, too, since days of the
    plain partition's size have no others. Each is held against the same heap joined from nothing,
    join by join: a wrong record would show in the cells of a later decision only.
    """
    sizes: list[int] = []
    monkeypatch.setattr(agglomerate, "_FEWEST_CONTINUED", 2)
    monkeypatch.setattr(agglomerate, "go_on", _counting(sizes))
    return sizes


def _told(parted: Partition) -> object:
    """A partition by keys, everything in its order."""
    cells = [
        ([n.key for n in c.core], [(n.key, certainty) for n, certainty in c.attached])
        for c in parted.cells
    ]
    shared = [(n.key, [c.core[0].key for c in cells]) for n, cells in parted.shared_roundups]
    near = [(a.core[0].key, b.core[0].key, v) for a, b, v in parted.near]
    mentions = [(n.key, [(v, c.core[0].key) for v, c in found]) for n, found in parted.mentions]
    return cells, shared, near, mentions


Known = dict[int, tuple[FiledReport, Node]]
"""Reports and their nodes as a store remembers them: only of the same nodes are joins kept."""


def _both(
    reports: Sequence[FiledReport], constraints: Sequence[Constraint], known: Known | None = None
) -> tuple[object, ...]:
    gazetteer = Gazetteer(KNOWLEDGE)
    known = {} if known is None else known
    nodes = [known.setdefault(id(f), (f, nodes_of((f,), gazetteer)[0]))[1] for f in reports]
    copies = find_pairs([f.article for f in reports], KNOWLEDGE.merge_weights)
    index, weights = ConstraintIndex(constraints), KNOWLEDGE.merge_weights
    found = partition(evidence_of(nodes, index, copies, weights))
    plain = merge_oracle.partition(nodes, Evidence(nodes, index, copies, weights))
    return _told(found), _told(plain)


@pytest.mark.timeout(600)
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(arrivals(most=25), st.integers(0, 2**32))
def test_partition_equals_the_plain_one_on_random_days(steps: list, seed: int) -> None:
    """Cells, certainties, shared round-ups and possible duplicates, with a person's decisions."""
    rng = random.Random(seed)
    reports = [f for step, given_ in steps for f in filed(*build(step, given_, KNOWLEDGE))]
    constraints = [
        Constraint(rng.choice(("must", "cannot")), tuple(f"a{rng.randrange(25)}" for _ in "12"))
        for _ in range(rng.choice((0, 0, 1, 3)))
    ]
    found, plain = _both(reports, constraints)
    assert found == plain


@pytest.mark.parametrize("seed", range(20))
def test_partition_equals_the_plain_one_on_crowded_days(seed: int) -> None:
    """Fifty reports of few facts: most have twins."""
    rng = random.Random(seed)
    steps = []
    for k in range(50):
        at = FIRST + dt.timedelta(hours=rng.randrange(60))
        slots = {"place": rng.choice((None, "ward-4", "ward-5", "chandlers-row")),
                 "target": rng.choice(((), ("transportation/bus: Harbour Board bus",))),
                 "kind": ["bombing_explosion"]}  # fmt: skip
        if rng.random() < 0.7:
            slots["date"] = at.date()
        if rng.random() < 0.3:
            slots["time"] = rng.choice(("08:10", "18:00"))
        step: dict[str, object] = {"name": f"a{k}", "at": at, "outlet": "gulf"}
        if rng.random() < 0.2:
            step["copy_text"] = rng.choice(("one wire text", "another"))
        steps.append((step, [slots]))
    reports = [f for step, given_ in steps for f in filed(*build(step, given_, KNOWLEDGE))]
    found, plain = _both(reports, ())
    assert found == plain


@pytest.mark.parametrize("seed", range(12))
def test_partition_equals_the_plain_one_while_reports_come_and_go(
    seed: int, continued: list[int]
) -> None:
    """What is kept from one decision to the next is right in the next: with twins, copies that lose
    their source, several reports of one article, round-ups, and a person who decides in between.
    """
    known: Known = {}
    rng = random.Random(seed)
    held: list[FiledReport] = []
    constraints: list[Constraint] = []
    for k in range(40):
        at = FIRST + dt.timedelta(hours=rng.randrange(60))
        slots = [_slots(rng, at) for _ in range(rng.choice((1, 1, 1, 2)))]
        step: dict[str, object] = {"name": f"a{k}", "at": at, "outlet": "gulf"}
        if rng.random() < 0.3:
            step["copy_text"] = rng.choice(("one wire text", "another"))
        held += filed(*build(step, slots, KNOWLEDGE))
        if rng.random() < 0.3:
            held.remove(rng.choice(held))
        if rng.random() < 0.05:
            kind = rng.choice(("must", "cannot"))
            constraints.append(Constraint(kind, (f"a{rng.randrange(40)}", f"a{rng.randrange(40)}")))
        found, plain = _both(held, constraints, known)
        assert found == plain
    assert continued


@pytest.mark.parametrize("seed", range(6))
def test_partition_equals_the_plain_one_when_several_come_and_go_at_once(
    seed: int, continued: list[int]
) -> None:
    """One to five reports between two decisions, of a day with few places: parts that were passed over
    come back, and joins that were kept give way to better ones."""
    known: Known = {}
    rng = random.Random(1000 + seed)
    held: list[FiledReport] = []
    constraints: list[Constraint] = []
    for k in range(14):
        for n in range(rng.randrange(1, 6)):
            at = FIRST + dt.timedelta(hours=rng.randrange(36))
            step: dict[str, object] = {"name": f"a{k}-{n}", "at": at, "outlet": "gulf"}
            held += filed(*build(step, [_slots(rng, at)], KNOWLEDGE))
        for _ in range(rng.randrange(3)):
            if len(held) > 6:
                held.remove(rng.choice(held))
        if rng.random() < 0.2:
            pair = (rng.choice(held).article.article_id, rng.choice(held).article.article_id)
            constraints.append(Constraint(rng.choice(("must", "cannot")), pair))
        found, plain = _both(held, constraints, known)
        assert found == plain
    assert continued


@pytest.mark.parametrize("seed", range(8))
def test_partition_equals_the_plain_one_while_copies_of_copies_come(seed: int) -> None:
    """Each text is a little other than the one before: the first and the third may be no copies."""
    known: Known = {}
    rng = random.Random(2000 + seed)
    held: list[FiledReport] = []
    for k in range(40):
        at = FIRST + dt.timedelta(hours=rng.randrange(30))
        step: dict[str, object] = {"name": f"a{rng.randrange(100)}-{k}", "at": at, "outlet": "gulf"}
        reports = filed(*build(step, [_slots(rng, at)], KNOWLEDGE))
        held += [replace(f, article=_of_text(f.article, rng.randrange(60))) for f in reports]
        found, plain = _both(held, (), known)
        assert found == plain


@pytest.mark.parametrize("seed", range(6))
def test_partition_equals_the_plain_one_while_mentions_come_and_go(seed: int) -> None:
    """Half of the reports mention a past attack: beside news or alone, some of them copies."""
    known: Known = {}
    rng = random.Random(3000 + seed)
    held: list[FiledReport] = []
    for k in range(30):
        at = FIRST + dt.timedelta(hours=rng.randrange(60))
        told = [_slots(rng, at), {**_slots(rng, at), "role": "background"}]
        step: dict[str, object] = {"name": f"a{rng.randrange(100)}-{k}", "at": at, "outlet": "gulf"}
        if rng.random() < 0.4:
            step["copy_text"] = rng.choice(("one wire text", "another"))
        held += filed(*build(step, told[rng.choice((0, 0, 1)) :], KNOWLEDGE))
        if rng.random() < 0.3:
            held.remove(rng.choice(held))
        found, plain = _both(held, (), known)
        assert found == plain


def test_mention_is_held_against_the_cells_that_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second report of one attack: what thirty mentions score against six others is not asked again."""
    asked: list[tuple[str, int]] = []
    real = Mentions._bonds_with

    def noted(mentions: Mentions, mention: Unit, units: Sequence[Unit], bonds_of: Any) -> Any:
        asked.append((mention.first.key, len(units)))
        return real(mentions, mention, units, bonds_of)

    monkeypatch.setattr(Mentions, "_bonds_with", noted)
    known: Known = {}
    held: list[FiledReport] = []

    def arrive(name: str, hour: int, role: str, kind: str) -> None:
        step: dict[str, object] = {"name": name, "at": FIRST, "outlet": "gulf"}
        slots = {"kind": [kind], "time": f"{hour:02}:10", "date": FIRST.date(), "role": role}
        held.extend(filed(*build(step, [slots], KNOWLEDGE)))
        asked.clear()
        found, plain = _both(held, (), known)
        assert found == plain

    for k in range(30):
        arrive(f"m{k:02}", 3 * (k % 7), "background", "bombing_explosion")
    for k in range(7):
        arrive(f"n{k}", 3 * k, "primary", "bombing_explosion")
    arrive("o0", 9, "primary", "bombing_explosion")
    near = {key for key, _ in asked}
    assert near == {"m03#1"}  # which stands for all that say the same


def test_who_gets_a_copy_is_not_looked_around_from_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of all that a text has copies of, only a copy that comes is compared with what is there."""
    asked: list[str] = []
    monkeypatch.setattr(Units, "_look_around", _noting(asked, Units._look_around))
    known: Known = {}
    held: list[FiledReport] = []
    for k in range(12):
        step: dict[str, object] = {"name": f"a{k:02}", "at": FIRST, "outlet": "gulf"}
        slots = {"kind": ["bombing_explosion"], "date": FIRST.date(), "time": f"08:{10 + k}"}
        reports = filed(*build(step, [slots], KNOWLEDGE))
        held += [replace(f, article=_of_text(f.article, k)) for f in reports]
        asked.clear()
        found, plain = _both(held, (), known)
        assert found == plain
    assert len(find_pairs([f.article for f in held], KNOWLEDGE.merge_weights)) > 30
    assert asked == ["a11#1"]


def _of_text(article: ArticleRef, place: int) -> ArticleRef:
    """The article, with a text that is the more alike the nearer its place is."""
    signature = tuple((100 * place + 31 * slot) // 2_000 for slot in range(128))
    return replace(article, copy_signature=signature, text_sha256=f"{article.article_id}")


def _noting(asked: list[str], real: Any) -> Any:
    """``_look_around``, with the first report of the unit that it is asked of."""

    def noted(units: Units, unit: Unit) -> Any:
        asked.append(unit.first.key)
        return real(units, unit)

    return noted


def test_partition_that_broke_off_leaves_nothing_to_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An error in the middle: the same reports decided again are what they are when decided afresh."""
    known: Known = {}
    rng = random.Random(5)
    held: list[FiledReport] = []
    for k in range(12):
        at = FIRST + dt.timedelta(hours=rng.randrange(30))
        held += filed(
            *build({"name": f"a{k}", "at": at, "outlet": "gulf"}, [_slots(rng, at)], KNOWLEDGE)
        )
        _both(held, (), known)
    more = {"name": "late", "at": FIRST, "outlet": "gulf"}
    held += filed(*build(more, [_slots(rng, FIRST)], KNOWLEDGE))
    raised: list[str] = []
    with monkeypatch.context() as patch:
        patch.setattr(agglomerate, "_joined", _breaking(agglomerate._joined, raised))
        with pytest.raises(RuntimeError):
            _both(held, (), known)
    assert raised
    found, plain = _both(held, (), known)
    assert found == plain


def _counting(sizes: list[int]) -> Any:
    """``go_on``, held against a heap joined from nothing."""

    def checked(parts: tuple[Part, ...], units: Units, before: Joined) -> Joined:
        found, plain = go_on(parts, units, before), join(parts, units)
        told = [(list(j.joins), list(map(list, j.cells))) for j in (found, plain)]
        assert told[0] == told[1]
        sizes.append(len(parts))
        return found

    return checked


def _breaking(real: Any, raised: list[str]) -> Any:
    """The same function, which raises after it has done its work."""

    def broken(*arguments: Any) -> Any:
        real(*arguments)
        raised.append(real.__name__)
        raise RuntimeError(real.__name__)

    return broken


@pytest.mark.parametrize("seed", range(2))
def test_partition_equals_the_plain_one_for_busy_days_in_turn(seed: int) -> None:
    """Two days are told of in turn, and each goes on from its own last decision: with all on one
    incident, where most joins change with each report, and with many.
    """
    known: Known = {}
    rng = random.Random(seed)
    days: list[list[FiledReport]] = [[], []]
    for k in range(44):
        held = days[k % 2]
        at = FIRST + dt.timedelta(days=20 * (k % 2), hours=rng.randrange(20))
        slots = {"kind": ["bombing_explosion"], "date": at.date(), "place": "ward-4"}
        if k % 2:
            slots["place"] = rng.choice((None, "ward-4", "ward-5", "chandlers-row"))
            slots["time"] = rng.choice(("08:10", "11:00", "18:00"))
        elif rng.random() < 0.5:
            slots["target"] = ("transportation/bus: Harbour Board bus",)
        step: dict[str, object] = {"name": f"a{rng.randrange(100)}-{k}", "at": at, "outlet": "gulf"}
        held += filed(*build(step, [slots], KNOWLEDGE))
        found, plain = _both(held, (), known)
        assert found == plain


def _slots(rng: random.Random, at: dt.datetime) -> dict[str, object]:
    slots: dict[str, object] = {
        "place": rng.choice((None, "ward-4", "ward-5", "chandlers-row")),
        "target": rng.choice(((), ("transportation/bus: Harbour Board bus",))),
        "kind": ["bombing_explosion"],
        "role": rng.choice(("primary",) * 8 + ("roundup", "background", "retraction")),
    }
    if rng.random() < 0.7:
        slots["date"] = at.date()
    if rng.random() < 0.3:
        slots["time"] = rng.choice(("08:10", "18:00"))
    return slots
