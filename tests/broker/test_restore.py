"""A lost or restored store on a real broker: no incident is doubled, revisions go on, nothing is lost.

The stories of merging are told again, and in the middle of each the store is lost.
"""

from __future__ import annotations

import json
import shutil
import time
import uuid
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.broker import oracle
from tests.broker.kafka_broker import Broker
from tests.broker.publishing_process import config
from tests.profiles.cities import PORTSMERE
from tests.shell.store_world import StoreWorld
from tests.stories.tell import check, read_story, take
from worker.config.knowledge import load_knowledge
from worker.config.schema import Config
from worker.core.contract.message import INCIDENT_LOG
from worker.core.domain.incident import Incident
from worker.publish.kafka_publisher import KafkaPublisher
from worker.store import queries
from worker.store.connect import Binding, open_writer
from worker.store.writer import Writer

pytestmark = [pytest.mark.broker, pytest.mark.timeout(180)]
KNOWLEDGE = load_knowledge(PORTSMERE)
STORIES = sorted((Path(__file__).parents[1] / "stories").glob("*.toml"))
BINDING = Binding("kafka", "w1", KNOWLEDGE.profile.name)


class KafkaWorld(StoreWorld):
    """A story's world whose store belongs to a broker."""

    def __init__(self, path: Path) -> None:
        self.knowledge = KNOWLEDGE
        self.conn = open_writer(path, BINDING)


def publish(wanted: Config) -> list[tuple[str, dict[str, Any]]]:
    """Run a publisher until nothing waits; what it had to say."""
    told: list[tuple[str, dict[str, Any]]] = []
    writer = Writer(open_writer(wanted.store.path, BINDING), lambda error: None)
    writer.start()
    publisher = KafkaPublisher(
        wanted, writer, lambda event, keys: told.append((event, keys)), knowledge=KNOWLEDGE
    )
    publisher.start()
    end = time.monotonic() + 60
    while not publisher.may_settle or writer.submit(queries.count_waiting).result():
        assert publisher.is_alive() or publisher.problem is None, publisher.problem
        assert time.monotonic() < end, (told, publisher.problem)
        time.sleep(0.05)
    assert publisher.stop(20)
    writer.close()
    return told


def told_of(told: list[tuple[str, dict[str, Any]]], name: str) -> list[dict[str, Any]]:
    return [keys for event, keys in told if event == name]


def revisions(bootstrap: str, prefix: str) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for record in oracle.read_committed(bootstrap, f"{prefix}.{INCIDENT_LOG}"):
        found[record.key].append(json.loads(record.value)["revision"])
    return dict(found)


def essence(incident: Incident) -> Incident:
    """An incident without what a topic cannot tell: timers, and how early it was announced."""
    return replace(incident, settle_at=None, close_at=None, ordinal=0)


@pytest.fixture
def wanted(kafka: Broker, tmp_path: Path) -> Callable[[str], Config]:
    prefix = f"t{uuid.uuid4().hex[:8]}"

    def make(store: str) -> Config:
        base = config(tmp_path / store, kafka.bootstrap, prefix)
        return base.model_copy(update={"profile": KNOWLEDGE.profile.name})

    return make


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_publisher_restores_a_lost_store_and_the_story_goes_on(
    path: Path, kafka: Broker, wanted: Callable[[str], Config]
) -> None:
    """After half of a story the store is gone. The new one knows what was published, the second half
    ends as told, and every incident's revisions count 1, 2, 3 … in the topic."""
    steps = read_story(path)["step"]
    half = max(1, len(steps) // 2)
    names: dict[str, str] = {}
    first = KafkaWorld(wanted("first.db").store.path)
    for number, step in enumerate(steps[:half], start=1):
        first.tick(step["at"])
        take(step, first, KNOWLEDGE)  # type: ignore[arg-type]
        check(step, first, names, f"step {number}")  # type: ignore[arg-type]
    before = first.incidents
    first.conn.close()
    publish(wanted("first.db"))

    told = publish(wanted("second.db"))
    diverged = told_of(told, "store.diverged")
    assert [keys["reason"] for keys in diverged] == ["foreign"]
    assert told_of(told, "store.restored")[0]["incidents"] == len(before)
    second = KafkaWorld(wanted("second.db").store.path)
    assert {name: essence(i) for name, i in second.incidents.items()} == {
        name: essence(i) for name, i in before.items()
    }
    for number, step in enumerate(steps[half:], start=half + 1):
        second.tick(step["at"])
        take(step, second, KNOWLEDGE)  # type: ignore[arg-type]
        check(step, second, names, f"step {number}")  # type: ignore[arg-type]
    second.conn.close()
    publish(wanted("second.db"))
    for name, counted in revisions(kafka.bootstrap, wanted("").topics.prefix).items():
        assert counted == list(range(1, len(counted) + 1)), name


def outlived(wanted: Callable[[str], Config], tmp_path: Path) -> dict[str, Incident]:
    """Publishes a story; ``backup.db`` is the store after its first step. The incidents at its end."""
    steps = read_story(STORIES[0].with_name("late_merge.toml"))["step"]
    world = KafkaWorld(wanted("store.db").store.path)
    take(steps[0], world, KNOWLEDGE)  # type: ignore[arg-type]
    world.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    publish(wanted("store.db"))
    world.conn.close()
    shutil.copy(tmp_path / "store.db", tmp_path / "backup.db")
    world = KafkaWorld(wanted("store.db").store.path)
    for step in steps[1:]:
        world.tick(step["at"])
        take(step, world, KNOWLEDGE)  # type: ignore[arg-type]
    newest = world.incidents
    world.conn.close()
    publish(wanted("store.db"))
    return newest


def test_publisher_brings_up_a_backup_that_lags(
    kafka: Broker, wanted: Callable[[str], Config], tmp_path: Path
) -> None:
    """A backup from the middle of a story comes back after its end was published: the store takes
    the topic's state, and sends nothing a second time."""
    newest = outlived(wanted, tmp_path)
    before = revisions(kafka.bootstrap, wanted("").topics.prefix)

    told = publish(wanted("backup.db"))
    assert told_of(told, "store.diverged")[0]["reason"] == "ahead"
    restored = KafkaWorld(wanted("backup.db").store.path)
    assert {name: essence(i) for name, i in restored.incidents.items()} == {
        name: essence(i) for name, i in newest.items()
    }
    restored.conn.close()
    assert revisions(kafka.bootstrap, wanted("").topics.prefix) == before


def test_publisher_does_not_believe_a_copy_from_before_a_restore(
    kafka: Broker, wanted: Callable[[str], Config], tmp_path: Path
) -> None:
    """A backup was put back and brought up; nothing was published since, so no row of the ledger
    tells it from the same backup put back once more. That one is brought up again, too."""
    outlived(wanted, tmp_path)
    before = revisions(kafka.bootstrap, wanted("").topics.prefix)
    for name in ("first.db", "second.db"):
        shutil.copy(tmp_path / "backup.db", tmp_path / name)
        told = publish(wanted(name))
        assert told_of(told, "store.restored"), name
        assert not told_of(publish(wanted(name)), "store.diverged"), "twice for one store"
    assert revisions(kafka.bootstrap, wanted("").topics.prefix) == before


def test_publisher_sends_what_only_the_store_knows_once(
    kafka: Broker, wanted: Callable[[str], Config]
) -> None:
    """The ledger names another store, and ours has incidents that no topic has: consumers get each
    once, from revision 1 on, and a further start sends nothing."""
    first, second = wanted("first.db"), wanted("second.db")
    story = read_story(STORIES[0].with_name("late_merge.toml"))["step"]
    world = KafkaWorld(first.store.path)
    take(story[0], world, KNOWLEDGE)  # type: ignore[arg-type]
    world.conn.close()
    publish(first)
    other = read_story(STORIES[0].with_name("two_attacks_one_day.toml"))["step"]
    world = KafkaWorld(second.store.path)
    take(other[0], world, KNOWLEDGE)  # type: ignore[arg-type]
    mine = set(world.incidents)
    world.conn.close()
    told = publish(second)
    assert told_of(told, "store.restored")[0]["settled_anew"] == 1
    counted = revisions(kafka.bootstrap, first.topics.prefix)
    assert {name: n for name, n in counted.items() if name in mine} == {key: [1] for key in mine}
    assert not told_of(publish(second), "store.diverged")
    assert revisions(kafka.bootstrap, first.topics.prefix) == counted
