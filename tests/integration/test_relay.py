"""The relay against a real broker: what it writes, and when it stops."""
from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from random import Random
from uuid import UUID, uuid4

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary_event
from kafka import KafkaAdminClient, KafkaProducer, TopicPartition

from adapters.eventstore.sqlite import SqliteLog, renew_lineage
from adapters.kafka.publisher import Interrupted, Mark, Publisher, RelayStopped, publisher_for
from adapters.kafka.records import rfc3339
from adapters.kafka.relay import Relay
from adapters.kafka.settings import KafkaSettings
from adapters.kafka.transport import KafkaPythonTransport
from tests import servers
from tests.faults.relay_judge import Seen, assert_kafka_is_the_log, committed_records
from tests.faults.relay_world import create_topics, fill, fresh_settings, wait_until

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def settings(kafka_server: servers.Kafka) -> KafkaSettings:
    settings = fresh_settings(kafka_server.bootstrap)
    create_topics(settings)
    return settings


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SqliteLog]:
    log = SqliteLog(tmp_path / "log.db")
    yield log
    log.close()


def relay_all(settings: KafkaSettings, log: SqliteLog, *, batch: int = 4_000) -> int:
    relay = Relay(log, publisher_for(settings, settings.log_topic), batch_records_max=batch)
    try:
        return sum(iter(relay.step, 0))
    finally:
        relay.close()


def records_of(settings: KafkaSettings) -> list[Seen]:
    return committed_records(settings.bootstrap, settings.log_topic)


def empty(settings: KafkaSettings, topic: str) -> None:
    """Delete all records: the start offset moves to the end, as retention does it."""
    admin = KafkaAdminClient(**settings.admin())
    try:
        partitions = range(len(admin.describe_topics([topic])[0]["partitions"]))
        admin.delete_records({TopicPartition(topic, partition): -1 for partition in partitions})
    finally:
        admin.close()


def make_anew(settings: KafkaSettings, topic: str) -> None:
    admin = KafkaAdminClient(**settings.admin())
    try:
        admin.delete_topics([topic])
        wait_until(lambda: topic not in admin.list_topics(), "the deletion", limit_seconds=20.0)
    finally:
        admin.close()
    create_topics(settings)


# ------------------------------------------------------------------ what it writes
def test_the_topic_is_the_log(settings: KafkaSettings, log: SqliteLog) -> None:
    fill(log, 500, Random(1))
    assert relay_all(settings, log, batch=70) == 500
    assert assert_kafka_is_the_log(settings.bootstrap, settings.log_topic, log) == 500


def test_a_relay_started_again_goes_on_where_the_last_one_ended(settings: KafkaSettings, log: SqliteLog) -> None:
    for part in range(3):
        fill(log, 40, Random(part))
        assert relay_all(settings, log) == 40
    assert relay_all(settings, log) == 0
    assert assert_kafka_is_the_log(settings.bootstrap, settings.log_topic, log) == 120


def test_a_record_is_the_stored_bytes_with_the_headers_of_cloudevents(settings: KafkaSettings, log: SqliteLog) -> None:
    fill(log, 1, Random(2))
    relay = Relay(log, publisher_for(settings, settings.log_topic), traceparent=lambda event: TRACE)
    assert relay.step() == 1
    relay.close()
    (event,) = log.read_log(after=0, limit=1)
    (record,) = records_of(settings)
    assert (record.key, record.value) == (event.stream.encode(), event.state)
    assert dict(record.headers) == {
        "ce_specversion": b"1.0",
        "ce_id": str(event.event_id).encode(),
        "ce_source": event.stream.encode(),
        "ce_type": b"casebridge.custody.CustodyTaken",
        "ce_sequence": b"00000000000000000001",
        "ce_time": rfc3339(event.recorded_at).encode(),
        "ce_position": b"00000000000000000001",
        "ce_lineage": str(log.lineage).encode(),
        "content-type": b"application/avro",
        "traceparent": TRACE.encode(),
    }


def test_the_cloudevents_library_reads_what_is_written(settings: KafkaSettings, log: SqliteLog) -> None:
    fill(log, 20, Random(3))
    relay_all(settings, log)
    by_id = {str(event.event_id): event for event in log.read_log(after=0, limit=20)}
    for record in records_of(settings):
        message = KafkaMessage(headers=dict(record.headers), key=record.key, value=record.value)
        read = from_binary_event(message)
        event = by_id.pop(read.get_id())
        assert (read.get_specversion(), read.get_source(), read.get_type()) == ("1.0", event.stream, event.topic)
        assert read.get_time() == event.recorded_at
        assert read.get_datacontenttype() == "application/avro"
        assert read.get_extension("sequence") == f"{event.version:020d}"
        assert message.value == event.state
    assert not by_id


def test_a_running_relay_sends_at_once_and_ends_when_told(settings: KafkaSettings, log: SqliteLog) -> None:
    relay, stop = Relay(log, publisher_for(settings, settings.log_topic)), threading.Event()
    running = threading.Thread(target=relay.run, args=(stop,))
    running.start()
    for number in range(1, 4):
        fill(log, 1, Random(number))
        wait_until(lambda n=number: relay.at is not None and relay.at.position == n,  # type: ignore[misc]
                   f"event {number}", limit_seconds=20.0)
    stop.set()
    running.join(10.0)
    assert not running.is_alive()
    relay.close()


def test_a_position_hidden_by_an_open_transaction_is_waited_for_and_never_missed(
    settings: KafkaSettings, log: SqliteLog
) -> None:
    relay = Relay(log, publisher_for(settings, settings.log_topic))
    fill(log, 10, Random(15))
    assert relay.step() == 10
    other = KafkaProducer(**settings.producer("another-writer"))
    other.init_transactions()
    other.begin_transaction()
    other.send(settings.positions_topic, b"{}", b"another", partition=0)
    other.flush(10.0)
    fill(log, 10, Random(16))
    assert relay.step() == 10  # Its position now lies behind the open transaction.
    relay.close()
    transport = KafkaPythonTransport(settings, read_back_seconds=0.5)
    publisher = Publisher(transport, target=settings.log_topic, positions=settings.positions_topic)
    with pytest.raises(Interrupted, match="a transaction is open"):
        publisher.resume(log.lineage)
    other.commit_transaction()
    other.close()
    assert publisher.resume(log.lineage).position == 20
    publisher.close()
    assert assert_kafka_is_the_log(settings.bootstrap, settings.log_topic, log) == 20


# ------------------------------------------------------------------ when it stops
def test_no_position_for_a_topic_that_was_written_stops(settings: KafkaSettings, log: SqliteLog) -> None:
    fill(log, 10, Random(4))
    relay_all(settings, log)
    make_anew(settings, settings.positions_topic)
    with pytest.raises(RelayStopped, match="no position is known"):
        relay_all(settings, log)
    assert assert_kafka_is_the_log(settings.bootstrap, settings.log_topic, log) == 10


def test_a_topic_that_retention_emptied_is_not_taken_for_a_new_one(settings: KafkaSettings, log: SqliteLog) -> None:
    fill(log, 10, Random(5))
    relay_all(settings, log)
    empty(settings, settings.log_topic)
    make_anew(settings, settings.positions_topic)
    assert records_of(settings) == []
    with pytest.raises(RelayStopped, match="no position is known"):
        relay_all(settings, log)
    assert records_of(settings) == []


def test_retention_alone_stops_nothing(settings: KafkaSettings, log: SqliteLog) -> None:
    fill(log, 10, Random(6))
    relay_all(settings, log)
    empty(settings, settings.log_topic)
    fill(log, 5, Random(7))
    assert relay_all(settings, log) == 5
    assert len(records_of(settings)) == 5


def test_a_topic_made_anew_under_a_known_position_stops(settings: KafkaSettings, log: SqliteLog) -> None:
    fill(log, 10, Random(8))
    relay_all(settings, log)
    make_anew(settings, settings.log_topic)
    with pytest.raises(RelayStopped, match="made anew"):
        relay_all(settings, log)


def test_a_topic_with_other_partitions_stops(settings: KafkaSettings, log: SqliteLog) -> None:
    fill(log, 10, Random(9))
    relay_all(settings, log)
    admin = KafkaAdminClient(**settings.admin())
    admin.create_partitions({settings.log_topic: 5})
    wait_until(lambda: len(admin.describe_topics([settings.log_topic])[0]["partitions"]) == 5,
               "more partitions", limit_seconds=10.0)
    admin.close()
    with pytest.raises(RelayStopped, match="keys have moved"):
        relay_all(settings, log)


def test_a_restored_store_stops(settings: KafkaSettings, log: SqliteLog, tmp_path: Path) -> None:
    fill(log, 10, Random(10))
    relay_all(settings, log)
    log.close()
    renew_lineage(tmp_path / "log.db")
    restored = SqliteLog(tmp_path / "log.db")
    fill(restored, 1, Random(11))
    with pytest.raises(RelayStopped, match="lineage"):
        relay_all(settings, restored)
    restored.close()
    assert len(records_of(settings)) == 10


def written_up_to(settings: KafkaSettings, lineage: UUID, position: int) -> None:
    publisher = publisher_for(settings, settings.log_topic)
    publisher.resume(lineage)
    publisher.publish((), Mark(lineage=lineage, position=position, id=str(uuid4())))
    publisher.close()


def test_kafka_ahead_of_the_store_stops(settings: KafkaSettings, log: SqliteLog) -> None:
    fill(log, 10, Random(12))
    relay_all(settings, log)
    written_up_to(settings, log.lineage, 12)
    with pytest.raises(RelayStopped, match="Kafka is ahead of the store"):
        relay_all(settings, log)


def test_another_event_at_the_position_stops(settings: KafkaSettings, log: SqliteLog) -> None:
    fill(log, 10, Random(13))
    relay_all(settings, log)
    written_up_to(settings, log.lineage, 10)
    fill(log, 5, Random(14))
    with pytest.raises(RelayStopped, match="at position 10 the topic has event"):
        relay_all(settings, log)
    assert len(records_of(settings)) == 10
