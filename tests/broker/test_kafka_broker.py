"""The broker of the tests is a real one: it keeps its records over kill -9 and freezes."""

from __future__ import annotations

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic

from tests.broker.kafka_broker import Broker

pytestmark = [pytest.mark.broker, pytest.mark.timeout(180)]


def test_broker_keeps_records_over_kill_and_restart(own_kafka: Broker) -> None:
    """A record that was acknowledged is read again after kill -9 and a start on the same data."""
    admin = KafkaAdminClient(bootstrap_servers=own_kafka.bootstrap)
    admin.create_topics([NewTopic("kept", 1, 1)])
    admin.close()
    producer = KafkaProducer(bootstrap_servers=own_kafka.bootstrap)
    producer.send("kept", b"one").get(10)
    producer.close(timeout=5)
    own_kafka.restart()
    consumer = KafkaConsumer(
        bootstrap_servers=own_kafka.bootstrap,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        consumer_timeout_ms=10_000,
    )
    consumer.assign([TopicPartition("kept", 0)])
    assert next(iter(consumer)).value == b"one"
    consumer.close()


def test_broker_that_was_frozen_answers_after_thaw(own_kafka: Broker) -> None:
    """While frozen it answers nobody; after the thaw it does."""
    own_kafka.freeze()
    with pytest.raises(Exception, match="did not answer"):
        own_kafka.wait(timeout=2)
    own_kafka.thaw()
    own_kafka.wait(timeout=60)
