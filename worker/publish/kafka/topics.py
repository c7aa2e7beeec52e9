"""Which topics there are and how each must be set; making them, and comparing them.

Rules
-----
1. ``LogAppendTime`` everywhere: with CreateTime a broker refuses records more than an hour ahead,
   and one jump of our clock would stop publishing.
2. Partitions and replicas of a topic that exists are never changed: the partition of a key would
   change with them, and the order of its revisions. Settings are mended.
3. ``check`` describes what it finds in sentences that say what to do.
4. Before anything is published ``prepare`` makes what is missing and looks at what delivery rests
   on: cleanup, the broker's clock, one partition for the ledger. Replicas and retention are the
   operator's affair; only ``check`` tells of them.
5. The client raises nothing for a setting that may not be seen or changed. An answer without
   settings means "not allowed to look", and each change is looked at.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient
from kafka.errors import (
    InvalidReplicationFactorError,
    TopicAlreadyExistsError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
    for_code,
)

from worker.config.schema import Config
from worker.core.contract.message import (
    DEAD_LETTERS,
    DECISIONS,
    HEARTBEATS,
    INCIDENT_LOG,
    INCIDENTS,
    REPORTS,
)
from worker.core.domain.errors import PublishError
from worker.publish.kafka.client import build, connection, explain, quieten
from worker.publish.kafka.ledger import TOPIC as LEDGER

_DAY_MS = 86_400_000
_COMPACT = {"cleanup.policy": "compact"}
_SMALL = {**_COMPACT, "segment.ms": str(_DAY_MS // 24)}
"""Compaction leaves the segment alone that is written to; a small one keeps a ledger short."""
_SETTINGS: dict[str, dict[str, str]] = {
    INCIDENTS: _COMPACT,
    INCIDENT_LOG: {"cleanup.policy": "delete", "retention.ms": str(365 * _DAY_MS)},
    REPORTS: {"cleanup.policy": "delete", "retention.ms": str(90 * _DAY_MS)},
    DEAD_LETTERS: {"cleanup.policy": "delete", "retention.ms": str(90 * _DAY_MS)},
    DECISIONS: _COMPACT,
    LEDGER: _SMALL,
    HEARTBEATS: _SMALL,
}
_SINGLE = (DECISIONS, LEDGER, HEARTBEATS)
_UNAUTHORIZED = TopicAuthorizationFailedError.__name__
_VITAL = ("cleanup.policy", "message.timestamp.type")


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """How a topic must be."""

    name: str
    partitions: int
    replication_factor: int
    settings: Mapping[str, str]


def specs(config: Config) -> tuple[TopicSpec, ...]:
    """All topics of a worker, in the order in which they are made."""
    topics = config.topics
    common = {
        "message.timestamp.type": "LogAppendTime",
        "min.insync.replicas": str(min(2, topics.replication_factor)),
    }
    return tuple(
        TopicSpec(
            name=f"{topics.prefix}.{name}",
            partitions=1 if name in _SINGLE else topics.partitions,
            replication_factor=topics.replication_factor,
            settings={**common, **settings},
        )
        for name, settings in _SETTINGS.items()
    )


def ensure(config: Config) -> list[str]:
    """Make what is missing, mend settings that differ; one sentence for each topic.

    Raises ``PublishError``.
    """
    with _admin(config) as admin:
        found = _describe(admin, specs(config))
        if unseen := _unseen(found):
            raise _may_not("DESCRIBE_CONFIGS", unseen)
        missing = [spec for spec in specs(config) if spec.name not in found]
        _make(admin, missing, config)
        told = [f"{spec.name}: made" for spec in missing]
        for spec in specs(config):
            if spec.name in found:
                told.append(_mend(admin, spec, found[spec.name]))
        return told


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a worker finds at start. ``destination``: cluster and prefix, which a store is bound to.

    ``made``: topics that were missing. ``unseen``: those whose settings may not be seen.
    """

    destination: str
    made: tuple[str, ...]
    unseen: tuple[str, ...]


def prepare(config: Config) -> Prepared:
    """Make what is missing and look at the rest, changing nothing: what a worker does at start.

    Raises ``PublishError``: topic_policy when delivery could not be what is promised.
    """
    with _admin(config) as admin:
        cluster = admin.describe_cluster()["cluster_id"]
        found = _describe(admin, specs(config))
        missing = [spec for spec in specs(config) if spec.name not in found]
        _make(admin, missing, config)
    for spec in specs(config):
        if spec.name in found:
            _require_fit(spec, found[spec.name])
    cut = len(config.topics.prefix) + 1
    return Prepared(
        destination=f"{cluster}/{config.topics.prefix}",
        made=tuple(spec.name[cut:] for spec in missing),
        unseen=tuple(_unseen(found)),
    )


def _require_fit(spec: TopicSpec, there: _Found) -> None:
    """Raises ``PublishError`` topic_policy, with topic and setting."""
    if spec.partitions == 1 < there.partitions:
        raise PublishError(
            "topic_policy",
            f"{spec.name} has {there.partitions} partitions and must have one",
            "Stop the workers, delete this topic, and run `kabulwire topics ensure`.",
        )
    for name, (is_now, wanted) in _differences(spec, there):
        if name in _VITAL:
            told = f"{spec.name}: {name} is {is_now} and must be {wanted}"
            raise PublishError("topic_policy", told, "Run `kabulwire topics ensure`.")


def check(config: Config) -> list[str]:
    """What is not as it must be; empty when all is well. Raises ``PublishError``."""
    with _admin(config) as admin:
        found = _describe(admin, specs(config))
    return [problem for spec in specs(config) for problem in _problems(spec, found)]


@dataclass(frozen=True, slots=True)
class _Found:
    partitions: int
    replicas: int
    settings: Mapping[str, str]


def _problems(spec: TopicSpec, found: Mapping[str, _Found]) -> Iterator[str]:
    there = found.get(spec.name)
    if there is None:
        yield f"{spec.name}: missing; run `kabulwire topics ensure`"
        return
    if spec.partitions == 1 < there.partitions:
        yield f"{spec.name}: {there.partitions} partitions, must have one; delete and make it anew"
    if there.replicas < spec.replication_factor:
        yield f"{spec.name}: {there.replicas} replicas, should have {spec.replication_factor}"
    if not there.settings:
        yield f"{spec.name}: its settings may not be seen; grant DESCRIBE_CONFIGS on it"
    for name, (is_now, wanted) in _differences(spec, there):
        yield f"{spec.name}: {name} is {is_now}, must be {wanted}; run `kabulwire topics ensure`"


def _differences(spec: TopicSpec, there: _Found) -> Iterator[tuple[str, tuple[str, str]]]:
    """Name of a setting, its value and the wanted one; nothing when they may not be seen."""
    for name, wanted in spec.settings.items() if there.settings else ():
        is_now = there.settings.get(name, "unknown")
        if is_now != wanted:
            yield name, (is_now, wanted)


def _unseen(found: Mapping[str, _Found]) -> list[str]:
    return sorted(name for name, there in found.items() if not there.settings)


def _may_not(operation: str, names: list[str]) -> PublishError:
    return explain(TopicAuthorizationFailedError(set(names)), operation)


@contextlib.contextmanager
def _admin(config: Config) -> Iterator[Any]:
    """An admin client; whatever it throws becomes a ``PublishError``."""
    quieten()
    with _doing("DESCRIBE"):
        admin = build(KafkaAdminClient, **connection(config.kafka), request_timeout_ms=15_000)
        try:
            yield admin
        finally:
            with contextlib.suppress(Exception):
                admin.close()


@contextlib.contextmanager
def _doing(operation: str) -> Iterator[None]:
    """Whatever is thrown while doing this becomes a ``PublishError``."""
    try:
        yield
    except PublishError:
        raise
    except Exception as error:
        raise explain(error, operation) from error


def _describe(admin: Any, wanted: tuple[TopicSpec, ...]) -> dict[str, _Found]:
    names = [spec.name for spec in wanted]
    there: dict[str, Any] = {}
    for topic in admin.describe_topics(names):
        error = for_code(topic["error_code"])
        if not topic["error_code"]:
            there[topic["name"]] = topic
        elif error is not UnknownTopicOrPartitionError:
            raise error(topic["name"])
    settings = _settings(admin, list(there)) if there else {}
    return {
        name: _Found(
            partitions=len(topic["partitions"]),
            replicas=min(len(part["replica_nodes"]) for part in topic["partitions"]),
            settings=settings.get(name, {}),
        )
        for name, topic in there.items()
    }


def _settings(admin: Any, names: list[str]) -> dict[str, dict[str, str]]:
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    described = admin.describe_configs(resources, config_filter="all")
    return {
        name: {key: str(data["value"]) for key, data in values.items()}
        for name, values in described["topic"].items()
    }


def _make(admin: Any, missing: list[TopicSpec], config: Config) -> None:
    if not missing:
        return
    wanted = {
        spec.name: {
            "num_partitions": spec.partitions,
            "replication_factor": spec.replication_factor,
            "configs": dict(spec.settings),
        }
        for spec in missing
    }
    try:
        admin.create_topics(wanted, wait_for_metadata=True)
    except TopicAlreadyExistsError:
        return  # somebody else made it meanwhile
    except InvalidReplicationFactorError as error:
        raise PublishError(
            "topic_not_made",
            f"there are fewer brokers than topics.replication_factor "
            f"({config.topics.replication_factor})",
            "Lower topics.replication_factor to your brokers.",
        ) from error
    except TopicAuthorizationFailedError as error:
        raise _may_not("CREATE", list(wanted)) from error


def _mend(admin: Any, spec: TopicSpec, there: _Found) -> str:
    """Change settings that differ; the sentence that tells of it.

    A topic with fewer replicas than wanted keeps its ``min.insync.replicas``: it could never be met.
    """
    differing = dict(_differences(spec, there))
    few = there.replicas < spec.replication_factor
    if few:
        differing.pop("min.insync.replicas", None)
    rest = f"; {there.replicas} replicas, should have {spec.replication_factor}" if few else ""
    if not differing:
        return f"{spec.name}: as it must be{rest}"
    values = {name: wanted for name, (_, wanted) in differing.items()}
    resource = ConfigResource(ConfigResourceType.TOPIC, spec.name, configs=values)
    (told,) = admin.alter_configs([resource])["topic"].values()
    if _UNAUTHORIZED in told:
        raise _may_not("ALTER_CONFIGS", [spec.name])
    if told != "OK":
        raise PublishError(
            "topic_not_mended", f"{spec.name}: {told}"[:300], "See the broker's log."
        )
    return f"{spec.name}: mended{rest}"
