"""What a worker must be allowed, and what topics must be like, before it publishes; real Kafka."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from tests.broker import oracle
from tests.broker.publishing_process import config
from tests.broker.secured_broker import SecuredBroker
from tests.broker.test_restore import KNOWLEDGE, KafkaWorld, publish
from tests.broker.test_security import (
    USER,
    WORD,
    Door,
    door,
    prefix,
    publishing,
    rights,
    told_once_all_is_there,
    wanted,
)
from tests.broker.test_worker import assert_whole, count
from tests.shell.test_app import Newsroom, attack, newsroom, running
from tests.stories.tell import read_story, take
from worker.config.schema import Config, Topics
from worker.core.contract.message import DEAD_LETTERS, Message
from worker.publish import kafka_publisher
from worker.publish.kafka import topics
from worker.store import outbox

pytestmark = [pytest.mark.broker, pytest.mark.timeout(120)]
__all__ = ["door", "newsroom", "prefix", "publishing", "wanted"]
NOW = dt.datetime(2031, 3, 4, 9, tzinfo=dt.UTC)
STORY = Path(__file__).parents[1] / "stories" / "late_merge.toml"


@pytest.fixture(autouse=True)
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again soon: what is wrong is mended at once here."""
    monkeypatch.setattr(kafka_publisher, "_BACKOFF_S", (0.1, 0.5))


def test_publisher_needs_no_more_than_the_documented_rights(
    door: Door, wanted: Config, publishing: Any
) -> None:
    """With no more than the list every kind of row arrives and the next start reads the ledger. That
    settings of topics may not be seen is said once and stops nothing; with the optional lines of
    the list they are seen."""
    assert len(rights("kw")) == 14
    one = publishing(wanted, door.password("SCRAM-SHA-512"))
    one.add(Message(DEAD_LETTERS, "x", {"ce_id": "d"}, b"{}", "d"))
    one.until(lambda: one.waiting() == 0)
    assert one.publisher.stop(20)
    door.broker.grant(*rights(wanted.topics.prefix, optional=True))
    two = publishing(wanted, door.password("SCRAM-SHA-512"))
    two.until(lambda: two.waiting() == 0)
    assert not one.events("publish.failed") + two.events("publish.failed")
    (unseen,) = one.events("publish.unchecked")
    assert unseen["topics"].count(wanted.topics.prefix) == 7
    assert not two.events("publish.unchecked")


MISSING = {
    ("TOPIC", "incidents.v1", "WRITE"): "WRITE topic {0}",
    ("TOPIC", "reports.v1", "WRITE"): "WRITE topic {0}",
    ("TOPIC", "ledger.v1", "WRITE"): "WRITE topic {0}",
    ("TOPIC", "heartbeat.v1", "WRITE"): "DESCRIBE topic {0}",
    ("TRANSACTIONAL_ID", "w1", "WRITE"): "WRITE transactional id {0}",
}


@pytest.mark.parametrize("right", MISSING, ids=lambda right: f"{right[1]}-{right[2]}")
def test_a_right_that_is_missing_is_named_until_it_is_granted(
    right: tuple[str, str, str], door: Door, wanted: Config, publishing: Any
) -> None:
    """One line less in the list: publishing stops with the operation and the resource, a person is
    asked for all the while, and once the right is there everything is sent once."""
    kind, name, operation = right
    name = f"{wanted.topics.prefix}.{name}"
    door.broker.revoke((kind, name, operation))
    one = publishing(wanted, door.password("PLAIN"))
    one.add(*(Message("reports.v1", f"a{n}", {"ce_id": f"c{n}"}, b"{}", f"c{n}") for n in "12"))
    words = f"this user may not {MISSING[right].format(name)}"
    one.until(lambda: one.publisher.problem is not None)
    one.until(lambda: words in str(one.publisher.problem))
    tries = one.publisher.step.past.failures
    one.until(lambda: one.publisher.step.past.failures > tries)
    assert one.publisher.needs_person()
    assert not one.events("publish.recovered")
    door.broker.grant((kind, name, operation))
    failed = told_once_all_is_there(one, door.broker, "not_authorized")
    assert name in failed["advice"]


def test_publisher_of_a_lost_store_needs_to_read_five_topics(
    door: Door, wanted: Config, publishing: Any, tmp_path: Path
) -> None:
    """A new store under an old name asks for the right to read each topic in turn, and is restored
    when it has them all."""
    named = wanted.model_copy(
        update={"profile": KNOWLEDGE.profile.name, "kafka": door.password("PLAIN")}
    )
    world = KafkaWorld(named.store.path)
    take(read_story(STORY)["step"][0], world, KNOWLEDGE)  # type: ignore[arg-type]
    letter = Message(DEAD_LETTERS, "a", {"ce_id": "d"}, b"{}", "d")
    outbox.append(world.conn, outbox.next_settle_id(world.conn), (letter,), NOW)
    world.conn.close()
    publish(named)
    prefix = wanted.topics.prefix
    read = ("ledger.v1", "incident-log.v1", "incidents.v1", "reports.v1", DEAD_LETTERS)
    door.broker.revoke(*(("TOPIC", f"{prefix}.{name}", "READ") for name in read))
    second = config(tmp_path / "second.db", "", prefix, deadline_s=3)
    one = publishing(second, door.password("PLAIN"), KNOWLEDGE)
    for name in read:
        words = f"may not READ topic {prefix}.{name}"
        one.until(lambda words=words: words in str(one.publisher.problem))
        door.broker.grant(("TOPIC", f"{prefix}.{name}", "READ"))
    one.until(lambda: one.waiting() == 0 and one.publisher.problem is None)
    assert one.events("store.restored")[-1]["incidents"] == 1


def test_publisher_without_topics_waits_for_somebody_who_may_make_them(
    door: Door, prefix: str, tmp_path: Path, publishing: Any
) -> None:
    """Without topics, and without the right to make them: CREATE is named; when another user has
    made them publishing begins."""
    door.broker.grant(*rights(prefix))
    bare = config(tmp_path / "store.db", door.broker.bootstrap, prefix, deadline_s=3)
    one = publishing(bare, door.password("PLAIN"))
    one.until(lambda: "may not CREATE topic" in str(one.publisher.problem))
    assert "kabulwire topics ensure" in one.publisher.problem.advice
    topics.ensure(bare)
    told_once_all_is_there(one, door.broker, "not_authorized")


WRONG = {
    "reports.v1": {"message__timestamp__type": "CreateTime"},
    "incident-log.v1": {"cleanup__policy": "compact"},
    "ledger.v1": {"cleanup__policy": "delete"},
}


@pytest.mark.parametrize("name", WRONG)
def test_publisher_stops_at_a_topic_with_the_wrong_policy_until_it_is_mended(
    name: str, secured: SecuredBroker, wanted: Config, publishing: Any
) -> None:
    """Topic and setting are named, nothing is sent, and after `topics ensure` everything is."""
    topic = f"{wanted.topics.prefix}.{name}"
    altered(secured, wanted, topic, **WRONG[name])
    one = publishing(wanted, wanted.kafka)
    rows = one.waiting()
    one.until(lambda: one.publisher.problem is not None)
    setting = next(iter(WRONG[name])).replace("__", ".")
    assert f"{topic}: {setting} is {next(iter(WRONG[name].values()))}" in str(one.publisher.problem)
    assert one.publisher.needs_person()
    assert one.waiting() == rows
    topics.ensure(wanted)
    failed = told_once_all_is_there(one, secured, "topic_policy")
    assert failed["advice"] == "Run `kabulwire topics ensure`."


def test_publisher_looks_at_topics_again_after_a_right_was_missing(
    door: Door, wanted: Config, publishing: Any
) -> None:
    """What was as it must be at the start may have been changed since: the next refusal is reason
    enough to look, and the topic is named."""
    prefix = wanted.topics.prefix
    right = ("TOPIC", f"{prefix}.incidents.v1", "WRITE")
    door.broker.grant(*rights(prefix, optional=True))
    one = publishing(wanted, door.password("PLAIN"))
    one.until(lambda: one.waiting() == 0)
    altered(door.broker, wanted, f"{prefix}.reports.v1", cleanup__policy="compact")
    door.broker.revoke(right)
    one.write(1, seed=5)
    one.publisher.wake()
    one.until(lambda: one.publisher.problem and one.publisher.problem.reason == "topic_policy")
    topics.ensure(wanted)
    door.broker.grant(right)
    one.until(lambda: one.waiting() == 0 and one.publisher.problem is None)
    reasons = [keys["reason"] for keys in one.events("publish.failed")]
    assert reasons == ["not_authorized", "topic_policy"]
    assert oracle.judge(one.config.store.path, door.broker.bootstrap, prefix).clean


def altered(broker: SecuredBroker, wanted: Config, topic: str, **settings: str) -> None:
    """Change a topic, and wait until `topics check` sees it (the broker answers before)."""
    broker.alter(topic, **settings)
    broker.until(lambda: topics.check(wanted))


def test_publisher_refuses_a_ledger_of_two_partitions(
    secured: SecuredBroker, wanted: Config, publishing: Any
) -> None:
    """Its newest mark could be in either: nothing is sent, and the advice is to make it anew."""
    secured.widen(f"{wanted.topics.prefix}.ledger.v1", 2)
    secured.until(lambda: topics.check(wanted))
    one = publishing(wanted, wanted.kafka)
    one.until(lambda: one.publisher.problem is not None)
    assert one.publisher.problem.reason == "topic_policy"
    assert "has 2 partitions and must have one" in str(one.publisher.problem)
    assert "delete this topic" in one.publisher.problem.advice


def test_publisher_does_not_stop_at_what_is_the_operators_affair(
    secured: SecuredBroker, wanted: Config, publishing: Any
) -> None:
    """Another retention, and fewer replicas than wished for: only `topics check` tells."""
    altered(secured, wanted, f"{wanted.topics.prefix}.reports.v1", retention__ms="86400000")
    wished = Topics(prefix=wanted.topics.prefix, partitions=3, replication_factor=3)
    one = publishing(wanted.model_copy(update={"topics": wished}), wanted.kafka)
    one.until(lambda: one.waiting() == 0)
    assert not one.events("publish.failed")
    assert not one.events("publish.unchecked")
    assert any("retention.ms is 86400000" in line for line in topics.check(wanted))


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_run_without_a_right_says_so_and_goes_on_when_it_has_it(
    door: Door, wanted: Config, prefix: str, tmp_path: Path, newsroom: Newsroom
) -> None:
    """Articles are settled, readiness falls with reason and advice, the log has both and no
    password; when the right is granted everything is published once, without a restart."""
    missing = ("TOPIC", f"{prefix}.incidents.v1", "WRITE")
    door.broker.grant(*rights(prefix, "worker-1"))
    door.broker.revoke(missing)
    secret = door.file("password", WORD)
    settings = {
        "KAFKA__BOOTSTRAP_SERVERS": door.broker.sasl, "KAFKA__SECURITY_PROTOCOL": "SASL_SSL",
        "KAFKA__SASL_MECHANISM": "SCRAM-SHA-512", "KAFKA__SASL_USERNAME": USER,
        "KAFKA__SASL_PASSWORD_FILE": str(secret), "TOPICS__REPLICATION_FACTOR": "1",
        "KAFKA__SSL_CAFILE": str(door.broker.authority.file), "TOPICS__PREFIX": prefix,
        "PUBLISH__DEADLINE_S": "4",
    }  # fmt: skip
    attack(newsroom)
    store = tmp_path / "worker"
    store.mkdir()
    with running(store, f"{newsroom.base}/feed.xml", **settings) as worker:
        worker.wait_for(lambda: worker.told("publish.failed"), 60)
        newsroom.pages.clear()
        attack(newsroom, dead="nine")
        worker.wait_for(lambda: len(worker.told("article.processed")) == 2, 60)
        worker.wait_for(lambda: worker.get("/readyz")[0] == 503, 30)
        text = worker.get("/readyz")[1]
        assert f"not_authorized: this user may not WRITE topic {prefix}.incidents.v1" in text
        assert f"Grant this user WRITE on topic {prefix}.incidents.v1" in text
        assert worker.get("/livez")[0] == 200
        assert count(door.broker, prefix) == 0
        door.broker.grant(missing)
        worker.wait_for(lambda: count(door.broker, prefix) == 2, 90)
        worker.wait_for(lambda: worker.get("/readyz")[0] == 200, 30)
        assert worker.stop() == 0
    (failed,) = worker.told("publish.failed")
    assert failed["reason"] == "not_authorized"
    assert f"WRITE on topic {prefix}.incidents.v1" in failed["advice"]
    assert len(worker.told("publish.recovered")) == 1
    assert WORD not in (store / "worker.log").read_text("utf-8")
    assert_whole(door.broker, prefix, store / "store.db")
